//! Using a single-use link: the first password or passkey of an account, or a new password for one.
//!
//! Invariants: of two callers at once one gets through; a set-up link or invitation opens only an account that never signed in; a
//! reset only replaces the password, ends every session, and leaves the second factor standing: it is asked for right after.

use serde_json::{Map, json};

use super::{
    ceremonies::{self, Kind},
    door::{self, Step},
    factors::{self, PasskeyChallenge, RecoveryCodes},
    links::{Link, LinkKind, link_of},
    passwords,
    sessions::{self, Arrival, Method, NewSession, Shown},
    store,
    throttle::{self, Subject},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    audit_log::Outcome,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::LinkId,
    people::{self, Person, PersonState},
    rights::{Operation, Target, decide},
};

/// Whose link it is and what it is for, for the page that it opens. Whoever holds the code may ask.
///
/// # Errors
/// [`Error::NotFound`] as for [`link_of`].
pub async fn look_at_link(desk: &Desk, code: &str) -> Result<(Link, Person)> {
    let link = link_of(desk, code).await?;
    let person = people::by_id(&mut desk.db().read().await?, link.person).await?;
    person.filter(|person| fits(link.kind, person.state)).map(|person| (link, person)).ok_or(Error::NotFound("link"))
}

fn fits(kind: LinkKind, state: PersonState) -> bool {
    match kind {
        LinkKind::Setup | LinkKind::Invitation => state == PersonState::Invited,
        LinkKind::Reset => state == PersonState::Active,
    }
}

/// Uses a link to set the password, and signs the person in as far as that goes: a second factor that is there is asked for.
///
/// # Errors
/// [`Error::NotFound`] when the link does not work (any more); [`Error::Invalid`] with what is wrong with the password, and then the
/// link still works.
pub async fn use_link_with_password(desk: &Desk, caller: &Actor, code: &str, password: &str, user_agent: &str) -> Result<Step> {
    decide(caller, Operation::UseLink, Target::Workspace, desk.now())?;
    let (link, person) = counted_look(desk, caller, code).await?;
    let hashed = passwords::accept(desk, &person, password).await?;
    let arriving = sessions::arriving(desk, person.id, caller);
    let mut act = desk.act(&arriving, Operation::UseLink, Target::Workspace).await?;
    use_up(&mut act, &link).await?;
    passwords::set(&mut act, person.id, &hashed).await?;
    let now = act.now();
    let ended = match link.kind {
        LinkKind::Setup | LinkKind::Invitation => {
            people::activate(&mut act, person.id).await?;
            0
        }
        LinkKind::Reset => {
            ceremonies::end_of(act.tx(), person.id).await?;
            sessions::end_all(act.tx(), person.id, None, now, "password reset").await?
        }
    };
    act.record(Object::new("person", person.id)).detail("link", link.kind.id()).detail("sessions_ended", ended);
    act.announce(Topic::Access);
    let step = door::proceed(&mut act, Method::Link, user_agent, caller).await?;
    act.commit().await?;
    Ok(step)
}

/// Begins the registration of a passkey as the first and only way in, by a set-up link or an invitation.
///
/// # Errors
/// [`Error::Conflict`] for a reset: it sets a password, and a passkey would stand in for the second factor.
pub async fn start_passkey_with_link(desk: &Desk, code: &str) -> Result<PasskeyChallenge> {
    let (link, person) = look_at_link(desk, code).await?;
    not_a_reset(&link)?;
    let mut tx = desk.db().begin().await?;
    let (options, state) = factors::begin_registration(desk, &mut tx, &person).await?;
    let kept = json!({ "link": link.id.to_string(), "registration": state }).to_string();
    let ceremony = ceremonies::begin(desk, &mut tx, Kind::PasskeyLink, Some(person.id), None, &kept).await?;
    tx.commit().await?;
    Ok(PasskeyChallenge { ceremony, options })
}

/// Uses a set-up link or an invitation to begin with a passkey. Answers with recovery codes, to be shown once.
pub async fn use_link_with_passkey(
    desk: &Desk,
    caller: &Actor,
    code: &str,
    ceremony: &str,
    credential: &str,
    user_agent: &str,
) -> Result<(NewSession, RecoveryCodes)> {
    decide(caller, Operation::UseLink, Target::Workspace, desk.now())?;
    let (link, person) = counted_look(desk, caller, code).await?;
    not_a_reset(&link)?;
    let arriving = sessions::arriving(desk, person.id, caller);
    let mut act = desk.act(&arriving, Operation::UseLink, Target::Workspace).await?;
    let now = act.now();
    let ceremony = ceremonies::find(act.tx(), ceremony, Kind::PasskeyLink, now).await?;
    let kept: serde_json::Value = serde_json::from_str(&ceremony.state).map_err(|_| ceremonies::over())?;
    let link_id = kept["link"].as_str().and_then(|id| id.parse::<LinkId>().ok());
    let registration = kept["registration"].as_str().filter(|_| link_id == Some(link.id)).ok_or_else(ceremonies::over)?;
    use_up(&mut act, &link).await?;
    ceremonies::finish(act.tx(), &ceremony).await?;
    factors::register(&mut act, person.id, registration, credential, "").await?;
    people::activate(&mut act, person.id).await?;
    let codes = factors::make_recovery_codes(&mut act, person.id).await?;
    act.record(Object::new("person", person.id)).detail("link", link.kind.id()).detail("passkey", true);
    let arrival = Arrival { method: Method::Passkey, shown: Shown::SecondFactor, user_agent, before: caller };
    let session = sessions::open(&mut act, &arrival).await?;
    act.commit().await?;
    Ok((session, codes))
}

/// Looks at a link; from one address only so many wrong codes are looked at.
async fn counted_look(desk: &Desk, caller: &Actor, code: &str) -> Result<(Link, Person)> {
    match look_at_link(desk, code).await {
        Err(error @ Error::NotFound(_)) => {
            if let Some(address) = Subject::address(desk, caller) {
                throttle::take(desk, &[&address]).await?;
            }
            let details = Map::from_iter([("reason".to_owned(), json!("link"))]);
            desk.note(caller, Operation::UseLink, Object::all("person"), Outcome::Failed, details).await?;
            Err(error)
        }
        looked => looked,
    }
}

fn not_a_reset(link: &Link) -> Result<()> {
    match link.kind {
        LinkKind::Setup | LinkKind::Invitation => Ok(()),
        LinkKind::Reset => Err(Error::Conflict("a reset link sets a password; add a passkey once you are signed in".to_owned())),
    }
}

/// Uses the link up within its act, and looks once more whether the account may still be opened with it.
async fn use_up(act: &mut Act<'_>, link: &Link) -> Result<()> {
    let now = act.now();
    let gone = || Error::NotFound("link");
    if !store::use_link(act.tx(), link.id, now).await? {
        return Err(gone());
    }
    let person = people::by_id(act.tx(), link.person).await?.ok_or_else(gone)?;
    if fits(link.kind, person.state) { Ok(()) } else { Err(gone()) }
}

/// Notes that somebody asked for a reset of the password of an address. The answer is the same whether or not there is such an
/// account.
///
/// No link is made and nothing is sent: the desk has no way to send mail yet, and a link must not reach anybody but its owner. The
/// request stands in the audit log under the person's name, and an administrator of people makes the link
/// ([`people::make_link`]) and hands it over.
///
/// # Errors
/// [`Error::TooMany`] when the address asked about, or the network address, has to wait.
pub async fn request_reset(desk: &Desk, caller: &Actor, email: &str) -> Result<()> {
    decide(caller, Operation::RequestReset, Target::Workspace, desk.now())?;
    let (asked, address) = (Subject::reset(desk, email), Subject::address(desk, caller));
    let subjects: Vec<&Subject> = [Some(&asked), address.as_ref()].into_iter().flatten().collect();
    throttle::take(desk, &subjects).await?;
    let person = find(&mut desk.db().read().await?, email).await?;
    let object = person.map_or(Object::all("person"), |person| Object::new("person", person.id));
    desk.note(caller, Operation::RequestReset, object, Outcome::Done, Map::new()).await
}

async fn find(on: &mut dyn Connection, email: &str) -> Result<Option<Person>> {
    Ok(people::by_email(on, email).await?.filter(|person| person.state == PersonState::Active))
}
