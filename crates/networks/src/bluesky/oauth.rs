//! OAuth as the AT Protocol has it: pushed authorisation requests (RFC 9126), PKCE, proof of possession, and a client that is named by
//! the address of a document about it.
//!
//! The document has to be public, so this way needs a public https address; on this machine alone the loopback client that the
//! protocol has for development takes its place. Before tokens are believed, the account's own server is asked whether the
//! authorisation server is really its own.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    client::{proved, success},
    dpop::Key,
    identity, password,
};
use crate::{
    account::{Begun, Clock, Connected, Pending, Secrets, Session, Standing},
    error::{Class, NetworkError, Result},
    http::{self, ANSWER_BYTES_MAX},
    network::ConnectRequest,
};

/// Where our server has to answer with [`client_metadata`], below its public address.
pub const CLIENT_METADATA_PATH: &str = "/oauth/bluesky/client-metadata.json";
/// What every capability together needs.
const SCOPES: &str = "atproto transition:generic";

/// The document that names us to authorisation servers, for the address that people come back to.
///
/// # Errors
/// When the address cannot be read.
pub fn client_metadata(redirect_uri: &str) -> Result<Value> {
    Ok(json!({
        "client_id": client_id(redirect_uri)?,
        "client_name": "Gatepost",
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [redirect_uri],
        "scope": SCOPES,
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true,
    }))
}

fn client_id(redirect_uri: &str) -> Result<String> {
    let back = Url::parse(redirect_uri).map_err(|_| NetworkError::malformed("the address to come back to cannot be read"))?;
    if back.scheme() == "https" {
        let url =
            back.join(CLIENT_METADATA_PATH).map_err(|_| NetworkError::malformed("the public address cannot be extended"))?;
        return Ok(url.into());
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", redirect_uri).append_pair("scope", SCOPES);
    Ok(format!("http://localhost?{}", query.finish()))
}

/// What an authorisation server says of itself (RFC 8414).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
}

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "access_token")]
    access: String,
    #[serde(rename = "token_type")]
    kind: String,
    #[serde(rename = "refresh_token", default)]
    renewing: Option<String>,
    #[serde(default)]
    scope: String,
    sub: String,
}

pub(super) async fn begin(request: &ConnectRequest) -> Result<Begun> {
    let field = |name: &str| request.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let server = http::server(field("server").unwrap_or(password::USUAL_SERVER))?;
    let metadata = metadata(&server).await?;
    let (state, verifier) = (BASE64.encode(&request.random[..24]), BASE64.encode(&request.random[24..]));
    let client_id = client_id(&request.redirect_uri)?;
    let challenge = BASE64.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let form = [
        ("client_id", client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", &request.redirect_uri),
        ("scope", SCOPES),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let key = Key::make()?;
    let pushed = ask(&metadata.pushed_authorization_request_endpoint, &form, &key, request.now_ms, "asking to be let in").await?;
    let pushed = pushed["request_uri"].as_str().ok_or_else(|| NetworkError::malformed("the server named no request"))?.to_owned();
    let mut url = endpoint(&metadata.authorization_endpoint)?;
    url.query_pairs_mut().extend_pairs([("client_id", &client_id), ("request_uri", &pushed)]);
    let mut secrets = Secrets::default()
        .with("verifier", verifier)
        .with("dpop_key", key.text())
        .with("issuer", metadata.issuer)
        .with("token_endpoint", metadata.token_endpoint);
    if let Some(directory) = field("directory") {
        secrets.set("directory", http::server(directory)?);
    }
    Ok(Begun::Redirect { url: url.into(), pending: Pending { state, secrets } })
}

pub(super) async fn finish(request: &ConnectRequest, pending: &Pending, query: &BTreeMap<String, String>) -> Result<Connected> {
    let again = |what: &str| NetworkError::new(Class::Reauthorise, format!("{what}: begin again"));
    let held = |name: &str| pending.secrets.get(name).ok_or_else(|| again("the attempt to connect is not whole"));
    // The issuer in the answer keeps one server's answer from being taken for another's (RFC 9207).
    if query.get("state") != Some(&pending.state) || query.get("iss").map(String::as_str) != Some(held("issuer")?) {
        return Err(again("the answer does not belong to this attempt to connect"));
    }
    let code = query.get("code").ok_or_else(|| again("the server did not agree"))?;
    let client_id = client_id(&request.redirect_uri)?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", &client_id),
        ("redirect_uri", &request.redirect_uri),
        ("code_verifier", held("verifier")?),
    ];
    let key = Key::read(held("dpop_key")?)?;
    let token = ask(held("token_endpoint")?, &form, &key, request.now_ms, "exchanging the code for a token").await;
    let token = read(token.map_err(|error| refused(error, "the server does not take the code"))?)?;
    let directory = pending.secrets.get("directory");
    let document = identity::document(&token.sub, directory.unwrap_or(identity::DIRECTORY)).await?;
    let server = identity::server_in(&document).ok_or_else(|| again("the identity names no server"))?;
    if metadata(&server).await?.issuer != held("issuer")? {
        return Err(again("the account's own server does not trust the one that let us in"));
    }
    let handle = document["alsoKnownAs"][0].as_str().and_then(|name| name.strip_prefix("at://")).unwrap_or(&token.sub);
    let account = password::account(&token.sub, handle, &server);
    let mut settings = BTreeMap::from([("client_id".to_owned(), client_id), ("scopes".to_owned(), token.scope.clone())]);
    settings.extend(directory.map(|directory| ("directory".to_owned(), directory.to_owned())));
    let secrets = Secrets::default().with("dpop_key", key.text()).with("token_endpoint", held("token_endpoint")?);
    let secrets = keep(secrets, token);
    let session =
        Session { account: account.clone(), secrets: secrets.clone(), settings: settings.clone(), clock: Clock::default() };
    let standing = Standing { account, expires_at_ms: None, missing_scopes: missing_scopes(&session) };
    Ok(Connected { standing, secrets, settings })
}

/// A new token. The renewing token works once, so the caller stores the new one first.
pub(super) async fn renew(session: &Session) -> Result<Secrets> {
    let held = |name: &str| {
        session
            .secrets
            .get(name)
            .ok_or_else(|| NetworkError::new(Class::Reauthorise, "the profile cannot be renewed: connect it again"))
    };
    let client_id = session.settings.get("client_id").map(String::as_str).unwrap_or_default();
    let form = [("grant_type", "refresh_token"), ("refresh_token", held("refresh_token")?), ("client_id", client_id)];
    let key = Key::read(held("dpop_key")?)?;
    let token = ask(held("token_endpoint")?, &form, &key, session.clock.now_ms(), "renewing the token").await;
    let token = read(token.map_err(|error| refused(error, "the server does not renew the token"))?)?;
    if token.sub != session.account.native_id {
        return Err(NetworkError::new(Class::Reauthorise, "the token is for another account: connect the profile again"));
    }
    Ok(keep(session.secrets.clone(), token))
}

fn keep(secrets: Secrets, token: Token) -> Secrets {
    let secrets = secrets.with("access_token", token.access);
    match token.renewing {
        Some(renewing) => secrets.with("refresh_token", renewing),
        None => secrets,
    }
}

fn read(answer: Value) -> Result<Token> {
    let token: Token = serde_json::from_value(answer).map_err(|_| NetworkError::malformed("the server's token is not whole"))?;
    let is_bound = token.kind.eq_ignore_ascii_case("DPoP");
    if is_bound { Ok(token) } else { Err(NetworkError::malformed("the server's token is not bound to our key")) }
}

/// Scopes that were not granted. Nothing is known of an app password's.
pub(super) fn missing_scopes(session: &Session) -> Vec<String> {
    let Some(granted) = session.settings.get("scopes") else { return Vec::new() };
    let is_missing = |scope: &&str| !granted.split_whitespace().any(|one| one == *scope);
    SCOPES.split(' ').filter(is_missing).map(str::to_owned).collect()
}

/// A code or renewing token that is refused is no bad content: somebody has to agree again.
fn refused(error: NetworkError, what: &str) -> NetworkError {
    match error.class {
        Class::RefusedContent | Class::Expired => {
            NetworkError::new(Class::Reauthorise, format!("{what}: connect the profile again"))
        }
        _ => error,
    }
}

async fn ask(url: &str, form: &[(&str, &str)], key: &Key, now_ms: i64, asked: &str) -> Result<Value> {
    let url = endpoint(url)?;
    let build = || http::write_client().post(url.clone()).form(form);
    success(proved(build, &Method::POST, &url, None, key, now_ms).await?, asked)?.json()
}

/// The authorisation server of a personal data server (RFC 9728, RFC 8414), or of a server that is one itself.
async fn metadata(server: &Url) -> Result<Metadata> {
    #[derive(Deserialize)]
    struct Protected {
        authorization_servers: Vec<String>,
    }
    let asked = "asking the server how it lets in";
    let protected = look(server, "/.well-known/oauth-protected-resource").await?;
    let authority = match protected.usual_error(asked) {
        None => {
            let first = protected.json::<Protected>()?.authorization_servers.into_iter().next();
            endpoint(&first.ok_or_else(|| NetworkError::malformed("the server names nobody who lets in"))?)?
        }
        Some(error) if error.class == Class::Gone => server.clone(),
        Some(error) => return Err(error),
    };
    let answered = success(look(&authority, "/.well-known/oauth-authorization-server").await?, asked)?;
    let metadata: Metadata = answered.json()?;
    if endpoint(&metadata.issuer)?.origin() != authority.origin() {
        return Err(NetworkError::malformed("the server that lets in names itself wrongly"));
    }
    Ok(metadata)
}

async fn look(server: &Url, path: &str) -> Result<http::Answered> {
    let url = server.join(path).map_err(|_| NetworkError::malformed("the server's address cannot be extended"))?;
    http::call(http::client().get(url), ANSWER_BYTES_MAX).await
}

/// An address that a server named: it may hold a query, and is https, or on this machine.
fn endpoint(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|_| NetworkError::malformed("the server names an address that cannot be read"))?;
    http::server(url.origin().ascii_serialization().as_str()).map(|_| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_named_by_its_document_or_by_loopback() {
        let document = client_metadata("https://desk.example.test/networks/back").unwrap();
        assert_eq!(document["client_id"], "https://desk.example.test/oauth/bluesky/client-metadata.json");
        assert_eq!(document["redirect_uris"][0], "https://desk.example.test/networks/back");
        assert_eq!(document["dpop_bound_access_tokens"], true);
        assert_eq!(
            client_id("http://127.0.0.1:8080/back").unwrap(),
            "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fback&scope=atproto+transition%3Ageneric"
        );
    }

    #[test]
    fn only_safe_addresses_are_taken_from_a_server() {
        for bad in ["http://a.test/x", "ftp://a.test", "https://me:pw@", "x"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
        assert!(endpoint("https://a.test/token?x=1").is_ok() && endpoint("http://localhost:99/t").is_ok());
    }
}
