//! From grants to what a person may do now, and why: pure, no clock, no I/O.
//!
//! Grants add up: from the person, from their teams, from roles of either. On a profile the strongest level counts, except that
//! an explicit "no access" beats all others. Expired grants do not count. An unknown right counts as none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Level, Right};
use crate::ids::{GrantId, GroupId, ProfileId, RoleId, TeamId, Time};

/// What is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// A feature right.
    Right(Right),
    /// A level on profiles.
    Level(Level),
}

impl Given {
    /// The name in the database and the API.
    pub fn id(self) -> &'static str {
        match self {
            Self::Right(right) => right.id(),
            Self::Level(level) => level.id(),
        }
    }

    /// The name on a page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Right(right) => right.title(),
            Self::Level(level) => level.title(),
        }
    }

    /// `right` or `level`, as the database says it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Right(_) => "right",
            Self::Level(_) => "level",
        }
    }
}

/// Where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Scope {
    /// Everywhere.
    Workspace,
    /// One profile.
    Profile(ProfileId),
    /// Every profile of a group.
    Group(GroupId),
}

/// One step of the way from a person to a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Through membership of a team.
    Team {
        /// Which.
        id: TeamId,
        /// Its name.
        name: String,
    },
    /// Through a role.
    Role {
        /// Which.
        id: RoleId,
        /// Its name.
        name: String,
    },
}

/// A grant as it reaches one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub id: GrantId,
    /// What it gives.
    pub given: Given,
    /// Where.
    pub scope: Scope,
    /// The way it reaches the person; empty when given directly.
    pub via: Vec<Via>,
    /// The earliest end of the grant and of the role assignments on the way.
    pub expires_at: Option<Time>,
}

impl Grant {
    fn in_force(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// What a person may do at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveRights {
    rights: BTreeSet<Right>,
    everywhere: Option<Level>,
    profiles: BTreeMap<ProfileId, Level>,
    groups: BTreeMap<GroupId, Level>,
}

impl EffectiveRights {
    /// Adds up the grants in force.
    pub fn from_grants<'g>(grants: impl IntoIterator<Item = &'g Grant>, now: Time) -> Self {
        let mut sum = Self::default();
        for grant in grants.into_iter().filter(|grant| grant.in_force(now)) {
            match grant.given {
                // A feature right holds in the whole workspace or not at all.
                Given::Right(right) if grant.scope == Scope::Workspace => {
                    sum.rights.insert(right);
                }
                Given::Right(_) => {}
                Given::Level(level) => sum.add_level(grant.scope, level),
            }
        }
        sum
    }

    fn add_level(&mut self, scope: Scope, level: Level) {
        let stronger = |old: Option<Level>| match old {
            Some(Level::NoAccess) => Level::NoAccess,
            Some(old) if level != Level::NoAccess => old.max(level),
            _ => level,
        };
        match scope {
            Scope::Workspace => self.everywhere = Some(stronger(self.everywhere)),
            Scope::Profile(id) => {
                let sum = stronger(self.profiles.get(&id).copied());
                self.profiles.insert(id, sum);
            }
            Scope::Group(id) => {
                let sum = stronger(self.groups.get(&id).copied());
                self.groups.insert(id, sum);
            }
        }
    }

    /// Whether the person holds a feature right.
    pub fn has(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// The feature rights held.
    pub fn rights(&self) -> impl Iterator<Item = Right> + '_ {
        self.rights.iter().copied()
    }

    /// The level on a profile that may be in a group.
    pub fn level(&self, profile: ProfileId, group: Option<GroupId>) -> Level {
        let found =
            [self.everywhere, self.profiles.get(&profile).copied(), group.and_then(|group| self.groups.get(&group).copied())];
        if found.contains(&Some(Level::NoAccess)) {
            return Level::NoAccess;
        }
        found.into_iter().flatten().max().unwrap_or(Level::NoAccess)
    }

    /// Whether the person administers or publishes anywhere: who needs a second factor by default.
    pub fn publishes_or_administers(&self) -> bool {
        self.rights().any(Right::administers)
            || self
                .everywhere
                .iter()
                .chain(self.profiles.values())
                .chain(self.groups.values())
                .any(|level| matches!(level, Level::CanReply | Level::FullPublishing))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{EffectiveRights, Given, Grant, Scope};
    use crate::{
        ids::{GrantId, GroupId, ProfileId, Time},
        rights::{Level, Right},
    };

    const NOW: Time = Time(1_000);

    fn profile(n: u128) -> ProfileId {
        ProfileId(Uuid::from_u128(n))
    }

    fn grant(given: Given, scope: Scope, expires_at: Option<i64>) -> Grant {
        Grant { id: GrantId(Uuid::nil()), given, scope, via: Vec::new(), expires_at: expires_at.map(Time) }
    }

    #[test]
    fn nothing_given_is_no_access_at_all() {
        let sum = EffectiveRights::from_grants([], NOW);
        assert_eq!(sum.level(profile(1), None), Level::NoAccess);
        assert!(Right::ALL.iter().all(|&right| !sum.has(right)));
        assert!(!sum.publishes_or_administers());
    }

    #[test]
    fn an_explicit_no_access_beats_full_publishing_from_anywhere() {
        let group = GroupId(Uuid::from_u128(9));
        let grants = [
            grant(Given::Level(Level::FullPublishing), Scope::Workspace, None),
            grant(Given::Level(Level::NoAccess), Scope::Group(group), None),
        ];
        let sum = EffectiveRights::from_grants(&grants, NOW);
        assert_eq!(sum.level(profile(1), Some(group)), Level::NoAccess);
        assert_eq!(sum.level(profile(1), None), Level::FullPublishing);
    }

    #[test]
    fn a_grant_ends_at_the_moment_it_expires() {
        let grants = [grant(Given::Right(Right::Export), Scope::Workspace, Some(1_000))];
        assert!(EffectiveRights::from_grants(&grants, Time(999)).has(Right::Export));
        assert!(!EffectiveRights::from_grants(&grants, Time(1_000)).has(Right::Export));
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let given = prop_oneof![
            (0..Right::ALL.len()).prop_map(|index| Given::Right(Right::ALL[index])),
            (0..Level::ALL.len()).prop_map(|index| Given::Level(Level::ALL[index])),
        ];
        let scope = prop_oneof![
            Just(Scope::Workspace),
            (0..3u128).prop_map(|n| Scope::Profile(profile(n))),
            (0..3u128).prop_map(|n| Scope::Group(GroupId(Uuid::from_u128(n)))),
        ];
        (given, scope, prop::option::of(0..2_000i64)).prop_map(|(given, scope, end)| grant(given, scope, end))
    }

    proptest! {
        #[test]
        fn the_order_of_grants_does_not_matter(mut grants in prop::collection::vec(any_grant(), 0..12)) {
            let forwards = EffectiveRights::from_grants(&grants, NOW);
            grants.reverse();
            prop_assert_eq!(forwards, EffectiveRights::from_grants(&grants, NOW));
        }

        #[test]
        fn one_right_never_brings_another(index in 0..Right::ALL.len()) {
            let grants = [grant(Given::Right(Right::ALL[index]), Scope::Workspace, None)];
            let sum = EffectiveRights::from_grants(&grants, NOW);
            prop_assert_eq!(sum.rights().collect::<Vec<_>>(), vec![Right::ALL[index]]);
            prop_assert_eq!(sum.level(profile(1), None), Level::NoAccess);
        }

        #[test]
        fn expired_grants_change_nothing(grants in prop::collection::vec(any_grant(), 0..12)) {
            let alive: Vec<_> = grants.iter().filter(|grant| grant.expires_at.is_none_or(|end| end > NOW)).cloned().collect();
            prop_assert_eq!(EffectiveRights::from_grants(&grants, NOW), EffectiveRights::from_grants(&alive, NOW));
        }
    }
}
