//! The four facts about a certificate that a time stamp check needs beyond its chain: who issued it, its serial number, its subject key
//! identifier, and that it is made for time stamping and nothing else (RFC 3161 section 2.3).
//!
//! It does not validate certificates: signatures, validity and constraints are rustls-webpki's work.

use super::asn1::{Elements, context};
use super::response::MalformedStamp;
use super::token::SignerIdentifier;
use der::Tag;
use der::asn1::ObjectIdentifier;

const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// `id-kp-timeStamping`
pub(super) const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// What a token's signer is matched and judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertificateFacts<'a> {
    pub(super) issuer: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) subject_key: Option<&'a [u8]>,
    /// The extension is there, critical, and lists time stamping alone.
    pub(super) only_time_stamping: bool,
}

impl<'a> CertificateFacts<'a> {
    pub(super) fn read(certificate: &'a [u8]) -> Result<Self, MalformedStamp> {
        Self::read_der(certificate).map_err(MalformedStamp::der("certificate"))
    }

    fn read_der(certificate: &'a [u8]) -> der::Result<Self> {
        let mut signed = Elements::of_sequence(certificate)?;
        let mut fields = signed.sequence()?;
        fields.optional(context(0))?; // version
        let serial = fields.expect(Tag::Integer)?.value;
        fields.sequence()?; // signature algorithm
        let issuer = fields.expect(Tag::Sequence)?.raw;
        let mut facts = Self { issuer, serial, subject_key: None, only_time_stamping: false };
        while !fields.is_finished() {
            let field = fields.next()?;
            if field.tag == context(3) {
                facts.read_extensions(field.value)?;
            }
        }
        Ok(facts)
    }

    fn read_extensions(&mut self, content: &'a [u8]) -> der::Result<()> {
        let mut extensions = Elements::of_sequence(content)?;
        while !extensions.is_finished() {
            let mut extension = extensions.sequence()?;
            let kind = extension.oid()?;
            let critical = extension.optional(Tag::Boolean)?.is_some_and(|flag| flag.value != [0]);
            let value = extension.expect(Tag::OctetString)?.value;
            if kind == SUBJECT_KEY_IDENTIFIER {
                self.subject_key = Some(Elements::of(value)?.expect(Tag::OctetString)?.value);
            } else if kind == EXTENDED_KEY_USAGE {
                let mut purposes = Elements::of_sequence(value)?;
                let first = purposes.oid()?;
                self.only_time_stamping = critical && first == TIME_STAMPING && purposes.is_finished();
            }
        }
        Ok(())
    }

    pub(super) fn is_named_by(&self, identifier: SignerIdentifier<'_>) -> bool {
        match identifier {
            SignerIdentifier::IssuerAndSerial { issuer, serial } => issuer == self.issuer && serial == self.serial,
            SignerIdentifier::SubjectKey(key) => self.subject_key == Some(key),
        }
    }
}
