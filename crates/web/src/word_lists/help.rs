//! How a list is written, beside the form.

use desk::word_lists::ListKind;
use maud::{Markup, html};

use crate::ui::facts::Card;

const TERMS: &str = "# A comment.
level high                    # what follows weighs: low, medium or high
zones text, alt               # where to look: text, alt, link, image; everywhere at first
skip quoted, disclaimer       # not inside quotations, not inside legal footers

project lark                  # these words in this order; case and accents do not matter
lark*                         # any letters after; ? is one letter
launch~                       # the word in any inflection: launched, launching
lark NEAR/4 launch            # at most four words between, in either order
leak BEFORE/3 press           # the same, in this order

rule deal                     # several conditions; the lines below it are indented
    any merger | takeover     # one of these is found
    all signed & next week    # and all of these stand in the same text
    not rumour                # and none of these does";

const KINDS: &str = "kind STAFF_NUMBER \"Staff number\"
    pattern EMP-[0-9]{4,6}
    checksum luhn             # or mod97, mod11_10, verhoeff; may be left out
    words staff, badge        # near it they make it surer; may be left out
    needs word                # found beside such a word only; may be left out
    found staff EMP-1230      # at least one text in which it must be found
    not found staff EMP-1231  # and texts in which it must not";

/// The grammar of a kind of list.
pub(super) fn card(kind: ListKind) -> Card {
    let (example, more): (&str, Markup) = match kind {
        ListKind::Terms => (
            TERMS,
            html! {
                p { "One word or phrase a line. Disguised spellings are found as well: l a r k, 1ark, l@rk." }
            },
        ),
        ListKind::Kinds => (
            KINDS,
            html! {
                p { "A pattern has letters as they stand, classes such as [A-Z0-9] or \\d, groups with |, and ?, {n}, {n,m}. Every example is tried when the list is saved, and a pattern that could make a text slow to read is refused." }
            },
        ),
    };
    let body = html! {
        (more)
        pre.sample tabindex="0" { code { (example) } }
        p.muted { "All of it stands in docs/word-lists.md, which comes with Gatepost." }
    };
    Card { title: "How to write it".to_owned(), actions: Vec::new(), body }
}
