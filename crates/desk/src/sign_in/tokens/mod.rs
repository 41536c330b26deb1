//! API tokens: a program acts for a person, within scopes, until an end.
//!
//! Invariants: a token never does more than its person may at that moment, nor more than its scopes; only its hash is stored; it
//! always has an end; it stops with its person.

mod store;

use std::net::IpAddr;

use serde::Serialize;
use zeroize::Zeroizing;

use super::code::{self, Code};
use crate::{
    act::Object,
    actor::{Actor, Principal},
    db::Tx,
    desk::{Desk, Topic},
    error::{Error, Invalid, Refusal, Result},
    ids::{PersonId, Time, TokenId},
    paging::{Page, PageRequest},
    rights::{self, Operation, Target, TokenScope},
    workspace,
};

/// What a token begins with, so that scanners for leaked secrets can know one.
pub const TOKEN_PREFIX: &str = "gp_";
/// How long a token works at most: somebody has to want it again every year.
pub const TOKEN_AGE_MAX_MS: i64 = 366 * 24 * 60 * 60 * 1_000;
/// Working tokens of a person: enough for every integration, few enough to look through.
const TOKENS_MAX: i64 = 50;
/// Tokens shown of a person, ended ones included.
const SHOWN_MAX: i64 = 200;
/// Characters in the name of a token.
const NAME_MAX: usize = 80;
/// Characters of the end of a token that stay readable.
const HINT_LEN: usize = 4;
/// How often "last used" is written at most.
const TOUCH_EVERY_MS: i64 = 60 * 1_000;

/// A token as a page shows it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// The token.
    pub id: TokenId,
    /// For whom it acts.
    pub person: PersonId,
    /// Their name.
    pub person_name: String,
    /// What its owner calls it.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// What it is limited to.
    pub scopes: Vec<String>,
    /// Whether it is marked as an agent: it can draft, never approve.
    pub agent: bool,
    /// When it was made.
    pub created_at: Time,
    /// Until when it works.
    pub expires_at: Time,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// From which address.
    pub last_used_address: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// A token about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// What it is limited to.
    pub scopes: Vec<TokenScope>,
    /// Until when; at most a year ahead.
    pub expires_at: Time,
    /// Whether it is an agent's.
    pub agent: bool,
}

struct InUse {
    id: TokenId,
    person: PersonId,
    scopes: Vec<TokenScope>,
    agent: bool,
    last_used_at: Option<Time>,
}

/// Makes a token for the caller. The secret is shown once.
///
/// # Errors
/// [`Error::Invalid`] when a field does not fit; [`Error::Conflict`] when there are too many.
pub async fn create_token(desk: &Desk, actor: &Actor, new: &NewToken) -> Result<(TokenId, Code)> {
    let mut act = desk.act(actor, Operation::TokenCreate, Target::Workspace).await?;
    let (person, now) = (actor.person().ok_or(Error::NotFound("person"))?, act.now());
    check(new, now)?;
    act.tx().lock(&format!("tokens/{person}")).await?;
    if store::count_working(act.tx(), person, now).await? >= TOKENS_MAX {
        return Err(Error::Conflict(format!("there can be {TOKENS_MAX} working tokens; revoke one first")));
    }
    let secret = code::fresh(desk);
    let secret = Code::from(Zeroizing::new(format!("{TOKEN_PREFIX}{}", secret.reveal())));
    let id: TokenId = desk.fresh();
    let mut scopes: Vec<String> = new.scopes.iter().map(ToString::to_string).collect();
    scopes.sort();
    scopes.dedup();
    let token = ApiToken {
        id,
        person,
        person_name: String::new(),
        name: new.name.trim().to_owned(),
        hint: secret.reveal()[secret.reveal().len() - HINT_LEN..].to_owned(),
        scopes,
        agent: new.agent,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        last_used_address: None,
        revoked_at: None,
    };
    store::insert(act.tx(), &token, code::hash(secret.reveal())).await?;
    act.record(Object::new("token", id))
        .detail("scopes", token.scopes)
        .detail("agent", token.agent)
        .detail("expires_at_ms", token.expires_at.0);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok((id, secret))
}

fn check(new: &NewToken, now: Time) -> Result<()> {
    let mut invalid = Invalid::new();
    match new.name.trim().chars().count() {
        0 => invalid.add("name", "say what the token is for"),
        1..=NAME_MAX if !new.name.chars().any(char::is_control) => {}
        _ => invalid.add("name", format!("at most {NAME_MAX} characters, without line breaks")),
    }
    if new.scopes.is_empty() {
        invalid.add("scopes", "choose at least one scope");
    }
    if new.expires_at <= now {
        invalid.add("expires_at", "the end lies in the past");
    } else if new.expires_at.since_ms(now) > TOKEN_AGE_MAX_MS {
        invalid.add("expires_at", "a token works for a year at most");
    }
    invalid.check()
}

/// Who is behind a token, with the rights of its person as they stand now.
///
/// # Errors
/// [`Refusal::AgentsFrozen`] for an agent's while the switch is on; [`Refusal::SignInNeeded`] for a token that was made up, was revoked, has expired, or whose person is not active: one answer.
pub async fn actor_of_token(desk: &Desk, token: &str, address: Option<IpAddr>) -> Result<Actor> {
    let now = desk.now();
    let refused = || Error::Refused(Refusal::SignInNeeded);
    if !token.starts_with(TOKEN_PREFIX) {
        return Err(refused());
    }
    let mut reader = desk.db().read().await?;
    let found = store::in_use(&mut reader, code::hash(token), now).await?.ok_or_else(refused)?;
    if found.agent && workspace::agents_are_frozen(&mut reader).await? {
        return Err(Error::Refused(Refusal::AgentsFrozen));
    }
    let rights = rights::effective(&mut reader, found.person, now).await?;
    drop(reader);
    if found.last_used_at.is_none_or(|last| now.since_ms(last) >= TOUCH_EVERY_MS) {
        let mut tx = desk.db().begin().await?;
        store::touch(&mut tx, found.id, address.map(|address| address.to_string()), now).await?;
        tx.commit().await?;
    }
    let InUse { id: token, person, scopes, agent, .. } = found;
    Ok(Actor { principal: Principal::Token { person, token, scopes, agent }, address, rights })
}

/// The caller's own tokens, newest first, ended ones included.
pub async fn tokens(desk: &Desk, actor: &Actor) -> Result<Vec<ApiToken>> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    store::of_person(&mut reader, actor.person().ok_or(Error::NotFound("person"))?, SHOWN_MAX).await
}

/// A page of everybody's tokens, newest first.
pub async fn all_tokens(desk: &Desk, actor: &Actor, page: &PageRequest) -> Result<Page<ApiToken>> {
    let mut reader = desk.view(actor, Operation::TokensRead, Target::Workspace).await?;
    let before = match page.after.as_deref().map(str::parse::<TokenId>) {
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Err(Invalid::field("after", "not a cursor that a page gave out")),
        None => None,
    };
    let total = store::count_all(&mut reader).await?;
    let items = store::all(&mut reader, before, page.limit()).await?;
    Ok(Page::cut(items, page, total, |token| token.id.to_string()))
}

/// Revokes one of the caller's own tokens.
pub async fn revoke_token(desk: &Desk, actor: &Actor, id: TokenId) -> Result<()> {
    let person = actor.person();
    revoke(desk, actor, Operation::TokenRevoke, id, Some(person.unwrap_or(PersonId(uuid::Uuid::nil())))).await
}

/// Revokes anybody's token.
pub async fn revoke_any_token(desk: &Desk, actor: &Actor, id: TokenId) -> Result<()> {
    revoke(desk, actor, Operation::TokensRevoke, id, None).await
}

async fn revoke(desk: &Desk, actor: &Actor, operation: Operation, id: TokenId, of: Option<PersonId>) -> Result<()> {
    let mut act = desk.act(actor, operation, Target::Workspace).await?;
    let now = act.now();
    let person = store::revoke(act.tx(), id, of, now).await?.ok_or(Error::NotFound("working token"))?;
    act.record(Object::new("token", id)).detail("person", person.to_string());
    act.announce(Topic::Access);
    act.commit().await
}

/// Revokes every token of a person.
pub(super) async fn revoke_all(tx: &mut Tx, person: PersonId, now: Time) -> Result<u64> {
    store::revoke_all(tx, person, now).await
}
