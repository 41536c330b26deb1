//! Capture on both engines.

mod cast;
mod importing;
mod intake;
mod reading;
