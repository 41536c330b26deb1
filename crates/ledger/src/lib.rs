//! The tamper-evident record: Merkle log, encrypted bodies, checkpoints, timestamps, proofs, verifier.
//!
//! It never knows what a post or a person is. See ARCHITECTURE.md.

pub mod timestamp;
