//! Codes that open something: cookies, links, half-finished sign-ins, API tokens. Random, shown once, kept only as a hash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::desk::Desk;

/// Random bytes in a code: 256 bits, beyond guessing, so that a plain hash without salt is enough.
const CODE_LEN: usize = 32;
/// Characters of a presented code that are looked at: well above the longest one made here.
const CODE_CHARS_MAX: usize = 128;

/// A secret that is shown once. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// The secret in clear, for the one place that hands it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

impl From<Zeroizing<String>> for Code {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

/// The SHA-256 of a code, as it is stored.
pub(crate) fn hash(code: &str) -> [u8; 32] {
    // Nothing that long was ever made here; the cut only bounds the work for a made-up one.
    let end = code.char_indices().nth(CODE_CHARS_MAX).map_or(code.len(), |(at, _)| at);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &code.as_bytes()[..end]);
    digest.as_ref().try_into().expect("SHA-256 is 32 bytes long")
}

/// A fresh code that nobody can guess.
pub(crate) fn fresh(desk: &Desk) -> Code {
    let mut random = Zeroizing::new([0; CODE_LEN]);
    desk.ids().random(random.as_mut());
    Code(Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref())))
}
