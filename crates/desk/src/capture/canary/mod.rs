//! Canary messages: posted, changed and taken back by the desk itself, to notice when a platform changes what it delivers.
//!
//! Invariants: a canary flies only where somebody with the right has put it, in a place that nobody outside reads (or in a sandbox); it
//! says nothing but what [`door`] can say; what it finds is the shape of what was captured, never a value; a difference, or an
//! arrival that does not come, alarms like any other trouble of a capture until it is gone or accepted.

mod door;
mod flight;
mod rules;
mod shape;

pub(crate) use door::says;
pub use flight::Canaries;
pub use rules::Step;
use serde::Serialize;
pub(crate) use shape::Seen;

use super::{
    connections::Connectors,
    store::{canaries as store, reading},
};
use crate::{
    act::Object,
    actor::Actor,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PlaceId, ProfileId, Time},
    profiles,
    rights::{Operation, Target},
};

/// The rhythms that can be chosen, in hours: daily is what a change of a platform deserves.
pub const HOURS: &[i64] = &[1, 6, 24, 168];

/// A profile's canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Canary {
    /// The profile.
    pub profile: ProfileId,
    /// Where it is posted, by the platform's id; nothing where the network has one place only.
    pub place: Option<String>,
    /// Milliseconds between two rounds.
    pub every_ms: i64,
    /// Where the round under way stands.
    pub step: Step,
    /// Since when.
    pub step_at: Time,
    /// When the next round begins.
    pub next_at: Time,
    /// Rounds so far.
    pub rounds: i64,
    /// Whether there is something to compare with.
    pub has_baseline: bool,
    /// What is wrong.
    pub problem: Option<String>,
    /// Since when.
    pub problem_since: Option<Time>,
}

/// What to do about a profile's canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Let one fly in a place, every so many hours. One of [`HOURS`].
    On {
        /// The place, one that was captured on the profile.
        place: PlaceId,
        /// Hours between two rounds.
        hours: i64,
    },
    /// No more; one under way is taken back first.
    Off,
    /// What arrives now is right: the next round is what later ones are compared with.
    Accept,
}

/// A profile's canary, if it has one.
///
/// # Errors
/// [`Error::Refused`].
pub async fn get(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<Option<Canary>> {
    let mut reader = desk.view(actor, Operation::ConnectionsRead, Target::Workspace).await?;
    Ok(store::get(&mut reader, profile).await?.map(|stored| stored.canary))
}

/// Changes a profile's canary.
///
/// # Errors
/// [`Error::Invalid`] for a place where a canary may not fly; [`Error::Conflict`] when one is in the air.
pub async fn change(desk: &Desk, connectors: &Connectors, actor: &Actor, profile: ProfileId, change: &Change) -> Result<()> {
    let mut act = desk.act(actor, Operation::CanarySet, Target::Workspace).await?;
    let known = profiles::exists(act.tx(), profile).await?;
    let before = store::get(act.tx(), profile).await?;
    let now = act.now();
    let done = match change {
        Change::On { place, hours } => {
            if !HOURS.contains(hours) {
                return Err(Invalid::field("hours", "choose one from the list"));
            }
            let about = connectors.get(&known.network).map(networks::Network::about);
            let about = about.filter(|about| about.capabilities.post && about.capabilities.delete);
            let about = about.ok_or_else(|| Invalid::field("place", "nothing can be posted to this network and taken back"))?;
            let place = reading::place(act.tx(), *place).await?.filter(|place| place.profile == profile);
            let place = place.ok_or_else(|| Invalid::field("place", "choose one from the list"))?;
            if !may_fly(about.sandbox, &place.kind) {
                return Err(Invalid::field("place", "a canary flies only where nobody outside reads"));
            }
            in_the_air(before.as_ref())?;
            store::put(act.tx(), profile, &place.native_id, hours * 3_600_000, now).await?;
            "on"
        }
        Change::Off => {
            in_the_air(before.as_ref())?;
            store::remove(act.tx(), profile).await?;
            "off"
        }
        Change::Accept => {
            before.as_ref().ok_or(Error::NotFound("canary"))?;
            store::accept(act.tx(), profile, now).await?;
            "accept"
        }
    };
    act.record(Object::new("profile", profile)).detail("canary", done);
    act.announce(Topic::Connections);
    act.commit().await
}

/// Whether a canary may be posted in a place of this kind.
pub fn may_fly(sandbox: bool, kind: &str) -> bool {
    sandbox || matches!(kind, "workspace" | "private")
}

fn in_the_air(before: Option<&store::Stored>) -> Result<()> {
    if before.is_some_and(|stored| stored.canary.step != Step::Idle) {
        return Err(Error::Conflict("a round is under way; it ends within the hour, and then this can be changed".to_owned()));
    }
    Ok(())
}
