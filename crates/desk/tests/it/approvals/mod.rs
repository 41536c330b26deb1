//! Approvals on both engines.

mod agents;
pub(crate) mod cast;
mod deciding;
pub(crate) mod outside;
mod time;
pub(crate) mod workflows;
