//! How far a list that grows at its front has been read.
//!
//! Servers list the newest first, and few of them can list forwards from a point, so a list is walked back, page by page, until
//! something known is met. Invariant: `last` only moves when everything newer than it has been handed out, so that a walk that is
//! interrupted, by a restart of either side, goes on where it was. What arrives meanwhile is the next walk's. Pure.

use serde::{Deserialize, Serialize};

/// Newest ids kept: any of them says "known from here on", so that a few of them may be deleted.
const LAST_MAX: usize = 8;

/// Where reading a list stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Walk {
    /// The newest ids of what is known; everything behind them is known too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    last: Vec<String>,
    /// The newest ids of the walk that is under way: they become `last` when it ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top: Vec<String>,
    /// Where the walk that is under way goes on, in the server's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

impl Walk {
    /// Where the next page begins, in the server's own words; nothing for the front.
    pub(crate) fn before(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// How many of a page, newest first, are not known yet: those before the first that is.
    pub(crate) fn unknown(&self, ids: &[&str]) -> usize {
        ids.iter().position(|id| self.knows(id)).unwrap_or(ids.len())
    }

    fn knows(&self, id: &str) -> bool {
        self.last.iter().any(|last| last == id || is_older_number(id, last))
    }

    /// Takes note of a page and answers whether the walk goes on. `next` is where the server's next page begins, if there is one.
    pub(crate) fn read(&mut self, ids: &[&str], next: Option<&str>) -> bool {
        let unknown = &ids[..self.unknown(ids)];
        if self.top.is_empty() {
            self.top = unknown.iter().take(LAST_MAX).map(|id| (*id).to_owned()).collect();
        }
        let is_news = unknown.len() == ids.len() && !ids.is_empty();
        // A server that answers the same page again would be asked for ever.
        let next = next.filter(|next| is_news && self.at.as_deref() != Some(*next));
        self.at = next.map(str::to_owned);
        if self.at.is_none() {
            let mut last = std::mem::take(&mut self.top);
            last.append(&mut self.last);
            last.truncate(LAST_MAX);
            self.last = last;
        }
        self.at.is_some()
    }
}

/// Mastodon's ids are numbers that grow with time; others' need not grow at all.
fn is_older_number(id: &str, than: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    matches!((number(id), number(than)), (Some(id), Some(than)) if id < than)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads everything there is now, as a server lists it, and answers what was handed out.
    fn walk(state: &mut Walk, list: &[String], page: usize, pages: usize) -> Vec<String> {
        let mut out = Vec::new();
        for _ in 0..pages {
            let start = state.before().map_or(0, |before| list.iter().position(|id| id == before).expect("listed") + 1);
            let ids: Vec<&str> = list[start..].iter().take(page).map(String::as_str).collect();
            out.extend(ids[..state.unknown(&ids)].iter().map(|id| (*id).to_owned()));
            if !state.read(&ids, ids.last().copied()) {
                break;
            }
        }
        out
    }

    proptest! {
        /// Whatever the pages and ids, and wherever reading stops and goes on while the list grows and its newest are deleted,
        /// nothing is missed.
        #[test]
        fn everything_is_handed_out(
            growth in prop::collection::vec((0usize..30, 1usize..6, 0usize..3), 1..8),
            page in 1usize..7,
            numbers: bool,
        ) {
            let (mut state, mut list, mut out, mut all) = (Walk::default(), Vec::new(), Vec::new(), 0);
            for (more, pages, deleted) in growth {
                for _ in 0..more {
                    all += 1;
                    // Servers whose ids do not grow: the digits backwards.
                    let id = if numbers { (all + 9).to_string() } else { format!("x{}", (all + 10).to_string().chars().rev().collect::<String>()) };
                    list.insert(0, id);
                }
                let again: Walk = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
                prop_assert_eq!(&again, &state);
                out.append(&mut walk(&mut state, &list, page, pages));
                let read = list.iter().take(deleted).take_while(|id| out.contains(id)).count();
                if state.before().is_none() {
                    list.drain(..read);
                }
            }
            for _ in 0..3 {
                out.append(&mut walk(&mut state, &list, page, 1_000));
            }
            out.sort();
            out.dedup();
            prop_assert_eq!(out.len(), all, "all of it");
            prop_assert!(walk(&mut state, &list, page, 10).is_empty(), "and nothing again");
        }
    }

    #[test]
    fn the_same_page_again_ends_a_walk() {
        let mut state = Walk::default();
        assert!(state.read(&["5", "4"], Some("4")));
        assert!(!state.read(&["5", "4"], Some("4")));
        assert_eq!((state.unknown(&["10", "6", "5"]), state.unknown(&["4"]), state.unknown(&["x"])), (2, 0, 1));
    }

    #[test]
    fn an_empty_list_is_read_at_once() {
        let mut state = Walk::default();
        assert!(!state.read(&[], None));
        assert!(state.read(&["1"], Some("1")) && !state.read(&[], None));
        assert!(!state.read(&[], None), "what was known stays known when all of it is deleted");
        assert_eq!(state.unknown(&["1"]), 0);
    }
}
