//! The languages whose words are reduced to their stem, by their two-letter code.
//!
//! A language that is not in the list is still indexed and found, by the words as they are written.

use frostem::{Algorithm, Stemmer};

macro_rules! languages {
    ($($name:ident $code:literal $algorithm:ident,)*) => {
        /// A language with a stemmer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Language {
            $(#[doc = concat!("`", $code, "`")] $name,)*
        }

        impl Language {
            /// Every language with a stemmer.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The two-letter code (ISO 639-1).
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            fn algorithm(self) -> Algorithm {
                match self { $(Self::$name => Algorithm::$algorithm,)* }
            }
        }
    };
}

languages! {
    Arabic "ar" Arabic,
    Danish "da" Danish,
    German "de" German,
    Greek "el" Greek,
    English "en" English,
    Spanish "es" Spanish,
    Finnish "fi" Finnish,
    French "fr" French,
    Hungarian "hu" Hungarian,
    Italian "it" Italian,
    Dutch "nl" Dutch,
    Norwegian "no" Norwegian,
    Portuguese "pt" Portuguese,
    Romanian "ro" Romanian,
    Russian "ru" Russian,
    Swedish "sv" Swedish,
    Tamil "ta" Tamil,
    Turkish "tr" Turkish,
}

impl Language {
    /// The language of a tag such as `de`, `de-AT` or `pt_BR`; nothing when it has no stemmer.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let main = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let main = if matches!(main.as_str(), "nb" | "nn") { "no" } else { &main };
        Self::ALL.iter().copied().find(|language| language.code() == main)
    }

    /// The language that a script gives away when nobody says which it is; Latin letters give away none.
    pub(crate) fn of_script(text: &str) -> Option<Self> {
        let first = text.chars().find(|letter| !letter.is_ascii() && letter.is_alphabetic())?;
        match first {
            '\u{370}'..='\u{3ff}' => Some(Self::Greek),
            '\u{400}'..='\u{4ff}' => Some(Self::Russian),
            '\u{600}'..='\u{6ff}' => Some(Self::Arabic),
            '\u{b80}'..='\u{bff}' => Some(Self::Tamil),
            _ => None,
        }
    }

    pub(crate) fn stemmer(self) -> Stemmer {
        Stemmer::new(self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_with_a_region_names_its_language() {
        assert_eq!(Language::of_tag("de-AT"), Some(Language::German));
        assert_eq!(Language::of_tag("PT_br"), Some(Language::Portuguese));
        assert_eq!(Language::of_tag("nb"), Some(Language::Norwegian));
        assert_eq!(Language::of_tag("ja"), None);
        assert_eq!(Language::of_tag(""), None);
    }

    #[test]
    fn a_script_of_one_language_gives_it_away() {
        assert_eq!(Language::of_script("ok, посылка пришла"), Some(Language::Russian));
        assert_eq!(Language::of_script("caf\u{e9} noir"), None);
        assert_eq!(Language::of_script("plain"), None);
    }
}
