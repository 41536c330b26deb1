//! Rights: the tables of rights and operations, what a person may do and why, grants.

use axum::{Json, response::Response};
use desk::{
    ids::{GrantId, GroupId, PersonId, ProfileId, RoleId, TeamId},
    rights::{self, Access, Callers, Freshness, Give, Given, Grant, GrantRow, Holder, Level, Need, Operation, Right, Scope, Via},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Moment, Note, PathId, Query, named},
    lists::{AfterId, Limit, Listing},
};
use crate::frame::Ctx;

named! {
    /// A feature right.
    RightName of Right;
    /// What a person may do on a profile.
    LevelName of Level;
}

/// A right that can be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RightShape {
    /// Its id.
    id: &'static str,
    /// Its name.
    title: &'static str,
    /// What it allows.
    about: &'static str,
    /// Whether holding it makes the person an administrator.
    administers: bool,
}

/// A level that can be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LevelShape {
    /// Its id.
    id: &'static str,
    /// Its name.
    title: &'static str,
    /// What it allows.
    about: &'static str,
}

/// Everything that can be given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RightsTable {
    /// Feature rights, in the whole workspace.
    rights: Vec<RightShape>,
    /// Levels on profiles, weakest first.
    levels: Vec<LevelShape>,
}

/// One thing the desk can do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperationShape {
    /// Its name in the audit log.
    id: &'static str,
    /// What it does.
    title: &'static str,
    /// The feature rights of which it needs one; empty when it needs none.
    rights: Vec<RightName>,
    /// The levels one of which it needs on the profile concerned; empty when it needs none.
    levels: Vec<LevelName>,
    /// Whether it reads, reads on record, or changes something.
    access: OperationAccess,
    /// Who may call it.
    callers: OperationCallers,
    /// Whether a person in a browser has to prove their identity afresh.
    step_up: bool,
    /// The scope a token needs; null when no token may call it.
    scope: Option<String>,
}

/// What an operation leaves in the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationAccess {
    /// Nothing.
    Read,
    /// An entry for the reading.
    SensitiveRead,
    /// An entry for the change.
    Write,
}

/// Who may call an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationCallers {
    /// A person in a browser.
    Person,
    /// A person or a token.
    PersonOrToken,
    /// A person, a token or the command line.
    All,
    /// The command line.
    Operator,
    /// An outside approver.
    Guest,
}

/// Who holds a grant or carries a role.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum HolderKind {
    /// One person.
    Person,
    /// Everybody in a team.
    Team,
    /// Everybody who carries a role.
    Role,
}

/// Who holds something.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolderShape {
    /// A person, team or role.
    kind: HolderKind,
    /// Which one.
    id: Id,
}

impl From<Holder> for HolderShape {
    fn from(holder: Holder) -> Self {
        let kind = match holder {
            Holder::Person(_) => HolderKind::Person,
            Holder::Team(_) => HolderKind::Team,
            Holder::Role(_) => HolderKind::Role,
        };
        Self { kind, id: Id(holder.id()) }
    }
}

fn holder_of(kind: HolderKind, id: Id) -> Holder {
    match kind {
        HolderKind::Person => Holder::Person(PersonId(id.0)),
        HolderKind::Team => Holder::Team(TeamId(id.0)),
        HolderKind::Role => Holder::Role(RoleId(id.0)),
    }
}

/// Where a level holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ScopeShape {
    /// On one profile.
    Profile(Id),
    /// On every profile of a group.
    Group(Id),
}

/// What is given: a feature right in the whole workspace, or a level, on all profiles unless `on` says where.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum WhatShape {
    /// A feature right.
    Right(RightName),
    /// A level on profiles.
    Level(LevelGiven),
}

/// A level and where it holds.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelGiven {
    /// The level.
    id: LevelName,
    /// Where; null or left out on all profiles.
    on: Option<ScopeShape>,
}

/// A grant about to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantNew {
    /// To whom.
    holder: HolderShape,
    /// What.
    what: WhatShape,
    /// Until when; null or left out until it is taken.
    expires_at_ms: Option<Moment>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    reason: Note<500>,
}

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantShape {
    /// The grant.
    id: Id,
    /// Who holds it.
    holder: HolderShape,
    /// The name of the right or level.
    what: String,
    /// Whether this version knows it; an unknown right counts as none.
    known: bool,
    /// Where it holds; null in the whole workspace.
    on: Option<ScopeShape>,
    /// Until when.
    expires_at_ms: Option<i64>,
    /// By whom it was given.
    granted_by: Option<Id>,
    /// When.
    granted_at_ms: i64,
    /// Why.
    reason: String,
}

fn scope_shape(scope: Scope) -> Option<ScopeShape> {
    match scope {
        Scope::Workspace => None,
        Scope::Profile(id) => Some(ScopeShape::Profile(Id(id.0))),
        Scope::Group(id) => Some(ScopeShape::Group(Id(id.0))),
    }
}

impl From<GrantRow> for GrantShape {
    fn from(row: GrantRow) -> Self {
        Self {
            id: Id(row.id.0),
            holder: row.holder.into(),
            what: row.what,
            known: row.given.is_some(),
            on: scope_shape(row.scope),
            expires_at_ms: row.expires_at.map(|at| at.0),
            granted_by: row.granted_by.map(|id| Id(id.0)),
            granted_at_ms: row.granted_at.0,
            reason: row.reason,
        }
    }
}

/// One step on the way from a person to a grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ViaShape {
    /// A team or a role.
    kind: HolderKind,
    /// Which one.
    id: Id,
    /// Its name.
    name: String,
}

/// A grant as it reaches a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachingGrant {
    /// The grant.
    id: Id,
    /// The name of the right or level.
    what: &'static str,
    /// Where it holds; null in the whole workspace.
    on: Option<ScopeShape>,
    /// The way it comes; empty when given directly.
    via: Vec<ViaShape>,
    /// The earliest end on the way.
    expires_at_ms: Option<i64>,
}

impl From<&Grant> for ReachingGrant {
    fn from(grant: &Grant) -> Self {
        let via = grant.via.iter().map(|via| match via {
            Via::Team { id, name } => ViaShape { kind: HolderKind::Team, id: Id(id.0), name: name.clone() },
            Via::Role { id, name } => ViaShape { kind: HolderKind::Role, id: Id(id.0), name: name.clone() },
        });
        Self {
            id: Id(grant.id.0),
            what: grant.given.id(),
            on: scope_shape(grant.scope),
            via: via.collect(),
            expires_at_ms: grant.expires_at.map(|at| at.0),
        }
    }
}

/// What a person may do, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationShape {
    /// Feature rights held now.
    rights: Vec<RightName>,
    /// Every grant that reaches the person, in force or expired.
    grants: Vec<ReachingGrant>,
    /// Names this version does not know; they count as nothing.
    unknown: Vec<String>,
}

/// Whose grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GrantsQuery {
    /// A person, team or role.
    holder_kind: HolderKind,
    /// Which one.
    holder_id: Id,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Id>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Every right and level that can be given
#[utoipa::path(get, path = "/api/v1/rights", tag = "rights", responses((status = 200, body = RightsTable)))]
pub(crate) async fn table() -> Answer<RightsTable> {
    let rights = Right::ALL.iter().map(|right| RightShape {
        id: right.id(),
        title: right.title(),
        about: right.docs(),
        administers: right.administers(),
    });
    let levels = Level::ALL.iter().map(|level| LevelShape { id: level.id(), title: level.title(), about: level.docs() });
    Ok(Json(RightsTable { rights: rights.collect(), levels: levels.collect() }))
}

/// Every operation, with what it needs
#[utoipa::path(get, path = "/api/v1/operations", tag = "rights", responses((status = 200, body = [OperationShape])))]
pub(crate) async fn operations() -> Answer<Vec<OperationShape>> {
    Ok(Json(Operation::ALL.iter().map(|operation| operation_shape(*operation)).collect()))
}

fn operation_shape(operation: Operation) -> OperationShape {
    let named = |rights: &[Right]| rights.iter().map(|right| RightName(*right)).collect();
    let (rights, levels) = match operation.need() {
        Need::Right(right) => (named(&[right]), Vec::new()),
        Need::AnyRight(any) => (named(any), Vec::new()),
        Need::Level(levels) => (Vec::new(), levels.iter().map(|level| LevelName(*level)).collect()),
        Need::Nothing | Need::SignedIn => (Vec::new(), Vec::new()),
    };
    OperationShape {
        id: operation.id(),
        title: operation.title(),
        rights,
        levels,
        access: match operation.access() {
            Access::Read => OperationAccess::Read,
            Access::SensitiveRead => OperationAccess::SensitiveRead,
            Access::Write => OperationAccess::Write,
        },
        callers: match operation.callers() {
            Callers::Person => OperationCallers::Person,
            Callers::PersonOrToken => OperationCallers::PersonOrToken,
            Callers::All => OperationCallers::All,
            Callers::Operator => OperationCallers::Operator,
            Callers::Guest => OperationCallers::Guest,
        },
        step_up: operation.freshness() == Freshness::StepUp,
        scope: operation.token_scope().map(|scope| scope.to_string()),
    }
}

/// What a person may do, and why
#[utoipa::path(get, path = "/api/v1/people/{id}/rights", tag = "rights", params(("id" = Id, Path, description = "The person.")), responses((status = 200, body = ExplanationShape)))]
pub(crate) async fn explain(ctx: Ctx, PathId(id): PathId<PersonId>) -> Answer<ExplanationShape> {
    let explanation = rights::explain(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(ExplanationShape {
        rights: explanation.effective.rights().map(RightName).collect(),
        grants: explanation.grants.iter().map(ReachingGrant::from).collect(),
        unknown: explanation.unknown,
    }))
}

/// The grants that a person, team or role holds itself
#[utoipa::path(get, path = "/api/v1/grants", tag = "rights", params(GrantsQuery), responses((status = 200, body = Listing<GrantShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<GrantsQuery>) -> Answer<Listing<GrantShape>> {
    let rows = rights::grants_of_holder(ctx.desk(), ctx.actor(), holder_of(query.holder_kind, query.holder_id)).await?;
    let page = AfterId { after: query.after, limit: query.limit };
    Ok(Json(Listing::by_id(rows, |row| row.id.0, &page, GrantShape::from)))
}

/// Give a right or level
#[utoipa::path(post, path = "/api/v1/grants", tag = "rights", request_body = GrantNew, responses((status = 201, body = Created)))]
pub(crate) async fn give(ctx: Ctx, JsonBody(body): JsonBody<GrantNew>) -> Result<Response, Refused> {
    let (given, scope) = match body.what {
        WhatShape::Right(right) => (Given::Right(right.0), Scope::Workspace),
        WhatShape::Level(level) => (Given::Level(level.id.0), scope_of(level.on)),
    };
    let holder = holder_of(body.holder.kind, body.holder.id);
    let give = Give { holder, given, scope, expires_at: body.expires_at_ms.map(Into::into), reason: body.reason.0 };
    Ok(created(rights::give(ctx.desk(), ctx.actor(), give).await?, None))
}

fn scope_of(on: Option<ScopeShape>) -> Scope {
    match on {
        None => Scope::Workspace,
        Some(ScopeShape::Profile(id)) => Scope::Profile(ProfileId(id.0)),
        Some(ScopeShape::Group(id)) => Scope::Group(GroupId(id.0)),
    }
}

/// Take a right or level
#[utoipa::path(delete, path = "/api/v1/grants/{id}", tag = "rights", params(("id" = Id, Path, description = "The grant.")), responses((status = 204, description = "Taken")))]
pub(crate) async fn take(ctx: Ctx, PathId(id): PathId<GrantId>) -> Done {
    rights::take(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

impl HolderShape {
    /// As the desk says it.
    pub(crate) fn holder(self) -> Holder {
        holder_of(self.kind, self.id)
    }
}
