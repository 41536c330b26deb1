//! Outside approvers: people without an account who are asked by mail.
//!
//! Invariants: an address of an author or editor is never an outside approver of their post; a guest sees what they are asked about
//! and nothing else.

mod mailbox;

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

/// A guest is asked about a submission: it becomes visible to them, and they are written to.
pub(super) async fn ask(act: &mut Act<'_>, guest: GuestId, submission: SubmissionId) -> Result<()> {
    let now = act.now();
    store::ask(act.tx(), guest, submission, now).await
}
