//! Types of uploads.

use networks::import::tally::Tally;
use serde::Serialize;

use crate::{
    ids::{ImportId, JobId, PersonId, ProfileId, Time, UploadId},
    text_enum::text_enum,
};

text_enum! {
    /// Where an uploaded file stands.
    UploadState {
        /// There; nothing is done with it.
        Stored = "stored", "Uploaded";
        /// A dry run is under way.
        Counting = "counting", "Being counted";
        /// A dry run is done.
        Counted = "counted", "Counted";
        /// Being imported.
        Importing = "importing", "Being imported";
        /// Its import was stopped by somebody.
        Stopped = "stopped", "Stopped";
        /// Imported or given up; the file is not there any more.
        Removed = "removed", "Removed";
    }
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// The upload.
    pub id: UploadId,
    /// The form of the file.
    pub format: String,
    /// Its name, without folders.
    pub file_name: String,
    /// Its length.
    pub file_bytes: i64,
    /// SHA-256 of it.
    pub file_digest: Vec<u8>,
    /// The account or workspace it is from, as far as it says.
    pub source: String,
    /// Into this profile; nothing when the file decides and it was not begun.
    pub profile: Option<ProfileId>,
    /// The import it became.
    pub run: Option<ImportId>,
    /// The job that works on it.
    pub job: Option<JobId>,
    /// The node it lies on.
    pub node: String,
    /// Where it stands.
    pub state: UploadState,
    /// What a dry run found.
    pub tally: Option<Tally>,
    /// What the last attempt to work on it failed with.
    pub trouble: Option<String>,
    /// Who sent it.
    pub uploaded_by: Option<PersonId>,
    /// When.
    pub uploaded_at: Time,
}

/// A file about to be sent.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The id of its form.
    pub format: String,
    /// Its name, as the sender says.
    pub file_name: String,
    /// Into this profile; nothing: the one that the file names.
    pub profile: Option<ProfileId>,
    /// Its length, as far as the sender says.
    pub announced: Option<u64>,
}
