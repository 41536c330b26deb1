//! Outside approvers: people without an account who are asked by mail.
//!
//! The way in: somebody with the right to workflows names an address; when a step that names it is open, one letter collects what is
//! asked; its link opens nothing but the question whether a code shall be sent; the code goes to the address and works once, in the
//! browser that asked for it. Invariants: an address of an author or editor is never an outside approver of their post; a guest
//! sees what they are asked about at this moment and nothing else by any id; what is revoked opens nothing from that moment on.

mod book;
mod code;
mod deciding;
mod entering;
mod mailbox;
mod writing;

pub use book::{GuestView, InvitationView, SessionView, guests, invite, revoke, revoke_invitation, revoke_session};
pub use code::{CODE_DIGITS, CODE_LIFE_MS, CODE_TRIES_MAX};
pub use deciding::{asked, decide, file};
pub use entering::{CODES_PER_HOUR_MAX, GUEST_SESSION_MS, NewBrowser, ask_for_code, enter, invited, leave, resume};
pub use writing::{DIGEST_WAIT_MS, INVITATION_LIFE_MS, WriteToGuest};

pub(super) use entering::Link;

use std::collections::BTreeSet;

use serde::Serialize;

use self::mailbox::same_mailbox;
use super::store::guests as store;
use crate::{
    act::Act,
    db::Connection,
    error::Result,
    ids::{GuestId, PersonId, SubmissionId, Time},
    people,
};

/// An outside approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// The guest.
    pub id: GuestId,
    /// Where codes go, and nowhere else.
    pub email: String,
    /// The name colleagues see.
    pub name: String,
    /// Who named them.
    pub created_by: Option<PersonId>,
    /// Since when.
    pub created_at: Time,
    /// Since when they count no more.
    pub revoked_at: Option<Time>,
}

/// Whether a guest may decide at all at this moment.
pub(super) async fn can_decide(on: &mut dyn Connection, id: GuestId) -> Result<bool> {
    Ok(store::get(on, id).await?.is_some_and(|guest| guest.revoked_at.is_none()))
}

/// The guests whose address is one of these people's.
pub(super) async fn addresses_of(on: &mut dyn Connection, people: &BTreeSet<PersonId>) -> Result<BTreeSet<GuestId>> {
    let guests = store::all(on).await?;
    let mut theirs = BTreeSet::new();
    for &person in people {
        let Some(person) = people::by_id(on, person).await? else { continue };
        theirs.extend(guests.iter().filter(|guest| same_mailbox(&guest.email, &person.email)).map(|guest| guest.id));
    }
    Ok(theirs)
}

/// A guest is asked about a submission: it becomes visible to them, and a letter will tell them, with what else comes until then.
pub(super) async fn ask(act: &mut Act<'_>, guest: GuestId, submission: SubmissionId) -> Result<()> {
    let now = act.now();
    store::ask(act.tx(), guest, submission, now).await?;
    writing::write_soon(act, guest).await
}
