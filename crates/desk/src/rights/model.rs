//! Types around grants: holders, roles, teams, the answer to "what can this person do, and why".

use serde::Serialize;

use super::{EffectiveRights, Given, Grant, Scope};
use crate::ids::{AssignmentId, GrantId, PersonId, RoleId, TeamId, Time};

/// Who holds a grant or carries a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Holder {
    /// One person.
    Person(PersonId),
    /// Everybody in a team.
    Team(TeamId),
    /// Everybody who carries a role.
    Role(RoleId),
}

impl Holder {
    /// The kind as the database says it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Team(_) => "team",
            Self::Role(_) => "role",
        }
    }

    /// The id without its kind.
    pub fn id(self) -> uuid::Uuid {
        match self {
            Self::Person(id) => id.0,
            Self::Team(id) => id.0,
            Self::Role(id) => id.0,
        }
    }

    /// From kind and id.
    pub fn parse(kind: &str, id: uuid::Uuid) -> Option<Self> {
        match kind {
            "person" => Some(Self::Person(id.into())),
            "team" => Some(Self::Team(id.into())),
            "role" => Some(Self::Role(id.into())),
            _ => None,
        }
    }
}

/// A grant about to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Give {
    /// To whom.
    pub holder: Holder,
    /// What.
    pub given: Given,
    /// Where. Feature rights are given in the whole workspace.
    pub scope: Scope,
    /// Until when; nothing means until it is taken.
    pub expires_at: Option<Time>,
    /// Why, in the giver's words; at most [`super::grants::REASON_MAX`] characters.
    pub reason: String,
}

/// A grant as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant.
    pub id: GrantId,
    /// To whom.
    pub holder: Holder,
    /// What; nothing when this program does not know it (it then counts as nothing).
    pub given: Option<Given>,
    /// The stored name of what was given.
    pub what: String,
    /// Where.
    pub scope: Scope,
    /// Until when.
    pub expires_at: Option<Time>,
    /// By whom.
    pub granted_by: Option<PersonId>,
    /// When.
    pub granted_at: Time,
    /// Why.
    pub reason: String,
}

/// A named bundle of grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Role {
    /// The role.
    pub id: RoleId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many people and teams carry it.
    pub holders: i64,
    /// How many grants it bundles.
    pub grants: i64,
}

/// A role given to a person or team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The assignment.
    pub id: AssignmentId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Who carries it.
    pub holder: Holder,
    /// Until when.
    pub expires_at: Option<Time>,
}

/// A team of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// How many people are in it.
    pub members: i64,
}

/// What a person can do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The sum.
    pub effective: EffectiveRights,
    /// Every grant that reaches the person, in force or expired, with the way it comes.
    pub grants: Vec<Grant>,
    /// Grants whose name this program does not know; they count as nothing.
    pub unknown: Vec<String>,
}
