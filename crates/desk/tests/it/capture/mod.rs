//! Capture on both engines.

pub(crate) mod cast;
mod intake;
mod reading;
