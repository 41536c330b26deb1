//! Verifying a whole log: hashes, numbers, roots, signatures; deep also keys and commitments; scrub the bodies.
//!
//! Invariant: verifying reads and never changes; it names the first bad entry of each class. It can be
//! stopped and resumed from [`Progress`]. What was removed under a tombstone is not damage; what is missing
//! without one is.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::blob::{self, BlobReader, BlobRef};
use crate::checkpoint::Checkpoint;
use crate::damage::{Damage, DamageClass};
use crate::engine::{Leaves, ReadError, Reader};
use crate::entry::{ENTRY_LEN, Entry};
use crate::frame::SealedBody;
use crate::governance::Removals;
use crate::hash::{Hash, leaf_hash};
use crate::ids::{StreamId, SubjectId};
use crate::merkle::Frontier;
use crate::store::StoreError;
use crate::tile;

/// Entries verified at a time.
const CHUNK: usize = 4096;
/// Findings kept; more are only counted.
const FINDINGS_MAX: usize = 100;

/// What is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Also open every body and compare it with its commitment.
    pub deep: bool,
    /// Also compare every stored body with the hash in its entry, without keys.
    pub bodies: bool,
}

/// How far a verification has come: enough to go on later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Progress {
    /// Entries verified.
    pub verified: u64,
    /// Entries there were when it began.
    pub size: u64,
    /// Root over the verified ones, in hexadecimal: compared when going on.
    pub root: String,
    /// Whether bodies were opened.
    pub deep: bool,
    /// What was found until there.
    #[serde(default)]
    pub found: Found,
}

/// What a verification that goes on later has to remember.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Found {
    /// Bodies compared with their entry.
    pub bodies: u64,
    /// Bodies opened and compared with their commitment.
    pub opened: u64,
    /// Bodies removed under a tombstone.
    pub removed: u64,
    /// Findings among entries and bodies; checkpoints are all read again when it goes on.
    pub findings: u64,
    /// The first of them.
    pub first: Option<String>,
}

/// What verifying found, before and after it was stopped and went on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Entries verified.
    pub entries: u64,
    /// Checkpoints whose signature and root were right.
    pub checkpoints: u64,
    /// Bodies compared with their entry.
    pub bodies: u64,
    /// Bodies opened and compared with their commitment.
    pub opened: u64,
    /// Attachments compared with the record that names them.
    pub blobs: u64,
    /// Bodies removed under a tombstone.
    pub removed: u64,
    /// Findings, the first [`FINDINGS_MAX`] of them since it went on.
    pub damage: Vec<Damage>,
    /// The first finding from before it went on.
    pub first_before: Option<String>,
    /// Findings altogether.
    pub findings: u64,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

impl Report {
    /// The first finding in words.
    pub fn first(&self) -> Option<String> {
        self.first_before.clone().or_else(|| self.damage.first().map(ToString::to_string))
    }

    /// Takes up what was found before it went on.
    fn go_on(&mut self, found: Found) {
        (self.bodies, self.opened, self.removed) = (found.bodies, found.opened, found.removed);
        self.findings += found.findings;
        self.first_before = found.first;
    }

    fn add(&mut self, damage: Damage) {
        self.findings += 1;
        if self.damage.len() < FINDINGS_MAX {
            self.damage.push(damage);
        }
    }
}

/// Verifies everything. `each` is told the progress after every chunk and stops it by answering `false`.
pub fn verify(reader: &Reader, settings: Settings, each: &mut dyn FnMut(&Progress) -> bool) -> Result<Report, ReadError> {
    resume(reader, settings, &Progress::default(), each)
}

/// Goes on where an earlier verification stopped; starts again when the log is not the same any more.
pub fn resume(
    reader: &Reader,
    settings: Settings,
    from: &Progress,
    each: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Report, ReadError> {
    let size = reader.size();
    let mut report = Report::default();
    let checkpoints = read_checkpoints(reader, size, &mut report)?;
    let of_checkpoints = report.findings;
    let mut state = State::start(reader, settings, from)?;
    if state.tree.size() > 0 {
        report.go_on(from.found.clone());
    }
    while state.tree.size() < size {
        let count = usize::try_from(size - state.tree.size()).unwrap_or(CHUNK).min(CHUNK);
        state.chunk(reader, count, &checkpoints, settings, &mut report)?;
        let found = Found {
            bodies: report.bodies,
            opened: report.opened,
            removed: report.removed,
            findings: report.findings - of_checkpoints,
            first: report.first(),
        };
        let (verified, root) = (state.tree.size(), hex::encode(state.tree.root()));
        let progress = Progress { verified, size, root, deep: settings.deep, found };
        if !each(&progress) {
            report.stopped = state.tree.size() < size;
            break;
        }
    }
    report.entries = state.tree.size();
    Ok(report)
}

/// Every signed root by size; signatures are checked here.
fn read_checkpoints(reader: &Reader, size: u64, report: &mut Report) -> Result<BTreeMap<u64, Hash>, ReadError> {
    let (log, keys) = (reader.log(), reader.verifiers()?);
    let mut roots = BTreeMap::new();
    let mut newest = 0;
    let mut good = 0;
    let mut findings = Vec::new();
    let read = reader.store().each_checkpoint(&mut |note| {
        match Checkpoint::open(note.as_bytes(), &log.origin, &keys) {
            Ok((checkpoint, _)) => {
                good += 1;
                newest = newest.max(checkpoint.size);
                if roots.insert(checkpoint.size, checkpoint.root).is_some() {
                    let detail = format!("two checkpoints of size {}", checkpoint.size);
                    findings.push(Damage::new(DamageClass::CheckpointAltered, detail));
                }
            }
            Err(error) => findings.push(Damage::new(DamageClass::CheckpointAltered, error.to_string())),
        }
        Ok(())
    });
    match read {
        Err(StoreError::Damaged(damage)) => findings.push(damage),
        other => other?,
    }
    for damage in findings {
        report.add(damage);
    }
    report.checkpoints = good;
    if newest > size {
        let detail = format!("{newest} entries were signed but only {size} are there");
        report.add(Damage::at(DamageClass::EntryMissing, size, detail));
    }
    Ok(roots)
}

struct State {
    tree: Frontier,
    streams: HashMap<StreamId, u64>,
    last_captured_at_ms: i64,
    /// Streams are followed from their start only when the verification began at zero.
    from_start: bool,
    removals: Removals,
    /// Size of the log when the removals were read.
    removals_as_of: u64,
    leaves: Leaves,
}

impl State {
    fn start(reader: &Reader, settings: Settings, from: &Progress) -> Result<Self, ReadError> {
        let mut tree = Frontier::default();
        let resumable = from.verified > 0 && from.verified <= reader.size() && from.deep == settings.deep;
        if resumable && hex::encode(reader.root(from.verified)?) == from.root {
            tree = Frontier::load(&crate::store::StoredTree(reader.store()), from.verified)?;
        }
        let removals_as_of = reader.size();
        let removals = if settings.deep || settings.bodies { Removals::read(reader)? } else { Removals::default() };
        let from_start = tree.size() == 0;
        Ok(Self {
            tree,
            streams: HashMap::new(),
            last_captured_at_ms: 0,
            from_start,
            removals,
            removals_as_of,
            leaves: Leaves::default(),
        })
    }

    fn chunk(
        &mut self,
        reader: &Reader,
        count: usize,
        checkpoints: &BTreeMap<u64, Hash>,
        settings: Settings,
        report: &mut Report,
    ) -> Result<(), ReadError> {
        let first = self.tree.size();
        let store = reader.store();
        let bytes = match store.entries(first, count) {
            Err(StoreError::Io { source, .. }) if is_missing(&source) => {
                report.add(Damage::at(DamageClass::EntryMissing, first, "the entries file ends or is gone"));
                // Without entries nothing further can be said about them; the stored tree still can.
                vec![0; count * ENTRY_LEN]
            }
            other => other?,
        };
        let stored = stored_hashes(reader, 0, first, count, report)?;
        let (mut computed, mut entries) = (Vec::new(), Vec::with_capacity(count));
        for (index, encoded) in bytes.chunks_exact(ENTRY_LEN).enumerate() {
            let seq = first + index as u64;
            let leaf = leaf_hash(encoded);
            let stored_leaf = stored.get(index);
            if stored_leaf.is_some_and(|stored| *stored != leaf) {
                report.add(Damage::at(DamageClass::EntryAltered, seq, "entry and leaf hash differ"));
            }
            // The tree goes on with what is stored, so that one altered entry does not hide all others.
            self.tree.push(*stored_leaf.unwrap_or(&leaf), |level, hash| {
                computed.push((level, hash));
            });
            match Entry::decode(encoded) {
                Ok(entry) => {
                    self.entry(&entry, seq, report);
                    entries.push(entry);
                }
                Err(error) => report.add(Damage::at(DamageClass::EntryAltered, seq, error.to_string())),
            }
            if let Some(root) = checkpoints.get(&(seq + 1))
                && *root != self.tree.root()
            {
                let detail = format!("the tree of {} entries does not have the signed root", seq + 1);
                report.add(Damage::at(DamageClass::TreeAltered, seq, detail));
            }
        }
        if settings.deep || settings.bodies {
            for (entry, sealed) in entries.iter().zip(store.bodies(&entries)) {
                self.body(reader, entry, sealed, settings, report)?;
            }
        }
        for level in 1..=tile::TILE_LEVEL_MAX {
            let of_level: Vec<Hash> = computed.iter().filter(|(l, _)| *l == level).map(|(_, hash)| *hash).collect();
            if of_level.is_empty() {
                break;
            }
            let start = tile::items_at(level, first);
            let stored = stored_hashes(reader, level, start, of_level.len(), report)?;
            if stored != of_level && !stored.is_empty() {
                let detail = format!("tile level {level} from hash {start} on differs from the leaves");
                report.add(Damage::at(DamageClass::TreeAltered, first, detail));
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, seq: u64, report: &mut Report) {
        let broken = |detail: String| Damage::at(DamageClass::SequenceBroken, seq, detail);
        if entry.seq != seq {
            report.add(broken(format!("it says it is entry {}", entry.seq)));
        }
        if entry.captured_at_ms < self.last_captured_at_ms {
            report.add(broken("it was captured before the one before it".to_owned()));
        }
        self.last_captured_at_ms = entry.captured_at_ms;
        let expected = self.streams.insert(entry.stream_id, entry.stream_seq + 1);
        let expected = if self.from_start { Some(expected.unwrap_or(0)) } else { expected };
        if expected.is_some_and(|expected| expected != entry.stream_seq) {
            let expected = expected.unwrap_or_default();
            report.add(broken(format!("its stream goes from {expected} to {}", entry.stream_seq)));
        }
    }

    fn body(
        &mut self,
        reader: &Reader,
        entry: &Entry,
        sealed: Result<Option<Vec<u8>>, StoreError>,
        settings: Settings,
        report: &mut Report,
    ) -> Result<(), ReadError> {
        let sealed = match sealed {
            Err(StoreError::Damaged(damage)) => {
                if self.removals.is_unknown() || !self.is_removed(reader, entry, &[])? {
                    report.add(damage);
                }
                return Ok(());
            }
            other => other?,
        };
        let Some(sealed) = sealed else {
            if self.is_removed(reader, entry, &[])? {
                report.removed += 1;
            } else {
                let detail = format!("segment {} slot {} is gone and no tombstone says why", entry.segment, entry.slot);
                report.add(Damage::at(DamageClass::BodyMissing, entry.seq, detail));
            }
            return Ok(());
        };
        report.bodies += 1;
        if crate::hash::sha256(&sealed) != entry.sealed_sha256 {
            report.add(Damage::at(DamageClass::BodyAltered, entry.seq, "stored bytes and hash in the entry differ"));
            return Ok(());
        }
        if !settings.deep {
            return self.blob(reader, entry, &sealed, None, report);
        }
        match reader.open_intact(entry, &sealed, &mut self.leaves) {
            Ok(opened) => {
                report.opened += 1;
                self.blob(reader, entry, &sealed, crate::body::blob_of(&opened.canonical), report)?;
            }
            Err(ReadError::Store(StoreError::Damaged(damage))) => {
                if self.is_removed(reader, entry, &subjects_of(&sealed))? {
                    report.removed += 1;
                } else {
                    report.add(damage);
                }
            }
            Err(ReadError::Unreadable { reason, .. }) => {
                if self.is_removed(reader, entry, &subjects_of(&sealed))? {
                    report.removed += 1;
                } else {
                    let detail = format!("{reason} and no tombstone says why");
                    report.add(Damage::at(DamageClass::BodyMissing, entry.seq, detail));
                }
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Compares the attachment, if there is one, with its name; with the key also with the digest of its plaintext.
    fn blob(
        &mut self,
        reader: &Reader,
        entry: &Entry,
        sealed: &[u8],
        key: Option<BlobRef>,
        report: &mut Report,
    ) -> Result<(), ReadError> {
        let Some(name) = SealedBody::parse(sealed).ok().and_then(|body| body.blob) else {
            return Ok(());
        };
        let Some(source) = reader.store().open_blob(name)? else {
            if !self.is_removed(reader, entry, &subjects_of(sealed))? {
                let detail = format!("attachment {name} is gone and no tombstone says why");
                report.add(Damage::at(DamageClass::BlobMissing, entry.seq, detail));
            }
            return Ok(());
        };
        let compared = match key {
            None => blob::check_name(&*source, name),
            Some(reference) => std::io::copy(&mut BlobReader::new(source, reference), &mut std::io::sink()).map(|_| ()),
        };
        match compared {
            Ok(()) => report.blobs += 1,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                report.add(Damage::at(DamageClass::BlobAltered, entry.seq, format!("attachment {name}: {error}")));
            }
            Err(source) => {
                return Err(StoreError::Io { doing: "read an attachment in", path: name.to_string().into(), source }.into());
            }
        }
        Ok(())
    }

    /// Whether a tombstone covers it, as far as tombstones can be read: also one that was written while this verification ran.
    fn is_removed(&mut self, reader: &Reader, entry: &Entry, subjects: &[SubjectId]) -> Result<bool, ReadError> {
        let covered = |removals: &Removals| removals.of(entry, subjects).is_some() || removals.is_unknown();
        let size = reader.size();
        if !covered(&self.removals) && size > self.removals_as_of {
            (self.removals, self.removals_as_of) = (Removals::read(reader)?, size);
        }
        Ok(covered(&self.removals))
    }
}

/// Whom a sealed body is about.
fn subjects_of(sealed: &[u8]) -> Vec<SubjectId> {
    SealedBody::parse(sealed).map(|body| body.subjects).unwrap_or_default()
}

/// Stored hashes; what cannot be read is reported and answered with nothing.
fn stored_hashes(reader: &Reader, level: u8, first: u64, count: usize, report: &mut Report) -> Result<Vec<Hash>, ReadError> {
    match reader.store().hashes(level, first, count) {
        Err(StoreError::Io { source, .. }) if is_missing(&source) => {
            let detail = format!("tile level {level} ends or is gone at hash {first}");
            report.add(Damage::new(DamageClass::TreeAltered, detail));
            Ok(Vec::new())
        }
        other => Ok(other?),
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::NotFound)
}
