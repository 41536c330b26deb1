//! Pure decisions of a canary: what follows what, and what is wrong.
//!
//! Invariants: a round ends, whatever the network does; what was posted is taken back before the round ends, or the round says that it could not
//! be; a canary whose post never arrived has no baseline.

use super::shape::Seen;
use crate::text_enum::text_enum;

/// How long something may take to arrive: several polls, and a platform's own delays.
pub(super) const ARRIVAL_MAX_MS: i64 = 15 * 60 * 1_000;
/// How long an act is tried again while the network has bad moments.
pub(super) const ACT_MAX_MS: i64 = 60 * 60 * 1_000;

text_enum! {
    /// Where a round stands.
    Step {
        /// Between two rounds.
        Idle = "idle", "Waits for its next round";
        /// To be posted.
        Posting = "posting", "Is being posted";
        /// Posted, to arrive.
        Posted = "posted", "Posted; its arrival is awaited";
        /// To be changed.
        Editing = "editing", "Is being changed";
        /// Changed, to arrive.
        Edited = "edited", "Changed; its arrival is awaited";
        /// To be taken back.
        Deleting = "deleting", "Is being taken back";
        /// Taken back, to arrive.
        Deleted = "deleted", "Taken back; its arrival is awaited";
    }
}

impl Step {
    /// What has to arrive in this step, as people call it.
    pub(super) fn awaits(self) -> Option<&'static str> {
        match self {
            Self::Posted => Some("post"),
            Self::Edited => Some("edit"),
            Self::Deleted => Some("deletion"),
            Self::Idle | Self::Posting | Self::Editing | Self::Deleting => None,
        }
    }

    /// What follows when this step is done, or was waited for long enough. A network that cannot do something goes without it.
    pub(super) fn next(self, can_edit: bool) -> Self {
        match self {
            Self::Idle => Self::Posting,
            Self::Posting => Self::Posted,
            Self::Posted if can_edit => Self::Editing,
            Self::Editing => Self::Edited,
            Self::Posted | Self::Edited => Self::Deleting,
            Self::Deleting => Self::Deleted,
            Self::Deleted => Self::Idle,
        }
    }
}

/// What a round came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The first one that arrived: what later ones are compared with.
    Baseline,
    /// As always.
    Same,
    /// Something to look at.
    Problem(String),
}

/// Judges a round by what it saw.
pub(super) fn judge(baseline: Option<&Seen>, seen: &Seen) -> Verdict {
    match baseline {
        None if seen.has("post") => Verdict::Baseline,
        None => Verdict::Problem("what the desk posts there is not captured; choose another place".to_owned()),
        Some(baseline) => seen.differs_from(baseline).map_or(Verdict::Same, Verdict::Problem),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Step, Verdict, judge};
    use crate::capture::canary::shape::Seen;

    proptest! {
        #[test]
        fn a_round_ends_and_takes_back_what_it_posted(can_edit: bool) {
            let (mut step, mut steps) = (Step::Posting, Vec::new());
            while step != Step::Idle {
                steps.push(step);
                step = step.next(can_edit);
                prop_assert!(steps.len() < 10);
            }
            let at = |wanted| steps.iter().position(|step| *step == wanted);
            prop_assert!(at(Step::Deleting) > at(Step::Posted));
            prop_assert_eq!(at(Step::Editing).is_some(), can_edit);
        }
    }

    #[test]
    fn what_never_arrived_is_no_baseline() {
        let mut arrived = Seen::default();
        arrived.note("post", ["raw: object".to_owned()].into());
        assert!(matches!(judge(None, &Seen::default()), Verdict::Problem(_)));
        assert_eq!(judge(None, &arrived), Verdict::Baseline);
        assert_eq!(judge(Some(&arrived), &arrived), Verdict::Same);
        assert!(matches!(judge(Some(&arrived), &Seen::default()), Verdict::Problem(_)));
    }
}
