//! `gatepost ledger export-log`: the public log as files at the paths of C2SP tlog-tiles.
//!
//! What is written holds no body and no key: anyone may have it. `verify.py` goes with it.

use std::path::Path;

use anyhow::{Context as _, bail};
use ledger::bundle::{VERIFIER, VERIFIER_NAME};
use ledger::engine::Reader;
use ledger::entry::ENTRY_LEN;
use ledger::tile::{TileKind, tiles_of, write_bundle};

/// Writes everything the newest checkpoint covers; answers with its size.
pub(super) fn run(reader: &Reader, folder: &Path) -> anyhow::Result<u64> {
    let Some((checkpoint, note)) = reader.checkpoint()? else { bail!("nothing has been signed yet") };
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    if std::fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    for tile in tiles_of(checkpoint.size) {
        let bytes = match tile.kind {
            TileKind::Hashes(level) => reader.store().hashes(level, tile.first(), usize::from(tile.width))?.concat(),
            TileKind::Entries => {
                let entries = reader.store().entries(tile.first(), usize::from(tile.width))?;
                write_bundle(entries.chunks_exact(ENTRY_LEN))?
            }
        };
        write(folder, &tile.to_string(), &bytes)?;
    }
    for (size, name) in reader.store().anchors()? {
        write(folder, &format!("timestamps/{size}.{name}"), &reader.store().anchor(size, &name)?)?;
    }
    let keys: Vec<String> = reader.log().keys.into_iter().map(|key| key.key + "\n").collect();
    write(folder, "keys.txt", keys.concat().as_bytes())?;
    write(folder, VERIFIER_NAME, VERIFIER.as_bytes())?;
    // Last, so that a copy with a checkpoint is a whole copy.
    write(folder, "checkpoint", note.to_string().as_bytes())?;
    Ok(checkpoint.size)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))
}
