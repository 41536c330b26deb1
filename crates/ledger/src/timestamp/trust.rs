//! The certificates that an operator configured for an authority.
//!
//! Invariant: roots are readable as trust anchors when a [`Trust`] exists, and there is at least one: an authority that nobody can check
//! is refused at configuration time, not when the first stamp arrives. It reads no files; PEM text comes in from outside.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};

/// Certificates read from one PEM text; a bundle of all public roots has about 150.
const PEM_CERTIFICATES_MAX: usize = 500;

/// Roots and, where the token does not carry them, certificates in between.
#[derive(Debug, Clone)]
pub struct Trust {
    roots: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

/// The configured certificates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableTrust {
    /// The text is not PEM.
    #[error("the {what} certificates are not readable PEM: {detail}")]
    Pem {
        /// Root or intermediate.
        what: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// No root at all.
    #[error("there is no root certificate; configure the authority's root in PEM form")]
    NoRoot,
    /// More than any honest bundle.
    #[error("there are more than {PEM_CERTIFICATES_MAX} certificates; configure only the authority's own")]
    TooMany,
    /// Not usable as a root.
    #[error("a root certificate cannot be used: {0}")]
    Root(String),
}

impl Trust {
    /// Reads the authority's root certificates, and its other certificates when it does not send them along.
    pub fn from_pem(roots: &str, intermediates: &str) -> Result<Self, UnusableTrust> {
        let trust = Self { roots: certificates("root", roots)?, intermediates: certificates("intermediate", intermediates)? };
        if trust.roots.is_empty() {
            return Err(UnusableTrust::NoRoot);
        }
        trust.anchors().map_err(|error| UnusableTrust::Root(error.to_string()))?;
        Ok(trust)
    }

    pub(super) fn intermediates(&self) -> impl Iterator<Item = &[u8]> {
        self.intermediates.iter().map(AsRef::as_ref)
    }

    pub(super) fn anchors(&self) -> Result<Vec<TrustAnchor<'_>>, webpki::Error> {
        self.roots.iter().map(webpki::anchor_from_trusted_cert).collect()
    }

    /// The configured root certificate that this anchor was made from.
    pub(super) fn root_of(&self, anchor: &TrustAnchor<'_>) -> Option<&[u8]> {
        self.roots
            .iter()
            .find(|root| webpki::anchor_from_trusted_cert(root).is_ok_and(|known| known == *anchor))
            .map(AsRef::as_ref)
    }
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, UnusableTrust> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
        .take(PEM_CERTIFICATES_MAX + 1)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| UnusableTrust::Pem { what, detail: error.to_string() })?;
    if certificates.len() > PEM_CERTIFICATES_MAX {
        return Err(UnusableTrust::TooMany);
    }
    Ok(certificates)
}
