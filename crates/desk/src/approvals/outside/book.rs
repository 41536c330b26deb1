//! The desk's side: naming outside approvers, seeing what opens for them, revoking it.

use serde::Serialize;

use super::{Guest, store};
use crate::{
    act::Object,
    actor::Actor,
    db::DbError,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{GuestId, GuestSessionId, InvitationId, Time},
    mail, people,
    rights::{Operation, Target},
};

/// Outside approvers of a workspace: each is named by a person, and a list of more is not looked through.
const GUESTS_MAX: usize = 1_000;

/// An outside approver with everything that opens for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestView {
    /// Who.
    pub guest: Guest,
    /// Their links, newest first, ended ones included.
    pub invitations: Vec<InvitationView>,
    /// Their browsers, newest first, ended ones included.
    pub sessions: Vec<SessionView>,
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvitationView {
    /// The link.
    pub id: InvitationId,
    /// When it was mailed.
    pub created_at: Time,
    /// Until when codes can be asked for with it.
    pub expires_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// A browser that asked for a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// The browser.
    pub id: GuestSessionId,
    /// When it asked.
    pub created_at: Time,
    /// When the code was given in it; nothing when it never was.
    pub entered_at: Option<Time>,
    /// Until when it opens anything.
    pub expires_at: Time,
    /// When it was ended.
    pub ended_at: Option<Time>,
    /// From which network address.
    pub address: Option<String>,
    /// What it says about itself.
    pub user_agent: String,
}

/// Names an outside approver. They are written to when a step that names them is open, not before.
///
/// # Errors
/// [`Error::Conflict`] when there is no mail server; [`Error::Invalid`] when the address is no address, is named already, or belongs to
/// somebody with an account: those are asked as themselves.
pub async fn invite(desk: &Desk, actor: &Actor, email: &str, name: &str) -> Result<GuestId> {
    let mut act = desk.act(actor, Operation::GuestInvite, Target::Workspace).await?;
    if !mail::is_configured(desk) {
        return Err(Error::Conflict(
            "outside approvers are asked by mail, and no mail server is set; set mail.host and mail.from first".to_owned(),
        ));
    }
    let email = people::checked_email(email)?;
    let name = people::checked_name(name)?;
    if !mail::is_address(&email) {
        return Err(Invalid::field("email", "mail cannot be sent to this address"));
    }
    if people::by_email(act.tx(), &email).await?.is_some() {
        return Err(Invalid::field("email", "somebody with this address has an account; name them as a person"));
    }
    if store::all(act.tx()).await?.len() >= GUESTS_MAX {
        return Err(Error::Conflict(format!("there can be {GUESTS_MAX} outside approvers")));
    }
    let (id, now): (GuestId, _) = (desk.fresh(), act.now());
    store::insert(act.tx(), id, (&email, &name), actor.person(), now).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("email", "this address is named already"),
        error => error,
    })?;
    act.record(Object::new("guest", id)).after(&(&email, &name));
    act.announce(Topic::Approvals);
    act.commit().await?;
    Ok(id)
}

/// Every outside approver with their links and browsers, by name.
pub async fn guests(desk: &Desk, actor: &Actor) -> Result<Vec<GuestView>> {
    let mut reader = desk.view(actor, Operation::GuestsRead, Target::Workspace).await?;
    let mut views = Vec::new();
    for guest in store::all(&mut reader).await? {
        let invitations = store::invitations(&mut reader, guest.id).await?;
        let sessions = store::sessions(&mut reader, guest.id).await?;
        views.push(GuestView { guest, invitations, sessions });
    }
    Ok(views)
}

/// Revokes an outside approver with every link and browser of theirs, at once and for good. Steps that name them lose a voice.
pub async fn revoke(desk: &Desk, actor: &Actor, id: GuestId) -> Result<()> {
    let mut act = desk.act(actor, Operation::GuestRevoke, Target::Workspace).await?;
    let now = act.now();
    if !store::revoke(act.tx(), id, now).await? {
        return Err(Error::NotFound("outside approver who is not revoked"));
    }
    act.record(Object::new("guest", id));
    act.announce(Topic::Approvals);
    act.commit().await
}

/// Revokes one link with the browsers that came in by it.
pub async fn revoke_invitation(desk: &Desk, actor: &Actor, id: InvitationId) -> Result<()> {
    let mut act = desk.act(actor, Operation::GuestRevoke, Target::Workspace).await?;
    let now = act.now();
    if !store::revoke_invitation(act.tx(), id, now).await? {
        return Err(Error::NotFound("link that is not revoked"));
    }
    act.record(Object::new("guest_invitation", id));
    act.announce(Topic::Approvals);
    act.commit().await
}

/// Ends one browser.
pub async fn revoke_session(desk: &Desk, actor: &Actor, id: GuestSessionId) -> Result<()> {
    let mut act = desk.act(actor, Operation::GuestRevoke, Target::Workspace).await?;
    let now = act.now();
    if !store::end_session(act.tx(), id, now).await? {
        return Err(Error::NotFound("browser that is not ended"));
    }
    act.record(Object::new("guest_session", id));
    act.announce(Topic::Approvals);
    act.commit().await
}
