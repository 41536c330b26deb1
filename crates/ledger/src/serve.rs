//! The public face of the log: which bytes belong to which path (C2SP tlog-tiles and tlog-checkpoint).
//!
//! Invariant: nothing past the published checkpoint is served, so an outsider never sees a hash that is not covered by a signature,
//! and an immutable answer never changes. It holds no HTTP types: whoever mounts it maps [`Answer`] to status and headers. Entries are
//! free of personal data, so nothing here asks who is reading.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::engine::Reader;
use crate::entry::ENTRY_LEN;
use crate::hash::{HASH_LEN, Hash};
use crate::merkle::HashReader;
use crate::note::{Note, NoteError};
use crate::store::StoreError;
use crate::tile::{TileKind, TilePath, write_bundle};

/// Longest path that is looked at: the longest tile path has 51 bytes.
const PATH_BYTES_MAX: usize = 100;
/// How long a checkpoint may be kept by a cache: one is made every second while something happens.
pub const CHECKPOINT_SECONDS: u32 = 1;
/// How long everything else may be kept: it never changes.
pub const IMMUTABLE_SECONDS: u32 = 31_536_000;

/// What is published of a log. Its [`HashReader`] must answer for every complete subtree below the checkpoint's size.
pub trait Published: HashReader {
    /// The latest checkpoint that may be shown, as a signed note; `None` before the first.
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, Self::Error>;

    /// The encoded entries `first..first + count`, all below the checkpoint's size.
    fn entries(&self, first: u64, count: usize) -> Result<Vec<[u8; ENTRY_LEN]>, Self::Error>;
}

/// An open ledger as the public sees it.
pub struct PublicLog<'a>(pub &'a Reader);

impl HashReader for PublicLog<'_> {
    type Error = StoreError;

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        self.0.store().hashes(level, first, count)
    }
}

impl Published for PublicLog<'_> {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.store().checkpoint()?.map(String::into_bytes))
    }

    fn entries(&self, first: u64, count: usize) -> Result<Vec<[u8; ENTRY_LEN]>, StoreError> {
        let bytes = self.0.store().entries(first, count)?;
        Ok(bytes.as_chunks().0.to_vec())
    }
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The bytes.
    Found(Resource),
    /// There is nothing at this path, or not yet.
    NotFound,
}

/// The bytes at a path and how they may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The body.
    pub bytes: Vec<u8>,
    /// The `Content-Type` that the standard prescribes.
    pub media_type: &'static str,
    /// Whether the bytes at this path can never change.
    pub immutable: bool,
}

impl Resource {
    /// The value of a `Cache-Control` header.
    pub fn cache_control(&self) -> String {
        if self.immutable {
            format!("public, max-age={IMMUTABLE_SECONDS}, immutable")
        } else {
            format!("public, max-age={CHECKPOINT_SECONDS}")
        }
    }
}

/// The log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ServeError<E> {
    /// Storage failed.
    #[error("the log could not be read: {0}")]
    Storage(E),
    /// The published checkpoint is damaged.
    #[error("the published checkpoint is damaged: {0}; run `gatepost ledger verify`")]
    Checkpoint(#[from] CheckpointError),
    /// Storage answered with fewer hashes or entries than the checkpoint covers.
    #[error("storage has fewer entries than the published checkpoint; run `gatepost ledger verify`")]
    Incomplete,
}

/// Answers a path such as `checkpoint`, `tile/0/x001/234` or `tile/entries/005.p/17`, without a leading slash.
pub fn answer<P: Published>(log: &P, path: &str) -> Result<Answer, ServeError<P::Error>> {
    if path.len() > PATH_BYTES_MAX {
        return Ok(Answer::NotFound);
    }
    if path == "checkpoint" {
        let note = log.checkpoint().map_err(ServeError::Storage)?;
        return Ok(note.map_or(Answer::NotFound, |bytes| {
            Answer::Found(Resource { bytes, media_type: "text/plain; charset=utf-8", immutable: false })
        }));
    }
    let Ok(tile) = path.parse::<TilePath>() else {
        return Ok(Answer::NotFound);
    };
    if !is_covered(&tile, published_size(log)?) {
        return Ok(Answer::NotFound);
    }
    Ok(Answer::Found(Resource { bytes: tile_bytes(log, &tile)?, media_type: "application/octet-stream", immutable: true }))
}

/// Every path that a copy of the log with `size` entries consists of, besides `checkpoint`.
pub fn tile_paths(size: u64) -> impl Iterator<Item = TilePath> {
    crate::tile::tiles_of(size)
}

fn published_size<P: Published>(log: &P) -> Result<u64, ServeError<P::Error>> {
    let Some(note) = log.checkpoint().map_err(ServeError::Storage)? else {
        return Ok(0);
    };
    let damaged = |error: NoteError| ServeError::Checkpoint(error.into());
    let note = Note::parse(&note).map_err(damaged)?;
    Ok(Checkpoint::parse(&note.text)?.size)
}

/// Whether the log of this size has as many items at this place. A partial tile stays available after it filled up.
fn is_covered(tile: &TilePath, size: u64) -> bool {
    TilePath::at(tile.kind, tile.index, size).is_some_and(|there| tile.width <= there.width)
}

fn tile_bytes<P: Published>(log: &P, tile: &TilePath) -> Result<Vec<u8>, ServeError<P::Error>> {
    let count = usize::from(tile.width);
    match tile.kind {
        TileKind::Hashes(level) => {
            let hashes = log.hashes(level, tile.first(), count).map_err(ServeError::Storage)?;
            if hashes.len() != count {
                return Err(ServeError::Incomplete);
            }
            debug_assert_eq!(hashes.as_flattened().len(), count * HASH_LEN);
            Ok(hashes.as_flattened().to_vec())
        }
        TileKind::Entries => {
            let entries = log.entries(tile.first(), count).map_err(ServeError::Storage)?;
            if entries.len() != count {
                return Err(ServeError::Incomplete);
            }
            Ok(write_bundle(entries.iter().map(|entry| &entry[..])).expect("an entry has 168 bytes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use crate::merkle::Frontier;
    use crate::note::Signer;
    use std::convert::Infallible;

    /// A log in memory with more entries than its checkpoint covers.
    struct Memory {
        levels: Vec<Vec<Hash>>,
        entries: Vec<[u8; ENTRY_LEN]>,
        checkpoint: Option<Vec<u8>>,
    }

    impl Memory {
        fn new(published: u64, appended: u64) -> Self {
            let mut log = Self { levels: vec![Vec::new(); 8], entries: Vec::new(), checkpoint: None };
            let mut frontier = Frontier::default();
            for seq in 0..appended {
                let mut entry = [0; ENTRY_LEN];
                entry[..8].copy_from_slice(&seq.to_be_bytes());
                log.entries.push(entry);
                frontier.push(leaf_hash(&entry), |level, hash| {
                    log.levels[usize::from(level)].push(hash);
                });
                if frontier.size() == published {
                    let signer = Signer::from_seed("log.example.test", &[1; 32]).expect("seed");
                    let text = Checkpoint::new("log.example.test", published, frontier.root()).text();
                    log.checkpoint = Some(signer.sign(text).to_string().into_bytes());
                }
            }
            log
        }
    }

    impl HashReader for Memory {
        type Error = Infallible;

        fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, Infallible> {
            let first = usize::try_from(first).expect("small");
            Ok(self.levels[usize::from(level)][first..first + count].to_vec())
        }
    }

    impl Published for Memory {
        fn checkpoint(&self) -> Result<Option<Vec<u8>>, Infallible> {
            Ok(self.checkpoint.clone())
        }

        fn entries(&self, first: u64, count: usize) -> Result<Vec<[u8; ENTRY_LEN]>, Infallible> {
            let first = usize::try_from(first).expect("small");
            Ok(self.entries[first..first + count].to_vec())
        }
    }

    fn found(log: &Memory, path: &str) -> Resource {
        match answer(log, path).expect("memory does not fail") {
            Answer::Found(resource) => resource,
            Answer::NotFound => panic!("{path} is not served"),
        }
    }

    #[test]
    fn the_served_tiles_give_the_signed_root() {
        let log = Memory::new(70_000, 70_100);
        let mut frontier = Frontier::default();
        for tile in tile_paths(70_000).filter(|tile| tile.kind == TileKind::Entries) {
            let resource = found(&log, &tile.to_string());
            assert!(resource.immutable);
            for entry in crate::tile::read_bundle(&resource.bytes).expect("a bundle") {
                frontier.push(leaf_hash(entry), |_, _| ());
            }
        }
        let checkpoint = found(&log, "checkpoint");
        assert!(!checkpoint.immutable);
        let note = Note::parse(&checkpoint.bytes).expect("a note");
        let signed = Checkpoint::parse(&note.text).expect("a checkpoint");
        assert_eq!((signed.size, signed.root), (frontier.size(), frontier.root()));
        assert_eq!(found(&log, "tile/2/000.p/1").bytes.len(), HASH_LEN);
    }

    #[test]
    fn what_no_checkpoint_covers_is_not_served() {
        let log = Memory::new(300, 600);
        for path in ["tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/entries/001", "tile/1/000.p/2", "tile/2/000.p/1"] {
            assert_eq!(answer(&log, path).expect("memory does not fail"), Answer::NotFound, "{path}");
        }
        for path in ["tile/0/000", "tile/0/001.p/44", "tile/0/001.p/1", "tile/entries/000.p/3", "tile/1/000.p/1"] {
            found(&log, path);
        }
    }

    #[test]
    fn other_paths_and_an_empty_log_are_not_found() {
        let log = Memory::new(300, 300);
        for path in
            ["", "/checkpoint", "checkpoint/", "tile/0/0", "tile/0/x999/x999/x999/x999/x999/999", "tile/63/000", &"a".repeat(200)]
        {
            assert_eq!(answer(&log, path).expect("memory does not fail"), Answer::NotFound, "{path}");
        }
        let empty = Memory::new(1, 0);
        assert_eq!(answer(&empty, "checkpoint").expect("memory does not fail"), Answer::NotFound);
        assert_eq!(answer(&empty, "tile/0/000").expect("memory does not fail"), Answer::NotFound);
    }
}
