//! Who can act on a step at this moment: resolved from people, teams, roles and outside approvers.
//!
//! Invariant: a person is on a panel only while they are active and can read *every* profile that the post goes to; an outside
//! approver only while they are not revoked. Nothing is remembered: rights that were taken a moment ago count no more.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{Approver, Panel, Step, Voice},
    outside,
};
use crate::{
    db::Connection,
    error::Result,
    ids::{GroupId, PersonId, ProfileId, Time},
    profiles,
    rights::{self, EffectiveRights, Holder, READING},
};

/// Where a post goes: its profiles with their groups as they are now.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(BTreeMap<ProfileId, Option<GroupId>>);

/// Every profile's group at this moment, for a list that asks about many posts.
pub(super) struct Map(BTreeMap<ProfileId, Option<GroupId>>);

impl Map {
    pub(super) async fn read(on: &mut dyn Connection) -> Result<Self> {
        Ok(Self(profiles::everything(on).await?.into_iter().map(|profile| (profile.id, profile.group)).collect()))
    }

    /// Where a post goes. A profile that is gone has no group: a level on it has to be given for itself.
    pub(super) fn places(&self, targets: &BTreeSet<ProfileId>) -> Places {
        Places(targets.iter().map(|&profile| (profile, self.0.get(&profile).copied().flatten())).collect())
    }
}

impl Places {
    /// Where one post goes.
    pub(super) async fn of(on: &mut dyn Connection, targets: &BTreeSet<ProfileId>) -> Result<Self> {
        Ok(Map::read(on).await?.places(targets))
    }

    /// Whether somebody with these rights can read every one.
    pub(super) fn all_readable(&self, rights: &EffectiveRights) -> bool {
        self.0.iter().all(|(&profile, &group)| READING.contains(&rights.level(profile, group)))
    }
}

/// Resolves panels, asking once for the rights of each person.
pub(super) struct Resolver<'c> {
    on: &'c mut dyn Connection,
    now: Time,
    rights: BTreeMap<PersonId, EffectiveRights>,
}

impl<'c> Resolver<'c> {
    pub(super) fn new(on: &'c mut dyn Connection, now: Time) -> Self {
        Self { on, now, rights: BTreeMap::new() }
    }

    /// The panel of a step for a post that goes to these places.
    pub(super) async fn panel(&mut self, step: &Step, places: &Places) -> Result<Panel> {
        Ok(Panel {
            approvers: self.voices(&step.approvers, places).await?,
            delegates: self.voices(&step.delegates, places).await?,
        })
    }

    async fn voices(&mut self, named: &BTreeSet<Approver>, places: &Places) -> Result<BTreeSet<Voice>> {
        let mut voices = BTreeSet::new();
        for &approver in named {
            let holder = match approver {
                Approver::Person(id) => Holder::Person(id),
                Approver::Team(id) => Holder::Team(id),
                Approver::Role(id) => Holder::Role(id),
                Approver::Guest(id) => {
                    if outside::can_decide(self.on, id).await? {
                        voices.insert(Voice::Guest(id));
                    }
                    continue;
                }
            };
            for person in rights::people_behind(self.on, holder, self.now).await? {
                if self.reads_all(person, places).await? {
                    voices.insert(Voice::Person(person));
                }
            }
        }
        Ok(voices)
    }

    async fn reads_all(&mut self, person: PersonId, places: &Places) -> Result<bool> {
        if !self.rights.contains_key(&person) {
            let rights = rights::effective(self.on, person, self.now).await?;
            self.rights.insert(person, rights);
        }
        Ok(places.all_readable(&self.rights[&person]))
    }
}

impl From<Holder> for Approver {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Person(id) => Self::Person(id),
            Holder::Team(id) => Self::Team(id),
            Holder::Role(id) => Self::Role(id),
        }
    }
}

/// The names under which a person can be asked at this moment: their own, their teams', their roles'.
pub(super) async fn names_of(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<BTreeSet<Approver>> {
    Ok(rights::holders_of(on, person, now).await?.into_iter().map(Approver::from).collect())
}
