//! Which messages hold these words? A query language, and a full-text index of messages that can be thrown away and built again.
//!
//! Three parts: [`query`] reads what a person types and says exactly where it is wrong; [`index`] keeps the words of messages on disk
//! (an embedded engine behind the port [`SearchIndex`]); [`words`] says what a word is, once for both and for the [`Highlighter`].
//! Invariants: an answer never holds a message of a profile outside the caller's [`Scope`], and there is no request without one;
//! a commit holds the words and the caller's position together, so that after a crash nothing is missing or there twice.
//! It keeps no text and no rights, knows no database and no network, and reads no clock.

pub mod answer;
pub mod commit_policy;
pub mod error;
pub mod highlight;
pub mod index;
pub mod language;
pub mod message;
pub mod port;
pub mod query;
pub mod request;
pub mod words;

pub use answer::{Answer, Counts, Hit};
pub use commit_policy::CommitPolicy;
pub use error::SearchError;
pub use highlight::Highlighter;
pub use index::{Embedded, Options, Rebuild};
pub use language::Language;
pub use message::{Change, Mark, Marks, Message, Position, ProfileKey, RecordId};
pub use port::SearchIndex;
pub use query::{ParseError, Query, Setting};
pub use request::{Counting, Order, PageCursor, Request, Scope};
