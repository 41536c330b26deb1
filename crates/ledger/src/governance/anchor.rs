//! Time stamps over checkpoints, and the outcome of scrubs: each is an entry.
//!
//! Capture never waits for an authority. A stamp that could not be had is an entry too, so that its absence
//! is visible in the log itself.

use super::{Act, GovernanceError};
use crate::engine::Ledger;
use crate::entry::EntryKind;
use crate::ids::RecordId;
use crate::timestamp::{Authorities, Transport};
use crate::verify::{Progress, Report, Settings, verify};

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

impl Ledger {
    /// Signs a checkpoint over everything so far and asks each authority for a stamp over it. Verified stamps
    /// are kept beside the checkpoint; both stamps and failures become entries.
    pub fn anchor_now(&self, authorities: &Authorities, transport: &dyn Transport) -> Result<Vec<Anchored>, GovernanceError> {
        self.checkpoint_now()?;
        let Some((checkpoint, note)) = self.reader().checkpoint()? else { return Ok(Vec::new()) };
        let size = checkpoint.size;
        let random = || {
            let mut bytes = [0; 16];
            self.environment().entropy.fill(&mut bytes);
            bytes
        };
        let answers = authorities.stamp_all(transport, note.text.as_bytes(), random);
        let mut anchored = Vec::new();
        for (authority, answer) in answers {
            let authority = authority.to_owned();
            let outcome = match answer {
                Ok(stamp) => {
                    self.store().put_anchor(size, "note", note.to_string().as_bytes())?;
                    self.store().put_anchor(size, &format!("{authority}.tsr"), &stamp.response)?;
                    Ok(stamp.verified.time_us)
                }
                Err(error) => Err(error.to_string()),
            };
            let (kind, act) = match &outcome {
                Ok(time_us) => {
                    let time_us = *time_us;
                    (EntryKind::TimestampAnchored, Act::TimestampAnchored { size, authority: authority.clone(), time_us })
                }
                Err(reason) => {
                    let reason = reason.clone();
                    (EntryKind::TimestampFailed, Act::TimestampFailed { size, authority: authority.clone(), reason })
                }
            };
            self.act(kind, RecordId::NONE, &act)?;
            anchored.push(Anchored { authority, size, outcome });
        }
        Ok(anchored)
    }

    /// Re-reads everything that is stored, compares it with the entries, and logs the outcome.
    pub fn scrub(&self, each: &mut dyn FnMut(&Progress) -> bool) -> Result<Report, GovernanceError> {
        let report = verify(&self.reader(), Settings { deep: false, bodies: true }, each)?;
        let act = Act::ScrubDone {
            entries: report.entries,
            bodies: report.bodies,
            removed: report.removed,
            findings: report.findings,
            first: report.damage.first().map(ToString::to_string),
        };
        self.act(EntryKind::ScrubResult, RecordId::NONE, &act)?;
        Ok(report)
    }
}
