//! `cargo fuzz run lists`: any text as a list of terms, and, behind the first empty line, as what it is looked for in.
#![no_main]

use inspect::lexicon::{Lexicon, LexiconScratch, Source, Zone};
use inspect::tokens::Tokens;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (list, text) = input.split_once("\n\n").unwrap_or((input, input));
    match Lexicon::compile(&[Source { name: "fuzz", content: list }]) {
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.to_string().is_empty())),
        Ok(lexicon) => {
            let (mut tokens, mut scratch) = (Tokens::new(), LexiconScratch::default());
            tokens.scan(text);
            for found in lexicon.find(text, &tokens, Zone::Text, &mut scratch) {
                assert!(lexicon.rule(found.rule).is_some());
                assert!(text.get(found.start as usize..found.end as usize).is_some());
            }
        }
    }
});
