//! One mail becomes its event.

use std::borrow::Cow;

use aws_lc_rs::digest;
use mail_parser::{Address, DateTime, HeaderValue, Message, MessageParser, MimeHeaders, PartType};

use super::mbox;
use crate::{
    event::{Attachment, Content, Event, Party, Place, Raw, What},
    import::{Limits, links},
    text,
};

/// The most people and attachments of one mail.
const LISTED_MAX: usize = 1_000;

/// The event of a mail, or why it cannot be taken. `source` is where its attachments are found again.
pub(super) fn event(raw: &[u8], place: &Place, source: &str, limits: Limits) -> Result<Event, String> {
    let bytes = mbox::unquoted(raw);
    let mail = parsed(&bytes)?;
    let native_id =
        id(mail.message_id()).unwrap_or_else(|| format!("sha256:{}", hex::encode(digest::digest(&digest::SHA256, raw))));
    let by = mail.from().or_else(|| mail.sender()).and_then(|from| parties(from).next());
    let time_ms = written_at(&mail);
    let content = content(&mail, &native_id, source);
    if content.text.len() as u64 > limits.item_bytes_max / 2 {
        return Err(format!("its text is larger than {} bytes, the most that one message may have", limits.item_bytes_max / 2));
    }
    let raw = raw_form(&mail, raw, &bytes, limits)?;
    Ok(Event {
        native_id,
        revision: String::new(),
        what: What::Posted(Box::new(content)),
        source_time_ms: time_ms,
        posted_at_ms: None,
        place: place.clone(),
        by,
        raw,
    })
}

/// When it was written; where it does not say so, or in a form that nobody reads, when it was received.
fn written_at(mail: &Message<'_>) -> Option<i64> {
    let valid = |date: &DateTime| date.is_valid().then(|| date.to_timestamp().saturating_mul(1000));
    let obsolete = || {
        let text = mail.header_raw("Date")?.trim();
        jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp().as_millisecond())
    };
    mail.date().and_then(valid).or_else(obsolete).or_else(|| mail.received()?.date().as_ref().and_then(valid))
}

/// The bytes of a part.
pub(super) fn part(raw: &[u8], native_id: &str) -> Option<Vec<u8>> {
    let number: u32 = native_id.strip_prefix("part:")?.parse().ok()?;
    let bytes = mbox::unquoted(raw);
    let mail = parsed(&bytes).ok()?;
    Some(mail.part(number)?.contents().to_vec())
}

fn parsed(bytes: &[u8]) -> Result<Message<'_>, String> {
    let mail = MessageParser::default()
        .parse(bytes)
        .filter(|mail| mail.headers().iter().any(|header| !matches!(header.value, HeaderValue::Empty)));
    mail.ok_or_else(|| "it has no headers: it is not a mail".to_owned())
}

/// The mail as it stands; when it is too large, with the contents of its attachments cut out.
fn raw_form(mail: &Message<'_>, raw: &[u8], parsed: &[u8], limits: Limits) -> Result<Raw, String> {
    let most = limits.item_bytes_max / 2;
    if raw.len() as u64 <= most {
        return Ok(Raw { media_type: "message/rfc822".to_owned(), bytes: raw.to_vec() });
    }
    let mut kept = Vec::new();
    let mut at = 0;
    for &number in &mail.attachments {
        let Some(part) = mail.parts.get(number as usize) else { continue };
        let (body, end) = (part.offset_body as usize, part.offset_end as usize);
        if let Some(before) = parsed.get(at..body).filter(|_| end >= body) {
            kept.extend_from_slice(before);
            at = end;
        }
    }
    kept.extend_from_slice(parsed.get(at..).unwrap_or_default());
    if kept.len() as u64 > most {
        return Err(format!("it is larger than {most} bytes without its attachments, the most that one message may have"));
    }
    Ok(Raw { media_type: "message/rfc822; attachments=cut".to_owned(), bytes: kept })
}

fn content(mail: &Message<'_>, native_id: &str, source: &str) -> Content {
    let (mut said, mut found) = (String::new(), Vec::new());
    // A mail that was cut off, or whose parts are not told apart, has its text where attachments are.
    let nameless = |number: &&u32| mail.parts.get(**number as usize).is_some_and(|part| part.attachment_name().is_none());
    let stray = mail.attachments.iter().filter(nameless).take(if mail.text_body.is_empty() { LISTED_MAX } else { 0 });
    for &number in mail.text_body.iter().chain(stray) {
        let (words, mut addresses) = match mail.parts.get(number as usize).map(|part| &part.body) {
            Some(PartType::Text(text)) => (text.trim_end().to_owned(), links::in_text(text)),
            Some(PartType::Html(html)) => {
                let readable = text::from_html(html);
                (readable.text, readable.links)
            }
            // Parts that nothing parts: what stands there is text.
            Some(PartType::Binary(bytes) | PartType::InlineBinary(bytes)) if is_multipart(mail, number) => {
                let text = String::from_utf8_lossy(bytes);
                (text.trim_end().to_owned(), links::in_text(&text))
            }
            _ => continue,
        };
        if !said.is_empty() && !words.is_empty() {
            said.push_str("\n\n");
        }
        said.push_str(&words);
        found.append(&mut addresses);
    }
    let references = ids(mail.references());
    let reply_to = ids(mail.in_reply_to()).pop().or_else(|| references.last().cloned());
    let thread = references.into_iter().next().or_else(|| reply_to.clone()).filter(|thread| thread != native_id);
    let recipients = [mail.to(), mail.cc(), mail.bcc()].into_iter().flatten().flat_map(parties);
    let language = match mail.header("Content-Language") {
        Some(HeaderValue::Text(language)) => Some(language.to_string()),
        _ => None,
    };
    Content {
        text: said,
        subject: mail.subject().map(str::to_owned).filter(|subject| !subject.is_empty()),
        language,
        reply_to,
        thread,
        mentions: recipients.take(LISTED_MAX).collect(),
        links: found,
        attachments: attachments(mail, source),
        ..Content::default()
    }
}

fn is_multipart(mail: &Message<'_>, number: u32) -> bool {
    let kind = mail.parts.get(number as usize).and_then(MimeHeaders::content_type);
    kind.is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart"))
}

fn attachments(mail: &Message<'_>, source: &str) -> Vec<Attachment> {
    let of = |&number: &u32| {
        let part = mail.parts.get(number as usize)?;
        let kind = part.content_type().map(|kind| match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
            None => kind.ctype().to_ascii_lowercase(),
        });
        Some(Attachment {
            native_id: format!("part:{number}"),
            file_name: part.attachment_name().map(str::to_owned),
            media_type: kind,
            bytes: Some(part.contents().len() as u64),
            alt: None,
            source: Some(source.to_owned()),
        })
    };
    mail.attachments.iter().filter_map(of).take(LISTED_MAX).collect()
}

fn parties<'a>(address: &'a Address<'_>) -> impl Iterator<Item = Party> + 'a {
    address.iter().filter_map(|one| {
        let name = one.name.as_ref().map(ToString::to_string).filter(|name| !name.is_empty());
        let written = one.address.as_ref().map(ToString::to_string);
        let native_id = written.as_ref().map(|address| address.to_lowercase()).or_else(|| name.clone())?;
        Some(Party { native_id, handle: written, name, bot: false })
    })
}

/// A message id without its angle brackets.
fn id(text: Option<&str>) -> Option<String> {
    text.map(|text| text.trim().trim_matches(['<', '>']).to_owned()).filter(|text| !text.is_empty())
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let texts: Vec<&Cow<'_, str>> = match value {
        HeaderValue::Text(one) => vec![one],
        HeaderValue::TextList(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter_map(|text| id(Some(text))).collect()
}
