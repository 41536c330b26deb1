//! The canary's own door: the one exception to "one door out".
//!
//! Invariants: nothing can be said through it but the two sentences below, which are ours; it goes only where nobody outside the company reads,
//! to the place that somebody with the right chose, and takes back what it posted. Whoever looks for what a company says in
//! public finds nothing of it here.

use networks::{Class, Network, NetworkError, Outgoing, Session, outgoing::Published};

/// What a canary says at first.
const FIRST: &str =
    "Automatic check of the message archive. Please ignore this; it is changed and taken back by itself within minutes.";
/// What it says after its change.
const CHANGED: &str =
    "Automatic check of the message archive, changed once. Please ignore this; it is taken back by itself within minutes.";

/// Whether a text is one of a canary's.
pub(crate) fn says(text: &str) -> bool {
    [FIRST, CHANGED].contains(&text.trim())
}

fn outgoing(key: &str, place: Option<&str>, text: &str) -> Outgoing {
    Outgoing {
        key: key.to_owned(),
        text: text.to_owned(),
        subject: None,
        language: None,
        reply_to: None,
        thread: None,
        quotes: None,
        place: place.map(str::to_owned),
        audience: networks::outgoing::Audience::default(),
        media: Vec::new(),
    }
}

/// Posts the canary, unless an attempt with the same key has had its effect.
pub(super) async fn post(
    network: &dyn Network,
    session: &Session,
    key: &str,
    place: Option<&str>,
) -> Result<Published, NetworkError> {
    let post = outgoing(key, place, FIRST);
    match network.find(session, &post).await? {
        Some(known) => Ok(known),
        None => network.send(session, &post).await,
    }
}

/// Changes it.
pub(super) async fn change(
    network: &dyn Network,
    session: &Session,
    key: &str,
    (place, native_id): (Option<&str>, &str),
) -> Result<(), NetworkError> {
    network.edit(session, native_id, &outgoing(key, place, CHANGED)).await.map(|_| ())
}

/// Takes it back. What is gone already needs no taking back.
pub(super) async fn take_back(network: &dyn Network, session: &Session, key: &str, native_id: &str) -> Result<(), NetworkError> {
    match network.delete(session, native_id, key).await {
        Err(error) if error.class == Class::Gone => Ok(()),
        done => done,
    }
}
