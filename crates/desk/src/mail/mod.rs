//! Mail: what the desk writes to people, by one SMTP server.
//!
//! Invariants: a letter is queued in the transaction that causes it, so it exists if and only if its cause does; it is sealed in the
//! database, because it may hold a code, and gone once it was handed over; a letter that has to be handed over again keeps its
//! `Message-ID`, so that a receiver can drop the repetition. Without a configured server nothing is queued, and whoever wanted to
//! write is told so. Nothing is received here.

mod letter;
mod sending;
mod server;
mod store;

pub use letter::{Letter, LetterKind};
pub use sending::{ForgetLetters, SendMail};
pub use server::{Security, Server, ServerError};

use crate::{
    act::Act,
    db::Connection,
    desk::Desk,
    error::{Error, Result},
    ids::MailId,
    jobs::{self, When},
};

/// How the desk stands with mail, for pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailState {
    /// Nobody can be written to; reminders stand on pages only and nobody outside can be asked.
    NotConfigured,
    /// Letters go out from this address.
    Configured {
        /// The sender.
        from: String,
        /// Letters that were given up and nobody looked at.
        given_up: i64,
    },
}

/// How the desk stands with mail. Not an operation: it holds nothing but the sender's address.
pub async fn state(desk: &Desk) -> Result<MailState> {
    match desk.mail() {
        None => Ok(MailState::NotConfigured),
        Some(server) => {
            let given_up = store::count_given_up(&mut desk.db().read().await?).await?;
            Ok(MailState::Configured { from: server.from().to_owned(), given_up })
        }
    }
}

/// Whether anybody can be written to.
pub fn is_configured(desk: &Desk) -> bool {
    desk.mail().is_some()
}

/// Whether a letter can be written to this address.
pub fn is_address(text: &str) -> bool {
    letter::is_address(text)
}

/// Queues a letter as part of an act. Answers nothing when there is no mail server, or the receiver cannot be written to: the act goes on
/// without.
pub(crate) async fn post(act: &mut Act<'_>, kind: LetterKind, letter: &Letter) -> Result<Option<MailId>> {
    let desk = act.desk().clone();
    if !is_configured(&desk) {
        return Ok(None);
    }
    if !is_address(&letter.to) {
        tracing::warn!(kind = kind.id(), "a letter was not written: its receiver has no address that mail can be sent to");
        return Ok(None);
    }
    letter.check()?;
    let (id, now): (MailId, _) = (desk.fresh(), act.now());
    let plain = serde_json::to_vec(letter).map_err(|error| Error::Internal(format!("a letter cannot be written: {error}")))?;
    let sealed = desk.sealer().seal(desk.ids(), &context(id), &plain);
    store::insert(act.tx(), id, kind, sealed, now).await?;
    jobs::enqueue_in::<SendMail>(act, &id, When::default()).await?;
    Ok(Some(id))
}

/// The letter of a mail; nothing when it was handed over.
async fn open(desk: &Desk, on: &mut dyn Connection, id: MailId) -> Result<Option<Letter>> {
    let Some(sealed) = store::sealed(on, id).await? else { return Ok(None) };
    let plain = desk.sealer().open(&context(id), &sealed)?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| Error::Internal("a sealed letter has an unknown form".to_owned()))
}

fn context(id: MailId) -> String {
    format!("mail/{id}")
}
