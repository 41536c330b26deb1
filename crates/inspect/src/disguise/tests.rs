use super::*;
use proptest::prelude::*;

fn undone(text: &str) -> String {
    let vocabulary = Vocabulary::build(&[b"condor".as_slice().into()]);
    let mut tokens = Tokens::new();
    tokens.scan(text);
    let mut out = Folded::default();
    let changed = undo(text, None, &vocabulary, &mut out);
    assert!(!changed || is_suspect(text, &tokens, &vocabulary, &mut Folded::default()), "{text:?} is not suspect");
    if changed { out.text } else { text.to_owned() }
}

#[test]
fn disguised_words_come_out_plain() {
    for (disguised, plain) in [
        ("f u c k you", "fuck you"),
        ("oh s.h.i.t, no", "oh shit, no"),
        ("you s-h-i-t", "you shit"),
        ("what a sh1t show", "what a shit show"),
        ("$h1t happens", "shit happens"),
        ("f*ck this s**t, f***!", "fuck this shit, fuck!"),
        ("killyourself", "kill yourself"),
        ("you a$$hole!", "you asshole!"),
        ("b1tch", "bitch"),
        ("stup1d 1diot", "stupid idiot"),
        ("1 h4te y0u", "1 hate you"),
        ("#killthemall", "kill them all"),
        ("youareanidiot", "you are an idiot"),
        ("Y o u a r e s t u p i d.", "you are stupid."),
        ("(sh1t)", "(shit)"),
        ("c0nd0r flies", "condor flies"),
        ("é f u c k é", "é fuck é"),
    ] {
        assert_eq!(undone(disguised), plain);
    }
}

#[test]
fn ordinary_words_and_numbers_stay() {
    for text in [
        "a b c",
        "plan b 2 go",
        "v1.2.3 of b2b and 3d, h264 at 10k",
        "see you @ the pub",
        "A+ for effort, 5* hotel",
        "ann@example.com wrote",
        "@sshole_fan said",
        "https://example.com/sh1t",
        "my psychotherapist said",
        "the classic cockpit in Scunthorpe",
        "**bold** and *italic* and snake_case_name",
        "I e a t",
        "#ThrowbackThursday #love",
        "U.S.A. and e.g. i.e.",
        "wow!great! disgusting!people",
        "a button, doughnuts, manslaughter, deportation, shutdown* in Auburn and Blackburn",
        "#ThisIsFine",
    ] {
        assert_eq!(undone(text), text);
    }
}

proptest! {
    #[test]
    fn the_way_back_is_monotone_and_on_boundaries(text in "([a-z0-9$@!*é#. ]|f u c k|sh1t|killall|😂){0,24}") {
        let vocabulary = Vocabulary::build(&[]);
        let mut out = Folded::default();
        if undo(&text, None, &vocabulary, &mut out) {
            let mut last = 0;
            for at in 0..out.text.len() {
                let (start, end) = out.map.original(at..at + 1);
                prop_assert!(text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize));
                prop_assert!(start >= last && end > start && end as usize <= text.len());
                last = start;
            }
        }
    }
}
