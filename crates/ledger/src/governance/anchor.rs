//! Time stamps over checkpoints, and the outcome of scrubs: each is an entry.
//!
//! Capture never waits for an authority. A stamp that could not be had is an entry too, so that its absence
//! is visible in the log itself. When to ask, and how often again, is the caller's business.

use super::{Act, GovernanceError};
use crate::checkpoint::Checkpoint;
use crate::engine::{Ledger, Receipt};
use crate::entry::EntryKind;
use crate::ids::RecordId;
use crate::note::Note;
use crate::timestamp::{Authorities, Authority, NoStamp, Stamp, Transport};
use crate::verify::{Progress, Report, Settings, resume};

/// What became of one request for a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchored {
    /// The authority's name.
    pub authority: String,
    /// Size of the checkpoint.
    pub size: u64,
    /// The time that the stamp says in microseconds since 1970, or why there is none.
    pub outcome: Result<i64, String>,
}

/// One request for a stamp and its answer, which is on record nowhere yet.
#[derive(Debug, Clone)]
pub struct Asked {
    authority: String,
    checkpoint: Checkpoint,
    note: Note,
    answer: Result<Stamp, NoStamp>,
}

impl Asked {
    /// Why there is no stamp, if there is none.
    pub fn failure(&self) -> Option<&NoStamp> {
        self.answer.as_ref().err()
    }
}

impl Ledger {
    /// Signs a checkpoint over everything so far and asks each authority for a stamp over it. Verified stamps
    /// are kept beside the checkpoint; both stamps and failures become entries.
    pub fn anchor_now(&self, authorities: &Authorities, transport: &dyn Transport) -> Result<Vec<Anchored>, GovernanceError> {
        self.checkpoint_now()?;
        let mut anchored = Vec::new();
        for authority in authorities.iter() {
            if let Some(asked) = self.ask_for_stamp(authority, transport)? {
                anchored.push(self.record_stamp(&asked)?);
            }
        }
        Ok(anchored)
    }

    /// Asks an authority for a stamp over the newest signed checkpoint, and verifies the answer. Waits for the network and for nothing
    /// else: appending goes on meanwhile. `None` before the first checkpoint.
    pub fn ask_for_stamp(&self, authority: &Authority, transport: &dyn Transport) -> Result<Option<Asked>, GovernanceError> {
        let Some((checkpoint, note)) = self.reader().checkpoint()? else { return Ok(None) };
        let mut random = [0; 16];
        self.environment().entropy.fill(&mut random);
        let answer = authority.stamp(transport, note.text.as_bytes(), random);
        Ok(Some(Asked { authority: authority.name().to_owned(), checkpoint, note, answer }))
    }

    /// Puts the outcome on record: a stamp beside its checkpoint and as an entry, a failure as an entry.
    pub fn record_stamp(&self, asked: &Asked) -> Result<Anchored, GovernanceError> {
        let (size, authority) = (asked.checkpoint.size, asked.authority.clone());
        let (kind, act, outcome) = match &asked.answer {
            Ok(stamp) => {
                self.store().put_anchor(size, "note", asked.note.to_string().as_bytes())?;
                self.store().put_anchor(size, &format!("{authority}.tsr"), &stamp.response)?;
                let time_us = stamp.verified.time_us;
                let act = Act::TimestampAnchored { size, authority: authority.clone(), time_us };
                (EntryKind::TimestampAnchored, act, Ok(time_us))
            }
            Err(error) => {
                let reason = error.to_string();
                let act = Act::TimestampFailed { size, authority: authority.clone(), reason: reason.clone() };
                (EntryKind::TimestampFailed, act, Err(reason))
            }
        };
        self.act(kind, RecordId::NONE, &act)?;
        Ok(Anchored { authority, size, outcome })
    }

    /// Re-reads everything that is stored, compares it with the entries, and logs the outcome.
    pub fn scrub(&self, each: &mut dyn FnMut(&Progress) -> bool) -> Result<Report, GovernanceError> {
        let report = self.scrub_from(&Progress::default(), each)?;
        if !report.stopped {
            self.record_scrub(&report)?;
        }
        Ok(report)
    }

    /// The same from where an earlier scrub stopped, and without logging. The report covers what was read before too.
    pub fn scrub_from(&self, from: &Progress, each: &mut dyn FnMut(&Progress) -> bool) -> Result<Report, GovernanceError> {
        Ok(resume(&self.reader(), Settings { deep: false, bodies: true }, from, each)?)
    }

    /// Logs the outcome of a whole scrub.
    pub fn record_scrub(&self, report: &Report) -> Result<Receipt, GovernanceError> {
        let act = Act::ScrubDone {
            entries: report.entries,
            bodies: report.bodies,
            removed: report.removed,
            findings: report.findings,
            first: report.first(),
        };
        self.act(EntryKind::ScrubResult, RecordId::NONE, &act)
    }
}
