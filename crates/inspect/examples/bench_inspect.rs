//! Measures inspection on a file of messages (one a line, `\n` and `\\` escaped): nanoseconds a message, stage by stage.
//!
//! Prints one JSON object a line. Used by `scripts/bench/inspect.sh`, which runs the peers on the same file.

#![expect(clippy::cast_precision_loss, reason = "counts of messages and bytes are far below 2^52")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use inspect::{Config, Inspector, Message, Scratch, TermList};

/// Nanoseconds this thread has spent on a core, so that a busy machine does not count; wall time where the kernel does
/// not say.
fn cpu_ns(since: Instant) -> f64 {
    let on_core = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let on_core = on_core.and_then(|s| s.split_whitespace().next()?.parse::<f64>().ok());
    on_core.unwrap_or_else(|| since.elapsed().as_secs_f64() * 1e9)
}

/// Passes over the messages; the fastest of them is reported, the others warm up.
const PASSES: usize = 5;
/// A pass goes over the messages again until it has taken this long: the kernel counts processor time in steps of a
/// few milliseconds, which would be a tenth of a shorter pass.
const PASS_MS_MIN: u128 = 250;

/// Nanoseconds of processor time that one turn of the fastest pass takes.
fn fastest(mut turn: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..PASSES {
        let zero = Instant::now();
        let start = cpu_ns(zero);
        let mut turns = 0_u32;
        while zero.elapsed().as_millis() < PASS_MS_MIN {
            turn();
            turns += 1;
        }
        best = best.min((cpu_ns(zero) - start) / f64::from(turns));
    }
    best
}

/// What is measured: each stage does what the ones above it do, so differences are the cost of what was added. Name,
/// kinds (none: all), text heads, listed terms.
const STAGES: [(&str, &[&str], bool, usize); 7] = [
    ("the first pass and almost nothing else", &["UUID"], false, 0),
    ("personal data", PERSONAL, false, 0),
    ("personal data and secrets", &[], false, 0),
    ("personal data, secrets, 5,000 terms", &[], false, 5_000),
    ("personal data, secrets, 50,000 terms", &[], false, 50_000),
    ("everything, 5,000 terms", &[], true, 5_000),
    ("everything, 50,000 terms", &[], true, 50_000),
];
/// Every group but secrets and terms.
const PERSONAL: &[&str] = &["financial", "national", "health", "contact", "document", "technical", "time", "special", "custom"];

fn config(kinds: &[&str], heads: bool, terms: usize) -> Config {
    let mut content = String::from("list bench \"Bench\" version 1\nlevel low\n\n");
    for i in 0..terms {
        // Words that no message holds, as most terms of a list are: what costs is having them.
        let _ = writeln!(content, "zq{}x{} w{}", i % 977, i / 977, i % 31);
    }
    let lists = if terms == 0 { Vec::new() } else { vec![TermList { name: "bench".to_owned(), content }] };
    Config { only: kinds.iter().map(|&kind| kind.to_owned()).collect(), heads, lists, ..Config::default() }
}

fn nanoseconds(inspector: &Inspector, messages: &[String]) -> (f64, Vec<u128>) {
    let mut scratch = Scratch::new();
    let all = fastest(|| {
        for text in messages {
            black_box(inspector.inspect(&Message::from_text(text), &mut scratch).findings().len());
        }
    });
    let mut times = Vec::new();
    // The fastest of three, so that an interruption does not count as the message's cost.
    for text in messages {
        let turn = |scratch: &mut Scratch| {
            let start = Instant::now();
            black_box(inspector.inspect(&Message::from_text(text), scratch).findings().len());
            start.elapsed().as_nanos()
        };
        times.push((0..3).map(|_| turn(&mut scratch)).min().unwrap_or(0));
    }
    if std::env::var_os("BENCH_SLOWEST").is_some() {
        let mut all: Vec<_> = times.iter().zip(messages).collect();
        all.sort_unstable();
        for (time, text) in all.iter().rev().take(12) {
            let _ = writeln!(std::io::stderr(), "{time} ns: {text:?}");
        }
    }
    times.sort_unstable();
    (all / messages.len() as f64, times)
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: bench_inspect FILE");
    let messages: Vec<String> =
        std::fs::read_to_string(path)?.lines().map(|l| l.replace("\\n", "\n").replace("\\\\", "\\")).collect();
    let bytes: usize = messages.iter().map(String::len).sum();
    let mut out = std::io::stdout().lock();
    // BENCH_ONLY names the stages to measure by a part of their name, for a profiler.
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let stages = STAGES.into_iter().filter(|stage| stage.0.contains(&only));
    for (name, kinds, heads, terms) in stages {
        let inspector = Inspector::compile(&config(kinds, heads, terms)).expect("the benchmark's configuration compiles");
        let (mean, times) = nanoseconds(&inspector, &messages);
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        writeln!(
            out,
            "{{\"stage\":\"{name}\",\"ns_per_message\":{mean:.0},\"again_ns\":{:.0},\"p50_ns\":{},\"p99_ns\":{},\"mb_per_s\":{:.1}}}",
            times.iter().sum::<u128>() as f64 / times.len() as f64,
            at(50),
            at(99),
            bytes as f64 / messages.len() as f64 / mean * 1e3
        )?;
    }
    if "bulk text".contains(&only) {
        bulk(&mut out, &messages)?;
    }
    if !only.is_empty() {
        return Ok(());
    }
    cores(&mut out, &messages)
}

/// Bulk text with few candidates: the words of the messages without digits and signs, as one text.
fn bulk(out: &mut impl std::io::Write, messages: &[String]) -> std::io::Result<()> {
    let text: String = messages.concat().chars().filter(|c| c.is_ascii_alphabetic() || *c == ' ').take(1 << 20).collect();
    let text = text.split(' ').filter(|w| w.len() < 13).collect::<Vec<_>>().join(" ");
    let inspector = Inspector::compile(&Config { heads: false, ..Config::default() }).expect("compiles");
    let mut scratch = Scratch::new();
    let best = fastest(|| {
        black_box(inspector.inspect(&Message::from_text(&text), &mut scratch).findings().len());
    });
    writeln!(out, "{{\"stage\":\"bulk text\",\"mb_per_s\":{:.1}}}", text.len() as f64 / best * 1e3)
}

/// Rounds over the messages that each thread makes.
const ROUNDS: usize = 40;

/// The same work on one thread and on two.
fn cores(out: &mut impl std::io::Write, messages: &[String]) -> std::io::Result<()> {
    let inspector = Inspector::compile(&config(&[], true, 5_000)).expect("compiles");
    let run = |threads: usize| {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut scratch = Scratch::new();
                    for _ in 0..ROUNDS {
                        for text in messages {
                            black_box(inspector.inspect(&Message::from_text(text), &mut scratch).findings().len());
                        }
                    }
                });
            }
        });
        (threads * ROUNDS * messages.len()) as f64 / start.elapsed().as_secs_f64()
    };
    let (one, two) = (run(1), run(2));
    writeln!(
        out,
        "{{\"stage\":\"scaling\",\"one_thread_per_s\":{one:.0},\"two_threads_per_s\":{two:.0},\"ratio\":{:.2}}}",
        two / one
    )
}
