//! Calls that platforms make to us, at `/hooks/{profile}`: outside the gate, because a platform has no session; the connector checks each.
//!
//! Invariants: a body over the limit is refused while it arrives; an address that calls too often is asked to wait; "received" is
//! answered when the events are on record; what is answered to anybody else says nothing about the profile.

use std::net::SocketAddr;

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, Path, Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use desk::{
    capture::connections::{self, Delivery, HookError},
    ids::ProfileId,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{address::client_address, state::WebState};

/// The largest call: a homeserver sends a hundred events of 64 KiB at once.
pub const HOOK_BODY_MAX: usize = 8 * 1024 * 1024;
/// Calls from one address in a minute: what the busiest platform allows itself, several times.
pub const HOOK_CALLS_MAX: u32 = 3_000;

/// The routes, outside the table: there is no session to guard.
pub(crate) fn router() -> Router<WebState> {
    Router::new().route("/hooks/{profile}", any(at_root)).route("/hooks/{profile}/{*path}", any(below))
}

async fn at_root(State(state): State<WebState>, Path(profile): Path<String>, request: Request) -> Response {
    answer(deliver(&state, &profile, "", request).await)
}

async fn below(State(state): State<WebState>, Path((profile, path)): Path<(String, String)>, request: Request) -> Response {
    answer(deliver(&state, &profile, &path, request).await)
}

fn answer(answer: Result<Response, HookError>) -> Response {
    answer.unwrap_or_else(|error| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        (status, format!("{error}\n")).into_response()
    })
}

async fn deliver(state: &WebState, profile: &str, path: &str, request: Request) -> Result<Response, HookError> {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| client_address(peer, &parts.headers, &state.options.trusted_proxies));
    let allowance = state.hook_limits.take(None, address, state.desk.now());
    if !allowance.granted {
        return Ok(allowance.refusal());
    }
    let profile: ProfileId = profile.parse().map_err(|_| HookError::Unknown)?;
    let Ok(body) = to_bytes(body, HOOK_BODY_MAX).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let reception = state.reception.as_ref().ok_or(HookError::Unknown)?;
    let intake = reception.intake().ok_or(HookError::Later)?;
    let headers = headers_of(&parts.headers);
    let delivery = Delivery {
        method: parts.method.as_str(),
        path,
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
        now_ms: state.desk.now().0,
    };
    let received = connections::deliver(&intake, reception.connectors(), profile, delivery).await?;
    let status = StatusCode::from_u16(received.status).unwrap_or(StatusCode::OK);
    let media_type = HeaderValue::from_static(received.media_type);
    Ok((status, [(header::CONTENT_TYPE, media_type)], received.body).into_response())
}

/// Names in lower case with their values; a value that is not text is left out, as no platform signs with one.
fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let text =
        |(name, value): (&http::HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    headers.iter().filter_map(text).collect()
}
