//! `gatepost inspect --images`: one JSON line a picture, with findings in the recognised text (and where they stand in the
//! picture), and who took it where.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use inspect::images::{self, IMAGE_BYTES_MAX, Page, ReadText};
use inspect::{Inspector, Level, Message, Scratch};
use serde_json::{Value, json};

use crate::tesseract::Tesseract;

/// Inspects pictures one after the other; says whether anything reached the fail level. When nothing did, a picture that
/// could not be read is an error: nobody may take it for clean.
pub(super) fn inspect_all(files: &[PathBuf], inspector: &Inspector, fail: Level, out: &mut impl Write) -> anyhow::Result<bool> {
    if files.is_empty() {
        bail!("--images needs the names of the pictures");
    }
    let reader = Tesseract::default();
    let mut scratch = Scratch::new();
    let mut found = false;
    let mut unread = 0;
    for file in files {
        let image = read(file)?;
        let (page, problem) = match reader.read_text(&image) {
            Ok(page) => (page, None),
            Err(error) => (Page::default(), Some(error.to_string())),
        };
        unread += usize::from(problem.is_some());
        let exif = images::read_exif(&image);
        let about = exif.to_text();
        let texts = [page.text.as_str(), about.as_str()];
        let message = Message { image_texts: &texts, ..Message::default() };
        let report = inspector.inspect(&message, &mut scratch);
        found |= report.findings().iter().any(|f| f.level() >= fail);
        let findings: Vec<Value> = report
            .findings()
            .iter()
            .map(|f| {
                let region = page.region(f.range()).filter(|_| f.part == 0);
                let region = region.map(|r| json!({ "left": r.left, "top": r.top, "width": r.width, "height": r.height }));
                let source = if f.part == 0 { "text" } else { "exif" };
                json!({
                    "kind": report.kind(f), "detector": report.detector(f), "version": inspect::VERSION, "source": source,
                    "level": f.level().name(), "score": f.score, "reason": report.reason(f).to_string(), "region": region,
                })
            })
            .collect();
        let exif = json!({ "author": exif.author.is_some(), "place": exif.place.is_some() });
        let line = json!({ "id": file.display().to_string(), "findings": findings, "exif": exif, "not_read": problem });
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    if unread > 0 && !found {
        bail!("{unread} of {} pictures were not read; \"not_read\" in their lines says why", files.len());
    }
    Ok(found)
}

/// At most one byte more than allowed, so that the check can refuse it.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut image = Vec::new();
    let open = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    open.take(IMAGE_BYTES_MAX as u64 + 1).read_to_end(&mut image).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(image)
}
