//! The door: proofs of identity, sessions, single-use links, API tokens.
//!
//! Invariants: only hashes of codes, cookies and tokens are stored; a link works once, until it expires, for one person and one
//! purpose, and never stands in for a second factor; everything about an account that does not exist takes the same way and the
//! same time as for one that does.

mod ceremonies;
pub(crate) mod code;
mod door;
mod factors;
mod links;
mod passwords;
mod sessions;
mod step_up;
mod store;
mod throttle;
mod tokens;
mod use_link;

pub use ceremonies::CEREMONY_MS;
pub use code::Code;
pub use door::{
    Step, second_factor_methods, start_passkey_sign_in, start_second_passkey, with_passkey, with_password, with_recovery_code,
    with_second_passkey, with_totp,
};
pub use factors::{
    Factors, Methods, PasskeyChallenge, PasskeyRow, RECOVERY_CODES, RecoveryCodes, TotpFactor, TotpSetup, add_passkey,
    clear_factors, confirm_totp, factors, passkeys_work, regenerate_recovery_codes, remove_factor, resume_totp, start_passkey,
    start_totp, totp_code,
};
pub use links::{Link, LinkCode, LinkKind, PendingLink, link_of, links_of, revoke_link};
pub use passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN, Weakness, change_password, password_verifications};
pub use sessions::{
    Method, NewSession, SESSION_AGE_MAX_MS, SESSION_IDLE_MAX_MS, SessionRow, Visit, end_sessions_of, resume,
    revoke_other_sessions, revoke_session, sessions, sessions_of, sign_out,
};
pub use step_up::{StepUpNeeds, TypedFactor, start_passkey_step_up, step_up, step_up_needs, step_up_with_passkey};
pub use throttle::THROTTLE_WAIT_MAX_MS;
pub use tokens::{
    ApiToken, NewToken, TOKEN_AGE_MAX_MS, TOKEN_PREFIX, actor_of_token, all_tokens, create_token, revoke_any_token, revoke_token,
    tokens,
};
pub use use_link::{look_at_link, request_reset, start_passkey_with_link, use_link_with_passkey, use_link_with_password};

pub(crate) use links::issue_link;

use crate::{
    act::Object,
    actor::Actor,
    db::{Connection, Tx},
    desk::{Desk, Topic},
    error::Result,
    ids::{PersonId, Time},
    rights::{Operation, Target},
};

/// How long links that no longer work stay on record.
const LINKS_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
/// Rows of one kind that one sweep removes: a short transaction; the next sweep takes the rest.
const SWEEP_MAX: i64 = 1_000;

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
    ceremonies::end_of(tx, person).await?;
    Ok(EndedAccess {
        sessions: sessions::end_all(tx, person, None, now, reason).await?,
        tokens: tokens::revoke_all(tx, person, now).await?,
        links: store::revoke_links(tx, person, now).await?,
    })
}

/// Ends every session, token and pending link of everybody: after a restore, what was revoked since the backup must not come back.
pub async fn end_everything(desk: &Desk, actor: &Actor) -> Result<EndedAccess> {
    let mut act = desk.act(actor, Operation::BackupRestore, Target::Workspace).await?;
    let now = act.now();
    let ended = store::end_everything(act.tx(), now).await?;
    act.record(Object::all("session"))
        .detail("sessions_ended", ended.sessions)
        .detail("tokens_revoked", ended.tokens)
        .detail("links_revoked", ended.links);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(ended)
}

/// Whether the person has any proof of identity set up: a password or a passkey.
pub(crate) async fn can_sign_in(on: &mut dyn Connection, person: PersonId) -> Result<bool> {
    store::has_proof(on, person).await
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Expired ceremonies.
    pub ceremonies: u64,
    /// Throttles whose failures are forgotten.
    pub throttles: u64,
    /// Sessions that ended long ago.
    pub sessions: u64,
    /// Links that ended long ago.
    pub links: u64,
    /// Authenticator apps whose set-up nobody finished.
    pub set_ups: u64,
}

/// Removes what no longer opens anything, at most a thousand rows of each kind. Nothing depends on it being run: everything it
/// removes has stopped working before. A job runs it.
pub async fn sweep(tx: &mut Tx, now: Time) -> Result<Swept> {
    Ok(Swept {
        ceremonies: ceremonies::sweep(tx, now, SWEEP_MAX).await?,
        throttles: throttle::sweep(tx, now, SWEEP_MAX).await?,
        sessions: sessions::sweep(tx, now, SWEEP_MAX).await?,
        links: store::delete_old_links(tx, now.plus_ms(-LINKS_KEPT_MS), SWEEP_MAX).await?,
        set_ups: factors::sweep(tx, now, SWEEP_MAX).await?,
    })
}
