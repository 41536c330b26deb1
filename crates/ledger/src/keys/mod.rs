//! The two locks on every body: a key per slot of a segment, and a key per subject.
//!
//! Invariant: a record can be read only while its segment's tree still covers its slot **and** every one
//! of its subjects' keys exists. Erasing removes a key from the ring and writes a new keystore generation;
//! the log itself never changes. Secrets are wiped when dropped.

pub mod age;
pub mod keystore;
pub mod master;
pub mod record;
pub mod ring;
pub mod secret;
pub mod tree;
