//! Writing to an outside approver: one letter for everything that is asked of them, a little while after the first.

use super::store;
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::letters,
    db::Tx,
    desk::Desk,
    error::Result,
    ids::{GuestId, InvitationId, Time},
    jobs::{self, Attempt, Backoff, Completion, JobKind, Limits, Outcome, When},
    mail::{self, LetterKind},
    rights::{Operation, Target},
    sign_in::code as secret,
};

/// How long asking is collected before the letter goes out, so that a batch of posts is one letter.
pub const DIGEST_WAIT_MS: i64 = 5 * 60 * 1_000;
/// How long the link in a letter can ask for codes. What is asked later comes with a link of its own.
pub const INVITATION_LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Lets the letter be written after the wait; what is asked meanwhile joins it.
pub(super) async fn write_soon(act: &mut Act<'_>, guest: GuestId) -> Result<()> {
    let at = act.now().plus_ms(DIGEST_WAIT_MS);
    // By time as well: a letter that is being written at this moment may have read what is asked before this.
    let dedupe_key = Some(format!("{guest}/{}", at.0 / DIGEST_WAIT_MS));
    jobs::enqueue_in::<WriteToGuest>(act, &guest, When { at: Some(at), dedupe_key }).await.map(drop)
}

/// Writing to a guest about everything that is new.
#[derive(Debug)]
pub struct WriteToGuest;

impl JobKind for WriteToGuest {
    const ID: &'static str = "approvals.write_outside";
    const TITLE: &'static str = "Write to an outside approver";
    const DOCS: &'static str = "Collects what an outside approver is asked about for five minutes and writes one letter with a link. When \
                                it dies, nobody was written to: look at its error, then run it again.";
    const LIMITS: Limits = Limits {
        attempts_max: 8,
        running_max: 4,
        lease_ms: 60_000,
        backoff: Backoff { first_ms: 10_000, longest_ms: 10 * 60 * 1_000 },
    };
    type Payload = GuestId;

    async fn run(&self, attempt: Attempt, completion: Completion, guest: GuestId) -> Outcome {
        write(attempt.desk(), guest).await?;
        completion.commit(attempt.desk().db().begin().await?).await
    }
}

/// Writes the letter, marks what stood in it, in one act. Doing it again finds nothing new.
async fn write(desk: &Desk, id: GuestId) -> Result<()> {
    let actor = Actor::desk("approvals.write_outside");
    let mut act = desk.act(&actor, Operation::ApprovalsLook, Target::Workspace).await?;
    let now = act.now();
    let Some(guest) = store::get(act.tx(), id).await?.filter(|guest| guest.revoked_at.is_none()) else { return Ok(()) };
    let new = store::unmailed(act.tx(), id).await?;
    if new.is_empty() || !mail::is_configured(desk) {
        return Ok(());
    }
    let link = secret::fresh(desk);
    let invitation = new_link(desk, act.tx(), id, secret::hash(link.reveal()), now).await?;
    let address = format!("{}/outside/{}", desk.public_url(), link.reveal());
    mail::post(&mut act, LetterKind::Outside, &letters::outside(&guest, &address, new.len(), INVITATION_LIFE_MS)).await?;
    for submission in &new {
        store::mailed(act.tx(), id, *submission, now).await?;
    }
    act.record(Object::new("guest", id)).detail("invitation", invitation.to_string()).detail("submissions", new.len());
    act.commit().await
}

async fn new_link(desk: &Desk, tx: &mut Tx, guest: GuestId, hash: [u8; 32], now: Time) -> Result<InvitationId> {
    let id: InvitationId = desk.fresh();
    store::insert_invitation(tx, (id, guest), hash, now, now.plus_ms(INVITATION_LIFE_MS)).await?;
    Ok(id)
}
