//! Writes reports: JSONL for programs, masked text, or text with the findings marked in place for people.
//!
//! Invariant: the JSON never contains a found value. Offsets in JSON count Unicode scalar values.

use std::io::{self, Write};

use inspect::{Finding, Level, Message, Report, Zone, kinds};
use serde_json::{Value, json};

use super::input::Post;

/// How a report is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    Json,
    Redact { json: bool },
    Explain { color: bool },
}

/// Turns ascending byte offsets into offsets in Unicode scalar values.
struct CharOffsets<'a> {
    text: &'a str,
    byte: usize,
    chars: usize,
}

impl CharOffsets<'_> {
    fn at(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            (self.byte, self.chars) = (0, 0);
        }
        self.chars += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.chars
    }
}

pub(super) fn json_line(out: &mut Vec<u8>, post: &Post, message: &Message<'_>, report: &Report<'_>) -> io::Result<()> {
    let mut part = None;
    let mut offsets = CharOffsets { text: "", byte: 0, chars: 0 };
    let findings: Vec<Value> = report
        .findings()
        .iter()
        .map(|f| {
            if part != Some((f.zone, f.part)) {
                part = Some((f.zone, f.part));
                offsets = CharOffsets { text: message.part(f.zone, usize::from(f.part)).unwrap_or_default(), byte: 0, chars: 0 };
            }
            finding(report, f, &mut offsets)
        })
        .collect();
    let mut line = json!({ "id": post.id, "findings": findings });
    if let Some(file) = &post.file {
        line["file"] = file.as_ref().into();
    }
    if report.is_truncated() || report.is_full() {
        line["truncated"] = true.into();
    }
    super::heads::add(&mut line, report);
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

fn finding(report: &Report<'_>, f: &Finding, offsets: &mut CharOffsets<'_>) -> Value {
    let (start, end) = (offsets.at(f.start as usize), offsets.at(f.end as usize));
    let mut value = json!({
        "kind": report.kind(f),
        "detector": report.detector(f),
        "version": inspect::VERSION,
        "start": start,
        "end": end,
        "level": f.level().name(),
        "score": (f64::from(f.score) * 100.0).round() / 100.0,
        "reason": report.reason(f).to_string(),
    });
    if f.zone != Zone::Text {
        value["zone"] = f.zone.name().into();
        value["part"] = f.part.into();
    }
    value
}

fn paint(level: Level) -> &'static str {
    match level {
        Level::High => "\x1b[97;41m",
        Level::Medium => "\x1b[30;43m",
        Level::Low => "\x1b[30;46m",
    }
}

pub(super) fn explained(out: &mut Vec<u8>, color: bool, post: &Post, report: &Report<'_>) -> io::Result<()> {
    let text: Vec<&Finding> = report.findings().iter().filter(|f| f.zone == Zone::Text).collect();
    let id = post.id.as_str().map_or_else(|| post.id.to_string(), str::to_owned);
    if let Some(file) = &post.file {
        write!(out, "{}:", visible(file))?;
    }
    write!(out, "{id}: ")?;
    let mut at = 0;
    for f in text.iter().filter(|f| f.end as usize <= post.text.len()) {
        let (start, end) = ((f.start as usize).max(at), f.end as usize);
        if start >= end {
            continue;
        }
        out.write_all(visible(&post.text[at..start]).as_bytes())?;
        let marked = visible(&post.text[start..end]);
        if color {
            write!(out, "{}{marked}\x1b[0m", paint(f.level()))?;
        } else {
            write!(out, "[{marked}]")?;
        }
        at = end;
    }
    out.write_all(visible(&post.text[at..]).as_bytes())?;
    out.write_all(b"\n")?;
    for f in report.findings() {
        let zone = if f.zone == Zone::Text { String::new() } else { format!(" in {} {}", f.zone.name(), f.part + 1) };
        writeln!(out, "    {:<6} {}{zone}: {}", f.level().name(), report.kind(f), report.reason(f))?;
    }
    super::heads::explain(out, &post.text, report)
}

/// Control characters of the message must not steer the terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// `--list`: every kind with documentation and examples, for people or one JSON line a kind.
pub(super) fn list(out: &mut impl Write, only: &[String], json: bool) -> io::Result<()> {
    for kind in kinds::all() {
        let chosen =
            only.is_empty() || only.iter().any(|o| o.eq_ignore_ascii_case(kind.id) || o.eq_ignore_ascii_case(kind.group.name()));
        if !chosen {
            continue;
        }
        if json {
            let line = json!({
                "kind": kind.id, "title": kind.title, "group": kind.group.name(), "countries": kind.countries, "docs": kind.docs,
                "found": kind.examples, "not_found": kind.counter_examples,
            });
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
            continue;
        }
        let countries = if kind.countries.is_empty() { String::new() } else { format!(" [{}]", kind.countries.join(" ")) };
        writeln!(out, "{} — {}{countries}, group {}", kind.id, kind.title, kind.group.name())?;
        writeln!(out, "    {}", kind.docs)?;
        for example in kind.examples {
            writeln!(out, "    found:     {example}")?;
        }
        for example in kind.counter_examples {
            writeln!(out, "    not found: {example}")?;
        }
    }
    Ok(())
}
