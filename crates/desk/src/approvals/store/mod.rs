//! SQL of approvals.

pub(super) mod clearances;
pub(super) mod guests;
pub(super) mod reminders;
pub(super) mod reviews;
pub(super) mod submissions;
pub(super) mod workflows;
