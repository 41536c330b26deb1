//! Step-up: a fresh proof in front of a sensitive act, which goes on afterwards with everything that was typed.
//!
//! A form that came too late is kept inside the step-up page, encoded as it was sent, and offered again once the proof is given. It is
//! never sent on by itself: the person sees what is about to happen. Secrets among its fields are left out and typed again.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest as _, FromRequestParts as _, Request},
    response::{IntoResponse, Redirect, Response},
};
use desk::sign_in::{self, TypedFactor};
use http::{HeaderMap, Method, header};
use maud::{Markup, Render, html};

use super::{Said, challenge, passkey_ceremony, safe_path};
use crate::{
    frame::{Ctx, Fields, QueryFields},
    gate::Caller,
    lists::stack,
    people::field,
    problem::{PageResult, encode_query},
    routes::{Face, routes},
    state::{BODY_MAX, WebState},
    ui::{
        button::Button,
        field::{CodeField, PasswordField, PasswordUse},
        form::Form,
        layout::{Room, door::or},
        nav::PageHead,
        passkey::{Ceremony, PasskeyForm},
    },
};

/// Fields whose values never go back into a page.
const SECRETS: &[&str] = &["password", "current_password", "code", "credential"];

/// Where to go on to, and the form that was on its way there.
#[derive(Default)]
struct Kept {
    then: String,
    /// The path that the kept form was posted to; empty when there is none.
    action: String,
    /// The form as it was sent, without its secrets.
    body: String,
}

impl Kept {
    fn from_fields(fields: &Fields) -> Self {
        Self {
            then: fields.get("then").to_owned(),
            action: fields.get("kept_action").to_owned(),
            body: fields.get("kept_body").to_owned(),
        }
    }

    fn hidden(&self) -> Vec<(String, String)> {
        let mut hidden = vec![("then".to_owned(), safe_path(&self.then).to_owned())];
        if !self.action.is_empty() {
            hidden.push(("kept_action".to_owned(), self.action.clone()));
            hidden.push(("kept_body".to_owned(), self.body.clone()));
        }
        hidden
    }

    /// The way on after the proof: the kept form once more, or the page that was asked for.
    async fn go_on(&self, ctx: &Ctx) -> PageResult {
        if !is_form(&self.action) {
            return Ok(Redirect::to(safe_path(&self.then)).into_response());
        }
        let mut form = Form::new("kept", self.action.clone(), Vec::new(), "Go on with what you were doing");
        form.hidden = decoded(&self.body).await;
        form.buttons.push(Button::link("Leave it", "/"));
        let mut head = PageHead::new("Thank you, it is you");
        head.lead = Some("Nothing has been done yet. What you typed was kept; go on when you are ready.".to_owned());
        ctx.page("Go on", Room::Home).show(&stack(&[&head, &form]))
    }
}

/// The fields of a form as it was sent; none when it cannot be read.
async fn decoded(body: &str) -> Vec<(String, String)> {
    let request = Request::builder()
        .method(Method::POST)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .expect("a request made of constants");
    Fields::from_request(request, &()).await.map(|fields| fields.0).unwrap_or_default()
}

/// Whether a path is one that a form of this desk posts to, and not the door's own.
fn is_form(path: &str) -> bool {
    let matches = |pattern: &str| {
        let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(piece)) if part == piece || (part.starts_with('{') && !piece.is_empty()) => {}
                _ => return false,
            }
        }
    };
    safe_path(path) == path
        && !path.starts_with("/step-up")
        && routes().iter().any(|route| route.method == Method::POST && route.face == Face::Page && matches(route.path))
}

/// What a request gets whose operation asks for a fresh proof of identity: the way to give one, and back with what it brought.
pub(crate) async fn step_up_instead(state: &WebState, visit: &sign_in::Visit, request: Request) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str()).to_owned();
    if request.method() == Method::GET {
        return Redirect::to(&format!("/step-up?then={}", encode_query(&wanted))).into_response();
    }
    let plain = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let action = request.uri().path().to_owned();
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(Caller(std::sync::Arc::new(visit.clone())));
    let ctx = match Ctx::from_request_parts(&mut parts, state).await {
        Ok(ctx) => ctx,
        Err(problem) => return problem.into_response(),
    };
    let mut kept = Kept { then: "/".to_owned(), ..Kept::default() };
    if plain && let Ok(body) = to_bytes(body, BODY_MAX).await {
        kept.action = action;
        kept.body = without_secrets(&String::from_utf8_lossy(&body));
    }
    page(&ctx, &kept, &Said::nothing()).await.into_response()
}

/// The body of a form without the fields that never go back into a page.
fn without_secrets(body: &str) -> String {
    let kept = body.split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        !SECRETS.contains(&name)
    });
    kept.collect::<Vec<_>>().join("&")
}

/// `GET /step-up`
pub(crate) async fn show(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let kept = Kept { then: query.get("then").to_owned(), ..Kept::default() };
    page(&ctx, &kept, &Said::nothing()).await
}

async fn page(ctx: &Ctx, kept: &Kept, said: &Said) -> PageResult {
    let needs = sign_in::step_up_needs(ctx.desk(), ctx.actor()).await?;
    let typed = needs.password && (needs.methods.totp || needs.methods.recovery || !needs.methods.any());
    let mut fields: Vec<Markup> =
        vec![PasswordField { frame: field(&said.invalid, "password", "Password"), usage: PasswordUse::Current }.render()];
    if needs.methods.any() {
        let hint = if needs.methods.totp { "Six digits, or a recovery code." } else { "A recovery code." };
        let label = if needs.methods.totp { "Code from your authenticator app" } else { "Recovery code" };
        fields.push(CodeField { frame: field(&said.invalid, "code", label).hint(hint), digits: 12 }.render());
    }
    let mut form = Form::new("step-up", "/step-up", fields, "It is me");
    form.hidden = kept.hidden();
    form.errors = said.summary();
    let passkey = PasskeyForm {
        action: "/step-up/passkey".to_owned(),
        start: "/step-up/passkey/start".to_owned(),
        label: "Use your passkey".to_owned(),
        ceremony: Ceremony::Use,
        hidden: kept.hidden(),
    };
    let ways = html! {
        @if needs.methods.passkey { (passkey) @if !typed { (said.summary()) } }
        @if needs.methods.passkey && typed { div.needs-script { (or()) } }
        @if typed { (form) }
    };
    let mut head = PageHead::new("Is it still you?");
    head.lead = Some(if kept.action.is_empty() {
        "What you are about to see or do asks for a fresh proof. It counts for ten minutes.".to_owned()
    } else {
        "What you are about to do asks for a fresh proof. Nothing has been done yet, and what you typed is kept.".to_owned()
    });
    ctx.page("Is it still you?", Room::Home).status(said.status()).show(&stack(&[&head, &ways]))
}

/// `POST /step-up`
pub(crate) async fn with_password(ctx: Ctx, fields: Fields) -> PageResult {
    let (kept, code) = (Kept::from_fields(&fields), fields.get("code").trim());
    let digits = code.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit());
    let factor = match code.chars().filter(char::is_ascii_alphanumeric).count() {
        0 => None,
        // Six digits are an app's; a recovery code is longer.
        1..=6 if digits => Some(TypedFactor::Totp(code)),
        _ => Some(TypedFactor::Recovery(code)),
    };
    match sign_in::step_up(ctx.desk(), ctx.actor(), fields.get("password"), factor).await {
        Ok(()) => kept.go_on(&ctx).await,
        Err(error) => page(&ctx, &kept, &Said::of(error)?).await,
    }
}

/// `POST /step-up/passkey/start`
pub(crate) async fn start_passkey(ctx: Ctx) -> PageResult {
    Ok(challenge(&sign_in::start_passkey_step_up(ctx.desk(), ctx.actor()).await?))
}

/// `POST /step-up/passkey`
pub(crate) async fn with_passkey(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let kept = Kept::from_fields(&fields);
    let ceremony = passkey_ceremony(&headers);
    match sign_in::step_up_with_passkey(ctx.desk(), ctx.actor(), ceremony, fields.get("credential")).await {
        Ok(()) => kept.go_on(&ctx).await,
        Err(error) => page(&ctx, &kept, &Said::of(error)?).await,
    }
}

#[cfg(test)]
mod tests {
    use super::{decoded, is_form, without_secrets};

    #[test]
    fn only_forms_of_the_desk_are_offered_again() {
        assert!(is_form("/people/0197/suspend") && is_form("/grants"));
        for other in ["", "/", "/people//suspend", "//people/invite", "/step-up", "/nowhere", "https://elsewhere.test/grants"] {
            assert!(!is_form(other), "{other}");
        }
    }

    #[tokio::test]
    async fn what_was_typed_is_kept_and_secrets_are_not() {
        let kept = without_secrets("name=Ann+%26+Co&role=a&role=b&password=hidden&code=123456&empty=");
        let fields = decoded(&kept).await;
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("name", "Ann & Co"), ("role", "a"), ("role", "b"), ("empty", "")]);
    }
}
