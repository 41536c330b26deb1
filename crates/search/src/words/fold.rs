//! Letters as people type them when they search: lower case, no accents, one form for characters with several.

use unicode_normalization::UnicodeNormalization;

/// Appends the folded form of a word.
pub fn fold(word: &str, into: &mut String) {
    if word.is_ascii() {
        return lower_ascii(word, into);
    }
    let plain = word.nfkd().filter(|letter| !is_accent(*letter)).flat_map(char::to_lowercase);
    // Composed again, so that Korean syllables and Japanese sounds, which decompose too, are whole.
    for letter in plain.nfc() {
        match letter {
            'ß' => into.push_str("ss"),
            'æ' => into.push_str("ae"),
            'œ' => into.push_str("oe"),
            'ø' => into.push('o'),
            'đ' | 'ð' => into.push('d'),
            'ł' => into.push('l'),
            'ı' => into.push('i'),
            'ς' => into.push('σ'),
            other => into.push(other),
        }
    }
}

/// Appends a word of ASCII in lower case.
pub(super) fn lower_ascii(word: &str, into: &mut String) {
    let start = into.len();
    into.push_str(word);
    if let Some(added) = into.get_mut(start..) {
        added.make_ascii_lowercase();
    }
}

/// Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and the joiners that shape pictures. The marks of Indic scripts
/// are vowels, and stay.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{640}' | '\u{200d}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(word: &str) -> String {
        let mut into = String::new();
        fold(word, &mut into);
        into
    }

    #[test]
    fn case_accents_and_forms_do_not_matter() {
        for (word, plain) in [
            ("PARCEL", "parcel"),
            ("Café", "cafe"),
            ("cafe\u{301}", "cafe"),
            ("Straße", "strasse"),
            ("Ærø", "aero"),
            ("Łódź", "lodz"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ёлка", "елка"),
            ("ｆｕｌｌ", "full"),
            ("ﬁne", "fine"),
            ("한국", "한국"),
            ("が", "が"),
            ("नमस्ते", "नमस्ते"),
        ] {
            assert_eq!(folded(word), plain, "{word}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(word in "[\\p{Latin}\\p{Greek}\\p{Cyrillic}\\p{Han}\\p{Hangul}]{0,12}") {
            let once = folded(&word);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
