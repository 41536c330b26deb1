//! Who is where: identities (DIDs) and the documents that name their server.
//!
//! `did:plc` is looked up in the directory, `did:web` at its own host. Nothing of ours goes along, and nothing inside our own network
//! is asked but the directory that the profile names itself ([`crate::public_media`]).

use serde_json::Value;
use url::Url;

use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    http,
    public_media::{self, is_allowed, outside},
};

/// The directory of `did:plc`.
pub(super) const DIRECTORY: &str = "https://plc.directory";
/// A document holds a few keys and addresses.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// The server of an identity.
pub(super) async fn server_of(did: &str, session: &Session) -> Result<Url> {
    if did == session.account.native_id {
        return http::server(&session.account.server);
    }
    let directory = session.settings.get("directory").map_or(DIRECTORY, String::as_str);
    server_in(&document(did, directory).await?).ok_or_else(|| NetworkError::new(Class::Gone, "the identity names no server"))
}

/// The document of an identity.
pub(super) async fn document(did: &str, directory: &str) -> Result<Value> {
    let (url, is_ours) = match did.split(':').collect::<Vec<_>>()[..] {
        ["did", "plc", id] if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            (http::server(directory)?.join(&format!("/{did}")), true)
        }
        // A port or a path is not allowed in the AT Protocol's identities.
        ["did", "web", host] => (Url::parse(&format!("https://{host}/.well-known/did.json")), false),
        _ => return Err(NetworkError::malformed("the identity is neither did:plc nor did:web")),
    };
    let url = url.map_err(|_| NetworkError::malformed("the identity's address cannot be read"))?;
    if !is_ours && !is_allowed(&url) {
        return Err(NetworkError::malformed("the identity leads inside our own network"));
    }
    let client = if is_ours { http::client() } else { outside() };
    let answered = http::call(client.get(url), DOCUMENT_BYTES_MAX).await?;
    match answered.usual_error("looking up an identity") {
        Some(error) => Err(error),
        None => answered.json(),
    }
}

/// The personal data server that a document names.
pub(super) fn server_in(document: &Value) -> Option<Url> {
    let services = document["service"].as_array()?;
    let server = services.iter().find(|service| service["id"].as_str().is_some_and(|id| id.ends_with("#atproto_pds")))?;
    http::server(server["serviceEndpoint"].as_str()?).ok()
}

/// Fetches a file of an identity's repository from the server it is on.
pub(super) async fn fetch_blob(
    session: &Session,
    did: &str,
    cid: &str,
    bytes_max: u64,
    sink: &mut dyn crate::network::Sink,
) -> Result<()> {
    let mut url = server_of(did, session).await?;
    url.set_path("/xrpc/com.atproto.sync.getBlob");
    url.query_pairs_mut().extend_pairs([("did", did), ("cid", cid)]);
    public_media::fetch(url.as_str(), &session.account.server, bytes_max, sink).await
}
