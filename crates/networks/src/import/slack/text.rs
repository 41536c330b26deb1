//! Slack's text as a reader sees it: mentions, channels and links by their names, entities undone.
//!
//! <https://docs.slack.dev/messaging/formatting-message-text>: `<@U1|name>`, `<#C1|name>`, `<!here>`, `<https://…|label>`,
//! `&amp; &lt; &gt;`. Marks of emphasis stay as they were typed: `snake_case` and `2*3*4` hold the same signs.

use serde_json::Value;

use super::People;
use crate::event::Party;

/// The text, and whom it mentions and where it links to.
pub(super) fn plain(marked: &str, people: &People, mentions: &mut Vec<Party>, links: &mut Vec<String>) -> String {
    let Some(first) = memchr::memchr2(b'<', b'&', marked.as_bytes()) else { return marked.to_owned() };
    let mut out = String::with_capacity(marked.len());
    out.push_str(&marked[..first]);
    let mut rest = &marked[first..];
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')].into_iter().find(|(entity, _)| rest.starts_with(entity));
        if let Some((entity, character)) = entity {
            out.push(character);
            rest = &rest[entity.len()..];
        } else if let Some(end) = rest.strip_prefix('<').and_then(|inside| inside.find('>')) {
            reference(&rest[1..=end], people, mentions, links, &mut out);
            rest = &rest[end + 2..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// What stands between `<` and `>`.
fn reference(inside: &str, people: &People, mentions: &mut Vec<Party>, links: &mut Vec<String>, out: &mut String) {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
    let label = label.filter(|label| !label.is_empty());
    match target.split_at_checked(1) {
        Some(("@", id)) => {
            let party = people.get(id).cloned().unwrap_or_else(|| Party {
                native_id: id.to_owned(),
                handle: label.map(str::to_owned),
                ..Party::default()
            });
            out.push('@');
            out.push_str(party.name.as_deref().or(party.handle.as_deref()).unwrap_or(id));
            if !mentions.contains(&party) {
                mentions.push(party);
            }
        }
        Some(("#", id)) => {
            out.push('#');
            out.push_str(label.unwrap_or(id));
        }
        Some(("!", command)) => {
            if let Some(label) = label {
                out.push_str(&unescaped(label));
            } else {
                out.push('@');
                out.push_str(command.split('^').next().unwrap_or(command));
            }
        }
        _ => {
            let address = unescaped(target);
            match label {
                Some(label) => out.push_str(&unescaped(label)),
                None => out.push_str(&address),
            }
            if !links.contains(&address) {
                links.push(address);
            }
        }
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// How deep blocks may lie in each other: deeper than Slack makes them.
const DEPTH_MAX: u8 = 16;

/// The text of Block Kit blocks, for messages that have no text of their own.
pub(super) fn of_blocks(blocks: &Value, people: &People, mentions: &mut Vec<Party>, links: &mut Vec<String>) -> String {
    let mut out = String::new();
    walk(blocks, people, mentions, links, DEPTH_MAX, &mut out);
    out.trim_end().to_owned()
}

fn walk(value: &Value, people: &People, mentions: &mut Vec<Party>, links: &mut Vec<String>, depth: u8, out: &mut String) {
    if depth == 0 {
        return;
    }
    if let Value::Array(list) = value {
        for inner in list {
            walk(inner, people, mentions, links, depth - 1, out);
        }
        return;
    }
    let text_of = |key: &str| value.get(key).and_then(Value::as_str);
    match (text_of("type").unwrap_or_default(), text_of("text")) {
        ("mrkdwn", Some(text)) => out.push_str(&plain(text, people, mentions, links)),
        ("link", label) => {
            let address = text_of("url").unwrap_or_default().to_owned();
            out.push_str(label.unwrap_or(&address));
            links.push(address);
        }
        ("user", _) => reference(&format!("@{}", text_of("user_id").unwrap_or_default()), people, mentions, links, out),
        ("channel", _) => reference(&format!("#{}", text_of("channel_id").unwrap_or_default()), people, mentions, links, out),
        ("broadcast", _) => reference(&format!("!{}", text_of("range").unwrap_or_default()), people, mentions, links, out),
        ("emoji", _) => out.push_str(&format!(":{}:", text_of("name").unwrap_or_default())),
        ("image", _) => out.push_str(text_of("alt_text").unwrap_or_default()),
        (_, Some(text)) => out.push_str(text),
        _ => {}
    }
    for key in ["text", "title", "elements", "fields"] {
        if let Some(inner @ (Value::Object(_) | Value::Array(_))) = value.get(key) {
            walk(inner, people, mentions, links, depth - 1, out);
        }
    }
    let block = text_of("type").is_some_and(|kind| {
        matches!(
            kind,
            "section"
                | "header"
                | "context"
                | "rich_text_section"
                | "rich_text_quote"
                | "rich_text_preformatted"
                | "plain_text"
                | "mrkdwn"
        )
    });
    if block && !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}
