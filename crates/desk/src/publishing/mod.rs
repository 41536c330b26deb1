//! Publishing: what goes out, when, and what became of it.
//!
//! Invariant: nothing is sent that was not cleared by [`crate::approvals`] for exactly this content, and after an attempt whose
//! outcome is not known the network is asked before anything is sent again. The rules of sending are here; drafts, the worker that
//! calls networks and the pages are not there yet (see `docs/state.md`).

pub mod bulk;
pub mod calendar;
mod content;
pub mod counting;
mod model;
mod rules;
#[cfg(test)]
mod rules_tests;
pub mod slots_rules;
pub mod warnings;

pub use content::{Content, Draft, MediaDigest, Medium, PARTS_MAX, Part, TARGETS_MAX, digest};
pub use model::{Attempt, HeldFor, Next, Outcome, Target, TargetKey, TargetState, Window};
pub use rules::{
    ATTEMPTS_MAX, CALL_MAX_MS, Claim, Event, Found, LATE_MS_MAX, LOOK_AFTER_MS, LOOKS_MAX, PREPARE_MS, Paused, START_WITHIN_MS,
    Task, Unfit, apply, broken_invariant,
};
