//! The recipe that makes `crates/inspect/model/heads.bin`: labelled texts in, one table and a small network out.
//!
//! Deterministic: the same data give the same bytes, whatever the number of threads. Steps: read the sets and expand
//! the templates; train the experts on four folds to get honest inputs for the second layer; train that; calibrate;
//! choose thresholds; train the experts again on everything; write; report scores on rows that were never trained on.
//! Run it with `scripts/train.sh`; licences and limits stand in `docs/model-card.md`.

mod columns;
mod data;
mod experts;
mod report;
mod second;
mod templates;
mod work;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    match run(&mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "failed to train: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: inspect-train DATA_FOLDER TEMPLATE_FOLDER MODEL_FILE";
    let data = PathBuf::from(arguments.next().ok_or(usage)?);
    let templates = PathBuf::from(arguments.next().ok_or(usage)?);
    let model = PathBuf::from(arguments.next().ok_or(usage)?);

    let corpus = data::Corpus::read(&data, &templates)?;
    corpus.describe(out)?;
    let folds = experts::train_folds(&corpus);
    writeln!(out, "experts on {} folds trained", experts::FOLDS)?;
    let second = second::train(&corpus, &folds, out)?;
    drop(folds);
    let full = experts::train_all(&corpus);
    let bytes = full.with_second(&second);
    std::fs::write(&model, &bytes)?;
    writeln!(out, "{} bytes written to {}", bytes.len(), model.display())?;
    report::held_out(&corpus, &bytes, out)?;
    Ok(())
}
