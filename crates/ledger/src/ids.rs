//! Opaque 16-byte names: of a record, of a source stream, of a subject (the person a record is about).
//!
//! The ledger only compares them. Whoever calls it decides what they stand for and must choose them
//! so that they say nothing about a person (random, or a UUIDv7).

use std::fmt;
use std::str::FromStr;

/// Text that is not 32 hexadecimal digits (dashes are ignored).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: write 32 hexadecimal digits, with or without dashes")]
pub struct BadId(String);

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The all-zero id, which stands for "none".
            pub const NONE: Self = Self([0; 16]);

            /// Whether this is the all-zero id.
            pub fn is_none(&self) -> bool {
                self.0 == [0; 16]
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits: String = text.chars().filter(|c| *c != '-').collect();
                let mut id = [0; 16];
                hex::decode_to_slice(digits, &mut id).map_err(|_| BadId(text.to_owned()))?;
                Ok(Self(id))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

opaque_id!(
    /// Names one record. Appending the same record id twice answers with the first receipt.
    RecordId
);
opaque_id!(
    /// Names the source a record came from; entries of one stream are numbered without gaps.
    StreamId
);
opaque_id!(
    /// Names a person (or another unit of erasure). Its key is part of the key of every record about it.
    SubjectId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_with_and_without_dashes() {
        let id = RecordId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("abababab-abab-abab-abab-abababababab".parse(), Ok(id));
        assert!("xyz".parse::<RecordId>().is_err());
    }
}
