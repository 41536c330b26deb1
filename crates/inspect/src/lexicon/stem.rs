//! A light English stemmer: enough that `acquire~` finds acquires, acquired, acquiring and acquirer.
//!
//! It strips inflections, not meanings; both the list and the text go through it, so it only has to be consistent.

use crate::tokens::{hash_folded, hash_step};

/// Endings, longest first.
const ENDINGS: &[&[u8]] = &[
    b"ations", b"ation", b"ments", b"ingly", b"ment", b"ings", b"ers", b"ing", b"ors", b"ies", b"ied", b"est", b"er", b"or",
    b"ed", b"es", b"ly", b"s",
];

/// Letters that must remain before an ending.
const STEM_BYTES_MIN: usize = 3;

/// Hash of the stem of a folded word.
pub fn hash(folded: &[u8]) -> u64 {
    let ending = ENDINGS.iter().copied().find(|ending| is_ending(folded, ending)).unwrap_or(b"");
    let mut stem = &folded[..folded.len() - ending.len()];
    if ending.starts_with(b"ie") {
        return hash_step(hash_folded(stem), b'y');
    }
    let doubles = matches!(ending, b"ing" | b"ings" | b"ed" | b"er" | b"ers" | b"est");
    if let [.., second, last] = stem
        && doubles
        && stem.len() > STEM_BYTES_MIN
        && second == last
        // running → run, but fall, miss, buzz, staff keep theirs in every form.
        && matches!(last, b'b' | b'd' | b'g' | b'm' | b'n' | b'p' | b'r' | b't')
    {
        stem = &stem[..stem.len() - 1];
    }
    if stem.len() > STEM_BYTES_MIN {
        stem = stem.strip_suffix(b"e").unwrap_or(stem);
    }
    hash_folded(stem)
}

fn is_ending(folded: &[u8], ending: &[u8]) -> bool {
    let Some(stem) = folded.strip_suffix(ending) else {
        return false;
    };
    match (ending, stem.last()) {
        // passes, boxes, churches; but employee-s, merge-s.
        (b"es", last) => stem.len() >= STEM_BYTES_MIN && matches!(last, Some(b's' | b'x' | b'z' | b'h' | b'o')),
        // class, bus, analysis: no plurals.
        (b"s", Some(b's' | b'u' | b'i')) => false,
        _ => stem.len() >= STEM_BYTES_MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn inflections_share_a_stem() {
        for forms in [
            "acquire acquires acquired acquiring acquirer",
            "run runs running runner",
            "company companies",
            "leak leaks leaked leaking leaker",
            "threaten threatens threatened threatening",
            "kill kills killed killing killer",
            "layoff layoffs",
            "merge merged merging merger mergers",
            "pass passes passed passing",
            "employee employees",
        ] {
            let hashes: Vec<u64> = forms.split(' ').map(|form| hash(form.as_bytes())).collect();
            assert!(hashes.iter().all(|h| *h == hashes[0]), "{forms}");
        }
        assert_ne!(hash(b"class"), hash(b"clas"));
        assert_ne!(hash(b"king"), hash(b"k"));
    }
}
