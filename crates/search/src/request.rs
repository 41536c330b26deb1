//! What is asked of the index: a query, within a scope, in an order, a page of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    message::{ProfileKey, RecordId},
    query::Query,
};

/// Results on a page at most: a screen of them is a fifth of this, an export has its own way.
pub const PAGE_MAX: usize = 100;
/// Results that are ranked; beyond them relevance says nothing any more.
pub const RANKED_MAX: usize = 1_000;

/// The profiles whose messages may be in the answer. There is no "all": whoever asks says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(BTreeSet<ProfileKey>);

impl Scope {
    /// Messages of these profiles and no others; of none when there are none.
    pub fn of(profiles: impl IntoIterator<Item = ProfileKey>) -> Self {
        Self(profiles.into_iter().collect())
    }

    /// Whether a profile is in it.
    pub fn holds(&self, profile: ProfileKey) -> bool {
        self.0.contains(&profile)
    }

    /// Whether nothing can be found in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which results come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The best match (BM25).
    Relevance,
    /// The newest.
    Newest,
}

/// What is counted besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counting {
    /// Nothing that costs: by relevance there is no total.
    Nothing,
    /// All matches, exactly.
    Total,
    /// All matches, and how many there are of each network, profile and kind of finding.
    Everything,
}

/// Where the next page begins. A text for an address line: [`Display`](std::fmt::Display) and [`FromStr`](std::str::FromStr).
///
/// By time it stays right while messages come and go. By relevance it is a place in the ranking, which is the same as long as the
/// index does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCursor {
    /// Of the query and the order it belongs to.
    pub(crate) of: u32,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Ranked { seen: u32 },
    Newest { time_ms: i64, id: RecordId },
}

/// A page mark that was not made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page mark; start again from the first page")]
pub struct BadPageCursor;

impl std::fmt::Display for PageCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Place::Ranked { seen } => write!(f, "r{:08x}{seen:x}", self.of),
            Place::Newest { time_ms, id } => write!(f, "n{:08x}{:032x}{time_ms:x}", self.of, u128::from_be_bytes(id.0)),
        }
    }
}

impl std::str::FromStr for PageCursor {
    type Err = BadPageCursor;

    fn from_str(text: &str) -> Result<Self, BadPageCursor> {
        let part = |from: usize, to: usize| text.get(from..to).ok_or(BadPageCursor);
        let of = u32::from_str_radix(part(1, 9)?, 16).map_err(|_| BadPageCursor)?;
        let place = match part(0, 1)? {
            "r" => Place::Ranked { seen: u32::from_str_radix(part(9, text.len())?, 16).map_err(|_| BadPageCursor)? },
            "n" => Place::Newest {
                id: RecordId(u128::from_str_radix(part(9, 41)?, 16).map_err(|_| BadPageCursor)?.to_be_bytes()),
                time_ms: u64::from_str_radix(part(41, text.len())?, 16).map_err(|_| BadPageCursor)?.cast_signed(),
            },
            _ => return Err(BadPageCursor),
        };
        Ok(Self { of, place })
    }
}

/// One question to the index.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) query: Query,
    pub(crate) scope: Scope,
    pub(crate) order: Order,
    pub(crate) counting: Counting,
    pub(crate) limit: usize,
    pub(crate) after: Option<PageCursor>,
}

impl Request {
    /// The first twenty in an order, with a total where it costs nothing extra (by time).
    pub fn new(query: Query, scope: Scope, order: Order) -> Self {
        Self { query, scope, order, counting: Counting::Nothing, limit: 20, after: None }
    }

    /// With more counted.
    #[must_use]
    pub fn counting(self, counting: Counting) -> Self {
        Self { counting, ..self }
    }

    /// Another length of the page, up to [`PAGE_MAX`].
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: limit.min(PAGE_MAX), ..self }
    }

    /// The page after this place.
    #[must_use]
    pub fn after(self, after: Option<PageCursor>) -> Self {
        Self { after, ..self }
    }

    /// What a page mark of this search carries: FNV-1a over query and order. A mix-up is to be noticed, not an attack: whatever
    /// a mark says, the scope decides what is in the answer.
    pub(crate) fn mark(&self) -> u32 {
        let order = match self.order {
            Order::Relevance => b'r',
            Order::Newest => b'n',
        };
        let text = self.query.to_string();
        text.bytes().chain([order]).fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_mark_is_read_as_it_was_written(of: u32, seen: u32, time_ms: i64, id: [u8; 16]) {
            for place in [Place::Ranked { seen }, Place::Newest { time_ms, id: RecordId(id) }] {
                let mark = PageCursor { of, place };
                prop_assert_eq!(mark.to_string().parse::<PageCursor>(), Ok(mark));
            }
        }

        #[test]
        fn any_text_is_a_page_mark_or_refused(text in "\\PC{0,80}") {
            let _ = text.parse::<PageCursor>();
        }
    }
}
