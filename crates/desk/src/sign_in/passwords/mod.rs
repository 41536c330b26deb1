//! Passwords: which are accepted, how they are kept, how one is changed.
//!
//! Invariants: only an Argon2id hash is stored; a password that does not exist costs as much to refuse as a wrong one; nothing about
//! a password is ever written to the audit log.

mod hashing;
mod rules;
mod store;

use uuid::Uuid;
use zeroize::Zeroizing;

pub use hashing::password_verifications;
pub use rules::{PASSWORD_MAX_BYTES, PASSWORD_MIN, Weakness};

use hashing::Verdict;

use super::sessions;
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, Time},
    people::Person,
    rights::{Operation, Target},
    workspace,
};

/// A password that was judged good and hashed.
pub(super) struct Hashed(String);

/// Judges a new password for a person and hashes it.
pub(super) async fn accept(desk: &Desk, person: &Person, password: &str) -> Result<Hashed> {
    let mut reader = desk.db().read().await?;
    let workspace = workspace::current(&mut reader).await?.map(|workspace| workspace.name).unwrap_or_default();
    drop(reader);
    let password = rules::normalised(password);
    rules::judge(&password, &[&person.email, &person.name, &workspace])
        .map_err(|weakness| Invalid::field("password", weakness.to_string()))?;
    Ok(Hashed(hashing::hash(desk, password).await?))
}

/// Compares a password with that of a person, or with nobody's. A right one with an old hash is hashed again.
pub(super) async fn verify(desk: &Desk, person: Option<PersonId>, password: &str) -> Result<bool> {
    // Nobody is looked up too, so that both take the same way.
    let id = person.unwrap_or(PersonId(Uuid::nil()));
    let stored = store::hash_of(&mut desk.db().read().await?, id).await?;
    let password = rules::normalised(password);
    let verdict = hashing::verify(desk, Zeroizing::new(password.to_string()), stored.clone()).await?;
    if let (Verdict::RightButOld, Some(person), Some(old)) = (verdict, person, stored) {
        let new = hashing::hash(desk, password).await?;
        let mut tx = desk.db().begin().await?;
        store::replace(&mut tx, person, &old, &new).await?;
        tx.commit().await?;
    }
    Ok(verdict != Verdict::Wrong)
}

/// Stores an accepted password within an act.
pub(super) async fn set(act: &mut Act<'_>, person: PersonId, hashed: &Hashed) -> Result<()> {
    let now = act.now();
    store::set(act.tx(), person, &hashed.0, now).await
}

/// Since when the person has their present password.
pub(super) async fn changed_at(on: &mut dyn Connection, person: PersonId) -> Result<Option<Time>> {
    store::changed_at(on, person).await
}

/// Changes, or sets for the first time, the caller's own password. Asks for a fresh proof of identity, and ends the other sessions.
///
/// # Errors
/// [`Error::Invalid`] with what is wrong with the password.
pub async fn change_password(desk: &Desk, actor: &Actor, password: &str) -> Result<u64> {
    // Decide before the costly hashing; the act decides once more.
    crate::rights::decide(actor, Operation::PasswordChange, Target::Workspace, desk.now())?;
    let id = actor.person().ok_or(Error::NotFound("person"))?;
    let person = crate::people::by_id(&mut desk.db().read().await?, id).await?.ok_or(Error::NotFound("person"))?;
    let hashed = accept(desk, &person, password).await?;
    let mut act = desk.act(actor, Operation::PasswordChange, Target::Workspace).await?;
    let now = act.now();
    set(&mut act, id, &hashed).await?;
    let ended = sessions::end_all(act.tx(), id, actor.session(), now, "password changed").await?;
    act.record(Object::new("person", id)).detail("sessions_ended", ended);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(ended)
}
