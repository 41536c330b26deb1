//! `gatepost ledger prove`: one file with which a stranger checks one record, and the verifier beside it.
//!
//! Salt and plaintext go into the file only when asked for; then the file is as confidential as the record.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::bundle::{Bundle, BundledStamp, Disclosed, Plaintext, Removal, VERIFIER, VERIFIER_NAME};
use ledger::engine::{ReadError, Reader};
use ledger::governance::{Removals, Verdict};
use ledger::proof::TlogProof;
use serde_json::json;

use super::{FINDINGS, Session, find};

#[derive(Debug, clap::Args)]
pub(super) struct ProveArgs {
    /// Its number in the log, or its record id.
    id: String,
    /// Where to write the bundle; the verifier is written beside it.
    #[arg(long, default_value = "proof.json", value_name = "FILE")]
    out: PathBuf,
    /// Put the record's text into the bundle, so that its content is proved too.
    #[arg(long)]
    with_text: bool,
}

pub(super) fn run(args: &Session<'_>, options: &ProveArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let reader = args.reader(options.with_text)?;
    let Some(seq) = find(&reader, &options.id)? else {
        args.answer(out, &json!({ "found": false }), "there is no such record")?;
        return Ok(FINDINGS);
    };
    let text = bundle(&reader, seq, options.with_text)?.to_json()?;
    write(&options.out, text.as_bytes())?;
    let verifier = options.out.with_file_name(VERIFIER_NAME);
    write(&verifier, VERIFIER.as_bytes())?;
    let log = reader.log();
    let keys: Vec<&String> = log.keys.iter().map(|key| &key.key).collect();
    let value = json!({
        "found": true, "seq": seq, "bundle": options.out, "verifier": verifier, "origin": log.origin, "keys": keys,
    });
    let words = format!(
        "entry {seq} is proved in {}; check it with {} and the key {}",
        options.out.display(),
        verifier.display(),
        keys.last().map_or("", |key| key.as_str())
    );
    args.answer(out, &value, &words)?;
    Ok(0)
}

/// The bundle of one record, under the oldest stamped checkpoint that covers it, or else the newest checkpoint.
fn bundle(reader: &Reader, seq: u64, with_text: bool) -> anyhow::Result<Bundle> {
    let removed_by = match Verdict::of(reader, &Removals::read(reader)?, seq)? {
        Verdict::Disposed(by) | Verdict::Erased(by) => Some(by),
        _ => None,
    };
    let covered = removed_by.unwrap_or(seq);
    let (proof, timestamps) = match stamped(reader, seq, covered)? {
        Some(found) => found,
        None => (reader.prove(seq)?, Vec::new()),
    };
    let size = ledger::checkpoint::Checkpoint::parse(&proof.checkpoint.text)?.size;
    let removal = match removed_by.filter(|by| *by < size) {
        None => None,
        Some(by) => Some(Removal { tombstone: disclose(reader, by, true)?, path: reader.inclusion_proof(by, size)? }),
    };
    let record = disclose(reader, seq, with_text)?;
    Ok(Bundle { record, proof, removal, timestamps, timestamps_left_out: Vec::new() })
}

/// The proof under the oldest stamped checkpoint that covers an entry: its stamps are closest to the capture.
fn stamped(reader: &Reader, seq: u64, covered: u64) -> anyhow::Result<Option<(TlogProof, Vec<BundledStamp>)>> {
    let store = reader.store();
    let anchors = store.anchors()?;
    let Some((size, _)) = anchors.iter().find(|(size, name)| *size > covered && name == "note") else {
        return Ok(None);
    };
    let checkpoint = ledger::note::Note::parse(&store.anchor(*size, "note")?)?;
    let mut stamps = Vec::new();
    for (of, name) in &anchors {
        if let Some(authority) = name.strip_suffix(".tsr").filter(|_| of == size) {
            stamps.push(BundledStamp { authority: authority.to_owned(), response: store.anchor(*size, name)? });
        }
    }
    let hashes = reader.inclusion_proof(seq, *size)?;
    Ok(Some((TlogProof { extra: Vec::new(), index: seq, hashes, checkpoint }, stamps)))
}

fn disclose(reader: &Reader, seq: u64, with_text: bool) -> anyhow::Result<Disclosed> {
    let entry = reader.entry(seq)?.encode();
    if !with_text {
        return Ok(Disclosed { entry, plaintext: None });
    }
    match reader.read(seq) {
        Ok(opened) => {
            let plaintext = Plaintext { salt: opened.salt, body: opened.canonical.to_vec() };
            Ok(Disclosed { entry, plaintext: Some(plaintext) })
        }
        Err(error @ ReadError::Unreadable { .. }) => Err(error).context("prove it without its text"),
        Err(error) => Err(error.into()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}
