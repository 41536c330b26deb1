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
const PASSES: usize = 7;

fn config(heads: bool, terms: usize) -> Config {
    let mut content = String::from("list bench \"Bench\" version 1\nlevel low\n\n");
    for i in 0..terms {
        // Words that no message holds, as most terms of a list are: what costs is having them.
        let _ = writeln!(content, "zq{}x{} w{}", i % 977, i / 977, i % 31);
    }
    let lists = if terms == 0 { Vec::new() } else { vec![TermList { name: "bench".to_owned(), content }] };
    Config { heads, lists, ..Config::default() }
}

fn nanoseconds(inspector: &Inspector, messages: &[String]) -> (f64, Vec<u128>) {
    let mut scratch = Scratch::new();
    let mut best = f64::INFINITY;
    let mut times = Vec::new();
    for _ in 0..PASSES {
        let zero = Instant::now();
        let start = cpu_ns(zero);
        for text in messages {
            black_box(inspector.inspect(&Message::from_text(text), &mut scratch).findings().len());
        }
        best = best.min((cpu_ns(zero) - start) / messages.len() as f64);
    }
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
    (best, times)
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: bench_inspect FILE");
    let messages: Vec<String> =
        std::fs::read_to_string(path)?.lines().map(|l| l.replace("\\n", "\n").replace("\\\\", "\\")).collect();
    let bytes: usize = messages.iter().map(String::len).sum();
    let mut out = std::io::stdout().lock();
    let stages = [
        ("personal data and secrets", false, 0),
        ("personal data, secrets, 5,000 terms", false, 5_000),
        ("personal data, secrets, 50,000 terms", false, 50_000),
        ("everything, 5,000 terms", true, 5_000),
        ("everything, 50,000 terms", true, 50_000),
    ];
    for (name, heads, terms) in stages {
        let inspector = Inspector::compile(&config(heads, terms)).expect("the benchmark's configuration compiles");
        let (mean, times) = nanoseconds(&inspector, &messages);
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        writeln!(
            out,
            "{{\"stage\":\"{name}\",\"ns_per_message\":{mean:.0},\"p50_ns\":{},\"p99_ns\":{},\"mb_per_s\":{:.1}}}",
            at(50),
            at(99),
            bytes as f64 / messages.len() as f64 / mean * 1e3
        )?;
    }
    bulk(&mut out, &messages)?;
    cores(&mut out, &messages)
}

/// Bulk text with few candidates: the words of the messages without digits and signs, as one text.
fn bulk(out: &mut impl std::io::Write, messages: &[String]) -> std::io::Result<()> {
    let text: String = messages.concat().chars().filter(|c| c.is_ascii_alphabetic() || *c == ' ').take(1 << 20).collect();
    let text = text.split(' ').filter(|w| w.len() < 13).collect::<Vec<_>>().join(" ");
    let inspector = Inspector::compile(&Config { heads: false, ..Config::default() }).expect("compiles");
    let mut scratch = Scratch::new();
    let mut best = f64::INFINITY;
    for _ in 0..PASSES {
        let zero = Instant::now();
        let start = cpu_ns(zero);
        black_box(inspector.inspect(&Message::from_text(&text), &mut scratch).findings().len());
        best = best.min((cpu_ns(zero) - start) / 1e9);
    }
    writeln!(out, "{{\"stage\":\"bulk text\",\"mb_per_s\":{:.1}}}", text.len() as f64 / best / 1e6)
}

/// The same work on one thread and on two.
fn cores(out: &mut impl std::io::Write, messages: &[String]) -> std::io::Result<()> {
    let inspector = Inspector::compile(&config(true, 5_000)).expect("compiles");
    let run = |threads: usize| {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut scratch = Scratch::new();
                    for _ in 0..PASSES {
                        for text in messages {
                            black_box(inspector.inspect(&Message::from_text(text), &mut scratch).findings().len());
                        }
                    }
                });
            }
        });
        (threads * PASSES * messages.len()) as f64 / start.elapsed().as_secs_f64()
    };
    let (one, two) = (run(1), run(2));
    writeln!(
        out,
        "{{\"stage\":\"scaling\",\"one_thread_per_s\":{one:.0},\"two_threads_per_s\":{two:.0},\"ratio\":{:.2}}}",
        two / one
    )
}
