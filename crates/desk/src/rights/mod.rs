//! Rights: who may do what, and why.
//!
//! Two tables in code say everything: [`Right`]/[`Level`] (what can be given) and [`Operation`] (what needs what). [`decide`] is the
//! only decision. Grants reach a person directly, through teams and through roles; [`explain`] says by which way.
//! Invariants: no right implies another; an unknown right counts as none; the last person who can give rights cannot lose that.

mod effective;
mod operation;
// operations
mod right;
mod rules;
// store

pub use effective::{EffectiveRights, Given, Grant, Scope, Via};
pub use operation::{AWAITING_OPERATIONS, Access, Callers, Freshness, Need, Operation, READING, TokenScope};
// use operations
pub use right::{Level, Right, UnknownRight};
pub use rules::{STEP_UP_WINDOW_MS, Target, decide};
