//! Which language a message is written in, from its script and its function words.
//!
//! Small and honest: a few words of slang, names or numbers are "undetermined", not a guess. It decides whether the
//! text heads may speak, so mistaking English for another language costs more than staying undetermined. Related
//! languages (Danish and Norwegian) are told apart only by the words they do not share.

use std::collections::BTreeMap;

use crate::tokens::{TokenKind, Tokens, hash_word};

/// Words of a message that are looked at: more does not change the answer.
const WORDS_MAX: usize = 400;
/// Evidence below this is chance: one word that is no other language's, and a half.
const EVIDENCE_MIN: f32 = 1.4;
/// Share of the words that must speak for the language.
const SHARE_MIN: f32 = 0.14;
/// How many times the evidence for another language must outweigh that for English.
const AGAINST_ENGLISH: f32 = 1.6;
/// Slots of the word table, several for each word, so that the first one is almost always the last.
const SLOTS: usize = 1 << 13;

macro_rules! languages {
    ($($name:ident $code:literal),+ $(,)?) => {
        /// A language, or why there is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Language {
            $(#[doc = concat!("ISO 639-1 `", $code, "`.")] $name,)+
            /// Latin letters or none, too little or too mixed to tell.
            Undetermined,
            /// A script that is not told apart further.
            OtherScript,
        }

        impl Language {
            /// The ISO 639-1 code; `und` where it is not known.
            pub fn id(self) -> &'static str {
                match self {
                    $(Language::$name => $code,)+
                    Language::Undetermined | Language::OtherScript => "und",
                }
            }

            fn of_code(code: &str) -> Option<Language> {
                match code {
                    $($code => Some(Language::$name),)+
                    _ => None,
                }
            }
        }
    };
}

languages!(
    English "en", German "de", French "fr", Spanish "es", Italian "it", Dutch "nl", Portuguese "pt", Polish "pl",
    Swedish "sv", Danish "da", Norwegian "no", Finnish "fi", Czech "cs", Romanian "ro", Hungarian "hu", Turkish "tr",
    Indonesian "id", Russian "ru", Ukrainian "uk", Bulgarian "bg", Greek "el", Hebrew "he", Arabic "ar", Persian "fa",
    Hindi "hi", Thai "th", Japanese "ja", Chinese "zh", Korean "ko",
);

/// Languages of `words.txt`, in the order of their bits.
const LISTED: usize = 17;

/// Languages with some that are always zero: whole vectors of four.
const LANES: usize = LISTED.next_multiple_of(4);
/// Evidence of function words that is added up at a time.
const NOTED: usize = 32;

/// Function words of all languages; immutable, shared between threads.
#[derive(Clone, Debug)]
pub struct LanguageDetector {
    /// The upper bits of a word's hash, and in the lower sixteen the place of its evidence.
    slots: Box<[u64]>,
    /// What a word says of each language; the first says nothing, and stands for every other word.
    evidence: Vec<[f32; LANES]>,
    languages: Vec<Language>,
}

/// The bits of a slot that tell words apart.
const TAG: u64 = !0xffff;

impl LanguageDetector {
    /// The lists that ship with the crate.
    pub fn builtin() -> LanguageDetector {
        let mut languages = Vec::new();
        let mut words: BTreeMap<u64, u32> = BTreeMap::new();
        for line in include_str!("words.txt").lines().filter(|line| !line.starts_with('#')) {
            let Some((code, list)) = line.split_once(": ") else {
                continue;
            };
            let Some(language) = Language::of_code(code) else {
                continue;
            };
            for word in list.split_whitespace() {
                *words.entry(hash_word(word)).or_default() |= 1 << languages.len();
            }
            languages.push(language);
        }
        let mut detector = LanguageDetector { slots: vec![0; SLOTS].into_boxed_slice(), evidence: vec![[0.0; LANES]], languages };
        let mut places: BTreeMap<u32, u16> = BTreeMap::new();
        for (hash, languages) in words {
            let next = u16::try_from(detector.evidence.len()).expect("fewer sets of languages than words");
            let place = *places.entry(languages).or_insert(next);
            if place == next {
                detector.evidence.push(evidence_of(languages));
            }
            let slot = detector.slot_of(hash);
            detector.slots[slot] = hash & TAG | u64::from(place);
        }
        detector
    }

    /// The language of a scanned text. Mentions, tags and addresses do not count.
    pub fn detect(&self, tokens: &Tokens) -> Language {
        let mut scripts = Scripts::default();
        let mut evidence = [0.0_f32; LANES];
        let mut words = 0.0_f32;
        // Which words are function words cannot be foretold, so they are noted without a branch and added up together.
        let (mut noted, mut count) = ([0_u16; NOTED], 0);
        for token in tokens.list().iter().filter(|token| token.kind == TokenKind::Word).take(WORDS_MAX) {
            words += 1.0;
            if token.is_ascii() {
                scripts.latin += 1;
            } else {
                scripts.read(tokens.folded(token));
            }
            let place = self.place_of(token.hash);
            noted[count] = place;
            count += usize::from(place != 0);
            if count == NOTED {
                self.add(&noted, &mut evidence);
                count = 0;
            }
        }
        self.add(&noted[..count], &mut evidence);
        match scripts.language() {
            Some(language) => language,
            None => self.most_likely(&evidence[..LISTED], words),
        }
    }

    fn most_likely(&self, evidence: &[f32], words: f32) -> Language {
        let (mut best, mut second) = ((0.0_f32, 0_usize), 0.0_f32);
        for (bit, sum) in evidence.iter().enumerate() {
            if *sum > best.0 {
                second = best.0;
                best = (*sum, bit);
            } else {
                second = second.max(*sum);
            }
        }
        let (sum, bit) = best;
        let language = self.languages.get(bit).copied().unwrap_or(Language::Undetermined);
        let clear = sum > second
            && sum >= EVIDENCE_MIN
            && sum >= words * SHARE_MIN
            && (language == Language::English || sum >= evidence[0] * AGAINST_ENGLISH);
        if clear { language } else { Language::Undetermined }
    }

    /// Not inlined: the compiler would then keep each sum apart and add them one by one instead of four at a time.
    #[inline(never)]
    fn add(&self, noted: &[u16], evidence: &mut [f32; LANES]) {
        for place in noted {
            for (sum, part) in evidence.iter_mut().zip(&self.evidence[usize::from(*place)]) {
                *sum += part;
            }
        }
    }

    /// Where the evidence of a word stands; zero when it is no function word.
    #[inline]
    fn place_of(&self, hash: u64) -> u16 {
        let slot = self.slots[self.slot_of(hash)];
        if slot & TAG == hash & TAG { (slot & !TAG) as u16 } else { 0 }
    }

    fn slot_of(&self, hash: u64) -> usize {
        let mut slot = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51) as usize % SLOTS;
        while self.slots[slot] != 0 && self.slots[slot] & TAG != hash & TAG {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

/// A word of many languages says little of each.
fn evidence_of(languages: u32) -> [f32; LANES] {
    let share = 1.0 / crate::heads::f32_of(languages.count_ones().pow(2));
    std::array::from_fn(|bit| if languages >> bit & 1 == 1 { share } else { 0.0 })
}

/// First letters of the words, counted by script.
#[derive(Default)]
struct Scripts {
    latin: u32,
    cyrillic: u32,
    ukrainian: u32,
    bulgarian: u32,
    russian: u32,
    greek: u32,
    hebrew: u32,
    arabic: u32,
    persian: u32,
    devanagari: u32,
    thai: u32,
    kana: u32,
    han: u32,
    hangul: u32,
    other: u32,
}

impl Scripts {
    fn read(&mut self, folded: &[u8]) {
        if folded.is_ascii() {
            self.latin += 1;
            return;
        }
        let word = std::str::from_utf8(folded).unwrap_or("");
        let Some(first) = word.chars().find(|c| c.is_alphabetic()) else {
            return;
        };
        let count = match first as u32 {
            0..=0x24f | 0x1e00..=0x1eff => &mut self.latin,
            0x370..=0x3ff | 0x1f00..=0x1fff => &mut self.greek,
            0x400..=0x52f => &mut self.cyrillic,
            0x590..=0x5ff => &mut self.hebrew,
            0x600..=0x6ff | 0x750..=0x77f => &mut self.arabic,
            0x900..=0x97f => &mut self.devanagari,
            0xe00..=0xe7f => &mut self.thai,
            0x3040..=0x30ff => &mut self.kana,
            0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3134f => &mut self.han,
            0x1100..=0x11ff | 0xac00..=0xd7af => &mut self.hangul,
            _ => &mut self.other,
        };
        *count += 1;
        for c in word.chars() {
            match c {
                'і' | 'ї' | 'є' | 'ґ' => self.ukrainian += 1,
                'ъ' => self.bulgarian += 1,
                'ы' | 'э' | 'ё' => self.russian += 1,
                'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' => self.persian += 1,
                _ => {}
            }
        }
    }

    /// The language of the script that most words use; `None` for Latin letters.
    fn language(&self) -> Option<Language> {
        let cyrillic = if self.ukrainian > self.russian {
            Language::Ukrainian
        } else if self.bulgarian > self.russian {
            Language::Bulgarian
        } else {
            Language::Russian
        };
        let arabic = if self.persian > 0 { Language::Persian } else { Language::Arabic };
        // Japanese mixes Han with Kana; Chinese has no Kana.
        let han = if self.kana > 0 { Language::Japanese } else { Language::Chinese };
        let scripts = [
            (self.cyrillic, cyrillic),
            (self.greek, Language::Greek),
            (self.hebrew, Language::Hebrew),
            (self.arabic, arabic),
            (self.devanagari, Language::Hindi),
            // Scripts without spaces count characters, not words.
            (self.thai / 3, Language::Thai),
            (self.kana / 2 + self.han / 2, han),
            (self.hangul, Language::Korean),
            (self.other, Language::OtherScript),
        ];
        let (count, language) = scripts.into_iter().max_by_key(|(count, _)| *count)?;
        (count > self.latin).then_some(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(text: &str) -> &'static str {
        let mut tokens = Tokens::new();
        tokens.scan(text);
        LanguageDetector::builtin().detect(&tokens).id()
    }

    #[test]
    fn sentences_are_recognised() {
        for (code, text) in [
            ("en", "I don't think that this is what they wanted"),
            ("de", "Ich habe heute leider keine Zeit für das Treffen mit euch"),
            ("fr", "Je ne suis pas d'accord avec vous, mais merci pour la réponse"),
            ("es", "Hola, no tengo tiempo hoy porque estoy en la oficina con los demás"),
            ("it", "Grazie per la risposta, oggi non ho molto tempo ma domani sono libero"),
            ("nl", "Ik heb vandaag geen tijd voor het gesprek met je"),
            ("pt", "Obrigado pela resposta, hoje não tenho muito tempo para isso"),
            ("pl", "Nie mam dzisiaj czasu, ale jutro będzie bardzo dobrze"),
            ("sv", "Jag har inte tid idag men det är bra att du frågar"),
            ("fi", "Minulla ei ole aikaa tänään mutta huomenna olen kotona"),
            ("cs", "Dnes nemám čas, ale zítra už to bude velmi dobře"),
            ("hu", "Ma nincs időm, de holnap már itt vagyok és nagyon jól lesz"),
            ("tr", "Bugün çok işim var ama sonra sizin için gelirim"),
            ("id", "Saya tidak bisa datang hari ini karena ada rapat dengan mereka"),
            ("ru", "Сегодня у меня нет времени, но завтра мы увидимся"),
            ("uk", "Сьогодні я не маю часу, але завтра ми зустрінемося"),
            ("el", "Δεν έχω χρόνο σήμερα"),
            ("ar", "ليس لدي وقت اليوم"),
            ("fa", "امروز وقت ندارم چون کار زیادی دارم"),
            ("he", "אין לי זמן היום"),
            ("hi", "आज मेरे पास समय नहीं है"),
            ("th", "วันนี้ฉันไม่มีเวลา"),
            ("ja", "今日は時間がありません"),
            ("zh", "我今天没有时间"),
            ("ko", "오늘은 시간이 없어요"),
        ] {
            assert_eq!(detect(text), code, "{text}");
        }
    }

    #[test]
    fn short_messages_to_a_company_are_recognised() {
        for (code, text) in [
            ("de", "Vielen Dank für die schnelle Antwort!"),
            ("de", "Die Lieferung kommt morgen, die Kinder freuen sich"),
            ("de", "Wann kommt die Bestellung?"),
            ("de", "Bitte die Rechnung"),
            ("fr", "Merci beaucoup"),
            ("fr", "C'est un retard de deux heures"),
            ("es", "Muchas gracias"),
            ("it", "Buongiorno, grazie"),
            ("nl", "Bedankt, je bent lief"),
            ("pt", "Olá, bom dia, quero fazer um pedido"),
            ("pl", "Dziękuję, proszę pani"),
        ] {
            assert_eq!(detect(text), code, "{text}");
        }
    }

    #[test]
    fn too_little_to_tell_is_undetermined() {
        for text in ["", "42", "lol", "@ann #news https://a.example", "you idiot", "John Smith", "ok 😂😂"] {
            assert_eq!(detect(text), "und", "{text}");
        }
    }

    #[test]
    fn english_with_a_foreign_word_or_name_stays_english() {
        for text in ["The war in the Gulf was bad for the art of la vie", "He met Maria de la Cruz at the bar and they sang"] {
            assert_eq!(detect(text), "en", "{text}");
        }
    }

    #[test]
    fn every_list_is_read_and_the_table_has_room() {
        let detector = LanguageDetector::builtin();
        assert_eq!(detector.languages.len(), LISTED);
        assert_eq!(detector.languages[0], Language::English);
        let used = detector.slots.iter().filter(|slot| **slot != 0).count();
        assert!(used > 800 && used < SLOTS / 2, "{used}");
    }
}
