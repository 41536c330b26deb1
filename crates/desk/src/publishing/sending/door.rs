//! The one door out: the only function of the desk that posts to a network.
//!
//! Invariant: it takes what approvals alone can build and the content itself, computes the digest again, makes what is sent from that very
//! content, and does not begin after its moment. What it refuses certainly had no effect.

use std::time::Duration;

use networks::{
    Network, NetworkError, Outgoing, Session,
    outgoing::{Published, Uploaded},
};

use super::call::Approved;
use crate::{
    approvals::Cleared,
    ids::Time,
    publishing::{
        content::{Content, digest},
        rules::CALL_MAX_MS,
    },
};

/// Why nothing was posted, or nobody knows whether it was.
#[derive(Debug)]
pub(super) enum NotSent {
    /// Nothing was called: the time to begin was over.
    TooLate,
    /// Nothing was called: this is not what was cleared, or not now.
    NotCleared,
    /// The network's answer.
    Network(NetworkError),
}

/// How one part is told to the network.
#[derive(Debug, Clone)]
pub(super) struct Addressed {
    /// Its key.
    pub(super) key: String,
    /// What the network called its files.
    pub(super) media: Vec<Uploaded>,
    /// The part before it.
    pub(super) reply_to: Option<String>,
    /// The first part.
    pub(super) thread: Option<String>,
}

/// What goes out as one part.
pub(super) fn outgoing(content: &Content, part: u32, to: &Addressed) -> Option<Outgoing> {
    let said = content.parts.get(part as usize)?;
    let mut post = Outgoing::new(to.key.clone(), said.text.clone());
    (post.subject, post.language) = (content.subject.clone(), content.language.clone());
    (post.reply_to, post.place, post.audience) = (content.reply_to.clone(), content.place.clone(), content.audience);
    post.media.clone_from(&to.media);
    if to.reply_to.is_some() {
        post.reply_to.clone_from(&to.reply_to);
        post.thread.clone_from(&to.thread);
    }
    Some(post)
}

/// Posts one part.
pub(super) async fn send(
    network: &dyn Network,
    session: &Session,
    cleared: &Cleared,
    approved: &Approved,
    (part, to): (u32, &Addressed),
    start_before: Time,
) -> Result<Published, NotSent> {
    let now = Time(session.clock.now_ms());
    if digest(&approved.draft, approved.slot) != cleared.digest() || now < cleared.from() || now > cleared.until() {
        return Err(NotSent::NotCleared);
    }
    let post = approved.content().and_then(|content| outgoing(content, part, to)).ok_or(NotSent::NotCleared)?;
    if now > start_before {
        return Err(NotSent::TooLate);
    }
    let longest = Duration::from_millis(CALL_MAX_MS.unsigned_abs());
    match tokio::time::timeout(longest, network.send(session, &post)).await {
        Ok(answer) => answer.map_err(NotSent::Network),
        Err(_) => Err(NotSent::Network(NetworkError::retry("the network did not answer in time").effect_unknown())),
    }
}
