//! `Idempotency-Key`: the same request sent again gets the answer of the first time and changes nothing.
//!
//! Invariants: a request that began is carried to its end and its answer remembered even when the caller hangs up; an answer that
//! changed nothing (4xx, 503) is not remembered, so that trying again makes sense; any other end keeps the key, so that
//! nothing is ever done twice. What is remembered is sealed by the desk.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use desk::idempotency::{self, Answer, Found};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use uuid::Uuid;

use super::input::{misfit, too_large};
use crate::{gate::Caller, problem::Problem, state::BODY_MAX, state::WebState};

/// The request header.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key: a UUID has 36. The pattern in the OpenAPI document says the same.
const KEY_MIN: usize = 8;
const KEY_MAX: usize = 128;
/// Bytes of a request with a key: a piece of a file is the largest.
const KEYED_BYTES_MAX: usize = if super::media::PIECE_BYTES_MAX > BODY_MAX { super::media::PIECE_BYTES_MAX } else { BODY_MAX };
/// What a key may look like, for the document.
pub(crate) const KEY_PATTERN: &str = "^[A-Za-z0-9._~-]{8,128}$";
/// Headers of an answer that are given again.
const KEPT: [HeaderName; 2] = [header::CONTENT_TYPE, header::LOCATION];

/// Lets a request through once.
pub(crate) async fn once(State(state): State<WebState>, caller: Caller, request: Request, next: Next) -> Response {
    let Some(value) = request.headers().get(KEY) else { return next.run(request).await };
    if *request.method() == Method::GET {
        return next.run(request).await;
    }
    let Some(key) = value.to_str().ok().filter(|key| is_key(key)).map(str::to_owned) else {
        return misfit("Idempotency-Key", "8 to 128 letters, digits, dots, hyphens, underscores or tildes").into_response();
    };
    let actor = caller.actor();
    let Some(owner) = actor.token().map(|id| id.0).or(actor.person().map(|id| id.0)) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    // The route's own limit still holds: it is looked at when the handler reads the body.
    let Ok(body) = to_bytes(body, KEYED_BYTES_MAX).await else { return too_large().into_response() };
    let address = parts.uri.path_and_query().map_or("/", |address| address.as_str());
    let whole = [parts.method.as_str().as_bytes(), b" ", address.as_bytes(), b"\n", &body].concat();
    match idempotency::claim(&state.desk, owner, &key, &whole).await {
        Ok(Found::Nothing) => {}
        Ok(Found::Answer(answer)) => return replay(answer),
        Ok(Found::AnotherRequest) => return another_request().into_response(),
        Ok(Found::UnderWay) => return under_way().into_response(),
        Err(error) => return Problem::from(error).into_response(),
    }
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own, which ends even when the caller hangs up and this future is dropped.
    let done = tokio::spawn(async move { carry_out(&state, owner, &key, next.run(request).await).await });
    done.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request with an idempotency key broke off");
        Problem::from(desk::Error::Internal("a handler broke off".to_owned())).into_response()
    })
}

fn is_key(key: &str) -> bool {
    (KEY_MIN..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
}

async fn carry_out(state: &WebState, owner: Uuid, key: &str, response: Response) -> Response {
    let status = response.status();
    if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE {
        if let Err(error) = idempotency::forget(&state.desk, owner, key).await {
            tracing::warn!(%error, "an idempotency key could not be given back");
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return Problem::from(desk::Error::Internal("an answer is too large to be remembered".to_owned())).into_response();
    };
    let text = |name: &HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = Answer {
        status: status.as_u16(),
        headers: KEPT.iter().filter_map(|name| Some((name.to_string(), text(name)?))).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    if let Err(error) = idempotency::remember(&state.desk, owner, key, &answer).await {
        tracing::error!(%error, "an answer could not be remembered; the same key will say that it is under way");
    }
    Response::from_parts(parts, Body::from(body))
}

fn replay(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn another_request() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "Idempotency key reused",
        "this Idempotency-Key was sent with another request; use a fresh key for each request",
    )
}

fn under_way() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "idempotency-under-way",
        "Request under way",
        "a request with this Idempotency-Key is under way or broke off; look whether it was done before you use another key",
    )
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn a_key_is_long_enough_and_plain() {
        assert!(is_key("01960000-0000-7000-8000-000000000000"));
        assert!(!is_key("short"));
        assert!(!is_key("with blank"));
        assert!(!is_key(&"a".repeat(129)));
    }
}
