//! Bytes that are overwritten when they are dropped: plaintexts on their way through.
//!
//! The same promise as `zeroize::Zeroizing<Vec<u8>>`, which writes byte by byte and passes over the whole
//! capacity twice: too slow for every body of a log. Keys stay with [`crate::keys::secret::Secret`].

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Bytes that are wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// Takes over the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Overwrites all bytes, in a way that the compiler cannot leave out.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // The compiler has to assume that the zeroes are read here.
    std::hint::black_box(bytes);
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wiped({} bytes)", self.0.len())
    }
}
