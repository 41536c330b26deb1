//! People: accounts, invitations, suspension and what somebody leaves behind.
//!
//! Invariants: one account per e-mail address without regard to case; suspending ends sessions, tokens and pending links in the
//! same transaction; the last active person who can repair rights cannot be suspended. Rights live in [`crate::rights`], proofs of
//! identity in [`crate::sign_in`].

mod model;
mod rules;
mod store;

pub(crate) use store::escape_like;

pub use model::{Belongings, Invite, PeopleFilter, Person, PersonState, Theme};
pub use rules::{EMAIL_MAX, NAME_MAX};
pub(crate) use rules::{check_time_zone, checked_email, checked_name};

use crate::{
    act::{Act, Object},
    actor::Actor,
    db::{Connection, DbError},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, RoleId, Time},
    paging::{PAGE_SIZE_MAX, Page, PageRequest},
    publishing,
    rights::{self, Holder, Operation, Target},
    sign_in::{self, LinkCode, LinkKind},
};

/// A page of people, by name.
pub async fn list(desk: &Desk, actor: &Actor, filter: &PeopleFilter, page: &PageRequest) -> Result<Page<Person>> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    store::list(&mut reader, filter, page).await
}

/// One person.
pub async fn get(desk: &Desk, actor: &Actor, id: PersonId) -> Result<Person> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    store::get(&mut reader, id).await?.ok_or(Error::NotFound("person"))
}

/// The names of some people, for lists that hold their ids only. Ids nobody has are left out. Colleagues know each other's names: whoever
/// was shown an id may know whose it is; addresses and everything else need the right.
///
/// # Errors
/// [`Error::Invalid`] for more ids than a page has rows.
pub async fn names(desk: &Desk, actor: &Actor, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>> {
    if ids.len() > PAGE_SIZE_MAX as usize {
        return Err(Invalid::field("ids", "more than a page of people"));
    }
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    store::names(&mut reader, ids).await
}

/// The caller's own account.
pub async fn own(desk: &Desk, actor: &Actor) -> Result<Person> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let id = actor.person().ok_or(Error::NotFound("person"))?;
    store::get(&mut reader, id).await?.ok_or(Error::NotFound("person"))
}

/// Invites a person: creates the account and a single-use link for its first sign-in. The code is shown once and not kept.
///
/// # Errors
/// [`Error::Invalid`] when a field does not fit or the address is already in use.
pub async fn invite(desk: &Desk, actor: &Actor, invite: &Invite) -> Result<(PersonId, LinkCode)> {
    let mut act = desk.act(actor, Operation::PersonInvite, Target::Workspace).await?;
    let person = create_in(&mut act, Operation::PersonInvite, &invite.email, &invite.name).await?;
    for role in &invite.roles {
        rights::assign_in(&mut act, *role, Holder::Person(person), None).await?;
    }
    let code = sign_in::issue_link(&mut act, LinkKind::Invitation, person).await?;
    act.commit().await?;
    Ok((person, code))
}

/// Creates a person at the command line, with roles by name, and a set-up link.
pub async fn create(desk: &Desk, actor: &Actor, email: &str, name: &str, roles: &[RoleId]) -> Result<(PersonId, LinkCode)> {
    let mut act = desk.act(actor, Operation::PersonCreate, Target::Workspace).await?;
    let person = create_in(&mut act, Operation::PersonCreate, email, name).await?;
    for role in roles {
        rights::assign_in(&mut act, *role, Holder::Person(person), None).await?;
    }
    let code = sign_in::issue_link(&mut act, LinkKind::Invitation, person).await?;
    act.commit().await?;
    Ok((person, code))
}

/// Creates the account within an act that is under way.
pub(crate) async fn create_in(act: &mut Act<'_>, operation: Operation, email: &str, name: &str) -> Result<PersonId> {
    let email = rules::checked_email(email)?;
    let name = rules::checked_name(name)?;
    let (id, now): (PersonId, _) = (act.desk().fresh(), act.now());
    store::insert(act.tx(), id, &email, &name, now).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("email", "there is already an account with this address"),
        error => error,
    })?;
    act.record_as(operation, Object::new("person", id)).after(&(&email, &name));
    act.announce(Topic::People);
    Ok(id)
}

/// Changes a person's name.
pub async fn rename(desk: &Desk, actor: &Actor, id: PersonId, name: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::PersonChange, Target::Workspace).await?;
    let name = rules::checked_name(name)?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("person"))?;
    store::rename(act.tx(), id, &name).await?;
    act.record(Object::new("person", id)).before(&before.name).after(&name);
    act.announce(Topic::People);
    act.commit().await
}

/// Changes the caller's own name, time zone (IANA name; nothing follows the workspace) and look.
pub async fn change_own(desk: &Desk, actor: &Actor, name: &str, time_zone: Option<&str>, theme: Theme) -> Result<()> {
    let mut act = desk.act(actor, Operation::AccountChange, Target::Workspace).await?;
    let id = actor.person().ok_or(Error::NotFound("person"))?;
    let name = rules::checked_name(name)?;
    let time_zone = time_zone.map(str::trim).filter(|zone| !zone.is_empty());
    if let Some(zone) = time_zone {
        rules::check_time_zone(zone)?;
    }
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("person"))?;
    store::update_own(act.tx(), id, &name, time_zone, theme).await?;
    act.record(Object::new("person", id))
        .before(&(&before.name, &before.time_zone, before.theme))
        .after(&(&name, time_zone, theme));
    act.announce(Topic::People);
    act.commit().await
}

/// One choice of how pages look and act for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The look.
    Theme(Theme),
    /// Whether single letters act as keys.
    LetterKeys(bool),
}

/// Changes one preference of the caller.
pub async fn prefer(desk: &Desk, actor: &Actor, preference: Preference) -> Result<()> {
    let mut act = desk.act(actor, Operation::AccountChange, Target::Workspace).await?;
    let id = actor.person().ok_or(Error::NotFound("person"))?;
    let which = match preference {
        Preference::Theme(theme) => {
            store::set_theme(act.tx(), id, theme).await?;
            "theme"
        }
        Preference::LetterKeys(on) => {
            store::set_letter_keys(act.tx(), id, on).await?;
            "letter_keys"
        }
    };
    act.record(Object::new("person", id)).detail("preference", which);
    act.commit().await
}

/// Suspends a person: sessions, tokens and pending links end at once, and what they scheduled is held. Answers with what they leave behind.
///
/// # Errors
/// [`Error::Conflict`] when it is the caller themselves, or nobody would be left who can give rights.
pub async fn suspend(desk: &Desk, actor: &Actor, id: PersonId) -> Result<Belongings> {
    if actor.person() == Some(id) {
        return Err(Error::Conflict("you cannot suspend yourself; ask another administrator".to_owned()));
    }
    let mut act = desk.act(actor, Operation::PersonSuspend, Target::Workspace).await?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("person"))?;
    if before.state == PersonState::Suspended {
        return Err(Error::Conflict(format!("{} is already suspended", before.name)));
    }
    let now = act.now();
    store::set_state(act.tx(), id, PersonState::Suspended, now).await?;
    if before.state == PersonState::Active {
        rights::keep_a_keeper(&mut act).await?;
    }
    let ended = sign_in::end_all_access(act.tx(), id, now, "suspended").await?;
    let orphaned = publishing::orphan(&mut act, id).await?;
    let belongings = belongings_in(act.tx(), id).await?;
    act.record(Object::new("person", id))
        .before(&before.state)
        .after(&PersonState::Suspended)
        .detail("posts_held", orphaned)
        .detail("sessions_ended", ended.sessions)
        .detail("tokens_revoked", ended.tokens)
        .detail("links_revoked", ended.links);
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(belongings)
}

/// Lets a suspended person sign in again, with what they had: password and factors stay, sessions and tokens do not come back.
pub async fn restore(desk: &Desk, actor: &Actor, id: PersonId) -> Result<()> {
    let mut act = desk.act(actor, Operation::PersonRestore, Target::Workspace).await?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("person"))?;
    if before.state != PersonState::Suspended {
        return Err(Error::Conflict(format!("{} is not suspended", before.name)));
    }
    let now = act.now();
    // Somebody suspended before their first sign-in is invited again, not active: they have no password yet.
    let state = if sign_in::can_sign_in(act.tx(), id).await? { PersonState::Active } else { PersonState::Invited };
    store::set_state(act.tx(), id, state, now).await?;
    act.record(Object::new("person", id)).before(&before.state).after(&state);
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await
}

/// Makes a new single-use link for a person: an invitation when they never signed in, otherwise a reset of the password. A reset
/// never removes or replaces a second factor.
pub async fn make_link(desk: &Desk, actor: &Actor, id: PersonId) -> Result<(LinkKind, LinkCode)> {
    let mut act = desk.act(actor, Operation::PersonResetLink, Target::Workspace).await?;
    let person = store::get(act.tx(), id).await?.ok_or(Error::NotFound("person"))?;
    let kind = match person.state {
        PersonState::Invited => LinkKind::Invitation,
        PersonState::Active => LinkKind::Reset,
        PersonState::Suspended => {
            return Err(Error::Conflict(format!("{} is suspended; restore the account first", person.name)));
        }
    };
    let code = sign_in::issue_link(&mut act, kind, id).await?;
    act.commit().await?;
    Ok((kind, code))
}

/// What a person owns: what somebody has to take over when they leave.
pub async fn belongings(desk: &Desk, actor: &Actor, id: PersonId) -> Result<Belongings> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    belongings_in(&mut reader, id).await
}

async fn belongings_in(on: &mut dyn Connection, id: PersonId) -> Result<Belongings> {
    let (grants, _) = rights::of_person(on, id).await?;
    let mut belongings = store::belongings(on, id).await?;
    belongings.grants = i64::try_from(grants.len()).unwrap_or(i64::MAX);
    Ok(belongings)
}

/// The account behind an address, for the command line.
pub async fn find_for_operator(desk: &Desk, actor: &Actor, email: &str) -> Result<Option<Person>> {
    let mut reader = desk.view(actor, Operation::PeopleRead, Target::Workspace).await?;
    by_email(&mut reader, email).await
}

/// The account behind an address, for the door. Not an operation: it tells nothing to anybody.
pub(crate) async fn by_email(on: &mut dyn Connection, email: &str) -> Result<Option<Person>> {
    store::by_email(on, &email.trim().to_lowercase()).await
}

/// Every active person by name, for subjects that decided already.
pub(crate) async fn active_names(on: &mut dyn Connection) -> Result<Vec<(PersonId, String)>> {
    store::active_names(on).await
}

/// The account behind an id, for building an actor.
pub(crate) async fn by_id(on: &mut dyn Connection, id: PersonId) -> Result<Option<Person>> {
    store::get(on, id).await
}

/// Marks an invited person as active: the end of the first sign-in.
pub(crate) async fn activate(act: &mut Act<'_>, id: PersonId) -> Result<()> {
    let now: Time = act.now();
    store::set_state(act.tx(), id, PersonState::Active, now).await?;
    act.announce(Topic::People);
    Ok(())
}
