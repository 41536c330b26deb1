//! Publishing: what goes out, when, and what became of it.
//!
//! Invariant: nothing is sent that was not cleared by [`crate::approvals`] for exactly this content, and after an attempt whose
//! outcome is not known the network is asked before anything is sent again. A post is written ([`create`], [`save`]), submitted as an
//! immutable version ([`submit`]), cleared by approvals, sent, and ends in a stated result.

mod access;
pub mod bulk;
#[cfg(test)]
mod bulk_tests;
pub mod calendar;
mod campaigns;
mod check;
mod comments;
mod content;
mod corrections;
pub mod counting;
mod foreign;
mod gate;
mod history;
mod limits;
pub mod linked;
pub mod media;
mod model;
mod pauses;
mod planned;
mod post;
mod posts;
mod refusals;
mod rules;
mod sending;
pub mod slots_rules;
mod store;
mod timing;
mod triage;
pub mod warnings;

pub use campaigns::{
    CAMPAIGNS_MAX, PostingSlot, SLOTS_MAX, add_posting_slot, campaigns, change_campaign, create_campaign, posting_slots,
    remove_posting_slot,
};
pub use check::{Warning, WarningKind, check, limits_of};
pub use comments::{COMMENT_MAX, comment, comments, remove_comment};
pub use networks::{
    capabilities::{Capabilities, TextLimit, TextUnit},
    outgoing::Audience,
};

pub use content::{Content, Draft, MediaDigest, Medium, PARTS_MAX, Part, TARGETS_MAX, digest};
pub use corrections::{
    Correction, CorrectionKind, CorrectionState, corrections, delete_published, edit_published, published_content,
};
pub use foreign::{ForeignPost, Watch, foreign_posts, seen_foreign};
pub use gate::{Preview, PreviewTarget, Sent, Submitting, submit, withdraw};
pub use history::{SentPart, Story, history};
pub use limits::{ALT_BYTES_MAX, MEDIA_MAX, TAG_MAX, TAGS_MAX, TEXT_BYTES_MAX, TITLE_MAX};
pub use model::{Attempt, HeldFor, Next, Outcome, Target, TargetKey, TargetState, Window};
pub use pauses::{PAUSE_REASON_MAX, Pause, PauseMode, PauseScope, ended_pauses, pause, pauses, rehearse, resume};
pub use planned::{CALENDAR_MAX, Most, Planned, PlannedDay, calendar_of, due_times};
pub use post::{
    Campaign, Comment, CommentAudience, Post, PostFilter, PostForm, PostGlance, PostOrder, PostTarget, Saved, TargetGlance,
    Version,
};
pub use posts::{create, discard, duplicate, get, list, save};
pub use rules::{
    ATTEMPTS_MAX, CALL_MAX_MS, Claim, Event, Found, LATE_MS_MAX, LOOK_AFTER_MS, LOOKS_MAX, PREPARE_MS, Paused, START_WITHIN_MS,
    Task, Unfit, apply, broken_invariant,
};
pub use sending::{Claimed, Sender};
pub use timing::{Retimed, cancel, retime};
pub use triage::{HELD_MAX, OVERDUE_MS, Waiting, adopt, held, look, overdue, release, settle};

pub(crate) use gate::{cleared, expired, hold, not_cleared, preview, title};
pub(crate) use triage::orphan;
