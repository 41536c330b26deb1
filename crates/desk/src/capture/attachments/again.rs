//! Asking once more for what was given up.
//!
//! Invariant: tries are never forgotten. The record of each time it was given up is named by their count, so that the next one is on
//! record as well; one more failure of the same kind gives it up again.

use crate::{
    act::Object,
    actor::Actor,
    capture::{reading, store::attachments as store},
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::MessageId,
    rights::{Operation, Target},
};

/// Has an attachment of a message fetched again from its network.
///
/// # Errors
/// [`Error::NotFound`] when there is no such message for the caller, or no such attachment; [`Error::Conflict`] when it was not given up.
pub async fn attachment_again(desk: &Desk, actor: &Actor, id: MessageId, part: i64) -> Result<()> {
    let message = reading::message(desk, actor, id).await?;
    let seen = message.attachments.iter().find(|seen| seen.part == part).ok_or(Error::NotFound("attachment"))?;
    let mut act = desk.act(actor, Operation::AttachmentAgain, Target::Workspace).await?;
    let now = act.now();
    if !store::again(act.tx(), id, (seen.entry, part), now).await? {
        let why = "only what was given up can be tried again, and only where a network is asked for it";
        return Err(Error::Conflict(why.to_owned()));
    }
    act.record(Object::new("message", id)).detail("part", part);
    act.announce(Topic::Messages);
    act.commit().await
}
