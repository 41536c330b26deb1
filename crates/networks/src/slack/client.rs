//! Calls of Slack's Web API: form in, JSON out, errors in the house's classes. At most [`http::CALL_MAX`] each.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::errors::{self, Refusal};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    http::{self, Answered},
};

/// Where Slack is, unless somebody says otherwise (GovSlack is elsewhere).
pub(crate) const SERVER: &str = "https://slack.com";

/// A way to call one workspace's API.
#[derive(Debug)]
pub(crate) struct Api<'a> {
    server: Url,
    token: Option<&'a str>,
}

/// Whether a call changes something: whether its outcome matters when the answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Read,
    Write,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    ok: bool,
    #[serde(flatten)]
    refusal: Refusal,
}

impl<'a> Api<'a> {
    /// Without a token, for OAuth.
    pub fn anonymous(server: &str) -> Result<Self> {
        Ok(Self { server: http::server(server)?, token: None })
    }

    /// With the bot's token: it acts and, where nobody gave a wider one, reads.
    pub fn bot(session: &'a Session) -> Result<Self> {
        Self::with(session, "access_token")
    }

    /// With the token that sees most: that of the person who connected, when they allowed it, else the bot's.
    pub fn reader(session: &'a Session) -> Result<Self> {
        let name = if reads_as_person(session) { "user_token" } else { "access_token" };
        Self::with(session, name)
    }

    fn with(session: &'a Session, name: &str) -> Result<Self> {
        let token = session.secrets.get(name);
        let token = token.ok_or_else(|| NetworkError::new(Class::Reauthorise, "there is no token; connect the profile again"))?;
        Ok(Self { server: http::server(&session.account.server)?, token: Some(token) })
    }

    /// Another server's address is never given the token: whether a URL is this workspace's own.
    pub fn owns(&self, url: &Url) -> bool {
        let same = url.scheme() == self.server.scheme() && url.port_or_known_default() == self.server.port_or_known_default();
        let (Some(host), Some(own)) = (url.host_str(), self.server.host_str()) else { return false };
        same && (host == own || self.server.scheme() == "https" && host.ends_with(&format!(".{own}")))
    }

    /// The token, for downloads.
    pub fn token(&self) -> Option<&str> {
        self.token
    }

    /// Calls a method.
    pub async fn call<T: DeserializeOwned>(&self, does: Does, method: &str, fields: &[(&str, &str)]) -> Result<T> {
        self.answered(does, method, fields).await.and_then(|answered| answered.json().map_err(|error| sent(does, error)))
    }

    /// Calls a method and keeps the bytes of the answer and its headers.
    pub async fn answered(&self, does: Does, method: &str, fields: &[(&str, &str)]) -> Result<Answered> {
        let url =
            self.server.join(&format!("/api/{method}")).map_err(|_| NetworkError::malformed("the method has no address"))?;
        let client = if does == Does::Write { http::write_client() } else { http::client() };
        let mut request = client.post(url).form(fields);
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        let answered = http::call(request, http::ANSWER_BYTES_MAX).await?;
        if let Some(error) = answered.usual_error(method) {
            return Err(error);
        }
        let envelope: Envelope = answered.json().map_err(|error| sent(does, error))?;
        if envelope.ok { Ok(answered) } else { Err(errors::error(method, &envelope.refusal)) }
    }
}

/// An answer that cannot be read says nothing about whether the call did its work.
fn sent(does: Does, error: NetworkError) -> NetworkError {
    if does == Does::Write { error.effect_unknown() } else { error }
}

/// Whether history is read with the token of the person who connected.
pub(crate) fn reads_as_person(session: &Session) -> bool {
    session.secrets.get("user_token").is_some()
}

/// The key of what is remembered of a session's workspace.
pub(crate) fn workspace(session: &Session) -> String {
    let team = session.account.native_id.split(':').next().unwrap_or_default();
    // What a person's token sees may be more than the bot's of the same workspace.
    let reader = if reads_as_person(session) { session.account.native_id.as_str() } else { "" };
    format!("{} {team} {reader}", session.account.server)
}

/// Waits as asked by a limit that is short enough to be sat out in the call.
pub(crate) async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// A setting of the connection, when it says something.
pub(crate) fn setting<'a>(settings: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}
