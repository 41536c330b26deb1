//! What a Slack message says to its reader: from its blocks, else from its `mrkdwn` text.
//!
//! Blocks are what Slack shows when there are any; `text` is then only what notifications say. Mentions become names, links their
//! label, emphasis its words. Never fails: what is not understood stays as it stands. Importer and connector both read with this.

use serde_json::Value;

use crate::event::Party;

/// Who and what the ids in a text stand for: what a connector remembers, or the lists of an export.
pub(crate) trait Directory {
    /// A person by id; with the id alone when nothing is known.
    fn party(&self, id: &str) -> Party;

    /// The name shown of a person, when it is known.
    fn person(&self, id: &str) -> Option<&str>;

    /// A channel's name, when it is known.
    fn channel(&self, id: &str) -> Option<&str>;
}

/// Blocks inside blocks that are looked into: lists in quotes in rich text are four deep; more is an attack on the stack.
const DEPTH_MAX: usize = 12;

/// Of a snippet or mail, the most bytes that stand for what it shows; Slack itself shows a few lines. The rest is in the raw bytes.
const SHOWN_BYTES_MAX: usize = 32 * 1024;

/// What stands for a file that is a text.
pub(crate) fn shown(text: &str) -> String {
    text[..text.floor_char_boundary(SHOWN_BYTES_MAX)].to_owned()
}

/// What was read out of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// The words.
    pub text: String,
    /// Whom it mentions.
    pub mentions: Vec<Party>,
    /// Where it links to.
    pub links: Vec<String>,
}

impl Read {
    fn mention(&mut self, party: Party) {
        if !self.mentions.iter().any(|known| known.native_id == party.native_id) {
            self.mentions.push(party);
        }
    }

    fn link(&mut self, url: &str) {
        if !self.links.iter().any(|known| known == url) {
            self.links.push(url.to_owned());
        }
    }

    fn user(&mut self, id: &str, label: Option<&str>, names: &dyn Directory) {
        let shown = names.person(id).or(label).unwrap_or(id);
        self.text.push('@');
        self.text.push_str(shown.trim_start_matches('@'));
        self.mention(names.party(id));
    }

    fn channel(&mut self, id: &str, label: Option<&str>, names: &dyn Directory) {
        self.text.push('#');
        self.text.push_str(names.channel(id).or(label.filter(|label| !label.is_empty())).unwrap_or(id));
    }

    fn new_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// What a message object says.
pub(crate) fn of_message(message: &Value, names: &dyn Directory) -> Read {
    let list = |part: &'static str| message[part].as_array().map(Vec::as_slice).unwrap_or_default();
    of_members(list("blocks"), message["text"].as_str().unwrap_or_default(), list("attachments"), names)
}

/// The same of a message whose members were read one by one: its blocks, its text, its legacy attachments.
pub(crate) fn of_members(blocks: &[Value], text: &str, cards: &[Value], names: &dyn Directory) -> Read {
    let mut read = Read::default();
    for block in blocks {
        read.new_line();
        of_block(block, names, &mut read, 0);
    }
    if read.text.trim().is_empty() {
        read = of_mrkdwn(text, names);
    }
    for card in cards {
        of_card(card, names, &mut read);
    }
    read.text.truncate(read.text.trim_end().len());
    read
}

/// A legacy attachment: programs write whole messages into these. A preview of a link (`from_url`) was not written by the author; a message
/// that somebody forwards is what they say with it.
fn of_card(card: &Value, names: &dyn Directory, read: &mut Read) {
    if card["is_share"].as_bool().unwrap_or(false) {
        return of_forwarded(card, names, read);
    }
    if card["from_url"].is_string() || card["is_msg_unfurl"].as_bool().unwrap_or(false) {
        return;
    }
    let before = read.text.len();
    for block in card["blocks"].as_array().into_iter().flatten() {
        read.new_line();
        of_block(block, names, read, 1);
    }
    for part in ["pretext", "author_name", "title", "text"] {
        append_mrkdwn(&card[part], names, read);
    }
    for field in card["fields"].as_array().into_iter().flatten() {
        append_mrkdwn(&field["title"], names, read);
        append_mrkdwn(&field["value"], names, read);
    }
    append_mrkdwn(&card["footer"], names, read);
    if read.text.len() == before {
        append_mrkdwn(&card["fallback"], names, read);
    }
}

/// A forwarded message: who wrote it and what it says, from its blocks where there are any.
fn of_forwarded(card: &Value, names: &dyn Directory, read: &mut Read) {
    match (card["author_id"].as_str(), card["author_name"].as_str()) {
        (Some(id), _) if names.person(id).is_some() => append_mrkdwn(&Value::from(format!("<@{id}>:")), names, read),
        (_, Some(name)) if !name.is_empty() => append_mrkdwn(&Value::from(format!("{name}:")), names, read),
        _ => {}
    }
    let before = read.text.len();
    let messages = card["message_blocks"].as_array().into_iter().flatten();
    for block in messages.filter_map(|part| part["message"]["blocks"].as_array()).flatten() {
        read.new_line();
        of_block(block, names, read, 1);
    }
    if read.text[before..].trim().is_empty() {
        append_mrkdwn(&card["text"], names, read);
    }
}

fn append_mrkdwn(value: &Value, names: &dyn Directory, read: &mut Read) {
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return };
    let more = of_mrkdwn(text, names);
    read.new_line();
    read.text.push_str(&more.text);
    more.mentions.into_iter().for_each(|party| read.mention(party));
    more.links.iter().for_each(|url| read.link(url));
}

/// One block or element, whatever it is called: containers are looked into, leaves say their text.
fn of_block(block: &Value, names: &dyn Directory, read: &mut Read, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    let id = |name: &str| block[name].as_str().unwrap_or_default();
    match id("type") {
        // Programs write Markdown itself into a block of its own; it is left as it stands.
        "text" | "plain_text" | "raw_text" | "markdown" => read.text.push_str(id("text")),
        "link" => {
            read.link(id("url"));
            let label = if id("text").is_empty() { id("url") } else { id("text") };
            read.text.push_str(label);
        }
        "user" => read.user(id("user_id"), None, names),
        "channel" => read.channel(id("channel_id"), None, names),
        "usergroup" => read.text.push_str(&format!("@{}", id("usergroup_id"))),
        "broadcast" => read.text.push_str(&format!("@{}", id("range"))),
        "emoji" => read.text.push_str(&format!(":{}:", id("name"))),
        "date" if block["fallback"].is_string() => read.text.push_str(id("fallback")),
        "mrkdwn" => append_in_place(id("text"), names, read),
        "table" => {
            for cell in block["rows"].as_array().into_iter().flatten().filter_map(Value::as_array).flatten() {
                read.new_line();
                of_block(cell, names, read, depth + 1);
            }
        }
        "image" => {
            read.new_line();
            of_block(&block["title"], names, read, depth + 1);
            read.new_line();
            read.text.push_str(id("alt_text"));
        }
        "rich_text_section" | "rich_text_preformatted" | "rich_text_quote" => {
            read.new_line();
            of_elements(&block["elements"], names, read, depth);
        }
        _ => of_parts(block, names, read, depth),
    }
}

/// Everything inside a block that can be read.
fn of_parts(block: &Value, names: &dyn Directory, read: &mut Read, depth: usize) {
    for part in ["text", "title", "description", "label"] {
        if block[part].is_object() {
            read.new_line();
            of_block(&block[part], names, read, depth + 1);
        }
    }
    for field in block["fields"].as_array().into_iter().flatten() {
        read.new_line();
        of_block(field, names, read, depth + 1);
    }
    of_elements(&block["elements"], names, read, depth);
}

fn of_elements(elements: &Value, names: &dyn Directory, read: &mut Read, depth: usize) {
    for element in elements.as_array().into_iter().flatten() {
        of_block(element, names, read, depth + 1);
    }
}

fn append_in_place(text: &str, names: &dyn Directory, read: &mut Read) {
    let more = of_mrkdwn(text, names);
    read.text.push_str(&more.text);
    more.mentions.into_iter().for_each(|party| read.mention(party));
    more.links.iter().for_each(|url| read.link(url));
}

/// What `mrkdwn` says: `<…>` resolved, emphasis taken off, `&amp; &lt; &gt;` undone.
pub(crate) fn of_mrkdwn(text: &str, names: &dyn Directory) -> Read {
    let mut read = Read::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        read.text.push_str(&words(&rest[..at]));
        let inside = &rest[at + 1..];
        let Some(end) = inside.find('>') else {
            read.text.push_str(&words(&rest[at..]));
            return read;
        };
        of_angle(&inside[..end], names, &mut read);
        rest = &inside[end + 1..];
    }
    read.text.push_str(&words(rest));
    read
}

/// What stands between `<` and `>`.
fn of_angle(inside: &str, names: &dyn Directory, read: &mut Read) {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (inside, None),
    };
    let Some(sign) = target.chars().next() else {
        read.text.push_str("<>");
        return;
    };
    let name = &target[sign.len_utf8()..];
    match sign {
        '@' => read.user(name, label, names),
        '#' => read.channel(name, label, names),
        '!' => {
            let shown = label.filter(|label| !label.is_empty()).unwrap_or(name.split('^').next().unwrap_or(name));
            let at = if shown.starts_with('@') || name.starts_with("date^") { "" } else { "@" };
            read.text.push_str(at);
            read.text.push_str(&unescaped(shown));
        }
        _ if target.contains(':') => {
            let url = unescaped(target);
            read.link(&url);
            let shown = label.filter(|label| !label.is_empty()).map_or(url, unescaped);
            read.text.push_str(shown.strip_prefix("mailto:").unwrap_or(&shown));
        }
        _ => {
            read.text.push('<');
            read.text.push_str(&unescaped(inside));
            read.text.push('>');
        }
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Takes `*bold*`, `_italic_`, `~struck~`, `` `code` `` and ``` fences off where Slack would; `snake_case` and `2*3*4` stay.
fn words(text: &str) -> String {
    let text = text.replace("```", "");
    let letters: Vec<char> = text.chars().collect();
    let mut dropped = vec![false; letters.len()];
    for mark in ['*', '_', '~', '`'] {
        let mut at = 0;
        while let Some(open) = (at..letters.len()).find(|&open| letters[open] == mark && opens(&letters, open)) {
            match (open + 2..letters.len())
                .take_while(|&end| letters[end] != '\n')
                .find(|&end| letters[end] == mark && closes(&letters, end))
            {
                Some(close) => {
                    (dropped[open], dropped[close]) = (true, true);
                    at = close + 1;
                }
                None => at = open + 1,
            }
        }
    }
    let kept: String = letters.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(letter, _)| *letter).collect();
    unescaped(&kept)
}

fn opens(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| letters[before]);
    let after = letters.get(at + 1);
    before.is_none_or(|letter| !letter.is_alphanumeric()) && after.is_some_and(|letter| !letter.is_whitespace())
}

fn closes(letters: &[char], at: usize) -> bool {
    let before = letters[at - 1];
    !before.is_whitespace() && letters.get(at + 1).is_none_or(|letter| !letter.is_alphanumeric())
}

/// A text as `mrkdwn` that says exactly this: what Slack would read as its own signs is escaped.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::names::Names;
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        names.learn_person(&json!({"id": "U1", "name": "ada", "profile": {"display_name": "Ada L"}}));
        names.learn_channel(&json!({"id": "C1", "name": "general"}), false);
        names
    }

    fn check(mrkdwn: &str, text: &str) {
        assert_eq!(of_mrkdwn(mrkdwn, &names()).text, text, "{mrkdwn}");
    }

    #[test]
    fn mrkdwn_reads_as_slack_shows_it() {
        check("hello <@U1>, see <#C1|old-name> and <#C9|other>", "hello @Ada L, see #general and #other");
        check("<@U9|bob> <@U8>", "@bob @U8");
        check("<!here> <!subteam^S1|@on-call> <!date^1392734382^{date}|18 Feb>", "@here @on-call 18 Feb");
        check("<https://example.test/?a=1&amp;b=2|the *page*> <https://example.test>", "the *page* https://example.test");
        check("<mailto:a@example.test|a@example.test> <mailto:b@example.test>", "a@example.test b@example.test");
        check(
            "*bold* _it_ ~no~ `code` and snake_case_name, 2*3*4, * alone *",
            "bold it no code and snake_case_name, 2*3*4, * alone *",
        );
        check("```\nlet x = 1;\n```", "\nlet x = 1;\n");
        check("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt;", "1 < 2 && 3 > 2, &lt;");
        check("open < end", "open < end");
        let read = of_mrkdwn("<@U1> <@U1> <https://example.test/a|x>", &names());
        assert_eq!(read.mentions.len(), 1);
        assert_eq!(read.links, ["https://example.test/a"]);
    }

    #[test]
    fn blocks_are_what_is_shown() {
        let message = json!({"text": "for notifications", "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Deploy"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*done* by <@U1>"}, "fields": [{"type": "mrkdwn", "text": "took 3 s"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "see ", "style": {"bold": true}}, {"type": "link", "url": "https://example.test", "text": "log"},
                {"type": "emoji", "name": "tada"}, {"type": "user", "user_id": "U1"}, {"type": "broadcast", "range": "channel"}]}]},
        ]});
        let read = of_message(&message, &names());
        assert_eq!(read.text, "Deploy\ndone by @Ada L\ntook 3 s\nsee log:tada:@Ada L@channel");
        assert_eq!(read.links, ["https://example.test"]);
    }

    #[test]
    fn cards_of_programs_are_read_and_previews_are_not() {
        let message = json!({"text": "", "attachments": [
            {"title": "Alarm", "text": "disk full", "fallback": "x"},
            {"fallback": "only this"},
            {"from_url": "https://example.test", "title": "A page", "text": "not the author's"},
        ]});
        assert_eq!(of_message(&message, &names()).text, "Alarm\ndisk full\nonly this");
    }

    #[test]
    fn a_forwarded_message_is_what_is_said_with_it() {
        let shared = json!({"is_share": true, "is_msg_unfurl": true, "from_url": "https://acme.slack.example.test/archives/C1/p1", "author_id": "U1",
            "author_name": "ada", "text": "fallback", "message_blocks": [{"team": "T1", "channel": "C1", "message": {"blocks": [
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "the words"}]}]}]}}]});
        let message = json!({"text": "look", "attachments": [shared]});
        assert_eq!(of_message(&message, &names()).text, "look\n@Ada L:\nthe words");
        let mut older = message.clone();
        older["attachments"][0]["message_blocks"] = json!([]);
        older["attachments"][0]["author_id"] = json!("U9");
        assert_eq!(of_message(&older, &names()).text, "look\nada:\nfallback");
    }

    #[test]
    fn tables_markdown_and_what_a_picture_shows_are_read() {
        let message = json!({"text": "", "blocks": [
            {"type": "markdown", "text": "**done**"},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "one"}, {"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]}]}]]},
            {"type": "image", "image_url": "https://example.test/x.png", "title": {"type": "plain_text", "text": "Sales"}, "alt_text": "a falling line"},
        ]});
        assert_eq!(of_message(&message, &names()).text, "**done**\none\ntwo\nSales\na falling line");
    }

    proptest! {
        #[test]
        fn what_we_escape_reads_as_we_wrote_it(text in "[a-z<>&;@#!| \n]{0,60}") {
            prop_assert_eq!(of_mrkdwn(&escaped(&text), &names()).text, text);
        }

        #[test]
        fn no_text_stops_the_reader(text in any::<String>()) {
            let _read = of_mrkdwn(&text, &names());
        }
    }
}
