//! [`Cleared`]: what may go out, and when.
//!
//! Invariant: a value exists only for a version whose submission was approved (or skipped, or needed nobody), with the digest that was
//! decided about; nothing outside of this file can make one, and nothing reads one from text. It is asked for again at every
//! sending, so that what was voided a moment ago clears nothing.

use serde::Serialize;

use super::{
    model::{ContentDigest, Submission},
    store::clearances,
};
use crate::{
    db::{Connection, Tx},
    error::Result,
    ids::{PostId, SubmissionId, Time},
    text_enum::text_enum,
};

/// How long after its time something that needed nobody may go out: a day of retries. A workflow says its own window.
pub const FREE_WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

text_enum! {
    /// Why something may go out.
    ClearedHow {
        /// Every step of its workflow agreed.
        Approved = "approved", "approved";
        /// No workflow covers it, and its author may publish freely on every profile of it.
        Free = "free", "published freely, as the author's right allows";
        /// Somebody broke the glass.
        BreakGlass = "break_glass", "cleared without the missing approvals";
    }
}

/// What may go out: exactly this content, within this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cleared {
    digest: ContentDigest,
    from: Time,
    until: Time,
}

impl Cleared {
    /// Of exactly this content.
    pub fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// Not before this.
    pub fn from(&self) -> Time {
        self.from
    }

    /// Not after this.
    pub fn until(&self) -> Time {
        self.until
    }
}

/// The time within which something approved for `slot` may go out; nothing in the past, because nothing is published late.
pub(super) fn window(slot: Option<Time>, window_ms: i64, now: Time) -> (Time, Time) {
    match slot {
        Some(slot) => (slot.plus_ms(-window_ms).max(now), slot.plus_ms(window_ms).max(now)),
        None => (now, now.plus_ms(window_ms)),
    }
}

/// A clearance as it is kept.
pub(super) struct Clearance {
    pub(super) post: PostId,
    pub(super) version: u32,
    pub(super) cleared: Cleared,
    pub(super) how: ClearedHow,
    pub(super) submission: Option<SubmissionId>,
    pub(super) at: Time,
}

/// Clears a version that nobody has to approve.
pub(super) async fn clear_free(
    tx: &mut Tx,
    (post, version): (PostId, u32),
    digest: ContentDigest,
    slot: Option<Time>,
    now: Time,
) -> Result<Cleared> {
    let (from, until) = window(slot, FREE_WINDOW_MS, now);
    let cleared = Cleared { digest, from, until };
    clearances::put(tx, &Clearance { post, version, cleared, how: ClearedHow::Free, submission: None, at: now }).await?;
    Ok(cleared)
}

/// Clears the version of a submission that came to a good end.
pub(super) async fn clear(
    tx: &mut Tx,
    (post, version): (PostId, u32),
    (id, submission, window_ms): (SubmissionId, &Submission, i64),
    how: ClearedHow,
    now: Time,
) -> Result<Cleared> {
    let (from, until) = window(submission.slot, window_ms, now);
    let cleared = Cleared { digest: submission.digest, from, until };
    clearances::put(tx, &Clearance { post, version, cleared, how, submission: Some(id), at: now }).await?;
    Ok(cleared)
}

/// What may go out of a version; nothing when it was never cleared or its clearance was voided. The only way to a [`Cleared`].
pub(crate) async fn clearance(on: &mut dyn Connection, post: PostId, version: u32) -> Result<Option<Cleared>> {
    let row = clearances::in_force(on, post, version).await?;
    Ok(row.map(|(digest, from, until)| Cleared { digest, from, until }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::window;
    use crate::ids::Time;

    proptest! {
        #[test]
        fn a_window_lies_around_the_slot_and_never_in_the_past(slot in prop::option::of(-1_000..1_000i64), width in 0..500i64, now in -1_000..1_000i64) {
            let (from, until) = window(slot.map(Time), width, Time(now));
            prop_assert!(from >= Time(now) && until >= from);
            if let Some(slot) = slot {
                prop_assert!(from == Time(now) || from == Time(slot - width));
                prop_assert!(until == Time(now) || until == Time(slot + width));
            }
        }
    }
}
