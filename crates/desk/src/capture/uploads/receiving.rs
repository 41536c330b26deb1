//! Receiving a file, until it is whole and known to be of the form it is said to be.

use std::path::Path;

use networks::import::{Format, Limits};

use super::{
    NewUpload, Upload, UploadState, Uploads,
    incoming::{Arrived, Incoming},
    store,
};
use crate::{
    act::Object,
    actor::Actor,
    capture::intake::blocking,
    desk::{Desk, Topic},
    error::{Invalid, Result},
    ids::UploadId,
    rights::{Operation, Target},
};

/// A file that is being received. Dropped before it is whole, it leaves nothing.
pub struct Receiving {
    pub(super) uploads: Uploads,
    pub(super) id: UploadId,
    pub(super) new: NewUpload,
    pub(super) format: &'static Format,
    pub(super) incoming: Incoming,
}

impl std::fmt::Debug for Receiving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiving").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Receiving {
    /// The next bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is too long or the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.incoming.write(bytes).await
    }

    /// The file is whole: it is kept when it can be opened as the form it is said to be.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is not of that form: nothing is kept then.
    pub async fn finish(self, desk: &Desk, actor: &Actor) -> Result<Upload> {
        let Self { uploads, id, new, format, incoming } = self;
        let arrived = incoming.finish().await?;
        let file_name = new.file_name.clone();
        match keep(&uploads, desk, actor, (id, new, format), arrived).await {
            Ok(upload) => Ok(upload),
            Err(error) => {
                uploads.delete_file(id, &file_name);
                Err(error)
            }
        }
    }
}

fn stem(file_name: &str) -> &str {
    Path::new(file_name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file_name)
}

async fn keep(
    uploads: &Uploads,
    desk: &Desk,
    actor: &Actor,
    (id, new, format): (UploadId, NewUpload, &'static Format),
    arrived: Arrived,
) -> Result<Upload> {
    let path = uploads.path(id, &new.file_name);
    let source = blocking(move || {
        let opened = (format.open)(&path, Limits::default());
        opened.map(|import| import.source()).map_err(|error| Invalid::field("file", error.to_string()))
    })
    .await?;
    // Files that do not say where they are from are called by their name, which here is not the name of their place.
    let source = if source == id.to_string() { stem(&new.file_name).to_owned() } else { source };
    let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
    let upload = Upload {
        id,
        format: format.id.to_owned(),
        file_name: new.file_name,
        file_bytes: arrived.bytes,
        file_digest: arrived.digest.to_vec(),
        source,
        profile: new.profile,
        run: None,
        job: None,
        node: uploads.0.node.clone(),
        state: UploadState::Stored,
        tally: None,
        trouble: None,
        uploaded_by: actor.person(),
        uploaded_at: act.now(),
    };
    store::insert(act.tx(), &upload).await?;
    act.record(Object::new("upload", id))
        .detail("does", "upload")
        .detail("format", format.id)
        .detail("bytes", upload.file_bytes)
        .detail("sha256", hex::encode(&upload.file_digest));
    act.announce(Topic::Imports);
    act.commit().await?;
    Ok(upload)
}
