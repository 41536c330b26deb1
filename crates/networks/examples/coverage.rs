//! Writes `docs/networks.md` to its output.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().lock().write_all(networks::coverage::page().as_bytes())
}
