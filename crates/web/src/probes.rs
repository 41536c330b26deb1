//! `/healthz` (the process lives), `/readyz` (it can serve), `/metrics` (Prometheus text).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use desk::db::SchemaState;
use http::{StatusCode, header};

use crate::state::WebState;

/// The process answers. Nothing else is looked at, so that a slow database does not get the process killed.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Whether requests should be sent here: the database answers with the right schema and the server is not about to stop.
pub(crate) async fn ready(State(state): State<WebState>) -> Response {
    if state.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.desk.db().schema_state().await {
        Ok(SchemaState::Current) => "ready\n".into_response(),
        Ok(other) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the database schema is not current: {other:?}\n")).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "readiness: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Metrics for a scraper. They hold counts and durations, never names or addresses; keep the port inside the network all the same.
pub(crate) async fn metrics(State(state): State<WebState>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.metrics)()).into_response()
}
