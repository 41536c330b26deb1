//! Calls to a personal data server (XRPC): tokens, proofs, and what its errors mean.
//!
//! The server answers what it holds itself and passes questions about feeds on. A token runs out after about two hours
//! ([`Class::Expired`]); what cannot be renewed any more is [`Class::Reauthorise`].

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    dpop::{self, Key},
    entity::XrpcError,
};
use crate::{
    account::{Clock, Session},
    error::{Class, NetworkError, Result},
    http::{self, ANSWER_BYTES_MAX, Answered},
};

/// What opens a server.
#[derive(Debug, Clone)]
pub(super) enum Opens {
    /// Nothing: questions that anybody may ask.
    Nothing,
    /// The token of a session with an app password.
    Bearer(String),
    /// A token of OAuth and the key it is bound to.
    Proof(String, Key),
}

/// A server, and what opens it.
#[derive(Debug, Clone)]
pub(super) struct Api {
    base: Url,
    opens: Opens,
    clock: Clock,
}

/// A call's body.
pub(super) enum Body<'a> {
    None,
    Json(&'a Value),
    Bytes(&'a [u8], &'a str),
}

impl Api {
    pub(super) fn of(session: &Session) -> Result<Self> {
        let token = session.secrets.get("access_token").map(str::to_owned);
        let token = token.ok_or_else(|| NetworkError::new(Class::Reauthorise, "the profile has no token: connect it again"))?;
        let opens = match session.secrets.get("dpop_key") {
            Some(key) => Opens::Proof(token, Key::read(key)?),
            None => Opens::Bearer(token),
        };
        Ok(Self::open(http::server(&session.account.server)?, opens, session.clock.clone()))
    }

    pub(super) fn open(base: Url, opens: Opens, clock: Clock) -> Self {
        Self { base, opens, clock }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Asks a question and reads the answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, name: &str, query: &[(&str, &str)]) -> Result<T> {
        self.raw_get(name, query).await?.json()
    }

    pub(super) async fn raw_get(&self, name: &str, query: &[(&str, &str)]) -> Result<Answered> {
        success(self.ask(Method::GET, name, query, Body::None).await?, name)
    }

    /// Has something done and reads the answer. An answer that cannot be read says nothing of whether it was done.
    pub(super) async fn post<T: DeserializeOwned>(&self, name: &str, body: Body<'_>) -> Result<T> {
        let answered = success(self.ask(Method::POST, name, &[], body).await?, name)?;
        answered.json().map_err(NetworkError::effect_unknown)
    }

    /// The answer, whatever it says.
    pub(super) async fn ask(&self, method: Method, name: &str, query: &[(&str, &str)], body: Body<'_>) -> Result<Answered> {
        let mut url = self
            .base
            .join(&format!("xrpc/{name}"))
            .map_err(|_| NetworkError::malformed("the server's address cannot be extended"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let build = || -> RequestBuilder {
            let client = if method == Method::GET { http::client() } else { http::write_client() };
            let request = client.request(method.clone(), url.clone());
            match body {
                Body::None => request,
                Body::Json(value) => request.json(value),
                Body::Bytes(bytes, media_type) => request.header("content-type", media_type).body(bytes.to_vec()),
            }
        };
        match &self.opens {
            Opens::Nothing => http::call(build(), ANSWER_BYTES_MAX).await,
            Opens::Bearer(token) => http::call(build().bearer_auth(token), ANSWER_BYTES_MAX).await,
            Opens::Proof(token, key) => proved(build, &method, &url, Some(token), key, self.now_ms()).await,
        }
    }
}

/// Makes a call with a proof; once more when the server wants a newer nonce in it.
pub(super) async fn proved(
    build: impl Fn() -> RequestBuilder,
    method: &Method,
    url: &Url,
    token: Option<&str>,
    key: &Key,
    now_ms: i64,
) -> Result<Answered> {
    let attempt = async || {
        let mut request = build().header("dpop", key.proof(method.as_str(), url, token, now_ms)?);
        if let Some(token) = token {
            request = request.header("authorization", format!("DPoP {token}"));
        }
        let answered = http::call(request, ANSWER_BYTES_MAX).await?;
        if let Some(nonce) = answered.headers.get("dpop-nonce").and_then(|value| value.to_str().ok()) {
            dpop::keep_nonce(url, nonce);
        }
        Ok::<_, NetworkError>(answered)
    };
    let answered = attempt().await?;
    if wants_nonce(&answered) { attempt().await } else { Ok(answered) }
}

/// The authorisation server says it in the body (400), others in a header (401).
fn wants_nonce(answered: &Answered) -> bool {
    let told = answered.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_refused = matches!(answered.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
    is_refused && (told.contains("use_dpop_nonce") || word(answered) == "use_dpop_nonce")
}

/// The server's word for what went wrong.
pub(super) fn word(answered: &Answered) -> String {
    serde_json::from_slice::<XrpcError>(&answered.body).unwrap_or_default().error
}

pub(super) fn success(answered: Answered, asked: &str) -> Result<Answered> {
    match error(&answered, asked) {
        Some(error) => Err(error),
        None => Ok(answered),
    }
}

/// The error of an answer; nothing for a success.
pub(super) fn error(answered: &Answered, asked: &str) -> Option<NetworkError> {
    let usual = answered.usual_error(asked)?;
    let told = answered.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let again = || {
        NetworkError::new(
            Class::Reauthorise,
            format!("{asked}: the server does not accept the profile any more; connect it again"),
        )
    };
    Some(match word(answered).as_str() {
        "ExpiredToken" => NetworkError::new(Class::Expired, format!("{asked}: the token ran out")),
        "InvalidToken" | "invalid_token" if told.starts_with("DPoP") => {
            NetworkError::new(Class::Expired, format!("{asked}: the token ran out"))
        }
        "InvalidToken"
        | "invalid_token"
        | "invalid_grant"
        | "AuthMissing"
        | "AuthenticationRequired"
        | "AccountTakedown"
        | "AccountDeactivated"
        | "RepoTakendown"
        | "RepoDeactivated"
        | "AuthFactorTokenRequired" => again(),
        "RecordNotFound" | "NotFound" | "BlobNotFound" => NetworkError::new(Class::Gone, format!("{asked}: not there")),
        "InvalidSwap" => NetworkError::new(Class::RefusedContent, format!("{asked}: somebody else changed it meanwhile")),
        "UpstreamFailure" | "UpstreamTimeout" | "NotEnoughResources" => NetworkError {
            class: Class::RetryLater,
            message: format!("{asked}: the service behind the server does not answer"),
            ..usual
        },
        _ => usual,
    })
}
