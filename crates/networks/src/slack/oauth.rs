//! Connecting a workspace: OAuth v2, or a token that the operator brings; renewing; what the token may do; the app's manifest.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use super::client::{Api, Does, SERVER, setting};
use crate::{
    account::{Account, Begun, Clock, Connected, Pending, Secrets, Session, Standing},
    error::{Class, NetworkError, Result},
    http,
    network::{ConnectRequest, SetUp, SetUpFile},
};

/// What the bot needs, and for what.
pub(crate) const BOT_SCOPES: [&str; 15] = [
    "channels:history",
    "channels:read",
    "chat:write",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "metadata.message:read",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "team:read",
    "users:read",
];

/// What the person who connects may give besides: reading what they can read without inviting the app everywhere.
pub(crate) const PERSON_SCOPES: [&str; 11] = [
    "channels:history",
    "channels:read",
    "files:read",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "users:read",
];

/// The events that are subscribed to.
const EVENTS: [&str; 19] = [
    "channel_archive",
    "channel_created",
    "channel_deleted",
    "channel_rename",
    "channel_unarchive",
    "file_change",
    "file_deleted",
    "group_archive",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
];

/// Fields of the form that become settings of the connection.
const SETTINGS: [&str; 1] = ["channels"];

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    setting(fields, name).ok_or_else(|| NetworkError::new(Class::Bug, format!("fill in {}", name.replace('_', " "))))
}

fn settings(fields: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let filled = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), setting(fields, name)?.to_owned())));
    filled.collect()
}

/// Begins with the form's fields: a token is checked at once, OAuth sends the person to Slack.
pub(crate) async fn begin(request: &ConnectRequest) -> Result<Begun> {
    let fields = &request.fields;
    let server = setting(fields, "server").unwrap_or(SERVER);
    let address = http::server(server)?;
    if request.method == "token" {
        let mut secrets = Secrets::default().with("access_token", field(fields, "access_token")?);
        for name in ["user_token", "signing_secret"] {
            if let Some(value) = setting(fields, name) {
                secrets.set(name, value);
            }
        }
        return Ok(Begun::Done(Box::new(connected(server, secrets, settings(fields)).await?)));
    }
    let state = URL_SAFE_NO_PAD.encode(&request.random[..32]);
    let mut secrets = Secrets::default().with("server", server);
    for name in ["client_id", "client_secret", "signing_secret"] {
        secrets.set(name, field(fields, name)?);
    }
    let mut url = address.join("/oauth/v2/authorize").map_err(|_| NetworkError::malformed("the server has no such address"))?;
    url.query_pairs_mut()
        .append_pair("client_id", field(fields, "client_id")?)
        .append_pair("scope", &BOT_SCOPES.join(","))
        .append_pair("redirect_uri", &request.redirect_uri)
        .append_pair("state", &state);
    if setting(fields, "as_person").is_some_and(|answer| answer.eq_ignore_ascii_case("yes")) {
        url.query_pairs_mut().append_pair("user_scope", &PERSON_SCOPES.join(","));
    }
    Ok(Begun::Redirect { url: url.into(), pending: Pending { state, secrets } })
}

/// Ends OAuth: the code becomes tokens.
pub(crate) async fn finish(request: &ConnectRequest, pending: &Pending, query: &BTreeMap<String, String>) -> Result<Connected> {
    let again = |why: &str| NetworkError::new(Class::Reauthorise, format!("{why}; begin to connect again"));
    if query.get("state") != Some(&pending.state) {
        return Err(again("the answer belongs to another attempt"));
    }
    if query.contains_key("error") {
        return Err(again("Slack did not give access"));
    }
    let code = query.get("code").ok_or_else(|| again("Slack sent no code"))?;
    let kept = |name: &str| pending.secrets.get(name).ok_or_else(|| again("what was kept is incomplete"));
    let server = kept("server")?;
    let (id, secret) = (kept("client_id")?, kept("client_secret")?);
    let fields = [("client_id", id), ("client_secret", secret), ("code", code), ("redirect_uri", &request.redirect_uri)];
    let answer: Value = Api::anonymous(server)?.call(Does::Write, "oauth.v2.access", &fields).await?;
    let mut secrets = Secrets::default().with("client_id", id).with("client_secret", secret);
    secrets.set("signing_secret", kept("signing_secret")?);
    take_tokens(&answer, &mut secrets)?;
    let mut settings = settings(&request.fields);
    if let Some(scopes) = answer["scope"].as_str() {
        settings.insert("scopes".to_owned(), scopes.to_owned());
    }
    connected(server, secrets, settings).await
}

/// Tokens of an `oauth.v2.access` answer: the bot's, and the person's when they gave one.
fn take_tokens(answer: &Value, secrets: &mut Secrets) -> Result<()> {
    let person = &answer["authed_user"];
    let is_bot = answer["access_token"].is_string();
    if !is_bot && !person["access_token"].is_string() {
        return Err(NetworkError::malformed("oauth.v2.access: the answer holds no token"));
    }
    for (name, value) in [
        ("access_token", &answer["access_token"]),
        ("refresh_token", &answer["refresh_token"]),
        ("user_token", &person["access_token"]),
        ("user_refresh_token", &person["refresh_token"]),
    ] {
        if let Some(value) = value.as_str() {
            secrets.set(name, value);
        }
    }
    Ok(())
}

async fn connected(server: &str, secrets: Secrets, settings: BTreeMap<String, String>) -> Result<Connected> {
    let account = Account { native_id: String::new(), handle: String::new(), name: None, link: None, server: server.to_owned() };
    let session = Session { account, secrets, settings, clock: Clock::default() };
    let standing = check(&session).await?;
    Ok(Connected { standing, secrets: session.secrets.clone(), settings: session.settings.clone() })
}

/// Who we are and what we may do.
pub(crate) async fn check(session: &Session) -> Result<Standing> {
    let answered = Api::bot(session)?.answered(Does::Read, "auth.test", &[]).await?;
    let who: Value = answered.json()?;
    let said = |name: &str| who[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(team), Some(user)) = (said("team_id"), said("user_id")) else {
        return Err(NetworkError::malformed("auth.test: the answer names no team or user"));
    };
    let header = answered.headers.get("x-oauth-scopes").and_then(|scopes| scopes.to_str().ok()).map(str::to_owned);
    let granted = header.or_else(|| setting(&session.settings, "scopes").map(str::to_owned));
    let missing = granted.map(|granted| {
        let granted: Vec<&str> = granted.split([',', ' ']).collect();
        BOT_SCOPES.iter().filter(|scope| !granted.contains(*scope)).map(|scope| (*scope).to_owned()).collect()
    });
    let account = Account {
        native_id: format!("{team}:{user}"),
        handle: said("user").unwrap_or(user),
        name: said("team"),
        link: said("url").filter(|url| Url::parse(url).is_ok_and(|url| url.scheme() == "https")),
        server: session.account.server.clone(),
    };
    // Tokens last until they are revoked, or renew themselves where the app rotates them.
    Ok(Standing { account, expires_at_ms: None, missing_scopes: missing.unwrap_or_default() })
}

/// Renews tokens of an app that rotates them. The old refresh token is dead afterwards.
pub(crate) async fn refresh(session: &Session) -> Result<Secrets> {
    let lacks =
        || NetworkError::new(Class::Reauthorise, "the token ran out and there is nothing to renew it with; connect again");
    let kept = |name: &str| session.secrets.get(name).ok_or_else(lacks);
    let api = Api::anonymous(&session.account.server)?;
    let (id, secret) = (kept("client_id")?, kept("client_secret")?);
    let mut secrets = session.secrets.clone();
    let mut renewed = false;
    for (refresh, token) in [("refresh_token", "access_token"), ("user_refresh_token", "user_token")] {
        let Some(value) = session.secrets.get(refresh) else { continue };
        let fields = [("client_id", id), ("client_secret", secret), ("grant_type", "refresh_token"), ("refresh_token", value)];
        let answer: Value = api.call(Does::Write, "oauth.v2.access", &fields).await?;
        let given = if answer["access_token"].is_string() { &answer } else { &answer["authed_user"] };
        let (Some(new), Some(next)) = (given["access_token"].as_str(), given["refresh_token"].as_str()) else {
            return Err(NetworkError::malformed("oauth.v2.access: the answer holds no new token").effect_unknown());
        };
        secrets.set(token, new);
        secrets.set(refresh, next);
        renewed = true;
    }
    if renewed { Ok(secrets) } else { Err(lacks()) }
}

/// The manifest from which an app is made at Slack: scopes, events and addresses filled in. JSON.
pub(crate) fn manifest(set_up: SetUp<'_>) -> SetUpFile {
    let manifest = json!({
        "display_information": { "name": "Gatepost", "description": "Records, checks and answers messages for the company." },
        "features": { "bot_user": { "display_name": "Gatepost", "always_online": false } },
        "oauth_config": {
            "redirect_urls": [set_up.redirect_uri],
            "scopes": { "bot": BOT_SCOPES, "user": PERSON_SCOPES },
        },
        "settings": {
            "event_subscriptions": { "request_url": set_up.hook_url, "bot_events": EVENTS },
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    });
    SetUpFile {
        file_name: "slack-app-manifest.json",
        how: "At api.slack.com/apps choose Create New App, From a manifest, and paste this.",
        text: format!("{manifest:#}\n"),
    }
}
