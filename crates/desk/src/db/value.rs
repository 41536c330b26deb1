//! A bound parameter: the few types that mean the same on both engines.

/// One `$n` parameter. `None` is a typed NULL, because PostgreSQL wants to know the type of a NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `BIGINT`: counts, sizes in bytes, Unix milliseconds.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BYTEA`: ids, digests, sealed bytes.
    Bytes(Option<Vec<u8>>),
    /// `BOOLEAN`.
    Bool(Option<bool>),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )*};
}

value_from! {
    i64 => Int, i32 => Int, u32 => Int, u16 => Int,
    String => Text, &str => Text,
    Vec<u8> => Bytes, &[u8] => Bytes, [u8; 16] => Bytes, [u8; 32] => Bytes,
    bool => Bool,
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<&Vec<u8>> for Value {
    fn from(value: &Vec<u8>) -> Self {
        Self::Bytes(Some(value.clone()))
    }
}
