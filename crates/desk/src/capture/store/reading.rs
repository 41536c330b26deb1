//! SQL of reading messages.

use std::collections::{HashMap, HashSet};

use networks::event::Party;
use serde::de::DeserializeOwned;

use super::rows::{lots, places};
use crate::{
    capture::{
        examine::{Assessment, Finding},
        model::{AttachmentSeen, AttachmentState, Message, PartySeen, PlaceSeen, Revision},
    },
    db::{Connection, Row, Value, corrupt, sql},
    error::Result,
    ids::{ImportId, MessageId, PartyId, PlaceId, ProfileId, Time},
};

/// A message's row with the names of what it refers to, before these are filled in.
struct Bare {
    message: Message,
    party: Option<PartyId>,
}

fn read(row: &Row) -> Result<Bare> {
    let place = PlaceSeen {
        id: row.get("place_id")?,
        profile: row.get("profile_id")?,
        native_id: String::new(),
        name: None,
        kind: String::new(),
    };
    let assessment: Option<Vec<u8>> = row.get("assessment")?;
    let message = Message {
        id: row.get("id")?,
        number: row.get("number")?,
        changed: row.get("changed")?,
        profile: row.get("profile_id")?,
        native_id: row.get("native_id")?,
        place,
        author: None,
        posted_at: row.get("posted_at_ms")?,
        captured_at: row.get("captured_at_ms")?,
        first_entry: row.get("first_entry")?,
        text_entry: row.get("text_entry")?,
        edits: row.get("edits")?,
        deleted_at: row.get("deleted_at_ms")?,
        text: row.get("text")?,
        subject: row.get("subject")?,
        language: row.get("language")?,
        thread: row.get("thread_id")?,
        reply_to: row.get("reply_to_id")?,
        quotes: row.get("quotes_id")?,
        mentions: list::<Party>(row, "mentions")?,
        links: list::<String>(row, "links")?,
        permalink: row.get("permalink")?,
        assessment: assessment.as_deref().and_then(Assessment::read),
        findings: Vec::new(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        replies: 0,
    };
    Ok(Bare { message, party: row.get("party_id")? })
}

fn list<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>> {
    let text: Option<String> = row.get(column)?;
    text.map_or(Ok(Vec::new()), |text| Ok(serde_json::from_str(&text).map_err(|error| corrupt(column, error.to_string()))?))
}

/// Messages by some condition, filled in.
async fn messages(on: &mut dyn Connection, query: crate::db::Query) -> Result<Vec<Message>> {
    let bare = query.all(on).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    fill(on, bare).await
}

pub(crate) async fn newest(on: &mut dyn Connection, before: i64, limit: i64) -> Result<Vec<Message>> {
    messages(on, sql("SELECT * FROM messages WHERE number < $1 ORDER BY number DESC LIMIT $2").bind(before).bind(limit)).await
}

/// The numbers of a profile's newest messages: light, to choose among several profiles.
pub(crate) async fn numbers_of_profile(on: &mut dyn Connection, profile: ProfileId, before: i64, limit: i64) -> Result<Vec<i64>> {
    let query = sql("SELECT number FROM messages WHERE profile_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3");
    let rows = query.bind(profile).bind(before).bind(limit).all(on).await?;
    rows.iter().map(|row| Ok(row.get("number")?)).collect()
}

/// Messages by their numbers, newest first.
pub(crate) async fn by_number(on: &mut dyn Connection, numbers: &[i64]) -> Result<Vec<Message>> {
    let keys: Vec<Value> = numbers.iter().map(|number| (*number).into()).collect();
    let mut found = Vec::new();
    for lot in lots(&keys) {
        let text = format!("SELECT * FROM messages WHERE number IN ({})", places(lot.len()));
        found.extend(messages(on, lot.into_iter().fold(sql(text), crate::db::Query::bind)).await?);
    }
    found.sort_by_key(|message| std::cmp::Reverse(message.number));
    Ok(found)
}

/// Messages by their ids, in no order.
pub(crate) async fn by_id(on: &mut dyn Connection, ids: &[MessageId]) -> Result<Vec<Message>> {
    let keys: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let mut found = Vec::new();
    for lot in lots(&keys) {
        let text = format!("SELECT * FROM messages WHERE id IN ({})", places(lot.len()));
        found.extend(messages(on, lot.into_iter().fold(sql(text), crate::db::Query::bind)).await?);
    }
    Ok(found)
}

pub(crate) async fn of_place(on: &mut dyn Connection, place: PlaceId, before: i64, limit: i64) -> Result<Vec<Message>> {
    let query = sql("SELECT * FROM messages WHERE place_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3");
    messages(on, query.bind(place).bind(before).bind(limit)).await
}

pub(crate) async fn of_thread(on: &mut dyn Connection, root: MessageId, limit: i64) -> Result<Vec<Message>> {
    let query = sql("SELECT * FROM messages WHERE thread_id = $1 ORDER BY posted_at_ms, number LIMIT $2");
    messages(on, query.bind(root).bind(limit)).await
}

/// What changed after a number, in the order of the changes, without reactions and counts of replies.
pub(crate) async fn changed_after(on: &mut dyn Connection, after: i64, limit: i64) -> Result<Vec<Message>> {
    let query = sql("SELECT * FROM messages WHERE changed > $1 ORDER BY changed LIMIT $2").bind(after).bind(limit);
    let bare = query.all(on).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    said(on, bare).await
}

/// That a message changed.
pub(crate) struct Change {
    pub(crate) number: i64,
    pub(crate) changed: i64,
    pub(crate) profile: ProfileId,
    pub(crate) place: PlaceId,
}

/// Which messages changed after a number, in the order of the changes: light, to choose what a reader may see.
pub(crate) async fn changes_after(on: &mut dyn Connection, after: i64, limit: i64) -> Result<Vec<Change>> {
    let text = "SELECT number, changed, profile_id, place_id FROM messages WHERE changed > $1 ORDER BY changed LIMIT $2";
    let rows = sql(text).bind(after).bind(limit).all(on).await?;
    let change = |row: &Row| {
        Ok(Change {
            number: row.get("number")?,
            changed: row.get("changed")?,
            profile: row.get("profile_id")?,
            place: row.get("place_id")?,
        })
    };
    rows.iter().map(change).collect()
}

/// The number of the last change.
pub(crate) async fn last_change(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT value FROM counters WHERE name = 'messages'").one(on).await?.get("value")?)
}

pub(crate) async fn place(on: &mut dyn Connection, id: PlaceId) -> Result<Option<PlaceSeen>> {
    sql("SELECT * FROM places WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read_place).transpose()
}

pub(crate) async fn places_of(on: &mut dyn Connection, profile: ProfileId, limit: i64) -> Result<Vec<PlaceSeen>> {
    let rows =
        sql("SELECT * FROM places WHERE profile_id = $1 ORDER BY name, id LIMIT $2").bind(profile).bind(limit).all(on).await?;
    rows.iter().map(read_place).collect()
}

fn read_place(row: &Row) -> Result<PlaceSeen> {
    Ok(PlaceSeen {
        id: row.get("id")?,
        profile: row.get("profile_id")?,
        native_id: row.get("native_id")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
    })
}

fn read_party(row: &Row) -> Result<PartySeen> {
    Ok(PartySeen {
        id: row.get("id")?,
        native_id: row.get("native_id")?,
        handle: row.get("handle")?,
        name: row.get("name")?,
        bot: row.get("bot")?,
    })
}

/// All rows of a table whose key is one of these; the statement ends with `IN (`.
async fn rows_of(on: &mut dyn Connection, keys: &[Value], beginning: &str, end: &str) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for lot in lots(keys) {
        let text = format!("{beginning} ({}) {end}", places(lot.len()));
        found.extend(lot.into_iter().fold(sql(text), crate::db::Query::bind).all(on).await?);
    }
    Ok(found)
}

/// Unique keys.
fn keys<T: Copy + Eq + std::hash::Hash + Into<Value>>(ids: impl Iterator<Item = T>) -> Vec<Value> {
    let unique: std::collections::HashSet<T> = ids.collect();
    unique.into_iter().map(Into::into).collect()
}

pub(crate) async fn parties(on: &mut dyn Connection, ids: impl Iterator<Item = PartyId>) -> Result<HashMap<PartyId, PartySeen>> {
    let rows = rows_of(on, &keys(ids), "SELECT * FROM parties WHERE id IN", "").await?;
    rows.iter().map(|row| read_party(row).map(|party| (party.id, party))).collect()
}

async fn fill(on: &mut dyn Connection, bare: Vec<Bare>) -> Result<Vec<Message>> {
    let mut messages = said(on, bare).await?;
    let ids = keys(messages.iter().map(|message| message.id));
    let by_id: HashMap<MessageId, usize> = messages.iter().enumerate().map(|(at, message)| (message.id, at)).collect();
    let (beginning, end) = (
        "SELECT message_id, reaction, COUNT(*) AS n FROM reactions WHERE added = TRUE AND message_id IN",
        "GROUP BY message_id, reaction ORDER BY message_id, reaction",
    );
    for row in rows_of(on, &ids, beginning, end).await? {
        messages[by_id[&row.get::<MessageId>("message_id")?]].reactions.push((row.get("reaction")?, row.get("n")?));
    }
    let beginning = "SELECT thread_id, COUNT(*) AS n FROM messages WHERE thread_id IN";
    for row in rows_of(on, &ids, beginning, "GROUP BY thread_id").await? {
        messages[by_id[&row.get::<MessageId>("thread_id")?]].replies = row.get("n")?;
    }
    Ok(messages)
}

/// Who said it where, and what belongs to the text: all of a message but what others did to it.
async fn said(on: &mut dyn Connection, bare: Vec<Bare>) -> Result<Vec<Message>> {
    let place_keys = keys(bare.iter().map(|bare| bare.message.place.id));
    let mut places = HashMap::new();
    for row in rows_of(on, &place_keys, "SELECT * FROM places WHERE id IN", "").await? {
        let place = read_place(&row)?;
        places.insert(place.id, place);
    }
    let parties = parties(on, bare.iter().filter_map(|bare| bare.party)).await?;
    let mut messages: Vec<_> = bare
        .into_iter()
        .map(|Bare { mut message, party }| {
            if let Some(place) = places.get(&message.place.id) {
                message.place = place.clone();
            }
            message.author = party.and_then(|party| parties.get(&party).cloned());
            message
        })
        .collect();
    hang(on, &mut messages).await?;
    Ok(messages)
}

/// What belongs to the text that each message has: findings and attachments.
async fn hang(on: &mut dyn Connection, messages: &mut [Message]) -> Result<()> {
    let numbers = keys(messages.iter().map(|message| message.number));
    let by_number: HashMap<i64, usize> = messages.iter().enumerate().map(|(at, message)| (message.number, at)).collect();
    for message in messages.iter_mut() {
        (message.findings, message.attachments) = (Vec::new(), Vec::new());
    }
    for row in rows_of(on, &numbers, "SELECT * FROM findings WHERE message IN", "ORDER BY message, entry, part").await? {
        let message = &mut messages[by_number[&row.get::<i64>("message")?]];
        if Some(row.get::<i64>("entry")?) == message.text_entry {
            message.findings.push(read_finding(&row)?);
        }
    }
    for row in rows_of(on, &numbers, "SELECT * FROM attachments WHERE message IN", "ORDER BY message, entry, part").await? {
        let message = &mut messages[by_number[&row.get::<i64>("message")?]];
        if Some(row.get::<i64>("entry")?) == message.text_entry {
            message.attachments.push(read_attachment(&row)?);
        }
    }
    Ok(())
}

/// A thread with the messages that were known when an entry was recorded, and which of them had another text then: those have
/// `text_entry` set to where it stands in the record, and the words of now.
pub(crate) async fn thread_as_of(
    on: &mut dyn Connection,
    root: MessageId,
    entry: i64,
    limit: i64,
) -> Result<(Vec<Message>, HashSet<MessageId>)> {
    let mut messages = by_id(on, &[root]).await?;
    messages.extend(of_thread(on, root, limit).await?);
    let mut changes: HashMap<i64, Vec<Row>> = HashMap::new();
    let numbers = keys(messages.iter().map(|message| message.number));
    for row in rows_of(on, &numbers, "SELECT * FROM revisions WHERE message IN", "ORDER BY message, entry").await? {
        changes.entry(row.get("message")?).or_default().push(row);
    }
    let (mut then, mut other) = (Vec::new(), HashSet::new());
    for mut message in messages {
        let changes = changes.remove(&message.number).unwrap_or_default();
        let now = message.text_entry;
        if !turn_back(&mut message, &changes, entry)? {
            continue;
        }
        if message.text_entry != now {
            other.insert(message.id);
        }
        then.push(message);
    }
    hang(on, &mut then).await?;
    let replies = i64::try_from(then.iter().filter(|message| message.thread == Some(root)).count()).unwrap_or(i64::MAX);
    for message in &mut then {
        message.reactions = Vec::new();
        message.replies = if message.id == root { replies } else { 0 };
    }
    Ok((then, other))
}

/// Takes back what happened to a message after an entry; false when nothing was known of it then.
fn turn_back(message: &mut Message, changes: &[Row], entry: i64) -> Result<bool> {
    // The original, then each change in the order of the source's clock: the last one known is what it said.
    let mut said = message.first_entry.filter(|first| *first <= entry).map(|first| (i64::MIN, first));
    let (mut edits, mut is_deleted, mut later) = (0, false, message.first_entry.is_some_and(|first| first > entry));
    for change in changes {
        let at: i64 = change.get("entry")?;
        if at > entry {
            later = true;
            continue;
        }
        match change.get::<String>("kind")?.as_str() {
            "edited" => {
                edits += 1;
                let when = change.get::<Option<i64>>("source_time_ms")?.map_or_else(|| change.get("captured_at_ms"), Ok)?;
                said = said.max(Some((when, at)));
            }
            "deleted" => is_deleted = true,
            _ => {}
        }
    }
    if later {
        (message.edits, message.text_entry) = (edits, said.map(|(_, at)| at));
        message.deleted_at = message.deleted_at.filter(|_| is_deleted);
    }
    Ok(said.is_some() || is_deleted)
}

fn read_finding(row: &Row) -> Result<Finding> {
    Ok(Finding {
        kind: row.get("kind")?,
        detector: row.get("detector")?,
        version: row.get("version")?,
        level: row.get("level")?,
        score: row.get("score")?,
        zone: row.get("zone")?,
        zone_part: row.get("zone_part")?,
        start: row.get("span_start")?,
        end: row.get("span_end")?,
    })
}

fn read_attachment(row: &Row) -> Result<AttachmentSeen> {
    let state: String = row.get("state")?;
    Ok(AttachmentSeen {
        part: row.get("part")?,
        entry: row.get("entry")?,
        native_id: row.get("native_id")?,
        file_name: row.get("file_name")?,
        media_type: row.get("media_type")?,
        bytes: row.get("bytes")?,
        alt: row.get("alt")?,
        state: AttachmentState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        digest: row.get("digest")?,
        stored_entry: row.get("stored_entry")?,
        error: row.get("error")?,
        from_network: row.get::<Option<ImportId>>("import_id")?.is_none(),
    })
}

/// The further entries of a message, in the order of the record, without what they said.
pub(crate) async fn revisions(on: &mut dyn Connection, message: i64, limit: i64) -> Result<Vec<Revision>> {
    let query = sql("SELECT * FROM revisions WHERE message = $1 ORDER BY entry LIMIT $2").bind(message).bind(limit);
    let rows = query.all(on).await?;
    let by = rows.iter().map(|row| Ok(row.get::<Option<PartyId>>("party_id")?)).collect::<Result<Vec<_>>>()?;
    let parties = parties(on, by.iter().filter_map(|by| *by)).await?;
    rows.iter()
        .zip(by)
        .map(|(row, by)| {
            let record: MessageId = row.get("record_id")?;
            Ok(Revision {
                entry: row.get("entry")?,
                record: record.0,
                kind: row.get("kind")?,
                revision: row.get("revision")?,
                by: by.and_then(|by| parties.get(&by).cloned()),
                source_time: row.get("source_time_ms")?,
                captured_at: row.get::<Time>("captured_at_ms")?,
                text: None,
                unreadable: None,
                findings: Vec::new(),
            })
        })
        .collect()
}

/// Findings of a message by the entry whose text they are in.
pub(crate) async fn findings(on: &mut dyn Connection, message: i64) -> Result<HashMap<i64, Vec<Finding>>> {
    let mut found: HashMap<i64, Vec<Finding>> = HashMap::new();
    for row in sql("SELECT * FROM findings WHERE message = $1 ORDER BY entry, part").bind(message).all(on).await? {
        found.entry(row.get("entry")?).or_default().push(read_finding(&row)?);
    }
    Ok(found)
}
