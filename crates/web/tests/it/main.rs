//! Integration tests of the edge, through the whole router, in one binary: linking is what costs.

mod api;
mod approvals;
mod attachments;
mod bluesky;
mod browser;
mod captured;
mod client;
mod door;
mod feed;
mod hooks;
mod idempotency;
mod imports;
mod live;
mod media;
mod openapi;
mod pages;
mod posts;
mod record;
mod set_up;
mod walk;
mod word_lists;
