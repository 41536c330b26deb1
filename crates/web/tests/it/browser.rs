//! A browser without a screen: requests to the whole edge, with or without a cookie.

use axum::{Router, body::Body};
use http::{Method, Request, Response, StatusCode, header};
use testkit::TestDesk;
use tower::ServiceExt as _;
use web::{WebOptions, WebState, gate::SESSION_COOKIE};

/// Bytes of an answer that a test reads at most.
const ANSWER_MAX: usize = 4 << 20;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Answer {
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The edge of a test desk.
pub fn edge(test: &TestDesk) -> Router {
    let state = WebState::new(test.desk.clone(), WebOptions::default(), std::sync::Arc::new(String::new));
    web::app(state)
}

/// Sends a form (or nothing) as a browser of this origin would.
pub async fn send(edge: &Router, method: Method, path: &str, cookie: Option<&str>, form: &str) -> Answer {
    let cookies = cookie.map(|cookie| format!("{SESSION_COOKIE}={cookie}")).unwrap_or_default();
    send_with(edge, method, path, &cookies, form).await
}

/// The same with whatever cookies.
pub async fn send_with(edge: &Router, method: Method, path: &str, cookies: &str, form: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "desk.example.test");
    if !cookies.is_empty() {
        request = request.header(header::COOKIE, cookies);
    }
    request = request.header("sec-fetch-site", "same-origin").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(Body::from(form.to_owned())).expect("a request");
    read(edge.clone().oneshot(request).await.expect("the edge always answers")).await
}

/// Reads a page.
pub async fn get(edge: &Router, path: &str, cookie: Option<&str>) -> Answer {
    send(edge, Method::GET, path, cookie, "").await
}

/// Posts a form.
pub async fn post(edge: &Router, path: &str, cookie: Option<&str>, form: &str) -> Answer {
    send(edge, Method::POST, path, cookie, form).await
}

async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, ANSWER_MAX).await.expect("an answer of a page's size");
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}
