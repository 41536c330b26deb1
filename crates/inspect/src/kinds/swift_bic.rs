//! Bank identifier (BIC).

use super::prelude::*;
use crate::detect::Context;
use crate::report::Reason;

pub(crate) const KIND: Kind = Kind {
    id: "SWIFT_BIC",
    title: "Bank identifier (BIC)",
    group: Group::Financial,
    docs: "Bank, country, place and sometimes branch (ISO 9362), beside a word.",
    words: &[("en", &["bic", "swift", "swift code"]), ("de", &["bankverbindung"])],
    examples: &["BIC DEUTDEFF500", "BIC: BNPAFRPP", "Swift code=DEUTDEFF", "(BIC COBADEFFXXX)", "BIC/SWIFT è UNCRITMM"],
    counter_examples: &["our BIC", "DEUTDEFF500", "BNPAFRPP", "BIC REQUIRED FOR PAYMENT", "the swift response", "BIC: KNOWLEDGE", "Taylor Swift: CONCERTS TONIGHT"],
    shapes: &[
        "LLLLLLdL",
        "LLLLLLLd",
        "LLLLLLdd",
        "LLLLLLdLLLL",
        "LLLLLLddLLL",
        "LLLLLLLdLLL",
        "LLLLLLLLLLL",
        "LLLLLLLL",
        "LLLLLLLLddd",
        "LLLLLLdLddd",
    ],
    check,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && has_country(c.norm))
}

/// Words that announce an identifier, which need not hold a digit.
pub(crate) const ANNOUNCING: &[&str] = &["bic", "swift", "swift code", "bic code", "swift bic", "bic swift"];
/// What may stand between the word and the identifier.
const VERBS: [&str; 9] = ["is ", "ist ", "lautet ", "est ", "es ", "è ", "é ", "to ", "code "];
/// Signs and spaces between the word and the identifier.
const GAP_MAX: usize = 12;

/// Reports an identifier of letters after an announcing word that ends at `end`.
pub(crate) fn word(context: &mut Context<'_>, end: usize) {
    let signs = |b: &u8| matches!(b, b' ' | b'\t' | b':' | b'=' | b'"' | b'\'' | b'(' | b')' | b'*' | b'`' | b'|' | b'>' | b',' | b';');
    let skip = |at: usize| at + context.bytes[at..].iter().take(GAP_MAX).take_while(|b| signs(b)).count();
    let mut start = skip(end);
    let rest = context.text.get(start..).unwrap_or_default();
    if let Some(verb) = VERBS.iter().find(|verb| rest.starts_with(**verb)) {
        start = skip(start + verb.len());
    }
    let length = context.bytes[start..].iter().take(12).take_while(|b| b.is_ascii_uppercase()).count();
    context.steps += (start - end + length) as u64;
    let stop = start + length;
    let fits = matches!(length, 8 | 11) && has_country(&context.bytes[start..stop]);
    if !fits || context.byte(stop).is_ascii_alphanumeric() {
        return;
    }
    // In a line of capitals every word would do.
    let next = [context.byte(stop + 1), context.byte(stop + 2)];
    if context.byte(stop) == b' ' && next.iter().all(u8::is_ascii_uppercase) {
        return;
    }
    let reason = Reason { check: "bank, country and place in the form of ISO 9362", word: None, against: false, view: context.view };
    context.push(super::index::swift_bic, KIND.id, start..stop, 0.8, reason);
}

/// Whether the fifth and sixth letter name a country (ISO 3166, and XK for Kosovo).
fn has_country(norm: &[u8]) -> bool {
    norm.get(4..6).is_some_and(|code| COUNTRIES.as_chunks::<2>().0.iter().any(|country| country == code))
}

const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOARATAUAWAZBABBBDBEBFBGBHBIBJBMBNBOBRBSBTBWBYBZCACDCFCGCHCICKCLCMCNCOCRCUCVCWCYCZDEDJDKDMDODZEC\
EEEGERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGWGYHKHNHRHTHUIDIEILIMINIQIRISITJEJMJOJPKEKGKHKIKMKNKRKWKY\
KZLALBLCLILKLRLSLTLULVLYMAMCMDMEMGMHMKMLMMMNMOMQMRMSMTMUMVMWMXMYMZNANCNENGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPRPS\
PTPWPYQARERORSRURWSASBSCSDSESGSHSISKSLSMSNSOSRSSSTSVSXSYSZTCTDTGTHTJTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVIVNVU\
WFWSXKYEYTZAZMZW";
