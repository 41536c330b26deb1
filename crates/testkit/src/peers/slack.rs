//! The Slack stand-in of the npm package `emulate` (Apache-2.0): Web API, OAuth v2, files, signed event callbacks.
//!
//! It forgets everything when it ends. It knows no rate limits in Slack's shape and no revoked tokens.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use super::{PeerError, START_MAX, installed, node24};
use crate::ports;
use crate::process::Process;

/// The running stand-in.
#[derive(Debug)]
pub struct Slack {
    process: Process,
    address: SocketAddr,
}

impl Slack {
    /// Starts one with a seed (`team`, `users`, `channels`, `tokens`, `signing_secret`, `strict_scopes`, …). Events go to `events_url`;
    /// addresses that it hands out (of files and uploads) begin with `base_url`.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(seed: &serde_json::Value, base_url: &str, events_url: &str) -> Result<Self, PeerError> {
        let port = ports::free()?;
        let emulate = installed("the Slack stand-in", "node/slack/node_modules/emulate")?;
        let mut command = Command::new(node24()?);
        command
            .args(["--input-type=module", "--eval", include_str!("slack.mjs")])
            .env("EMULATE", emulate)
            .env("PORT", port.to_string())
            .env("BASE_URL", base_url)
            .env("EVENTS_URL", events_url)
            .env("SEED", seed.to_string());
        let mut process = Process::start(&mut command)?;
        process.line_with("the Slack stand-in is ready", START_MAX)?;
        Ok(Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it printed.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}
