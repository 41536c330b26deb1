//! Opening the index of a data folder: the server's way, which helps itself, and the command line's, which does not write.

use std::{path::Path, sync::Arc};

use ::search::{Embedded, Options, SearchError, SearchIndex};

use super::failed;
use crate::error::Result;

/// Opens the index for a server, and says whether this process is to follow the changes. An index that is missing, damaged or of another
/// version is begun again: it is derived, and the indexer fills it from the database. When another process writes it, it
/// is opened for reading.
///
/// # Errors
/// [`crate::Error::Internal`] when the disk refuses.
pub fn open(folder: &Path) -> Result<(Arc<dyn SearchIndex>, bool)> {
    let opened = match Embedded::open(folder, Options::default()) {
        Err(error) if error.asks_for_a_rebuild() => {
            tracing::warn!(%error, "the search index is built again from the database; until then not everything is found");
            Embedded::create(folder, Options::default())
        }
        Err(SearchError::Busy) => {
            tracing::warn!("another process writes the search index; this one reads it as it is now");
            return Ok((Arc::new(Embedded::open_read_only(folder).map_err(failed)?), false));
        }
        other => other,
    };
    Ok((Arc::new(opened.map_err(failed)?), true))
}

/// Opens the index for a command: what is committed now.
///
/// # Errors
/// [`crate::Error::Conflict`] with what to do.
pub fn open_read_only(folder: &Path) -> Result<Embedded> {
    Embedded::open_read_only(folder).map_err(failed)
}
