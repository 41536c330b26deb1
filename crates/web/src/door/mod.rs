//! The door: sign-in, links, second factor, step-up, sign-out.
//!
//! Invariants: what was typed stays, except secrets; a half-finished sign-in lives in a cookie of its own, never in an address; the way
//! back after the door is always a path of this desk.

mod link;
mod second_factor;
mod sign_in;
mod step_up;

use axum::{
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use desk::{
    Error, Invalid,
    rights::Operation,
    sign_in::{CEREMONY_MS, Code, NewSession, PasskeyChallenge, SESSION_AGE_MAX_MS},
    workspace,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::Markup;

pub(crate) use step_up::step_up_instead;

use crate::{
    frame::Ctx,
    gate::{SESSION_COOKIE, cookie},
    people::sentence,
    problem::{PageError, PageResult, encode_query},
    routes::{Route, form, page},
    state::BODY_MAX,
    ui::{
        form::ErrorSummary,
        layout::{DoorFrame, door},
    },
};

/// The code of a sign-in that waits for a second factor.
const CEREMONY_COOKIE: &str = "__Host-ceremony";
/// The code of a passkey ceremony.
const PASSKEY_COOKIE: &str = "__Host-passkey";
/// Bytes of an address to come back to; longer ones lead home.
const THEN_MAX: usize = 2_000;

/// The routes of the door.
pub(crate) fn routes() -> Vec<Route> {
    use Operation as O;
    vec![
        page("/sign-in", O::SignIn, get(sign_in::show)),
        form("/sign-in", O::SignIn, post(sign_in::with_password)),
        form("/sign-in/passkey/start", O::SignIn, post(sign_in::start_passkey)),
        form("/sign-in/passkey", O::SignIn, post(sign_in::with_passkey)),
        page("/sign-in/second-factor", O::SignIn, get(second_factor::show)),
        form("/sign-in/second-factor", O::SignIn, post(second_factor::with_code)),
        form("/sign-in/second-factor/passkey/start", O::SignIn, post(second_factor::start_passkey)),
        form("/sign-in/second-factor/passkey", O::SignIn, post(second_factor::with_passkey)),
        page("/forgotten", O::RequestReset, get(sign_in::forgotten)),
        form("/forgotten", O::RequestReset, post(sign_in::request_reset)),
        page("/door/{code}", O::UseLink, get(link::show)),
        form("/door/{code}", O::UseLink, post(link::with_password)),
        form("/door/{code}/passkey/start", O::UseLink, post(link::start_passkey)),
        form("/door/{code}/passkey", O::UseLink, post(link::with_passkey)),
        page("/step-up", O::StepUp, get(step_up::show)),
        // What is kept for afterwards comes encoded once more, so that it takes up to three times its room.
        form("/step-up", O::StepUp, post(step_up::with_password)).with_body_max(3 * BODY_MAX),
        form("/step-up/passkey/start", O::StepUp, post(step_up::start_passkey)).with_body_max(3 * BODY_MAX),
        form("/step-up/passkey", O::StepUp, post(step_up::with_passkey)).with_body_max(3 * BODY_MAX),
        form("/sign-out", O::SignOut, post(sign_in::sign_out)),
    ]
}

/// A page of the door.
async fn door_page(ctx: &Ctx, title: &str, lead: &str, status: StatusCode, content: &Markup) -> PageResult {
    let mut reader = ctx.desk().db().read().await.map_err(Error::from)?;
    let workspace = workspace::current(&mut reader).await?;
    let frame = DoorFrame {
        title: title.to_owned(),
        lead: (!lead.is_empty()).then(|| lead.to_owned()),
        workspace: workspace.map_or_else(|| "Gatepost".to_owned(), |workspace| workspace.name),
        ..DoorFrame::default()
    };
    Ok((status, door(&frame, content)).into_response())
}

/// What the door says about an attempt that did not work: problems of fields, and one sentence for the rest. Failures inside go on.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) invalid: Invalid,
    general: Option<String>,
    status: StatusCode,
}

impl Said {
    /// Nothing to say yet.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// What an error means to the person in front of the door.
    pub(crate) fn of(error: Error) -> Result<Self, PageError> {
        let status = match &error {
            Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::Refused(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        match error {
            Error::Invalid(invalid) => Ok(Self { invalid, general: None, status }),
            Error::TooMany { .. } | Error::Conflict(_) | Error::Refused(desk::Refusal::Suspended) => {
                Ok(Self { invalid: Invalid::new(), general: Some(sentence(&error.to_string())), status })
            }
            error => Err(error.into()),
        }
    }

    /// Above the form.
    pub(crate) fn summary(&self) -> ErrorSummary {
        let mut summary = crate::people::summary(&self.invalid);
        // What belongs to no field of the page has nothing to lead to.
        for (field, _) in &mut summary.errors {
            if field == "passkey" {
                field.clear();
            }
        }
        summary.errors.extend(self.general.iter().map(|text| (String::new(), text.clone())));
        summary
    }

    /// The status of the page that says it.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

/// A path of this desk to go on to; anything else leads home.
pub(crate) fn safe_path(text: &str) -> &str {
    let inside = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && text.len() <= THEN_MAX
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if inside { text } else { "/" }
}

/// An address of the door that remembers where to go on to.
fn with_then(path: &str, then: &str) -> String {
    match safe_path(then) {
        "/" => path.to_owned(),
        then => format!("{path}?then={}", encode_query(then)),
    }
}

fn set_cookie(response: &mut Response, name: &str, value: &str, age_s: i64) {
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age_s}");
    // Our codes are base64url; anything else is no cookie of ours.
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// Through the door: the session's cookie, and on.
fn enter(mut response: Response, session: &NewSession) -> Response {
    set_cookie(&mut response, SESSION_COOKIE, session.cookie.reveal(), SESSION_AGE_MAX_MS / 1_000);
    set_cookie(&mut response, CEREMONY_COOKIE, "", 0);
    set_cookie(&mut response, PASSKEY_COOKIE, "", 0);
    response
}

/// On to the page for the second factor.
fn ask_second_factor(ceremony: &Code, then: &str) -> Response {
    let mut response = Redirect::to(&with_then("/sign-in/second-factor", then)).into_response();
    set_cookie(&mut response, CEREMONY_COOKIE, ceremony.reveal(), CEREMONY_MS / 1_000);
    response
}

/// The options of a passkey ceremony; its code goes into a cookie.
pub(crate) fn challenge(challenge: &PasskeyChallenge) -> Response {
    let mut response = axum::Json(&challenge.options).into_response();
    set_cookie(&mut response, PASSKEY_COOKIE, challenge.ceremony.reveal(), CEREMONY_MS / 1_000);
    response
}

/// The code of the passkey ceremony that the browser is in.
pub(crate) fn passkey_ceremony(headers: &HeaderMap) -> &str {
    cookie(headers, PASSKEY_COOKIE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{safe_path, with_then};

    #[test]
    fn the_way_on_stays_inside_the_desk() {
        assert_eq!(safe_path("/people?q=a"), "/people?q=a");
        for outside in
            ["", "people", "//elsewhere.test", "https://elsewhere.test", "/\\elsewhere.test", "/a\nb", &"/a".repeat(2_000)]
        {
            assert_eq!(safe_path(outside), "/", "{outside}");
        }
        assert_eq!(with_then("/sign-in", "//elsewhere.test"), "/sign-in");
        assert_eq!(with_then("/sign-in", "/people"), "/sign-in?then=%2Fpeople");
    }
}
