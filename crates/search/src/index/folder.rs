//! The index's folder: which generation is in use, and of which format.
//!
//! ```text
//! search/index.json        {"format":1,"generation":3}
//! search/generation-3/     the engine's files
//! search/generation-4/     being built, not in use yet
//! ```
//! Invariant: `index.json` names a generation that was complete when it was named; it is replaced in one step. Whoever opens the
//! index for writing removes every other generation, so that what is erased from the one in use is in no other.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::error::SearchError;

const MARKER: &str = "index.json";
const PREFIX: &str = "generation-";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Marker {
    format: u32,
    generation: u64,
}

/// The generation in use, when it is of our format.
pub(super) fn current(folder: &Path) -> Result<PathBuf, SearchError> {
    let text = match fs::read(folder.join(MARKER)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SearchError::Missing(folder.to_owned())),
        Err(error) => return Err(error.into()),
    };
    let marker: Marker =
        serde_json::from_slice(&text).map_err(|error| SearchError::Damaged { what: format!("{MARKER}: {error}") })?;
    if marker.format != FORMAT {
        return Err(SearchError::OtherFormat { found: marker.format });
    }
    let path = generation(folder, marker.generation);
    if path.is_dir() { Ok(path) } else { Err(SearchError::Damaged { what: format!("{} is not there", path.display()) }) }
}

/// The folder of an unfinished generation: one that is there already, to be continued, or a new one.
pub(super) fn unfinished(folder: &Path) -> Result<PathBuf, SearchError> {
    fs::create_dir_all(folder)?;
    let used = used(folder);
    let newest = generations(folder)?.into_iter().max();
    let number = match newest {
        Some(newest) if Some(newest) != used => newest,
        newest => newest.or(used).unwrap_or(0) + 1,
    };
    let path = generation(folder, number);
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// Puts a generation in use, and removes the others.
pub(super) fn put_in_use(folder: &Path, path: &Path) -> Result<(), SearchError> {
    let number = number_of(path).ok_or_else(|| io::Error::other("not a generation's folder"))?;
    let marker = serde_json::to_vec(&Marker { format: FORMAT, generation: number }).map_err(io::Error::other)?;
    let draft = folder.join("index.json.new");
    let mut file = fs::File::create(&draft)?;
    file.write_all(&marker)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(MARKER))?;
    fs::File::open(folder)?.sync_all()?;
    remove_others(folder, path)
}

/// Removes every generation but this one.
pub(super) fn remove_others(folder: &Path, path: &Path) -> Result<(), SearchError> {
    for number in generations(folder)? {
        let other = generation(folder, number);
        if other != path {
            fs::remove_dir_all(&other)?;
        }
    }
    Ok(())
}

fn used(folder: &Path) -> Option<u64> {
    let text = fs::read(folder.join(MARKER)).ok()?;
    serde_json::from_slice::<Marker>(&text).ok().map(|marker| marker.generation)
}

fn generation(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{number}"))
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok()
}

fn generations(folder: &Path) -> io::Result<Vec<u64>> {
    fs::read_dir(folder)?.map(|entry| Ok(number_of(&entry?.path()))).filter_map(Result::transpose).collect()
}

/// Bytes of the files in a folder.
pub(super) fn bytes(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        // A file that was merged away in between counts nothing.
        total += entry?.metadata().map_or(0, |about| about.len());
    }
    Ok(total)
}
