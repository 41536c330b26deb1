//! Capture on both engines.

mod attachments;
mod canary;
pub(crate) mod cast;
mod connections;
mod evidence;
mod importing;
mod imports;
mod intake;
mod reading;
mod uploads;
