//! Text as networks hold it: HTML made readable, links found, length counted as each network counts it.
//!
//! [`from_html`] never fails: whatever a browser would show of a text comes out, scripts and styles do not. Line breaks and paragraphs
//! are kept, links are listed beside the text. Nothing is looked up, shortened or judged here.

use std::ops::Range;

use html5gum::{Token, Tokenizer};
use unicode_segmentation::UnicodeSegmentation;

use crate::capabilities::{TextLimit, TextUnit};

/// What a piece of HTML says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readable {
    /// The text, paragraphs apart by a blank line.
    pub text: String,
    /// Where its links lead, in order, each once; without those that a network makes of mentions and hashtags.
    pub links: Vec<String>,
}

/// Reads HTML as a person sees it.
pub fn from_html(html: &str) -> Readable {
    let mut reader = Reader::default();
    for token in Tokenizer::new(html) {
        // The tokenizer of a string has no way to fail.
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let value = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
                reader.opened(&tag.name, tag.self_closing, value(b"href"), &value(b"class").unwrap_or_default());
            }
            Token::EndTag(tag) => reader.closed(&tag.name),
            Token::String(text) => reader.said(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    Readable { text: reader.text.trim().to_owned(), links: reader.links }
}

#[derive(Default)]
struct Reader {
    text: String,
    links: Vec<String>,
    /// Breaks to come before the next word: 1 a line, 2 a paragraph.
    breaks: usize,
    /// A space to come before the next word.
    space: bool,
    preformatted: u32,
    /// The element whose text nobody sees, while inside it.
    unseen: Option<Vec<u8>>,
}

impl Reader {
    fn opened(&mut self, name: &[u8], closed: bool, href: Option<String>, class: &str) {
        if self.unseen.is_some() {
            return;
        }
        match name {
            b"script" | b"style" | b"template" | b"title" if !closed => self.unseen = Some(name.to_vec()),
            b"br" => self.breaks = (self.breaks + 1).min(2),
            b"p" | b"blockquote" | b"ul" | b"ol" | b"h1" | b"h2" | b"h3" | b"h4" => self.breaks = 2,
            b"div" | b"tr" => self.breaks = self.breaks.max(1),
            b"li" => {
                self.breaks = self.breaks.max(1);
                self.said("- ");
            }
            b"pre" => {
                self.breaks = 2;
                self.preformatted += 1;
            }
            b"a" => {
                let made = class.split_whitespace().any(|one| one == "mention" || one == "hashtag");
                let link = href.filter(|link| !made && (link.starts_with("http://") || link.starts_with("https://")));
                if let Some(link) = link.filter(|link| !self.links.contains(link)) {
                    self.links.push(link);
                }
            }
            _ => {}
        }
    }

    fn closed(&mut self, name: &[u8]) {
        if let Some(unseen) = &self.unseen {
            if unseen == name {
                self.unseen = None;
            }
            return;
        }
        match name {
            b"p" | b"blockquote" | b"ul" | b"ol" | b"h1" | b"h2" | b"h3" | b"h4" => self.breaks = 2,
            b"div" | b"tr" | b"li" => self.breaks = self.breaks.max(1),
            b"pre" => {
                self.breaks = 2;
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn said(&mut self, text: &str) {
        if self.unseen.is_some() {
            return;
        }
        if self.preformatted > 0 {
            self.flush();
            self.text.push_str(text);
            return;
        }
        // HTML's white space: a no-break space is a letter to it.
        let blank = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        if text.starts_with(blank) {
            self.space = true;
        }
        for word in text.split(blank).filter(|word| !word.is_empty()) {
            self.flush();
            self.text.push_str(word);
            self.space = true;
        }
        if !text.ends_with(blank) && !text.is_empty() {
            self.space = false;
        }
    }

    /// Writes what was to come before the next word.
    fn flush(&mut self) {
        if self.breaks > 0 && !self.text.is_empty() {
            self.text.push_str(&"\n\n"[..self.breaks]);
        } else if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        (self.breaks, self.space) = (0, false);
    }
}

/// Where the web addresses of a text stand, in bytes of UTF-8. A closing mark that belongs to the sentence is not part of one.
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) =
        ["https://", "http://"].iter().filter_map(|scheme| text[at..].find(scheme)).min().map(|near| at + near)
    {
        let end = text[start..].find(|letter: char| letter.is_whitespace() || "<>\"`".contains(letter));
        let mut link = &text[start..end.map_or(text.len(), |end| start + end)];
        while let Some(last) = link.chars().next_back() {
            let closes = last == ')' && link.matches(')').count() > link.matches('(').count();
            if !closes && !".,;:!?'…".contains(last) {
                break;
            }
            link = &link[..link.len() - last.len_utf8()];
        }
        let begins_a_word = !text[..start].ends_with(|before: char| before.is_ascii_alphanumeric());
        at = start + link.len().max("http://".len());
        if begins_a_word && link.len() > "https://".len() {
            found.push(start..start + link.len());
        }
    }
    found
}

/// How long a text is by a network's own counting.
pub fn length(text: &str, limit: &TextLimit) -> u32 {
    let count = |part: &str| match limit.unit {
        TextUnit::Graphemes => part.graphemes(true).count(),
        TextUnit::Scalars => part.chars().count(),
        TextUnit::Utf16 => part.encode_utf16().count(),
        TextUnit::Bytes => part.len(),
    };
    let mut length = count(text);
    let links = links(text);
    if !limit.mention_hosts_count {
        let in_a_link = |host: &Range<usize>| links.iter().any(|link| link.start <= host.start && host.start < link.end);
        for host in mention_hosts(text).into_iter().filter(|host| !in_a_link(host)) {
            length -= count(&text[host]);
        }
    }
    if limit.link_counts > 0 {
        for link in links {
            length = length - count(&text[link]) + limit.link_counts as usize;
        }
    }
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Where the servers of mentions stand (`@server` in `@name@server`), in bytes of UTF-8. Names and servers as Mastodon reads them:
/// ASCII letters, digits and `_`, within with dots and dashes; a server also with letters of any script.
pub fn mention_hosts(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('@').map(|near| from + near) {
        from = at + 1;
        let in_a_word = text[..at].ends_with(|before: char| before.is_alphanumeric() || "_/=@".contains(before));
        let name = run(&text[at + 1..], |letter| letter.is_ascii_alphanumeric() || letter == '_');
        let after = at + 1 + name;
        if in_a_word || name == 0 || !text[after..].starts_with('@') {
            continue;
        }
        let host = run(&text[after + 1..], |letter| letter.is_alphanumeric() || letter == '_');
        if host > 0 {
            found.push(after..after + 1 + host);
            from = after + 1 + host;
        }
    }
    found
}

/// Bytes of the longest beginning made of these letters, with single or repeated dots and dashes between them.
fn run(text: &str, letter: impl Fn(char) -> bool) -> usize {
    let end = text.find(|one: char| !letter(one) && !".-".contains(one)).unwrap_or(text.len());
    if text.starts_with(['.', '-']) { 0 } else { text[..end].trim_end_matches(['.', '-']).len() }
}

/// Whether a text fits, in the network's own units and in bytes.
pub fn fits(text: &str, limit: &TextLimit) -> bool {
    length(text, limit) <= limit.max && (limit.bytes_max == 0 || text.len() <= limit.bytes_max as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MASTODON: TextLimit = TextLimit {
        max: 500,
        unit: TextUnit::Graphemes,
        bytes_max: 0,
        link_counts: 23,
        mention_hosts_count: false,
        subject_counts: true,
    };

    #[test]
    fn html_is_read_as_a_person_sees_it() {
        let cases = [
            ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
            ("a &amp; b &lt;c&gt; &#x1F600;", "a & b <c> 😀"),
            ("<p>one\n   two</p>\n<p>three</p>", "one two\n\nthree"),
            ("hel<b>lo</b> <i>there</i>!", "hello there!"),
            ("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("x<script>alert('y')</script><style>p{}</style>z", "xz"),
            ("<p>open <b>and never closed", "open and never closed"),
            ("no\u{a0}break", "no\u{a0}break"),
            ("", ""),
        ];
        for (html, text) in cases {
            assert_eq!(from_html(html).text, text, "{html}");
        }
    }

    #[test]
    fn links_are_listed_and_read_whole() {
        let html = "<p><span class=\"h-card\"><a href=\"https://a.test/@me\" class=\"u-url mention\">@<span>me</span></a></span> see \
            <a href=\"https://b.test/very/long?x=1&amp;y=2\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">b.test/very</span>\
            <span class=\"invisible\">/long?x=1&amp;y=2</span></a> <a href=\"javascript:x\">bad</a></p>";
        let readable = from_html(html);
        assert_eq!(readable.text, "@me see https://b.test/very/long?x=1&y=2 bad");
        assert_eq!(readable.links, ["https://b.test/very/long?x=1&y=2"]);
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        let found = |text: &str| links(text).into_iter().map(|at| text[at].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("see https://a.test/x. And (https://b.test/y_(z)), ok"), ["https://a.test/x", "https://b.test/y_(z)"]);
        assert_eq!(found("http://a.test, xhttps://b.test https:// end"), ["http://a.test"]);
        assert_eq!(found("日本https://c.test/é…"), ["https://c.test/é"]);
    }

    #[test]
    fn servers_of_mentions_are_found_and_mail_addresses_are_none() {
        let found = |text: &str| mention_hosts(text).into_iter().map(|at| text[at].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("@ann@a.test, (@b.b-c@two-three.example.test.) @_x@y"), ["@a.test", "@two-three.example.test", "@y"]);
        assert_eq!(found("ann@a.test x/@ann@a.test @ann @ @@a @ann@ @ann@.test"), Vec::<String>::new());
    }

    #[test]
    fn length_is_counted_as_each_network_counts() {
        let family = "👨‍👩‍👧"; // one cluster, five scalars, eight UTF-16 units, eighteen bytes
        for (unit, expected) in [(TextUnit::Graphemes, 1), (TextUnit::Scalars, 5), (TextUnit::Utf16, 8), (TextUnit::Bytes, 18)] {
            assert_eq!(
                length(
                    family,
                    &TextLimit { max: 1, unit, bytes_max: 0, link_counts: 0, mention_hosts_count: true, subject_counts: false }
                ),
                expected
            );
        }
        assert_eq!(length(&format!("a https://example.test/{} b", "x".repeat(90)), &MASTODON), 2 + 23 + 2);
        assert_eq!(length("https://a.test", &MASTODON), 23);
        assert_eq!(length("hi @ann@social.example.test, @bob", &MASTODON), 13);
        assert!(!fits(
            family,
            &TextLimit {
                max: 5,
                unit: TextUnit::Graphemes,
                bytes_max: 17,
                link_counts: 0,
                mention_hosts_count: true,
                subject_counts: false
            }
        ));
        assert!(fits(
            family,
            &TextLimit {
                max: 1,
                unit: TextUnit::Graphemes,
                bytes_max: 18,
                link_counts: 0,
                mention_hosts_count: true,
                subject_counts: false
            }
        ));
    }

    proptest! {
        #[test]
        fn any_html_is_read(html in "[<>/a-z&;= \"'!-]{0,80}|\\PC{0,80}") {
            let readable = from_html(&html);
            prop_assert!(readable.text.len() <= html.len() * 8 + 8);
        }

        #[test]
        fn any_text_is_counted(text in "(https?://[a-z.()]{0,9}|\\PC{0,12}| ){0,6}") {
            for at in links(&text) {
                prop_assert!(text.get(at).is_some_and(|link| link.starts_with("http")));
            }
            let _ = length(&text, &MASTODON);
        }
    }
}
