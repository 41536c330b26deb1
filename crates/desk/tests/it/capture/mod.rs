//! Capture on both engines.

mod cast;
mod connections;
mod importing;
mod imports;
pub(crate) mod cast;
mod intake;
mod reading;
