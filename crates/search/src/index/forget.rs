//! Forgetting: every segment that held a removed message is written anew, and its old files go away.
//!
//! Not covered: what a file system keeps of deleted files, and copies made by a backup.

use std::{collections::BTreeSet, fs, thread, time::Duration};

use super::{Embedded, guarded, writer::Writer};
use crate::error::SearchError;

/// Searches that are still reading old files keep them; they end within moments, and this is how often we look.
const LOOKS_MAX: usize = 50;
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) fn rewrite(of: &Embedded, writer: &mut Writer) -> Result<(), SearchError> {
    writer.without_merges(&of.index, |engine| {
        for segment in guarded(|| of.index.searchable_segment_metas())? {
            if segment.has_deletes() {
                guarded(|| engine.merge(&[segment.id()]).wait())?;
            }
        }
        drop(guarded(|| of.index.searchable_segment_metas())?);
        for _ in 0..LOOKS_MAX {
            // Readers of the old files let go of them here.
            guarded(|| of.reader.reload())?;
            guarded(|| engine.garbage_collect_files().wait())?;
            if leftovers(of)?.is_empty() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        let left: Vec<_> = leftovers(of)?.into_iter().collect();
        Err(SearchError::Damaged { what: format!("old files stay: {}", left.join(", ")) })
    })
}

/// Files that belong to no segment in use.
fn leftovers(of: &Embedded) -> Result<BTreeSet<String>, SearchError> {
    let meta = guarded(|| of.index.load_metas())?;
    if meta.segments.iter().any(tantivy::SegmentMeta::has_deletes) {
        return Ok(BTreeSet::from(["a segment with removed messages".to_owned()]));
    }
    let used: BTreeSet<_> = meta.list_segment_files().into_iter().collect();
    let mut left = BTreeSet::new();
    for entry in fs::read_dir(&of.path)? {
        let name = entry?.file_name();
        let is_ours = name.to_string_lossy().starts_with('.') || name == "meta.json";
        if !is_ours && !used.contains(std::path::Path::new(&name)) {
            left.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(left)
}
