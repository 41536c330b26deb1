//! Capture on both engines.

pub(crate) mod cast;
mod connections;
mod evidence;
mod importing;
mod imports;
mod intake;
mod reading;
