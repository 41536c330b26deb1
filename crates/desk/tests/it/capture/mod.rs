//! Capture on both engines.

mod cast;
mod connections;
mod importing;
mod imports;
mod intake;
mod reading;
