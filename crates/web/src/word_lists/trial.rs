//! What a trial found, beside the form.

use desk::word_lists::{Example, Trial};
use maud::{Markup, html};

use crate::{lists::link, ui::facts::Card};

/// What saving would change.
pub(super) fn card(trial: &Trial) -> Card {
    let (before, now) = trial.messages_found;
    let body = html! {
        p {
            "Of the newest " (trial.messages) " messages you may read, it finds something in " strong { (now) }
            "; before this change, in " strong { (before) } "."
            @if trial.cut { " Time ran out before more were looked at." }
        }
        (examples("Would be found", trial.added, &trial.added_examples))
        (examples("Would not be found any more", trial.removed, &trial.removed_examples))
        p.muted { "Nothing is saved by trying. That you tried is on record." }
    };
    Card { title: "What it would change".to_owned(), actions: Vec::new(), body }
}

fn examples(title: &str, count: u64, shown: &[Example]) -> Markup {
    html! {
        h3 { (title) ": " (count) @if count == 1 { " place" } @else { " places" } }
        @if !shown.is_empty() {
            ul.trial-examples {
                @for example in shown {
                    li {
                        "…" (example.before) mark.finding.finding-medium { (example.found) } (example.after) "… "
                        (link(&format!("/messages/{}", example.message), "See it"))
                    }
                }
            }
        }
        @if count > shown.len() as u64 && !shown.is_empty() { p.muted { "The first " (shown.len()) " are shown." } }
    }
}
