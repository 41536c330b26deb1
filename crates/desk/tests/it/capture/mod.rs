//! Capture on both engines.

mod cast;
mod importing;
mod connections;
mod imports;
mod intake;
mod reading;
