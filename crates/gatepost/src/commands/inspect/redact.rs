//! `--redact`: what was read, with a mask in place of every finding.
//!
//! Invariant: what comes out holds no finding any more that the same inspection would report, however many there were;
//! what stands outside of findings is kept, the line's end included.

use std::io::Write;

use anyhow::bail;
use inspect::{Inspector, Message, Scratch, Zone, mask};
use serde_json::json;

use super::input::Post;

/// Inspections of one message: each masks thousands of findings, so that more would mean that masks are findings.
const PASSES_MAX: usize = 1_000;

/// Writes a message with its findings masked.
pub(super) fn write(
    out: &mut Vec<u8>,
    json: bool,
    post: &Post,
    inspector: &Inspector,
    scratch: &mut Scratch,
) -> anyhow::Result<()> {
    let mut masked = Masked { text: post.text.clone(), alt_texts: post.alt_texts.clone(), links: post.links.clone() };
    let mut passes = 0;
    while masked.pass(inspector, scratch)? {
        passes += 1;
        if passes == PASSES_MAX {
            bail!("message {} holds more findings than can be masked; split it", post.id);
        }
    }
    if !json {
        out.write_all(masked.text.as_bytes())?;
        out.write_all(if post.has_return { b"\r\n" } else { b"\n" })?;
        return Ok(());
    }
    let mut line = json!({ "id": post.id, "text": masked.text });
    for (name, texts) in [("alt_texts", masked.alt_texts), ("links", masked.links)] {
        if !texts.is_empty() {
            line[name] = texts.into();
        }
    }
    if let Some(file) = &post.file {
        line["file"] = file.as_ref().into();
    }
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// The parts of a message, masked as far as they were inspected.
struct Masked {
    text: String,
    alt_texts: Vec<String>,
    links: Vec<String>,
}

impl Masked {
    /// Inspects and masks; says whether there were more findings than a report holds.
    fn pass(&mut self, inspector: &Inspector, scratch: &mut Scratch) -> anyhow::Result<bool> {
        let alt_texts: Vec<&str> = self.alt_texts.iter().map(String::as_str).collect();
        let links: Vec<&str> = self.links.iter().map(String::as_str).collect();
        let message = Message { text: &self.text, alt_texts: &alt_texts, links: &links, ..Message::default() };
        let report = inspector.inspect(&message, scratch);
        if report.is_truncated() {
            bail!("a message is too long to be masked as a whole; split it");
        }
        let of_zone = |texts: &[String], zone| {
            let part = |(part, text): (u16, &String)| mask::redact_part(text, &report, zone, part, mask::Style::Kind);
            (0..).zip(texts).map(part).collect()
        };
        let masked = Masked {
            text: mask::redact(&self.text, &report, mask::Style::Kind),
            alt_texts: of_zone(&self.alt_texts, Zone::AltText),
            links: of_zone(&self.links, Zone::Link),
        };
        let again = report.is_full();
        *self = masked;
        Ok(again)
    }
}
