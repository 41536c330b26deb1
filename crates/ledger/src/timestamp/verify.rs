//! Deciding whether a token proves that a message existed at the stated time.
//!
//! Invariant: a [`VerifiedStamp`] exists only when all of this held: SHA-256 imprint of the message, the request's nonce and policy (when
//! known), digest and content type signed, the signing certificate named by the signed attributes, a valid signature, a certificate for
//! time stamping alone, and a chain to a configured root that was valid at the stated time.
//! It does not ask whether a certificate was revoked: revocation lists are outside of the bundle's promise and of offline checks.

use super::asn1::Elements;
use super::certificate::{CertificateFacts, TIME_STAMPING};
use super::request::{Request, SHA256_OID, imprint_of};
use super::response::{Answer, MalformedStamp, Rejection, integer_hex, parse_response};
use super::token::{TST_INFO, Token, parse_token};
use super::trust::Trust;
use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use der::Tag;
use der::asn1::ObjectIdentifier;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage};

const SHA384_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A DER `SET` starts with this byte; the signed attributes are hashed as one although they travel as `[0]` (RFC 5652 section 5.4).
const SET_TAG_BYTE: u8 = 0x31;

/// Why a time stamp was not accepted. Nothing that failed here may be stored as a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnverifiedStamp {
    /// The authority refused to stamp.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The bytes could not be read.
    #[error(transparent)]
    Malformed(#[from] MalformedStamp),
    /// The stamp covers other bytes.
    #[error("the stamp is over other bytes than these (imprint mismatch)")]
    Imprint,
    /// Not the answer to this request; perhaps an old one played again.
    #[error("the stamp does not answer this request (nonce mismatch); ask again")]
    Nonce,
    /// Stamped under another policy than the configured one.
    #[error("the stamp was made under policy {found}, not under the configured {configured}")]
    Policy {
        /// What the token says.
        found: String,
        /// What was asked for.
        configured: String,
    },
    /// No certificate for the signer.
    #[error("the signer's certificate is neither in the token nor configured; add it to the authority's certificates")]
    NoSignerCertificate,
    /// The signed attributes do not bind the content or the certificate.
    #[error("the signature does not cover {0}")]
    NotCovered(&'static str),
    /// An algorithm that is not accepted.
    #[error("the stamp uses {algorithm} for its {purpose}, which is not accepted; choose another authority")]
    Algorithm {
        /// Dotted object identifier.
        algorithm: String,
        /// Where it was used.
        purpose: &'static str,
    },
    /// The signature is wrong.
    #[error("the stamp's signature is not valid")]
    Signature,
    /// The certificate may not stamp.
    #[error("the signer's certificate is not one for time stamping alone (critical extended key usage)")]
    Purpose,
    /// No chain to a configured root.
    #[error("the signer's certificate does not lead to a configured root: {0}; check the authority's root certificate")]
    Chain(String),
}

/// What a verified stamp says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStamp {
    /// The stated time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// How far off it may be, in microseconds, when the authority says so.
    pub accuracy_us: Option<u64>,
    /// The authority's serial number for the stamp, hexadecimal.
    pub serial: String,
    /// The policy under which it was made, dotted.
    pub policy: String,
    /// The chain in DER, from the signer's certificate to the root: what an export puts beside the token.
    pub chain: Vec<Vec<u8>>,
}

/// Checks a `TimeStampResp` against the request that it answers.
pub fn verify_answer(response: &[u8], request: &Request, trust: &Trust) -> Result<VerifiedStamp, UnverifiedStamp> {
    let token = granted(response)?;
    if token.info.nonce != Some(request.nonce()) {
        return Err(UnverifiedStamp::Nonce);
    }
    if let Some(configured) = request.policy()
        && configured != token.info.policy
    {
        return Err(UnverifiedStamp::Policy { found: token.info.policy.to_string(), configured: configured.to_string() });
    }
    verify_token(&token, request.imprint(), trust)
}

/// Checks a stored `TimeStampResp` against the message that it should cover.
pub fn verify_response(response: &[u8], message: &[u8], trust: &Trust) -> Result<VerifiedStamp, UnverifiedStamp> {
    verify_token(&granted(response)?, &imprint_of(message), trust)
}

/// The time that a stored response states, without judging it: it was verified before it was stored.
pub fn stated_time_us(response: &[u8]) -> Result<i64, UnverifiedStamp> {
    Ok(granted(response)?.info.time_us)
}

fn granted(response: &[u8]) -> Result<Token<'_>, UnverifiedStamp> {
    match parse_response(response)? {
        Answer::Granted(token) => Ok(parse_token(token)?),
        Answer::Rejected(rejection) => Err(rejection.into()),
    }
}

fn verify_token(token: &Token<'_>, imprint: &[u8; 32], trust: &Trust) -> Result<VerifiedStamp, UnverifiedStamp> {
    if token.info.imprint_algorithm != SHA256_OID || token.info.imprint != imprint {
        return Err(UnverifiedStamp::Imprint);
    }
    let (certificate, facts) = signer_certificate(token, trust)?;
    check_attributes(token, certificate)?;
    let certificate_der = CertificateDer::from(certificate);
    let signer = EndEntityCert::try_from(&certificate_der).map_err(|error| UnverifiedStamp::Chain(error.to_string()))?;
    check_signature(token, &signer)?;
    if !facts.only_time_stamping {
        return Err(UnverifiedStamp::Purpose);
    }
    let chain = chain(token, &signer, certificate, trust)?;
    Ok(VerifiedStamp {
        time_us: token.info.time_us,
        accuracy_us: token.info.accuracy_us,
        serial: integer_hex(token.info.serial),
        policy: token.info.policy.to_string(),
        chain,
    })
}

fn signer_certificate<'a>(token: &Token<'a>, trust: &'a Trust) -> Result<(&'a [u8], CertificateFacts<'a>), UnverifiedStamp> {
    for certificate in token.certificates.iter().copied().chain(trust.intermediates()) {
        let facts = CertificateFacts::read(certificate)?;
        if facts.is_named_by(token.signer.identifier) {
            return Ok((certificate, facts));
        }
    }
    Err(UnverifiedStamp::NoSignerCertificate)
}

/// The three attributes that tie content, type and certificate to the signature (RFC 5652 section 11, RFC 5816 section 2.2.1).
fn check_attributes(token: &Token<'_>, certificate: &[u8]) -> Result<(), UnverifiedStamp> {
    let broken = MalformedStamp::der("signed attribute");
    let content_type = single(token, CONTENT_TYPE, "the content's type")?.oid().map_err(&broken)?;
    if content_type != TST_INFO {
        return Err(UnverifiedStamp::NotCovered("the content's type"));
    }
    let digest = single(token, MESSAGE_DIGEST, "the statement")?.expect(Tag::OctetString).map_err(&broken)?.value;
    if digest != hash(token.signer.digest_algorithm, token.info_der)?.as_ref() {
        return Err(UnverifiedStamp::NotCovered("the statement"));
    }
    if !names_certificate(token, certificate)? {
        return Err(UnverifiedStamp::NotCovered("the signer's certificate"));
    }
    Ok(())
}

fn attribute<'a>(token: &Token<'a>, kind: ObjectIdentifier) -> Option<&'a [u8]> {
    token.signer.signed_attributes.iter().find(|(other, _)| *other == kind).map(|(_, values)| *values)
}

/// The values of an attribute that must be there exactly once.
fn single<'a>(token: &Token<'a>, kind: ObjectIdentifier, what: &'static str) -> Result<Elements<'a>, UnverifiedStamp> {
    let values = attribute(token, kind).ok_or(UnverifiedStamp::NotCovered(what))?;
    let broken = MalformedStamp::der("signed attribute");
    let elements = Elements::of(values).map_err(&broken)?;
    let mut probe = elements.clone();
    probe.next().map_err(&broken)?;
    probe.finish().map_err(&broken)?;
    Ok(elements)
}

/// Whether the signing-certificate attribute (version 2, or the older one with SHA-1) names this certificate first.
fn names_certificate(token: &Token<'_>, certificate: &[u8]) -> Result<bool, UnverifiedStamp> {
    const WHAT: &str = "the signer's certificate";
    let broken = MalformedStamp::der("signing certificate attribute");
    let is_v2 = attribute(token, SIGNING_CERTIFICATE_V2).is_some();
    let kind = if is_v2 { SIGNING_CERTIFICATE_V2 } else { SIGNING_CERTIFICATE };
    let mut identifier = single(token, kind, WHAT)?
        .sequence()
        .and_then(|mut attribute| attribute.sequence())
        .and_then(|mut identifiers| identifiers.sequence())
        .map_err(&broken)?;
    let expected = if is_v2 {
        let mut peek = identifier.clone();
        let algorithm = match peek.algorithm() {
            Ok((algorithm, _)) => {
                identifier = peek;
                algorithm
            }
            Err(_) => SHA256_OID, // the default when the field is absent
        };
        hash(algorithm, certificate)?
    } else {
        digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate)
    };
    let named = identifier.expect(Tag::OctetString).map_err(&broken)?.value;
    Ok(named == expected.as_ref())
}

fn hash(algorithm: ObjectIdentifier, bytes: &[u8]) -> Result<digest::Digest, UnverifiedStamp> {
    let algorithm = match algorithm {
        SHA256_OID => &SHA256,
        SHA384_OID => &SHA384,
        SHA512_OID => &SHA512,
        other => {
            return Err(UnverifiedStamp::Algorithm { algorithm: other.to_string(), purpose: "digest" });
        }
    };
    Ok(digest::digest(algorithm, bytes))
}

fn check_signature(token: &Token<'_>, signer: &EndEntityCert<'_>) -> Result<(), UnverifiedStamp> {
    let mut covered = token.signer.signed_attributes_raw.to_vec();
    covered[0] = SET_TAG_BYTE;
    let candidates = signature_algorithms(token);
    if candidates.is_empty() {
        return Err(UnverifiedStamp::Algorithm { algorithm: token.signer.signature_algorithm.to_string(), purpose: "signature" });
    }
    // At most one candidate fits the key's type and curve; the others answer "not for this key".
    let is_valid =
        candidates.into_iter().any(|algorithm| signer.verify_signature(algorithm, &covered, token.signer.signature).is_ok());
    if is_valid { Ok(()) } else { Err(UnverifiedStamp::Signature) }
}

/// The accepted algorithms that the signer's `signatureAlgorithm` may mean. CMS allows plain `rsaEncryption` beside a digest algorithm.
fn signature_algorithms(token: &Token<'_>) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let signer = &token.signer;
    if signer.signature_algorithm == RSA_ENCRYPTION {
        return match signer.digest_algorithm {
            SHA256_OID => vec![webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256],
            SHA384_OID => vec![webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA384],
            SHA512_OID => vec![webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA512],
            _ => Vec::new(),
        };
    }
    let encoded = super::asn1::encode(Tag::ObjectIdentifier, signer.signature_algorithm.as_bytes());
    webpki::ALL_VERIFICATION_ALGS
        .iter()
        .copied()
        .filter(|algorithm| is_named(algorithm.signature_alg_id().as_ref(), &encoded, signer.signature_parameters))
        .collect()
}

/// Whether `known` (content of an `AlgorithmIdentifier`) is this object identifier with these parameters; an absent and a NULL parameter are
/// the same where `known` has either.
fn is_named(known: &[u8], oid: &[u8], parameters: Option<&[u8]>) -> bool {
    const NULL: &[u8] = &[5, 0];
    let Some(known_parameters) = known.strip_prefix(oid) else {
        return false;
    };
    let is_empty = |bytes: &[u8]| bytes.is_empty() || bytes == NULL;
    let parameters = parameters.unwrap_or(&[]);
    known_parameters == parameters || (is_empty(known_parameters) && is_empty(parameters))
}

fn chain(
    token: &Token<'_>,
    signer: &EndEntityCert<'_>,
    signer_der: &[u8],
    trust: &Trust,
) -> Result<Vec<Vec<u8>>, UnverifiedStamp> {
    let intermediates: Vec<CertificateDer<'_>> = token
        .certificates
        .iter()
        .copied()
        .chain(trust.intermediates())
        .filter(|certificate| *certificate != signer_der)
        .map(CertificateDer::from)
        .collect();
    let failed = |error: webpki::Error| UnverifiedStamp::Chain(error.to_string());
    let anchors = trust.anchors().map_err(failed)?;
    let time = u64::try_from(token.info.time_us).map_err(|_| UnverifiedStamp::Chain("the stated time is before 1970".into()))?;
    let path = signer
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(Duration::from_micros(time)),
            KeyUsage::required_if_present(TIME_STAMPING.as_bytes()),
            None,
            None,
        )
        .map_err(failed)?;
    let mut chain = vec![signer_der.to_vec()];
    chain.extend(path.intermediate_certificates().map(|certificate| certificate.der().to_vec()));
    chain.extend(trust.root_of(path.anchor()).map(<[u8]>::to_vec));
    Ok(chain)
}
