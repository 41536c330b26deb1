//! What a caller is told when something did not happen: an RFC 9457 problem document on the API, a page or a way on in the browser.
//!
//! Invariant: nothing of the inside (SQL, paths, keys) is ever part of an answer; a failure inside is logged and told as a failure.

use axum::{
    Json,
    response::{IntoResponse, Redirect, Response},
};
use desk::{Error, Refusal};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;

use crate::ui::{
    button::Button,
    layout::{DoorFrame, door, problem_at_door},
};

/// A kind of problem, as the API documentation explains it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The last part of a problem's `type`.
    pub id: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The kind in words.
    pub title: &'static str,
    /// What it means and what to do.
    pub about: &'static str,
}

const fn kind(id: &'static str, status: u16, title: &'static str, about: &'static str) -> Kind {
    Kind { id, status, title, about }
}

/// Every kind there is. [`Problem::new`] takes no other.
pub const KINDS: &[Kind] = &[
    kind("json", 400, "Not JSON", "The body could not be read. Look at what was sent; the detail says where reading ended."),
    kind("form", 422, "The form could not be read", "A browser's form was sent in a way that cannot be read."),
    kind("query", 400, "The address could not be read", "The part after the question mark is not a query."),
    kind(
        "sign-in-needed",
        401,
        "Sign-in needed",
        "There is no token, or it was revoked, has expired, or its person is suspended.",
    ),
    kind("suspended", 403, "Account suspended", "Ask an administrator to restore the account."),
    kind(
        "second-factor-needed",
        403,
        "Second factor needed",
        "The workspace asks this person for a second factor; set it up in the browser.",
    ),
    kind(
        "step-up-needed",
        403,
        "Fresh proof of identity needed",
        "Prove in the browser that it is you, then try again. Tokens are never asked.",
    ),
    kind("scope-needed", 403, "Token scope missing", "Make a token with the scope that the detail names."),
    kind(
        "not-allowed",
        403,
        "Not allowed",
        "The person lacks the right, or tokens may not do this. An administrator can give rights.",
    ),
    kind("not-found", 404, "Not found", "Nothing is there, or nothing that the caller may know of."),
    kind("method", 405, "Method not allowed", "The address answers other methods; the Allow header lists them."),
    kind(
        "conflict",
        409,
        "Conflict",
        "The request fits the schema but not the present state; `errors` names the fields concerned.",
    ),
    kind(
        "idempotency-under-way",
        409,
        "Request under way",
        "A request with this key has not ended. Wait; if it stays so, look whether it was done.",
    ),
    kind("too-large", 413, "Body too large", "Send less at once."),
    kind("content-type", 415, "JSON needed", "Send the body as application/json."),
    kind("invalid", 422, "Input does not fit", "`errors` names each field that does not fit the schema."),
    kind(
        "idempotency-key-reused",
        422,
        "Idempotency key reused",
        "Use a fresh key for each request; the same one only to send the same request again.",
    ),
    kind("too-many", 429, "Too many attempts", "Wait as long as Retry-After says."),
    kind("rate-limited", 429, "Too many requests", "Wait as long as Retry-After says; RateLimit-Remaining tells in time."),
    kind("failed", 500, "Failed", "Something failed inside; the operator finds it in the server's log."),
    kind("unavailable", 503, "Temporarily unavailable", "Try again after a moment; nothing was changed."),
];

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What kind of problem, as a relative URI into the API documentation.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time and what to do.
    pub detail: String,
    /// Fields that do not fit, in the order of the form.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldProblem>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<i64>,
}

/// One field that does not fit.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Problem {
    /// A problem of one kind.
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        debug_assert!(KINDS.iter().any(|known| known.id == kind), "`{kind}` is missing in KINDS");
        Self {
            kind: format!("/api/docs#problem-{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Refused(Refusal::SignInNeeded) => Self::new(
                StatusCode::UNAUTHORIZED,
                "sign-in-needed",
                "Sign-in needed",
                "send an API token as `Authorization: Bearer …`",
            ),
            Error::Refused(Refusal::Suspended) => Self::new(StatusCode::FORBIDDEN, "suspended", "Account suspended", detail),
            Error::Refused(Refusal::SecondFactorNeeded) => {
                Self::new(StatusCode::FORBIDDEN, "second-factor-needed", "Second factor needed", detail)
            }
            Error::Refused(Refusal::StepUpNeeded(_)) => {
                Self::new(StatusCode::FORBIDDEN, "step-up-needed", "Fresh proof of identity needed", detail)
            }
            Error::Refused(Refusal::ScopeNeeded(_)) => {
                Self::new(StatusCode::FORBIDDEN, "scope-needed", "Token scope missing", detail)
            }
            Error::Refused(
                Refusal::RightNeeded(_)
                | Refusal::PersonNeeded(_)
                | Refusal::OperatorNeeded(_)
                | Refusal::GuestNeeded(_)
                | Refusal::AgentsFrozen,
            ) => Self::new(StatusCode::FORBIDDEN, "not-allowed", "Not allowed", detail),
            Error::Invalid(invalid) => {
                let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Input does not fit", detail);
                problem.errors = invalid
                    .fields
                    .into_iter()
                    .map(|(field, problem)| FieldProblem { field: field.to_owned(), problem })
                    .collect();
                problem
            }
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail),
            Error::TooMany { until } => {
                let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many attempts", detail);
                let now = jiff::Timestamp::now().as_millisecond();
                problem.retry_after_s = Some(((until.0 - now).max(0) + 999) / 1_000);
                problem
            }
            Error::Database(error) if error.is_transient() => {
                tracing::warn!(%error, "the database could not serve a request");
                let mut problem = Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "Temporarily unavailable",
                    "the desk is overloaded or its database does not answer; try again",
                );
                problem.retry_after_s = Some(2);
                problem
            }
            Error::Database(_) | Error::Sealed(_) | Error::Internal(_) => {
                tracing::error!(error = %detail, "a request failed inside");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "failed",
                    "Failed",
                    "something failed inside; it is in the server's log, and `gatepost check` on the server says more",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry) = (self.status(), self.retry_after_s);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An error on its way to a browser.
#[derive(Debug)]
pub struct PageError {
    error: Error,
    /// Where the person wanted to go, to come back after signing in.
    wanted: Option<String>,
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self { error, wanted: None }
    }
}

impl PageError {
    /// An error on the way to an address, to which the person comes back.
    pub(crate) fn at(error: Error, request: &Parts) -> Self {
        let wanted = (request.method == http::Method::GET)
            .then(|| request.uri.path_and_query().map(|wanted| wanted.as_str().to_owned()))
            .flatten();
        Self { error, wanted }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let then = self.wanted.as_deref().filter(|wanted| *wanted != "/").map(encode_query);
        let with_then = |path: &str| match &then {
            Some(then) => format!("{path}?then={then}"),
            None => path.to_owned(),
        };
        match &self.error {
            Error::Refused(Refusal::SignInNeeded) => Redirect::to(&with_then("/sign-in")).into_response(),
            Error::Refused(Refusal::SecondFactorNeeded) => Redirect::to("/account/second-factor").into_response(),
            Error::Refused(Refusal::StepUpNeeded(_)) => Redirect::to(&with_then("/step-up")).into_response(),
            _ => {
                let told = Problem::from(self.error);
                let home = Button::link("Go to the home page", "/");
                let mut detail = told.detail.clone();
                if let Some(first) = detail.get(..1) {
                    detail = format!("{}{}.", first.to_uppercase(), &detail[1..]);
                }
                let body = problem_at_door(&detail, &[home]);
                let frame = DoorFrame { title: told.title.clone(), workspace: "Gatepost".to_owned(), ..DoorFrame::default() };
                (told.status(), door(&frame, &body)).into_response()
            }
        }
    }
}

/// Percent-encodes a text as one query value (RFC 3986, section 2.3: unreserved characters stay).
pub(crate) fn encode_query(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// What page handlers return.
pub type PageResult = Result<Response, PageError>;

#[cfg(test)]
mod tests {
    use super::encode_query;

    #[test]
    fn a_path_becomes_one_query_value() {
        assert_eq!(encode_query("/people?text=a&b"), "%2Fpeople%3Ftext%3Da%26b");
    }
}
