//! The application without a face: one folder per subject, each with its operations, its pure rules and its SQL.
//!
//! `mod.rs` of a subject is the only way in; `store.rs` holds its SQL and nobody else's. Every operation takes the [`Desk`] and an
//! [`Actor`], asks [`rights::decide`] through [`Desk::act`] or [`Desk::view`], and leaves its audit entry in the transaction of the act.
//! There is no HTML and no HTTP here.

pub mod act;
pub mod actor;
pub mod approvals;
pub mod audit_log;
pub mod capture;
pub mod db;
pub mod error;
pub mod idempotency;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod metric_names;
pub mod paging;
pub mod people;
pub mod profiles;
pub mod publishing;
pub mod records;
pub mod rights;
pub mod sealed;
pub mod search;
pub mod sign_in;
pub mod views;
pub mod word_lists;
pub mod workspace;

mod desk;
mod text_enum;

pub use act::{Act, Object};
pub use actor::{Actor, Principal, SecondFactor};
pub use desk::{Desk, DeskParts, Topic};
pub use error::{Error, Invalid, Refusal, Result};
pub use ids::{Clock, Ids, SystemClock, SystemIds, Time};
