//! Single-use links: set-up of the first owner, invitations, password resets.

use serde::Serialize;

use super::{
    code::{self, Code},
    store,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    desk::Desk,
    error::{Error, Result},
    ids::{LinkId, PersonId, Time},
    people::{self, PersonState},
    rights::{Operation, Target},
    text_enum::text_enum,
};

text_enum! {
    /// What a link is for.
    LinkKind {
        /// The first owner sets up the workspace.
        Setup = "setup", "Set-up link";
        /// An invited person chooses a password.
        Invitation = "invitation", "Invitation";
        /// A person chooses a new password.
        Reset = "reset", "Password reset";
    }
}

impl LinkKind {
    /// How long a link works. Invitations wait for somebody's first working day, resets for somebody at the screen.
    pub fn lifetime_ms(self) -> i64 {
        const HOUR_MS: i64 = 60 * 60 * 1_000;
        match self {
            Self::Setup => 24 * HOUR_MS,
            Self::Invitation => 7 * 24 * HOUR_MS,
            Self::Reset => HOUR_MS,
        }
    }
}

/// The code of a link: shown once, kept nowhere.
pub struct LinkCode(Code);

impl LinkCode {
    /// The address to give to the person.
    pub fn url(&self, desk: &Desk) -> String {
        format!("{}/door/{}", desk.public_url(), self.0.reveal())
    }

    /// The code alone.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl std::fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkCode(…)")
    }
}

/// A link that works now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The link.
    pub id: LinkId,
    /// What it is for.
    pub kind: LinkKind,
    /// For whom.
    pub person: PersonId,
    /// Until when.
    pub expires_at: Time,
}

/// Makes a link within an act. Older links of the person stop working.
pub(crate) async fn issue_link(act: &mut Act<'_>, kind: LinkKind, person: PersonId) -> Result<LinkCode> {
    let now = act.now();
    store::revoke_links(act.tx(), person, now).await?;
    let code = code::fresh(act.desk());
    let id: LinkId = act.desk().fresh();
    let (by, expires_at) = (act.actor().person(), now.plus_ms(kind.lifetime_ms()));
    store::insert_link(act.tx(), id, kind, &code::hash(code.reveal()), person, by, now, expires_at).await?;
    act.record_as(Operation::PersonResetLink, Object::new("person", person))
        .detail("link", kind.id())
        .detail("expires_at_ms", expires_at.0);
    Ok(LinkCode(code))
}

/// The link behind a code, if it still works. Whoever holds the code may ask.
///
/// # Errors
/// [`Error::NotFound`] when it was never made, was used, was revoked, has expired, or its person is suspended: one answer for all.
pub async fn link_of(desk: &Desk, code: &str) -> Result<Link> {
    let mut reader = desk.db().read().await?;
    let link = store::link_by_hash(&mut reader, &code::hash(code), desk.now()).await?.ok_or(Error::NotFound("link"))?;
    let person = people::by_id(&mut reader, link.person).await?.ok_or(Error::NotFound("link"))?;
    if person.state == PersonState::Suspended { Err(Error::NotFound("link")) } else { Ok(link) }
}

/// A pending link as a page about its person shows it. The code is not kept, so it cannot be shown again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingLink {
    /// The link.
    pub id: LinkId,
    /// What it is for.
    pub kind: LinkKind,
    /// When it was made.
    pub created_at: Time,
    /// Until when it works.
    pub expires_at: Time,
}

/// The pending links of a person.
pub async fn links_of(desk: &Desk, actor: &Actor, person: PersonId) -> Result<Vec<PendingLink>> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    store::pending_links(&mut reader, person, desk.now()).await
}

/// Makes a pending link stop working.
pub async fn revoke_link(desk: &Desk, actor: &Actor, id: LinkId) -> Result<()> {
    let mut act = desk.act(actor, Operation::LinkRevoke, Target::Workspace).await?;
    let now = act.now();
    let person = store::revoke_link(act.tx(), id, now).await?.ok_or(Error::NotFound("pending link"))?;
    act.record(Object::new("person", person)).detail("link", id.to_string());
    act.commit().await
}
