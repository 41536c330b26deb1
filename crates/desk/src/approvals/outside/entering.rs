//! The guest's way in: a link, a code sent to the address, one browser.
//!
//! Invariants: the link alone tells nothing and opens nothing; a code opens only the browser that asked for it, once; every try is
//! counted before it is looked at; a browser opens nothing once its guest, its link or itself was revoked.

use super::{
    code::{self, Awaited, CODE_LIFE_MS},
    store,
};
use crate::{
    act::Object,
    actor::{Actor, Principal},
    approvals::letters,
    audit_log::Outcome,
    desk::Desk,
    error::{Error, Invalid, Refusal, Result},
    ids::{GuestSessionId, Time},
    mail::{self, LetterKind},
    rights::{EffectiveRights, Operation, Target},
    sign_in::code::{self as secret, Code},
};

/// How long a browser sees what is asked, once the code was given: the time to decide, not a day with an open tab.
pub const GUEST_SESSION_MS: i64 = 2 * 60 * 60 * 1_000;
/// Codes that one link can ask for in an hour: enough for a slow mailbox, too few to fill one.
pub const CODES_PER_HOUR_MAX: i64 = 6;
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Characters of what a browser says about itself that are kept.
const USER_AGENT_MAX: usize = 300;

/// A browser that asked for a code.
#[derive(Debug)]
pub struct NewBrowser {
    /// The value of its cookie: it opens nothing before the code was given.
    pub cookie: Code,
    /// Until when the code works.
    pub code_expires_at: Time,
}

/// A link as it works now.
pub(in crate::approvals) struct Link {
    pub(in crate::approvals) id: crate::ids::InvitationId,
    pub(in crate::approvals) guest: super::Guest,
}

fn no_link() -> Error {
    Error::NotFound("link that still works; look for a newer mail, or ask whoever wanted your approval")
}

/// Whether a link works. Tells nothing about whose it is.
///
/// # Errors
/// [`Error::NotFound`] when it was made up, has expired or was revoked: one answer.
pub async fn invited(desk: &Desk, link: &str) -> Result<()> {
    let mut reader = desk.db().read().await?;
    store::link(&mut reader, secret::hash(link), desk.now()).await?.map(drop).ok_or_else(no_link)
}

/// Sends a code to the address behind a link, and answers with a cookie for the browser that asks.
///
/// # Errors
/// [`Error::NotFound`] as [`invited`]; [`Error::TooMany`] after too many codes; [`Error::Conflict`] without a mail server.
pub async fn ask_for_code(desk: &Desk, caller: &Actor, link: &str, user_agent: &str) -> Result<NewBrowser> {
    let mut act = desk.act(caller, Operation::OutsideCode, Target::Workspace).await?;
    let now = act.now();
    let link = store::link(act.tx(), secret::hash(link), now).await?.ok_or_else(no_link)?;
    act.tx().lock(&format!("approvals.codes/{}", link.id)).await?;
    if let Some(oldest) = store::oldest_of_last_codes(act.tx(), link.id, now.plus_ms(-HOUR_MS), CODES_PER_HOUR_MAX).await? {
        return Err(Error::TooMany { until: oldest.plus_ms(HOUR_MS) });
    }
    let (id, cookie): (GuestSessionId, _) = (desk.fresh(), secret::fresh(desk));
    let code = code::digits(desk.random());
    let session = store::NewSession {
        id,
        guest: link.guest.id,
        invitation: link.id,
        browser_hash: secret::hash(cookie.reveal()),
        code_digest: keyed(desk, id, &code),
        code_expires_at: now.plus_ms(CODE_LIFE_MS),
        address: caller.address.map(|address| address.to_string()),
        user_agent: user_agent.chars().take(USER_AGENT_MAX).collect(),
    };
    store::insert_session(act.tx(), &session, now).await?;
    let letter = letters::code(&link.guest, &code::shown(&code), CODE_LIFE_MS);
    if mail::post(&mut act, LetterKind::Code, &letter).await?.is_none() {
        return Err(Error::Conflict(
            "no mail server is set, so no code can be sent; tell whoever wanted your approval".to_owned(),
        ));
    }
    act.record(Object::new("guest", link.guest.id)).detail("invitation", link.id.to_string()).detail("session", id.to_string());
    act.commit().await?;
    Ok(NewBrowser { cookie, code_expires_at: session.code_expires_at })
}

/// The code is kept as a keyed digest: eight digits could be found by trying if it were a plain one.
fn keyed(desk: &Desk, session: GuestSessionId, code: &str) -> [u8; 32] {
    desk.sealer().digest(format!("outside-code/{session}/{code}").as_bytes())
}

/// Gives the code, in the browser that asked for it.
///
/// # Errors
/// [`Error::NotFound`] for a browser that did not ask; [`Error::Invalid`] for a wrong or spent code.
pub async fn enter(desk: &Desk, caller: &Actor, cookie: &str, typed: &str) -> Result<()> {
    let mut act = desk.act(caller, Operation::OutsideEnter, Target::Workspace).await?;
    let now = act.now();
    let pending = store::locked_pending(act.tx(), secret::hash(cookie), now).await?.ok_or_else(no_link)?;
    let awaited = Awaited { expires_at: pending.code_expires_at, tries: pending.tries };
    let given = code::typed(typed).map(|code| keyed(desk, pending.id, &code));
    let matches =
        given.is_some_and(|given| aws_lc_rs::constant_time::verify_slices_are_equal(&given, &pending.code_digest).is_ok());
    let judged = code::judge(awaited, matches, now);
    let object = Object::new("guest", pending.guest);
    match judged {
        Ok(()) => {
            store::entered(act.tx(), pending.id, now, now.plus_ms(GUEST_SESSION_MS)).await?;
            act.record(object).detail("session", pending.id.to_string());
            act.commit().await
        }
        Err(wrong) => {
            store::count_try(act.tx(), pending.id).await?;
            act.record(object).detail("session", pending.id.to_string()).outcome(Outcome::Failed);
            act.commit().await?;
            Err(Invalid::field("code", wrong.to_string()))
        }
    }
}

/// Who is behind a guest's cookie at this moment; nobody when it opens nothing.
pub async fn resume(desk: &Desk, cookie: &str, address: Option<std::net::IpAddr>) -> Result<Actor> {
    let mut reader = desk.db().read().await?;
    let found = store::entered_session(&mut reader, secret::hash(cookie), desk.now()).await?;
    Ok(match found {
        Some((session, guest)) => {
            Actor { principal: Principal::Guest { guest, session }, address, rights: EffectiveRights::default() }
        }
        None => Actor::nobody(address),
    })
}

/// Leaves: this browser opens nothing any more.
pub async fn leave(desk: &Desk, actor: &Actor) -> Result<()> {
    let mut act = desk.act(actor, Operation::OutsideLeave, Target::Workspace).await?;
    let Principal::Guest { guest, session } = actor.principal else { return Err(Error::Refused(Refusal::SignInNeeded)) };
    let now = act.now();
    store::end_session(act.tx(), session, now).await?;
    act.record(Object::new("guest", guest)).detail("session", session.to_string());
    act.commit().await
}
