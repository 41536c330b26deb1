//! Calls that platforms make to us: checked by the connector, taken in, and only then answered.
//!
//! Invariant: "received" is said when the events are durable, so that a platform that hears nothing sends them again.

use networks::{
    Class, NetworkError,
    network::{Delivery, Received},
};
use thiserror::Error;

use super::{Connectors, follow::contacted, sessions};
use crate::{
    capture::{
        body::Via,
        intake::{Intake, LOT_MAX, Lot, Then},
    },
    error::Error,
    ids::{ProfileId, Time},
    metric_names,
    profiles::{self, ProfileState},
};

/// Why a platform's call was not taken. What is answered tells a stranger nothing.
#[derive(Debug, Error)]
pub enum HookError {
    /// There is nobody here for it.
    #[error("nothing is connected here")]
    Unknown,
    /// Not now; the platform should send it again.
    #[error("not now; send it again later")]
    Later,
    /// It is not the platform's, or a replay.
    #[error("the call could not be checked to be the platform's")]
    NotTheirs,
    /// It cannot be read.
    #[error("the call is not what the platform documents")]
    Malformed,
}

impl HookError {
    /// The HTTP status to answer with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Later => 503,
            Self::NotTheirs => 401,
            Self::Malformed => 400,
        }
    }
}

impl From<Error> for HookError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::Unknown,
            Error::Invalid(_) => Self::Malformed,
            error => {
                tracing::error!(%error, "a platform's call could not be recorded; it is asked to send it again");
                Self::Later
            }
        }
    }
}

fn refused(error: &NetworkError, profile: ProfileId) -> HookError {
    tracing::warn!(%profile, class = error.class.id(), "a platform's call was refused");
    match error.class {
        Class::RetryLater => HookError::Later,
        Class::Expired | Class::Reauthorise => HookError::NotTheirs,
        Class::RefusedContent | Class::Gone | Class::Bug => HookError::Malformed,
    }
}

/// Takes a platform's call to a profile's hook address.
///
/// # Errors
/// [`HookError`] with the status to answer.
pub async fn deliver(
    intake: &Intake,
    connectors: &Connectors,
    profile: ProfileId,
    delivery: Delivery<'_>,
) -> std::result::Result<Received, HookError> {
    let desk = intake.desk();
    let mut reader = desk.db().read().await.map_err(Error::from)?;
    let known = profiles::exists(&mut reader, profile).await?;
    drop(reader);
    let network = connectors.get(&known.network).ok_or(HookError::Unknown)?;
    let opened = sessions::open(desk, profile).await?.ok_or(HookError::Unknown)?;
    let mut received = network.receive(&opened.session, delivery).map_err(|error| refused(&error, profile))?;
    if known.state != ProfileState::Active {
        // Checked first, so that only the platform itself learns that the profile is paused.
        return Err(HookError::Later);
    }
    let events = std::mem::take(&mut received.events);
    let newest = events.iter().filter_map(|event| event.source_time_ms).max().map(Time);
    let count = events.len() as u64;
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let lot = events.by_ref().take(LOT_MAX).collect();
        let lot = Lot {
            via: Via::Hook,
            connector: network.about().id,
            events: lot,
            gaps: Vec::new(),
            late: Vec::new(),
            then: Then::Nothing,
        };
        intake.take(profile, lot).await?;
    }
    metrics::counter!(metric_names::CAPTURE_EVENTS.name, "network" => known.network).increment(count);
    if count > 0 {
        contacted(desk, profile, desk.now(), newest).await?;
    }
    Ok(received)
}
