//! Signing in: a password and then a second factor, or a passkey alone.
//!
//! Invariants: who has a second factor shows it, whatever the first was; a failed attempt is counted before it is looked at and noted
//! without what was typed; an address without an account gets the same answer, on the same way, after the same work.

use serde_json::{Map, Value as Json, json};

use super::{
    ceremonies::{self, Ceremony, Kind},
    code::Code,
    factors::{self, Methods, PasskeyChallenge, Proof},
    passwords,
    sessions::{self, Arrival, Method, NewSession, Shown},
    throttle::{self, Subject},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    audit_log::Outcome,
    desk::Desk,
    error::{Error, Invalid, Refusal, Result},
    ids::PersonId,
    people::{self, Person, PersonState},
    rights::{Operation, Target, decide},
};

/// Bytes of an address that is looked at: [`people::EMAIL_MAX`] and room for blanks around it.
const EMAIL_BYTES_MAX: usize = 320;

/// Where a sign-in stands.
#[derive(Debug)]
pub enum Step {
    /// Through.
    Done(NewSession),
    /// A second factor has to be shown, by one of these methods.
    SecondFactorNeeded {
        /// The code of the ceremony.
        ceremony: Code,
        /// What can be shown.
        methods: Methods,
    },
}

/// Signs in with address and password.
///
/// # Errors
/// [`Error::Invalid`] when they do not fit together, with the same words whether or not there is such an account;
/// [`Error::TooMany`] when the account or the network address has to wait; [`Refusal::Suspended`], which only the right password
/// gets to see.
pub async fn with_password(desk: &Desk, caller: &Actor, email: &str, password: &str, user_agent: &str) -> Result<Step> {
    decide(caller, Operation::SignIn, Target::Workspace, desk.now())?;
    let email = cut(email);
    let (account, address) = (Subject::account(desk, email), Subject::address(desk, caller));
    let subjects: Vec<&Subject> = [Some(&account), address.as_ref()].into_iter().flatten().collect();
    throttle::take(desk, &subjects).await?;
    let person = people::by_email(&mut desk.db().read().await?, email).await?;
    let right = passwords::verify(desk, person.as_ref().map(|person| person.id), password).await?;
    match person {
        Some(person) if right && person.state == PersonState::Active => {
            first_factor_shown(desk, caller, &person, Method::Password, &subjects, user_agent).await
        }
        Some(person) if right => {
            failed(desk, caller, Object::new("person", person.id), "suspended", Map::new()).await?;
            Err(Error::Refused(Refusal::Suspended))
        }
        Some(person) => {
            failed(desk, caller, Object::new("person", person.id), "password", Map::new()).await?;
            Err(wrong())
        }
        None => {
            // The keyed digest lets an auditor see that it was the same address again without the log holding it.
            let digest = hex::encode(&desk.digest(&email.trim().to_lowercase())[..8]);
            let details = Map::from_iter([("address_digest".to_owned(), json!(digest))]);
            failed(desk, caller, Object::all("person"), "password", details).await?;
            Err(wrong())
        }
    }
}

fn wrong() -> Error {
    Invalid::field("password", "address and password do not fit together")
}

fn cut(email: &str) -> &str {
    let end = email.char_indices().map(|(at, _)| at).find(|&at| at >= EMAIL_BYTES_MAX).unwrap_or(email.len());
    &email[..end]
}

/// Notes an attempt that did not work.
pub(super) async fn failed(
    desk: &Desk,
    caller: &Actor,
    object: Object,
    reason: &str,
    mut details: Map<String, Json>,
) -> Result<()> {
    details.insert("reason".to_owned(), json!(reason));
    desk.note(caller, Operation::SignIn, object, Outcome::Failed, details).await
}

/// What follows a first factor: the session, or the question for the second factor.
async fn first_factor_shown(
    desk: &Desk,
    caller: &Actor,
    person: &Person,
    method: Method,
    subjects: &[&Subject],
    user_agent: &str,
) -> Result<Step> {
    let arriving = sessions::arriving(desk, person.id, caller);
    let mut act = desk.act(&arriving, Operation::SignIn, Target::Workspace).await?;
    throttle::succeed(&mut act, subjects).await?;
    let step = proceed(&mut act, method, user_agent, caller).await?;
    act.commit().await?;
    Ok(step)
}

/// Within an act of an arriving person: opens the session unless a second factor has to be shown first.
pub(super) async fn proceed(act: &mut Act<'_>, method: Method, user_agent: &str, before: &Actor) -> Result<Step> {
    let person = act.actor().person().ok_or(Error::NotFound("person"))?;
    let methods = factors::methods(act.tx(), person).await?;
    if !methods.any() {
        let arrival = Arrival { method, shown: Shown::FirstFactorOnly, user_agent, before };
        return Ok(Step::Done(sessions::open(act, &arrival).await?));
    }
    let desk = act.desk().clone();
    let state = json!({ "method": method.id() }).to_string();
    let ceremony = ceremonies::begin(&desk, act.tx(), Kind::SecondFactor, Some(person), None, &state).await?;
    act.record_as(Operation::SignIn, Object::new("person", person))
        .detail("method", method.id())
        .detail("second_factor", "asked");
    Ok(Step::SecondFactorNeeded { ceremony, methods })
}

/// What can be shown in a ceremony, for the page that asks.
pub async fn second_factor_methods(desk: &Desk, ceremony: &str) -> Result<Methods> {
    let mut reader = desk.db().read().await?;
    let (_, person) = awaited(desk, &mut reader, ceremony).await?;
    factors::methods(&mut reader, person.id).await
}

/// Ends a sign-in with a code of an authenticator app.
pub async fn with_totp(desk: &Desk, caller: &Actor, ceremony: &str, code: &str, user_agent: &str) -> Result<NewSession> {
    second_factor(desk, caller, ceremony, Shows::Totp(code), user_agent).await
}

/// Ends a sign-in with a recovery code.
pub async fn with_recovery_code(desk: &Desk, caller: &Actor, ceremony: &str, code: &str, user_agent: &str) -> Result<NewSession> {
    second_factor(desk, caller, ceremony, Shows::Recovery(code), user_agent).await
}

/// Begins to show a passkey as the second factor of a sign-in.
pub async fn start_second_passkey(desk: &Desk, ceremony: &str) -> Result<PasskeyChallenge> {
    let mut tx = desk.db().begin().await?;
    let (found, person) = awaited(desk, &mut tx, ceremony).await?;
    let (options, state) = factors::challenge(desk, &mut tx, person.id).await?;
    let mut kept: Json = serde_json::from_str(&found.state).map_err(|_| ceremonies::over())?;
    kept["passkey"] = json!(state);
    ceremonies::keep(&mut tx, &found, &kept.to_string()).await?;
    tx.commit().await?;
    Ok(PasskeyChallenge { ceremony: Code::from(zeroize::Zeroizing::new(ceremony.to_owned())), options })
}

/// Ends a sign-in with a passkey as second factor.
pub async fn with_second_passkey(
    desk: &Desk,
    caller: &Actor,
    ceremony: &str,
    credential: &str,
    user_agent: &str,
) -> Result<NewSession> {
    second_factor(desk, caller, ceremony, Shows::Passkey(credential), user_agent).await
}

#[derive(Clone, Copy)]
enum Shows<'s> {
    Totp(&'s str),
    Recovery(&'s str),
    Passkey(&'s str),
}

async fn second_factor(desk: &Desk, caller: &Actor, code: &str, shows: Shows<'_>, user_agent: &str) -> Result<NewSession> {
    decide(caller, Operation::SignIn, Target::Workspace, desk.now())?;
    let (ceremony, person) = awaited(desk, &mut desk.db().read().await?, code).await?;
    let kept: Json = serde_json::from_str(&ceremony.state).map_err(|_| ceremonies::over())?;
    let method = kept["method"].as_str().and_then(Method::parse).ok_or_else(ceremonies::over)?;
    let proof = match shows {
        Shows::Totp(code) => Proof::Totp(code),
        Shows::Recovery(code) => Proof::Recovery(code),
        Shows::Passkey(credential) => {
            Proof::Passkey { state: kept["passkey"].as_str().ok_or_else(ceremonies::over)?, credential }
        }
    };
    let (factor, address) = (Subject::factor(desk, person.id), Subject::address(desk, caller));
    let subjects: Vec<&Subject> = [Some(&factor), address.as_ref()].into_iter().flatten().collect();
    throttle::take(desk, &subjects).await?;
    let arriving = sessions::arriving(desk, person.id, caller);
    let mut act = desk.act(&arriving, Operation::SignIn, Target::Workspace).await?;
    if let Err(error) = factors::show(&mut act, person.id, proof).await {
        drop(act);
        if matches!(error, Error::Invalid(_)) {
            failed(desk, caller, Object::new("person", person.id), proof.id(), Map::new()).await?;
        }
        return Err(error);
    }
    ceremonies::finish(act.tx(), &ceremony).await?;
    throttle::succeed(&mut act, &subjects).await?;
    let arrival = Arrival { method, shown: Shown::SecondFactor, user_agent, before: caller };
    let session = sessions::open(&mut act, &arrival).await?;
    act.record_as(Operation::SignIn, Object::new("person", person.id)).detail("factor", proof.id());
    act.commit().await?;
    Ok(session)
}

/// The ceremony in which a second factor is awaited, and the active person whose it is.
async fn awaited(desk: &Desk, on: &mut dyn crate::db::Connection, code: &str) -> Result<(Ceremony, Person)> {
    let ceremony = ceremonies::find(on, code, Kind::SecondFactor, desk.now()).await?;
    let person = match ceremony.person {
        Some(id) => active(on, id).await?,
        None => None,
    };
    person.map(|person| (ceremony, person)).ok_or_else(ceremonies::over)
}

/// The person, when they are active.
pub(super) async fn active(on: &mut dyn crate::db::Connection, id: PersonId) -> Result<Option<Person>> {
    Ok(people::by_id(on, id).await?.filter(|person| person.state == PersonState::Active))
}

/// Begins a sign-in with a passkey alone. Nobody is named: the browser finds the passkey.
pub async fn start_passkey_sign_in(desk: &Desk) -> Result<PasskeyChallenge> {
    let (options, state) = factors::begin_sign_in(desk)?;
    let mut tx = desk.db().begin().await?;
    let ceremony = ceremonies::begin(desk, &mut tx, Kind::PasskeySignIn, None, None, &state).await?;
    tx.commit().await?;
    Ok(PasskeyChallenge { ceremony, options })
}

/// Signs in with a passkey alone: it verified its user, so it is both factors.
pub async fn with_passkey(desk: &Desk, caller: &Actor, ceremony: &str, credential: &str, user_agent: &str) -> Result<NewSession> {
    decide(caller, Operation::SignIn, Target::Workspace, desk.now())?;
    let address = Subject::address(desk, caller);
    let subjects: Vec<&Subject> = address.as_ref().into_iter().collect();
    throttle::take(desk, &subjects).await?;
    let mut reader = desk.db().read().await?;
    let ceremony = ceremonies::find(&mut reader, ceremony, Kind::PasskeySignIn, desk.now()).await?;
    let claim = factors::claim(desk, &mut reader, credential).await;
    let person = match &claim {
        Ok(claim) => active(&mut reader, claim.person).await?,
        Err(_) => None,
    };
    drop(reader);
    let claim = match claim {
        Ok(claim) => claim,
        Err(error) => {
            failed(desk, caller, Object::all("person"), "passkey", Map::new()).await?;
            return Err(error);
        }
    };
    let object = Object::new("person", claim.person);
    let arriving = sessions::arriving(desk, claim.person, caller);
    let mut act = desk.act(&arriving, Operation::SignIn, Target::Workspace).await?;
    if let Err(error) = factors::accept(&mut act, &claim, &ceremony, credential).await {
        drop(act);
        failed(desk, caller, object, "passkey", Map::new()).await?;
        return Err(error);
    }
    if person.is_none() {
        drop(act);
        failed(desk, caller, object, "suspended", Map::new()).await?;
        return Err(Error::Refused(Refusal::Suspended));
    }
    throttle::succeed(&mut act, &subjects).await?;
    let arrival = Arrival { method: Method::Passkey, shown: Shown::SecondFactor, user_agent, before: caller };
    let session = sessions::open(&mut act, &arrival).await?;
    act.commit().await?;
    Ok(session)
}
