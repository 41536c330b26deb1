//! A Microsoft Teams export: what the Teams export APIs of Microsoft Graph answer, kept as files.
//!
//! Shapes: `getAllMessages` (<https://learn.microsoft.com/microsoftteams/export-teams-content>) and the `chatMessage` resource
//! (<https://learn.microsoft.com/graph/api/resources/chatmessage>): answers (`{"value": […]}`), lists or lines of messages, one file or a
//! ZIP of many; chats and channels. A message's id is only unique in its conversation: here it is `<chat or channel id>:<id>`. An edited
//! message is there as it was last, so it is an `Edited` event and no first post is invented. Not read: bytes of `hostedContents`
//! (they stay in the raw form when the export has them), which the export names by an address only.

use std::{collections::VecDeque, io::Read, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Format, Import, ImportError, Item, LeftOut, Limits,
    archive::Archive,
    feed::{Feed, Step},
    links,
};
use crate::{
    event::{Attachment, Content, Event, Membership, Party, Place, PlaceKind, Raw, What},
    text,
};

/// The form.
pub const FORMAT: Format = Format {
    id: "teams",
    name: "Microsoft Teams export",
    network: "teams",
    how: "Fetch the answers of the Teams export APIs (users/{id}/chats/getAllMessages, teams/{id}/channels/getAllMessages) and keep them as JSON \
          files or lines; give one file or a ZIP of all.",
    docs: "https://learn.microsoft.com/microsoftteams/export-teams-content",
    open: |path, limits| Ok(Box::new(TeamsExport::open(path, limits)?)),
};

struct TeamsExport {
    feed: Feed,
    queue: VecDeque<Item>,
    name: String,
    left_out: Vec<LeftOut>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    reply_to_id: Option<String>,
    #[serde(rename = "messageType")]
    kind: Option<String>,
    created_date_time: Option<String>,
    last_edited_date_time: Option<String>,
    deleted_date_time: Option<String>,
    subject: Option<String>,
    chat_id: Option<String>,
    locale: Option<String>,
    web_url: Option<String>,
    from: Option<Identities>,
    body: Option<Body>,
    channel_identity: Option<ChannelIdentity>,
    event_detail: Option<Value>,
    #[serde(default)]
    attachments: Option<Vec<Attached>>,
    #[serde(default)]
    mentions: Option<Vec<Mention>>,
    #[serde(default)]
    reactions: Option<Vec<Reaction>>,
    #[serde(default)]
    hosted_contents: Option<Vec<Hosted>>,
}

#[derive(Deserialize)]
struct Identities {
    user: Option<Identity>,
    application: Option<Identity>,
    device: Option<Identity>,
    conversation: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    id: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    content_type: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelIdentity {
    channel_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attached {
    id: Option<String>,
    content_type: Option<String>,
    content_url: Option<String>,
    content: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Mention {
    mentioned: Option<Identities>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reaction {
    #[serde(rename = "reactionType")]
    key: String,
    created_date_time: Option<String>,
    user: Option<Identities>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hosted {
    id: Option<String>,
    content_type: Option<String>,
}

impl Identities {
    fn party(&self) -> Option<Party> {
        let (identity, bot) = [(&self.user, false), (&self.application, true), (&self.device, true), (&self.conversation, false)]
            .into_iter()
            .find_map(|(identity, bot)| identity.as_ref().map(|identity| (identity, bot)))?;
        Some(Party {
            native_id: identity.id.clone().or_else(|| identity.display_name.clone())?,
            handle: None,
            name: identity.display_name.clone(),
            bot,
        })
    }
}

impl TeamsExport {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let (mut queue, mut left_out) = (VecDeque::new(), Vec::new());
        let feed = if Archive::is_one(path) {
            let mut archive = Archive::open(path, limits)?;
            queue.extend(archive.take_refused().into_iter().map(Item::Refused));
            let ours = |name: &str| super::has_ending(name, &["json", "jsonl", "ndjson"]) && !name.starts_with("__MACOSX/");
            let files: Vec<_> = archive.entries().filter(|(_, name)| ours(name)).map(|(id, _)| id).collect();
            if files.is_empty() {
                return Err(ImportError::Form {
                    expected: "a Teams export",
                    found: "the archive holds no .json or .jsonl file".to_owned(),
                });
            }
            let others = archive.entries().count() - files.len();
            if others > 0 {
                left_out.push(LeftOut { what: "other files".to_owned(), count: others as u64 });
            }
            Feed::of_entries(archive, files, "value", limits)
        } else {
            Feed::of_file(path, "value", limits)?
        };
        Ok(Self { feed, queue, name: super::stem(path), left_out })
    }
}

impl Import for TeamsExport {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            let queue = &mut self.queue;
            match self.feed.step(|raw| events(raw, queue))? {
                Step::More => {}
                Step::Refused(refused) => self.queue.extend(refused.into_iter().map(Item::Refused)),
                Step::End => return Ok(None),
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.feed.progress()
    }

    fn source(&self) -> String {
        self.name.clone()
    }

    fn attachment(&mut self, _: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        Ok(None)
    }

    fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.clone()
    }
}

fn events(raw: &[u8], queue: &mut VecDeque<Item>) -> Result<(), String> {
    let message: Message = serde_json::from_slice(raw).map_err(|error| {
        let what = if error.is_data() {
            "a field is missing or has an unexpected kind of value"
        } else {
            "it is not sound JSON in UTF-8"
        };
        format!(
            "it is not a message as Microsoft Graph writes them: {what}, at column {} of its line {}",
            error.column(),
            error.line()
        )
    })?;
    let place = place(&message)?;
    let native_id = format!("{}:{}", place.native_id, message.id);
    let created = time(message.created_date_time.as_deref(), "createdDateTime")?;
    let edited = time(message.last_edited_date_time.as_deref(), "lastEditedDateTime")?;
    let deleted = time(message.deleted_date_time.as_deref(), "deletedDateTime")?;
    let by = message.from.as_ref().and_then(Identities::party);
    let raw = Raw { media_type: "application/json".to_owned(), bytes: raw.to_vec() };
    let mut push = |native_id: &str, revision: String, what: What, source_time_ms: Option<i64>, by: Option<Party>| {
        let (native_id, place, raw) = (native_id.to_owned(), place.clone(), raw.clone());
        let event = Event { native_id, revision, what, source_time_ms, posted_at_ms: created, place, by, raw };
        queue.push_back(Item::Event(Box::new(event)));
    };
    if let Some(detail) = message.event_detail.as_ref().filter(|detail| detail.is_object()) {
        for (revision, what) in system(detail, &message.id) {
            push(&place.native_id, revision, what, created, initiator(detail).or_else(|| by.clone()));
        }
        return Ok(());
    }
    if let Some(kind) = message.kind.as_deref().filter(|kind| *kind != "message") {
        push(&native_id, String::new(), What::Other { name: kind.chars().take(100).collect() }, created, by);
        return Ok(());
    }
    let content = content(&message, &place);
    if deleted.is_none() || !content.text.is_empty() || !content.attachments.is_empty() {
        match edited {
            Some(edited) => push(&native_id, format!("edit:{edited}"), What::Edited(Box::new(content)), Some(edited), by),
            None => push(&native_id, String::new(), What::Posted(Box::new(content)), created, by),
        }
    }
    for reaction in message.reactions.iter().flatten() {
        let Some(party) = reaction.user.as_ref().and_then(Identities::party) else { continue };
        let at = time(reaction.created_date_time.as_deref(), "createdDateTime of a reaction")?;
        let when = at.map_or_else(String::new, |at| format!(":{at}"));
        let revision = format!("react:{}:{}:add{when}", party.native_id, reaction.key);
        push(&native_id, revision, What::Reacted { key: reaction.key.clone(), added: true }, at, Some(party));
    }
    if let Some(deleted) = deleted {
        push(&native_id, "delete".to_owned(), What::Deleted, Some(deleted), None);
    }
    Ok(())
}

/// A chat is between people; a channel may be private, and the export does not say: it is taken as such.
fn place(message: &Message) -> Result<Place, String> {
    if let Some(chat) = message.chat_id.clone().filter(|id| !id.is_empty()) {
        return Ok(Place { native_id: chat, name: None, kind: PlaceKind::Direct });
    }
    let channel = message.channel_identity.as_ref().and_then(|identity| identity.channel_id.clone()).filter(|id| !id.is_empty());
    let native_id = channel.ok_or("it has neither `chatId` nor `channelIdentity.channelId`: its conversation is not known")?;
    Ok(Place { native_id, name: None, kind: PlaceKind::Private })
}

fn time(text: Option<&str>, name: &str) -> Result<Option<i64>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let time: jiff::Timestamp = text.parse().map_err(|_| format!("`{name}` is not a time in ISO 8601"))?;
    Ok(Some(time.as_millisecond()))
}

fn content(message: &Message, place: &Place) -> Content {
    let (mut said, mut found) = (String::new(), Vec::new());
    if let Some(body) = &message.body {
        let written = body.content.as_deref().unwrap_or_default();
        if body.content_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("html")) {
            let readable = text::from_html(written);
            (said, found) = (readable.text, readable.links);
        } else {
            (said, found) = (written.to_owned(), links::in_text(written));
        }
    }
    let (mut attachments, mut quotes) = (Vec::new(), None);
    for (at, attached) in message.attachments.iter().flatten().enumerate() {
        let kind = attached.content_type.as_deref().unwrap_or_default();
        let inner: Option<Value> = attached.content.as_deref().and_then(|content| serde_json::from_str(content).ok());
        if kind == "messageReference" {
            let quoted =
                inner.as_ref().and_then(|inner| inner.get("messageId")).and_then(Value::as_str).or(attached.id.as_deref());
            quotes = quoted.map(|id| format!("{}:{id}", place.native_id));
            continue;
        }
        if kind.starts_with("application/vnd.microsoft.") {
            card_text(inner.as_ref(), CARD_DEPTH_MAX, &mut said);
        }
        attachments.push(Attachment {
            native_id: attached.id.clone().unwrap_or_else(|| format!("attachment:{at}")),
            file_name: attached.name.clone(),
            media_type: Some(kind.to_owned()).filter(|kind| kind.contains('/')),
            source: attached.content_url.clone(),
            ..Attachment::default()
        });
    }
    for hosted in message.hosted_contents.iter().flatten() {
        let Some(id) = hosted.id.clone() else { continue };
        attachments.push(Attachment { native_id: id, media_type: hosted.content_type.clone(), ..Attachment::default() });
    }
    let mentioned =
        message.mentions.iter().flatten().filter_map(|mention| mention.mentioned.as_ref().and_then(Identities::party));
    let thread = message.reply_to_id.as_ref().filter(|id| !id.is_empty()).map(|id| format!("{}:{id}", place.native_id));
    Content {
        text: said,
        subject: message.subject.clone().filter(|subject| !subject.is_empty()),
        language: message.locale.clone().filter(|locale| !locale.is_empty()),
        reply_to: thread.clone(),
        thread,
        quotes,
        mentions: mentioned.collect(),
        links: found,
        attachments,
        permalink: message.web_url.clone(),
    }
}

/// How deep a card is looked into.
const CARD_DEPTH_MAX: u8 = 16;

/// The texts of a card that a program sent.
fn card_text(card: Option<&Value>, depth: u8, out: &mut String) {
    let Some(card) = card.filter(|_| depth > 0) else { return };
    match card {
        Value::Array(list) => list.iter().for_each(|inner| card_text(Some(inner), depth - 1, out)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if matches!(key.as_str(), "text" | "title" | "subtitle" | "summary" | "value") => {
                        if !out.is_empty() {
                            out.push('\n');
                        }
                        out.push_str(text);
                    }
                    Value::Array(_) | Value::Object(_) => card_text(Some(value), depth - 1, out),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn initiator(detail: &Value) -> Option<Party> {
    serde_json::from_value::<Identities>(detail.get("initiator")?.clone()).ok()?.party()
}

/// What the service itself wrote: who came and went, what changed.
fn system(detail: &Value, id: &str) -> Vec<(String, What)> {
    let kind = detail.get("@odata.type").and_then(Value::as_str).unwrap_or("unknown");
    let kind = kind.trim_start_matches("#microsoft.graph.").trim_end_matches("EventMessageDetail");
    let change = match kind {
        "membersAdded" | "membersJoined" | "teamJoiningEnabled" => Some((Membership::Joined, "joined")),
        "membersDeleted" => Some((Membership::Removed, "removed")),
        "membersLeft" => Some((Membership::Left, "left")),
        _ => None,
    };
    let members = detail.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if let Some((change, word)) = change.filter(|_| !members.is_empty()) {
        let party = |member: &Value| {
            let identity: Identity = serde_json::from_value(member.clone()).ok()?;
            Some(Party {
                native_id: identity.id.or_else(|| identity.display_name.clone())?,
                name: identity.display_name,
                ..Party::default()
            })
        };
        return members
            .iter()
            .filter_map(party)
            .map(|party| (format!("member:{}:{word}:{id}", party.native_id), What::Member { party, change }))
            .collect();
    }
    let kind: String = kind.chars().take(100).collect();
    vec![(format!("{kind}:{id}"), What::PlaceChanged { change: kind })]
}

#[cfg(test)]
mod tests;
