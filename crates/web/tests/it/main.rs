//! Integration tests of the edge, through the whole router, in one binary: linking is what costs.

mod api;
mod client;
mod feed;
mod idempotency;
mod openapi;
