//! Sessions: signed-in browsers, what their cookie opens, and how they end.
//!
//! Invariants: the cookie's value is made here and never taken from a caller, so a planted one opens nothing; only its hash is
//! stored; a session ends at its absolute limit, after its idle limit, when revoked, and when its person is no longer active.

mod store;

use std::net::IpAddr;

use serde::Serialize;

use super::code::{self, Code};
use crate::{
    act::{Act, Object},
    actor::{Actor, Principal, SecondFactor},
    db::Tx,
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{PersonId, SessionId, Time},
    people::Person,
    rights::{self, Operation, Target},
    text_enum::text_enum,
    workspace::Workspace,
};

/// A session nobody used for this long ends: a working day with its breaks. Sensitive acts ask again much sooner
/// ([`rights::STEP_UP_WINDOW_MS`]).
pub const SESSION_IDLE_MAX_MS: i64 = 8 * 60 * 60 * 1_000;
/// A session ends after this long however much it is used: one sign-in a week.
pub const SESSION_AGE_MAX_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How often "last seen" is written at most, so that reading pages does not write to the database.
const TOUCH_EVERY_MS: i64 = 60 * 1_000;
/// Characters kept of what a browser says about itself.
const USER_AGENT_MAX: usize = 300;
/// How long an ended session stays on record for the sessions page and the audit log.
const ENDED_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

text_enum! {
    /// How a session was opened.
    Method {
        /// A password, with or without a second factor.
        Password = "password", "Password";
        /// A passkey alone.
        Passkey = "passkey", "Passkey";
        /// A single-use link.
        Link = "link", "Single-use link";
    }
}

/// A session just opened: the cookie's value is shown here and nowhere else.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// The value of the cookie.
    pub cookie: Code,
    /// When it ends at the latest.
    pub expires_at: Time,
}

/// A running session as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// How it was opened.
    pub method: Method,
    /// Whether a second factor was shown in it.
    pub second_factor: bool,
    /// The network address last seen.
    pub address: Option<String>,
    /// What the browser said about itself.
    pub user_agent: String,
    /// When it was opened.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_seen_at: Time,
    /// When it ends at the latest.
    pub expires_at: Time,
}

/// What a request comes with: who acts and, when somebody is signed in, what every page shows about them.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who acts; nobody when the cookie opens nothing.
    pub actor: Actor,
    /// The person and the workspace, when somebody is signed in.
    pub signed_in: Option<(Person, Workspace)>,
}

struct OpenSession {
    id: SessionId,
    second_factor: bool,
    last_seen_at: Time,
    stepped_up_at: Option<Time>,
}

/// Whether a second factor was shown at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    SecondFactor,
    FirstFactorOnly,
}

/// Who is behind a cookie, with the rights as they stand now. A cookie that opens nothing is nobody's.
pub async fn resume(desk: &Desk, cookie: &str, address: Option<IpAddr>, user_agent: &str) -> Result<Visit> {
    let now = desk.now();
    let mut reader = desk.db().read().await?;
    let found = store::open_by_hash(&mut reader, &code::hash(cookie), now, now.plus_ms(-SESSION_IDLE_MAX_MS)).await?;
    let Some((session, person, workspace)) = found else {
        return Ok(Visit { actor: Actor::nobody(address), signed_in: None });
    };
    let rights = rights::effective(&mut reader, person.id, now).await?;
    drop(reader);
    let second_factor = match session.second_factor {
        true => SecondFactor::Shown,
        false if workspace.second_factor.asks(&rights) => SecondFactor::Missing,
        false => SecondFactor::NotAsked,
    };
    if now.since_ms(session.last_seen_at) >= TOUCH_EVERY_MS {
        let mut tx = desk.db().begin().await?;
        let before = now.plus_ms(-TOUCH_EVERY_MS);
        store::touch(&mut tx, session.id, address.map(|address| address.to_string()), cut(user_agent), now, before).await?;
        tx.commit().await?;
    }
    let principal =
        Principal::Person { person: person.id, session: session.id, stepped_up_at: session.stepped_up_at, second_factor };
    Ok(Visit { actor: Actor { principal, address, rights }, signed_in: Some((person, workspace)) })
}

fn cut(user_agent: &str) -> &str {
    let end = user_agent.char_indices().nth(USER_AGENT_MAX).map_or(user_agent.len(), |(at, _)| at);
    &user_agent[..end]
}

/// The actor of an arrival: the person, with the session about to be opened. The audit log names them from the first entry on.
pub(super) fn arriving(desk: &Desk, person: PersonId, caller: &Actor) -> Actor {
    let principal = Principal::Person {
        person,
        session: desk.fresh(),
        stepped_up_at: Some(desk.now()),
        // Opening the session is all that this actor does; what it may do after that, `resume` says.
        second_factor: SecondFactor::NotAsked,
    };
    Actor { principal, address: caller.address, rights: rights::EffectiveRights::default() }
}

/// How somebody came through the door.
pub(super) struct Arrival<'a> {
    pub(super) method: Method,
    pub(super) shown: Shown,
    /// What the browser says about itself.
    pub(super) user_agent: &'a str,
    /// Who the browser was before. That session ends.
    pub(super) before: &'a Actor,
}

/// Opens the session of an arriving actor within its act, as the last step of every way in.
pub(super) async fn open(act: &mut Act<'_>, arrival: &Arrival<'_>) -> Result<NewSession> {
    let (person, id) = act
        .actor()
        .person()
        .zip(act.actor().session())
        .ok_or_else(|| Error::Internal("a session is opened for a person".to_owned()))?;
    let now = act.now();
    let cookie = code::fresh(act.desk());
    let row = store::Insert {
        id,
        person,
        hash: code::hash(cookie.reveal()),
        method: arrival.method,
        second_factor: arrival.shown == Shown::SecondFactor,
        address: act.actor().address.map(|address| address.to_string()),
        user_agent: cut(arrival.user_agent),
        now,
        expires_at: now.plus_ms(SESSION_AGE_MAX_MS),
    };
    if let Some((before, session)) = arrival.before.person().zip(arrival.before.session()) {
        store::end(act.tx(), before, session, now, "signed in again").await?;
    }
    store::insert(act.tx(), &row).await?;
    act.record_as(Operation::SignIn, Object::new("person", person))
        .detail("method", row.method.id())
        .detail("second_factor", row.second_factor);
    act.announce(Topic::Access);
    Ok(NewSession { id, person, cookie, expires_at: row.expires_at })
}

/// Notes a fresh proof of identity in the caller's own session.
pub(super) async fn raise(act: &mut Act<'_>, shown: Shown) -> Result<()> {
    let (session, now) = (act.actor().session().ok_or(Error::NotFound("session"))?, act.now());
    if store::step_up(act.tx(), session, now, shown == Shown::SecondFactor).await? {
        Ok(())
    } else {
        Err(Error::NotFound("session"))
    }
}

/// Ends the sessions of a person, all or all but one.
pub(super) async fn end_all(tx: &mut Tx, person: PersonId, keep: Option<SessionId>, now: Time, reason: &str) -> Result<u64> {
    store::end_all(tx, person, keep, now, reason).await
}

pub(super) async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    store::delete_old(tx, now.plus_ms(-ENDED_KEPT_MS), limit).await
}

/// The caller's own running sessions.
pub async fn sessions(desk: &Desk, actor: &Actor) -> Result<Vec<SessionRow>> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let (person, now) = (actor.person().ok_or(Error::NotFound("person"))?, desk.now());
    store::of_person(&mut reader, person, now, now.plus_ms(-SESSION_IDLE_MAX_MS)).await
}

/// The running sessions of a person.
pub async fn sessions_of(desk: &Desk, actor: &Actor, person: PersonId) -> Result<Vec<SessionRow>> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    let now = desk.now();
    store::of_person(&mut reader, person, now, now.plus_ms(-SESSION_IDLE_MAX_MS)).await
}

/// Ends the caller's own session.
pub async fn sign_out(desk: &Desk, actor: &Actor) -> Result<()> {
    let mut act = desk.act(actor, Operation::SignOut, Target::Workspace).await?;
    let (person, session) = actor.person().zip(actor.session()).ok_or(Error::NotFound("session"))?;
    let now = act.now();
    store::end(act.tx(), person, session, now, "signed out").await?;
    act.record(Object::new("session", session));
    act.announce(Topic::Access);
    act.commit().await
}

/// Ends one of the caller's own sessions.
pub async fn revoke_session(desk: &Desk, actor: &Actor, id: SessionId) -> Result<()> {
    let mut act = desk.act(actor, Operation::SessionRevoke, Target::Workspace).await?;
    let (person, now) = (actor.person().ok_or(Error::NotFound("person"))?, act.now());
    if !store::end(act.tx(), person, id, now, "revoked").await? {
        return Err(Error::NotFound("running session"));
    }
    act.record(Object::new("session", id));
    act.announce(Topic::Access);
    act.commit().await
}

/// Ends all of the caller's sessions but the one in use. Answers with how many there were.
pub async fn revoke_other_sessions(desk: &Desk, actor: &Actor) -> Result<u64> {
    let mut act = desk.act(actor, Operation::SessionRevoke, Target::Workspace).await?;
    let (person, now) = (actor.person().ok_or(Error::NotFound("person"))?, act.now());
    let ended = store::end_all(act.tx(), person, actor.session(), now, "revoked").await?;
    act.record(Object::new("person", person)).detail("sessions_ended", ended);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(ended)
}

/// Ends every session of a person. Answers with how many there were.
pub async fn end_sessions_of(desk: &Desk, actor: &Actor, person: PersonId) -> Result<u64> {
    let mut act = desk.act(actor, Operation::PersonSessionsEnd, Target::Workspace).await?;
    if crate::people::by_id(act.tx(), person).await?.is_none() {
        return Err(Error::NotFound("person"));
    }
    let now = act.now();
    let ended = store::end_all(act.tx(), person, None, now, "ended by an administrator").await?;
    act.record(Object::new("person", person)).detail("sessions_ended", ended);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(ended)
}
