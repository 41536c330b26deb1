//! `gatepost import`: an export file into the record.
//!
//! Works while no server holds the data folder; a running one imports through its page. What came in is found when the command ends. Exit
//! codes as everywhere: 0 everything was taken, 1 done but items were refused, 2 it could not be done or was interrupted. An interrupted
//! import goes on when it is run again.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::builder::PossibleValuesParser;
use desk::{
    Desk,
    actor::Actor,
    capture::{
        Examiner, ImportRun, ImportState, Intake,
        import_file::{self, ExportFile, Watch},
        imports,
    },
    profiles::Profile,
};
use ledger::{engine::OnFatal, keys::master::LocalMasterKey};
use networks::import::{FORMATS, Format, LeftOut, Limits, Refused, format, tally};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    data::DataFolder,
    findable::Following,
    output,
    record::Place,
    wiring::{CommonArgs, Schema, open_desk, search_folder},
};

/// Done, with refused items.
const FINDINGS: u8 = 1;
/// Refused items that are printed for people; JSON has all.
const REFUSED_SHOWN: usize = 20;
/// Refused items read at once.
const REFUSED_PAGE: i64 = 10_000;
/// Refused items in JSON at most: a hundred megabytes. The page of the import lists any number.
const REFUSED_LISTED: usize = 500_000;
/// How often the progress line changes.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// Import an export file into the record: Slack, Mattermost, Teams, Mastodon, Bluesky, mail, JSON lines.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the file is.
    #[arg(value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.id)))]
    form: String,
    /// The export file, as it was downloaded.
    file: PathBuf,
    /// Into which profile: its id, name on the network or title. Without it, the one that the file names, made when there is none.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Only count what is in the file and what would be refused; changes nothing and needs no data folder.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let format = format(&args.form).expect("clap accepts only these");
    if args.dry_run {
        return dry_run(common.json, format, &args.file);
    }
    let config = common.load_config()?;
    let folder = DataFolder::open(&common.data)?;
    let lock = if config.database_url.is_empty() {
        Some(folder.lock().context("a running server keeps the record to itself: import through its page, or stop it first")?)
    } else {
        None
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("failed to start the runtime")?;
    runtime.block_on(async {
        let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
        let (place, master) = (Place::of(&folder, &config)?, LocalMasterKey::derive(&*folder.master_key(&config)?));
        let opened = tokio::task::spawn_blocking(move || place.write(&master, OnFatal::Stop, None)).await?;
        let ledger = opened
            .context("failed to open the ledger for writing; a running server holds it, or `gatepost ledger verify` says more")?
            .ledger;
        let (examiner, stop) = (Arc::new(Examiner::new()?), CancellationToken::new());
        examiner.refresh(&desk).await.context("failed to read the word lists")?;
        let with_lists = tokio::spawn(examiner.clone().follow(desk.clone(), stop.clone()));
        let intake = Intake::new(desk.clone(), ledger.clone(), examiner);
        let following = lock.as_ref().map(|lock| Following::begin(&desk, &search_folder(&folder), lock)).transpose()?;
        let done = import(common.json, format, args, &desk, &intake).await;
        drop(intake);
        stop.cancel();
        with_lists.await?;
        if let Some(following) = following
            && let Err(error) = following.end().await
        {
            tracing::warn!(%error, "what was imported is not findable yet; the next search or server takes it in");
        }
        if let Err(error) = tokio::task::spawn_blocking(move || ledger.end()).await? {
            tracing::warn!(%error, "the ledger did not close cleanly; it recovers at the next start");
        }
        desk.db().close().await;
        done
    })
}

async fn import(json: bool, format: &'static Format, args: &Args, desk: &Desk, intake: &Intake) -> anyhow::Result<ExitCode> {
    let actor = Actor::operator();
    let name = args.file.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    let file = ExportFile { format, path: args.file.clone(), name };
    let (profile, left_out) = profile_for(desk, &actor, format, args).await?;
    let watch = Watch::default();
    let interrupted = watch.clone();
    let signals = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.stop();
        }
    });
    let shown = watch.clone();
    let bar = std::io::stderr().is_terminal().then(|| tokio::spawn(async move { show(&shown).await }));
    let done = import_file::run(intake, &actor, profile.id, &file, &watch).await;
    signals.abort();
    if let Some(bar) = bar {
        bar.abort();
        let _unwritable = writeln!(std::io::stderr());
    }
    let run = done?;
    let refused = refusals(desk, &actor, &run, if json { REFUSED_LISTED } else { REFUSED_SHOWN }).await?;
    let listed: Vec<_> =
        refused.iter().map(|(item, refused)| json!({ "item": item, "place": refused.place, "reason": refused.reason })).collect();
    let mut text = said(&run);
    text.push_str(&format!("  into the profile {} ({})\n", profile.title, profile.id));
    text.push_str(&left_out_of(left_out.iter().map(|left| (left.what.as_str(), left.count))));
    let shown = refused.iter().map(|(_, refused)| (refused.place.as_str(), refused.reason.as_str()));
    text.push_str(&refused_of(shown, u64::try_from(run.refused).unwrap_or_default()));
    let reading_ms = u64::try_from(watch.reading().as_millis()).unwrap_or(u64::MAX);
    let worked = json!({ "read_ms": reading_ms, "intake": intake.spent() });
    let left_out: Vec<_> = left_out.iter().map(|left| json!([left.what, left.count])).collect();
    let value = json!({ "import": run, "profile": profile.title, "refused": listed, "left_out": left_out, "worked": worked });
    output::answer(json, &value, &text)?;
    match run.state {
        ImportState::Done if run.refused == 0 => Ok(ExitCode::SUCCESS),
        ImportState::Done => Ok(ExitCode::from(FINDINGS)),
        ImportState::Failed => bail!("the file could not be read to its end: {}", run.error.unwrap_or_default()),
        ImportState::Running => bail!("interrupted after {} items; run the same command again to go on", run.position),
    }
}

fn said(run: &ImportRun) -> String {
    format!("{} items: {} recorded, {} recorded before, {} refused\n", run.position, run.recorded, run.duplicates, run.refused)
}

/// The first refused items of an import.
async fn refusals(desk: &Desk, actor: &Actor, run: &ImportRun, most: usize) -> anyhow::Result<Vec<(i64, Refused)>> {
    let mut all: Vec<(i64, Refused)> = Vec::new();
    loop {
        let from = all.last().map_or(0, |(item, _)| item + 1);
        let page = imports::refusals(desk, actor, run.id, from, REFUSED_PAGE).await?;
        let ended = page.is_empty();
        all.extend(page);
        if ended || all.len() >= most {
            all.truncate(most);
            return Ok(all);
        }
    }
}

/// The refused items that people are shown, and how many more there are.
fn refused_of<'r>(refused: impl Iterator<Item = (&'r str, &'r str)>, all: u64) -> String {
    let lines: Vec<String> =
        refused.take(REFUSED_SHOWN).map(|(place, reason)| format!("  refused {place}: {reason}\n")).collect();
    let more = all.saturating_sub(lines.len() as u64);
    let rest = if more > 0 { format!("  refused {more} more; --json lists them\n") } else { String::new() };
    lines.concat() + &rest
}

fn left_out_of<'l>(left_out: impl Iterator<Item = (&'l str, u64)>) -> String {
    left_out.map(|(what, count)| format!("  left out, no messages: {what} ({count})\n")).collect()
}

/// The profile that was named, or the one of the file; and what the file holds that is no message.
async fn profile_for(
    desk: &Desk,
    actor: &Actor,
    format: &'static Format,
    args: &Args,
) -> anyhow::Result<(Profile, Vec<LeftOut>)> {
    let path = args.file.clone();
    let look = move || (format.open)(&path, Limits::default()).map(|import| (import.source(), import.left_out()));
    let (source, left_out) = tokio::task::spawn_blocking(look).await??;
    let profile = import_file::profile_for(desk, actor, format, &source, args.profile.as_deref()).await?;
    Ok((profile, left_out))
}

/// Keeps one line about the progress up to date.
async fn show(watch: &Watch) {
    let began = Instant::now();
    loop {
        tokio::time::sleep(SHOW_EVERY).await;
        let (done, all, items) = watch.progress();
        let percent = done.saturating_mul(100) / all.max(1);
        let seconds = began.elapsed().as_secs().max(1);
        let rate = items / i64::try_from(seconds).unwrap_or(i64::MAX);
        let _unwritable = write!(std::io::stderr(), "\r{percent:3} % of the file, {items} items, {rate} a second ");
    }
}

fn dry_run(json: bool, format: &'static Format, path: &Path) -> anyhow::Result<ExitCode> {
    let visible = std::io::stderr().is_terminal();
    let mut percent_shown = u64::MAX;
    let tally = tally::tally_file(format, path, Limits::default(), |import| {
        let (done, all) = import.progress();
        let percent = done.saturating_mul(100) / all.max(1);
        if visible && percent != percent_shown {
            percent_shown = percent;
            let _unwritable = write!(std::io::stderr(), "\r{percent:3} % of the file ");
        }
        true
    })?;
    if visible {
        let _unwritable = writeln!(std::io::stderr());
    }
    let mut text = format!(
        "{}: {} items in {} places\n  {} posts, {} edits, {} deletions, {} reactions, {} comings and goings, {} others, {} attachments\n  {} would be refused\n",
        tally.source,
        tally.items,
        tally.places,
        tally.posts,
        tally.edits,
        tally.deletions,
        tally.reactions,
        tally.memberships,
        tally.others,
        tally.attachments,
        tally.refused
    );
    text.push_str(&left_out_of(tally.left_out.iter().map(|(what, count)| (what.as_str(), *count))));
    let shown = tally.refusals.iter().map(|(place, reason)| (place.as_str(), reason.as_str()));
    text.push_str(&refused_of(shown, tally.refused));
    text.push_str("Nothing was changed.\n");
    output::answer(json, &tally, &text)?;
    match &tally.failed {
        Some(error) => bail!("the file cannot be read to its end: {error}"),
        None if tally.refused > 0 => Ok(ExitCode::from(FINDINGS)),
        None => Ok(ExitCode::SUCCESS),
    }
}
