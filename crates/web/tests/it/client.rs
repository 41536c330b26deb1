//! A client without a network: requests go straight into the router.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
};
use desk::{Time, ids::TokenId, rights::TokenScope, sign_in};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use testkit::{Somebody, TestDesk};
use tower::ServiceExt as _;
use web::{WebOptions, WebState, api::RateLimits, gate::SESSION_COOKIE};

/// Larger than any answer of a test.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
/// How long test tokens work.
const TOKEN_MS: i64 = 24 * 60 * 60 * 1_000;

/// Who asks.
#[derive(Debug, Clone)]
pub enum As {
    Nobody,
    Cookie(String),
    Token(String),
}

impl From<&Somebody> for As {
    fn from(somebody: &Somebody) -> Self {
        Self::Cookie(somebody.cookie.clone())
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The kind of problem, without the address of the documentation.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["type"].as_str().and_then(|kind| kind.split_once("#problem-")).expect("a kind").1.to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The edge over a test desk.
#[derive(Clone)]
pub struct Edge {
    router: Router,
}

impl Edge {
    pub fn new(desk: &TestDesk) -> Self {
        Self::limited(desk, RateLimits::new(u32::MAX, u32::MAX))
    }

    pub fn limited(desk: &TestDesk, limits: RateLimits) -> Self {
        let metrics: web::MetricsText = Arc::new(String::new);
        let state = WebState::new(desk.desk.clone(), WebOptions::default(), metrics).with_api_limits(limits);
        Self { router: web::app(state) }
    }

    /// Over a state of one's own.
    pub fn over(state: WebState) -> Self {
        Self { router: web::app(state) }
    }

    pub async fn send(&self, who: &As, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let (status, headers, bytes) = self.exchange(who, method, path, headers, body.map(str::as_bytes)).await;
        Answer { status, headers, text: String::from_utf8(bytes).expect("text") }
    }

    /// PUTs bytes as they are.
    pub async fn put_bytes(&self, who: &As, path: &str, bytes: &[u8]) -> Answer {
        let headers = [("content-type", "application/octet-stream")];
        let (status, headers, answer) = self.exchange(who, Method::PUT, path, &headers, Some(bytes)).await;
        Answer { status, headers, text: String::from_utf8(answer).expect("text") }
    }

    /// GETs, and answers with the body as it comes.
    pub async fn send_raw(&self, who: &As, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        self.exchange(who, Method::GET, path, headers, None).await.2
    }

    /// GETs, and answers with a body that comes bit by bit.
    pub async fn open(&self, who: &As, path: &str) -> BodyDataStream {
        let mut request = Request::builder().uri(path);
        if let As::Cookie(cookie) = who {
            request = request.header("cookie", format!("{SESSION_COOKIE}={cookie}"));
        }
        let response = self.respond(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }

    async fn respond(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("the router answers")
    }

    async fn exchange(
        &self,
        who: &As,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        match who {
            As::Nobody => {}
            As::Cookie(cookie) => request = request.header("cookie", format!("{SESSION_COOKIE}={cookie}")),
            As::Token(token) => request = request.header("authorization", format!("Bearer {token}")),
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.unwrap_or_default().to_vec())).expect("a request");
        let response = self.respond(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, ANSWER_MAX).await.expect("a body");
        (parts.status, parts.headers, bytes.to_vec())
    }

    pub async fn get(&self, who: &As, path: &str) -> Answer {
        self.send(who, Method::GET, path, &[], None).await
    }

    pub async fn post(&self, who: &As, path: &str, body: &Value) -> Answer {
        self.send(who, Method::POST, path, &[], Some(&body.to_string())).await
    }
}

/// Scopes by name.
pub fn scopes(names: &[&str]) -> Vec<TokenScope> {
    names.iter().map(|name| TokenScope::parse(name).expect("a scope")).collect()
}

/// A token of somebody's.
pub async fn token(desk: &TestDesk, of: &Somebody, scopes: Vec<TokenScope>) -> (TokenId, As) {
    let expires_at: Time = desk.desk.now().plus_ms(TOKEN_MS);
    let new = sign_in::NewToken { name: "test".to_owned(), scopes, expires_at, agent: false };
    let (id, secret) = sign_in::create_token(&desk.desk, &of.actor, &new).await.expect("a token");
    (id, As::Token(secret.reveal().to_owned()))
}
