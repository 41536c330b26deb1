//! Reading the past, and healing what the push missed: sweeps over all channels by `conversations.history` and `.replies`.
//!
//! A sweep goes through the channels by id. Of each it reads the newest page whatever is known (edits, replies and reactions show up
//! there), and further pages back to the mark, the time up to which the channel is durable. A mark moves when its channel is read
//! to the end, so a crash repeats at most one channel; the record takes repetitions once. A pull makes at most [`CALLS_MAX`]
//! calls: Slack allows about fifty a minute of each of these methods (Tier 3) and answers `Retry-After` beyond.
//!
//! Not seen by a sweep: what was deleted, reactions that were taken back, and replies in threads older than the newest page.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    client::{self, Api, Does},
    mapping::{self, Around, REACTIONS_PER_PAGE_MAX},
    names,
};
use crate::{
    account::{Cursor, Session},
    error::{Class, NetworkError, Result},
    event::{Event, Place, What},
    network::{Batch, Gap},
};

/// Calls of one pull: what a minute allows, shared by a few pulls.
const CALLS_MAX: usize = 20;
/// Messages asked for at once: with their reactions they stay below [`Batch::MAX`] events.
const PAGE: usize = 100;
/// A pull that has so many events is full: one more page may bring [`PAGE`] messages and their reactions.
const EVENTS_ENOUGH: usize = Batch::MAX - PAGE - REACTIONS_PER_PAGE_MAX;
/// Channels that are followed: their marks have to fit into a cursor.
const CHANNELS_MAX: usize = 1_500;
/// Channels or people on a page of a listing: the most that Slack gives, because listings are allowed twenty times a minute (Tier 2).
const LISTED: &str = "999";
/// Pages of a listing.
const LIST_PAGES_MAX: usize = 50;
/// People asked for one by one in a pull; the rest stay ids until the next.
const PEOPLE_ASKED_MAX: usize = 20;
/// The kinds of conversations, each of which needs scopes of its own.
const KINDS: [&str; 4] = ["public_channel", "private_channel", "mpim", "im"];

/// How far a workspace is read: what a cursor holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The time up to which a channel is durable.
    marks: BTreeMap<String, String>,
    /// The sweep under way; nothing between two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sweep: Option<Sweep>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sweep {
    /// The last channel that is done.
    #[serde(default)]
    after: String,
    /// The channel being read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reading: Option<Reading>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    channel: String,
    /// The next page of the history; nothing at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    /// Whether the history is read back to the mark.
    #[serde(default)]
    back: bool,
    /// The newest time seen: the next mark.
    #[serde(default)]
    newest: String,
    /// Threads with replies that are still to be read, and the page of the one that is being read.
    #[serde(default)]
    threads: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replies: Option<String>,
}

/// What happened since the cursor.
pub(crate) async fn pull(session: &Session, cursor: Option<&Cursor>, wait: Duration) -> Result<Batch> {
    let progress = match cursor {
        None => Progress::default(),
        Some(Cursor(text)) => serde_json::from_str(text)
            .map_err(|_| NetworkError::malformed("the cursor is not one of Slack's; read from the beginning"))?,
    };
    let api = Api::reader(session)?;
    let mut pull = Pull { api, session, workspace: client::workspace(session), progress, events: Vec::new(), gaps: Vec::new() };
    let starts = pull.progress.sweep.is_none();
    if starts && cursor.is_some() {
        client::pause(wait).await;
    }
    if starts || !names::with(&pull.workspace, |names| names.readable().next().is_some()) {
        pull.list_channels().await?;
        pull.notice_lost_channels();
    }
    let more = pull.sweep().await?;
    Ok(Batch { events: pull.events, cursor: cursor_of(&pull.progress)?, more, gaps: pull.gaps })
}

fn cursor_of(progress: &Progress) -> Result<Cursor> {
    let text = serde_json::to_string(progress).map_err(|_| NetworkError::malformed("the cursor cannot be written"))?;
    if text.len() > Cursor::MAX {
        return Err(NetworkError::new(Class::Bug, "too many channels for one profile; name the ones to capture in its settings"));
    }
    Ok(Cursor(text))
}

struct Pull<'a> {
    api: Api<'a>,
    session: &'a Session,
    workspace: String,
    progress: Progress,
    events: Vec<Event>,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Box<RawValue>>,
    #[serde(default)]
    response_metadata: Metadata,
    /// A plan without full history hides what is older than its limit.
    #[serde(default)]
    is_limited: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    next_cursor: Option<String>,
}

impl Metadata {
    fn next(self) -> Option<String> {
        self.next_cursor.filter(|next| !next.is_empty())
    }
}

impl Pull<'_> {
    /// Goes on with the sweep, or begins one. Whether there is more right now.
    async fn sweep(&mut self) -> Result<bool> {
        let mut sweep = self.progress.sweep.take().unwrap_or_default();
        for call in 0..CALLS_MAX {
            if self.events.len() > EVENTS_ENOUGH {
                self.progress.sweep = Some(sweep);
                return Ok(true);
            }
            if sweep.reading.is_none() {
                sweep.reading = self.next_channel(&sweep.after);
            }
            let Some(reading) = sweep.reading.as_mut() else { return Ok(false) };
            match self.step(reading).await {
                Ok(()) => {}
                Err(error) if skips(&error) => self.skip(reading, &error),
                Err(error) if call == 0 => return Err(error),
                // What was read so far is kept; the next pull meets the same error with nothing to lose.
                Err(_) => break,
            }
            if reading.back && reading.threads.is_empty() {
                self.progress.marks.insert(reading.channel.clone(), std::mem::take(&mut reading.newest));
                sweep.after = std::mem::take(&mut reading.channel);
                sweep.reading = None;
            }
        }
        self.progress.sweep = Some(sweep);
        Ok(true)
    }

    /// A channel that cannot be read is left out of this sweep, and that is said.
    fn skip(&mut self, reading: &mut Reading, error: &NetworkError) {
        self.gaps.push(Gap {
            place: Some(reading.channel.clone()),
            from_ms: self.progress.marks.get(&reading.channel).and_then(|mark| mapping::time_ms(mark)),
            until_ms: None,
            reason: error.message.clone(),
        });
        let mark = self.progress.marks.get(&reading.channel).cloned().unwrap_or_default();
        *reading = Reading { channel: std::mem::take(&mut reading.channel), back: true, newest: mark, ..Reading::default() };
    }

    fn next_channel(&self, after: &str) -> Option<Reading> {
        let chosen = client::setting(&self.session.settings, "channels");
        let wanted = |place: &Place| {
            chosen.is_none_or(|chosen| {
                let names = place.name.as_deref().unwrap_or_default();
                chosen
                    .split([',', ' '])
                    .map(|name| name.trim_start_matches('#'))
                    .any(|name| name == place.native_id || name == names)
            })
        };
        names::with(&self.workspace, |names| {
            let place = names.readable().take(CHANNELS_MAX).find(|place| place.native_id.as_str() > after && wanted(place))?;
            Some(Reading {
                channel: place.native_id.clone(),
                newest: self.progress.marks.get(&place.native_id).cloned().unwrap_or_default(),
                ..Reading::default()
            })
        })
    }

    /// One call: the next page of a thread, else of the history.
    async fn step(&mut self, reading: &mut Reading) -> Result<()> {
        if let Some(thread) = reading.threads.last().cloned() {
            let page = reading.replies.clone().unwrap_or_default();
            let fields =
                [("channel", reading.channel.as_str()), ("ts", &thread), ("limit", &PAGE.to_string()), ("cursor", &page)];
            let page: Page = self.api.call(Does::Read, "conversations.replies", trimmed(&fields)).await?;
            // The first message of the thread leads every page; the history has it.
            self.take(&page.messages, reading, Some(&thread)).await;
            reading.replies = page.response_metadata.next();
            if reading.replies.is_none() {
                reading.threads.pop();
            }
            return Ok(());
        }
        let page = reading.page.clone().unwrap_or_default();
        let fields = [
            ("channel", reading.channel.as_str()),
            ("limit", &PAGE.to_string()),
            ("include_all_metadata", "true"),
            ("cursor", &page),
        ];
        let page: Page = self.api.call(Does::Read, "conversations.history", trimmed(&fields)).await?;
        let mark = self.progress.marks.get(&reading.channel).cloned().unwrap_or_default();
        if page.is_limited && mark.is_empty() && reading.page.is_none() {
            self.gaps.push(Gap {
                place: Some(reading.channel.clone()),
                from_ms: None,
                until_ms: None,
                reason: "the workspace's plan hides older messages".to_owned(),
            });
        }
        let oldest = self.take(&page.messages, reading, None).await;
        reading.page = page.response_metadata.next();
        reading.back = reading.page.is_none() || oldest.is_some_and(|oldest| !mark.is_empty() && oldest <= mark);
        Ok(())
    }

    /// Maps a page's messages, oldest first; notes threads to read and the newest time. The oldest time of the page.
    async fn take(&mut self, messages: &[Box<RawValue>], reading: &mut Reading, thread: Option<&str>) -> Option<String> {
        let parsed: Vec<(&str, Value)> =
            messages.iter().map(|raw| (raw.get(), serde_json::from_str(raw.get()).unwrap_or_default())).collect();
        self.learn_people(parsed.iter().flat_map(|(_, message)| mapping::people(message))).await;
        let mark = self.progress.marks.get(&reading.channel).cloned().unwrap_or_default();
        let mut oldest: Option<String> = None;
        let mut reactions = 0;
        let mut found = Vec::new();
        for (raw, message) in &parsed {
            let time = |name: &str| message[name].as_str().unwrap_or_default();
            let ts = time("ts");
            if thread.is_none() {
                let newest = [ts, time("latest_reply"), message["edited"]["ts"].as_str().unwrap_or_default()];
                let newest = newest.into_iter().max().unwrap_or_default();
                if newest > reading.newest.as_str() {
                    newest.clone_into(&mut reading.newest);
                }
                let is_older = oldest.as_deref().is_none_or(|known| ts < known);
                if is_older {
                    oldest = Some(ts.to_owned());
                }
                let replied = message["reply_count"].as_u64().unwrap_or(0) > 0;
                if replied && (mark.is_empty() || !message["latest_reply"].is_string() || time("latest_reply") > mark.as_str()) {
                    reading.threads.push(ts.to_owned());
                }
            } else if thread == Some(ts) {
                continue;
            }
            let is_new =
                mark.is_empty() || ts > mark.as_str() || message["edited"]["ts"].as_str().is_some_and(|at| at > mark.as_str());
            let events = names::with(&self.workspace, |names| {
                let place = names.place(&reading.channel, None);
                mapping::of_history(raw, &place, Around { names, link: self.session.account.link.as_deref() })
            });
            found.push(
                events
                    .into_iter()
                    .filter(|event| match event.what {
                        What::Reacted { .. } => {
                            reactions += 1;
                            reactions <= REACTIONS_PER_PAGE_MAX
                        }
                        What::Posted(_) | What::Edited(_) => is_new,
                        _ => true,
                    })
                    .collect::<Vec<_>>(),
            );
        }
        if thread.is_none() {
            found.reverse();
        }
        self.events.extend(found.into_iter().flatten());
        oldest
    }

    /// Lists the conversations that the token sees; a kind that its scopes do not open is left out ([`super::oauth`] names them).
    async fn list_channels(&self) -> Result<()> {
        self.learn_all_people().await;
        let mut found: Vec<Value> = Vec::new();
        let mut refused = None;
        for kind in KINDS {
            let fields = [("types", kind), ("limit", LISTED)];
            match self.pages("conversations.list", "channels", &fields, |channels| found.extend(channels)).await {
                Ok(()) => {}
                Err(error) if error.class == Class::Reauthorise && error.message.contains("missing_scope") => {
                    refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let (true, Some(error)) = (found.is_empty(), refused) {
            return Err(error);
        }
        let reads_all = client::reads_as_person(self.session);
        names::with(&self.workspace, |names| {
            names.forget_channels();
            for channel in &found {
                names.learn_channel(channel, reads_all);
            }
        });
        Ok(())
    }

    /// Everybody, once; without the scope for it, people keep their ids.
    async fn learn_all_people(&self) {
        if !names::with(&self.workspace, |names| names.is_new()) {
            return;
        }
        let learn = |people: Vec<Value>| {
            names::with(&self.workspace, |names| people.iter().for_each(|user| names.learn_person(user)));
        };
        // What came before an error is learned; the rest is asked for one by one.
        let _names_are_nice_to_have = self.pages("users.list", "members", &[("limit", LISTED)], learn).await;
    }

    /// A channel that was read and can be read no longer is a gap from then on.
    fn notice_lost_channels(&mut self) {
        let readable: BTreeSet<String> =
            names::with(&self.workspace, |names| names.readable().map(|place| place.native_id.clone()).collect());
        self.progress.marks.retain(|channel, mark| {
            let kept = readable.contains(channel);
            if !kept {
                self.gaps.push(Gap {
                    place: Some(channel.clone()),
                    from_ms: mapping::time_ms(mark),
                    until_ms: None,
                    reason: "the channel can be read no longer: it was archived or deleted, or the app was removed from it"
                        .to_owned(),
                });
            }
            kept
        });
    }

    /// Asks for people who came since, a few at a time.
    async fn learn_people(&self, ids: impl Iterator<Item = String>) {
        let mut lacking: Vec<String> = names::with(&self.workspace, |names| ids.filter(|id| names.lacks(id)).collect());
        lacking.sort_unstable();
        lacking.dedup();
        for id in lacking.into_iter().take(PEOPLE_ASKED_MAX) {
            match self.api.call::<Value>(Does::Read, "users.info", &[("user", &id)]).await {
                Ok(answer) => names::with(&self.workspace, |names| names.learn_person(&answer["user"])),
                Err(error) if error.class == Class::RetryLater => return,
                Err(_) => names::with(&self.workspace, |names| names.learn_unknown(&id)),
            }
        }
    }

    /// The items of a listing, page by page.
    async fn pages(&self, method: &str, items: &str, fields: &[(&str, &str)], mut take: impl FnMut(Vec<Value>)) -> Result<()> {
        let mut next = String::new();
        for _ in 0..LIST_PAGES_MAX {
            let mut fields = fields.to_vec();
            if !next.is_empty() {
                fields.push(("cursor", &next));
            }
            let mut answer: Value = self.api.call(Does::Read, method, &fields).await?;
            if let Some(Value::Array(more)) = answer.get_mut(items).map(Value::take) {
                take(more);
            }
            match answer["response_metadata"]["next_cursor"].as_str().filter(|cursor| !cursor.is_empty()) {
                Some(cursor) => cursor.clone_into(&mut next),
                None => break,
            }
        }
        Ok(())
    }
}

/// Whether an error concerns one channel only.
fn skips(error: &NetworkError) -> bool {
    matches!(error.class, Class::Gone | Class::RefusedContent)
        || error.class == Class::Reauthorise && error.message.contains("missing_scope")
}

/// Without a last field that is empty: Slack takes an empty cursor for a wrong one.
fn trimmed<'a, 'b>(fields: &'a [(&'b str, &'b str)]) -> &'a [(&'b str, &'b str)] {
    match fields.split_last() {
        Some((("cursor", ""), rest)) => rest,
        _ => fields,
    }
}
