//! Moving finished segments to object storage under Object Lock, and reading them there.
//!
//! Invariant: rows leave the database only after the object was stored, confirmed as locked, and named in the archive table, in the same
//! transaction that checks the epoch. A crash in between leaves an object that nobody names; the next try stores another version.
//! A locked object cannot be changed before its date, so erasing one of its records means what it always means: its key is gone.

use std::sync::Arc;

use super::{PgStore, SegmentName, StoreError, Tidied, place, read, signed, write};
use crate::context::Clock;
use crate::objects::{Bucket, HttpClient, ObjectError, StoredObject};

/// Where sealed segments go.
#[derive(Clone)]
pub struct ArchiveTo {
    /// The bucket; it must have Object Lock.
    pub bucket: Arc<Bucket>,
    /// Who talks to it.
    pub http: Arc<dyn HttpClient>,
    /// Signs requests with this time.
    pub clock: Arc<dyn Clock>,
    /// How long an object is locked from the moment it is stored.
    pub lock_ms: i64,
}

pub(super) struct Archive(ArchiveTo);

impl Archive {
    pub(super) fn new(to: ArchiveTo) -> Self {
        Self(to)
    }

    pub(super) fn read(&self, object: &StoredObject, start: u64, length: u64) -> Result<Vec<u8>, StoreError> {
        let ArchiveTo { bucket, http, clock, .. } = &self.0;
        bucket.get_range(&**http, clock.now_ms(), object, start, length).map_err(failed("read from"))
    }

    pub(super) fn read_whole(&self, object: &StoredObject) -> Result<Vec<u8>, StoreError> {
        let ArchiveTo { bucket, http, clock, .. } = &self.0;
        bucket.get(&**http, clock.now_ms(), object).map_err(failed("read from"))
    }
}

impl PgStore {
    /// Moves a finished segment (one that gets no more records) to object storage, locked until `retain_until_ms`. Does nothing when it
    /// was moved before. Wiped records are not copied; their place stays empty.
    pub fn archive_segment(&self, name: SegmentName, retain_until_ms: i64) -> Result<Option<StoredObject>, StoreError> {
        self.check_not_fenced()?;
        let Archive(ArchiveTo { bucket, http, clock, .. }) = self.archive.as_ref().ok_or_else(not_configured)?;
        if let Some(archived) = self.block_on(read::archived(self, name))? {
            return Ok(Some(archived.object));
        }
        let bodies = self.block_on(read::segment(self, name))?;
        if bodies.is_empty() {
            return Ok(None);
        }
        let (mut seqs, mut lengths, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for body in bodies {
            let sealed = body.sealed.unwrap_or_default();
            seqs.push(signed(body.seq));
            lengths.push(i32::try_from(sealed.len()).expect("bodies are limited"));
            bytes.extend_from_slice(&sealed);
        }
        let key = format!("{}/bodies/{}/{:020}.seg", self.log, name.class, name.segment);
        let object = bucket.put_locked(&**http, clock.now_ms(), &key, &bytes, retain_until_ms).map_err(failed("store in"))?;
        self.block_on(write::archived(self, name, &object, seqs, lengths))?;
        Ok(Some(object))
    }

    /// Moves every finished segment, then removes objects that nobody needs any more. A segment is finished when its class has a newer one.
    pub(super) fn tidy_archive(&self) -> Result<Tidied, StoreError> {
        let Some(Archive(to)) = &self.archive else { return Ok(Tidied::default()) };
        to.bucket.check_object_lock(&*to.http, to.clock.now_ms()).map_err(failed("use"))?;
        let mut tidied = Tidied::default();
        for name in self.block_on(read::finished_segments(self))? {
            let until = to.clock.now_ms().saturating_add(to.lock_ms);
            tidied.moved += usize::from(self.archive_segment(name, until)?.is_some());
        }
        (tidied.gone, tidied.locked) = self.sweep_archive()?;
        Ok(tidied)
    }

    /// Removes the objects of removed segments whose lock has ended; returns how many are gone and how many are still locked.
    pub fn sweep_archive(&self) -> Result<(usize, usize), StoreError> {
        let Archive(ArchiveTo { bucket, http, clock, .. }) = self.archive.as_ref().ok_or_else(not_configured)?;
        let (mut gone, mut locked) = (0, 0);
        for (name, object) in self.block_on(read::removed_objects(self))? {
            match bucket.delete(&**http, clock.now_ms(), &object) {
                Ok(()) => {
                    self.block_on(write::forget_archive(self, name))?;
                    gone += 1;
                }
                Err(ObjectError::Locked(_)) => locked += 1,
                Err(error) => return Err(failed("remove from")(error)),
            }
        }
        Ok((gone, locked))
    }
}

pub(super) fn not_configured() -> StoreError {
    StoreError::Io {
        doing: "use the object storage of",
        path: place(),
        source: std::io::Error::other("segments lie in object storage, but none is configured: configure its bucket"),
    }
}

fn failed(doing: &'static str) -> impl FnOnce(ObjectError) -> StoreError {
    move |error| StoreError::Io { doing, path: "object storage".into(), source: std::io::Error::other(error) }
}
