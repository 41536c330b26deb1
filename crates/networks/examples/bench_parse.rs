//! Reads an export file and does nothing with it: `bench_parse FORM FILE`. Prints processor time per item and the memory it took.

use std::{fs, io::Write as _, path::Path};

use networks::import::{Limits, format, tally};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(form), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bench_parse FORM FILE".into());
    };
    let format = format(&form).ok_or("no such form")?;
    let tally = tally::tally_file(format, Path::new(&file), Limits::default(), |_| true)?;
    let line = serde_json::json!({
        "items": tally.items,
        "refused": tally.refused,
        "cpu_us": cpu_us(),
        "peak_kib": status("VmHWM:"),
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Processor time of this process, from the scheduler's own count.
fn cpu_us() -> Option<u64> {
    let nanoseconds: u64 = fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1_000)
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
