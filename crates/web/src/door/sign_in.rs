//! Signing in with a password or a passkey, asking for a reset, signing out.

use axum::response::{IntoResponse, Redirect, Response};
use desk::{
    Error,
    sign_in::{self, Step},
};
use http::HeaderMap;
use maud::{Render, html};

use super::{Said, ask_second_factor, challenge, door_page, enter, passkey_ceremony, safe_path, set_cookie, with_then};
use crate::{
    frame::{Ctx, Fields, QueryFields},
    gate::{SESSION_COOKIE, user_agent},
    people::field,
    problem::PageResult,
    ui::{
        Tone,
        feedback::Banner,
        field::{PasswordField, PasswordUse, TextField, TextKind},
        form::Form,
        layout::door::or,
        passkey::{Ceremony, PasskeyForm},
    },
};

/// `GET /sign-in`
pub(crate) async fn show(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    if ctx.actor().session().is_some() {
        return Ok(Redirect::to(safe_path(query.get("then"))).into_response());
    }
    sign_in_page(&ctx, "", query.get("then"), &Said::nothing()).await
}

async fn sign_in_page(ctx: &Ctx, email: &str, then: &str, said: &Said) -> PageResult {
    let fields = vec![
        TextField {
            frame: field(&said.invalid, "email", "E-mail address"),
            kind: TextKind::Email,
            value: email.to_owned(),
            autocomplete: Some("username webauthn"),
            length_max: None,
        }
        .render(),
        PasswordField { frame: field(&said.invalid, "password", "Password"), usage: PasswordUse::Current }.render(),
    ];
    let then = safe_path(then);
    let hidden = vec![("then".to_owned(), then.to_owned())];
    let mut form = Form::new("sign-in", "/sign-in", fields, "Sign in");
    form.hidden.clone_from(&hidden);
    form.errors = said.summary();
    let passkey = PasskeyForm {
        action: "/sign-in/passkey".to_owned(),
        start: "/sign-in/passkey/start".to_owned(),
        label: "Sign in with a passkey".to_owned(),
        ceremony: Ceremony::UseWithAutofill,
        hidden,
    };
    let content = html! {
        (form)
        @if sign_in::passkeys_work(ctx.desk()) { div.needs-script { (or()) } (passkey) }
        p { a href="/forgotten" { "Password forgotten?" } }
    };
    door_page(ctx, "Sign in", "", said.status(), &content).await
}

/// `POST /sign-in`
pub(crate) async fn with_password(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let (email, then) = (fields.get("email"), fields.get("then"));
    let step = sign_in::with_password(ctx.desk(), ctx.actor(), email, fields.get("password"), user_agent(&headers)).await;
    match step {
        Ok(Step::Done(session)) => Ok(enter(Redirect::to(safe_path(then)).into_response(), &session)),
        Ok(Step::SecondFactorNeeded { ceremony, .. }) => Ok(ask_second_factor(&ceremony, then)),
        Err(error) => sign_in_page(&ctx, email, then, &Said::of(error)?).await,
    }
}

/// `POST /sign-in/passkey/start`
pub(crate) async fn start_passkey(ctx: Ctx) -> PageResult {
    Ok(challenge(&sign_in::start_passkey_sign_in(ctx.desk()).await?))
}

/// `POST /sign-in/passkey`
pub(crate) async fn with_passkey(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let (ceremony, credential) = (passkey_ceremony(&headers), fields.get("credential"));
    match sign_in::with_passkey(ctx.desk(), ctx.actor(), ceremony, credential, user_agent(&headers)).await {
        Ok(session) => Ok(enter(Redirect::to(safe_path(fields.get("then"))).into_response(), &session)),
        Err(error) => sign_in_page(&ctx, "", fields.get("then"), &Said::of(error)?).await,
    }
}

/// `GET /forgotten`
pub(crate) async fn forgotten(ctx: Ctx) -> PageResult {
    forgotten_page(&ctx, "", &Said::nothing()).await
}

async fn forgotten_page(ctx: &Ctx, email: &str, said: &Said) -> PageResult {
    let address = TextField {
        frame: field(&said.invalid, "email", "E-mail address"),
        kind: TextKind::Email,
        value: email.to_owned(),
        autocomplete: Some("username"),
        length_max: None,
    };
    let mut form = Form::new("forgotten", "/forgotten", vec![address.render()], "Ask for a reset");
    form.errors = said.summary();
    let content = html! { (form) p { a href="/sign-in" { "Back to sign-in" } } };
    let lead = "Your request is put on record. An administrator of people makes a link that works once and gives it to you.";
    door_page(ctx, "Password forgotten", lead, said.status(), &content).await
}

/// `POST /forgotten`
pub(crate) async fn request_reset(ctx: Ctx, fields: Fields) -> PageResult {
    match sign_in::request_reset(ctx.desk(), ctx.actor(), fields.get("email")).await {
        Ok(()) => {
            let text = "If there is an account with this address, your request is on record. Ask an administrator of people for the link.";
            let content = html! {
                (Banner::new(Tone::Info, "Request received").text(text))
                p { a href="/sign-in" { "Back to sign-in" } }
            };
            door_page(&ctx, "Password forgotten", "", Said::nothing().status(), &content).await
        }
        Err(error) => forgotten_page(&ctx, fields.get("email"), &Said::of(error)?).await,
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(ctx: Ctx) -> PageResult {
    sign_in::sign_out(ctx.desk(), ctx.actor()).await?;
    let mut response: Response = Redirect::to("/sign-in").into_response();
    set_cookie(&mut response, SESSION_COOKIE, "", 0);
    Ok(response)
}

/// The way back to the start when a half-finished sign-in is over.
pub(super) async fn start_again(ctx: &Ctx, then: &str, error: Error) -> PageResult {
    let said = Said::of(error)?;
    let content = html! {
        (said.summary())
        p { a.button href=(with_then("/sign-in", then)) { "Start again" } }
    };
    door_page(ctx, "Sign in", "", said.status(), &content).await
}
