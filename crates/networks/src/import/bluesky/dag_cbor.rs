//! DAG-CBOR, read strictly and without recursion limits that an attacker chooses.
//!
//! The subset of CBOR (RFC 8949) that <https://ipld.io/specs/codecs/dag-cbor/spec/> allows: definite lengths, text keys, no tag but 42
//! (a link), 64-bit floats. A value becomes JSON in the form of the AT Protocol data model (<https://atproto.com/specs/data-model>):
//! a link is `{"$link": "bafy…"}`, bytes are `{"$bytes": "base64"}`. It does not write.

use base64::Engine as _;
use serde_json::{Map, Number, Value};

/// How deep values may lie in each other: records are about ten deep.
const DEPTH_MAX: u8 = 64;

/// The one error: what a reader needs to know is which block is bad, not how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// One value that takes all the bytes.
pub(super) fn whole(bytes: &[u8]) -> Result<Value, Malformed> {
    let mut reader = Reader { bytes };
    let value = reader.value(DEPTH_MAX)?;
    if reader.bytes.is_empty() { Ok(value) } else { Err(Malformed) }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).map_err(|_| Malformed)?;
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Major type and argument (RFC 8949, section 3); a float's bits are its argument.
    fn head(&mut self) -> Result<(u8, u8, u64), Malformed> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => u64::from(info),
            24..=27 => self.take(1 << (info - 24))?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
            _ => return Err(Malformed),
        };
        Ok((major, info, argument))
    }

    fn value(&mut self, depth: u8) -> Result<Value, Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed)?;
        let (major, info, argument) = self.head()?;
        Ok(match major {
            0 => Value::Number(argument.into()),
            1 => Value::Number((-1 - i64::try_from(argument).map_err(|_| Malformed)?).into()),
            2 => single("$bytes", base64::engine::general_purpose::STANDARD_NO_PAD.encode(self.take(argument)?)),
            3 => Value::String(self.text(argument)?),
            4 => {
                // Each element takes a byte at least: a length beyond the bytes ends here and reserves nothing.
                let mut list = Vec::new();
                for _ in 0..argument {
                    list.push(self.value(depth)?);
                }
                Value::Array(list)
            }
            5 => {
                let mut map = Map::new();
                for _ in 0..argument {
                    let (3, _, bytes) = self.head()? else { return Err(Malformed) };
                    let key = self.text(bytes)?;
                    let value = self.value(depth)?;
                    if map.insert(key, value).is_some() {
                        return Err(Malformed);
                    }
                }
                Value::Object(map)
            }
            6 if argument == 42 => self.link()?,
            7 => match info {
                20 => Value::Bool(false),
                21 => Value::Bool(true),
                22 => Value::Null,
                27 => Value::Number(Number::from_f64(f64::from_bits(argument)).ok_or(Malformed)?),
                _ => return Err(Malformed),
            },
            _ => return Err(Malformed),
        })
    }

    fn text(&mut self, bytes: u64) -> Result<String, Malformed> {
        std::str::from_utf8(self.take(bytes)?).map(str::to_owned).map_err(|_| Malformed)
    }

    /// A link is a byte string: a zero, then the binary CID.
    fn link(&mut self) -> Result<Value, Malformed> {
        let (2, _, bytes) = self.head()? else { return Err(Malformed) };
        let [0, cid @ ..] = self.take(bytes)? else { return Err(Malformed) };
        let (_, used) = super::cid::Cid::read(cid).ok_or(Malformed)?;
        if used != cid.len() {
            return Err(Malformed);
        }
        Ok(single("$link", super::cid::text(cid)))
    }
}

fn single(key: &str, value: String) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), Value::String(value))]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_come_out_as_another_encoder_wrote_them() {
        let value = serde_json::json!({"a": [1, -2, 3.5, null, true, "ü"], "b": {"c": {}}, "n": 18_446_744_073_709_551_615_u64});
        assert_eq!(whole(&serde_ipld_dagcbor::to_vec(&value).unwrap()), Ok(value));
    }

    #[test]
    fn what_the_specification_forbids_is_refused() {
        let deep = [vec![0x81; 100], vec![0]].concat();
        for bytes in [
            &[0x9f, 0xff][..],
            &[0xa1, 0x01, 0x02],
            &[0xc1, 0x00],
            &[0xf9, 0, 0],
            &[0x61, 0xff],
            &[0x00, 0x00],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            &deep,
        ] {
            assert_eq!(whole(bytes), Err(Malformed), "{bytes:x?}");
        }
        assert_eq!(whole(&[0xa2, 0x61, b'a', 1, 0x61, b'a', 2]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = whole(&bytes);
        }
    }
}
