//! What of a text a network makes links of: addresses, names, hashtags. For previews; sending is the connectors' own. Pure.
//!
//! Invariant: the stretches lie in the text on letters' edges, in order, without overlap. Where a network looks a name up before it
//! links it, the preview cannot know and shows it linked.

use std::ops::Range;

use networks::text;

/// How a network writes the names that it links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// `@name` and `@name@server`.
    Handles,
    /// `@name.domain`.
    Domains,
    /// None: names are chosen from a list, not written.
    None,
}

/// Where a text is linked on a network, in bytes of UTF-8.
pub fn linked(text: &str, network: &str) -> Vec<Range<usize>> {
    let (names, tags) = match network {
        "mastodon" | "sandbox" => (Names::Handles, true),
        "bluesky" => (Names::Domains, true),
        _ => (Names::None, false),
    };
    let mut found = text::links(text);
    let links = found.clone();
    let mut from = 0;
    while let Some(at) = text[from..].find(['@', '#']).map(|near| from + near) {
        from = at + 1;
        let in_a_word = text[..at].ends_with(|before: char| before.is_alphanumeric() || "_/=@#".contains(before));
        let is_tag = text[at..].starts_with('#');
        let rest = &text[at + 1..];
        let length = if is_tag { tag(rest).filter(|_| tags) } else { name(rest, names) };
        // A link that begins within a name or tag is the stronger reading: it is found first.
        let beside_links = |length: &usize| links.iter().all(|link| at + 1 + length <= link.start || link.end <= at);
        if let Some(length) = length.filter(beside_links).filter(|_| !in_a_word) {
            found.push(at..at + 1 + length);
            from = at + 1 + length;
        }
    }
    found.sort_by_key(|stretch| stretch.start);
    found
}

fn name(rest: &str, names: Names) -> Option<usize> {
    let joined = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let end = |text: &str| text.trim_end_matches(['.', '-']).len();
    let first = end(&rest[..rest.find(|letter| !joined(letter)).unwrap_or(rest.len())]);
    if first == 0 || rest.starts_with(['.', '-']) {
        return None;
    }
    match names {
        Names::None => None,
        Names::Domains => rest[..first].contains('.').then_some(first),
        Names::Handles => {
            let server = rest[first..].strip_prefix('@').map_or(0, |server| {
                let length = server.find(|letter: char| !(letter.is_alphanumeric() || "_.-".contains(letter)));
                end(&server[..length.unwrap_or(server.len())])
            });
            Some(if server > 0 { first + 1 + server } else { first })
        }
    }
}

fn tag(rest: &str) -> Option<usize> {
    let length = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
    let is_tag = rest[..length].chars().any(|letter| !letter.is_numeric() && letter != '_');
    is_tag.then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(network: &str, text: &str, expected: &[&str]) {
        let found: Vec<_> = linked(text, network).into_iter().map(|at| &text[at]).collect();
        assert_eq!(found, expected, "{text} on {network}");
    }

    #[test]
    fn each_network_links_what_it_links() {
        let text = "Hi @ann@a.test, @bob and (@jo.b.test). #Kites, #1 #日本 see https://x.test/#no@y me@z.test";
        check("mastodon", text, &["@ann@a.test", "@bob", "@jo.b.test", "#Kites", "#日本", "https://x.test/#no@y"]);
        check("bluesky", text, &["@jo.b.test", "#Kites", "#日本", "https://x.test/#no@y"]);
        check("slack", text, &["https://x.test/#no@y"]);
        check("mastodon", "@ # @. #_ ##x @@y", &[]);
    }

    proptest! {
        #[test]
        fn stretches_lie_in_order_in_the_text(text in "([@#a-zé1._-]{0,8}|https://[a-z@#.]{0,6}| ){0,10}", network in prop::sample::select(&["mastodon", "bluesky", "slack"][..])) {
            let mut end = 0;
            for stretch in linked(&text, network) {
                prop_assert!(stretch.start >= end && text.get(stretch.clone()).is_some_and(|piece| piece.len() > 1));
                end = stretch.end;
            }
        }
    }
}
