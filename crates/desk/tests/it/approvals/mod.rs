//! Approvals on both engines.

pub(crate) mod cast;
mod deciding;
pub(crate) mod outside;
pub(crate) mod workflows;
