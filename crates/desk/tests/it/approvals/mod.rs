//! Approvals on both engines.

pub(crate) mod outside;
mod workflows;
