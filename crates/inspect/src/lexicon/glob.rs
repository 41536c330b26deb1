//! Wildcards inside one folded word: `*` any bytes, `?` one character.

/// Words longer than this are data, not language; wildcards do not look at them, which bounds their cost.
pub const WORD_BYTES_MAX: usize = 64;

/// The literal bytes before the first wildcard.
pub fn prefix(pattern: &[u8]) -> &[u8] {
    let end = pattern.iter().position(|b| matches!(b, b'*' | b'?')).unwrap_or(pattern.len());
    &pattern[..end]
}

/// The literal bytes after the last wildcard.
pub fn suffix(pattern: &[u8]) -> &[u8] {
    let start = pattern.iter().rposition(|b| matches!(b, b'*' | b'?')).map_or(0, |at| at + 1);
    &pattern[start..]
}

/// Whether the whole word fits; at most `pattern.len() * word.len()` steps.
pub fn fits(pattern: &[u8], word: &[u8]) -> bool {
    let (mut p, mut w) = (0, 0);
    // Where to go on after the last `*`: its place in the pattern, and the place in the word it has eaten up to.
    let mut retry: Option<(usize, usize)> = None;
    while w < word.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, w));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                w += character_bytes(word, w);
            }
            Some(byte) if *byte == word[w] => {
                p += 1;
                w += 1;
            }
            _ => match retry {
                Some((star, eaten)) => {
                    retry = Some((star, eaten + 1));
                    p = star + 1;
                    w = eaten + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

fn character_bytes(word: &[u8], at: usize) -> usize {
    1 + word[at + 1..].iter().take_while(|b| **b & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_whole_words() {
        for (pattern, word, expected) in [
            ("acqui*", "acquire", true),
            ("acqui*", "acqui", true),
            ("acqui*", "reacquire", false),
            ("*gate", "watergate", true),
            ("wom?n", "women", true),
            ("wom?n", "womaan", false),
            ("fu?k", "füük", false),
            ("f?r", "für", true),
            ("a*b*c", "aXXbXbc", true),
            ("a*b*c", "aXXbXbd", false),
            ("**x", "x", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), word.as_bytes()), expected, "{pattern} {word}");
        }
    }
}
