//! Giving, taking and explaining grants.

use std::str::FromStr;

use super::{EffectiveRights, Explanation, Give, Given, Grant, GrantRow, Holder, Level, Operation, Right, Scope, Target, store};
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{GrantId, PersonId, Time},
};

/// Characters in a reason: a sentence or two, shown beside the grant.
pub const REASON_MAX: usize = 500;

/// The rights without which nobody could repair the desk's rights any more.
const KEEPER_RIGHTS: [Right; 2] = [Right::Rights, Right::People];

/// What a person may do now. For building an [`Actor`]; everybody else asks [`explain`].
pub async fn effective(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<EffectiveRights> {
    let (grants, _) = of_person(on, person).await?;
    Ok(EffectiveRights::from_grants(&grants, now))
}

/// The active people in a team, or with a role that has not run out, or the one person: whoever stands behind a name at this moment.
pub(crate) async fn people_behind(on: &mut dyn Connection, holder: Holder, now: Time) -> Result<Vec<PersonId>> {
    store::people_behind(on, holder, now).await
}

/// The teams that a person is in and the roles that they carry at this moment, themselves included.
pub(crate) async fn holders_of(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<Vec<Holder>> {
    store::holders_of(on, person, now).await
}

/// The active people who hold a feature right at this moment.
pub(crate) async fn active_with(on: &mut dyn Connection, right: Right, now: Time) -> Result<Vec<PersonId>> {
    store::active_with(on, right, now).await
}

/// The name of a team or role; nothing when it is gone, or a person.
pub(crate) async fn name_of(on: &mut dyn Connection, holder: Holder) -> Result<Option<String>> {
    Ok(match holder {
        Holder::Team(id) => store::team(on, id).await?.map(|team| team.name),
        Holder::Role(id) => store::role(on, id).await?.map(|role| role.name),
        Holder::Person(_) => None,
    })
}

/// Every grant that reaches a person, and the names that this program does not know.
pub(crate) async fn of_person(on: &mut dyn Connection, person: PersonId) -> Result<(Vec<Grant>, Vec<String>)> {
    store::grants_of_person(on, person).await
}

/// What can this person do, and why?
pub async fn explain(desk: &Desk, actor: &Actor, person: PersonId) -> Result<Explanation> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    let (grants, unknown) = of_person(&mut reader, person).await?;
    Ok(Explanation { effective: EffectiveRights::from_grants(&grants, desk.now()), grants, unknown })
}

/// The grants that a person, team or role holds itself.
pub async fn grants_of_holder(desk: &Desk, actor: &Actor, holder: Holder) -> Result<Vec<GrantRow>> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    store::grants_of_holder(&mut reader, holder).await
}

/// Gives a right or level.
///
/// # Errors
/// [`Error::Invalid`] when a feature right is given for less than the workspace, the end lies in the past, or the reason is too
/// long; [`Error::NotFound`] when holder or scope do not exist.
pub async fn give(desk: &Desk, actor: &Actor, give: Give) -> Result<GrantId> {
    let mut act = desk.act(actor, Operation::GrantGive, Target::Workspace).await?;
    let id = give_in(&mut act, &give).await?;
    act.commit().await?;
    Ok(id)
}

/// Gives within an act that is under way (an invitation, a built-in role).
pub(crate) async fn give_in(act: &mut Act<'_>, give: &Give) -> Result<GrantId> {
    check(give, act.now())?;
    store::holder_exists(act.tx(), give.holder).await?;
    store::scope_exists(act.tx(), give.scope).await?;
    let id = act.desk().fresh();
    let by = act.actor().person();
    let now = act.now();
    store::insert_grant(act.tx(), id, give, by, now).await?;
    act.record_as(Operation::GrantGive, Object::new(give.holder.kind(), give.holder.id()))
        .detail("grant", id.to_string())
        .detail("what", give.given.id())
        .detail("scope", serde_json::to_value(give.scope).unwrap_or_default())
        .detail("expires_at_ms", give.expires_at.map(|time| time.0));
    act.announce(Topic::People);
    act.announce(Topic::Access);
    Ok(id)
}

fn check(give: &Give, now: Time) -> Result<()> {
    let mut invalid = Invalid::new();
    if matches!(give.given, Given::Right(_)) && give.scope != Scope::Workspace {
        invalid.add("scope", "a feature right holds in the whole workspace; choose a level to give access to profiles");
    }
    if give.expires_at.is_some_and(|end| end <= now) {
        invalid.add("expires_at", "the end lies in the past");
    }
    if give.reason.chars().count() > REASON_MAX {
        invalid.add("reason", format!("at most {REASON_MAX} characters"));
    }
    invalid.check()
}

/// Takes a grant, and answers with who held it.
///
/// # Errors
/// [`Error::Conflict`] when nobody would be left who can give rights.
pub async fn take(desk: &Desk, actor: &Actor, grant: GrantId) -> Result<Holder> {
    let mut act = desk.act(actor, Operation::GrantTake, Target::Workspace).await?;
    let row = store::delete_grant(act.tx(), grant).await?.ok_or(Error::NotFound("grant"))?;
    keep_a_keeper(&mut act).await?;
    act.record(Object::new(row.holder.kind(), row.holder.id())).detail("grant", grant.to_string()).detail("what", row.what);
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(row.holder)
}

/// Refuses an act after which no active person would hold, without an end, the rights to repair rights.
pub(crate) async fn keep_a_keeper(act: &mut Act<'_>) -> Result<()> {
    // Two such acts at once must not each count on the other's person.
    act.tx().lock("rights.keeper").await?;
    for right in KEEPER_RIGHTS {
        if !store::somebody_holds(act.tx(), right).await? {
            return Err(Error::Conflict(format!(
                "nobody would be left with the right “{}”; give it to somebody else first, without an end date",
                right.title()
            )));
        }
    }
    Ok(())
}

/// Reads what was given from its stored kind and name.
pub(super) fn parse_given(kind: &str, what: &str) -> Option<Given> {
    match kind {
        "right" => Right::from_str(what).ok().map(Given::Right),
        "level" => Level::from_str(what).ok().map(Given::Level),
        _ => None,
    }
}
