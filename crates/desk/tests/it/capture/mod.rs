//! Capture on both engines.

pub(crate) mod cast;
mod connections;
mod importing;
mod imports;
mod intake;
mod reading;
