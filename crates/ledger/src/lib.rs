//! The tamper-evident record: Merkle log, encrypted bodies, checkpoints, timestamps, proofs, verifier.
//!
//! It never knows what a post or a person is: records carry opaque stream, record and subject ids.
//! The byte formats are described in `docs/ledger-format.md`. See ARCHITECTURE.md for where this crate stands.

pub mod blob;
pub mod body;
pub mod bundle;
pub mod checkpoint;
pub mod context;
pub mod damage;
pub mod engine;
pub mod entry;
pub mod frame;
pub mod governance;
pub mod hash;
pub mod ids;
mod index;
pub mod io;
pub mod keys;
pub mod merkle;
pub mod note;
pub mod objects;
pub mod proof;
pub mod serve;
pub mod store;
pub mod tile;
pub mod timestamp;
pub mod verify;
pub mod wiped;
pub mod witness;

#[cfg(test)]
mod vectors;
