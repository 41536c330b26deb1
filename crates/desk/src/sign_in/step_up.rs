//! Step-up: proving once more, within a session, that it is still the same person.
//!
//! Invariant: who has a second factor shows one; the password alone is not enough for them.

use serde::Serialize;
use serde_json::Map;

use super::{
    ceremonies::{self, Kind},
    factors::{self, Methods, PasskeyChallenge, Proof},
    passwords,
    sessions::{self, Shown},
    throttle::{self, Subject},
};
use crate::{
    act::Object,
    actor::Actor,
    audit_log::Outcome,
    db::Connection,
    desk::Desk,
    error::{Error, Invalid, Result},
    people::{self, Person},
    rights::{Operation, Target, decide},
};

/// What a person shows to step up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StepUpNeeds {
    /// Whether there is a password to type.
    pub password: bool,
    /// The second factors; when there is any, one of them is needed.
    pub methods: Methods,
}

/// A second factor typed beside the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedFactor<'t> {
    /// A code of an authenticator app.
    Totp(&'t str),
    /// A recovery code.
    Recovery(&'t str),
}

/// What the caller has to show, for the page that asks.
pub async fn step_up_needs(desk: &Desk, actor: &Actor) -> Result<StepUpNeeds> {
    let mut reader = desk.view(actor, Operation::StepUp, Target::Workspace).await?;
    let person = own(&mut reader, actor).await?;
    Ok(StepUpNeeds {
        password: passwords::changed_at(&mut reader, person.id).await?.is_some(),
        methods: factors::methods(&mut reader, person.id).await?,
    })
}

/// Steps up with the password and, when there is a second factor, with a typed one.
///
/// # Errors
/// [`Error::Invalid`] when something is wrong or missing; [`Error::TooMany`] after too many failures.
pub async fn step_up(desk: &Desk, actor: &Actor, password: &str, factor: Option<TypedFactor<'_>>) -> Result<()> {
    decide(actor, Operation::StepUp, Target::Workspace, desk.now())?;
    let mut reader = desk.db().read().await?;
    let person = own(&mut reader, actor).await?;
    let methods = factors::methods(&mut reader, person.id).await?;
    drop(reader);
    let proof = match factor {
        Some(TypedFactor::Totp(code)) => Some(Proof::Totp(code)),
        Some(TypedFactor::Recovery(code)) => Some(Proof::Recovery(code)),
        None => None,
    };
    if methods.any() && proof.is_none() {
        return Err(Invalid::field("code", "this account has a second factor: type its code or use your passkey"));
    }
    let (account, factor) = (Subject::account(desk, &person.email), Subject::factor(desk, person.id));
    let subjects = [&account, &factor];
    throttle::take(desk, &subjects).await?;
    if !passwords::verify(desk, Some(person.id), password).await? {
        failed(desk, actor, &person, "password").await?;
        return Err(Invalid::field("password", "this is not your password"));
    }
    let mut act = desk.act(actor, Operation::StepUp, Target::Workspace).await?;
    if let Some(proof) = proof.filter(|_| methods.any()) {
        if let Err(error) = factors::show(&mut act, person.id, proof).await {
            drop(act);
            failed(desk, actor, &person, proof.id()).await?;
            return Err(error);
        }
        act.record(Object::new("person", person.id)).detail("factor", proof.id());
        sessions::raise(&mut act, Shown::SecondFactor).await?;
    } else {
        act.record(Object::new("person", person.id)).detail("factor", "password");
        sessions::raise(&mut act, Shown::FirstFactorOnly).await?;
    }
    throttle::succeed(&mut act, &subjects).await?;
    act.commit().await
}

/// Begins a step-up with a passkey.
pub async fn start_passkey_step_up(desk: &Desk, actor: &Actor) -> Result<PasskeyChallenge> {
    decide(actor, Operation::StepUp, Target::Workspace, desk.now())?;
    let mut tx = desk.db().begin().await?;
    let person = own(&mut tx, actor).await?;
    let (options, state) = factors::challenge(desk, &mut tx, person.id).await?;
    let ceremony = ceremonies::begin(desk, &mut tx, Kind::PasskeyStepUp, Some(person.id), actor.session(), &state).await?;
    tx.commit().await?;
    Ok(PasskeyChallenge { ceremony, options })
}

/// Steps up with a passkey.
pub async fn step_up_with_passkey(desk: &Desk, actor: &Actor, ceremony: &str, credential: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::StepUp, Target::Workspace).await?;
    let (person, now) = (own(act.tx(), actor).await?, act.now());
    let ceremony = ceremonies::find(act.tx(), ceremony, Kind::PasskeyStepUp, now).await?;
    if ceremony.person != Some(person.id) || ceremony.session != actor.session() {
        return Err(ceremonies::over());
    }
    ceremonies::finish(act.tx(), &ceremony).await?;
    let proof = Proof::Passkey { state: &ceremony.state, credential };
    if let Err(error) = factors::show(&mut act, person.id, proof).await {
        drop(act);
        failed(desk, actor, &person, proof.id()).await?;
        return Err(error);
    }
    act.record(Object::new("person", person.id)).detail("factor", proof.id());
    sessions::raise(&mut act, Shown::SecondFactor).await?;
    act.commit().await
}

async fn own(on: &mut dyn Connection, actor: &Actor) -> Result<Person> {
    let id = actor.person().ok_or(Error::NotFound("person"))?;
    people::by_id(on, id).await?.ok_or(Error::NotFound("person"))
}

async fn failed(desk: &Desk, actor: &Actor, person: &Person, reason: &str) -> Result<()> {
    let details = Map::from_iter([("reason".to_owned(), reason.into())]);
    desk.note(actor, Operation::StepUp, Object::new("person", person.id), Outcome::Failed, details).await
}
