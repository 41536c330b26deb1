//! SQL of capture.

pub(super) mod attachments;
pub(super) mod canaries;
pub(super) mod connections;
pub(super) mod imports;
pub(super) mod projection;
pub(super) mod reading;

pub(super) mod rows;
pub(super) mod streams;
pub(super) mod uploads;
