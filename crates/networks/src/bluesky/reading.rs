//! What comes in: own posts and reposts from the repository, and what others do from notifications.
//!
//! The repository's revision says whether anything of our own changed; then its newest records are listed and compared with those that
//! were handed out, which shows deletions and replaced records among them. The two sources are apart: when the service behind
//! notifications is down, own posts are still read, and the error is told once there is nothing else to tell.
//!
//! Both lists are sorted by what their writers say: a record's key and a notification's time come from another program's clock, so
//! something new may appear behind something known. Hence the newest page is compared one by one, not only down to the first that
//! is known.

use std::{collections::HashSet, time::Duration};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    client::{Api, Body, error, word},
    entity::{NotificationPage, PostView, Posts, RecordEntity, RecordPage, Thread, ThreadAnswer},
    mapping::{self, POST, REPOST, address, raw},
};
use crate::{
    account::{Cursor, Session},
    error::{Class, NetworkError, Result},
    event::{Event, Party, Raw},
    network::{Batch, Gap},
    walk::Walk,
};

/// Records or notifications a page; with [`AROUND_MAX`] a pull stays below [`Batch::MAX`].
const PAGE: usize = 50;
/// Messages of others taken from around one.
const AROUND_MAX: usize = 10;
/// Own posts asked about in one call while threads are filled back (the service's limit).
const POSTS_MAX: usize = 25;
/// Between two looks: well within 3,000 calls in five minutes.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// Own records of a kind whose key and digest are kept: at about 80 bytes each, half of the longest cursor for both kinds.
const KNOWN_MAX: usize = 200;
/// Notifications kept to be compared with: twice what a page holds, so that a few that are withdrawn do not bring back forgotten ones.
const HEARD_MAX: usize = 2 * PAGE;
/// Hexadecimal digits kept of each: two of a hundred are alike once in a million years of looks.
const HEARD_DIGITS: usize = 16;
const _: () = assert!(2 * PAGE + PAGE * (1 + AROUND_MAX) + POSTS_MAX * AROUND_MAX <= Batch::MAX);

/// What the cursor holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Reading {
    /// The repository's revision up to which own records are known.
    rev: Option<String>,
    posts: Own,
    reposts: Own,
    notified: Walk,
    /// What was notified of last, newest first, as [`mark`]s.
    heard: Vec<String>,
    threads: Threads,
}

/// Own records of one kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Own {
    walk: Walk,
    /// Record key and what is compared, newest first: a post's CID, or what a repost is of.
    known: Vec<(String, String)>,
}

/// Filling back what others answered before the profile was connected: once through all own posts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Threads {
    #[default]
    Begin,
    From(String),
    Done,
}

/// What one look brought.
#[derive(Default)]
struct Found {
    events: Vec<Event>,
    gaps: Vec<Gap>,
    more: bool,
}

pub(super) async fn pull(session: &Session, cursor: Option<&Cursor>, wait: Duration) -> Result<Batch> {
    let until = Instant::now() + wait;
    let reading = cursor.map_or_else(|| Ok(Reading::default()), |cursor| serde_json::from_str(&cursor.0));
    let reading = reading.map_err(|_| NetworkError::malformed("the cursor is not one of Bluesky's: begin anew without one"))?;
    let by = mapping::own_party(&session.account);
    let mut reader = Reader { api: Api::of(session)?, did: session.account.native_id.clone(), by, reading };
    loop {
        let found = reader.look().await?;
        if !found.events.is_empty() || found.more || Instant::now() >= until {
            return reader.batch(found);
        }
        tokio::time::sleep_until(until.min(Instant::now() + POLL_EVERY)).await;
    }
}

struct Reader {
    api: Api,
    did: String,
    by: Party,
    reading: Reading,
}

impl Reader {
    fn batch(&self, mut found: Found) -> Result<Batch> {
        // A message may be notified of and around another one.
        let mut pairs = HashSet::new();
        found.events.retain(|event| pairs.insert((event.native_id.clone(), event.revision.clone())));
        let cursor = serde_json::to_string(&self.reading).map_err(|_| NetworkError::malformed("the cursor cannot be written"))?;
        Ok(Batch { events: found.events, cursor: Cursor(cursor), more: found.more, gaps: found.gaps })
    }

    async fn look(&mut self) -> Result<Found> {
        let mut found = Found::default();
        self.own(&mut found).await?;
        let before = self.reading.clone();
        match self.others(&mut found).await {
            // What is our own is told first; the error comes when there is nothing else.
            Err(_) if !found.events.is_empty() || found.more => {
                let Reading { notified, heard, threads, .. } = before;
                self.reading = Reading { notified, heard, threads, ..self.reading.clone() }
            }
            told => told?,
        }
        Ok(found)
    }

    async fn own(&mut self, found: &mut Found) -> Result<()> {
        #[derive(Deserialize)]
        struct Latest {
            rev: String,
        }
        let is_walking = self.reading.posts.walk.before().is_some() || self.reading.reposts.walk.before().is_some();
        let latest: Latest = self.api.get("com.atproto.sync.getLatestCommit", &[("did", &self.did)]).await?;
        if self.reading.rev.as_ref() == Some(&latest.rev) && !is_walking {
            return Ok(());
        }
        let more = self.records(POST, found).await? | self.records(REPOST, found).await?;
        found.more |= more;
        // What is written while a walk is under way is the next walk's.
        if !more {
            self.reading.rev = Some(latest.rev).filter(|_| !is_walking);
            found.more |= is_walking;
        }
        Ok(())
    }

    fn kind(&mut self, collection: &str) -> &mut Own {
        if collection == POST { &mut self.reading.posts } else { &mut self.reading.reposts }
    }

    /// One page of own records of a kind; whether the walk goes on.
    async fn records(&mut self, collection: &str, found: &mut Found) -> Result<bool> {
        let limit = PAGE.to_string();
        let (did, before) = (self.did.clone(), self.kind(collection).walk.before().map(str::to_owned));
        let mut query = vec![("repo", did.as_str()), ("collection", collection), ("limit", &limit)];
        query.extend(before.as_deref().map(|before| ("cursor", before)));
        let page: RecordPage = self.api.get("com.atproto.repo.listRecords", &query).await?;
        let mut listed = Vec::new();
        for part in &page.records {
            match serde_json::from_str::<RecordEntity>(part.get()).ok().filter(|record| address(&record.uri).is_some()) {
                Some(record) => listed.push((record, part)),
                None => found.events.push(self.unreadable(part)),
            }
        }
        let keys: Vec<&str> = listed.iter().map(|(record, _)| address(&record.uri).map_or("", |(_, _, key)| key)).collect();
        if before.is_none() {
            self.missing(collection, &keys, page.records.len() < PAGE, found).await?;
        }
        let by = self.by.clone();
        let own = self.kind(collection);
        let unknown = own.walk.unknown(&keys);
        // Newest first as listed; handed out oldest first.
        let mut events = Vec::new();
        for (at, (record, part)) in listed.iter().enumerate() {
            let held = own.known.iter().find(|(key, _)| key == keys[at]);
            let compared =
                if collection == POST { record.cid.clone() } else { mapping::subject(&record.value).unwrap_or_default() };
            let is_replaced = held.is_some_and(|(_, before)| *before != compared);
            let is_new = held.is_none() && (at < unknown || before.is_none());
            if is_new || is_replaced {
                let event = mapping::record_event(record, by.clone(), raw(part));
                events.push(if is_replaced { mapping::replaced(event, &record.cid) } else { event });
                own.known.retain(|(key, _)| key != keys[at]);
                own.known.push((keys[at].to_owned(), compared));
            }
        }
        events.reverse();
        found.events.append(&mut events);
        own.known.sort_by(|one, other| other.0.cmp(&one.0));
        own.known.truncate(KNOWN_MAX);
        Ok(own.walk.read(&keys, page.cursor.as_deref()))
    }

    /// Own records that stood among the newest and do not any more.
    async fn missing(&mut self, collection: &str, keys: &[&str], is_all: bool, found: &mut Found) -> Result<()> {
        let oldest = keys.last().copied().filter(|_| !is_all).unwrap_or_default();
        let known = &self.kind(collection).known;
        let is_missing = |known: &&(String, String)| known.0.as_str() > oldest && !keys.contains(&known.0.as_str());
        let missing: Vec<_> = known.iter().filter(is_missing).take(PAGE).cloned().collect();
        for (key, compared) in missing {
            let query = [("repo", self.did.as_str()), ("collection", collection), ("rkey", &key)];
            let answered = self.api.ask(Method::GET, "com.atproto.repo.getRecord", &query, Body::None).await?;
            if word(&answered) == "RecordNotFound" {
                let said = Raw { media_type: "application/json".to_owned(), bytes: answered.body };
                let uri = format!("at://{}/{collection}/{key}", self.did);
                found.events.push(match collection {
                    POST => mapping::deleted_event(&uri, self.by.clone(), said),
                    _ => mapping::reaction_event("repost", false, &compared, &key, self.by.clone(), said),
                });
                self.kind(collection).known.retain(|(known, _)| *known != key);
            } else if let Some(error) = error(&answered, "looking for an own post") {
                return Err(error);
            }
        }
        Ok(())
    }

    fn unreadable(&self, part: &RawValue) -> Event {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, part.get().as_bytes());
        let native_id = format!("at://{}/unreadable/{}", self.did, hex::encode(digest));
        mapping::other_event("unreadable", native_id, String::new(), None, self.by.clone(), raw(part))
    }

    async fn others(&mut self, found: &mut Found) -> Result<()> {
        self.notifications(found).await?;
        if !found.more {
            self.threads(found).await?;
        }
        Ok(())
    }

    async fn notifications(&mut self, found: &mut Found) -> Result<()> {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(self.reading.notified.before().map(|before| ("cursor", before)));
        let page: NotificationPage = self.api.get("app.bsky.notification.listNotifications", &query).await?;
        let mut listed = Vec::new();
        for part in &page.notifications {
            match serde_json::from_str::<PostView>(part.get()) {
                Ok(view) => listed.push((view, part)),
                Err(_) => found.events.push(self.unreadable(part)),
            }
        }
        // One record may be told of for two reasons.
        let ids: Vec<String> =
            listed.iter().map(|(view, _)| format!("{} {}", view.reason.as_deref().unwrap_or_default(), view.uri)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let unknown = self.reading.notified.unknown(&ids);
        let is_front = self.reading.notified.before().is_none();
        let marks: Vec<String> = ids.iter().map(|id| mark(id)).collect();
        let feed = mapping::feed(&self.by);
        for (at, (view, part)) in listed.iter().enumerate().rev() {
            if at >= unknown && (!is_front || self.reading.heard.contains(&marks[at])) {
                continue;
            }
            if view.record["reply"].is_object() {
                self.around(&view.uri, 0, found).await?;
            }
            found.events.push(mapping::notification_event(view, &feed, raw(part)));
        }
        self.hear(marks, is_front);
        found.more |= self.reading.notified.read(&ids, page.cursor.as_deref());
        Ok(())
    }

    /// Keeps the marks of a page: before what is kept when it is the newest, behind it otherwise.
    fn hear(&mut self, mut marks: Vec<String>, is_front: bool) {
        let heard = &mut self.reading.heard;
        heard.retain(|mark| !marks.contains(mark));
        if is_front {
            std::mem::swap(heard, &mut marks);
        }
        heard.append(&mut marks);
        heard.truncate(HEARD_MAX);
    }

    /// What stands above a post, and `depth` levels below it.
    async fn around(&self, uri: &str, depth: u32, found: &mut Found) -> Result<()> {
        let (below, above) = (depth.to_string(), AROUND_MAX.to_string());
        let query = [("uri", uri), ("depth", &below), ("parentHeight", &above)];
        let answer: ThreadAnswer = match self.api.get("app.bsky.feed.getPostThread", &query).await {
            // It went meanwhile, or its author has blocked us.
            Err(error) if error.class == Class::Gone || error.class == Class::RefusedContent => return Ok(()),
            answer => answer?,
        };
        let mut posts = Vec::new();
        let mut parent = answer.thread.parent;
        while let Some(thread) = parent {
            posts.extend(thread.post);
            parent = thread.parent;
        }
        posts.reverse();
        collect(answer.thread.replies.unwrap_or_default(), &mut posts);
        let left_out = posts.len().saturating_sub(AROUND_MAX);
        if left_out > 0 {
            let reason = format!("of the thread around one message {left_out} messages of others were not read");
            found.gaps.push(Gap { place: Some(self.did.clone()), from_ms: None, until_ms: None, reason });
        }
        for part in posts.iter().take(AROUND_MAX) {
            if let Ok(view) = serde_json::from_str::<PostView>(part.get()) {
                found.events.push(mapping::view_event(&view, raw(part)));
            }
        }
        Ok(())
    }

    /// The next own posts whose answers are filled back.
    async fn threads(&mut self, found: &mut Found) -> Result<()> {
        let from = match &self.reading.threads {
            Threads::Done => return Ok(()),
            Threads::Begin => None,
            Threads::From(cursor) => Some(cursor.clone()),
        };
        let limit = POSTS_MAX.to_string();
        let mut query = vec![("repo", self.did.as_str()), ("collection", POST), ("limit", &limit)];
        query.extend(from.as_deref().map(|from| ("cursor", from)));
        let page: RecordPage = self.api.get("com.atproto.repo.listRecords", &query).await?;
        let records: Vec<RecordEntity> = page.records.iter().filter_map(|part| serde_json::from_str(part.get()).ok()).collect();
        if !records.is_empty() {
            let uris: Vec<(&str, &str)> = records.iter().map(|record| ("uris", record.uri.as_str())).collect();
            let answer: Posts = self.api.get("app.bsky.feed.getPosts", &uris).await?;
            for post in answer.posts.iter().filter(|post| post.reply_count > 0) {
                self.around(&post.uri, 6, found).await?;
            }
        }
        self.reading.threads = page.cursor.filter(|_| !records.is_empty()).map_or(Threads::Done, Threads::From);
        found.more |= !matches!(self.reading.threads, Threads::Done);
        Ok(())
    }
}

/// What is kept of a notification, to know it again.
fn mark(id: &str) -> String {
    let mut digits = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes()));
    digits.truncate(HEARD_DIGITS);
    digits
}

/// Level by level, so that the nearest come first.
fn collect(level: Vec<Thread>, posts: &mut Vec<Box<RawValue>>) {
    let mut level = level;
    while !level.is_empty() {
        let mut below = Vec::new();
        for thread in level {
            posts.extend(thread.post);
            below.extend(thread.replies.unwrap_or_default());
        }
        level = below;
    }
}
