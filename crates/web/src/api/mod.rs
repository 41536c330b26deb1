//! The JSON API under `/api/v1`: everything a page can do, with the same operations behind it.
//!
//! One file per subject, each with the shapes it takes and gives, its handlers, and what the OpenAPI document says about them; the
//! rest of that document (security, scopes, rights, problems) is made from the table of routes. Invariant: a handler calls operations
//! of the desk and decides nothing. Statuses: 400 cannot be read, 422 does not fit the schema, 409 fits but not as things stand.

mod account;
mod approvals;
mod audit_log;
mod docs;
mod feed;
mod idempotent;
mod input;
mod jobs;
mod limits;
mod lists;
mod media;
mod messages;
mod openapi;
mod people;
mod posting_slots;
mod posts;
mod profiles;
mod publishing;
mod rights;
mod roles;
mod search;
mod settings;
mod shown;
mod teams;
mod tokens;
mod views;
mod word_lists;

use axum::{
    Json,
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use desk::{Error, rights::Operation};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use idempotent::once;
use input::Id;
pub use limits::{RateLimits, SIGNED_IN_MAX, STRANGER_MAX};
pub use openapi::openapi;

use crate::{
    problem::{FieldProblem, Problem},
    routes::{Face, Route, call, open},
};

/// What did not happen, on its way out.
#[derive(Debug)]
pub(crate) struct Refused(Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let Error::Invalid(invalid) = error else { return Self(Problem::from(error)) };
        // It fitted the schema, or it would not have come to the desk: a taken name, an end in the past, a zone unknown here.
        let mut problem = Problem::new(StatusCode::CONFLICT, "conflict", "Conflict", invalid.to_string());
        problem.errors =
            invalid.fields.into_iter().map(|(field, problem)| FieldProblem { field: field.to_owned(), problem }).collect();
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// What a reading answers.
type Answer<T> = Result<Json<T>, Refused>;
/// What a change answers that has nothing to say.
type Done = Result<StatusCode, Refused>;

fn done() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created {
    /// Its id.
    id: Id,
}

/// 201 with the id, and where it can be read when there is such a place.
fn created(id: impl Into<Uuid>, place: Option<&str>) -> Response {
    let id = Id(id.into());
    let mut response = (StatusCode::CREATED, Json(Created { id })).into_response();
    if let Some(place) = place.and_then(|place| HeaderValue::from_str(&format!("/api/v1/{place}/{}", id.0)).ok()) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The routes of the API.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = account_routes();
    routes.extend(people_routes());
    routes.extend(rights_routes());
    routes.extend(profile_routes());
    routes.extend(publishing_routes());
    routes.extend(message_routes());
    routes.extend(approval_routes());
    routes.extend(word_list_routes());
    routes.extend(post_routes());
    routes.extend(media_routes());
    routes.extend(house_routes());
    let reason = "whoever writes a program reads it before they have a token";
    routes.push(open(Method::GET, "/api/v1/openapi.json", reason, Face::Api, get(openapi::document)));
    routes.push(open(Method::GET, "/api/docs", reason, Face::Page, get(docs::page)));
    routes
}

fn account_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/account", O::AccountRead, get(account::read)),
        call(Method::PUT, "/api/v1/account", O::AccountChange, put(account::change)),
        call(Method::PUT, "/api/v1/account/letter-keys", O::AccountChange, put(account::letter_keys)),
        call(Method::PUT, "/api/v1/account/theme", O::AccountChange, put(account::theme)),
        call(Method::GET, "/api/v1/account/sessions", O::AccountRead, get(account::sessions)),
        call(Method::DELETE, "/api/v1/account/sessions/{id}", O::SessionRevoke, delete(account::end_session)),
        call(Method::POST, "/api/v1/account/sessions/end-others", O::SessionRevoke, post(account::end_other_sessions)),
        call(Method::GET, "/api/v1/account/tokens", O::AccountRead, get(account::tokens)),
        call(Method::POST, "/api/v1/account/tokens", O::TokenCreate, post(account::create_token)),
        call(Method::DELETE, "/api/v1/account/tokens/{id}", O::TokenRevoke, delete(account::revoke_token)),
        call(Method::GET, "/api/v1/views", O::AccountRead, get(views::list)),
        call(Method::POST, "/api/v1/views", O::ViewSave, post(views::save)),
        call(Method::DELETE, "/api/v1/views/{id}", O::ViewSave, delete(views::remove)),
    ]
}

fn people_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/people", O::PeopleRead, get(people::list)),
        call(Method::POST, "/api/v1/people", O::PersonInvite, post(people::invite)),
        call(Method::GET, "/api/v1/people/{id}", O::PeopleRead, get(people::read)),
        call(Method::PATCH, "/api/v1/people/{id}", O::PersonChange, axum::routing::patch(people::rename)),
        call(Method::GET, "/api/v1/people/{id}/belongings", O::PeopleRead, get(people::belongings)),
        call(Method::GET, "/api/v1/people/{id}/sessions", O::PeopleRead, get(people::sessions)),
        call(Method::GET, "/api/v1/people/{id}/links", O::PeopleRead, get(people::links)),
        call(Method::POST, "/api/v1/people/{id}/suspend", O::PersonSuspend, post(people::suspend)),
        call(Method::POST, "/api/v1/people/{id}/restore", O::PersonRestore, post(people::restore)),
        call(Method::POST, "/api/v1/people/{id}/links", O::PersonResetLink, post(people::make_link)),
        call(Method::POST, "/api/v1/people/{id}/end-sessions", O::PersonSessionsEnd, post(people::end_sessions)),
        call(Method::DELETE, "/api/v1/links/{id}", O::LinkRevoke, delete(people::revoke_link)),
        call(Method::GET, "/api/v1/tokens", O::TokensRead, get(tokens::list)),
        call(Method::DELETE, "/api/v1/tokens/{id}", O::TokensRevoke, delete(tokens::revoke)),
    ]
}

fn rights_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/rights", O::AccountRead, get(rights::table)),
        call(Method::GET, "/api/v1/operations", O::AccountRead, get(rights::operations)),
        call(Method::GET, "/api/v1/people/{id}/rights", O::RightsRead, get(rights::explain)),
        call(Method::GET, "/api/v1/grants", O::RightsRead, get(rights::list)),
        call(Method::POST, "/api/v1/grants", O::GrantGive, post(rights::give)),
        call(Method::DELETE, "/api/v1/grants/{id}", O::GrantTake, delete(rights::take)),
        call(Method::GET, "/api/v1/roles", O::RightsRead, get(roles::list)),
        call(Method::POST, "/api/v1/roles", O::RoleCreate, post(roles::create)),
        call(Method::GET, "/api/v1/roles/{id}", O::RightsRead, get(roles::read)),
        call(Method::PUT, "/api/v1/roles/{id}", O::RoleChange, put(roles::change)),
        call(Method::DELETE, "/api/v1/roles/{id}", O::RoleChange, delete(roles::remove)),
        call(Method::POST, "/api/v1/assignments", O::RoleAssign, post(roles::assign)),
        call(Method::DELETE, "/api/v1/assignments/{id}", O::RoleUnassign, delete(roles::unassign)),
        call(Method::GET, "/api/v1/teams", O::RightsRead, get(teams::list)),
        call(Method::POST, "/api/v1/teams", O::TeamChange, post(teams::create)),
        call(Method::GET, "/api/v1/teams/{id}", O::RightsRead, get(teams::read)),
        call(Method::PUT, "/api/v1/teams/{id}", O::TeamChange, put(teams::change)),
        call(Method::DELETE, "/api/v1/teams/{id}", O::TeamChange, delete(teams::remove)),
        call(Method::GET, "/api/v1/teams/{id}/members", O::RightsRead, get(teams::members)),
        call(Method::PUT, "/api/v1/teams/{id}/members/{person}", O::TeamMembers, put(teams::add)),
        call(Method::DELETE, "/api/v1/teams/{id}/members/{person}", O::TeamMembers, delete(teams::take_out)),
    ]
}

fn profile_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/profiles", O::AccountRead, get(profiles::list)),
        call(Method::POST, "/api/v1/profiles", O::ProfileAdd, post(profiles::add)),
        call(Method::GET, "/api/v1/profiles/all", O::ProfilesManage, get(profiles::all)),
        call(Method::GET, "/api/v1/profiles/{id}", O::AccountRead, get(profiles::read)),
        call(Method::PUT, "/api/v1/profiles/{id}", O::ProfileChange, put(profiles::change)),
        call(Method::POST, "/api/v1/profiles/{id}/pause", O::ProfilePause, post(profiles::pause)),
        call(Method::POST, "/api/v1/profiles/{id}/resume", O::ProfilePause, post(profiles::resume)),
        call(Method::POST, "/api/v1/profiles/{id}/disconnect", O::ProfileDisconnect, post(profiles::disconnect)),
        call(Method::GET, "/api/v1/profile-groups", O::ProfilesManage, get(profiles::groups)),
        call(Method::POST, "/api/v1/profile-groups", O::GroupChange, post(profiles::create_group)),
    ]
}

fn publishing_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/publishing/pauses", O::PublishingRead, get(publishing::pauses)),
        call(Method::POST, "/api/v1/publishing/pauses", O::PublishingPause, post(publishing::pause)),
        call(Method::DELETE, "/api/v1/publishing/pauses/{id}", O::PublishingResume, delete(publishing::resume)),
        call(Method::GET, "/api/v1/publishing/held", O::PublishingRead, get(publishing::held)),
        call(Method::POST, "/api/v1/publishing/held/{post}/{profile}/release", O::HeldRelease, post(publishing::release)),
        call(Method::POST, "/api/v1/publishing/held/{post}/{profile}/adopt", O::HeldAdopt, post(publishing::adopt)),
        call(Method::POST, "/api/v1/publishing/held/{post}/{profile}/settle", O::HeldSettle, post(publishing::settle)),
        call(Method::GET, "/api/v1/publishing/foreign", O::PublishingRead, get(publishing::foreign)),
        call(Method::POST, "/api/v1/publishing/foreign/{id}/seen", O::ForeignSeen, post(publishing::foreign_seen)),
        call(Method::GET, "/api/v1/profiles/{id}/posting-slots", O::PostingSlotsRead, get(posting_slots::list)),
        call(Method::POST, "/api/v1/profiles/{id}/posting-slots", O::PostingSlotsChange, post(posting_slots::add)),
        call(Method::DELETE, "/api/v1/profiles/{id}/posting-slots/{slot}", O::PostingSlotsChange, delete(posting_slots::remove)),
    ]
}

fn message_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/messages", O::MessagesRead, get(messages::stream)),
        call(Method::GET, "/api/v1/messages/feed", O::MessagesRead, get(messages::feed)),
        call(Method::GET, "/api/v1/messages/{id}", O::MessagesRead, get(messages::read)),
        call(Method::GET, "/api/v1/messages/{id}/thread", O::MessagesRead, get(messages::thread)),
        call(Method::GET, "/api/v1/messages/{id}/history", O::MessagesRead, get(messages::history)),
        call(Method::GET, "/api/v1/messages/{id}/proof/{entry}", O::MessagesRead, get(messages::proof)),
        call(Method::POST, "/api/v1/messages/{id}/unmask", O::MessageUnmask, post(messages::unmask)),
        call(Method::GET, "/api/v1/search", O::MessagesSearch, get(search::search)),
    ]
}

fn approval_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/approvals", O::ApprovalsRead, get(approvals::list)),
        call(Method::POST, "/api/v1/approvals/decisions", O::ApprovalDecide, post(approvals::decide_many)),
        call(Method::GET, "/api/v1/approvals/{id}", O::ApprovalsRead, get(approvals::read)),
        call(Method::POST, "/api/v1/approvals/{id}/decision", O::ApprovalDecide, post(approvals::decide)),
        call(Method::PUT, "/api/v1/agents", O::AgentsFreeze, put(approvals::agents)),
    ]
}

fn word_list_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/word-lists", O::WordListsRead, get(word_lists::list)),
        call(Method::POST, "/api/v1/word-lists", O::WordListChange, post(word_lists::create)),
        call(Method::POST, "/api/v1/word-lists/try", O::WordListTry, post(word_lists::try_out)),
        call(Method::GET, "/api/v1/word-lists/{id}", O::WordListsRead, get(word_lists::read)),
        call(Method::PUT, "/api/v1/word-lists/{id}", O::WordListChange, put(word_lists::change)),
        call(Method::GET, "/api/v1/word-lists/{id}/versions", O::WordListsRead, get(word_lists::versions)),
    ]
}

fn post_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/posts", O::PostsRead, get(posts::list)),
        call(Method::POST, "/api/v1/posts", O::PostCreate, post(posts::create)),
        call(Method::GET, "/api/v1/posts/{id}", O::PostsRead, get(posts::read)),
        call(Method::PUT, "/api/v1/posts/{id}", O::PostSave, put(posts::save)),
        call(Method::DELETE, "/api/v1/posts/{id}", O::PostDiscard, delete(posts::discard)),
        call(Method::POST, "/api/v1/posts/{id}/duplicate", O::PostCreate, post(posts::duplicate)),
        call(Method::GET, "/api/v1/posts/{id}/warnings", O::PostsRead, get(posts::warnings)),
        call(Method::POST, "/api/v1/posts/{id}/submit", O::PostSubmit, post(posts::submit)),
        call(Method::POST, "/api/v1/posts/{id}/withdraw", O::PostWithdraw, post(posts::withdraw)),
        call(Method::PUT, "/api/v1/posts/{id}/time", O::PostRetime, put(posts::retime)),
        call(Method::POST, "/api/v1/posts/{id}/cancel", O::PostCancel, post(posts::cancel)),
        call(Method::GET, "/api/v1/posts/{id}/story", O::PostsRead, get(posts::story)),
        call(Method::GET, "/api/v1/posts/{id}/on/{profile}", O::PostsRead, get(posts::published)),
        call(Method::PUT, "/api/v1/posts/{id}/on/{profile}", O::PostCorrect, put(posts::change)),
        call(Method::POST, "/api/v1/posts/{id}/on/{profile}/delete", O::PostCorrect, post(posts::delete)),
        call(Method::GET, "/api/v1/posts/{id}/comments", O::PostsRead, get(posts::comments)),
        call(Method::DELETE, "/api/v1/posts/{id}/comments/{comment}", O::PostComment, delete(posts::remove_comment)),
        call(Method::POST, "/api/v1/posts/{id}/comments", O::PostComment, post(posts::comment)),
        call(Method::GET, "/api/v1/campaigns", O::CampaignsRead, get(posts::campaigns)),
        call(Method::POST, "/api/v1/campaigns", O::CampaignChange, post(posts::create_campaign)),
    ]
}

fn media_routes() -> Vec<Route> {
    use Operation as O;
    let piece = call(Method::PUT, "/api/v1/uploads/{id}/pieces/{number}", O::MediaAdd, put(media::piece));
    vec![
        call(Method::GET, "/api/v1/uploads", O::MediaRead, get(media::list)),
        call(Method::POST, "/api/v1/uploads", O::MediaAdd, post(media::begin)),
        piece.with_body_max(media::PIECE_BYTES_MAX),
        call(Method::POST, "/api/v1/uploads/{id}/finish", O::MediaAdd, post(media::finish)),
        call(Method::DELETE, "/api/v1/uploads/{id}", O::MediaRemove, delete(media::remove)),
        call(Method::GET, "/api/v1/media/{digest}", O::MediaRead, get(media::read)),
        call(Method::GET, "/api/v1/media/{digest}/bytes", O::MediaRead, get(media::bytes)),
    ]
}

fn house_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        call(Method::GET, "/api/v1/audit-log", O::AuditRead, get(audit_log::list)),
        call(Method::GET, "/api/v1/audit-log/export", O::AuditExport, get(audit_log::export)),
        call(Method::GET, "/api/v1/audit-log/feed", O::AuditFeed, get(audit_log::feed)),
        call(Method::GET, "/api/v1/jobs", O::JobsRead, get(jobs::list)),
        call(Method::GET, "/api/v1/jobs/counts", O::JobsRead, get(jobs::counts)),
        call(Method::GET, "/api/v1/jobs/{id}", O::JobsRead, get(jobs::read)),
        call(Method::POST, "/api/v1/jobs/{id}/retry", O::JobRetry, post(jobs::retry)),
        call(Method::POST, "/api/v1/jobs/{id}/cancel", O::JobCancel, post(jobs::cancel)),
        call(Method::GET, "/api/v1/settings", O::SettingsRead, get(settings::read)),
        call(Method::PUT, "/api/v1/settings", O::SettingsChange, put(settings::change)),
    ]
}
