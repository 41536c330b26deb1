//! Factors: authenticator apps, passkeys and recovery codes of a person; setting them up and taking them away.
//!
//! Invariants: adding or removing one asks for a fresh proof of identity, and when there is a second factor already, for that one; the
//! first second factor ends every session that was opened without it; the last one does not go while the workspace asks for one, and
//! the last way in does not go at all; secrets are sealed for their factor.

mod model;
mod proof;
mod recovery;
mod store;
mod totp;
mod webauthn;

pub use model::{Factors, Methods, PasskeyChallenge, PasskeyRow, RecoveryCodes, TotpFactor, TotpSetup};
pub use recovery::RECOVERY_CODES;
pub use totp::totp_code;
pub use webauthn::passkeys_work;

pub(super) use proof::{Proof, accept, begin_sign_in, challenge, claim, show};

use zeroize::Zeroizing;

use super::{
    ceremonies::{self, CEREMONY_MS, Kind},
    code::Code,
    passwords,
    sessions::{self, Shown},
};
use crate::{
    act::{Act, Object},
    actor::{Actor, Principal, SecondFactor},
    db::{Connection, DbError, Tx},
    desk::{Desk, Topic},
    error::{Error, Invalid, Refusal, Result},
    ids::{FactorId, PersonId, Time},
    people::{self, Person},
    rights::{self, Operation, Target, decide},
    workspace,
};

/// Authenticator apps of a person: one for each telephone somebody could have.
const TOTP_MAX: usize = 5;
/// Passkeys of a person: several devices, two keys in a drawer.
const PASSKEYS_MAX: usize = 20;
/// Characters in the name of a factor.
const NAME_MAX: usize = 60;

/// What the caller can prove themselves with.
pub async fn factors(desk: &Desk, actor: &Actor) -> Result<Factors> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let person = actor.person().ok_or(Error::NotFound("person"))?;
    Ok(Factors {
        password_changed_at: passwords::changed_at(&mut reader, person).await?,
        totp: store::totp_factors(&mut reader, person).await?,
        passkeys: store::passkeys(&mut reader, person).await?,
        recovery_codes_left: store::recovery_codes_left(&mut reader, person).await?,
    })
}

/// Which second factors a person can show.
pub(super) async fn methods(on: &mut dyn Connection, person: PersonId) -> Result<Methods> {
    store::methods(on, person).await
}

/// Begins the set-up of an authenticator app. It is in force once [`confirm_totp`] saw a code of it.
pub async fn start_totp(desk: &Desk, actor: &Actor, name: &str) -> Result<TotpSetup> {
    let name = checked_name(name, "Authenticator app")?;
    let mut act = begin_adding(desk, actor).await?;
    let (person, now) = (own(&mut act).await?, act.now());
    if store::totp_factors(act.tx(), person.id).await?.len() >= TOTP_MAX {
        return Err(Error::Conflict(format!("there can be {TOTP_MAX} authenticator apps; remove one first")));
    }
    let mut secret = Zeroizing::new([0; totp::SECRET_LEN]);
    desk.ids().random(secret.as_mut());
    let id: FactorId = desk.fresh();
    let sealed = desk.sealer().seal(desk.ids(), &seal_context(id), secret.as_ref());
    store::insert_totp(act.tx(), id, person.id, &name, sealed, now).await?;
    act.record(Object::new("factor", id)).detail("kind", "totp").detail("step", "started");
    let issuer = workspace::current(act.tx()).await?.map_or_else(|| "Gatepost".to_owned(), |workspace| workspace.name);
    act.commit().await?;
    let secret = Zeroizing::new(totp::base32(secret.as_ref()));
    let url = Zeroizing::new(totp::url(&issuer, &person.email, &secret));
    Ok(TotpSetup { id, secret: Code::from(secret), url: Code::from(url) })
}

/// Shows an app being set up once more, for a form that was sent with a wrong code.
pub async fn resume_totp(desk: &Desk, actor: &Actor, id: FactorId) -> Result<TotpSetup> {
    decide(actor, Operation::FactorAdd, Target::Workspace, desk.now())?;
    let mut reader = desk.db().read().await?;
    let person = actor.person().ok_or(Error::NotFound("person"))?;
    let person = people::by_id(&mut reader, person).await?.ok_or(Error::NotFound("person"))?;
    let secret = pending_secret(desk, &mut reader, person.id, id).await?;
    let issuer = workspace::current(&mut reader).await?.map_or_else(|| "Gatepost".to_owned(), |workspace| workspace.name);
    let secret = Zeroizing::new(totp::base32(&secret));
    let url = Zeroizing::new(totp::url(&issuer, &person.email, &secret));
    Ok(TotpSetup { id, secret: Code::from(secret), url: Code::from(url) })
}

/// Puts an app in force by a code of it. Answers with recovery codes when this is the first second factor.
///
/// # Errors
/// [`Error::Invalid`] when the code is not the app's; [`Error::Conflict`] when the set-up took too long.
pub async fn confirm_totp(desk: &Desk, actor: &Actor, id: FactorId, code: &str) -> Result<Option<RecoveryCodes>> {
    let mut act = begin_adding(desk, actor).await?;
    let (person, now) = (own(&mut act).await?, act.now());
    let secret = pending_secret(desk, act.tx(), person.id, id).await?;
    let step = totp::step_of(&secret, code, now)
        .ok_or_else(|| Invalid::field("code", "this is not the code that the app shows now; check that its clock is right"))?;
    if !store::confirm_totp(act.tx(), id, now).await? || !store::accept_step(act.tx(), id, step).await? {
        return Err(ceremonies::over());
    }
    act.record(Object::new("factor", id)).detail("kind", "totp").detail("step", "in force");
    let codes = added(&mut act, person.id).await?;
    act.commit().await?;
    Ok(codes)
}

async fn pending_secret(desk: &Desk, on: &mut dyn Connection, person: PersonId, id: FactorId) -> Result<Zeroizing<Vec<u8>>> {
    let since = desk.now().plus_ms(-CEREMONY_MS);
    let sealed = store::unconfirmed_totp(on, person, id, since).await?.ok_or_else(ceremonies::over)?;
    Ok(desk.sealer().open(&seal_context(id), &sealed)?)
}

/// Begins the registration of a passkey on the own account.
pub async fn start_passkey(desk: &Desk, actor: &Actor) -> Result<PasskeyChallenge> {
    let mut act = begin_adding(desk, actor).await?;
    let person = own(&mut act).await?;
    let (options, state) = begin_registration(desk, act.tx(), &person).await?;
    let ceremony = ceremonies::begin(desk, act.tx(), Kind::PasskeyAdd, Some(person.id), actor.session(), &state).await?;
    act.record(Object::new("person", person.id)).detail("kind", "passkey").detail("step", "started");
    act.commit().await?;
    Ok(PasskeyChallenge { ceremony, options })
}

/// Ends the registration of a passkey. Answers with recovery codes when this is the first second factor.
pub async fn add_passkey(
    desk: &Desk,
    actor: &Actor,
    ceremony: &str,
    credential: &str,
    name: &str,
) -> Result<Option<RecoveryCodes>> {
    let mut act = begin_adding(desk, actor).await?;
    let (person, now) = (own(&mut act).await?, act.now());
    let ceremony = ceremonies::find(act.tx(), ceremony, Kind::PasskeyAdd, now).await?;
    if ceremony.person != Some(person.id) || ceremony.session != actor.session() {
        return Err(ceremonies::over());
    }
    ceremonies::finish(act.tx(), &ceremony).await?;
    register(&mut act, person.id, &ceremony.state, credential, name).await?;
    let codes = added(&mut act, person.id).await?;
    act.commit().await?;
    Ok(codes)
}

/// The options and the state of a registration for a person.
pub(super) async fn begin_registration(desk: &Desk, tx: &mut Tx, person: &Person) -> Result<(serde_json::Value, String)> {
    let present = store::credentials(tx, person.id).await?;
    if present.len() >= PASSKEYS_MAX {
        return Err(Error::Conflict(format!("there can be {PASSKEYS_MAX} passkeys; remove one first")));
    }
    webauthn::begin_registration(desk, person, &present)
}

/// Stores the passkey of a finished registration.
pub(super) async fn register(act: &mut Act<'_>, person: PersonId, state: &str, credential: &str, name: &str) -> Result<()> {
    let name = checked_name(name, "Passkey")?;
    let (credential_id, kept) = webauthn::finish_registration(act.desk(), state, credential)?;
    let (id, now): (FactorId, _) = (act.desk().fresh(), act.now());
    store::insert_passkey(act.tx(), id, person, &name, credential_id, &kept, now).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Error::Conflict("this passkey is registered already".to_owned()),
        error => error,
    })?;
    act.record_as(Operation::FactorAdd, Object::new("factor", id)).detail("kind", "passkey").detail("step", "in force");
    Ok(())
}

/// What follows when a second factor was added in the caller's session: it counts as shown there, sessions without one end, and
/// the first brings recovery codes.
async fn added(act: &mut Act<'_>, person: PersonId) -> Result<Option<RecoveryCodes>> {
    sessions::raise(act, Shown::SecondFactor).await?;
    act.announce(Topic::Access);
    if store::methods(act.tx(), person).await?.recovery {
        return Ok(None);
    }
    let (keep, now) = (act.actor().session(), act.now());
    sessions::end_all(act.tx(), person, keep, now, "second factor set up").await?;
    Ok(Some(make_recovery_codes(act, person).await?))
}

/// Makes ten new recovery codes for a person; the old ones stop working.
pub(super) async fn make_recovery_codes(act: &mut Act<'_>, person: PersonId) -> Result<RecoveryCodes> {
    let now = act.now();
    store::delete_recovery_codes(act.tx(), person).await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = recovery::fresh(act.desk());
        let (id, digest) = (act.desk().fresh(), recovery::digest(act.desk(), person, code.reveal()));
        store::insert_recovery_code(act.tx(), id, person, digest, now).await?;
        codes.push(code);
    }
    act.record_as(Operation::FactorAdd, Object::new("person", person)).detail("recovery_codes", RECOVERY_CODES);
    Ok(RecoveryCodes(codes))
}

/// Makes ten new recovery codes; the old ones stop working.
///
/// # Errors
/// [`Error::Conflict`] when there is no second factor that they could stand in for.
pub async fn regenerate_recovery_codes(desk: &Desk, actor: &Actor) -> Result<RecoveryCodes> {
    let mut act = begin_adding(desk, actor).await?;
    let person = own(&mut act).await?;
    if !store::methods(act.tx(), person.id).await?.any() {
        return Err(Error::Conflict("set up a second factor first; recovery codes stand in for one".to_owned()));
    }
    let codes = make_recovery_codes(&mut act, person.id).await?;
    act.commit().await?;
    Ok(codes)
}

/// Removes an authenticator app or a passkey of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the workspace asks for a second factor and this is the last, or when nobody could sign in any more.
pub async fn remove_factor(desk: &Desk, actor: &Actor, id: FactorId) -> Result<()> {
    needs_shown_factor(desk, actor, Operation::FactorRemove).await?;
    let mut act = desk.act(actor, Operation::FactorRemove, Target::Workspace).await?;
    let (person, now) = (own(&mut act).await?, act.now());
    // Two removals at once must not each count on the other's factor.
    act.tx().lock(&format!("factors/{}", person.id)).await?;
    let gone = store::delete_totp(act.tx(), person.id, id).await? || store::delete_passkey(act.tx(), person.id, id).await?;
    if !gone {
        return Err(Error::NotFound("factor"));
    }
    let left = store::methods(act.tx(), person.id).await?;
    if !left.passkey && passwords::changed_at(act.tx(), person.id).await?.is_none() {
        return Err(Error::Conflict("this passkey is the only way to sign in; set a password first".to_owned()));
    }
    if !left.any() {
        let rule = workspace::current(act.tx()).await?.map(|workspace| workspace.second_factor);
        let rights = rights::effective(act.tx(), person.id, now).await?;
        if rule.is_none_or(|rule| rule.asks(&rights)) {
            return Err(Error::Conflict(
                "your rights ask for a second factor; set up another before you remove this one".to_owned(),
            ));
        }
        store::delete_recovery_codes(act.tx(), person.id).await?;
    }
    act.record(Object::new("factor", id)).detail("left", left.any());
    act.announce(Topic::Access);
    act.commit().await
}

/// Removes every second factor of a person who lost them all, at the command line; their sessions end. The password stays.
pub async fn clear_factors(desk: &Desk, actor: &Actor, person: PersonId) -> Result<()> {
    let mut act = desk.act(actor, Operation::FactorsClear, Target::Workspace).await?;
    people::by_id(act.tx(), person).await?.ok_or(Error::NotFound("person"))?;
    let now = act.now();
    let (apps, passkeys) = store::clear(act.tx(), person).await?;
    ceremonies::end_of(act.tx(), person).await?;
    let ended = sessions::end_all(act.tx(), person, None, now, "second factors cleared").await?;
    act.record(Object::new("person", person)).detail("apps", apps).detail("passkeys", passkeys).detail("sessions_ended", ended);
    act.announce(Topic::Access);
    act.commit().await
}

/// Begins an act that adds a factor, after [`needs_shown_factor`].
async fn begin_adding<'d>(desk: &'d Desk, actor: &'d Actor) -> Result<Act<'d>> {
    needs_shown_factor(desk, actor, Operation::FactorAdd).await?;
    desk.act(actor, Operation::FactorAdd, Target::Workspace).await
}

/// Who has a second factor changes factors only after showing it: a password alone must not become a way around it.
async fn needs_shown_factor(desk: &Desk, actor: &Actor, operation: Operation) -> Result<()> {
    if let Principal::Person { person, second_factor, .. } = actor.principal
        && second_factor != SecondFactor::Shown
        && store::methods(&mut desk.db().read().await?, person).await?.any()
    {
        return Err(Error::Refused(Refusal::StepUpNeeded(operation)));
    }
    Ok(())
}

async fn own(act: &mut Act<'_>) -> Result<Person> {
    let id = act.actor().person().ok_or(Error::NotFound("person"))?;
    people::by_id(act.tx(), id).await?.ok_or(Error::NotFound("person"))
}

fn seal_context(id: FactorId) -> String {
    format!("totp/{id}")
}

fn checked_name(name: &str, default: &str) -> Result<String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Ok(default.to_owned()),
        1..=NAME_MAX if !name.chars().any(char::is_control) => Ok(name.to_owned()),
        _ => Err(Invalid::field("name", format!("at most {NAME_MAX} characters, without line breaks"))),
    }
}

pub(super) async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    store::delete_unconfirmed(tx, now.plus_ms(-CEREMONY_MS), limit).await
}
