//! Holds, retention, removal: the ledger's own acts, each an entry before it takes effect.
//!
//! The acts are JSON bodies in [`crate::engine::LEDGER_STREAM`]; what is in force is read back from them, so there is
//! no second truth. Invariants: a hold beats every removal; unreadable holds stop every removal; a removal
//! is tombstone, durable checkpoint, keys, bytes, in this order, and can be finished after a crash.

pub mod anchor;
pub mod disposal;
pub mod erasure;
pub mod holds;
pub mod policy;
pub mod recent;
pub mod removal;
pub mod rotation;
mod state;

use serde::{Deserialize, Serialize};

pub use self::state::{Removal, RemovalKind, Removals, State, Verdict};

use self::holds::Hold;
use self::policy::PolicyChange;
use crate::engine::{AppendError, LEDGER_CLASS, LEDGER_STREAM, Ledger, NewEntry, OpenError, ReadError, Receipt};
use crate::entry::EntryKind;
use crate::ids::{RecordId, SubjectId};
use crate::store::StoreError;

/// Longest name of a person, reason or query in an act.
pub const TEXT_BYTES_MAX: usize = 4096;

/// Why an act was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum GovernanceError {
    /// A hold covers what was to be removed. The refusal is in the log.
    #[error("hold `{name}` covers {records} of the records: a hold beats removal, release it first")]
    Held {
        /// Name of the first hold found.
        name: String,
        /// Records covered.
        records: u64,
    },
    /// What is held cannot be read, so nothing may be removed.
    #[error("the holds cannot be read ({0}): nothing is removed until they can")]
    HoldsUnreadable(String),
    /// An export is running.
    #[error("an export is running: disposal waits until it is done")]
    ExportRunning,
    /// Nothing of that name.
    #[error("there is no {0}")]
    NotFound(String),
    /// A second person has to confirm.
    #[error("{0} has to be confirmed by a second person")]
    SecondPerson(&'static str),
    /// The number of records concerned is not the one confirmed.
    #[error("{found} records are concerned, not the {confirmed} confirmed: run the dry run again")]
    CountChanged {
        /// What was confirmed.
        confirmed: u64,
        /// What was found.
        found: u64,
    },
    /// A text is empty or too long.
    #[error("{0} is empty or longer than {TEXT_BYTES_MAX} bytes")]
    Text(&'static str),
    /// The log did not take the act.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Reading failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keystore could not be written.
    #[error(transparent)]
    Keys(#[from] OpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who asked for an act and who confirmed it: opaque names given by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    /// Who asked.
    pub requested_by: String,
    /// Who confirmed; may be the same person where two are not needed.
    pub approved_by: String,
    /// Why.
    pub reason: String,
}

impl Responsible {
    fn check(&self) -> Result<(), GovernanceError> {
        check_text(&self.requested_by, "the person who asks")?;
        check_text(&self.approved_by, "the person who confirms")?;
        check_text(&self.reason, "the reason")
    }

    fn are_two(&self) -> bool {
        self.requested_by != self.approved_by
    }
}

fn check_text(text: &str, what: &'static str) -> Result<(), GovernanceError> {
    let fits = !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX;
    if fits { Ok(()) } else { Err(GovernanceError::Text(what)) }
}

/// The body of one of the ledger's own entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// A hold begins.
    HoldSet {
        /// The hold.
        hold: Hold,
        /// Who set it.
        by: String,
    },
    /// A hold ends; this deletes nothing.
    HoldReleased {
        /// Which.
        hold: RecordId,
        /// Who released it.
        by: String,
        /// Why.
        reason: String,
    },
    /// A retention rule changes.
    PolicyChanged {
        /// The change.
        change: PolicyChange,
        /// Who is responsible.
        responsible: Responsible,
    },
    /// Records go.
    Tombstone(Tombstone),
    /// A removal was refused.
    RemovalRefused {
        /// What was to go.
        what: String,
        /// Why it stays.
        why: String,
        /// Who asked.
        responsible: Responsible,
    },
    /// A time stamp was obtained.
    TimestampAnchored {
        /// Size of the checkpoint.
        size: u64,
        /// The authority's name.
        authority: String,
        /// The time it says, microseconds since 1970.
        time_us: i64,
    },
    /// A time stamp could not be obtained.
    TimestampFailed {
        /// Size of the checkpoint.
        size: u64,
        /// The authority's name.
        authority: String,
        /// Why.
        reason: String,
    },
    /// A scrub ended.
    ScrubDone {
        /// Entries compared.
        entries: u64,
        /// Bodies compared.
        bodies: u64,
        /// Bodies removed under a tombstone.
        removed: u64,
        /// Findings.
        findings: u64,
        /// The first finding.
        first: Option<String>,
    },
    /// Keys were renewed.
    KeysRotated {
        /// The new keystore generation.
        generation: u64,
        /// The new verifier key, when the signing key was renewed.
        signing_key: Option<String>,
        /// Who did it.
        by: String,
    },
}

/// What is removed. Any entry it covers is DISPOSED or ERASED by the entry that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The seq of the policy entry under which it goes; none for an erasure.
    pub policy: Option<u64>,
    /// Retention class disposed of; none for an erasure.
    pub class: Option<u16>,
    /// Whole segments.
    pub segments: Vec<u64>,
    /// The records that go, as ranges of seq, both ends included: so that proofs of what is gone can name them.
    /// Not listed for segments, which entries name themselves; without segments and subjects, these are
    /// removed one by one.
    pub ranges: Vec<(u64, u64)>,
    /// Persons: everything about them before this entry.
    pub subjects: Vec<SubjectId>,
    /// How many records go.
    pub count: u64,
    /// Who is responsible.
    pub responsible: Responsible,
}

impl Tombstone {
    /// The records to remove one by one: none when whole segments or persons go.
    fn single_records(&self) -> impl Iterator<Item = u64> + '_ {
        let single = self.segments.is_empty() && self.subjects.is_empty();
        self.ranges.iter().filter(move |_| single).flat_map(|(first, last)| *first..=*last)
    }
}

impl Ledger {
    /// Writes an act and waits until it is durable.
    fn act(&self, kind: EntryKind, refers_to: RecordId, act: &Act) -> Result<Receipt, GovernanceError> {
        self.act_as(self.new_record_id(), kind, refers_to, act)
    }

    fn act_as(&self, record_id: RecordId, kind: EntryKind, refers_to: RecordId, act: &Act) -> Result<Receipt, GovernanceError> {
        Ok(self.append_own(self.entry_of(record_id, kind, refers_to, act))?)
    }

    fn entry_of(&self, record_id: RecordId, kind: EntryKind, refers_to: RecordId, act: &Act) -> NewEntry {
        NewEntry {
            kind,
            record_id,
            stream: LEDGER_STREAM,
            subjects: Vec::new(),
            retention_class: LEDGER_CLASS,
            refers_to,
            source_time_ms: self.environment().clock.now_ms(),
            body: serde_json::to_vec(act).expect("acts have no maps with odd keys"),
        }
    }

    fn new_record_id(&self) -> RecordId {
        let mut record = [0; 16];
        self.environment().entropy.fill(&mut record);
        RecordId(record)
    }

    /// What is in force: holds, policies, removals.
    pub fn governance(&self) -> Result<State, GovernanceError> {
        // Entries that are committed but not applied yet must be seen too.
        self.checkpoint_now()?;
        State::read(&self.reader()).map_err(|error| GovernanceError::HoldsUnreadable(error.to_string()))
    }

    fn governing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.governance.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
