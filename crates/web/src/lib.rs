//! Pages, live updates, JSON API, sign-in at the edge. No SQL, no network calls, no business decisions.
//!
//! [`routes::routes`] is the table of everything that answers; [`app`] mounts it behind the layers that every answer passes.

pub mod account;
pub mod address;
pub mod api;
pub mod approvals;
pub mod assets;
pub mod attachments;
pub mod audit_log;
pub mod calendar;
pub mod canary;
pub mod connections;
pub mod door;
mod evidence;
pub mod frame;
pub mod gallery;
pub mod gate;
mod headers;
pub mod home;
pub mod hooks;
pub mod imports;
pub mod jobs;
mod lists;
pub mod live;
pub mod messages;
pub mod outside;
pub mod people;
mod places;
pub mod posts;
mod probes;
pub mod problem;
pub mod profiles;
mod public_log;
pub mod publishing;
mod publishing_held;
mod record;
pub mod rights;
pub mod routes;
pub mod search;
mod set_up;
pub mod settings;
mod state;
mod thread;
pub mod ui;
pub mod views;
mod word_lists;
pub mod workflows;

use std::time::Duration;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use desk::{Error, metric_names};
use http::{HeaderName, StatusCode};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

pub use state::{BODY_MAX, MetricsText, WebOptions, WebState};

/// How long a request may take; streams are not requests in this sense, they end with their connection, nor are uploads.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// The whole edge.
pub fn app(state: WebState) -> Router {
    let id = HeaderName::from_static("x-request-id");
    let mut router = routes::mount(&state, routes::Pace::Usual);
    if state.options.development {
        router = router.merge(gallery::router());
    }
    router
        .route("/healthz", get(probes::health))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .route("/log/{*path}", get(public_log::resource))
        .merge(assets::router())
        .merge(hooks::router())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_MAX))
        // What comes after the limit of time is not under it.
        .merge(routes::mount(&state, routes::Pace::Upload))
        .layer(CompressionLayer::new())
        .layer(CsrfLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), headers::add))
        .layer(middleware::from_fn(measure))
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::new(id, MakeRequestUuid))
        .with_state(state)
}

/// The log span of a request: method, route (not the address, which may hold a code) and request id.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let id = request.headers().get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), route, id)
}

async fn measure(request: Request, next: middleware::Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().to_string();
    let started = std::time::Instant::now();
    let response = next.run(request).await;
    let labels = [("method", method), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!(metric_names::HTTP_REQUESTS.name, &labels).increment(1);
    metrics::histogram!(metric_names::HTTP_DURATION.name, &labels[..2]).record(started.elapsed().as_secs_f64());
    response
}

async fn unknown(request: Request) -> Response {
    answer_for(&request, Error::NotFound("page"))
}

async fn wrong_method(request: Request) -> Response {
    let problem = problem::Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "Method not allowed",
        "this address does not answer this method; the API documentation lists what it does answer",
    );
    if request.uri().path().starts_with("/api/") {
        problem.into_response()
    } else {
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    }
}

fn answer_for(request: &Request, error: Error) -> Response {
    if request.uri().path().starts_with("/api/") {
        problem::Problem::from(error).into_response()
    } else {
        problem::PageError::from(error).into_response()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(payload: Box<dyn std::any::Any + Send>) -> Response {
    let said = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    tracing::error!(panic = said.unwrap_or("without words"), "a handler panicked");
    problem::PageError::from(Error::Internal("a handler panicked".to_owned())).into_response()
}
