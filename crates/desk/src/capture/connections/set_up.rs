//! What makes a platform know this server: files for its operator (an app's manifest, a homeserver's registration) and the document that
//! names us to Bluesky's authorisation servers.
//!
//! Invariant: a file may hold secrets of the connection, so it leaves only with a fresh proof of identity and with an entry that says who
//! took which; the list of what there is holds nothing of them.

use networks::{
    bluesky,
    network::{SetUp, SetUpFile},
};

use super::{Connectors, sessions};
use crate::{
    act::Object,
    actor::Actor,
    audit_log::Outcome,
    desk::Desk,
    error::{Error, Result},
    ids::ProfileId,
    profiles,
    rights::{Operation, Target},
};

/// Where [`client_metadata`] is expected, below the public address.
pub const CLIENT_METADATA_PATH: &str = bluesky::CLIENT_METADATA_PATH;

/// A file that can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUpOffer {
    /// Its name.
    pub file_name: &'static str,
    /// What to do with it.
    pub how: &'static str,
}

/// Where networks send people back to.
pub(super) fn redirect_uri(desk: &Desk) -> String {
    format!("{}/connect/back", desk.public_url())
}

/// Where a platform calls a profile.
pub fn hook_url(desk: &Desk, profile: ProfileId) -> String {
    format!("{}/hooks/{profile}", desk.public_url())
}

/// The document that names this server to authorisation servers of the AT Protocol. Public: they read it.
///
/// # Errors
/// [`Error::NotFound`] without a public https address: then the protocol's client of this machine alone is used, which needs none.
pub fn client_metadata(desk: &Desk) -> Result<serde_json::Value> {
    if !desk.public_url().starts_with("https://") {
        return Err(Error::NotFound("page"));
    }
    bluesky::client_metadata(&redirect_uri(desk)).map_err(|error| Error::Internal(error.to_string()))
}

async fn files(desk: &Desk, connectors: &Connectors, profile: ProfileId) -> Result<Vec<SetUpFile>> {
    let known = profiles::exists(&mut desk.db().read().await?, profile).await?;
    let Some(network) = connectors.get(&known.network) else { return Ok(Vec::new()) };
    let opened = sessions::open(desk, profile).await?;
    let session = opened.as_ref().map(|opened| &opened.session);
    let (hook_url, redirect_uri) = (hook_url(desk, profile), redirect_uri(desk));
    Ok(network.set_up_files(SetUp { session, hook_url: &hook_url, redirect_uri: &redirect_uri }))
}

/// The files there are for a profile's platform, as far as they can be made now.
///
/// # Errors
/// [`Error::Refused`]; [`Error::NotFound`] when there is no such profile.
pub async fn set_up_offers(desk: &Desk, connectors: &Connectors, actor: &Actor, profile: ProfileId) -> Result<Vec<SetUpOffer>> {
    desk.allow(actor, Operation::ConnectionsRead, Target::Workspace).await?;
    let files = files(desk, connectors, profile).await?;
    Ok(files.iter().map(|SetUpFile { file_name, how, .. }| SetUpOffer { file_name, how }).collect())
}

/// One of the files. That it was taken is on record before.
///
/// # Errors
/// [`Error::Refused`]; [`Error::NotFound`] when there is no such profile or file.
pub async fn take_set_up_file(
    desk: &Desk,
    connectors: &Connectors,
    actor: &Actor,
    profile: ProfileId,
    file_name: &str,
) -> Result<SetUpFile> {
    desk.allow(actor, Operation::ConnectionSetUp, Target::Workspace).await?;
    let files = files(desk, connectors, profile).await?;
    let file = files.into_iter().find(|file| file.file_name == file_name).ok_or(Error::NotFound("file"))?;
    let details = [("file".to_owned(), file.file_name.into())].into_iter().collect();
    desk.note(actor, Operation::ConnectionSetUp, Object::new("profile", profile), Outcome::Done, details).await?;
    Ok(file)
}
