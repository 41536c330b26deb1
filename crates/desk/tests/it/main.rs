//! Integration tests of the desk, on both engines, in one binary: linking is what costs.

mod database;
mod jobs;
mod live;
