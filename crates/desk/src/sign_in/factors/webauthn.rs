//! Passkeys (WebAuthn level 3) through webauthn-rs: this file is the only one that speaks to it.
//!
//! Invariants: user verification is always required, so a passkey is two factors in one; the relying party is the desk's public
//! address and no other; a signature counter that does not grow is refused.

use serde_json::{Value as Json, json};
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use crate::{
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::PersonId,
    people::Person,
};

/// Bytes of an answer from a browser: attestation with certificates stays well below.
const ANSWER_MAX: usize = 64 * 1024;

fn party(desk: &Desk) -> Result<Webauthn> {
    let unusable = || {
        Error::Conflict(format!(
            "passkeys need the desk to be reached by a name over https (or by localhost); its public address is {}",
            desk.public_url()
        ))
    };
    let origin = Url::parse(desk.public_url()).map_err(|_| unusable())?;
    let name = origin.domain().ok_or_else(unusable)?.to_owned();
    WebauthnBuilder::new(&name, &origin).and_then(|builder| builder.rp_name("Gatepost").build()).map_err(|_| unusable())
}

/// Whether the desk's public address lets browsers use passkeys.
pub fn passkeys_work(desk: &Desk) -> bool {
    party(desk).is_ok()
}

/// What a browser's answer is refused with. The library's reason goes to the log of the process, not to the browser.
fn refused(error: &webauthn_rs::prelude::WebauthnError) -> Error {
    tracing::debug!(reason = %error, "a passkey was refused");
    Invalid::field("passkey", "this passkey was not accepted; try again or use another way")
}

fn answer<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    let broken = || Invalid::field("passkey", "the browser's answer cannot be read; try again");
    if text.len() > ANSWER_MAX { Err(broken()) } else { serde_json::from_str(text).map_err(|_| broken()) }
}

fn stored<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Internal("a stored passkey cannot be read; run `gatepost check`".to_owned()))
}

fn kept(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(format!("a passkey cannot be stored: {error}")))
}

/// Begins a registration: the options for the browser and the state to keep.
pub(super) fn begin_registration(desk: &Desk, person: &Person, present: &[String]) -> Result<(Json, String)> {
    let exclude = credentials(present)?.iter().map(|passkey| passkey.cred_id().clone()).collect::<Vec<CredentialID>>();
    let (options, state) = party(desk)?
        .start_passkey_registration(person.id.0, &person.email, &person.name, Some(exclude))
        .map_err(|error| refused(&error))?;
    let mut options = json!(options);
    // Discoverable where the authenticator can, because that is what signs in without an address; the answer is checked either way.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("preferred");
    Ok((options, kept(&state)?))
}

/// Ends a registration: the credential's id and the credential to keep.
pub(super) fn finish_registration(desk: &Desk, state: &str, credential: &str) -> Result<(Vec<u8>, String)> {
    let state: PasskeyRegistration = stored(state)?;
    let credential: RegisterPublicKeyCredential = answer(credential)?;
    let passkey = party(desk)?.finish_passkey_registration(&credential, &state).map_err(|error| refused(&error))?;
    Ok((passkey.cred_id().clone(), kept(&passkey)?))
}

/// Begins the proof that somebody has one of these passkeys.
pub(super) fn begin_proof(desk: &Desk, present: &[String]) -> Result<(Json, String)> {
    let (options, state) = party(desk)?.start_passkey_authentication(&credentials(present)?).map_err(|error| refused(&error))?;
    Ok((json!(options), kept(&state)?))
}

/// Begins a sign-in by whatever passkey the browser has for this desk.
pub(super) fn begin_sign_in(desk: &Desk) -> Result<(Json, String)> {
    let (options, state) = party(desk)?.start_discoverable_authentication().map_err(|error| refused(&error))?;
    let mut options = json!(options);
    // Whether the browser offers it in the form or asks at once is the page's decision.
    if let Some(fields) = options.as_object_mut() {
        fields.remove("mediation");
    }
    Ok((options, kept(&state)?))
}

/// The id of the credential in an answer, and whose it claims to be.
pub(super) fn claimed(desk: &Desk, credential: &str) -> Result<(Vec<u8>, Option<PersonId>)> {
    let credential: PublicKeyCredential = answer(credential)?;
    let person = party(desk)?.identify_discoverable_authentication(&credential).ok().map(|(person, _)| PersonId(person));
    Ok((credential.get_credential_id().to_vec(), person))
}

/// Ends a proof: what is to be kept of the credential from now on, with its new counter.
pub(super) fn finish_proof(desk: &Desk, state: &str, credential: &str, kept: &str) -> Result<String> {
    let state: PasskeyAuthentication = stored(state)?;
    let credential: PublicKeyCredential = answer(credential)?;
    let result = party(desk)?.finish_passkey_authentication(&credential, &state).map_err(|error| refused(&error))?;
    updated(stored(kept)?, &result)
}

/// Ends a sign-in with the credential that was claimed.
pub(super) fn finish_sign_in(desk: &Desk, state: &str, credential: &str, kept: &str) -> Result<String> {
    let state: DiscoverableAuthentication = stored(state)?;
    let credential: PublicKeyCredential = answer(credential)?;
    let passkey: Passkey = stored(kept)?;
    let key = DiscoverableKey::from(&passkey);
    let result = party(desk)?.finish_discoverable_authentication_v2(&credential, state, &key).map_err(|error| refused(&error))?;
    updated(passkey, &result)
}

fn updated(mut passkey: Passkey, result: &AuthenticationResult) -> Result<String> {
    // The library requires it already; the desk relies on it, so it looks itself.
    if !result.user_verified() || passkey.update_credential(result).is_none() {
        return Err(Invalid::field("passkey", "this passkey was not accepted; try again or use another way"));
    }
    kept(&passkey)
}

fn credentials(present: &[String]) -> Result<Vec<Passkey>> {
    present.iter().map(|text| stored(text)).collect()
}
