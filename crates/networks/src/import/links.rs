//! Web addresses in plain text, for forms that do not mark them.

/// The most addresses of one message: a text of a mebibyte could hold a hundred thousand.
const LINKS_MAX: usize = 1_000;

/// Every address that begins with `http://` or `https://`, each once, in the order of the text.
pub(super) fn in_text(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], b"http").map(|at| from + at) {
        from = at + 4;
        let rest = &text[at..];
        if !(rest.starts_with("http://") || rest.starts_with("https://")) {
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|`".contains(c)).unwrap_or(rest.len());
        let mut address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', ']', '}']);
        // A bracket that was opened before the address is not part of it.
        while address.ends_with(')') && address.matches(')').count() > address.matches('(').count() {
            address = address[..address.len() - 1].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        }
        let host = address.split_once("://").map_or("", |(_, host)| host);
        if !host.is_empty() && !found.iter().any(|one| one == address) && found.len() < LINKS_MAX {
            found.push(address.to_owned());
        }
        from = at + address.len().max(4);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::in_text;

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        let text = "See https://example.test/a_(b), (http://example.test/c). [x](https://example.test/d) <https://example.test/e>! http:// https://example.test/a_(b)";
        assert_eq!(
            in_text(text),
            ["https://example.test/a_(b)", "http://example.test/c", "https://example.test/d", "https://example.test/e"]
        );
        assert!(in_text("nothing http here").is_empty());
    }
}
