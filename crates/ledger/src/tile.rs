//! C2SP tlog-tiles: the paths at which hashes and entries are served, and the entry bundles.
//!
//! Invariant: a path and its value correspond one to one. Nothing here reads storage.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::parse_decimal;

/// Hashes (or entries) in a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Height of the subtree that one tile holds.
pub const TILE_HEIGHT: u8 = 8;
/// Highest tile level that can occur: 2^64 leaves are eight levels of eight.
pub const TILE_LEVEL_MAX: u8 = 7;
/// Longest entry that fits a bundle.
pub const BUNDLE_ENTRY_MAX: usize = u16::MAX as usize;

/// Why a tile path or an entry bundle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not of the form `tile/<level>/<index>[.p/<width>]`.
    #[error("`{0}` is not a tile path")]
    BadPath(String),
    /// A bundle ends inside an entry, or holds more than a tile's width.
    #[error("entry bundle is cut short or too long")]
    BadBundle,
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of complete subtrees of `256^level` leaves.
    Hashes(u8),
    /// The entries themselves, as a bundle.
    Entries,
}

/// The place of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// What it holds.
    pub kind: TileKind,
    /// Index within its level.
    pub index: u64,
    /// Number of hashes or entries: 1 to 256.
    pub width: u16,
}

impl TilePath {
    /// The tile at `index` of a log with `size` entries, full or partial; `None` when it would be empty.
    pub fn at(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        };
        let available = items_at(level, size);
        let width = available.saturating_sub(index.checked_mul(TILE_WIDTH)?).min(TILE_WIDTH);
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Self { kind, index, width })
    }

    /// Index, within the level, of the first hash or entry in this tile.
    pub fn first(&self) -> u64 {
        self.index * TILE_WIDTH
    }

    /// Whether the tile can never change.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }
}

/// Number of hashes that tile level `level` holds for a log of `size` entries.
pub fn items_at(level: u8, size: u64) -> u64 {
    if level > TILE_LEVEL_MAX { 0 } else { size >> (u32::from(level) * u32::from(TILE_HEIGHT)) }
}

/// Every tile of a log of `size` entries, hashes level by level, then entries.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TilePath> {
    let kinds = (0..=TILE_LEVEL_MAX).map(TileKind::Hashes).chain([TileKind::Entries]);
    kinds.flat_map(move |kind| (0..).map_while(move |index| TilePath::at(kind, index, size)))
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups[1..].iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for TilePath {
    type Err = TileError;

    fn from_str(text: &str) -> Result<Self, TileError> {
        parse_path(text).ok_or_else(|| TileError::BadPath(text.chars().take(100).collect()))
    }
}

fn parse_path(text: &str) -> Option<TilePath> {
    let (level, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = if level == "entries" {
        TileKind::Entries
    } else {
        TileKind::Hashes(parse_decimal(level).and_then(|l| u8::try_from(l).ok()).filter(|l| *l <= 63)?)
    };
    let (index, width) = match rest.split_once(".p/") {
        None => (rest, u16::try_from(TILE_WIDTH).ok()?),
        Some((index, width)) => {
            (index, parse_decimal(width).and_then(|w| u16::try_from(w).ok()).filter(|w| (1..=255).contains(w))?)
        }
    };
    let mut value: u64 = 0;
    let groups: Vec<&str> = index.split('/').collect();
    for (position, group) in groups.iter().enumerate() {
        let digits = if position + 1 == groups.len() { group } else { group.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        value = value.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    if groups.len() > 1 && groups[0] == "x000" {
        return None;
    }
    Some(TilePath { kind, index: value, width })
}

/// Writes entries as a bundle: each preceded by its length as a big-endian `u16`.
/// Entries longer than [`BUNDLE_ENTRY_MAX`] cannot be written.
pub fn write_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, TileError> {
    let mut bundle = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::BadBundle)?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Splits a bundle into its entries.
pub fn read_bundle(mut bundle: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>().ok_or(TileError::BadBundle)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let entry = rest.get(..length).ok_or(TileError::BadBundle)?;
        entries.push(entry);
        if entries.len() as u64 > TILE_WIDTH {
            return Err(TileError::BadBundle);
        }
        bundle = &rest[length..];
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_path() {
        let tile = TilePath { kind: TileKind::Hashes(0), index: 1_234_067, width: 256 };
        assert_eq!(tile.to_string(), "tile/0/x001/x234/067");
        assert_eq!("tile/0/x001/x234/067".parse(), Ok(tile));
        let partial = TilePath { kind: TileKind::Entries, index: 5, width: 12 };
        assert_eq!(partial.to_string(), "tile/entries/005.p/12");
        assert_eq!(partial.to_string().parse(), Ok(partial));
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "tile/00/000",
            "tile/0/0",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/64/000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/entries/",
            "tile/0/x001",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert!(path.parse::<TilePath>().is_err(), "{path}");
        }
    }

    #[test]
    fn seventy_thousand_entries_have_the_tiles_the_standard_lists() {
        let count = |kind, full: bool| tiles_of(70_000).filter(|t| t.kind == kind && t.is_full() == full).count();
        assert_eq!(count(TileKind::Hashes(0), true), 273);
        assert_eq!(count(TileKind::Hashes(1), true), 1);
        let partial: Vec<u16> = tiles_of(70_000).filter(|t| !t.is_full()).map(|t| t.width).collect();
        assert_eq!(partial, [112, 17, 1, 112]);
    }

    #[test]
    fn bundles_read_back_and_cut_ones_are_refused() {
        let bundle = write_bundle([&b"ab"[..], b"", b"c"]).expect("short entries");
        assert_eq!(read_bundle(&bundle).expect("whole"), [&b"ab"[..], b"", b"c"]);
        assert_eq!(read_bundle(&bundle[..bundle.len() - 1]), Err(TileError::BadBundle));
    }
}
