//! Ceremonies: what happens between two requests of one sign-in, step-up or set-up.
//!
//! Invariants: a ceremony belongs to one person and one session when it has them, works for one purpose, expires, and is used up by
//! its success. Its state never leaves the server; the browser only holds the code.

mod store;

use super::code::{self, Code};
use crate::{
    db::{Connection, Tx},
    desk::Desk,
    error::{Error, Result},
    ids::{CeremonyId, PersonId, SessionId, Time},
};

/// How long a ceremony may take: finding a telephone or a key and reading a code, without haste (WCAG 2.2, 2.2.1).
pub const CEREMONY_MS: i64 = 10 * 60 * 1_000;
/// Ceremonies under way at once. Anybody can begin one, so that this bounds what strangers can fill the table with.
const CEREMONIES_MAX: i64 = 10_000;
/// Expired ones removed when a new one begins.
const SWEPT_AT_ONCE: i64 = 100;
/// How long somebody is asked to stay away when too many are under way.
const BUSY_MS: i64 = 30_000;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first factor was shown; the second is awaited.
    SecondFactor,
    /// Signing in with a passkey alone.
    PasskeySignIn,
    /// Adding a passkey to the own account.
    PasskeyAdd,
    /// Stepping up with a passkey.
    PasskeyStepUp,
    /// Beginning with a passkey instead of a password, by a single-use link.
    PasskeyLink,
}

impl Kind {
    /// The name in the database.
    fn id(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::PasskeyAdd => "passkey_add",
            Self::PasskeyStepUp => "passkey_step_up",
            Self::PasskeyLink => "passkey_link",
        }
    }
}

/// A ceremony under way.
#[derive(Debug)]
pub(super) struct Ceremony {
    pub(super) id: CeremonyId,
    pub(super) person: Option<PersonId>,
    pub(super) session: Option<SessionId>,
    /// JSON that only the steps of its kind read.
    pub(super) state: String,
}

/// The one answer for a code that was made up, used, is meant for something else or has expired.
pub(super) fn over() -> Error {
    Error::Conflict("this took too long or was used already; start again".to_owned())
}

/// Begins a ceremony.
pub(super) async fn begin(
    desk: &Desk,
    tx: &mut Tx,
    kind: Kind,
    person: Option<PersonId>,
    session: Option<SessionId>,
    state: &str,
) -> Result<Code> {
    let now = desk.now();
    store::delete_expired(tx, now, SWEPT_AT_ONCE).await?;
    if store::count(tx).await? >= CEREMONIES_MAX {
        return Err(Error::TooMany { until: now.plus_ms(BUSY_MS) });
    }
    let code = code::fresh(desk);
    let hash = code::hash(code.reveal());
    store::insert(tx, desk.fresh(), kind, hash, person, session, state, now, now.plus_ms(CEREMONY_MS)).await?;
    Ok(code)
}

/// The ceremony behind a code.
///
/// # Errors
/// [`over`] when there is none of this kind, or none any more.
pub(super) async fn find(on: &mut dyn Connection, code: &str, kind: Kind, now: Time) -> Result<Ceremony> {
    store::by_hash(on, code::hash(code), kind, now).await?.ok_or_else(over)
}

/// Keeps what the next step needs.
pub(super) async fn keep(tx: &mut Tx, ceremony: &Ceremony, state: &str) -> Result<()> {
    store::set_state(tx, ceremony.id, state).await
}

/// Uses a ceremony up: of two callers at once, one gets through.
pub(super) async fn finish(tx: &mut Tx, ceremony: &Ceremony) -> Result<()> {
    if store::delete(tx, ceremony.id).await? { Ok(()) } else { Err(over()) }
}

/// Ends whatever a person is half-way through.
pub(super) async fn end_of(tx: &mut Tx, person: PersonId) -> Result<u64> {
    store::delete_of(tx, person).await
}

pub(super) async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    store::delete_expired(tx, now, limit).await
}
