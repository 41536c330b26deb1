//! Password, authenticator apps, passkeys, recovery codes on the account page, and their set-up.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::FactorId,
    sign_in::{self, Factors, TotpSetup},
};
use http::HeaderMap;
use maud::{Render, html};

use super::{codes_page, crumbs, post_button};
use crate::{
    door::{challenge, passkey_ceremony},
    frame::{Ctx, Fields},
    lists::stack,
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Tone,
        button::{Button, Size},
        facts::{Card, Facts},
        feedback::Banner,
        field::{CodeField, TextField},
        form::Form,
        layout::{Room, door::or},
        nav::PageHead,
        passkey::{Ceremony, PasskeyForm},
        secret::{QrCode, Secret},
    },
};

/// The card of the account page.
pub(super) fn card(ctx: &Ctx, factors: &Factors) -> Card {
    let times = ctx.times();
    let password = html! {
        div.row {
            @match factors.password_changed_at {
                Some(at) => span { "Set " (times.relative(at)) },
                None => span { "None; you sign in with a passkey" },
            }
            (Button::link(if factors.password_changed_at.is_some() { "Change" } else { "Set one" }, "/account/password").with_size(Size::Small))
        }
    };
    let apps = html! {
        @if factors.totp.is_empty() { span.muted { "None" } }
        @for app in &factors.totp {
            div.row { span { (app.name) ", set up " (times.relative(app.created_at)) } (post_button(&format!("/account/factors/{}/remove", app.id), "Remove", &app.name)) }
        }
    };
    let passkeys = html! {
        @if factors.passkeys.is_empty() { span.muted { "None" } }
        @for key in &factors.passkeys {
            div.row {
                span { (key.name) ", added " (times.relative(key.created_at)) @if let Some(used) = key.last_used_at { ", used " (times.relative(used)) } }
                (post_button(&format!("/account/factors/{}/remove", key.id), "Remove", &key.name))
            }
        }
    };
    let codes = html! {
        div.row {
            span { (factors.recovery_codes_left) " unused" }
            @if !(factors.totp.is_empty() && factors.passkeys.is_empty()) { (post_button("/account/recovery-codes", "Make new ones", "recovery codes")) }
        }
    };
    let facts =
        Facts::new(vec![("Password", password), ("Authenticator apps", apps), ("Passkeys", passkeys), ("Recovery codes", codes)]);
    let add = Button::link("Add a second factor", "/account/second-factor").with_size(Size::Small);
    Card { title: "How you sign in".to_owned(), actions: vec![add], body: facts.render() }
}

/// `GET /account/second-factor`
pub(crate) async fn add_form(ctx: Ctx) -> PageResult {
    add_page(&ctx, &Invalid::new())
}

fn add_page(ctx: &Ctx, invalid: &Invalid) -> PageResult {
    let name = TextField {
        frame: field(invalid, "name", "Name of the device")
            .hint("So that you know it again, for example “Telephone”.")
            .optional(),
        autocomplete: Some("off"),
        length_max: Some(60),
        ..TextField::default()
    };
    let mut form = Form::new("totp", "/account/totp", vec![name.render()], "Set up an authenticator app");
    form.errors = summary(invalid);
    let passkey = PasskeyForm {
        action: "/account/passkeys".to_owned(),
        start: "/account/passkeys/start".to_owned(),
        label: "Add a passkey".to_owned(),
        ceremony: Ceremony::Make,
        hidden: Vec::new(),
    };
    let ways = html! {
        @if sign_in::passkeys_work(ctx.desk()) {
            div.needs-script { (passkey) p.hint { "This device, a telephone or a security key. It also signs you in alone, without the password." } (or()) }
        }
        (form)
    };
    let mut head = PageHead::new("Add a second factor");
    head.crumbs = crumbs();
    head.lead = Some("A stolen password is then not enough to act in your name.".to_owned());
    ctx.page("Add a second factor", Room::Settings).status(status_of(invalid)).show(&stack(&[&head, &ways]))
}

/// `POST /account/totp`
pub(crate) async fn start_totp(ctx: Ctx, fields: Fields) -> PageResult {
    match sign_in::start_totp(ctx.desk(), ctx.actor(), fields.get("name")).await {
        Ok(setup) => scan_page(&ctx, &setup, &Invalid::new()),
        Err(Error::Invalid(invalid)) => add_page(&ctx, &invalid),
        Err(error) => Err(error.into()),
    }
}

fn scan_page(ctx: &Ctx, setup: &TotpSetup, invalid: &Invalid) -> PageResult {
    let qr = QrCode { content: setup.url.reveal().to_owned(), label: "QR code for the authenticator app".to_owned() };
    let secret = Secret {
        id: "totp-secret".to_owned(),
        label: "Or type this key into the app".to_owned(),
        value: setup.secret.reveal().to_owned(),
        note: "Shown only now. Time-based, six digits, 30 seconds.".to_owned(),
    };
    let code = CodeField { frame: field(invalid, "code", "Code that the app shows now"), digits: 6 };
    let mut form = Form::new("totp-confirm", "/account/totp/confirm", vec![code.render()], "Switch it on");
    form.hidden = vec![("id".to_owned(), setup.id.to_string())];
    form.errors = summary(invalid);
    form.buttons.push(Button::link("Cancel", "/account"));
    let mut head = PageHead::new("Scan this with your app");
    head.crumbs = crumbs();
    let content = stack(&[&head, &qr, &secret, &form]);
    ctx.page("Scan this with your app", Room::Settings).status(status_of(invalid)).show(&content)
}

/// `POST /account/totp/confirm`
pub(crate) async fn confirm_totp(ctx: Ctx, fields: Fields) -> PageResult {
    let id: FactorId = fields.id("id")?;
    match sign_in::confirm_totp(ctx.desk(), ctx.actor(), id, fields.get("code")).await {
        Ok(Some(codes)) => codes_page(&ctx, "The app is switched on", &codes),
        Ok(None) => Ok(ctx.done("/account", "The app is switched on")),
        Err(Error::Invalid(invalid)) => {
            let setup = sign_in::resume_totp(ctx.desk(), ctx.actor(), id).await?;
            scan_page(&ctx, &setup, &invalid)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/passkeys/start`
pub(crate) async fn start_passkey(ctx: Ctx) -> PageResult {
    Ok(challenge(&sign_in::start_passkey(ctx.desk(), ctx.actor()).await?))
}

/// `POST /account/passkeys`
pub(crate) async fn add_passkey(ctx: Ctx, headers: HeaderMap, fields: Fields) -> PageResult {
    let (ceremony, credential) = (passkey_ceremony(&headers), fields.get("credential"));
    match sign_in::add_passkey(ctx.desk(), ctx.actor(), ceremony, credential, fields.get("name")).await {
        Ok(Some(codes)) => codes_page(&ctx, "The passkey is added", &codes),
        Ok(None) => Ok(ctx.done("/account", "The passkey is added")),
        Err(Error::Invalid(invalid)) => add_page(&ctx, &invalid),
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/recovery-codes`
pub(crate) async fn new_recovery_codes(ctx: Ctx) -> PageResult {
    let codes = sign_in::regenerate_recovery_codes(ctx.desk(), ctx.actor()).await?;
    codes_page(&ctx, "New recovery codes", &codes)
}

/// `POST /account/factors/{id}/remove`
pub(crate) async fn remove(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: FactorId = id.parse().map_err(|_| Error::NotFound("factor"))?;
    match sign_in::remove_factor(ctx.desk(), ctx.actor(), id).await {
        Ok(()) => Ok(ctx.done("/account", "Removed")),
        Err(Error::Conflict(reason)) => {
            let mut head = PageHead::new("It stays");
            head.crumbs = crumbs();
            let banner = Banner::new(Tone::Warning, crate::people::sentence(&reason))
                .action(Button::link("Add a second factor", "/account/second-factor"));
            ctx.page("It stays", Room::Settings).status(http::StatusCode::CONFLICT).show(&stack(&[&head, &banner]))
        }
        Err(error) => Err(error.into()),
    }
}
