//! Pure decisions of capture: what an event does to a message, and which entry of the ledger it becomes.
//!
//! Invariant: where a message stands does not depend on the order in which its events arrive (back-fills and pushes overtake each other).

use ledger::entry::EntryKind;
use networks::event::What;
use serde::Serialize;

/// Where a message stands, as far as its entries decide it. Entries are positions in the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// The entry of the first post.
    pub(crate) first_entry: Option<i64>,
    /// The entry of what it says now.
    pub(crate) text_entry: Option<i64>,
    /// When that was said, by the source's clock.
    pub(crate) text_at_ms: Option<i64>,
    /// How often it was changed.
    pub(crate) edits: i64,
    /// Since when it is gone at its source.
    pub(crate) deleted_at_ms: Option<i64>,
}

/// What an event does to its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its first form.
    Posted,
    /// Another form.
    Edited,
    /// Gone at its source.
    Deleted,
}

/// Whether the event's content is what the message says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// It is.
    Now,
    /// Something newer is known.
    Before,
}

/// The step of an event, if it is one of a message. A second "posted" of a message is a change of it.
pub(crate) fn step(what: &What, revision: &str) -> Option<Step> {
    match what {
        What::Posted(_) if revision.is_empty() => Some(Step::Posted),
        What::Posted(_) | What::Edited(_) => Some(Step::Edited),
        What::Deleted => Some(Step::Deleted),
        What::Reacted { .. } | What::Member { .. } | What::PlaceChanged { .. } | What::Other { .. } => None,
    }
}

impl Standing {
    /// Takes a step in.
    pub(crate) fn take(&mut self, step: Step, at_ms: i64, entry: i64) -> Says {
        match step {
            Step::Deleted => {
                self.deleted_at_ms = Some(self.deleted_at_ms.map_or(at_ms, |known| known.min(at_ms)));
                return Says::Before;
            }
            Step::Posted => self.first_entry = Some(entry),
            Step::Edited => self.edits += 1,
        }
        // An edit beats the first form, whatever their clocks say; of two edits the later one counts, of two at once the later entry.
        let only_posted_so_far = self.text_entry == self.first_entry;
        let newer = match (self.text_entry, step) {
            (None, _) => true,
            (Some(_), Step::Posted) => false,
            (Some(_), _) if only_posted_so_far => true,
            (Some(known), _) => (Some(at_ms), entry) > (self.text_at_ms, known),
        };
        if newer {
            self.text_entry = Some(entry);
            self.text_at_ms = Some(at_ms);
            Says::Now
        } else {
            Says::Before
        }
    }
}

/// Which kind of entry an event becomes.
pub(crate) fn entry_kind(what: &What) -> EntryKind {
    match what {
        What::Posted(_) | What::Other { .. } | What::PlaceChanged { .. } => EntryKind::Capture,
        What::Edited(_) => EntryKind::Revision,
        What::Deleted => EntryKind::SourceDeletion,
        What::Reacted { .. } => EntryKind::Reaction,
        What::Member { .. } => EntryKind::Membership,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Says, Standing, Step};

    /// A post, edits at different times, a deletion or none; each arrives once, in any order.
    fn story() -> impl Strategy<Value = Vec<(Step, i64)>> {
        (any::<bool>(), 0..6i64, proptest::option::of(0..50i64)).prop_flat_map(|(posted, edits, deleted)| {
            let mut steps = Vec::new();
            if posted {
                steps.push((Step::Posted, 10));
            }
            steps.extend((0..edits).map(|n| (Step::Edited, 5 + n * 7)));
            steps.extend(deleted.map(|at| (Step::Deleted, at)));
            Just(steps).prop_shuffle()
        })
    }

    proptest! {
        #[test]
        fn where_a_message_stands_does_not_depend_on_the_order_of_arrival(story in story()) {
            let mut standing = Standing::default();
            let mut said = None;
            for (entry, &(step, at)) in (100..).zip(&story) {
                if standing.take(step, at, entry) == Says::Now {
                    said = Some((step, at));
                }
            }
            let count = |wanted| story.iter().filter(|(step, _)| *step == wanted).count();
            let last_edit = story.iter().filter(|(step, _)| *step == Step::Edited).map(|(_, at)| *at).max();
            let expected = last_edit
                .map(|at| (Step::Edited, at))
                .or_else(|| story.iter().copied().find(|(step, _)| *step == Step::Posted));
            prop_assert_eq!(said, expected);
            prop_assert_eq!(standing.text_at_ms, expected.map(|(_, at)| at));
            prop_assert_eq!(usize::try_from(standing.edits).expect("small"), count(Step::Edited));
            prop_assert_eq!(standing.first_entry.is_some(), count(Step::Posted) == 1);
            let gone = story.iter().find(|(step, _)| *step == Step::Deleted).map(|(_, at)| *at);
            prop_assert_eq!(standing.deleted_at_ms, gone);
        }
    }

    #[test]
    fn of_two_edits_at_one_moment_the_later_entry_counts() {
        let mut standing = Standing::default();
        assert_eq!(standing.take(Step::Edited, 5, 1), Says::Now);
        assert_eq!(standing.take(Step::Edited, 5, 2), Says::Now);
        assert_eq!(standing.take(Step::Posted, 9, 3), Says::Before);
        assert_eq!(standing.text_entry, Some(2));
    }
}
