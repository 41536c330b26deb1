//! Connecting: a password (which is used once and not kept), a token, or an application service for a whole server; renewing.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::client::Api;
use crate::{
    account::{Account, Begun, Clock, Connected, Secrets, Session, Standing},
    error::{Class, NetworkError, Result},
    http,
    network::{ConnectRequest, SetUp, SetUpFile},
};

/// The name of the device that we sign in as.
const DEVICE: &str = "Gatepost";
/// The application service's own user, when nobody chose another.
const SERVICE_USER: &str = "gatepost";
/// A discovery document is a few lines.
const DISCOVERY_BYTES_MAX: usize = 64 * 1024;

fn filled<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    filled(fields, name).ok_or_else(|| NetworkError::new(Class::Bug, format!("fill in {}", name.replace('_', " "))))
}

/// Begins to connect; nothing of it needs a round trip.
pub(crate) async fn begin(request: &ConnectRequest) -> Result<Begun> {
    let fields = &request.fields;
    let server = discovered(http::server(field(fields, "server")?)?).await;
    let mut settings = BTreeMap::new();
    if let Some(rooms) = filled(fields, "rooms") {
        settings.insert("rooms".to_owned(), rooms.to_owned());
    }
    let connected = match request.method.as_str() {
        "password" => signed_in(&server, field(fields, "user")?, field(fields, "password")?, settings).await?,
        "token" => {
            let mut secrets = Secrets::default().with("access_token", field(fields, "access_token")?);
            if let Some(refresh) = filled(fields, "refresh_token") {
                secrets.set("refresh_token", refresh);
            }
            checked(&server, secrets, settings).await?
        }
        _ => service(&server, request, settings)?,
    };
    Ok(Begun::Done(Box::new(connected)))
}

/// Where the homeserver of a name really is, if the name's web server says so.
async fn discovered(server: Url) -> Url {
    let url = Api::anonymous(&server).url(&[".well-known", "matrix", "client"]);
    let Ok(answered) = http::call(http::client().get(url), DISCOVERY_BYTES_MAX).await else { return server };
    let told: Value = answered.json().unwrap_or_default();
    let base = told["m.homeserver"]["base_url"].as_str().and_then(|url| http::server(url).ok());
    base.filter(|_| answered.status.is_success()).unwrap_or(server)
}

async fn signed_in(server: &Url, user: &str, password: &str, settings: BTreeMap<String, String>) -> Result<Connected> {
    let body = json!({
        "type": "m.login.password",
        "identifier": { "type": "m.id.user", "user": user },
        "password": password,
        "initial_device_display_name": DEVICE,
        "refresh_token": true,
    });
    let answer = Api::anonymous(server).post(&["login"], &body).await.map_err(|error| match error.class {
        Class::RefusedContent => NetworkError::new(Class::Reauthorise, "the server does not know this name and password"),
        _ => error,
    })?;
    let mut secrets = Secrets::default();
    take_tokens(&answer, &mut secrets)?;
    checked(server, secrets, settings).await
}

fn take_tokens(answer: &Value, secrets: &mut Secrets) -> Result<()> {
    let token = answer["access_token"].as_str();
    secrets.set("access_token", token.ok_or_else(|| NetworkError::malformed("the answer holds no token").effect_unknown())?);
    if let Some(refresh) = answer["refresh_token"].as_str() {
        secrets.set("refresh_token", refresh);
    }
    Ok(())
}

async fn checked(server: &Url, secrets: Secrets, settings: BTreeMap<String, String>) -> Result<Connected> {
    let account = account(server, "");
    let session = Session { account, secrets, settings, clock: Clock::default() };
    let standing = check(&session).await?;
    Ok(Connected { standing, secrets: session.secrets.clone(), settings: session.settings.clone() })
}

fn account(server: &Url, user: &str) -> Account {
    Account {
        native_id: user.to_owned(),
        handle: user.to_owned(),
        name: None,
        link: Some(format!("https://matrix.to/#/{user}")),
        server: server.as_str().trim_end_matches('/').to_owned(),
    }
}

/// Who we are.
pub(crate) async fn check(session: &Session) -> Result<Standing> {
    let api = Api::of(session)?;
    let who: Value = api.get(&["account", "whoami"], &[]).await?;
    let user = who["user_id"].as_str().ok_or_else(|| NetworkError::malformed("whoami: the answer names no user"))?;
    let server = http::server(&session.account.server)?;
    // A name is nice to have: an account without one, or a server that does not tell, is as good.
    let profile: Value = api.get(&["profile", user, "displayname"], &[]).await.unwrap_or_default();
    let name = profile["displayname"].as_str().map(str::to_owned);
    Ok(Standing { account: Account { name, ..account(&server, user) }, expires_at_ms: None, missing_scopes: Vec::new() })
}

/// Renews the token. The old pair is dead afterwards.
pub(crate) async fn refresh(session: &Session) -> Result<Secrets> {
    let lacks =
        || NetworkError::new(Class::Reauthorise, "the token ran out and there is nothing to renew it with; connect again");
    let refresh = session.secrets.get("refresh_token").ok_or_else(lacks)?;
    let server = http::server(&session.account.server)?;
    let answer = Api::anonymous(&server).post(&["refresh"], &json!({ "refresh_token": refresh })).await;
    // Refused as unknown: it was used before, or the device is signed out.
    let answer = answer.map_err(|error| match error.class {
        Class::Expired | Class::RefusedContent | Class::Gone => lacks(),
        _ => error,
    })?;
    let mut secrets = session.secrets.clone();
    take_tokens(&answer, &mut secrets)?;
    Ok(secrets)
}

/// An application service: both tokens are made here, the server learns them from its registration file.
fn service(server: &Url, request: &ConnectRequest, mut settings: BTreeMap<String, String>) -> Result<Connected> {
    let name = field(&request.fields, "server_name")?;
    let user = filled(&request.fields, "service_user").unwrap_or(SERVICE_USER);
    let is_name =
        |text: &str, more: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte));
    if !is_name(name, ".-:[]") || !is_name(user, "._=-") {
        return Err(NetworkError::new(
            Class::Bug,
            "the server name or the service's user is not one; write example.test and gatepost",
        ));
    }
    settings.insert("service_user".to_owned(), user.to_owned());
    settings.insert("server_name".to_owned(), name.to_owned());
    let secrets = Secrets::default()
        .with("access_token", hex::encode(&request.random[..32]))
        .with("server_token", hex::encode(&request.random[32..]));
    let standing =
        Standing { account: account(server, &format!("@{user}:{name}")), expires_at_ms: None, missing_scopes: Vec::new() };
    Ok(Connected { standing, secrets, settings })
}

/// Whether a session is an application service's.
pub(crate) fn is_service(session: &Session) -> bool {
    session.secrets.get("server_token").is_some()
}

/// The registration file of an application service. YAML; every value is quoted or made of letters and digits.
pub(crate) fn registration(set_up: SetUp<'_>) -> Option<SetUpFile> {
    let session = set_up.session?;
    let (ours, theirs) = (session.secrets.get("access_token")?, session.secrets.get("server_token")?);
    let (user, name) = (session.settings.get("service_user")?, session.settings.get("server_name")?);
    let quoted = |text: &str| Value::from(text).to_string();
    // JSON's quoting is YAML's; the name of the server is a pattern here.
    let pattern = quoted(&format!("@.*:{}", name.replace('.', "\\.").replace('[', "\\[").replace(']', "\\]")));
    let id = crate::outgoing::fingerprint(ours);
    let text = format!(
        "id: gatepost-{id}\nurl: {}\nas_token: {}\nhs_token: {}\nsender_localpart: {}\nrate_limited: false\nreceive_ephemeral: false\n\
         namespaces:\n  users:\n    - exclusive: false\n      regex: {pattern}\n  aliases: []\n  rooms: []\n",
        quoted(set_up.hook_url.trim_end_matches('/')),
        quoted(ours),
        quoted(theirs),
        quoted(user),
    );
    Some(SetUpFile {
        file_name: "gatepost-registration.yaml",
        how: "Give it to the homeserver (Synapse: app_service_config_files), readable by the server only, and restart the server.",
        text,
    })
}
