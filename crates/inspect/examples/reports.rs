//! Writes down every report on a file of messages (one a line, `\n` and `\\` escaped) and on random texts made of the
//! pieces that detectors look for: findings with their reasons, heads, language, as text that two builds can be compared by.
//!
//! An optimisation must not change a line of it: `scripts/accuracy/same.sh` compares two commits.

use std::fmt::Write as _;
use std::io::Write as _;

use inspect::heads::Head;
use inspect::lexicon::STARTER_PACKS;
use inspect::{Config, Inspector, Message, Scratch, TermList};

#[path = "../tests/inspect/pieces.rs"]
mod pieces;

use pieces::PIECES;

/// Random texts, each of up to [`PIECES_MAX`] pieces.
const RANDOM: u64 = 60_000;
const PIECES_MAX: u64 = 14;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn text(random: &mut Random, messages: &[String]) -> String {
    let mut text = String::new();
    for _ in 0..random.below(PIECES_MAX) {
        let words: Vec<&str> = match random.below(4) {
            0 => {
                usize::try_from(random.below(messages.len() as u64)).ok().map_or(Vec::new(), |i| messages[i].split(' ').collect())
            }
            _ => Vec::new(),
        };
        let list = if words.is_empty() { PIECES } else { &words[..] };
        text.push_str(list[usize::try_from(random.below(list.len() as u64)).unwrap_or(0)]);
        if !words.is_empty() {
            text.push(' ');
        }
    }
    text
}

fn describe(report: &inspect::Report<'_>, line: &mut String) {
    for f in report.findings() {
        let (kind, detector, reason) = (report.kind(f), report.detector(f), report.reason(f));
        let _ = write!(line, "{kind} {detector} {} {}-{} {:08x} {reason}|", f.zone.name(), f.start, f.end, f.score.to_bits());
    }
    if let Some(assessment) = report.assessment() {
        for head in Head::ALL {
            let reasons: Vec<_> = report.head_reasons(head).collect();
            let _ = write!(line, "{:08x} {reasons:?} ", assessment.probability(head).to_bits());
        }
        let s = assessment.sentiment;
        let _ = write!(line, "{:08x} {:08x} {:08x}", s.negative.to_bits(), s.neutral.to_bits(), s.positive.to_bits());
    }
    let _ = write!(line, " {}", report.language().map_or("-", inspect::language::Language::id));
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: reports FILE");
    let messages: Vec<String> =
        std::fs::read_to_string(path)?.lines().map(|l| l.replace("\\n", "\n").replace("\\\\", "\\")).collect();
    let lists = STARTER_PACKS.iter().map(|p| TermList { name: p.name.to_owned(), content: p.list.to_owned() }).collect();
    let inspector = Inspector::compile(&Config { lists, level_min: inspect::Level::Low, ..Config::default() }).expect("compiles");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut scratch, mut line, mut random) = (Scratch::new(), String::new(), Random(0x9e37_79b9_7f4a_7c15));
    let mut write = |number: String, text: &str| {
        line.clear();
        // Every third text also in the other zones.
        let parts = [text];
        let message = match text.len() % 3 {
            0 => Message { text, alt_texts: &parts, links: &parts, image_texts: &parts },
            _ => Message::from_text(text),
        };
        describe(&inspector.inspect(&message, &mut scratch), &mut line);
        writeln!(out, "{number} {line}")
    };
    for (number, text) in messages.iter().enumerate() {
        write(format!("m{number}"), text)?;
    }
    for number in 0..RANDOM {
        let text = text(&mut random, &messages);
        write(format!("r{number} {text:?}"), &text)?;
    }
    Ok(())
}
