//! `gatepost ledger`: look at the record, verify it, prove single records, copy the public log.
//!
//! Reading works beside a running server and on a damaged ledger. Exit codes as everywhere: 0 all is well, 1 done
//! but damage was found or the record is not there or not readable, 2 it could not be done.

mod export_log;
mod prove;
mod verify;

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use ledger::engine::{Ledger, OnFatal, Reader};
use ledger::governance::{Removals, Verdict};
use ledger::keys::keystore::Opener;
use ledger::keys::master::LocalMasterKey;
use ledger::timestamp::{Authorities, Authority, Trust};
use serde_json::{Value, json};

use crate::{
    data::DataFolder,
    http_out::{AUTHORITY_TIME_MAX, HttpOut},
    record::{Place, authorities as configured_authorities},
    wiring::CommonArgs,
};

/// Done, with something to look at.
const FINDINGS: u8 = 1;
/// Longest identity or certificate file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An age identity file to read with instead of the master key: for when that is lost.
    #[arg(long, global = true, value_name = "FILE")]
    escrow_identity: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What the record holds and whether it is in order at first sight.
    Status,
    /// Check every hash, number, root and signature.
    Verify(verify::VerifyArgs),
    /// Write a file with which a stranger can check one record.
    Prove(prove::ProveArgs),
    /// Show one record.
    Show {
        /// Its number in the log, or its record id.
        id: String,
    },
    /// Copy the public log (checkpoint, tiles, keys, verifier) into a folder.
    ExportLog {
        /// A new or empty folder.
        folder: PathBuf,
    },
    /// Re-read all stored bodies and log the outcome; needs the ledger for itself.
    Scrub,
    /// Have the newest state stamped by time authorities; needs the ledger for itself.
    AnchorNow {
        /// `name=url`, once or twice, instead of the configured ones.
        #[arg(long = "authority", requires = "roots", value_name = "NAME=URL")]
        authorities: Vec<String>,
        /// PEM file with the root certificates of the authorities that are named.
        #[arg(long, value_name = "FILE")]
        roots: Option<PathBuf>,
    },
}

/// Runs the command and says how it ended.
pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let session = Session { common, escrow_identity: args.escrow_identity.as_deref() };
    run_verb(&session, &args.verb, &mut std::io::stdout().lock()).map(ExitCode::from)
}

/// The master key of a data folder's ledger: derived from the folder's own, which must be there already.
pub(crate) fn master_key(common: &CommonArgs) -> anyhow::Result<LocalMasterKey> {
    let (folder, config) = (DataFolder::open(&common.data)?, common.load_config()?);
    if let Some(path) = folder.own_key_file(&config).filter(|path| !path.exists()) {
        bail!("there is no key at {}: restore it from where it is kept", path.display());
    }
    Ok(LocalMasterKey::derive(&*folder.master_key(&config)?))
}

/// What every verb needs.
struct Session<'a> {
    common: &'a CommonArgs,
    escrow_identity: Option<&'a Path>,
}

fn run_verb(args: &Session<'_>, verb: &Verb, out: &mut dyn Write) -> anyhow::Result<u8> {
    match verb {
        Verb::Status => status(args, out),
        Verb::Verify(options) => verify::run(args, options, out),
        Verb::Prove(options) => prove::run(args, options, out),
        Verb::Show { id } => show(args, id, out),
        Verb::ExportLog { folder } => {
            let size = export_log::run(&args.reader(false)?, folder)?;
            args.answer(out, &json!({ "entries": size, "folder": folder }), &format!("{size} entries copied"))?;
            Ok(0)
        }
        Verb::Scrub => scrub(args, out),
        Verb::AnchorNow { authorities, roots } => anchor_now(args, authorities, roots.as_deref(), out),
    }
}

impl Session<'_> {
    fn place(&self) -> anyhow::Result<Place> {
        Place::of(&DataFolder::open(&self.common.data)?, &self.common.load_config()?)
    }

    /// Opens for reading; without keys when they are not needed and not there.
    fn reader(&self, needs_keys: bool) -> anyhow::Result<Reader> {
        let place = self.place()?;
        if let Some(path) = self.escrow_identity {
            let identity = escrow_identity(path)?;
            return Ok(place.read(Some(&Opener::Escrow(&identity)))?);
        }
        match master_key(self.common) {
            Ok(master) => Ok(place.read(Some(&Opener::Master(&master)))?),
            Err(_) if !needs_keys => Ok(place.read(None)?),
            Err(error) => Err(error),
        }
    }

    /// Opens for writing, which no other process may do at the same time.
    fn writer(&self) -> anyhow::Result<Arc<Ledger>> {
        let place = self.place()?;
        anyhow::ensure!(place.exists()?, "there is no ledger yet: `gatepost serve` makes it at its first start");
        Ok(place.write(&master_key(self.common)?, OnFatal::Stop, None)?.ledger)
    }

    fn answer(&self, out: &mut dyn Write, value: &Value, text: &str) -> anyhow::Result<()> {
        if self.common.json {
            writeln!(out, "{value}")?;
        } else {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

fn escrow_identity(path: &Path) -> anyhow::Result<ledger::keys::age::Identity> {
    let text = read_text(path)?;
    let line = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-"));
    Ok(line.context("there is no line with an age secret key in the identity file")?.parse()?)
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let length = std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?.len();
    if length > FILE_BYTES_MAX {
        bail!("{} is longer than {FILE_BYTES_MAX} bytes", path.display());
    }
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// The number of a record given by number or record id; `None` when there is none.
fn find(reader: &Reader, id: &str) -> anyhow::Result<Option<u64>> {
    if let Ok(seq) = id.parse::<u64>() {
        return Ok((seq < reader.size()).then_some(seq));
    }
    Ok(reader.find(id.parse()?)?)
}

fn status(args: &Session<'_>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let reader = args.reader(false)?;
    let (log, checkpoint) = (reader.log(), reader.checkpoint()?);
    let size = checkpoint.as_ref().map_or(0, |(checkpoint, _)| checkpoint.size);
    let root = checkpoint.as_ref().map(|(checkpoint, _)| hex::encode(checkpoint.root));
    // A first look only: the tree's edge against the signed root.
    let in_order = checkpoint
        .as_ref()
        .map_or(Ok(true), |(checkpoint, _)| reader.root(checkpoint.size).map(|found| found == checkpoint.root))?;
    let anchors = reader.store().anchors()?;
    let stamps = anchors.iter().filter(|(_, name)| is_stamp(name)).count();
    let newest_stamp = anchors.iter().rev().find(|(_, name)| is_stamp(name)).map(|(size, _)| *size);
    let segments = reader.store().segments()?.len();
    let value = json!({
        "origin": log.origin, "format": log.format, "keys": log.keys.iter().map(|key| &key.key).collect::<Vec<_>>(),
        "escrow": log.escrow.len(), "entries": reader.size(), "signed": size, "root": root,
        "in_order": in_order, "segments": segments, "timestamps": stamps, "newest_timestamp": newest_stamp,
    });
    let stamped = newest_stamp.map_or("none".to_owned(), |size| format!("{stamps}, the newest over {size} entries"));
    let text = format!(
        "log         {}\nentries     {} ({size} signed)\nroot        {}\nsegments    {segments}\ntime stamps {stamped}\nescrow      {}\nfirst look  {}",
        log.origin,
        reader.size(),
        root.as_deref().unwrap_or("none yet"),
        if log.escrow.is_empty() { "none: losing the master key loses the archive" } else { "set up" },
        if in_order { "in order; `gatepost ledger verify` checks everything" } else { "DAMAGED: run `gatepost ledger verify`" },
    );
    args.answer(out, &value, &text)?;
    Ok(if in_order { 0 } else { FINDINGS })
}

fn show(args: &Session<'_>, id: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    let reader = args.reader(false)?;
    let Some(seq) = find(&reader, id)? else {
        args.answer(out, &json!({ "found": false }), "there is no such record")?;
        return Ok(FINDINGS);
    };
    let entry = reader.entry(seq)?;
    let removals = Removals::read(&reader)?;
    let verdict = Verdict::of(&reader, &removals, seq)?;
    let opened = reader.read(seq).ok();
    let body = opened.as_ref().map(ledger::engine::Opened::body).transpose()?;
    let text = body.as_ref().map(|body| String::from_utf8_lossy(&body.bytes).into_owned());
    let value = json!({
        "found": true, "seq": seq, "record": entry.record_id, "kind": entry.kind.label(),
        "captured_at_ms": entry.captured_at_ms, "stream": entry.stream_id, "stream_seq": entry.stream_seq,
        "retention_class": entry.retention_class, "segment": entry.segment, "slot": entry.slot,
        "refers_to": (!entry.refers_to.is_none()).then_some(entry.refers_to),
        "leaf_hash": hex::encode(entry.leaf_hash()), "verdict": verdict_words(verdict).0,
        "removed_by": verdict_words(verdict).1, "subjects": opened.as_ref().map(|opened| &opened.subjects),
        "source_time_ms": body.as_ref().map(|body| body.source_time_ms), "body": text,
    });
    let words = match verdict_words(verdict) {
        (word, Some(by)) => format!("{word} by entry {by}"),
        (word, None) => word.to_owned(),
    };
    let shown = format!(
        "entry    {seq} ({})\nrecord   {}\nstream   {} number {}\nclass    {}\nverdict  {words}\n{}",
        entry.kind.label(),
        entry.record_id,
        entry.stream_id,
        entry.stream_seq,
        entry.retention_class,
        text.as_deref().unwrap_or("the body cannot be read with these keys"),
    );
    args.answer(out, &value, &shown)?;
    Ok(if text.is_some() { 0 } else { FINDINGS })
}

fn is_stamp(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "tsr")
}

fn verdict_words(verdict: Verdict) -> (&'static str, Option<u64>) {
    match verdict {
        Verdict::Present => ("PRESENT", None),
        Verdict::Disposed(by) => ("DISPOSED", Some(by)),
        Verdict::Erased(by) => ("ERASED", Some(by)),
        Verdict::TombstonedStillPresent(by) => ("TOMBSTONED, STILL PRESENT", Some(by)),
        Verdict::Missing => ("MISSING", None),
    }
}

fn scrub(args: &Session<'_>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let ledger = args.writer()?;
    let mut bar = verify::Bar::new(std::io::stderr().is_terminal());
    let report = ledger.scrub(&mut |progress| bar.show(progress.verified, progress.size))?;
    bar.end();
    ledger.end()?;
    verify::print(args, &report, out)
}

fn anchor_now(args: &Session<'_>, named: &[String], roots: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let authorities = match roots {
        Some(roots) => named_authorities(named, roots)?,
        None => configured_authorities(&args.common.load_config()?)?,
    };
    anyhow::ensure!(
        authorities.iter().next().is_some(),
        "no time authority is configured; set timestamps.first_url, or name one with --authority and --roots"
    );
    let ledger = args.writer()?;
    let anchored = ledger.anchor_now(&authorities, &HttpOut::new(AUTHORITY_TIME_MAX)?)?;
    ledger.end()?;
    let lines: Vec<String> = anchored
        .iter()
        .map(|one| match &one.outcome {
            Ok(time_us) => format!("{}: {} entries stamped at {} ms", one.authority, one.size, time_us / 1000),
            Err(reason) => format!("{}: no stamp: {reason}", one.authority),
        })
        .collect();
    let values: Vec<Value> = anchored
        .iter()
        .map(|one| {
            json!({ "authority": one.authority, "size": one.size,
                "time_us": one.outcome.as_ref().ok(), "error": one.outcome.as_ref().err() })
        })
        .collect();
    args.answer(out, &json!(values), &lines.join("\n"))?;
    Ok(u8::from(anchored.iter().any(|one| one.outcome.is_err())))
}

fn named_authorities(named: &[String], roots: &Path) -> anyhow::Result<Authorities> {
    let (roots, mut list) = (read_text(roots)?, Vec::new());
    for authority in named {
        let (name, url) = authority.split_once('=').context("an authority is written as name=url")?;
        list.push(Authority::new(name, url, None, Trust::from_pem(&roots, "")?)?);
    }
    Ok(Authorities::new(list)?)
}

#[cfg(test)]
mod tests;
