//! The OpenAPI document: shapes from the handlers, everything about security and problems from the table of routes.
//!
//! Invariant: the document has exactly the operations of [`super::routes`], and says of each what the gate will ask for.

use std::sync::LazyLock;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use desk::rights::{Callers, Freshness, Need, Operation};
use http::Method;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::{
    account, approvals, audit_log, feed, idempotent,
    input::{Digest, Id, Line, Moment, Note, Revision},
    jobs,
    lists::Limit,
    media, messages, people, posting_slots, posts, profiles, publishing, rights, roles, search, settings, teams, tokens, views,
    word_lists,
};
use crate::{
    gate::SESSION_COOKIE,
    problem::{FieldProblem, Problem},
    routes::{Face, Route},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gatepost",
        description = "Everything a page of the desk can do. Times are Unix milliseconds (`_ms`), ids are UUIDs in text form, lists are \
                       `{items, next, total}` (the stream of messages has no total), problems are RFC 9457 documents.",
        version = "1",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        account::read,
        account::change,
        account::theme,
        account::letter_keys,
        account::sessions,
        account::end_session,
        account::end_other_sessions,
        account::tokens,
        account::create_token,
        account::revoke_token,
        views::list,
        views::save,
        views::remove,
        people::list,
        people::invite,
        people::read,
        people::rename,
        people::belongings,
        people::sessions,
        people::links,
        people::suspend,
        people::restore,
        people::make_link,
        people::revoke_link,
        people::end_sessions,
        tokens::list,
        tokens::revoke,
        rights::table,
        rights::operations,
        rights::explain,
        rights::list,
        rights::give,
        rights::take,
        roles::list,
        roles::create,
        roles::read,
        roles::change,
        roles::remove,
        roles::assign,
        roles::unassign,
        teams::list,
        teams::create,
        teams::read,
        teams::change,
        teams::remove,
        teams::members,
        teams::add,
        teams::take_out,
        profiles::list,
        profiles::all,
        profiles::add,
        profiles::read,
        profiles::change,
        profiles::pause,
        profiles::resume,
        profiles::disconnect,
        profiles::groups,
        profiles::create_group,
        publishing::pauses,
        publishing::pause,
        publishing::resume,
        publishing::held,
        publishing::release,
        publishing::adopt,
        publishing::settle,
        publishing::foreign,
        publishing::foreign_seen,
        posting_slots::list,
        posting_slots::add,
        posting_slots::remove,
        messages::stream,
        messages::feed,
        messages::read,
        messages::thread,
        messages::history,
        messages::proof,
        messages::unmask,
        search::search,
        approvals::list,
        approvals::read,
        approvals::decide,
        approvals::decide_many,
        approvals::agents,
        word_lists::list,
        word_lists::create,
        word_lists::read,
        word_lists::change,
        word_lists::versions,
        word_lists::try_out,
        posts::list,
        posts::create,
        posts::read,
        posts::save,
        posts::discard,
        posts::duplicate,
        posts::warnings,
        posts::submit,
        posts::withdraw,
        posts::retime,
        posts::cancel,
        posts::comments,
        posts::comment,
        posts::story,
        posts::published,
        posts::change,
        posts::delete,
        posts::remove_comment,
        posts::campaigns,
        posts::create_campaign,
        media::list,
        media::begin,
        media::piece,
        media::finish,
        media::remove,
        media::read,
        media::bytes,
        audit_log::list,
        audit_log::export,
        audit_log::feed,
        jobs::list,
        jobs::counts,
        jobs::read,
        jobs::retry,
        jobs::cancel,
        settings::read,
        settings::change,
        document
    ),
    components(schemas(
        Problem, FieldProblem, Id, Digest, Moment, Limit, Line<120>, people::PeopleCursor, account::PersonStateName, feed::Seq,
        feed::FeedLimit, feed::WaitSeconds, audit_log::ActName, audit_log::FormatName, audit_log::OutcomeName,
        views::PageName, messages::AttachmentStateName, search::OrderName, Note<2000>, jobs::JobStateName, profiles::ProfileStateName, rights::HolderKind,
        approvals::SubmissionStateName, approvals::MineName, approvals::VerdictName, approvals::OthersName, approvals::ForWhom, posts::PostStateName, posts::PostsCursor, Revision,
        Line<500>, Line<2000>, Note<10_000>, media::RenditionName, posts::CorrectionKindName, posts::CorrectionStateName, publishing::PauseModeName,
        word_lists::ListKindName, word_lists::EffectName, Line<40>, Line<80>, Note<200_000>
    ))
)]
struct Document;

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The document.
pub fn openapi() -> &'static Value {
    &DOCUMENT
}

/// This document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "about", responses((status = 200, body = Object)))]
pub(crate) async fn document() -> Response {
    Json(openapi()).into_response()
}

/// Problem responses by status: name and what it means.
const PROBLEMS: [(u16, &str, &str); 11] = [
    (400, "Unreadable", "The body is not JSON."),
    (401, "SignInNeeded", "No token or session, or one that does not work."),
    (403, "NotAllowed", "Suspended, without the right, without the scope, or without a fresh proof of identity."),
    (404, "NotFound", "Nothing there, or nothing the caller may know of."),
    (409, "Conflict", "It fits the schema but not the present state: a taken name, an end in the past, a key under way."),
    (413, "TooLarge", "The body is too large."),
    (415, "OtherType", "The body is not sent as the type that is asked for, which mostly is JSON."),
    (422, "Misfit", "Something does not fit the schema, or an idempotency key was used for another request."),
    (429, "TooMany", "Too many requests; Retry-After says how long to wait."),
    (500, "Failed", "Something failed inside."),
    (503, "Unavailable", "The desk is overloaded or about to stop; try again."),
];

fn build() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).expect("the document is plain data");
    for route in super::routes().into_iter().filter(|route| route.face == Face::Api) {
        let operation = &mut document["paths"][route.path][route.method.as_str().to_lowercase()];
        if let Some(operation) = operation.as_object_mut() {
            complete(operation, &route);
        }
    }
    let components = &mut document["components"];
    close_choices(&mut components["schemas"]);
    components["responses"] =
        PROBLEMS.iter().map(|(status, name, about)| ((*name).to_owned(), problem(*status, about))).collect();
    components["headers"] = headers();
    components["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, `gp_…`, made on the page of the own account."},
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "A person signed in with a browser."},
    });
    components["parameters"] = json!({"IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key with the same request within 24 hours gets the first answer again and changes nothing.",
        "schema": {"type": "string", "pattern": idempotent::KEY_PATTERN},
    }});
    document
}

/// A choice of one named thing is an object with that one field and no other: serde refuses more, so the document says so.
fn close_choices(schemas: &mut Value) {
    let schemas = schemas.as_object_mut().into_iter().flat_map(Map::values_mut);
    for choice in schemas.filter_map(|schema| schema.get_mut("oneOf")?.as_array_mut()).flatten() {
        if choice["type"] == "object" {
            choice["additionalProperties"] = json!(false);
        }
    }
}

fn problem(status: u16, about: &str) -> Value {
    let mut headers = rate_headers();
    if matches!(status, 429 | 503) {
        headers.insert("Retry-After".to_owned(), json!({"$ref": "#/components/headers/RetryAfter"}));
    }
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    json!({"description": about, "headers": headers, "content": {"application/problem+json": {"schema": schema}}})
}

fn headers() -> Value {
    let number = |about: &str| json!({"description": about, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "RateLimit-Limit": number("Requests a minute."),
        "RateLimit-Remaining": number("Requests left in this minute."),
        "RateLimit-Reset": number("Seconds until the minute is over."),
        "RetryAfter": number("Seconds after which trying again makes sense."),
        "Idempotency-Replayed": {"description": "`true` when this answer was given before.", "schema": {"type": "string", "enum": ["true"]}},
    })
}

fn rate_headers() -> Map<String, Value> {
    let names = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];
    names.iter().map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))).collect()
}

/// Adds what the table knows to an operation.
fn complete(operation: &mut Map<String, Value>, route: &Route) {
    let writes = route.method != Method::GET;
    let has_body = operation.contains_key("requestBody");
    let has_query = parameters(operation).any(|parameter| parameter["in"] == "query");
    let has_path = route.path.contains('{');
    if let Some(needs) = route.needs.operation() {
        describe_needs(operation, needs);
    } else {
        operation.insert("security".to_owned(), json!([]));
    }
    operation.entry("responses").or_insert_with(|| json!({}));
    let mut statuses = vec![401, 429, 500, 503];
    let guarded = route.needs.operation().is_some();
    statuses.extend(guarded.then_some(403));
    statuses.extend((has_path || (guarded && writes)).then_some(404));
    statuses.extend((guarded && writes).then_some(409));
    statuses.extend((has_query || (guarded && writes)).then_some(422));
    if has_body {
        statuses.extend([400, 413, 415]);
    } else if guarded && writes {
        statuses.push(413);
    }
    // A reading that needs more than the database says itself that it may not be possible now.
    statuses.extend(operation["responses"].get("409").is_some().then_some(409));
    statuses.sort_unstable();
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let successes: Vec<&mut Value> = responses.as_object_mut().into_iter().flat_map(Map::values_mut).collect();
    for success in successes {
        let mut headers = rate_headers();
        if guarded && writes {
            headers.insert("Idempotency-Replayed".to_owned(), json!({"$ref": "#/components/headers/Idempotency-Replayed"}));
        }
        success["headers"] = Value::Object(headers);
    }
    for status in statuses {
        let (_, name, _) = PROBLEMS.iter().find(|(listed, ..)| *listed == status).expect("every status is in the list");
        responses[status.to_string()] = json!({"$ref": format!("#/components/responses/{name}")});
    }
    if guarded && writes {
        let list = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
        }
    }
    let id = format!("{} {}", route.method.as_str().to_lowercase(), route.path.trim_start_matches("/api/v1/"));
    operation.insert("operationId".to_owned(), Value::String(id.replace([' ', '/', '-', '.'], "_").replace(['{', '}'], "")));
}

fn parameters(operation: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
}

fn describe_needs(operation: &mut Map<String, Value>, needs: Operation) {
    let security = match needs.token_scope() {
        Some(_) => json!([{"token": []}, {"session": []}]),
        None => json!([{"session": []}]),
    };
    operation.insert("security".to_owned(), security);
    operation.insert("x-operation".to_owned(), json!(needs.id()));
    operation.insert("x-scope".to_owned(), json!(needs.token_scope().map(|scope| scope.to_string())));
    operation
        .insert("x-step-up".to_owned(), json!(needs.freshness() == Freshness::StepUp && needs.callers() != Callers::Operator));
    let right = match needs.need() {
        Need::Nothing => json!(null),
        Need::SignedIn => json!("signed in"),
        Need::Right(right) => json!(right.id()),
        Need::AnyRight(any) => json!(any.iter().map(|right| right.id()).collect::<Vec<_>>()),
        Need::Level(levels) => json!(levels.iter().map(|level| level.id()).collect::<Vec<_>>()),
    };
    operation.insert("x-right".to_owned(), right);
}
