//! Connecting with an app password: sessions and their renewal.
//!
//! The password is kept, because a session that was not renewed for two months is over; it can be withdrawn at Bluesky at any time.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    client::{Api, Body, Opens},
    identity,
};
use crate::{
    account::{Account, Clock, Connected, Secrets, Session, Standing},
    error::{Class, NetworkError, Result},
    http,
    network::ConnectRequest,
};

/// Where most accounts sign in.
pub(super) const USUAL_SERVER: &str = "https://bsky.social";

/// A session as the server answers it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    did: String,
    handle: String,
    access_jwt: String,
    refresh_jwt: String,
    #[serde(default)]
    did_doc: Value,
}

pub(super) async fn connect(request: &ConnectRequest) -> Result<Connected> {
    let field = |name: &str| request.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let needed = |name: &str| field(name).ok_or_else(|| NetworkError::new(Class::Bug, format!("fill in the field `{name}`")));
    let (name, password) = (needed("identifier")?.trim_start_matches('@'), needed("app_password")?);
    let server = http::server(field("server").unwrap_or(USUAL_SERVER))?;
    let opened = open(&server, name, password).await?;
    // The place where one signs in may only lead to the account's own server.
    let own = identity::server_in(&opened.did_doc).filter(|own| own.scheme() == "https" || server.scheme() == "http");
    let account = account(&opened.did, &opened.handle, &own.unwrap_or(server));
    let mut settings = BTreeMap::new();
    if let Some(directory) = field("directory") {
        settings.insert("directory".to_owned(), http::server(directory)?.into());
    }
    let secrets = Secrets::default()
        .with("app_password", password)
        .with("access_token", opened.access_jwt)
        .with("refresh_token", opened.refresh_jwt);
    Ok(Connected { standing: Standing { account, expires_at_ms: None, missing_scopes: Vec::new() }, secrets, settings })
}

pub(super) fn account(did: &str, handle: &str, server: &Url) -> Account {
    Account {
        native_id: did.to_owned(),
        handle: format!("@{handle}"),
        name: None,
        link: Some(format!("https://bsky.app/profile/{did}")),
        server: server.as_str().trim_end_matches('/').to_owned(),
    }
}

async fn open(server: &Url, name: &str, password: &str) -> Result<Opened> {
    let api = Api::open(server.clone(), Opens::Nothing, Clock::default());
    let body = json!({ "identifier": name, "password": password });
    let opened = api.post("com.atproto.server.createSession", Body::Json(&body)).await;
    opened.map_err(|error| match error.class {
        // Nothing ran out here: name or password are wrong.
        Class::Expired | Class::RefusedContent | Class::Reauthorise => NetworkError::new(
            Class::Reauthorise,
            "the server does not accept the name with this app password: make a new one and connect again",
        ),
        // What has no such call, or has a page in its place, is no personal data server.
        Class::Gone | Class::Bug => NetworkError {
            message: format!(
                "{} does not answer as a server of Bluesky does; check its address",
                server.host_str().unwrap_or_default()
            ),
            ..error
        },
        Class::RetryLater => error,
    })
}

/// A new session from the renewing token, or from the password when that is over too.
pub(super) async fn renew(session: &Session) -> Result<Secrets> {
    let server = http::server(&session.account.server)?;
    let renewing = session.secrets.get("refresh_token").unwrap_or_default().to_owned();
    let api = Api::open(server.clone(), Opens::Bearer(renewing), session.clock.clone());
    let opened = match api.post::<Opened>("com.atproto.server.refreshSession", Body::None).await {
        Err(error) if matches!(error.class, Class::Expired | Class::Reauthorise | Class::RefusedContent) => {
            let password = session.secrets.get("app_password").ok_or(error)?;
            open(&server, &session.account.native_id, password).await?
        }
        opened => opened?,
    };
    let secrets = session.secrets.clone().with("access_token", opened.access_jwt);
    Ok(secrets.with("refresh_token", opened.refresh_jwt))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn a_server_that_is_none_of_blueskys_is_said_to_be_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("an address");
        let answers = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody asks");
            let _ = stream.read(&mut [0; 4096]).await.expect("a question");
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.expect("told");
        });
        let Err(error) = open(&server, "kites.example", "a-password").await else { panic!("nobody is there") };
        answers.await.expect("answered");
        assert_eq!(
            (error.class, error.message.as_str()),
            (Class::Gone, "127.0.0.1 does not answer as a server of Bluesky does; check its address")
        );
    }
}
