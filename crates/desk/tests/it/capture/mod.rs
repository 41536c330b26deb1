//! Capture on both engines.

mod cast;
mod intake;
mod reading;
