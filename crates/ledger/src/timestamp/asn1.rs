//! Reading and writing the few DER shapes that time stamps are made of.
//!
//! Invariant: every element handed out lies inside the bytes it was opened from, lengths are definite and minimal (the `der`
//! crate refuses others), and nothing is skipped: [`Elements::finish`] fails when something is left over.
//! It does not interpret what it reads; the field lists live beside the types that own them.

use der::asn1::ObjectIdentifier;
use der::{Any, Encode, Header, Reader, SliceReader, Tag, TagNumber};

/// One tag-length-value element: its tag, its content, and all its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
    pub(super) raw: &'a [u8],
}

/// The elements of a constructed value, in order.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    reader: SliceReader<'a>,
}

/// Context-specific constructed tag `[number]`, as used for `OPTIONAL` fields and `EXPLICIT` wrappers.
pub(super) const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// Context-specific primitive tag `[number]`, as used for `IMPLICIT` integers and strings.
pub(super) const fn context_primitive(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

impl<'a> Elements<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> der::Result<Self> {
        Ok(Self { reader: SliceReader::new(bytes)? })
    }

    /// Opens `bytes` as exactly one `SEQUENCE`.
    pub(super) fn of_sequence(bytes: &'a [u8]) -> der::Result<Self> {
        let mut outer = Self::of(bytes)?;
        let sequence = outer.sequence()?;
        outer.finish()?;
        Ok(sequence)
    }

    pub(super) fn next(&mut self) -> der::Result<Element<'a>> {
        let raw = self.reader.tlv_bytes()?;
        let header = Header::peek(&SliceReader::new(raw)?)?;
        let content_start = usize::try_from(header.encoded_len()?)?;
        Ok(Element { tag: header.tag(), value: &raw[content_start..], raw })
    }

    pub(super) fn expect(&mut self, tag: Tag) -> der::Result<Element<'a>> {
        let element = self.next()?;
        element.tag.assert_eq(tag)?;
        Ok(element)
    }

    /// The next element when it has this tag; otherwise nothing is consumed.
    pub(super) fn optional(&mut self, tag: Tag) -> der::Result<Option<Element<'a>>> {
        if self.is_finished() || Tag::peek(&self.reader)? != tag {
            return Ok(None);
        }
        self.next().map(Some)
    }

    pub(super) fn sequence(&mut self) -> der::Result<Self> {
        Self::of(self.expect(Tag::Sequence)?.value)
    }

    pub(super) fn oid(&mut self) -> der::Result<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.expect(Tag::ObjectIdentifier)?.value)
            .map_err(|_| Tag::ObjectIdentifier.value_error().into())
    }

    /// A non-negative integer small enough for `u64`.
    pub(super) fn unsigned(&mut self) -> der::Result<u64> {
        unsigned(self.expect(Tag::Integer)?.value)
    }

    /// The algorithm's identifier out of an `AlgorithmIdentifier`, with its raw parameters when there are any.
    pub(super) fn algorithm(&mut self) -> der::Result<(ObjectIdentifier, Option<&'a [u8]>)> {
        let mut fields = self.sequence()?;
        let oid = fields.oid()?;
        let parameters = if fields.is_finished() { None } else { Some(fields.next()?.raw) };
        fields.finish()?;
        Ok((oid, parameters))
    }

    pub(super) fn is_finished(&self) -> bool {
        self.reader.is_finished()
    }

    pub(super) fn finish(self) -> der::Result<()> {
        self.reader.finish()
    }
}

/// The content of a DER integer as `u64`; negative, non-minimal or larger values are refused.
pub(super) fn unsigned(content: &[u8]) -> der::Result<u64> {
    let significant = match content {
        [] => return Err(Tag::Integer.length_error().into()),
        [first, ..] if *first >= 0x80 => return Err(Tag::Integer.value_error().into()),
        [0, second, ..] if *second < 0x80 => {
            return Err(Tag::Integer.non_canonical_error().into());
        }
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    if significant.len() > size_of::<u64>() {
        return Err(Tag::Integer.value_error().into());
    }
    Ok(significant.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

/// One element with this tag and content, encoded.
pub(super) fn encode(tag: Tag, content: &[u8]) -> Vec<u8> {
    Any::new(tag, content).and_then(|any| any.to_der()).expect("requests are far below the encoder's 256 MiB limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal_and_not_negative() {
        assert_eq!(unsigned(&[0]).expect("zero"), 0);
        assert_eq!(unsigned(&[0, 0x80]).expect("128"), 128);
        assert_eq!(unsigned(&[0, 0xff, 1, 2, 3, 4, 5, 6, 7]).expect("64 bits"), 0xff01_0203_0405_0607);
        for wrong in [&[][..], &[0x80], &[0, 1], &[1; 9]] {
            assert!(unsigned(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_left_over_is_refused() {
        let mut elements = Elements::of(&[2, 1, 5, 2, 1, 6]).expect("bytes");
        assert_eq!(elements.unsigned().expect("first"), 5);
        assert!(elements.clone().finish().is_err());
        assert_eq!(elements.unsigned().expect("second"), 6);
        elements.finish().expect("everything was read");
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        assert!(Elements::of(&[0x30, 5, 1]).expect("bytes").next().is_err());
        assert!(Elements::of_sequence(&[0x30, 0x80, 0, 0]).is_err(), "indefinite length");
    }
}
