//! Showing a second factor: the one place that accepts or refuses a code or a passkey, for signing in and for stepping up.

use super::{recovery, seal_context, store, totp, webauthn};
use crate::{
    act::Act,
    db::{Connection, Tx},
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::{FactorId, PersonId, Time},
    sign_in::ceremonies,
};

/// What somebody shows.
#[derive(Debug, Clone, Copy)]
pub(in crate::sign_in) enum Proof<'p> {
    /// A code of an authenticator app.
    Totp(&'p str),
    /// A recovery code.
    Recovery(&'p str),
    /// A browser's answer to a passkey challenge, with the state of the challenge.
    Passkey { state: &'p str, credential: &'p str },
}

impl Proof<'_> {
    /// The name in the audit log.
    pub(in crate::sign_in) fn id(self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
            Self::Recovery(_) => "recovery_code",
            Self::Passkey { .. } => "passkey",
        }
    }
}

/// Checks a proof within an act and uses it up.
///
/// # Errors
/// [`Error::Invalid`] when it proves nothing; the caller then notes the failure and drops the act.
pub(in crate::sign_in) async fn show(act: &mut Act<'_>, person: PersonId, proof: Proof<'_>) -> Result<()> {
    let now = act.now();
    match proof {
        Proof::Totp(typed) => {
            let desk = act.desk().clone();
            let accepted = accept_totp(&desk, act.tx(), person, typed, now).await?;
            accepted
                .ok_or_else(|| Invalid::field("code", "this code is wrong, too old, or was used already; wait for the next one"))
        }
        Proof::Recovery(typed) => {
            let digest = recovery::digest(act.desk(), person, typed);
            if store::use_recovery_code(act.tx(), person, digest, now).await? {
                Ok(())
            } else {
                Err(Invalid::field("code", "this recovery code is wrong or was used already"))
            }
        }
        Proof::Passkey { state, credential } => {
            let desk = act.desk().clone();
            let (credential_id, _) = webauthn::claimed(&desk, credential)?;
            let (id, owner, kept) = store::passkey(act.tx(), credential_id).await?.ok_or_else(unknown_passkey)?;
            if owner != person {
                return Err(unknown_passkey());
            }
            let kept = webauthn::finish_proof(&desk, state, credential, &kept)?;
            store::used_passkey(act.tx(), id, &kept, now).await
        }
    }
}

fn unknown_passkey() -> Error {
    Invalid::field("passkey", "this passkey was not accepted; try again or use another way")
}

async fn accept_totp(desk: &Desk, tx: &mut Tx, person: PersonId, typed: &str, now: Time) -> Result<Option<()>> {
    for (id, sealed) in store::totp_secrets(tx, person).await? {
        let secret = desk.sealer().open(&seal_context(id), &sealed)?;
        if let Some(step) = totp::step_of(&secret, typed, now)
            && store::accept_step(tx, id, step).await?
        {
            return Ok(Some(()));
        }
    }
    Ok(None)
}

/// A challenge for the passkeys of a person: the options and the state to keep.
pub(in crate::sign_in) async fn challenge(
    desk: &Desk,
    on: &mut dyn Connection,
    person: PersonId,
) -> Result<(serde_json::Value, String)> {
    let present = store::credentials(on, person).await?;
    if present.is_empty() {
        return Err(Error::Conflict("there is no passkey on this account; use another way".to_owned()));
    }
    webauthn::begin_proof(desk, &present)
}

/// A challenge for any passkey of this desk: the options and the state to keep.
pub(in crate::sign_in) fn begin_sign_in(desk: &Desk) -> Result<(serde_json::Value, String)> {
    webauthn::begin_sign_in(desk)
}

/// A passkey that somebody signs in with, before its signature was checked.
pub(in crate::sign_in) struct Claim {
    pub(in crate::sign_in) person: PersonId,
    id: FactorId,
    kept: String,
}

/// Whose passkey an answer claims to be: the credential and the user handle have to agree.
pub(in crate::sign_in) async fn claim(desk: &Desk, on: &mut dyn Connection, credential: &str) -> Result<Claim> {
    let (credential_id, claimed) = webauthn::claimed(desk, credential)?;
    let (id, owner, kept) = store::passkey(on, credential_id).await?.ok_or_else(unknown_passkey)?;
    if claimed == Some(owner) { Ok(Claim { person: owner, id, kept }) } else { Err(unknown_passkey()) }
}

/// Checks the signature of a claim within an act, and uses the ceremony up.
pub(in crate::sign_in) async fn accept(
    act: &mut Act<'_>,
    claim: &Claim,
    ceremony: &ceremonies::Ceremony,
    credential: &str,
) -> Result<()> {
    let now = act.now();
    let kept = webauthn::finish_sign_in(act.desk(), &ceremony.state, credential, &claim.kept)?;
    ceremonies::finish(act.tx(), ceremony).await?;
    store::used_passkey(act.tx(), claim.id, &kept, now).await
}
