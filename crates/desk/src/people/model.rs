//! Types of people.

use serde::Serialize;

use crate::{
    ids::{PersonId, RoleId, Time},
    text_enum::text_enum,
};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The address as it was typed.
    pub email: String,
    /// The name colleagues see.
    pub name: String,
    /// IANA time zone; nothing follows the workspace's.
    pub time_zone: Option<String>,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// Whether single letters act as keys (WCAG 2.1.4 asks for a way to switch them off).
    pub letter_keys: bool,
    /// Where the account stands.
    pub state: PersonState,
    /// Since when the account exists.
    pub created_at: Time,
    /// Since when it is in this state.
    pub state_changed_at: Time,
}

text_enum! {
    /// Where an account stands.
    PersonState {
        /// Created, never signed in.
        Invited = "invited", "Invited";
        /// Can sign in.
        Active = "active", "Active";
        /// Cannot sign in; everything of theirs stays.
        Suspended = "suspended", "Suspended";
    }
}

text_enum! {
    /// How the desk looks.
    Theme {
        /// As the system says.
        System = "system", "Same as the system";
        /// Light.
        Light = "light", "Light";
        /// Dark.
        Dark = "dark", "Dark";
    }
}

/// An invitation about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Where the link will be sent by the inviter.
    pub email: String,
    /// The name colleagues see.
    pub name: String,
    /// Roles from the start.
    pub roles: Vec<RoleId>,
}

/// Which people are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// Part of the name or address, without regard to case.
    pub text: Option<String>,
    /// In this state.
    pub state: Option<PersonState>,
}

/// What a person owns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Belongings {
    /// Grants that reach them.
    pub grants: i64,
    /// Teams they are in.
    pub teams: i64,
    /// Views they saved.
    pub saved_views: i64,
    /// Views they share with everybody.
    pub shared_views: i64,
    /// API tokens of theirs, working or not.
    pub tokens: i64,
    /// Grants they gave to others, which stay.
    pub grants_given: i64,
}
