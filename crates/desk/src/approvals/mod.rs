//! Approvals: who has to agree before something goes out, and whether they did.
//!
//! An approval is of a [`ContentDigest`]: any change of text, media, alt text, link, target or time makes another digest and voids
//! it. Nobody with a hand in the content counts. Without anybody to ask, nothing is approved. What may go out is a [`Cleared`], and
//! only [`clearance`] makes one. This subject sends nothing and writes no post.

mod asking;
pub mod break_glass;
mod clearance;
mod deciding;
mod letters;
mod looking;
mod model;
pub mod outside;
mod panel;
mod reading;
mod reminding;
mod rules;
#[cfg(test)]
mod rules_tests;
mod shown;
mod store;
mod submitting;
pub mod workflows;

pub use clearance::{Cleared, ClearedHow, FREE_WINDOW_MS};
pub use deciding::{BULK_MAX, Ballot, Others, decide, decide_many};
pub use looking::LookAtSubmissions;
pub use model::{
    Approver, ContentDigest, Decision, Hand, Kept, Need, OpenStep, Panel, Step, Submission, SubmissionState, Verdict, Voice,
};
pub use reading::{Counts, Mine, SHOWN_MAX, Waiting, counts, file, get, waiting_at_all, waiting_for_me};
pub use rules::{Blocked, Command, REASON_MAX, Refusal, STEPS_MAX, apply, broken_invariant};
pub use shown::{DecisionShown, Shown, StepShown};
pub use submitting::{NewSubmission, Submitted};

pub(crate) use clearance::clearance;
pub(crate) use submitting::{content_changed, submit, withdraw};
