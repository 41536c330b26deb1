//! The routes: one table of method, path, what it needs, and handler. Read it to know the whole edge.
//!
//! Invariants: a route is in this table or does not exist; its right comes from the operation it names; the golden file
//! `tests/it/golden/routes.txt` lists them all, and a test walks every one as nobody, without the right, and suspended.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{MethodRouter, get, post},
};
use desk::{capture::connections::CLIENT_METADATA_PATH, rights::Operation};
use http::Method;

use crate::{
    account, api, approvals, attachments, audit_log, calendar, canary, connections, door, evidence, gate, home, imports, jobs,
    live, messages, outside, people, posts, profiles, publishing, publishing_held, record, rights, search, set_up, settings,
    state::{BODY_MAX, WebState},
    thread, views, word_lists, workflows,
};

/// For whom an answer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// A person in a browser: pages and forms.
    Page,
    /// A program: JSON and problem documents.
    Api,
    /// A page that listens for live updates.
    Live,
    /// An outside approver: pages and forms of their own, with a cookie of their own.
    Outside,
}

impl Face {
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Live => "live",
            Self::Outside => "outside",
        }
    }
}

/// What a route needs before its handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// What this operation needs.
    Operation(Operation),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

impl Needs {
    /// The operation, if one is named.
    pub fn operation(self) -> Option<Operation> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Nothing(_) => None,
        }
    }
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As long as any request.
    Usual,
    /// As long as a large body needs to arrive: the handler gives up when nothing more comes.
    Upload,
}

/// One route.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// For whom it answers.
    pub face: Face,
    /// Body limit in bytes.
    pub body_max: usize,
    /// How long an answer may take.
    pub pace: Pace,
    handler: MethodRouter<WebState>,
}

impl Route {
    /// With another limit for its body.
    pub(crate) fn with_body_max(self, body_max: usize) -> Self {
        Self { body_max, ..self }
    }

    /// For a large body, which may take as long as it needs.
    pub(crate) fn for_uploads(self, body_max: usize) -> Self {
        Self { body_max, pace: Pace::Upload, ..self }
    }

    /// A line of the golden file: method, path, face, operation, need.
    pub fn line(&self) -> String {
        let needs = match self.needs {
            Needs::Operation(operation) => format!("{} {:?}", operation.id(), operation.need()),
            Needs::Nothing(reason) => format!("- ({reason})"),
        };
        format!("{:6} {:44} {:4} {needs}", self.method.as_str(), self.path, self.face.name())
    }
}

/// A page: answers GET.
pub(crate) fn page(path: &'static str, operation: Operation, handler: MethodRouter<WebState>) -> Route {
    Route {
        method: Method::GET,
        path,
        needs: Needs::Operation(operation),
        face: Face::Page,
        body_max: 0,
        pace: Pace::Usual,
        handler,
    }
}

/// A page or form of an outside approver.
fn outside_of(route: Route) -> Route {
    Route { face: Face::Outside, ..route }
}

/// A form: answers POST.
pub(crate) fn form(path: &'static str, operation: Operation, handler: MethodRouter<WebState>) -> Route {
    Route {
        method: Method::POST,
        path,
        needs: Needs::Operation(operation),
        face: Face::Page,
        body_max: BODY_MAX,
        pace: Pace::Usual,
        handler,
    }
}

/// An API call.
pub(crate) fn call(method: Method, path: &'static str, operation: Operation, handler: MethodRouter<WebState>) -> Route {
    let body_max = if method == Method::GET || method == Method::DELETE { 0 } else { BODY_MAX };
    Route { method, path, needs: Needs::Operation(operation), face: Face::Api, body_max, pace: Pace::Usual, handler }
}

/// A route that nobody needs to be signed in for, with the reason.
pub(crate) fn open(
    method: Method,
    path: &'static str,
    reason: &'static str,
    face: Face,
    handler: MethodRouter<WebState>,
) -> Route {
    Route { method, path, needs: Needs::Nothing(reason), face, body_max: BODY_MAX, pace: Pace::Usual, handler }
}

/// Every guarded route.
pub fn routes() -> Vec<Route> {
    use Operation as O;
    let mut routes = vec![
        page("/", O::AccountRead, get(home::home)),
        Route { face: Face::Live, ..page("/live", O::AccountRead, get(live::stream)) },
        page("/people", O::PeopleRead, get(people::list)),
        page("/people/invite", O::PersonInvite, get(people::invite_form)),
        form("/people/invite", O::PersonInvite, post(people::invite)),
        page("/people/{id}", O::PeopleRead, get(people::detail)),
        form("/people/{id}/rename", O::PersonChange, post(people::rename)),
        form("/people/{id}/suspend", O::PersonSuspend, post(people::suspend)),
        form("/people/{id}/restore", O::PersonRestore, post(people::restore)),
        form("/people/{id}/link", O::PersonResetLink, post(people::make_link)),
        form("/people/{id}/end-sessions", O::PersonSessionsEnd, post(people::end_sessions)),
        page("/people/{id}/rights", O::RightsRead, get(rights::of_person)),
        form("/grants", O::GrantGive, post(rights::give)),
        form("/grants/{id}/take", O::GrantTake, post(rights::take)),
        page("/roles", O::RightsRead, get(rights::roles)),
        form("/roles", O::RoleCreate, post(rights::create_role)),
        page("/roles/{id}", O::RightsRead, get(rights::role)),
        form("/roles/{id}", O::RoleChange, post(rights::change_role)),
        form("/roles/{id}/remove", O::RoleChange, post(rights::remove_role)),
        form("/assignments", O::RoleAssign, post(rights::assign)),
        form("/assignments/{id}/remove", O::RoleUnassign, post(rights::unassign)),
        page("/teams", O::RightsRead, get(rights::teams)),
        form("/teams", O::TeamChange, post(rights::create_team)),
        page("/teams/{id}", O::RightsRead, get(rights::team)),
        form("/teams/{id}", O::TeamChange, post(rights::rename_team)),
        form("/teams/{id}/remove", O::TeamChange, post(rights::remove_team)),
        form("/teams/{id}/members", O::TeamMembers, post(rights::change_members)),
        page("/profiles", O::AccountRead, get(profiles::list)),
        form("/profiles", O::ProfileAdd, post(profiles::add)),
        page("/profiles/{id}", O::AccountRead, get(profiles::detail)),
        form("/profiles/{id}", O::ProfileChange, post(profiles::change)),
        form("/profiles/{id}/pause", O::ProfilePause, post(profiles::pause)),
        form("/profiles/{id}/resume", O::ProfilePause, post(profiles::resume)),
        form("/profiles/{id}/disconnect", O::ProfileDisconnect, post(profiles::disconnect)),
        page("/connect", O::ConnectionMake, get(connections::networks)),
        page("/connect/back", O::ConnectionMake, get(connections::back)),
        page("/connect/{network}", O::ConnectionMake, get(connections::form)),
        form("/connect/{network}", O::ConnectionMake, post(connections::begin)),
        form("/profiles/{id}/back-fill", O::CaptureBackFill, post(connections::back_fill)),
        page("/profiles/{id}/canary", O::ConnectionsRead, get(canary::page)),
        form("/profiles/{id}/canary", O::CanarySet, post(canary::change)),
        page("/profiles/{id}/set-up", O::ConnectionsRead, get(set_up::page)),
        form("/profiles/{id}/set-up/{file}", O::ConnectionSetUp, post(set_up::take)),
        open(
            Method::GET,
            CLIENT_METADATA_PATH,
            "servers that let people in read who asks",
            Face::Page,
            get(set_up::client_metadata),
        ),
        form("/profile-groups", O::GroupChange, post(profiles::create_group)),
        page("/record", O::RecordRead, get(record::page)),
        open(
            Method::GET,
            "/record/verify.py",
            "whoever is shown a proof checks it with this",
            Face::Page,
            get(evidence::verifier),
        ),
        page("/audit-log", O::AuditRead, get(audit_log::list)),
        page("/audit-log/{seq}", O::AuditRead, get(audit_log::entry)),
        page("/audit-log/export", O::AuditExport, get(audit_log::export)),
        page("/jobs", O::JobsRead, get(jobs::list)),
        form("/jobs/{id}/retry", O::JobRetry, post(jobs::retry)),
        form("/jobs/{id}/cancel", O::JobCancel, post(jobs::cancel)),
        page("/settings", O::AccountRead, get(settings::rooms)),
        page("/settings/workspace", O::SettingsRead, get(settings::workspace)),
        form("/settings/workspace", O::SettingsChange, post(settings::change)),
        page("/settings/rights", O::AccountRead, get(rights::table)),
        form("/views", O::ViewSave, post(views::save)),
        form("/views/{id}/remove", O::ViewSave, post(views::remove)),
    ];
    routes.extend(approval_routes());
    routes.extend(word_lists::routes());
    routes.extend(posts::routes());
    routes.extend(publishing_routes());
    routes.extend(capture_routes());
    routes.extend(door::routes());
    routes.extend(account::routes());
    routes.extend(api::routes());
    routes
}

/// When things go out, and what stops them: the calendar, the stop switch, what is held.
fn publishing_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        page("/publishing", O::PublishingRead, get(publishing::page)),
        form("/publishing/pause", O::PublishingPause, post(publishing::pause)),
        form("/publishing/pauses/{id}/resume", O::PublishingResume, post(publishing::resume)),
        form("/publishing/held/{post}/{profile}/release", O::HeldRelease, post(publishing_held::release)),
        form("/publishing/held/{post}/{profile}/adopt", O::HeldAdopt, post(publishing_held::adopt)),
        form("/publishing/held/{post}/{profile}/settle", O::HeldSettle, post(publishing_held::settle)),
        form("/publishing/held/{post}/{profile}/cancel", O::PostCancel, post(publishing_held::cancel)),
        form("/publishing/foreign/{id}/seen", O::ForeignSeen, post(publishing_held::seen)),
        page("/calendar", O::PostsRead, get(calendar::page)),
        form("/calendar/move", O::PostRetime, post(calendar::move_posts)),
    ]
}

/// What was captured: the stream, messages with their evidence, search, export files.
fn capture_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        page("/stream", O::MessagesRead, get(messages::stream)),
        Route { face: Face::Live, ..page("/stream/arrivals", O::MessagesRead, get(messages::arrivals_since)) },
        page("/search", O::MessagesSearch, get(search::page)),
        page("/messages/{id}", O::MessagesRead, get(thread::page)),
        form("/messages/{id}/unmask", O::MessageUnmask, post(thread::unmask)),
        page("/messages/{id}/verify/{entry}", O::MessagesRead, get(evidence::verify)),
        page("/messages/{id}/proof/{entry}", O::MessagesRead, get(evidence::proof)),
        form("/messages/{id}/proof/{entry}", O::MessageUnmask, post(evidence::unmasked_proof)),
        page("/messages/{id}/raw/{entry}", O::MessagesRead, get(evidence::raw)),
        form("/messages/{id}/raw/{entry}", O::MessageUnmask, post(evidence::unmasked_raw)),
        page("/messages/{id}/attachments/{part}", O::MessagesRead, get(attachments::download)),
        form("/messages/{id}/attachments/{part}/unmask", O::MessageUnmask, post(attachments::unmask)),
        form("/messages/{id}/attachments/{part}/again", O::AttachmentAgain, post(attachments::again)),
        page("/import", O::ImportsRead, get(imports::list)),
        form("/import/files", O::ImportRun, post(imports::upload)).for_uploads(imports::BODY_MAX),
        page("/import/{id}", O::ImportsRead, get(imports::run)),
        page("/import/{id}/progress", O::ImportsRead, get(imports::run_progress)),
        page("/import/files/{id}", O::ImportsRead, get(imports::file)),
        page("/import/files/{id}/progress", O::ImportsRead, get(imports::file_progress)),
        form("/import/files/{id}/import", O::ImportRun, post(imports::import)),
        form("/import/files/{id}/count", O::ImportRun, post(imports::count)),
        form("/import/files/{id}/stop", O::ImportRun, post(imports::stop)),
        form("/import/files/{id}/remove", O::ImportRun, post(imports::remove)),
    ]
}

fn approval_routes() -> Vec<Route> {
    use Operation as O;
    vec![
        page("/approvals", O::ApprovalsRead, get(approvals::list)),
        form("/approvals", O::ApprovalDecide, post(approvals::decide_many)),
        page("/approvals/{id}", O::ApprovalsRead, get(approvals::detail)),
        form("/approvals/{id}", O::ApprovalDecide, post(approvals::decide)),
        page("/approvals/{id}/files/{digest}", O::ApprovalsRead, get(approvals::file)),
        form("/approvals/{id}/skip", O::GlassBreak, post(approvals::break_glass::skip)),
        page("/break-glass", O::GlassRead, get(approvals::break_glass::list)),
        form("/break-glass/{id}", O::GlassReview, post(approvals::break_glass::review)),
        page("/agents", O::AgentsFreeze, get(approvals::agents::show)),
        form("/agents", O::AgentsFreeze, post(approvals::agents::switch)),
        page("/workflows", O::WorkflowsRead, get(workflows::list)),
        page("/workflows/new", O::WorkflowChange, get(workflows::new)),
        form("/workflows", O::WorkflowChange, post(workflows::create)),
        page("/workflows/{id}", O::WorkflowChange, get(workflows::edit)),
        form("/workflows/{id}", O::WorkflowChange, post(workflows::change)),
        form("/workflows/{id}/move", O::WorkflowChange, post(workflows::shift)),
        form("/workflows/{id}/remove", O::WorkflowChange, post(workflows::remove)),
        page("/workflows/rules/new", O::WorkflowChange, get(workflows::new_rule)),
        form("/workflows/rules", O::WorkflowChange, post(workflows::create_rule)),
        page("/workflows/rules/{id}", O::WorkflowChange, get(workflows::edit_rule)),
        form("/workflows/rules/{id}", O::WorkflowChange, post(workflows::change_rule)),
        form("/workflows/rules/{id}/remove", O::WorkflowChange, post(workflows::remove_rule)),
        page("/outside-approvers", O::GuestsRead, get(outside::book::list)),
        form("/outside-approvers", O::GuestInvite, post(outside::book::name)),
        form("/outside-approvers/{id}/revoke", O::GuestRevoke, post(outside::book::revoke)),
        form("/outside-approvers/links/{id}/revoke", O::GuestRevoke, post(outside::book::revoke_link)),
        form("/outside-approvers/browsers/{id}/revoke", O::GuestRevoke, post(outside::book::end_browser)),
        outside_of(page("/outside", O::OutsideSee, get(outside::list))),
        outside_of(page("/outside/files/{id}/{digest}", O::OutsideSee, get(outside::file))),
        outside_of(form("/outside/decide/{id}", O::OutsideDecide, post(outside::decide))),
        outside_of(form("/outside/leave", O::OutsideLeave, post(outside::leave))),
        outside_of(page("/outside/code", O::OutsideEnter, get(outside::code_form))),
        outside_of(form("/outside/code", O::OutsideEnter, post(outside::enter))),
        outside_of(page("/outside/{link}", O::OutsideCode, get(outside::invitation))),
        outside_of(form("/outside/{link}", O::OutsideCode, post(outside::send_code))),
    ]
}

/// Mounts the routes of a pace, each behind the gate.
pub(crate) fn mount(state: &WebState, pace: Pace) -> Router<WebState> {
    routes().into_iter().filter(|route| route.pace == pace).fold(Router::new(), |router, route| {
        let (path, limit, mut handler) = (route.path, route.body_max, route.handler.clone());
        handler = handler.layer(DefaultBodyLimit::max(limit));
        if route.face == Face::Api && route.needs.operation().is_some() {
            handler = handler.layer(middleware::from_fn_with_state(state.clone(), api::once));
        }
        let guard = middleware::from_fn_with_state((state.clone(), Arc::new(route)), gate::pass);
        router.route(path, handler.layer(guard))
    })
}
