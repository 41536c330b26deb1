//! A profile's account on a network: what connects to it, and where reading it stands.
//!
//! [`Secrets`] never print themselves: `Debug` shows names only. The desk seals them at rest and unseals them for one [`Session`].

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Credentials by name (`access_token`, `refresh_token`, `app_password`, `signing_secret`, …). Wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        if let Some(mut old) = self.0.insert(name.to_owned(), value.into()) {
            old.zeroize();
        }
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The account a profile stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The platform's lasting id (DID, account id, team id and bot id, user id).
    pub native_id: String,
    /// The name it is addressed by.
    pub handle: String,
    /// The name shown.
    pub name: Option<String>,
    /// Where a browser shows it.
    pub link: Option<String>,
    /// The server it is on: scheme, host and port, for example `https://social.example.test`.
    pub server: String,
}

/// An open connection of a profile: what every call needs.
#[derive(Debug, Clone)]
pub struct Session {
    /// The account.
    pub account: Account,
    /// What opens it.
    pub secrets: Secrets,
    /// Settings of this connection that are not secret (which channels, whole server or not), by name.
    pub settings: BTreeMap<String, String>,
    /// The time: posts and proofs of possession carry it.
    pub clock: Clock,
}

/// Tells the time in Unix milliseconds, as the caller wants it told.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// One that asks `now_ms`.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// The time now.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl Default for Clock {
    /// The system's clock.
    fn default() -> Self {
        Self::new(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// How an account stands with the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The account, as the network names it today.
    pub account: Account,
    /// When the token runs out and cannot be refreshed by itself any more; nothing when it does not.
    pub expires_at_ms: Option<i64>,
    /// Scopes that a capability needs and the token lacks.
    pub missing_scopes: Vec<String>,
}

/// A new or renewed connection.
#[derive(Debug, Clone)]
pub struct Connected {
    /// How the account stands.
    pub standing: Standing,
    /// What opens it.
    pub secrets: Secrets,
    /// Settings to keep.
    pub settings: BTreeMap<String, String>,
}

/// What has to be kept between sending somebody to the network and their coming back. Sealed like credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// The value that comes back as `state`; it finds this again.
    pub state: String,
    /// The connector's own: verifier, client id and secret, server.
    pub secrets: Secrets,
}

/// How connecting begins.
#[derive(Debug, Clone)]
pub enum Begun {
    /// Nothing more is needed.
    Done(Box<Connected>),
    /// The person has to agree at the network; `finish` follows.
    Redirect {
        /// Where to.
        url: String,
        /// What is kept meanwhile.
        pending: Pending,
    },
}

/// How far a source has been read: the connector's own text, opaque to everybody else. At most [`Cursor::MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

impl Cursor {
    /// The longest cursor: per-room tokens of some hundred rooms.
    pub const MAX: usize = 64 * 1024;
}
