//! The newest of the ledger's own acts: what a watcher wants to know without reading everything.
//!
//! Reads backwards from the end of the ledger's own stream, at most [`LOOK_BACK_MAX`] acts, and opens only what it reports. Without keys it
//! says when something happened but not how it ended.

use std::collections::BTreeMap;

use super::{Act, state::act_of};
use crate::engine::{LEDGER_STREAM, ReadError, Reader};
use crate::entry::{Entry, EntryKind};

/// Acts looked at: a week of hourly stamps by two authorities, each with a failure before it, and a scrub among them.
pub const LOOK_BACK_MAX: u64 = 700;
/// Acts fetched at a time.
const CHUNK: u64 = 32;

/// When an act was written, and what it says where it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// The act; none without its key.
    pub act: Option<Act>,
}

/// The newest acts of interest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    /// The newest scrub.
    pub scrub: Option<Seen>,
    /// The newest outcome of asking each authority, stamp or failure, by its name.
    pub stamps: BTreeMap<String, Seen>,
}

impl Recent {
    /// Looks for the newest scrub and for the newest outcome of each of `authorities`.
    pub fn read(reader: &Reader, authorities: &[&str]) -> Result<Self, ReadError> {
        let mut recent = Self::default();
        let mut end = reader.stream_len(LEDGER_STREAM)?;
        let first = end.saturating_sub(LOOK_BACK_MAX);
        while end > first && !recent.is_complete(authorities) {
            let start = end.saturating_sub(CHUNK).max(first);
            let count = usize::try_from(end - start).expect("a chunk is small");
            let entries: Vec<Entry> = reader.stream(LEDGER_STREAM, start).take(count).collect::<Result<_, _>>()?;
            for entry in entries.iter().rev() {
                recent.take(reader, entry)?;
            }
            end = start;
        }
        Ok(recent)
    }

    fn is_complete(&self, authorities: &[&str]) -> bool {
        self.scrub.is_some() && authorities.iter().all(|name| self.stamps.contains_key(*name))
    }

    fn take(&mut self, reader: &Reader, entry: &Entry) -> Result<(), ReadError> {
        let seen = || -> Result<Seen, ReadError> {
            let act = match reader.read(entry.seq) {
                Ok(opened) => Some(act_of(&opened)?),
                Err(ReadError::Unreadable { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok(Seen { at_ms: entry.captured_at_ms, act })
        };
        match entry.kind {
            EntryKind::ScrubResult if self.scrub.is_none() => self.scrub = Some(seen()?),
            EntryKind::TimestampAnchored | EntryKind::TimestampFailed => {
                let seen = seen()?;
                if let Some(Act::TimestampAnchored { authority, .. } | Act::TimestampFailed { authority, .. }) = &seen.act {
                    self.stamps.entry(authority.clone()).or_insert(seen);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The newest stamp of an authority that lies beside a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestStamp {
    /// Size of the checkpoint.
    pub size: u64,
    /// The time that the stamp states, microseconds since 1970. It was verified before it was stored, and is not verified again here.
    pub time_us: i64,
}

impl Reader {
    /// The newest stamp of an authority; needs no keys.
    pub fn newest_stamp(&self, authority: &str) -> Result<Option<NewestStamp>, ReadError> {
        let name = format!("{authority}.tsr");
        let Some(size) = self.store().newest_anchor(&name)? else { return Ok(None) };
        let bytes = self.store().anchor(size, &name)?;
        let altered = |why: String| crate::damage::Damage::new(crate::damage::DamageClass::CheckpointAltered, why);
        match crate::timestamp::stated_time_us(&bytes) {
            Ok(time_us) => Ok(Some(NewestStamp { size, time_us })),
            Err(error) => Err(altered(format!("the stamp {name} over {size} entries: {error}")).into()),
        }
    }
}
