//! What comes in: own posts, notifications, what surrounds them, and what changed among the newest.
//!
//! A pull reads one page of own posts and one of notifications ([`super::walk`]); around an answer it reads the thread once. The cursor
//! keeps the newest statuses ([`Known`]) because a stream and a deletion name them by the server's own id only. When there is nothing
//! new it waits on the server's stream, or asks again. The same thing may be handed out twice; it then carries the same pair.

use std::{collections::HashSet, time::Duration};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    client::{Api, segment},
    entity::{AccountEntity, Status, Version},
    mapping::{self, Around, raw},
    stream::{Stream, Streamed},
    thread::around,
};
use crate::{
    account::{Cursor, Session},
    error::{NetworkError, Result},
    event::{Event, Place, PlaceKind, Raw},
    http::{self, ANSWER_BYTES_MAX},
    network::{Batch, Gap},
    walk::Walk,
};

/// Statuses or notifications a page. With [`AROUND_MAX`] and [`VERSIONS_MAX`] a pull stays below [`Batch::MAX`].
const PAGE: usize = 20;
/// Messages of others taken from around one status: the rest of a thread arrives by notifications.
const AROUND_MAX: usize = 10;
/// Versions of one status.
const VERSIONS_MAX: usize = 10;
/// Between two looks at a server that does not stream: well within 300 calls in five minutes.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// Statuses whose local id is kept: at about 130 bytes each, half of the longest cursor.
const KNOWN_MAX: usize = 200;
const KNOWN_BYTES_MAX: usize = Cursor::MAX / 2;
/// Others' newest statuses looked at again in every pull, in one call.
const AGAIN_MAX: usize = 20;
const _: () = assert!(2 * PAGE * (1 + AROUND_MAX + VERSIONS_MAX) + PAGE + AGAIN_MAX * (1 + VERSIONS_MAX) <= 2 * Batch::MAX);

/// A status that was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The server's id of it.
    #[serde(rename = "i")]
    id: String,
    /// Its address everywhere.
    #[serde(rename = "u")]
    uri: String,
    #[serde(rename = "c")]
    created_ms: i64,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    edited_ms: Option<i64>,
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    is_own: bool,
}

/// What the cursor holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Reading {
    own: Walk,
    notified: Walk,
    /// Newest first.
    known: Vec<Known>,
    /// The server cannot tell several statuses at once (before 4.3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    one_by_one: bool,
}

/// What one look brought.
#[derive(Default)]
struct Found {
    /// Groups, newest first; within a group oldest first.
    groups: Vec<Vec<Event>>,
    gaps: Vec<Gap>,
    more: bool,
}

pub(super) async fn pull(session: &Session, cursor: Option<&Cursor>, wait: Duration) -> Result<Batch> {
    let until = Instant::now() + wait;
    let mut reader = Reader::new(session, cursor)?;
    // Opened before looking, so that nothing falls between the look and the stream.
    let mut stream = if wait.is_zero() { None } else { Stream::open(&reader.api, session).await };
    loop {
        let found = reader.look().await?;
        if !found.groups.is_empty() || found.more || !found.gaps.is_empty() || Instant::now() >= until {
            return reader.batch(found);
        }
        match &mut stream {
            Some(open) => match open.next(until).await {
                Some(streamed) => {
                    let mut found = Found::default();
                    reader.streamed(&streamed, &mut found).await?;
                    if !found.groups.is_empty() {
                        return reader.batch(found);
                    }
                }
                // It ended, or there is no time left: look once more, without it.
                None => stream = None,
            },
            None => tokio::time::sleep_until(until.min(Instant::now() + POLL_EVERY)).await,
        }
    }
}

struct Reader {
    api: Api,
    host: String,
    own_place: Place,
    reading: Reading,
}

impl Reader {
    fn new(session: &Session, cursor: Option<&Cursor>) -> Result<Self> {
        let api = Api::of(session)?;
        let reading = cursor.map_or_else(|| Ok(Reading::default()), |cursor| serde_json::from_str(&cursor.0));
        let reading =
            reading.map_err(|_| NetworkError::malformed("the cursor is not one of Mastodon's: begin anew without one"))?;
        let host = api.host();
        let account = &session.account;
        let own_place =
            Place { native_id: account.native_id.clone(), name: Some(account.handle.clone()), kind: PlaceKind::Public };
        Ok(Self { api, host, own_place, reading })
    }

    fn batch(&self, found: Found) -> Result<Batch> {
        let mut events: Vec<Event> = found.groups.into_iter().rev().flatten().collect();
        // A message may be in the page and around another one of it.
        let mut pairs = HashSet::new();
        events.retain(|event| pairs.insert((event.native_id.clone(), event.revision.clone())));
        let cursor = serde_json::to_string(&self.reading).map_err(|_| NetworkError::malformed("the cursor cannot be written"))?;
        Ok(Batch { events, cursor: Cursor(cursor), more: found.more, gaps: found.gaps })
    }

    async fn look(&mut self) -> Result<Found> {
        let mut found = Found::default();
        // Notifications first: they go on top only after own posts are in the reversed order.
        self.notifications(&mut found).await?;
        self.own_posts(&mut found).await?;
        if !found.more {
            self.again(&mut found).await?;
        }
        self.trim();
        Ok(found)
    }

    async fn own_posts(&mut self, found: &mut Found) -> Result<()> {
        let limit = PAGE.to_string();
        let at_front = self.reading.own.before().is_none();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(self.reading.own.before().map(|before| ("max_id", before)));
        let parts: Vec<Box<RawValue>> = self.api.own(&query).await?;
        let page = self.readable(&parts, found);
        let ids: Vec<&str> = page.iter().map(|(status, _)| status.id.as_str()).collect();
        let unknown = self.reading.own.unknown(&ids);
        for (at, (status, part)) in page.iter().enumerate() {
            if at < unknown || self.is_changed(status) {
                self.status(status, part, found).await?;
            }
        }
        if at_front {
            self.missing(&page, found).await?;
        }
        found.more |= self.reading.own.read(&ids, ids.last().copied());
        Ok(())
    }

    /// The elements that are statuses; the others are recorded as they came.
    fn readable<'a>(&self, parts: &'a [Box<RawValue>], found: &mut Found) -> Vec<(Status, &'a RawValue)> {
        let mut page = Vec::with_capacity(parts.len());
        for part in parts {
            match serde_json::from_str(part.get()) {
                Ok(status) => page.push((status, &**part)),
                Err(_) => found.groups.push(vec![self.unreadable(part)]),
            }
        }
        page
    }

    fn unreadable(&self, part: &RawValue) -> Event {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, part.get().as_bytes());
        let native_id = format!("{}unreadable/{}", self.api.base(), hex::encode(digest));
        mapping::other_event("unreadable", native_id, None, None, self.own_place.clone(), raw(part))
    }

    fn is_changed(&self, status: &Status) -> bool {
        let edited_ms = mapping::time_ms(status.edited_at.as_deref());
        edited_ms.is_some() && self.reading.known.iter().any(|known| known.id == status.id && known.edited_ms != edited_ms)
    }

    /// A status with its versions and what is around it.
    async fn status(&mut self, status: &Status, part: &RawValue, found: &mut Found) -> Result<()> {
        let is_known = self.reading.known.iter().any(|known| known.id == status.id);
        let others_max = if is_known { 0 } else { AROUND_MAX };
        let (around, others) = around(&self.api, status, others_max).await?;
        if others.left_out {
            found.gaps.push(self.gap(format!("of the thread around one message only {AROUND_MAX} others were read")));
        }
        let mut group = others.before;
        if status.edited_at.is_some() {
            group.extend(self.versions(status, &around).await?);
        }
        group.push(mapping::status_event(status, part, &around, &self.host));
        group.extend(others.after);
        found.groups.push(group);
        self.remember(status);
        Ok(())
    }

    fn gap(&self, reason: String) -> Gap {
        Gap { place: Some(self.own_place.native_id.clone()), from_ms: None, until_ms: None, reason }
    }

    fn remember(&mut self, status: &Status) {
        let is_own = status.account.id == self.api.account_id();
        let edited_ms = mapping::time_ms(status.edited_at.as_deref());
        let created_ms = mapping::time_ms(status.created_at.as_deref()).unwrap_or_default();
        self.reading.known.retain(|known| known.id != status.id);
        let at = self.reading.known.iter().position(|known| known.created_ms < created_ms);
        let known = Known { id: status.id.clone(), uri: status.uri.clone(), created_ms, edited_ms, is_own };
        self.reading.known.insert(at.unwrap_or(self.reading.known.len()), known);
    }

    fn trim(&mut self) {
        let mut bytes = 0;
        let kept = self.reading.known.iter().take(KNOWN_MAX).take_while(|known| {
            bytes += known.id.len() + known.uri.len() + 80;
            bytes <= KNOWN_BYTES_MAX
        });
        let kept = kept.count();
        self.reading.known.truncate(kept);
    }

    /// The versions before the present one, where the server keeps them.
    async fn versions(&self, status: &Status, around: &Around) -> Result<Vec<Event>> {
        let path = format!("api/v1/statuses/{}/history", segment(&status.id));
        let Some(answered) = self.api.look(&path, &[], "reading a post's history").await? else { return Ok(Vec::new()) };
        let parts: Vec<Box<RawValue>> = answered.json()?;
        let earlier = parts.len().saturating_sub(1);
        let mut events = Vec::new();
        for (index, part) in parts.iter().enumerate().take(earlier) {
            // The first and the newest are worth most.
            if index > 0 && index + VERSIONS_MAX <= earlier {
                continue;
            }
            if let Ok(version) = serde_json::from_str::<Version>(part.get()) {
                events.push(mapping::version_event(status, part, &version, index == 0, around, &self.host));
            }
        }
        Ok(events)
    }

    /// Own posts that stood among the newest and do not any more.
    async fn missing(&mut self, page: &[(Status, &RawValue)], found: &mut Found) -> Result<()> {
        let unlisted = |known: &&Known| known.is_own && page.iter().all(|(status, _)| status.id != known.id);
        let oldest = page.last().map(|(status, _)| status);
        let oldest_ms = oldest.and_then(|status| mapping::time_ms(status.created_at.as_deref())).unwrap_or(i64::MIN);
        let known: Vec<Known> = self.reading.known.iter().filter(unlisted).cloned().collect();
        // A short page may be all there is, or one that the server has thinned out.
        let is_all = page.len() < PAGE && known.iter().any(|known| known.created_ms <= oldest_ms) && {
            let before = oldest.map_or("", |status| &status.id);
            oldest.is_none() || self.api.own::<Box<RawValue>>(&[("limit", "1"), ("max_id", before)]).await?.is_empty()
        };
        for known in known.iter().filter(|known| is_all || known.created_ms > oldest_ms).take(PAGE) {
            self.look_for(known, found).await?;
        }
        Ok(())
    }

    /// Is it gone? The server's own answer is what is recorded.
    async fn look_for(&mut self, known: &Known, found: &mut Found) -> Result<()> {
        let request = self.api.request(Method::GET, &format!("api/v1/statuses/{}", segment(&known.id)))?;
        let answered = http::call(request, ANSWER_BYTES_MAX).await?;
        if matches!(answered.status.as_u16(), 404 | 410) {
            let media_type = answered.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let said = Raw { media_type: media_type.to_owned(), bytes: answered.body };
            found.groups.push(vec![mapping::deleted_event(&known.uri, None, self.own_place.clone(), said)]);
            self.reading.known.retain(|one| one.id != known.id);
        }
        Ok(())
    }

    /// Others' newest statuses once more: their edits and deletions are told by a stream only, and only while it is open.
    async fn again(&mut self, found: &mut Found) -> Result<()> {
        let theirs: Vec<Known> = self.reading.known.iter().filter(|known| !known.is_own).take(AGAIN_MAX).cloned().collect();
        if theirs.is_empty() || self.reading.one_by_one {
            return Ok(());
        }
        let query: Vec<(&str, &str)> = theirs.iter().map(|known| ("id[]", known.id.as_str())).collect();
        let Some(answered) = self.api.look("api/v1/statuses", &query, "looking at messages again").await? else {
            self.reading.one_by_one = true;
            return Ok(());
        };
        let parts: Vec<Box<RawValue>> = answered.json()?;
        let page: Vec<(Status, &RawValue)> =
            parts.iter().filter_map(|part| Some((serde_json::from_str(part.get()).ok()?, &**part))).collect();
        for (status, part) in &page {
            if self.is_changed(status) {
                self.status(status, part, found).await?;
            }
        }
        for known in theirs.iter().filter(|known| page.iter().all(|(status, _)| status.id != known.id)) {
            self.look_for(known, found).await?;
        }
        Ok(())
    }

    async fn notifications(&mut self, found: &mut Found) -> Result<()> {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(self.reading.notified.before().map(|before| ("max_id", before)));
        let parts = self.api.list("api/v1/notifications", &query, "reading notifications").await?;
        let mut page = Vec::new();
        for part in &parts {
            match serde_json::from_str::<Notification<'_>>(part.get()) {
                Ok(notification) => page.push((notification, part)),
                Err(_) => found.groups.push(vec![self.unreadable(part)]),
            }
        }
        let ids: Vec<&str> = page.iter().map(|(notification, _)| notification.id.as_str()).collect();
        let unknown = self.reading.notified.unknown(&ids);
        for (notification, part) in &page[..unknown] {
            self.notification(notification, part, found).await?;
        }
        found.more |= self.reading.notified.read(&ids, ids.last().copied());
        Ok(())
    }

    async fn notification(&mut self, one: &Notification<'_>, part: &RawValue, found: &mut Found) -> Result<()> {
        let at_ms = mapping::time_ms(one.created_at.as_deref());
        let by = one.account.as_ref().map(|account| mapping::party(account, &self.host));
        let status = one.status.and_then(|inner| Some((serde_json::from_str::<Status>(inner.get()).ok()?, inner)));
        let event = match (one.kind.as_str(), status, by) {
            ("mention" | "status" | "update" | "quote" | "quoted_update", Some((status, inner)), _) => {
                return self.status(&status, inner, found).await;
            }
            ("favourite", Some((status, _)), Some(by)) => {
                mapping::reaction_event("like", &one.id, at_ms, &status, by, raw(part), &self.host)
            }
            ("reblog", Some((status, _)), Some(by)) => {
                mapping::reaction_event("repost", &one.id, at_ms, &status, by, raw(part), &self.host)
            }
            ("follow", _, Some(by)) => mapping::follow_event(&one.id, at_ms, by, self.own_place.clone(), raw(part)),
            (kind, _, by) => {
                let native_id = format!("{}notifications/{}", self.api.base(), one.id);
                mapping::other_event(kind, native_id, at_ms, by, self.own_place.clone(), raw(part))
            }
        };
        found.groups.push(vec![event]);
        Ok(())
    }

    /// What the stream told. The lists are not moved by it: the next look sees the same and tells the same.
    async fn streamed(&mut self, told: &Streamed, found: &mut Found) -> Result<()> {
        match told.event.as_str() {
            "update" | "status.update" => {
                let Ok(part) = serde_json::from_str::<Box<RawValue>>(&told.data) else { return Ok(()) };
                let Ok(status) = serde_json::from_str::<Status>(&told.data) else {
                    found.groups.push(vec![self.unreadable(&part)]);
                    return Ok(());
                };
                if self.concerns(&status) {
                    self.status(&status, &part, found).await?;
                }
            }
            "notification" => {
                let Ok(part) = serde_json::from_str::<Box<RawValue>>(&told.data) else { return Ok(()) };
                match serde_json::from_str::<Notification<'_>>(part.get()) {
                    Ok(notification) => self.notification(&notification, &part, found).await?,
                    Err(_) => found.groups.push(vec![self.unreadable(&part)]),
                }
            }
            "delete" => {
                // Of everything the account follows; only what we handed out is ours to tell.
                let id = told.data.trim().trim_matches('"');
                if let Some(at) = self.reading.known.iter().position(|known| known.id == id) {
                    let known = self.reading.known.remove(at);
                    let said = Raw { media_type: "text/event-stream".to_owned(), bytes: told.raw() };
                    found.groups.push(vec![mapping::deleted_event(&known.uri, None, self.own_place.clone(), said)]);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The stream carries all that the account follows; its own, answers to it and mentions of it are the profile's.
    fn concerns(&self, status: &Status) -> bool {
        let us = self.api.account_id();
        status.account.id == us
            || status.in_reply_to_account_id.as_deref() == Some(us)
            || status.mentions.iter().any(|mention| mention.id == us)
            || self.reading.known.iter().any(|known| known.id == status.id)
    }
}

/// A notification; the status in it as its bytes.
#[derive(Deserialize)]
struct Notification<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    account: Option<AccountEntity>,
    #[serde(default, borrow)]
    status: Option<&'a RawValue>,
}
