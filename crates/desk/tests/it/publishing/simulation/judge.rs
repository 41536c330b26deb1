//! What must hold at any moment, as pure functions of what the desk says, what stands on the network and what people did.

use desk::{
    ids::ProfileId,
    publishing::{Post, TargetState, broken_invariant},
};
use testkit::fickle::There;

use super::{
    SECOND,
    world::{Paused, Texts},
};

/// What is known beside the desk.
pub(super) struct Known<'a> {
    /// What stands on the network.
    pub(super) there: &'a [There],
    /// What was submitted.
    pub(super) submitted: &'a Texts,
    /// What was approved, as those who did saw it.
    pub(super) approved: &'a Texts,
    /// Where somebody has to approve.
    pub(super) covered: ProfileId,
}

/// What must be true of a post at any moment.
pub(super) fn judge(post: &Post, known: &Known<'_>, account: impl Fn(ProfileId) -> &'static str) -> Result<(), String> {
    for target in &post.targets {
        let (key, life) = (target.key, &target.life);
        if let Some(broken) = broken_invariant(life) {
            return Err(format!("{key:?}: {broken}: {life:?}"));
        }
        let versions = known.submitted.get(&key).map(Vec::as_slice).unwrap_or_default();
        let all: Vec<&String> = versions.iter().flatten().collect();
        let here: Vec<_> =
            known.there.iter().filter(|one| one.account == account(key.profile) && all.contains(&&one.post.text)).collect();
        for (at, one) in here.iter().enumerate() {
            if here[..at].iter().any(|other| other.post.text == one.post.text) {
                return Err(format!("{key:?}: “{}” is there twice", one.post.text));
            }
        }
        let count = u32::try_from(here.len()).expect("a few");
        let may_be_more = u32::from(life.open_attempt().is_some());
        if count < life.parts_there || count > life.parts_there + may_be_more {
            return Err(format!("{key:?}: {count} parts are there, and we say {} ({life:?})", life.parts_there));
        }
        let is_covered = key.profile == known.covered;
        let cleared = if is_covered { known.approved.get(&key).map(Vec::as_slice).unwrap_or_default() } else { versions };
        let is_one_version = cleared.iter().any(|texts| here.iter().map(|one| &one.post.text).eq(texts.iter().take(here.len())));
        if count > 0 && !is_one_version {
            return Err(format!("{key:?}: what is there is no version that was cleared, in its order"));
        }
    }
    Ok(())
}

/// No call begins later than a second after a hard pause of its profile, until that ends. Calls are moments and accounts.
pub(super) fn no_call_is_paused(calls: &[(i64, String)], paused: &[Paused]) -> Result<(), String> {
    for (at, account) in calls {
        let broken = paused.iter().find(|pause| {
            pause.account == account && *at > pause.from_ms + SECOND && pause.until_ms.is_none_or(|until_ms| *at < until_ms)
        });
        if let Some(pause) = broken {
            return Err(format!("a call began at {at}, {} ms after a hard pause", at - pause.from_ms));
        }
    }
    Ok(())
}

/// A post that came to its end has one.
pub(super) fn has_its_end(post: &Post) -> Result<(), String> {
    use TargetState as S;
    let lost =
        post.targets.iter().find(|target| !target.life.state.is_final() && !matches!(target.life.state, S::Draft | S::Held));
    lost.map_or(Ok(()), |target| Err(format!("{:?} never came to an end: {:?}", target.key, target.life)))
}
