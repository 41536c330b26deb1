//! Calls of the Matrix client-server API: JSON in and out, errors in the house's classes. At most [`http::CALL_MAX`] each, longer
//! only where news is waited for.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    http::{self, Answered},
};

/// The longest wait that a rate limit may ask for; more is a mistake.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// A way to call one homeserver.
#[derive(Debug, Clone)]
pub(crate) struct Api<'a> {
    server: Url,
    token: Option<&'a str>,
}

/// What the specification calls a standard error response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    errcode: Option<String>,
    retry_after_ms: Option<u64>,
    /// The device is still there: the token ran out and can be renewed.
    soft_logout: bool,
}

impl<'a> Api<'a> {
    /// Without a token, to sign in.
    pub fn anonymous(server: &Url) -> Self {
        Self { server: server.clone(), token: None }
    }

    /// With the session's token.
    pub fn of(session: &'a Session) -> Result<Self> {
        let token = session.secrets.get("access_token");
        let token = token.ok_or_else(|| NetworkError::new(Class::Reauthorise, "there is no token; connect the profile again"))?;
        Ok(Self { server: http::server(&session.account.server)?, token: Some(token) })
    }

    /// An address below the server, each part escaped.
    pub fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.server.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// An address of the client API, version 3.
    fn v3(&self, parts: &[&str]) -> Url {
        self.url(&[&["_matrix", "client", "v3"], parts].concat())
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<T> {
        self.get_long(parts, query, http::CALL_MAX, http::ANSWER_BYTES_MAX).await
    }

    /// Reads, with other limits of time and size.
    pub async fn get_long<T: DeserializeOwned>(
        &self,
        parts: &[&str],
        query: &[(&str, &str)],
        time_max: Duration,
        bytes_max: usize,
    ) -> Result<T> {
        let request = self.authorised(http::client().get(self.v3(parts)).query(query).timeout(time_max));
        let answered = http::call(request, bytes_max).await?;
        refused(&answered, parts)?;
        answered.json()
    }

    /// Writes: an answer that cannot be read says nothing about whether it happened.
    pub async fn put(&self, parts: &[&str], body: &Value) -> Result<Value> {
        self.write(http::write_client().put(self.v3(parts)).json(body), parts).await
    }

    /// As [`Api::put`].
    pub async fn post(&self, parts: &[&str], body: &Value) -> Result<Value> {
        self.write(http::write_client().post(self.v3(parts)).json(body), parts).await
    }

    /// Sends a request that writes.
    pub async fn write(&self, request: reqwest::RequestBuilder, parts: &[&str]) -> Result<Value> {
        let answered = http::call(self.authorised(request), http::ANSWER_BYTES_MAX).await?;
        refused(&answered, parts)?;
        answered.json().map_err(NetworkError::effect_unknown)
    }

    /// With the token, which goes to the session's own server only.
    pub fn authorised(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// The error of an answer, if it is one.
pub(crate) fn refused(answered: &Answered, parts: &[&str]) -> Result<()> {
    if answered.status.is_success() {
        return Ok(());
    }
    // The part of the path that says what was asked; the others are rooms and events.
    let asked = parts.iter().find(|part| part.chars().all(|c| c.is_ascii_lowercase() || c == '_') && **part != "rooms");
    let asked = asked.copied().unwrap_or("the call");
    let refusal: Refusal = answered.json().unwrap_or_default();
    let Some(code) = refusal.errcode.filter(|code| code.len() <= 60 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
    else {
        return match answered.usual_error(asked) {
            Some(error) => Err(error),
            None => Ok(()),
        };
    };
    let (class, advice) = class(&code, refusal.soft_logout);
    let mut error = NetworkError::new(class, format!("{asked}: {code}{advice}"));
    if code == "M_LIMIT_EXCEEDED" {
        let wait = refusal.retry_after_ms.map(Duration::from_millis).or_else(|| answered.retry_after());
        error = error.after(wait.unwrap_or(Duration::from_secs(5)).min(WAIT_MAX));
    }
    if answered.status.is_server_error() {
        error = NetworkError { class: Class::RetryLater, ..error }.effect_unknown();
    }
    Err(error)
}

/// The class of an error code, and what to do about it.
pub(crate) fn class(code: &str, soft_logout: bool) -> (Class, &'static str) {
    match code {
        "M_LIMIT_EXCEEDED" | "M_UNKNOWN_POS" => (Class::RetryLater, ""),
        "M_UNKNOWN_TOKEN" if soft_logout => (Class::Expired, ""),
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" => (Class::Reauthorise, "; the token was revoked: connect the profile again"),
        "M_USER_DEACTIVATED"
        | "M_USER_LOCKED"
        | "M_USER_SUSPENDED"
        | "M_CONSENT_NOT_GIVEN"
        | "M_APPSERVICE_LOGIN_UNSUPPORTED" => {
            (Class::Reauthorise, "; the account is closed or locked: ask the server's administrator")
        }
        "M_NOT_FOUND" => (Class::Gone, ""),
        "M_FORBIDDEN" | "M_GUEST_ACCESS_FORBIDDEN" => {
            (Class::RefusedContent, "; the account has no right to do this there: invite it to the room or give it the right")
        }
        "M_TOO_LARGE" => (Class::RefusedContent, "; it is too large for the server"),
        "M_RESOURCE_LIMIT_EXCEEDED" => (Class::RefusedContent, "; the server has reached a limit: ask its administrator"),
        _ => (Class::Bug, ""),
    }
}

/// The key of what is remembered of a session's rooms.
pub(crate) fn memory_key(session: &Session) -> String {
    format!("{} {}", session.account.server, session.account.native_id)
}
