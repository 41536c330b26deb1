//! What can go wrong with a network, in the five classes that the rest of Gatepost acts on.
//!
//! A message says what to do next and never holds a credential, a text of a person, or an answer's body.

use std::time::Duration;

use thiserror::Error;

/// The result of a call to a network.
pub type Result<T, E = NetworkError> = std::result::Result<T, E>;

/// What is to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The network or the way to it has a bad moment; the same call may succeed later.
    RetryLater,
    /// The access token ran out: [`crate::Network::refresh`], then the same call again.
    Expired,
    /// Somebody has to connect the profile again: revoked, a scope is missing, the account is suspended.
    Reauthorise,
    /// The network does not take this content (too long, media refused, forbidden words); the same call will never succeed.
    RefusedContent,
    /// What was asked for is not there (any more).
    Gone,
    /// We asked wrongly, or the network answered what its own documentation does not allow.
    Bug,
}

impl Class {
    /// The name in logs, metrics and tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::RetryLater => "retry_later",
            Self::Expired => "expired",
            Self::Reauthorise => "reauthorise",
            Self::RefusedContent => "refused_content",
            Self::Gone => "gone",
            Self::Bug => "bug",
        }
    }
}

/// Whether a call that failed may have had its effect on the network nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect {
    /// Certainly not: refused, or never sent.
    #[default]
    None,
    /// Nobody knows: the connection broke or the time ran out after sending. Look it up before trying again.
    Unknown,
}

/// A call to a network that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct NetworkError {
    /// What to do about it.
    pub class: Class,
    /// What happened, for people.
    pub message: String,
    /// How long the network asked us to wait.
    pub retry_after: Option<Duration>,
    /// Whether it may have happened all the same.
    pub effect: Effect,
}

impl NetworkError {
    /// An error of a class.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after: None, effect: Effect::None }
    }

    /// Try the same again later.
    pub fn retry(message: impl Into<String>) -> Self {
        Self::new(Class::RetryLater, message)
    }

    /// The network's answer is not what its documentation says.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Class::Bug, message)
    }

    /// The platform cannot do this at all.
    pub fn unsupported(network: &str, what: &str) -> Self {
        Self::new(Class::Bug, format!("{network} has no way to {what}"))
    }

    /// With the wait that the network asked for.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Nobody knows whether it happened.
    #[must_use]
    pub fn effect_unknown(mut self) -> Self {
        self.effect = Effect::Unknown;
        self
    }
}
