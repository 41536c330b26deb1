//! `gatepost ledger verify`: progress, resuming, and words for what was found.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use ledger::verify::{Progress, Report, Settings, resume};
use serde_json::json;

use super::{FINDINGS, Session};

/// How often the place to resume from is written, in entries.
const SAVE_EVERY: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Also open every body and compare it with its commitment; needs the keys.
    #[arg(long)]
    deep: bool,
    /// Also compare every stored body with its entry; needs no keys.
    #[arg(long)]
    bodies: bool,
    /// Keep the place in this file, and go on from it when it is there.
    #[arg(long)]
    resume: Option<PathBuf>,
}

pub(super) fn run(args: &Session<'_>, options: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let reader = args.reader(options.deep)?;
    let settings = Settings { deep: options.deep, bodies: options.bodies || options.deep };
    let from = options.resume.as_deref().map(load).transpose()?.unwrap_or_default();
    let mut bar = Bar::new(std::io::stderr().is_terminal());
    let mut saved = from.verified;
    let mut failed = None;
    let report = resume(&reader, settings, &from, &mut |progress| {
        bar.show(progress.verified, progress.size);
        if progress.verified - saved.min(progress.verified) >= SAVE_EVERY {
            saved = progress.verified;
            failed = options.resume.as_deref().and_then(|path| save(path, progress).err());
        }
        failed.is_none()
    })?;
    bar.end();
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(path) = options.resume.as_deref().filter(|path| path.exists()) {
        std::fs::remove_file(path).with_context(|| format!("remove {}", path.display()))?;
    }
    print(args, &report, out)
}

/// Prints what was found; the first bad record first.
pub(super) fn print(args: &Session<'_>, report: &Report, out: &mut dyn Write) -> anyhow::Result<u8> {
    let findings: Vec<_> = report
        .damage
        .iter()
        .map(|damage| {
            json!({ "class": damage.class.label(), "seq": damage.seq, "detail": damage.detail,
                "advice": damage.class.advice() })
        })
        .collect();
    let value = json!({
        "entries": report.entries, "checkpoints": report.checkpoints, "bodies": report.bodies,
        "opened": report.opened, "attachments": report.blobs, "removed": report.removed, "findings": report.findings, "damage": findings,
    });
    let mut text = format!(
        "{} entries, {} checkpoints, {} bodies and {} attachments compared, {} opened, {} removed under a tombstone\n",
        report.entries, report.checkpoints, report.bodies, report.blobs, report.opened, report.removed
    );
    if report.findings == 0 {
        text.push_str("everything is in order");
    } else {
        let lines: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
        text = format!("{text}{} findings:\n{}", report.findings, lines.join("\n"));
    }
    args.answer(out, &value, &text)?;
    Ok(if report.findings == 0 { 0 } else { FINDINGS })
}

fn load(path: &Path) -> anyhow::Result<Progress> {
    if !path.exists() {
        return Ok(Progress::default());
    }
    let text = super::read_text(path)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a place to go on from: remove it", path.display()))
}

fn save(path: &Path, progress: &Progress) -> anyhow::Result<()> {
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, serde_json::to_vec(progress)?)?;
    std::fs::rename(&temporary, path).with_context(|| format!("write {}", path.display()))
}

/// A line of progress on a terminal; nothing elsewhere.
pub(super) struct Bar {
    visible: bool,
    shown: u64,
}

impl Bar {
    pub(super) fn new(visible: bool) -> Self {
        Self { visible, shown: u64::MAX }
    }

    /// Shows whole percents as they change. Always answers that work should go on.
    pub(super) fn show(&mut self, done: u64, of: u64) -> bool {
        let percent = done.saturating_mul(100) / of.max(1);
        if self.visible && percent != self.shown {
            self.shown = percent;
            let _unwritable = write!(std::io::stderr(), "\r{done} of {of} entries ({percent} %)");
        }
        true
    }

    pub(super) fn end(&self) {
        if self.visible {
            let _unwritable = writeln!(std::io::stderr());
        }
    }
}
