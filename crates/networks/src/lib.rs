//! One module per social network or chat platform behind one trait; an importer per export format.
//!
//! [`Network`] is the whole of what the rest of Gatepost knows about a platform; [`registry::NETWORKS`] is the one list of them, and the
//! connect page, the importer command and `docs/networks.md` are made from it. What arrives is an [`Event`]: the platform's bytes as
//! received beside a normalised form. No database and no decisions here: a connector never stores, filters or judges.

pub mod account;
#[cfg(test)]
mod any_json;
pub mod bluesky;
pub mod capabilities;
pub mod coverage;
pub mod error;
pub mod event;
pub mod http;
pub mod import;
pub mod mastodon;
pub mod matrix;
pub mod network;
pub mod numbers;
pub mod outgoing;
pub mod public_media;
pub mod registry;
pub mod sandbox;
pub mod slack;
pub mod text;
mod walk;

pub use account::{Account, Clock, Cursor, Pending, Secrets, Session, Standing};
pub use capabilities::Capabilities;
pub use error::{Class, NetworkError, Result};
pub use event::Event;
pub use network::{About, Network};
pub use outgoing::{Outgoing, Published};
