//! Calls to a Mastodon server: addresses, the token, and what its answers' statuses mean.
//!
//! Every call is one request with the limits of [`crate::http`]. A token does not run out by itself on these servers, so 401 means that
//! it was revoked: [`Class::Reauthorise`].

use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use url::Url;

use super::entity::Status;
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    http::{self, ANSWER_BYTES_MAX, Answered},
};

/// One's own newest posts that are looked through for an address that the server's search does not find.
const OWN_LOOKED_THROUGH: &str = "40";

/// A server, and what opens it.
#[derive(Debug, Clone)]
pub(super) struct Api {
    base: Url,
    token: Option<String>,
    account_id: String,
}

impl Api {
    pub(super) fn of(session: &Session) -> Result<Self> {
        let token = session.secrets.get("access_token").map(str::to_owned);
        let token = token.ok_or_else(|| NetworkError::new(Class::Reauthorise, "the profile has no token: connect it again"))?;
        let account_id = session.settings.get("account_id").cloned().unwrap_or_default();
        Ok(Self { base: http::server(&session.account.server)?, token: Some(token), account_id })
    }

    pub(super) fn open(base: Url, token: Option<String>) -> Self {
        Self { base, token, account_id: String::new() }
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The server's own id of the account.
    pub(super) fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Host and port, as handles carry them.
    pub(super) fn host(&self) -> String {
        authority(&self.base)
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        self.request_at(method, &self.base, path)
    }

    /// At another address of the same server (streams).
    pub(super) fn request_at(&self, method: Method, base: &Url, path: &str) -> Result<RequestBuilder> {
        let url = base.join(path).map_err(|_| NetworkError::new(Class::Bug, "the server's address cannot be extended"))?;
        let client = if method == Method::GET { http::client() } else { http::write_client() };
        let request = client.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// Asks and reads an answer that is a success.
    pub(super) async fn ask(&self, request: RequestBuilder, asked: &str) -> Result<Answered> {
        let answered = http::call(request, ANSWER_BYTES_MAX).await?;
        match error(&answered, asked) {
            Some(error) => Err(error),
            None => Ok(answered),
        }
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)], asked: &str) -> Result<Answered> {
        self.ask(self.request(Method::GET, path)?.query(query), asked).await
    }

    /// As [`Api::get`], with nothing for what is not there.
    pub(super) async fn look(&self, path: &str, query: &[(&str, &str)], asked: &str) -> Result<Option<Answered>> {
        match self.get(path, query, asked).await {
            Ok(answered) => Ok(Some(answered)),
            Err(error) if error.class == Class::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A list, each element as its bytes.
    pub(super) async fn list(&self, path: &str, query: &[(&str, &str)], asked: &str) -> Result<Vec<Box<RawValue>>> {
        self.get(path, query, asked).await?.json()
    }

    /// One status by the server's id; nothing when it is gone.
    pub(super) async fn status(&self, id: &str) -> Result<Option<(Status, Answered)>> {
        let Some(answered) = self.look(&format!("api/v1/statuses/{}", segment(id)), &[], "reading a post").await? else {
            return Ok(None);
        };
        Ok(Some((answered.json()?, answered)))
    }

    /// The server's own id of a status by its address everywhere; nothing when the server does not have it.
    pub(super) async fn resolve(&self, uri: &str) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            statuses: Vec<Status>,
        }
        if let Some(id) = self.local_id(uri)
            && let Some((status, _)) = self.status(id).await?
            && status.uri == uri
        {
            return Ok(Some(status.id));
        }
        let query = [("q", uri), ("type", "statuses"), ("resolve", "true")];
        if let Some(found) = self.look("api/v2/search", &query, "finding a post").await? {
            let found: Found = found.json()?;
            if let Some(status) = found.statuses.into_iter().find(|status| status.uri == uri) {
                return Ok(Some(status.id));
            }
        }
        let own: Vec<Status> = self.own(&[("limit", OWN_LOOKED_THROUGH)]).await?;
        Ok(own.into_iter().find(|status| status.uri == uri).map(|status| status.id))
    }

    /// Own statuses, newest first.
    pub(super) async fn own<T: DeserializeOwned>(&self, query: &[(&str, &str)]) -> Result<Vec<T>> {
        let path = format!("api/v1/accounts/{}/statuses", segment(&self.account_id));
        self.get(&path, query, "reading own posts").await?.json()
    }

    /// Mastodon's own addresses end in the id.
    fn local_id<'a>(&self, uri: &'a str) -> Option<&'a str> {
        let rest = uri.strip_prefix(self.base.as_str())?;
        let id = rest.rsplit('/').next()?;
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
    }
}

/// Host and port of an address.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An id as one part of a path, whatever a server made of it.
pub(super) fn segment(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn error(answered: &Answered, asked: &str) -> Option<NetworkError> {
    match answered.status.as_u16() {
        401 => Some(NetworkError::new(
            Class::Reauthorise,
            format!("{asked}: the server does not know the token any more (401); connect the profile again"),
        )),
        _ => answered.usual_error(asked),
    }
}
