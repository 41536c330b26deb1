//! A dry run: what a file holds, counted, with nothing done about it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Import, ImportError, Item};
use crate::event::{Event, What};

/// Refused items that are kept with their reasons; more are only counted.
pub const REFUSED_KEPT: usize = 1_000;

/// How many places are told apart; a file with more has at least so many.
const PLACES_MAX: usize = 1_000_000;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The account or workspace it is from, as far as it says.
    pub source: String,
    /// All items: events and refused ones.
    pub items: u64,
    /// First posts.
    pub posts: u64,
    /// Messages as they were last changed.
    pub edits: u64,
    /// Deletions at the source.
    pub deletions: u64,
    /// Reactions.
    pub reactions: u64,
    /// Comings and goings.
    pub memberships: u64,
    /// Everything else: changes of places, what is not understood.
    pub others: u64,
    /// Items that cannot be taken.
    pub refused: u64,
    /// Things that hang on messages.
    pub attachments: u64,
    /// Channels, conversations, feeds.
    pub places: u64,
    /// The earliest time, in Unix milliseconds.
    pub first_ms: Option<i64>,
    /// The latest time.
    pub last_ms: Option<i64>,
    /// The first refused items: place and reason.
    pub refusals: Vec<(String, String)>,
    /// What is left out because it is no message: what and how many.
    pub left_out: Vec<(String, u64)>,
    /// Why the file cannot be read to its end.
    pub failed: Option<String>,
}

/// Counts to the end of a file. `watch` is called after every item and answers whether to go on.
pub fn tally(import: &mut dyn Import, mut watch: impl FnMut(&dyn Import) -> bool) -> Tally {
    let mut tally = Tally { source: import.source(), ..Tally::default() };
    tally.left_out = import.left_out().into_iter().map(|left| (left.what, left.count)).collect();
    let mut places = BTreeSet::new();
    loop {
        match import.next() {
            Ok(Some(item)) => tally.count(item, &mut places),
            Ok(None) => break,
            Err(error) => {
                tally.failed = Some(error.to_string());
                break;
            }
        }
        if !watch(import) {
            break;
        }
    }
    tally.places = places.len() as u64;
    // Some files name their account only within.
    tally.source = import.source();
    tally
}

impl Tally {
    fn count(&mut self, item: Item, places: &mut BTreeSet<String>) {
        self.items += 1;
        match item {
            Item::Event(event) => self.count_event(*event, places),
            Item::Refused(refused) => {
                self.refused += 1;
                if self.refusals.len() < REFUSED_KEPT {
                    self.refusals.push((refused.place, refused.reason));
                }
            }
        }
    }

    fn count_event(&mut self, event: Event, places: &mut BTreeSet<String>) {
        let counter = match &event.what {
            What::Posted(_) => &mut self.posts,
            What::Edited(_) => &mut self.edits,
            What::Deleted => &mut self.deletions,
            What::Reacted { .. } => &mut self.reactions,
            What::Member { .. } => &mut self.memberships,
            What::PlaceChanged { .. } | What::Other { .. } => &mut self.others,
        };
        *counter += 1;
        if let What::Posted(content) | What::Edited(content) = &event.what {
            self.attachments += content.attachments.len() as u64;
        }
        if let Some(time) = event.source_time_ms {
            self.first_ms = Some(self.first_ms.map_or(time, |first| first.min(time)));
            self.last_ms = Some(self.last_ms.map_or(time, |last| last.max(time)));
        }
        if places.len() < PLACES_MAX && !places.contains(&event.place.native_id) {
            places.insert(event.place.native_id);
        }
    }
}

/// Opens a file and counts it.
///
/// # Errors
/// When it cannot be opened.
pub fn tally_file(
    format: &super::Format,
    path: &std::path::Path,
    limits: super::Limits,
    watch: impl FnMut(&dyn Import) -> bool,
) -> Result<Tally, ImportError> {
    Ok(tally(&mut *(format.open)(path, limits)?, watch))
}
