//! SQL that makes messages from what was recorded.

use std::collections::HashMap;

use super::rows::{Rows, lots, places};
use crate::{
    capture::{
        projection::{Draft, Existing, Said},
        rules::Standing,
    },
    db::{Connection, Tx, Value, sql},
    error::Result,
    ids::{MessageId, PartyId},
};

/// What is known of these messages.
pub(crate) async fn existing(on: &mut dyn Connection, ids: &[MessageId]) -> Result<HashMap<MessageId, Existing>> {
    let keys: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let mut found = HashMap::new();
    for lot in lots(&keys) {
        let text = format!(
            "SELECT id, number, place_id, party_id, posted_at_ms, first_entry, text_entry, text_at_ms, edits, deleted_at_ms FROM messages \
             WHERE id IN ({})",
            places(lot.len())
        );
        let query = lot.into_iter().fold(sql(text), crate::db::Query::bind);
        for row in query.all(on).await? {
            let standing = Standing {
                first_entry: row.get("first_entry")?,
                text_entry: row.get("text_entry")?,
                text_at_ms: row.get("text_at_ms")?,
                edits: row.get("edits")?,
                deleted_at_ms: row.get("deleted_at_ms")?,
            };
            let existing = Existing {
                number: row.get("number")?,
                place: row.get("place_id")?,
                party: row.get("party_id")?,
                posted_at_ms: row.get("posted_at_ms")?,
                standing,
            };
            found.insert(row.get("id")?, existing);
        }
    }
    Ok(found)
}

/// Who wrote these messages, as far as it is known.
pub(crate) async fn authors(on: &mut dyn Connection, ids: &[MessageId]) -> Result<HashMap<MessageId, PartyId>> {
    let known = existing(on, ids).await?;
    Ok(known.into_iter().filter_map(|(id, existing)| Some((id, existing.party?))).collect())
}

pub(crate) fn place_rows() -> Rows {
    Rows::new(
        "INSERT INTO places (id, profile_id, native_id, name, kind) VALUES",
        "ON CONFLICT (id) DO UPDATE SET name = COALESCE(excluded.name, places.name), kind = excluded.kind",
        5,
    )
}

pub(crate) fn party_rows() -> Rows {
    Rows::new(
        "INSERT INTO parties (id, profile_id, native_id, handle, name, bot) VALUES",
        "ON CONFLICT (id) DO UPDATE SET handle = COALESCE(excluded.handle, parties.handle), \
         name = COALESCE(excluded.name, parties.name), bot = excluded.bot",
        6,
    )
}

pub(crate) fn revision_rows() -> Rows {
    Rows::new(
        "INSERT INTO revisions (message, entry, record_id, kind, revision, party_id, source_time_ms, captured_at_ms) VALUES",
        "",
        8,
    )
}

pub(crate) fn reaction_rows() -> Rows {
    Rows::new(
        "INSERT INTO reactions (message_id, party_id, reaction, added, at_ms, entry) VALUES",
        "ON CONFLICT (message_id, party_id, reaction) DO UPDATE SET added = excluded.added, at_ms = excluded.at_ms, \
         entry = excluded.entry WHERE excluded.at_ms >= reactions.at_ms",
        6,
    )
}

pub(crate) fn place_event_rows() -> Rows {
    Rows::new(
        "INSERT INTO place_events (profile_id, entry, place_id, party_id, kind, change, source_time_ms, captured_at_ms) VALUES",
        "",
        8,
    )
}

pub(crate) fn attachment_rows() -> Rows {
    Rows::new(
        "INSERT INTO attachments (message, entry, part, native_id, file_name, media_type, bytes, alt, source, state, profile_id, \
         import_id) VALUES",
        "",
        12,
    )
}

pub(crate) fn finding_rows() -> Rows {
    Rows::new(
        "INSERT INTO findings (message, entry, part, kind, detector, version, level, score, zone, zone_part, span_start, span_end) \
         VALUES",
        "",
        12,
    )
}

pub(crate) fn message_rows() -> Rows {
    Rows::new(
        "INSERT INTO messages (number, id, changed, profile_id, native_id, place_id, party_id, posted_at_ms, captured_at_ms, \
         first_entry, text_entry, text_at_ms, edits, deleted_at_ms, text, subject, language, thread_id, reply_to_id, quotes_id, \
         mentions, links, permalink, attachments, assessment) VALUES",
        "",
        25,
    )
}

pub(crate) fn message_row(draft: Draft, number: i64) -> [Value; 25] {
    let Draft { id, profile, native_id, place, party, posted_at_ms, captured_at_ms, standing, said, .. } = draft;
    let Said { text, subject, language, thread, reply_to, quotes, mentions, links, permalink, attachments, assessment } =
        said.unwrap_or_default();
    [
        number.into(),
        id.into(),
        number.into(),
        profile.into(),
        native_id.into(),
        place.into(),
        party.into(),
        posted_at_ms.into(),
        captured_at_ms.into(),
        standing.first_entry.into(),
        standing.text_entry.into(),
        standing.text_at_ms.into(),
        standing.edits.into(),
        standing.deleted_at_ms.into(),
        text.into(),
        subject.into(),
        language.into(),
        thread.into(),
        reply_to.into(),
        quotes.into(),
        mentions.into(),
        links.into(),
        permalink.into(),
        attachments.into(),
        assessment.into(),
    ]
}

/// Changes a message that was there before.
pub(crate) async fn update(tx: &mut Tx, draft: Draft, number: i64, changed: i64) -> Result<()> {
    let Draft { party, place, posted_at_ms, standing, said, .. } = draft;
    sql("UPDATE messages SET changed = $2, posted_at_ms = $3, first_entry = $4, text_entry = $5, text_at_ms = $6, edits = $7, \
         deleted_at_ms = $8, party_id = COALESCE($9, party_id), place_id = $10 WHERE number = $1")
    .bind(number)
    .bind(changed)
    .bind(posted_at_ms)
    .bind(standing.first_entry)
    .bind(standing.text_entry)
    .bind(standing.text_at_ms)
    .bind(standing.edits)
    .bind(standing.deleted_at_ms)
    .bind(party)
    .bind(place)
    .execute(tx)
    .await?;
    let Some(said) = said else { return Ok(()) };
    // What an edit does not repeat (its thread, its address) stays.
    sql("UPDATE messages SET text = $2, subject = $3, language = COALESCE($4, language), thread_id = COALESCE($5, thread_id), \
         reply_to_id = COALESCE($6, reply_to_id), quotes_id = COALESCE($7, quotes_id), mentions = $8, links = $9, \
         permalink = COALESCE($10, permalink), attachments = $11, assessment = $12 WHERE number = $1")
    .bind(number)
    .bind(said.text)
    .bind(said.subject)
    .bind(said.language)
    .bind(said.thread)
    .bind(said.reply_to)
    .bind(said.quotes)
    .bind(said.mentions)
    .bind(said.links)
    .bind(said.permalink)
    .bind(said.attachments)
    .bind(said.assessment)
    .execute(tx)
    .await?;
    Ok(())
}
