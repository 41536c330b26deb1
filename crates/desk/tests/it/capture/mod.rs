//! Capture on both engines.

mod cast;
mod connections;
mod imports;
mod intake;
mod reading;
