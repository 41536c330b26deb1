//! Integration tests of the edge, through the whole router, in one binary: linking is what costs.

mod api;
mod approvals;
mod browser;
mod client;
mod door;
mod feed;
mod hooks;
mod idempotency;
mod openapi;
mod pages;
mod record;
mod walk;
