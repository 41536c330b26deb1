//! The profiles that somebody can write for, with what their networks take: what the composer offers, counts by and checks against.
//!
//! Invariant: a profile that may not be read is not here; one that may not be written for is here with the reason.

use std::collections::BTreeSet;

use desk::{
    Error,
    ids::ProfileId,
    profiles::{self, Profile, ProfileState, ProfilesFilter},
    publishing::{self, Capabilities, Draft, TextLimit},
    rights::{PUBLISHING, WRITING},
};

use crate::{
    frame::Ctx,
    profiles::{network_name, network_tag},
    ui::{badge::NetworkTag, editor::Counter},
};

/// A profile with what its network takes.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    pub(super) profile: Profile,
    pub(super) capabilities: Capabilities,
    /// Why nothing can be written for it.
    pub(super) closed: Option<String>,
    /// Whether the caller may change and delete what is out on it.
    pub(super) may_correct: bool,
}

impl Outlet {
    pub(super) fn id(&self) -> ProfileId {
        self.profile.id
    }

    pub(super) fn tag(&self) -> NetworkTag {
        network_tag(&self.profile.network, Some(self.profile.title.clone()))
    }
}

/// Every profile that the caller may read and whose network can be posted to.
pub(super) async fn all(ctx: &Ctx) -> Result<Vec<Outlet>, Error> {
    let mut outlets = Vec::new();
    for (profile, level) in profiles::visible(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await? {
        let can = publishing::limits_of(ctx.desk(), ctx.actor(), profile.id).await?;
        let Some(capabilities) = can.filter(|can| can.post) else { continue };
        let closed = if !WRITING.contains(&level) {
            Some("you may read it, not write for it".to_owned())
        } else if profile.state != ProfileState::Active {
            Some(format!("it is {}", profile.state.title().to_lowercase()))
        } else {
            None
        };
        let may_correct = closed.is_none() && PUBLISHING.contains(&level);
        outlets.push(Outlet { profile, capabilities, closed, may_correct });
    }
    Ok(outlets)
}

/// Those that a draft goes to, in the order in which they are offered.
pub(super) fn of_draft<'o>(draft: &Draft, outlets: &'o [Outlet]) -> Vec<&'o Outlet> {
    outlets.iter().filter(|outlet| draft.targets.contains_key(&outlet.id())).collect()
}

/// Those that get a version: the common one, or a profile's own.
pub(super) fn of_version<'o>(draft: &Draft, version: Option<ProfileId>, outlets: &'o [Outlet]) -> Vec<&'o Outlet> {
    let gets = |outlet: &&Outlet| match version {
        Some(profile) => outlet.id() == profile,
        None => draft.targets.get(&outlet.id()).is_some_and(Option::is_none),
    };
    outlets.iter().filter(gets).collect()
}

/// The limit of a version that is reached first.
pub(super) fn tightest(draft: &Draft, version: Option<ProfileId>, outlets: &[Outlet]) -> Option<TextLimit> {
    of_version(draft, version, outlets).iter().map(|outlet| outlet.capabilities.text).min_by_key(|limit| limit.max)
}

/// The counts of a text on the networks of some outlets: one for each way of counting.
pub(super) fn counters(text: &str, subject: Option<&str>, outlets: &[&Outlet]) -> Vec<Counter> {
    let mut seen = BTreeSet::new();
    let mut counters = Vec::new();
    for outlet in outlets {
        let limit = outlet.capabilities.text;
        let json = serde_json::to_string(&limit).unwrap_or_default();
        if !seen.insert((outlet.profile.network.clone(), json.clone())) {
            continue;
        }
        let subject = subject.filter(|_| outlet.capabilities.subject);
        let length = publishing::counting::length(text, subject, &limit);
        let label = network_name(&outlet.profile.network);
        counters.push(Counter { label, used: length.used, max: length.max, over: !length.fits(), limit: json });
    }
    counters
}

/// What the networks take, for the browser to check before an upload.
pub(super) fn media_limits(outlets: &[&Outlet]) -> String {
    let limits: Vec<_> = outlets
        .iter()
        .map(|outlet| {
            let types: serde_json::Map<String, serde_json::Value> =
                outlet.capabilities.media.iter().map(|media| (media.media_type.to_owned(), media.bytes_max.into())).collect();
            serde_json::json!({ "label": outlet.profile.title, "types": types })
        })
        .collect();
    serde_json::Value::from(limits).to_string()
}

/// The types that a file dialog offers: what any of the networks takes.
pub(super) fn accepted(outlets: &[&Outlet]) -> String {
    let types: BTreeSet<&str> =
        outlets.iter().flat_map(|outlet| outlet.capabilities.media).map(|media| media.media_type).collect();
    types.into_iter().collect::<Vec<_>>().join(",")
}

/// The most characters of an alt text that every network takes that has any.
pub(super) fn alt_max(outlets: &[&Outlet]) -> u32 {
    /// Where no network is chosen yet.
    const ALT_MAX: u32 = 1_500;
    outlets.iter().map(|outlet| outlet.capabilities.alt_max).filter(|max| *max > 0).min().unwrap_or(ALT_MAX)
}
