//! Approvals: who has to agree before something goes out, and whether they did.
//!
//! An approval is of a [`ContentDigest`]: any change of text, media, alt text, link, target or time makes another digest and voids
//! it. Nobody with a hand in the content counts. Without anybody to ask, nothing is approved. The rules are here; what stores
//! workflows and asks people comes with publishing (see `docs/state.md`).

mod model;
mod rules;
#[cfg(test)]
mod rules_tests;
mod workflows;

pub use model::{Approver, ContentDigest, Decision, Hand, Need, OpenStep, Panel, Step, Submission, SubmissionState, Verdict};
pub use rules::{Blocked, Command, REASON_MAX, Refusal, STEPS_MAX, apply, broken_invariant};
pub use workflows::{Addition, Cover, Facts, Path, TargetFacts, Uncovered, WINDOW_MS, Workflow, is_workable, path};
