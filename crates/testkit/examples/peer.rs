//! Starts one of the real servers that tests use, for benches: `peer synapse` or `peer snac NAME…`. Prints one JSON line with what opens it
//! and ends, with the server, when its standard input does.
#![expect(clippy::print_stdout, reason = "the bench reads it")]

use std::{collections::BTreeMap, io::Read as _};

use serde_json::json;
use testkit::peers::{PeerError, snac::Snac, synapse};

fn main() -> Result<(), PeerError> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("synapse") => {
            let server = synapse::Synapse::start("", None)?;
            let url = format!("http://{}", server.address());
            serve(&json!({ "url": url, "registration_secret": synapse::REGISTRATION_SECRET }), server)
        }
        Some("snac") => {
            let server = Snac::start()?;
            let password = |name: String| server.add(&name).map(|password| (name, password));
            let passwords: Result<BTreeMap<_, _>, _> = arguments.map(password).collect();
            serve(&json!({ "url": server.url(), "passwords": passwords? }), server)
        }
        _ => Err(std::io::Error::other("usage: peer synapse | peer snac NAME…").into()),
    }
}

/// Keeps the server until nobody listens any more.
fn serve<T>(what: &serde_json::Value, server: T) -> Result<(), PeerError> {
    println!("{what}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(server);
    Ok(())
}
