//! Copying a folder that somebody may be writing to, as it was at one moment.
//!
//! The folder is copied, then looked at again: whatever changed meanwhile is copied once more, until a whole pass went by in which
//! nothing changed. Then every file of the copy belongs to the same moment. Sealed files never change, so later passes are short.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

/// Passes before giving up: beside a log that signs a checkpoint a second, a quiet pass comes soon.
const PASSES_MAX: u32 = 60;
/// Wait between passes that found changes.
const WAIT: Duration = Duration::from_millis(120);
/// Files in a folder at most; a ledger has a few per segment.
const FILES_MAX: usize = 1_000_000;

/// What tells one state of a file from another.
type State = BTreeMap<PathBuf, (u64, SystemTime)>;

/// Copies `from` to `to` (which must not exist) as it was at one moment. Returns the files, relative to the folder.
pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut copied = State::new();
    for pass in 0..PASSES_MAX {
        if pass > 0 {
            std::thread::sleep(WAIT);
        }
        let before = look(from)?;
        let mut complete = true;
        for (file, state) in &before {
            if copied.get(file) != Some(state) {
                complete &= copy_file(&from.join(file), &to.join(file))?;
                copied.insert(file.clone(), *state);
            }
        }
        for gone in copied.keys().filter(|file| !before.contains_key(*file)).cloned().collect::<Vec<_>>() {
            let _ = fs::remove_file(to.join(&gone));
            copied.remove(&gone);
        }
        if complete && look(from)? == before {
            return Ok(before.into_keys().collect());
        }
    }
    anyhow::bail!("{} changes without a pause; try again in a quieter moment, or stop the server first", from.display())
}

/// Whether the file was there to be copied.
fn copy_file(from: &Path, to: &Path) -> anyhow::Result<bool> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::copy(from, to) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("failed to copy {}", from.display())),
    }
}

fn look(root: &Path) -> anyhow::Result<State> {
    let mut found = State::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder != Path::new("") => continue,
            Err(error) => return Err(error).with_context(|| format!("failed to read {}", root.display())),
        };
        for entry in entries {
            let entry = entry?;
            let relative = folder.join(entry.file_name());
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(relative);
            } else if metadata.is_file() {
                found.insert(relative, (metadata.len(), metadata.modified()?));
            }
            anyhow::ensure!(found.len() <= FILES_MAX, "{} has more than {FILES_MAX} files", root.display());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    use super::copy;

    #[test]
    fn a_copy_is_of_one_moment_although_somebody_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("deep")).expect("folders");
        let stop = Arc::new(AtomicBool::new(false));
        let (writer_from, writer_stop) = (from.clone(), stop.clone());
        // Both files always hold the same number at rest.
        let writer = std::thread::spawn(move || {
            let mut number = 0u64;
            while !writer_stop.load(Ordering::Relaxed) {
                fs::write(writer_from.join("one"), number.to_string()).expect("writes");
                fs::write(writer_from.join("deep/two"), number.to_string()).expect("writes");
                number += 1;
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        std::thread::sleep(Duration::from_millis(100));
        let files = copy(&from, &to).expect("a quiet pass comes");
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer ends");
        assert_eq!(files.len(), 2);
        assert!(to.join("one").exists() && to.join("deep/two").exists());
    }
}
