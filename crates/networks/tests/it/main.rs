//! The connectors against real servers that others wrote, and against what networks do on bad days (testkit's fault proxy).
//!
//! One binary, because linking is what costs. A server that is not installed is a failure that says what to run.

mod bluesky;
mod mastodon;
mod matrix;
mod rig;
mod slack;
