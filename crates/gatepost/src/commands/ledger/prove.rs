//! `gatepost ledger prove`: one file with which a stranger checks one record, and the verifier beside it.
//!
//! Salt and plaintext go into the file only when asked for; then the file is as confidential as the record.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::bundle::{Bundle, Disclosure, VERIFIER, VERIFIER_NAME};
use ledger::governance::Removals;
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
    let disclosure = if options.with_text { Disclosure::Content } else { Disclosure::ProofOnly };
    let text = Bundle::of(&reader, &Removals::read(&reader)?, seq, disclosure)?.to_json()?;
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

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}
