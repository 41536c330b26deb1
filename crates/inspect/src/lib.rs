//! What does this message contain? Personal data, secrets, listed terms, abuse, sentiment.
//!
//! Compile an [`Inspector`] once, keep a [`Scratch`] per thread, and ask about every message:
//!
//! ```
//! use inspect::{Config, Inspector, Message, Scratch};
//!
//! let inspector = Inspector::compile(&Config::default())?;
//! let mut scratch = Scratch::new();
//! let report = inspector.inspect(&Message::from_text("my card 4111 1111 1111 1111"), &mut scratch);
//! let card = report.findings()[0];
//! assert_eq!((report.kind(&card), card.range()), ("CREDIT_CARD", 8..27));
//! # Ok::<(), inspect::ConfigError>(())
//! ```
//!
//! No I/O, no clock, no network names. See ARCHITECTURE.md.

mod check;
mod config;
pub mod custom;
mod detect;
mod disguise;
mod fold;
pub mod heads;
pub mod images;
mod inspector;
pub mod kinds;
pub mod language;
pub mod lexicon;
pub mod mask;
mod masks;
mod message;
mod report;
mod scan;
mod scratch;
pub mod secrets;
pub mod sentiment;
pub mod tokens;
mod vocabulary;
mod words;

pub use config::{Config, ConfigError, TermList};
pub use inspector::{Inspector, Report, TEXT_BYTES_MAX, VERSION};
pub use message::{Message, Zone};
pub use report::{Finding, Level, ReasonText, View};
pub use scratch::Scratch;
