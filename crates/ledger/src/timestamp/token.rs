//! The token itself: a CMS `SignedData` (RFC 5652) around a `TSTInfo` (RFC 3161).
//!
//! Invariant: a [`Token`] borrows the bytes it was read from, so what is verified is what was received, not a re-encoding. Exactly one
//! signer, one content, no critical `TSTInfo` extension (none is understood here, so none may be waved through).
//! It does not decide whether the signature or the chain holds; `verify.rs` does.

use super::asn1::{Elements, context, context_primitive};
use super::response::{MalformedStamp, accuracy_us};
use super::time::generalized_time_us;
use der::Tag;
use der::asn1::ObjectIdentifier;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `id-ct-TSTInfo`
pub(super) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Certificates read from one token; real chains have two to four.
const CERTIFICATES_MAX: usize = 16;
/// Signed attributes read; real tokens have four to six.
const ATTRIBUTES_MAX: usize = 32;

/// A token, taken apart.
#[derive(Debug, Clone)]
pub struct Token<'a> {
    /// What the authority states.
    pub info: TimestampInfo<'a>,
    /// The encoded `TSTInfo`: what the message digest covers.
    pub(super) info_der: &'a [u8],
    /// The certificates that came along, in DER, in the order of the token.
    pub certificates: Vec<&'a [u8]>,
    pub(super) signer: SignerInfo<'a>,
}

/// `TSTInfo`: the statement "this digest existed at this time".
#[derive(Debug, Clone)]
pub struct TimestampInfo<'a> {
    /// The policy under which the stamp was made.
    pub policy: ObjectIdentifier,
    /// Algorithm of the imprint.
    pub imprint_algorithm: ObjectIdentifier,
    /// The stamped digest.
    pub imprint: &'a [u8],
    /// Serial number, content of the DER integer.
    pub serial: &'a [u8],
    /// The stated time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// How far off that time may be, in microseconds, when the authority says so.
    pub accuracy_us: Option<u64>,
    /// The request's nonce, content of the DER integer.
    pub nonce: Option<&'a [u8]>,
}

#[derive(Debug, Clone)]
pub(super) struct SignerInfo<'a> {
    pub(super) identifier: SignerIdentifier<'a>,
    pub(super) digest_algorithm: ObjectIdentifier,
    /// All bytes of the `[0] IMPLICIT` signed attributes.
    pub(super) signed_attributes_raw: &'a [u8],
    /// Type and the content of the set of values, in order.
    pub(super) signed_attributes: Vec<(ObjectIdentifier, &'a [u8])>,
    pub(super) signature_algorithm: ObjectIdentifier,
    pub(super) signature_parameters: Option<&'a [u8]>,
    pub(super) signature: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
pub(super) enum SignerIdentifier<'a> {
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    SubjectKey(&'a [u8]),
}

/// Takes a token (`ContentInfo` in DER) apart.
pub fn parse_token(bytes: &[u8]) -> Result<Token<'_>, MalformedStamp> {
    let broken = MalformedStamp::der("signed data");
    let mut content_info = Elements::of_sequence(bytes).map_err(&broken)?;
    if content_info.oid().map_err(&broken)? != SIGNED_DATA {
        return Err(MalformedStamp::Content("the token is not CMS signed data"));
    }
    let wrapper = content_info.expect(context(0)).map_err(&broken)?;
    content_info.finish().map_err(&broken)?;
    let mut signed_data = Elements::of_sequence(wrapper.value).map_err(&broken)?;
    if signed_data.unsigned().map_err(&broken)? > 5 {
        return Err(MalformedStamp::Content("the signed data has an unknown version"));
    }
    signed_data.expect(Tag::Set).map_err(&broken)?; // digest algorithms: repeated in the signer
    let info_der = encapsulated(&mut signed_data)?;
    let certificates = match signed_data.optional(context(0)).map_err(&broken)? {
        Some(set) => certificates(set.value).map_err(&broken)?,
        None => Vec::new(),
    };
    if certificates.len() > CERTIFICATES_MAX {
        return Err(MalformedStamp::Content("the token carries more certificates than any chain has"));
    }
    signed_data.optional(context(1)).map_err(&broken)?; // revocation lists are not used
    let mut signers = Elements::of(signed_data.expect(Tag::Set).map_err(&broken)?.value).map_err(&broken)?;
    signed_data.finish().map_err(&broken)?;
    let signer = signer(signers.sequence().map_err(&broken)?)?;
    if !signers.is_finished() {
        return Err(MalformedStamp::Content("the token has more than one signer"));
    }
    Ok(Token { info: timestamp_info(info_der)?, info_der, certificates, signer })
}

fn encapsulated<'a>(signed_data: &mut Elements<'a>) -> Result<&'a [u8], MalformedStamp> {
    let broken = MalformedStamp::der("encapsulated time stamp");
    let mut encapsulated = signed_data.sequence().map_err(&broken)?;
    if encapsulated.oid().map_err(&broken)? != TST_INFO {
        return Err(MalformedStamp::Content("the signed content is not a time stamp"));
    }
    let wrapper = encapsulated.expect(context(0)).map_err(&broken)?;
    encapsulated.finish().map_err(&broken)?;
    let mut content = Elements::of(wrapper.value).map_err(&broken)?;
    let octets = content.expect(Tag::OctetString).map_err(&broken)?;
    content.finish().map_err(&broken)?;
    Ok(octets.value)
}

/// Plain X.509 certificates; the other choices of `CertificateSet` are of no use here and are left out.
fn certificates(content: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut set = Elements::of(content)?;
    let mut certificates = Vec::new();
    while !set.is_finished() && certificates.len() <= CERTIFICATES_MAX {
        let element = set.next()?;
        if element.tag == Tag::Sequence {
            certificates.push(element.raw);
        }
    }
    Ok(certificates)
}

fn signer(mut fields: Elements<'_>) -> Result<SignerInfo<'_>, MalformedStamp> {
    let broken = MalformedStamp::der("signer");
    fields.unsigned().map_err(&broken)?; // version follows from the identifier's form
    let subject_key = fields.optional(context_primitive(0)).map_err(&broken)?;
    let identifier = if let Some(key) = subject_key {
        SignerIdentifier::SubjectKey(key.value)
    } else {
        let mut pair = fields.sequence().map_err(&broken)?;
        let issuer = pair.expect(Tag::Sequence).map_err(&broken)?.raw;
        let serial = pair.expect(Tag::Integer).map_err(&broken)?.value;
        pair.finish().map_err(&broken)?;
        SignerIdentifier::IssuerAndSerial { issuer, serial }
    };
    let (digest_algorithm, _) = fields.algorithm().map_err(&broken)?;
    let attributes =
        fields.optional(context(0)).map_err(&broken)?.ok_or(MalformedStamp::Content("the signer has no signed attributes"))?;
    let (signature_algorithm, signature_parameters) = fields.algorithm().map_err(&broken)?;
    let signature = fields.expect(Tag::OctetString).map_err(&broken)?.value;
    fields.optional(context(1)).map_err(&broken)?; // unsigned attributes prove nothing
    fields.finish().map_err(&broken)?;
    Ok(SignerInfo {
        identifier,
        digest_algorithm,
        signed_attributes_raw: attributes.raw,
        signed_attributes: signed_attributes(attributes.value)?,
        signature_algorithm,
        signature_parameters,
        signature,
    })
}

fn signed_attributes(content: &[u8]) -> Result<Vec<(ObjectIdentifier, &[u8])>, MalformedStamp> {
    let broken = MalformedStamp::der("signed attributes");
    let mut set = Elements::of(content).map_err(&broken)?;
    let mut attributes: Vec<(ObjectIdentifier, &[u8])> = Vec::new();
    while !set.is_finished() {
        let mut attribute = set.sequence().map_err(&broken)?;
        let kind = attribute.oid().map_err(&broken)?;
        let values = attribute.expect(Tag::Set).map_err(&broken)?.value;
        attribute.finish().map_err(&broken)?;
        if attributes.iter().any(|(other, _)| *other == kind) {
            return Err(MalformedStamp::Content("a signed attribute appears twice"));
        }
        attributes.push((kind, values));
        if attributes.len() > ATTRIBUTES_MAX {
            return Err(MalformedStamp::Content("there are more signed attributes than are read"));
        }
    }
    Ok(attributes)
}

fn timestamp_info(bytes: &[u8]) -> Result<TimestampInfo<'_>, MalformedStamp> {
    let broken = MalformedStamp::der("time stamp statement");
    let mut fields = Elements::of_sequence(bytes).map_err(&broken)?;
    if fields.unsigned().map_err(&broken)? != 1 {
        return Err(MalformedStamp::Content("the time stamp statement is not version 1"));
    }
    let policy = fields.oid().map_err(&broken)?;
    let mut message_imprint = fields.sequence().map_err(&broken)?;
    let (imprint_algorithm, _) = message_imprint.algorithm().map_err(&broken)?;
    let imprint = message_imprint.expect(Tag::OctetString).map_err(&broken)?.value;
    message_imprint.finish().map_err(&broken)?;
    let serial = fields.expect(Tag::Integer).map_err(&broken)?.value;
    let time = fields.expect(Tag::GeneralizedTime).map_err(&broken)?.value;
    let time_us = generalized_time_us(time).ok_or(MalformedStamp::Content("the stated time is not a UTC calendar time"))?;
    let accuracy_us = match fields.optional(Tag::Sequence).map_err(&broken)? {
        Some(accuracy) => Some(accuracy_us(accuracy.value).map_err(&broken)?),
        None => None,
    };
    fields.optional(Tag::Boolean).map_err(&broken)?; // ordering: no use is made of it
    let nonce = fields.optional(Tag::Integer).map_err(&broken)?.map(|field| field.value);
    fields.optional(context(0)).map_err(&broken)?; // tsa: a hint; the certificate counts
    if let Some(extensions) = fields.optional(context(1)).map_err(&broken)? {
        refuse_critical(extensions.value)?;
    }
    fields.finish().map_err(&broken)?;
    Ok(TimestampInfo { policy, imprint_algorithm, imprint, serial, time_us, accuracy_us, nonce })
}

fn refuse_critical(content: &[u8]) -> Result<(), MalformedStamp> {
    let broken = MalformedStamp::der("time stamp extensions");
    let mut extensions = Elements::of(content).map_err(&broken)?;
    while !extensions.is_finished() {
        let mut extension = extensions.sequence().map_err(&broken)?;
        extension.oid().map_err(&broken)?;
        if let Some(critical) = extension.optional(Tag::Boolean).map_err(&broken)?
            && critical.value != [0]
        {
            return Err(MalformedStamp::Content("the time stamp has a critical extension that is not understood"));
        }
        extension.expect(Tag::OctetString).map_err(&broken)?;
        extension.finish().map_err(&broken)?;
    }
    Ok(())
}
