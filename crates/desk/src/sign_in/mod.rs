//! The door: proofs of identity, sessions, single-use links, API tokens.
//!
//! Invariants: only hashes of codes, cookies and tokens are stored; a link works once, until it expires, for one person and one
//! purpose, and never stands in for a second factor; everything about an account that does not exist takes the same way and the
//! same time as for one that does.

mod code;
mod links;
mod sessions;
mod store;

pub use code::Code;
pub use links::{Link, LinkCode, LinkKind, link_of};
pub use sessions::{
    Method, NewSession, SESSION_AGE_MAX_MS, SESSION_IDLE_MAX_MS, SessionRow, Visit, end_sessions_of, resume,
    revoke_other_sessions, revoke_session, sessions, sessions_of, sign_out,
};

pub(crate) use links::issue_link;

use crate::{
    db::{Connection, Tx},
    error::Result,
    ids::{PersonId, Time},
};

/// What ended when a person's access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedAccess {
    /// Sessions.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
    /// Pending links.
    pub links: u64,
}

/// Ends every session, token and pending link of a person, and whatever sign-in is half-way through.
pub(crate) async fn end_all_access(tx: &mut Tx, person: PersonId, now: Time, reason: &str) -> Result<EndedAccess> {
    store::delete_ceremonies(tx, person).await?;
    Ok(EndedAccess {
        sessions: sessions::end_all(tx, person, None, now, reason).await?,
        tokens: store::revoke_tokens(tx, person, now).await?,
        links: store::revoke_links(tx, person, now).await?,
    })
}

/// Whether the person has any proof of identity set up: a password or a passkey.
pub(crate) async fn can_sign_in(on: &mut dyn Connection, person: PersonId) -> Result<bool> {
    store::has_proof(on, person).await
}
