//! `gatepost search`: the query language of the search page, at the shell; and building the index again.
//!
//! Where no server runs, what is not findable yet is taken into the index first: a search after an import finds what was imported.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use desk::{
    Actor, Desk,
    search::{Answer, Counting, Found, Hit, Order, PageCursor, Progress, Question, Search, open_read_only, rebuild, time_zone},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    data::DataFolder,
    findable, output,
    wiring::{CommonArgs, Schema, block_on, open_desk, search_folder},
};

/// Find captured messages: words, "phrases", =exact, OR, -not, and fields such as from:, in:, on: (docs/search.md).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look for, in the shell's quotes when it has quotes of its own, and behind `--` when it begins with a minus sign. Without it
    /// everything is found.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// The best match first instead of the newest.
    #[arg(long)]
    best: bool,
    /// Also count per network, profile and kind of finding.
    #[arg(long)]
    counts: bool,
    /// Results to print, 100 at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Go on after a page: the mark that it ended with.
    #[arg(long, value_name = "MARK")]
    page: Option<PageCursor>,
    /// The time zone in which days begin, for example Europe/Vienna.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Build the index again from the database; stop the server first. Interrupted, it goes on the next time.
    #[arg(long, conflicts_with = "query")]
    rebuild: bool,
}

/// Runs the command: exit code 0 when something was found, 1 when nothing was, 2 when it could not be looked for.
pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let folder = DataFolder::open(&common.data)?;
    let index = search_folder(&folder);
    if args.rebuild {
        let _lock = folder.lock()?;
        return block_on(async {
            let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
            build_again(&desk, index, common.json).await
        });
    }
    block_on(async {
        let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
        // A running server follows the messages itself; a folder that cannot be written to is searched as it is.
        if config.database_url.is_empty()
            && let Ok(lock) = folder.lock()
        {
            findable::catch_up(&desk, &index, &lock).await?;
        }
        find(&desk, index, common.json, args).await
    })
}

async fn find(desk: &Desk, index: PathBuf, as_json: bool, args: &Args) -> anyhow::Result<ExitCode> {
    let search = Search::new(Arc::new(open_read_only(&index)?));
    let question = Question {
        order: if args.best { Order::Relevance } else { Order::Newest },
        counting: if args.counts { Counting::Everything } else { Counting::Total },
        limit: args.limit,
        after: args.page,
        zone: time_zone(&args.zone)?,
        ..Question::new(args.query.join(" "))
    };
    match search.ask(desk, &Actor::operator(), &question).await? {
        Answer::NotUnderstood(error) => anyhow::bail!("the query was not understood: {error}"),
        Answer::Found(found) => {
            output::answer(as_json, &json_of(&found), &text_of(&found, io::stdout().is_terminal()))?;
            let nothing = found.results.is_empty() && found.total.unwrap_or_default() == 0;
            Ok(if nothing { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
    }
}

fn json_of(found: &Found) -> serde_json::Value {
    json!({
        "total": found.total,
        "results": found.results,
        "counts": found.counts,
        "next": found.next.map(|next| next.to_string()),
        "waiting": found.waiting,
    })
}

/// Where matches begin and end on a terminal: bold.
const BOLD: (&str, &str) = ("\u{1b}[1m", "\u{1b}[22m");

fn text_of(found: &Found, is_terminal: bool) -> String {
    let mut text = String::new();
    for hit in &found.results {
        text.push_str(&line_of(hit, is_terminal));
    }
    if let Some(counts) = &found.counts {
        let networks = counts.networks.iter().map(|(name, count)| (name.as_str(), count));
        let profiles = counts.profiles.iter().map(|(_, title, count)| (title.as_str(), count));
        let findings = counts.findings.iter().map(|(kind, count)| (kind.as_str(), count));
        for (name, count) in networks.chain(profiles).chain(findings) {
            text.push_str(&format!("{count:>10}  {name}\n"));
        }
    }
    if let Some(total) = found.total {
        text.push_str(&format!("{} of {total}", found.results.len()));
    }
    if let Some(next) = found.next {
        text.push_str(&format!("; go on with --page {next}"));
    }
    if found.waiting > 0 {
        text.push_str(&format!("; {} changes are not findable yet", found.waiting));
    }
    text.push('\n');
    text
}

fn line_of(hit: &Hit, is_terminal: bool) -> String {
    let message = &hit.message;
    let mut said = String::with_capacity(message.text.len());
    for (at, letter) in message.text.char_indices() {
        if is_terminal && hit.marks.iter().any(|mark| mark.end == at) {
            said.push_str(BOLD.1);
        }
        if is_terminal && hit.marks.iter().any(|mark| mark.start == at) {
            said.push_str(BOLD.0);
        }
        said.push(harmless(letter));
    }
    if is_terminal {
        said.push_str(BOLD.1);
    }
    let author = message.author.as_ref();
    let author = author.map_or("", |by| by.handle.as_ref().or(by.name.as_ref()).unwrap_or(&by.native_id));
    let place = message.place.name.as_ref().unwrap_or(&message.place.native_id);
    let (place, author): (String, String) = (place.chars().map(harmless).collect(), author.chars().map(harmless).collect());
    format!("{}  {place}  {author}: {said}\n", message.posted_at.rfc3339())
}

/// What a stranger wrote must not steer the terminal, nor turn the rest of the line around: a name neither.
fn harmless(letter: char) -> char {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if letter.is_control() || turns { ' ' } else { letter }
}

async fn build_again(desk: &Desk, index: PathBuf, as_json: bool) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopper.cancel();
        }
    });
    let shows = io::stderr().is_terminal();
    let built = rebuild(desk, index, &stop, |progress| {
        if shows {
            // Standard error may be closed.
            let _ = write!(io::stderr(), "\r{}", bar(progress));
        }
    })
    .await
    .context("failed to build the search index again")?;
    if shows {
        let _ = writeln!(io::stderr());
    }
    let Some(messages) = built else {
        anyhow::bail!("stopped; run `gatepost search --rebuild` again and it goes on from here");
    };
    output::answer(as_json, &json!({ "messages": messages }), &format!("{messages} messages can be found.\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// A progress bar, forty characters wide.
fn bar(progress: Progress) -> String {
    const WIDTH: i64 = 40;
    let of = progress.of.max(1);
    let full = usize::try_from((progress.at * WIDTH / of).clamp(0, WIDTH)).unwrap_or(0);
    let (done, left) = ("#".repeat(full), ".".repeat(40 - full));
    format!("[{done}{left}] {:>3} %  {} of {}", progress.at * 100 / of, progress.at, progress.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_empty_full_and_right_for_nothing_to_do() {
        assert!(bar(Progress { at: 0, of: 10 }).starts_with("[........................................]   0 %"));
        assert!(bar(Progress { at: 5, of: 10 }).starts_with("[####################....................]  50 %"));
        assert!(bar(Progress { at: 10, of: 10 }).starts_with("[########################################] 100 %"));
        assert!(bar(Progress { at: 0, of: 0 }).starts_with("[........................................]   0 %"));
    }
}
