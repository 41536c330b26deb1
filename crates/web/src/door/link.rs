//! What a single-use link opens: the first password or passkey, or a new password.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use desk::{
    Error,
    people::Person,
    sign_in::{self, Link, LinkKind, Step},
};
use http::HeaderMap;
use maud::{Render, html};

use super::{Said, ask_second_factor, challenge, door_page, enter, passkey_ceremony};
use crate::{
    account::codes_box,
    frame::{Ctx, Fields},
    gate::user_agent,
    people::field,
    problem::PageResult,
    ui::{
        field::{PasswordField, PasswordUse},
        form::Form,
        layout::door::or,
        passkey::{Ceremony, PasskeyForm},
    },
};

/// `GET /door/{code}`
pub(crate) async fn show(ctx: Ctx, Path(code): Path<String>) -> PageResult {
    match sign_in::look_at_link(ctx.desk(), &code).await {
        Ok((link, person)) => page(&ctx, &code, &link, &person, &Said::nothing()).await,
        Err(error) => gone(&ctx, error).await,
    }
}

async fn page(ctx: &Ctx, code: &str, link: &Link, person: &Person, said: &Said) -> PageResult {
    let (title, lead) = match link.kind {
        LinkKind::Setup | LinkKind::Invitation => ("Welcome", "Choose how you will sign in."),
        LinkKind::Reset => ("New password", "Every session of yours ends. A second factor is still asked for."),
    };
    let hint = "At least 12 characters. A few words that do not belong together are easy to keep.";
    let password = PasswordField { frame: field(&said.invalid, "password", "New password").hint(hint), usage: PasswordUse::New };
    // For password managers: which account this password belongs to.
    let account = html! { input type="hidden" name="username" autocomplete="username" value=(person.email); };
    let mut form = Form::new("link", format!("/door/{code}"), vec![account, password.render()], "Set the password");
    form.errors = said.summary();
    let passkey = PasskeyForm {
        action: format!("/door/{code}/passkey"),
        start: format!("/door/{code}/passkey/start"),
        label: "Use a passkey instead".to_owned(),
        ceremony: Ceremony::Make,
        hidden: Vec::new(),
    };
    let content = html! {
        p { "For " strong { (person.name) } ", " (person.email) }
        (form)
        @if link.kind != LinkKind::Reset && sign_in::passkeys_work(ctx.desk()) { div.needs-script { (or()) } (passkey) }
    };
    door_page(ctx, title, lead, said.status(), &content).await
}

async fn gone(ctx: &Ctx, error: Error) -> PageResult {
    if !matches!(error, Error::NotFound(_)) {
        return Err(error.into());
    }
    let lead = "It was used, has expired, or was replaced by a newer one. Ask whoever sent it for another.";
    let content = html! { p { a.button href="/sign-in" { "Go to sign-in" } } };
    door_page(ctx, "This link does not work", lead, http::StatusCode::NOT_FOUND, &content).await
}

/// Shows the link's page again with what was wrong, or that the link is gone.
async fn again(ctx: &Ctx, code: &str, error: Error) -> PageResult {
    if matches!(error, Error::NotFound(_)) {
        return gone(ctx, error).await;
    }
    let said = Said::of(error)?;
    match sign_in::look_at_link(ctx.desk(), code).await {
        Ok((link, person)) => page(ctx, code, &link, &person, &said).await,
        Err(error) => gone(ctx, error).await,
    }
}

/// `POST /door/{code}`
pub(crate) async fn with_password(ctx: Ctx, Path(code): Path<String>, headers: HeaderMap, fields: Fields) -> PageResult {
    let used =
        sign_in::use_link_with_password(ctx.desk(), ctx.actor(), &code, fields.get("password"), user_agent(&headers)).await;
    match used {
        // Home leads on to the set-up of a second factor when the person's rights ask for one.
        Ok(Step::Done(session)) => Ok(enter(Redirect::to("/").into_response(), &session)),
        Ok(Step::SecondFactorNeeded { ceremony, .. }) => Ok(ask_second_factor(&ceremony, "/")),
        Err(error) => again(&ctx, &code, error).await,
    }
}

/// `POST /door/{code}/passkey/start`
pub(crate) async fn start_passkey(ctx: Ctx, Path(code): Path<String>) -> PageResult {
    Ok(challenge(&sign_in::start_passkey_with_link(ctx.desk(), &code).await?))
}

/// `POST /door/{code}/passkey`
pub(crate) async fn with_passkey(ctx: Ctx, Path(code): Path<String>, headers: HeaderMap, fields: Fields) -> PageResult {
    let (ceremony, credential) = (passkey_ceremony(&headers), fields.get("credential"));
    let agent = user_agent(&headers);
    match sign_in::use_link_with_passkey(ctx.desk(), ctx.actor(), &code, ceremony, credential, agent).await {
        Ok((session, codes)) => {
            let content = html! {
                (codes_box(&codes))
                p { a.button.button-primary href="/" { "I have kept them; go on" } }
            };
            let lead = "You are signed in. Keep these recovery codes: they are shown only now.";
            let page = door_page(&ctx, "Recovery codes", lead, http::StatusCode::OK, &content).await?;
            Ok(enter(page, &session))
        }
        Err(error) => again(&ctx, &code, error).await,
    }
}
