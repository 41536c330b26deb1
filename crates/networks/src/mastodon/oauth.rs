//! Connecting: registering with the server, the round trip with PKCE, and what a token may do.
//!
//! Every server is asked for an application of its own; its id and secret travel in [`Pending`] and are not kept afterwards. PKCE is
//! always sent: servers before 4.3 ignore it. Tokens do not run out, so there is nothing to renew.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::{
    client::{Api, authority},
    entity::AccountEntity,
    instance, mapping,
};
use crate::{
    account::{Account, Begun, Connected, Pending, Secrets, Session, Standing},
    error::{Class, NetworkError, Result},
    http,
    network::ConnectRequest,
};

/// What every capability together needs.
pub(super) const SCOPES: &str = "read write";
const APP_NAME: &str = "Gatepost";

#[derive(Deserialize)]
struct App {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    scope: Option<String>,
}

pub(super) async fn begin(request: &ConnectRequest) -> Result<Begun> {
    let server = http::server(field(request, "server")?)?;
    match request.method.as_str() {
        "token" => {
            let token = field(request, "access_token")?.trim().to_owned();
            Ok(Begun::Done(Box::new(connected(server, token, None).await?)))
        }
        "oauth" => authorise(server, request).await,
        other => Err(NetworkError::new(Class::Bug, format!("there is no way `{other}` to connect to Mastodon"))),
    }
}

async fn authorise(server: Url, request: &ConnectRequest) -> Result<Begun> {
    let api = Api::open(server.clone(), None);
    let form = [("client_name", APP_NAME), ("redirect_uris", &request.redirect_uri), ("scopes", SCOPES)];
    let app: App = api.ask(api.request(Method::POST, "api/v1/apps")?.form(&form), "registering with the server").await?.json()?;
    let (state, verifier) =
        (BASE64_URL_SAFE_NO_PAD.encode(&request.random[..24]), BASE64_URL_SAFE_NO_PAD.encode(&request.random[24..]));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let mut url =
        server.join("oauth/authorize").map_err(|_| NetworkError::new(Class::Bug, "the server's address cannot be extended"))?;
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &app.client_id),
        ("redirect_uri", &request.redirect_uri),
        ("scope", SCOPES),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let secrets = Secrets::default()
        .with("server", server.as_str())
        .with("client_id", app.client_id)
        .with("client_secret", app.client_secret)
        .with("verifier", verifier);
    Ok(Begun::Redirect { url: url.into(), pending: Pending { state, secrets } })
}

pub(super) async fn finish(request: &ConnectRequest, pending: &Pending, query: &BTreeMap<String, String>) -> Result<Connected> {
    if query.get("state") != Some(&pending.state) {
        return Err(NetworkError::new(Class::Reauthorise, "the answer does not belong to this attempt to connect: begin again"));
    }
    let Some(code) = query.get("code") else {
        return Err(NetworkError::new(Class::Reauthorise, "the server did not agree: begin again and allow the access"));
    };
    let held = |name: &str| {
        pending.secrets.get(name).ok_or_else(|| NetworkError::new(Class::Bug, "the attempt to connect is not whole: begin again"))
    };
    let server = http::server(held("server")?)?;
    let api = Api::open(server.clone(), None);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", held("client_id")?),
        ("client_secret", held("client_secret")?),
        ("redirect_uri", &request.redirect_uri),
        ("code_verifier", held("verifier")?),
        ("scope", SCOPES),
    ];
    let asked = "exchanging the code for a token";
    let token = api.ask(api.request(Method::POST, "oauth/token")?.form(&form), asked).await;
    let token: Token = token.map_err(|error| again(error, asked))?.json()?;
    connected(server, token.access_token, token.scope).await
}

/// A code that the server refuses is no bad content: the person has to go round again.
fn again(error: NetworkError, asked: &str) -> NetworkError {
    match error.class {
        Class::RefusedContent => NetworkError::new(Class::Reauthorise, format!("{asked}: refused; begin again")),
        _ => error,
    }
}

async fn connected(server: Url, token: String, scope: Option<String>) -> Result<Connected> {
    let api = Api::open(server.clone(), Some(token.clone()));
    let me = whoami(&api).await?;
    let mut settings = instance::settings(&api).await?;
    settings.insert("account_id".to_owned(), me.id.clone());
    // Some servers leave the scope out or empty; what they granted is then not known.
    if let Some(scope) = scope.filter(|scope| !scope.trim().is_empty()) {
        settings.insert("scopes".to_owned(), scope);
    }
    let standing = standing(&server, &me, settings.get("scopes").map(String::as_str));
    Ok(Connected { standing, secrets: Secrets::default().with("access_token", token), settings })
}

pub(super) async fn check(session: &Session) -> Result<Standing> {
    let api = Api::of(session)?;
    let me = whoami(&api).await?;
    Ok(standing(api.base(), &me, session.settings.get("scopes").map(String::as_str)))
}

async fn whoami(api: &Api) -> Result<AccountEntity> {
    let asked = "reading the own account";
    match api.get("api/v1/accounts/verify_credentials", &[], asked).await {
        // What Mastodon calls 401 is 422 elsewhere; there is no content here that could be refused.
        Err(error) if error.class == Class::RefusedContent => {
            Err(NetworkError::new(Class::Reauthorise, format!("{asked}: the server does not know the token; connect again")))
        }
        answered => answered?.json(),
    }
}

fn standing(server: &Url, me: &AccountEntity, scopes: Option<&str>) -> Standing {
    let party = mapping::party(me, &authority(server));
    let account = Account {
        native_id: party.native_id,
        handle: party.handle.unwrap_or_default(),
        name: party.name,
        link: me.url.clone(),
        server: server.as_str().trim_end_matches('/').to_owned(),
    };
    let missing = |scope: &&str| scopes.is_some_and(|held| !held.split_whitespace().any(|one| one == *scope));
    let missing_scopes = SCOPES.split(' ').filter(missing).map(str::to_owned).collect();
    Standing { account, expires_at_ms: None, missing_scopes }
}

fn field<'a>(request: &'a ConnectRequest, name: &str) -> Result<&'a str> {
    let value = request.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    value.ok_or_else(|| NetworkError::new(Class::Bug, format!("fill in the field `{name}`")))
}
