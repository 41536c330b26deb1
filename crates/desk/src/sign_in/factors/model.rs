//! Types of factors.

use serde::Serialize;

use crate::{
    ids::{FactorId, Time},
    sign_in::code::Code,
};

/// An authenticator app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TotpFactor {
    /// The factor.
    pub id: FactorId,
    /// What its owner calls it.
    pub name: String,
    /// When it was set up.
    pub created_at: Time,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasskeyRow {
    /// The passkey.
    pub id: FactorId,
    /// What its owner calls it.
    pub name: String,
    /// When it was registered.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}

/// Everything a person can prove themselves with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factors {
    /// Since when the present password is in use; nothing when there is none.
    pub password_changed_at: Option<Time>,
    /// Authenticator apps.
    pub totp: Vec<TotpFactor>,
    /// Passkeys.
    pub passkeys: Vec<PasskeyRow>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: i64,
}

/// Which second factors a person can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Methods {
    /// A code of an authenticator app.
    pub totp: bool,
    /// A passkey.
    pub passkey: bool,
    /// A recovery code.
    pub recovery: bool,
}

impl Methods {
    /// Whether there is a second factor. Recovery codes stand in for one, they are none.
    pub fn any(self) -> bool {
        self.totp || self.passkey
    }
}

/// An authenticator app being set up: shown once.
#[derive(Debug, Clone)]
pub struct TotpSetup {
    /// The factor, not in force before a code of it was shown.
    pub id: FactorId,
    /// The secret in base32, for typing.
    pub secret: Code,
    /// The `otpauth:` address, for a QR code.
    pub url: Code,
}

/// A passkey ceremony: what the browser gets.
#[derive(Debug, Clone)]
pub struct PasskeyChallenge {
    /// The code of the ceremony, to come back with the answer.
    pub ceremony: Code,
    /// The options for `navigator.credentials`, with binary values in base64url.
    pub options: serde_json::Value,
}

/// Fresh recovery codes: shown once.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(pub Vec<Code>);
