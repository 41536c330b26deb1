//! The connectors against real servers that others wrote, with a proxy of faults between where it matters.

mod bluesky;
mod mastodon;
mod rig;
