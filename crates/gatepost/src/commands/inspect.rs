//! `gatepost inspect`: what does this text contain? Lines or JSONL in, findings as JSONL, masked text or marked text out.
//!
//! Input is read in batches, inspected on all cores and written in order, so memory does not grow with the input.
//! It needs no data folder and no network. Exit code 0: clean, 1: findings at or above `--fail-level`, 2: error.

mod heads;
mod input;
mod output;
mod pictures;
mod redact;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args as ClapArgs, ValueEnum};
use inspect::custom::{self, CustomKind};
use inspect::lexicon::STARTER_PACKS;
use inspect::{Config, Inspector, Level, Scratch, TermList};

use crate::wiring::CommonArgs;
use input::{Batch, Batches, Source};
use output::Style;

/// Finds personal data, secrets, listed terms and abuse in text.
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Files to read; standard input when none is named, or for "-"
    files: Vec<PathBuf>,
    /// Each line is a JSON object with "text" (and "id", "alt_texts", "links")
    #[arg(long)]
    jsonl: bool,
    /// Print the text with every finding masked
    #[arg(long, conflicts_with = "explain")]
    redact: bool,
    /// Print for people: findings marked in place, with reasons
    #[arg(long)]
    explain: bool,
    /// Only these kinds or groups, separated by commas (see --list)
    #[arg(long, value_delimiter = ',', value_name = "KINDS")]
    only: Vec<String>,
    /// The files are pictures: read the text in them (needs tesseract), and who took them where
    #[arg(long, conflicts_with_all = ["jsonl", "redact", "explain"])]
    images: bool,
    /// Lists of terms to look for as well (files in the list format)
    #[arg(long, value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// Kinds of your own to look for as well (files in the kinds format); "--only custom" leaves out all others
    #[arg(long, value_name = "FILE")]
    kinds: Vec<PathBuf>,
    /// Look for the terms of the starter packs as well
    #[arg(long)]
    packs: bool,
    /// Leave out abuse, sentiment and language
    #[arg(long)]
    no_heads: bool,
    /// Leave out findings below this level
    #[arg(long, value_enum, default_value = "low")]
    min_level: LevelArg,
    /// Exit with code 1 when something at or above this level is found
    #[arg(long, value_enum, default_value = "low")]
    fail_level: LevelArg,
    /// List every kind with its examples
    #[arg(long)]
    list: bool,
    /// Colour and progress
    #[arg(long, value_enum, default_value = "auto")]
    color: ColorArg,
    /// Threads; all cores when not given
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelArg {
    Low,
    Medium,
    High,
}

impl From<LevelArg> for Level {
    fn from(arg: LevelArg) -> Self {
        match arg {
            LevelArg::Low => Self::Low,
            LevelArg::Medium => Self::Medium,
            LevelArg::High => Self::High,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColorArg {
    Auto,
    Always,
    Never,
}

/// Batches under way between reader, workers and writer: enough to keep every core busy, and no more in memory.
const BATCHES_PER_THREAD: usize = 2;
/// More threads than this only wait for the reader.
const THREADS_MAX: usize = 64;

/// Runs the command.
pub(crate) fn run(common: &CommonArgs, args: &Args) -> ExitCode {
    match inspect_all(args, common.json) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "gatepost inspect: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `gatepost inspect … | head` is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn inspect_all(args: &Args, json: bool) -> anyhow::Result<bool> {
    if json && args.explain {
        bail!("--explain is for people and --json for programs; leave one of them out");
    }
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout());
    if args.list {
        // Says which names are unknown.
        Inspector::compile(&Config { only: args.only.clone(), heads: false, ..Config::default() })?;
        output::list(&mut out, &args.only, json)?;
        out.flush()?;
        return Ok(false);
    }
    let config = Config {
        only: args.only.clone(),
        level_min: args.min_level.into(),
        lists: lists(args)?,
        custom: kinds(&args.kinds)?,
        heads: !args.no_heads,
    };
    let inspector = Inspector::compile(&config).context("the choice of kinds or lists cannot be used")?;
    if args.images {
        let found = pictures::inspect_all(&args.files, &inspector, args.fail_level.into(), &mut out)?;
        out.flush()?;
        return Ok(found);
    }
    let color = match args.color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let style = match (args.redact, args.explain) {
        (true, _) => Style::Redact { json: args.jsonl || json },
        (_, true) => Style::Explain { color },
        _ => Style::Json,
    };
    let mut found = false;
    let mut batches =
        Batches::new(Source::open(&args.files)?, args.jsonl, args.color != ColorArg::Never && io::stderr().is_terminal());
    let threads =
        args.threads.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1).clamp(1, THREADS_MAX);
    let work = Work { inspector: &inspector, style, fail_level: args.fail_level.into() };
    parallel(&mut batches, &work, threads, &mut out, &mut found)?;
    out.flush()?;
    Ok(found)
}

/// The kinds of the files, or every problem with its file and line.
fn kinds(files: &[PathBuf]) -> anyhow::Result<Vec<CustomKind>> {
    let mut kinds = Vec::new();
    for file in files {
        let content = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        kinds.extend(custom::parse_file(&content).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(|problem| format!("\n{}, {problem}", file.display())).collect();
            anyhow!("these kinds cannot be used:{}", lines.concat())
        })?);
    }
    Ok(kinds)
}

fn lists(args: &Args) -> anyhow::Result<Vec<TermList>> {
    let packs = if args.packs { STARTER_PACKS } else { &[] };
    let mut lists: Vec<TermList> =
        packs.iter().map(|p| TermList { name: p.name.to_owned(), content: p.list.to_owned() }).collect();
    for file in &args.lists {
        let content = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        lists.push(TermList { name: file.display().to_string(), content });
    }
    Ok(lists)
}

/// What every worker shares.
struct Work<'a> {
    inspector: &'a Inspector,
    style: Style,
    fail_level: Level,
}

/// The output of one batch, and whether anything reached the fail level.
type Done = anyhow::Result<(Vec<u8>, bool)>;

/// Reads on this thread, inspects on `threads` others, writes in the order of the input.
fn parallel(
    batches: &mut Batches,
    work: &Work<'_>,
    threads: usize,
    out: &mut impl Write,
    found: &mut bool,
) -> anyhow::Result<()> {
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads {
            let (to_worker, inbox) = mpsc::sync_channel::<Batch>(BATCHES_PER_THREAD);
            let (outbox, from_worker) = mpsc::sync_channel::<Done>(BATCHES_PER_THREAD);
            scope.spawn(move || {
                let mut scratch = Scratch::new();
                for batch in inbox {
                    if outbox.send(one_batch(work, &batch, &mut scratch)).is_err() {
                        return;
                    }
                }
            });
            workers.push((to_worker, from_worker));
        }
        // Batches go round in turn, so taking answers in turn keeps the order.
        let mut sent = 0;
        let mut received = 0;
        let mut take = |received: &mut usize,
                        workers: &[(mpsc::SyncSender<Batch>, mpsc::Receiver<Done>)]|
         -> anyhow::Result<()> {
            let (bytes, hit) = workers[*received % threads].1.recv().context("a worker stopped; please report this input")??;
            *received += 1;
            *found |= hit;
            out.write_all(&bytes)?;
            Ok(())
        };
        while let Some(batch) = batches.next()? {
            if sent - received >= threads * BATCHES_PER_THREAD {
                take(&mut received, &workers)?;
            }
            workers[sent % threads].0.send(batch).context("a worker stopped; please report this input")?;
            sent += 1;
        }
        while received < sent {
            take(&mut received, &workers)?;
        }
        Ok(())
    })
}

fn one_batch(work: &Work<'_>, batch: &Batch, scratch: &mut Scratch) -> Done {
    let mut out = Vec::with_capacity(batch.len() * 2);
    let mut found = false;
    for line in batch.lines() {
        let post = line?;
        let parts = post.parts();
        let report = work.inspector.inspect(&parts.message(), scratch);
        found |= report.findings().iter().any(|f| f.level() >= work.fail_level);
        match work.style {
            Style::Json => output::json_line(&mut out, &post, &parts.message(), &report)?,
            Style::Explain { color } => output::explained(&mut out, color, &post, &report)?,
            Style::Redact { json } => redact::write(&mut out, json, &post, work.inspector, scratch)?,
        }
    }
    Ok((out, found))
}
