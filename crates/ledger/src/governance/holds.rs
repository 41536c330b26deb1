//! Legal holds: what they cover is not removed, whoever asks. Releasing one deletes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Act, GovernanceError, check_text};
use crate::engine::{Ledger, Receipt};
use crate::entry::{Entry, EntryKind};
use crate::ids::{RecordId, StreamId, SubjectId};

/// Most ids of one kind in a hold: the body of its entry is limited.
pub const HOLD_IDS_MAX: usize = 10_000;

/// What is held. Conditions that are given must all be met; an id list is met by any of its ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hold {
    /// What people call it.
    pub name: String,
    /// Persons.
    #[serde(default)]
    pub subjects: BTreeSet<SubjectId>,
    /// Streams.
    #[serde(default)]
    pub streams: BTreeSet<StreamId>,
    /// Single records: also what a query found when the hold was set.
    #[serde(default)]
    pub records: BTreeSet<RecordId>,
    /// Captured at or after, Unix milliseconds.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// Captured before, Unix milliseconds.
    #[serde(default)]
    pub until_ms: Option<i64>,
    /// The query that `records` came from, for people to read.
    #[serde(default)]
    pub query: Option<String>,
}

impl Hold {
    /// Whether an entry about these subjects is covered. A hold without conditions covers everything.
    pub fn covers(&self, entry: &Entry, subjects: &[SubjectId]) -> bool {
        (self.subjects.is_empty() || subjects.iter().any(|subject| self.subjects.contains(subject)))
            && (self.streams.is_empty() || self.streams.contains(&entry.stream_id))
            && (self.records.is_empty() || self.records.contains(&entry.record_id))
            && self.from_ms.is_none_or(|from| entry.captured_at_ms >= from)
            && self.until_ms.is_none_or(|until| entry.captured_at_ms < until)
    }
}

impl Ledger {
    /// Sets a hold. Its name in the log is the record id of the receipt.
    pub fn set_hold(&self, hold: Hold, by: &str) -> Result<Receipt, GovernanceError> {
        check_text(&hold.name, "the name of the hold")?;
        check_text(by, "the person who sets the hold")?;
        if hold.subjects.len().max(hold.streams.len()).max(hold.records.len()) > HOLD_IDS_MAX {
            return Err(GovernanceError::Text("the list of ids in the hold"));
        }
        let _order = self.governing();
        self.act(EntryKind::HoldSet, RecordId::NONE, &Act::HoldSet { hold, by: by.to_owned() })
    }

    /// Releases the hold set by the entry with this record id.
    pub fn release_hold(&self, hold: RecordId, by: &str, reason: &str) -> Result<Receipt, GovernanceError> {
        check_text(by, "the person who releases the hold")?;
        check_text(reason, "the reason")?;
        let _order = self.governing();
        if !self.governance()?.holds.contains_key(&hold) {
            return Err(GovernanceError::NotFound(format!("hold {hold} in force")));
        }
        let act = Act::HoldReleased { hold, by: by.to_owned(), reason: reason.to_owned() };
        self.act(EntryKind::HoldReleased, hold, &act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::sample;

    #[test]
    fn all_given_conditions_must_be_met() {
        let (entry, subject) = (sample(), SubjectId([5; 16]));
        let everything = Hold::default();
        assert!(everything.covers(&entry, &[]));
        let mut hold = Hold { subjects: [subject].into(), ..Hold::default() };
        assert!(hold.covers(&entry, &[SubjectId([1; 16]), subject]));
        assert!(!hold.covers(&entry, &[]));
        hold.from_ms = Some(entry.captured_at_ms);
        assert!(hold.covers(&entry, &[subject]));
        hold.until_ms = Some(entry.captured_at_ms);
        assert!(!hold.covers(&entry, &[subject]), "the end is not included");
        hold = Hold { streams: [entry.stream_id].into(), records: [RecordId([77; 16])].into(), ..Hold::default() };
        assert!(!hold.covers(&entry, &[subject]));
    }
}
