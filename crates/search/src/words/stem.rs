//! Stems: "parcels" is found by "parcel". A stemmer is slow beside everything else that happens to a word, so known stems are kept.

use frostem::Stemmer;
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::fold::{fold, lower_ascii};
use crate::language::Language;

/// Longer words, and words with digits, are names and numbers: they have no stem.
const STEMMED_BYTES_MAX: usize = 40;
/// Stems kept for a language before they are forgotten all at once: a working vocabulary, about 4 MB when full.
const KEPT_MAX: usize = 40_000;

/// Stems of words, per language.
#[derive(Default)]
pub struct Stems {
    by_language: Vec<Option<OfLanguage>>,
    buffer: String,
}

struct OfLanguage {
    stemmer: Stemmer,
    known: FxHashMap<Box<str>, Box<str>>,
}

impl Stems {
    /// Appends the folded stem of a word as it stands in the text; without a language, the folded word.
    pub fn stem(&mut self, word: &str, language: Option<Language>, into: &mut String) {
        let Some(language) = language.filter(|_| word.len() <= STEMMED_BYTES_MAX && !has_digit(word)) else {
            return fold(word, into);
        };
        self.buffer.clear();
        if word.is_ascii() {
            lower_ascii(word, &mut self.buffer);
        } else {
            self.buffer.extend(word.nfc().flat_map(char::to_lowercase));
        }
        let place = language as usize;
        if self.by_language.len() <= place {
            self.by_language.resize_with(place + 1, || None);
        }
        let of_language = self.by_language[place]
            .get_or_insert_with(|| OfLanguage { stemmer: language.stemmer(), known: FxHashMap::default() });
        if let Some(stem) = of_language.known.get(self.buffer.as_str()) {
            into.push_str(stem);
            return;
        }
        let mut stem = String::new();
        fold(&of_language.stemmer.stem(&self.buffer), &mut stem);
        into.push_str(&stem);
        if of_language.known.len() >= KEPT_MAX {
            of_language.known.clear();
        }
        of_language.known.insert(self.buffer.as_str().into(), stem.into());
    }
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(word: &str, language: Option<Language>) -> String {
        let mut into = String::new();
        Stems::default().stem(word, language, &mut into);
        into
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        assert_eq!(stem("Parcels", Some(Language::English)), stem("parcel", Some(Language::English)));
        assert_eq!(stem("Häuser", Some(Language::German)), stem("Haus", Some(Language::German)));
        assert_eq!(stem("посылки", Some(Language::Russian)), stem("посылка", Some(Language::Russian)));
        assert_eq!(stem("colis", Some(Language::French)), stem("Colis", Some(Language::French)));
    }

    #[test]
    fn without_a_language_or_with_digits_the_word_stays() {
        assert_eq!(stem("Parcels", None), "parcels");
        assert_eq!(stem("A1200s", Some(Language::English)), "a1200s");
    }

    #[test]
    fn a_kept_stem_is_the_same_as_a_new_one() {
        let mut stems = Stems::default();
        let mut both = String::new();
        stems.stem("running", Some(Language::English), &mut both);
        stems.stem("RUNNING", Some(Language::English), &mut both);
        assert_eq!(both, "runrun");
    }
}
