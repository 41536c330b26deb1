//! The second half of a sign-in.

use axum::response::{IntoResponse, Redirect};
use desk::{
    Error,
    sign_in::{self, Methods},
};
use http::HeaderMap;
use maud::{Render, html};

use super::{CEREMONY_COOKIE, Said, challenge, door_page, enter, safe_path, sign_in::start_again, with_then};
use crate::{
    frame::{Ctx, Fields, QueryFields},
    gate::{cookie, user_agent},
    people::field,
    problem::PageResult,
    ui::{
        field::{CodeField, FieldFrame, TextField},
        form::Form,
        layout::door::or,
        passkey::{Ceremony, PasskeyForm},
    },
};

fn ceremony(headers: &HeaderMap) -> &str {
    cookie(headers, CEREMONY_COOKIE).unwrap_or_default()
}

/// `GET /sign-in/second-factor`
pub(crate) async fn show(ctx: Ctx, headers: HeaderMap, QueryFields(query): QueryFields) -> PageResult {
    page(&ctx, &headers, query.get("then"), "totp", Said::nothing()).await
}

async fn page(ctx: &Ctx, headers: &HeaderMap, then: &str, kind: &str, said: Said) -> PageResult {
    let methods = match sign_in::second_factor_methods(ctx.desk(), ceremony(headers)).await {
        Ok(methods) => methods,
        Err(error) => return start_again(ctx, then, error).await,
    };
    let then = safe_path(then);
    let hidden = vec![("then".to_owned(), then.to_owned())];
    let passkey = PasskeyForm {
        action: "/sign-in/second-factor/passkey".to_owned(),
        start: "/sign-in/second-factor/passkey/start".to_owned(),
        label: "Use your passkey".to_owned(),
        ceremony: Ceremony::Use,
        hidden: hidden.clone(),
    };
    let content = html! {
        @if methods.passkey { (passkey) @if kind != "totp" || said.invalid.fields.iter().any(|(name, _)| *name == "passkey") { (said.summary()) } }
        @if methods.passkey && methods.totp { div.needs-script { (or()) } }
        @if methods.totp { (code_form(&said, kind == "totp", &hidden)) }
        @if methods.recovery { (recovery(&said, kind == "recovery", methods, &hidden)) }
        p { a href=(with_then("/sign-in", then)) { "Sign in as somebody else" } }
    };
    let lead = "Your account asks for a second proof that it is you.";
    door_page(ctx, "Second factor", lead, said.status(), &content).await
}

fn code_form(said: &Said, said_here: bool, hidden: &[(String, String)]) -> Form {
    let frame = if said_here { field(&said.invalid, "code", CODE_LABEL) } else { FieldFrame::new("code", CODE_LABEL) };
    let code = CodeField { frame: frame.hint("Six digits; they change every 30 seconds."), digits: 6 };
    let mut form = Form::new("second-factor", "/sign-in/second-factor", vec![code.render()], "Go on");
    form.hidden = [hidden, &[("kind".to_owned(), "totp".to_owned())]].concat();
    if said_here {
        form.errors = said.summary();
    }
    form
}

const CODE_LABEL: &str = "Code from your authenticator app";

fn recovery(said: &Said, open: bool, methods: Methods, hidden: &[(String, String)]) -> maud::Markup {
    let label = "Recovery code";
    let problem = said.invalid.fields.iter().find(|(name, _)| open && *name == "code").map(|(_, text)| text.clone());
    let frame = FieldFrame { id: "recovery".to_owned(), ..FieldFrame::new("code", label) }.error(problem);
    let code = TextField { frame, autocomplete: Some("off"), length_max: Some(20), ..TextField::default() };
    let mut form = Form::new("recovery-form", "/sign-in/second-factor", vec![code.render()], "Use the recovery code");
    form.hidden = [hidden, &[("kind".to_owned(), "recovery".to_owned())]].concat();
    if open {
        form.errors = said.summary();
        for (id, _) in &mut form.errors.errors {
            if id == "code" {
                "recovery".clone_into(id);
            }
        }
    }
    // Only one of two forms is the way on; this one is for the day when the other cannot be.
    for button in &mut form.buttons {
        button.weight = crate::ui::button::Weight::Plain;
    }
    html! {
        details open[open || !(methods.totp || methods.passkey)] {
            summary { "I cannot use it: take a recovery code" }
            (form)
        }
    }
}

/// `POST /sign-in/second-factor`
pub(crate) async fn with_code(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let (ceremony, code, then) = (ceremony(&headers), fields.get("code"), fields.get("then"));
    let recovery = fields.get("kind") == "recovery";
    let shown = if recovery {
        sign_in::with_recovery_code(ctx.desk(), ctx.actor(), ceremony, code, user_agent(&headers)).await
    } else {
        sign_in::with_totp(ctx.desk(), ctx.actor(), ceremony, code, user_agent(&headers)).await
    };
    match shown {
        Ok(session) => {
            // Who used a recovery code has lost something: on to where it is replaced.
            let to = if recovery { "/account" } else { safe_path(then) };
            Ok(enter(Redirect::to(to).into_response(), &session))
        }
        Err(error @ Error::Conflict(_)) => start_again(&ctx, then, error).await,
        Err(error) => page(&ctx, &headers, then, if recovery { "recovery" } else { "totp" }, Said::of(error)?).await,
    }
}

/// `POST /sign-in/second-factor/passkey/start`
pub(crate) async fn start_passkey(ctx: Ctx, headers: HeaderMap) -> PageResult {
    Ok(challenge(&sign_in::start_second_passkey(ctx.desk(), ceremony(&headers)).await?))
}

/// `POST /sign-in/second-factor/passkey`
pub(crate) async fn with_passkey(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let (credential, then) = (fields.get("credential"), fields.get("then"));
    match sign_in::with_second_passkey(ctx.desk(), ctx.actor(), ceremony(&headers), credential, user_agent(&headers)).await {
        Ok(session) => Ok(enter(Redirect::to(safe_path(then)).into_response(), &session)),
        Err(error @ Error::Conflict(_)) => start_again(&ctx, then, error).await,
        Err(error) => page(&ctx, &headers, then, "passkey", Said::of(error)?).await,
    }
}
