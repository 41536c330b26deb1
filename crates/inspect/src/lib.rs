//! What does this message contain? Personal data, secrets, listed terms, abuse, sentiment.
//!
//! No I/O, no clock, no network names. See ARCHITECTURE.md.

pub mod heads;
pub mod language;
pub mod lexicon;
pub mod sentiment;
pub mod tokens;
