//! The own account: who one is, how one signs in, where one is signed in, what acts in one's name.

mod factors;
mod sessions;
mod tokens;

use axum::routing::{get, post};
use desk::{
    Error, Invalid,
    people::{self, Preference, Theme},
    rights::Operation,
    sign_in::{self, RecoveryCodes},
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, stack, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    routes::{Route, form, page},
    ui::{
        Tone,
        button::Button,
        choice::{Choice, Select},
        facts::Card,
        feedback::Banner,
        field::{PasswordField, PasswordUse, TextField},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        secret,
    },
};

/// The routes of the own account, and of everybody's tokens.
pub(crate) fn routes() -> Vec<Route> {
    use Operation as O;
    vec![
        page("/account", O::AccountRead, get(show)),
        form("/account", O::AccountChange, post(change)),
        form("/account/theme", O::AccountChange, post(theme)),
        form("/account/letter-keys", O::AccountChange, post(letter_keys)),
        page("/account/password", O::PasswordChange, get(password_form)),
        form("/account/password", O::PasswordChange, post(change_password)),
        page("/account/second-factor", O::FactorAdd, get(factors::add_form)),
        form("/account/totp", O::FactorAdd, post(factors::start_totp)),
        form("/account/totp/confirm", O::FactorAdd, post(factors::confirm_totp)),
        form("/account/passkeys/start", O::FactorAdd, post(factors::start_passkey)),
        form("/account/passkeys", O::FactorAdd, post(factors::add_passkey)),
        form("/account/recovery-codes", O::FactorAdd, post(factors::new_recovery_codes)),
        form("/account/factors/{id}/remove", O::FactorRemove, post(factors::remove)),
        form("/account/sessions/{id}/end", O::SessionRevoke, post(sessions::end)),
        form("/account/sessions/end-others", O::SessionRevoke, post(sessions::end_others)),
        page("/account/tokens/new", O::TokenCreate, get(tokens::new_form)),
        form("/account/tokens", O::TokenCreate, post(tokens::create)),
        form("/account/tokens/{id}/revoke", O::TokenRevoke, post(tokens::revoke)),
        page("/tokens", O::TokensRead, get(tokens::everybodys)),
        form("/tokens/{id}/revoke", O::TokensRevoke, post(tokens::revoke_any)),
    ]
}

/// `GET /account`
async fn show(ctx: Ctx) -> PageResult {
    account_page(&ctx, None, &Invalid::new()).await
}

async fn account_page(ctx: &Ctx, typed: Option<&Fields>, invalid: &Invalid) -> PageResult {
    let mut head = PageHead::new("Your account");
    head.lead = Some(ctx.person()?.email.clone());
    let mut parts: Parts = vec![Box::new(head)];
    parts.push(Box::new(Card { title: "About you".to_owned(), actions: vec![], body: about(ctx, typed, invalid)?.render() }));
    let factors = sign_in::factors(ctx.desk(), ctx.actor()).await?;
    parts.push(Box::new(factors::card(ctx, &factors)));
    parts.push(Box::new(sessions::card(ctx).await?));
    parts.push(Box::new(tokens::card(ctx).await?));
    ctx.page("Your account", Room::Settings).live("access").status(status_of(invalid)).show(&stack_all(&parts))
}

fn about(ctx: &Ctx, typed: Option<&Fields>, invalid: &Invalid) -> Result<Form, crate::problem::PageError> {
    let person = ctx.person()?;
    let value = |name: &str, stored: &str| typed.map_or(stored, |typed| typed.get(name)).to_owned();
    let fields = vec![
        TextField {
            frame: field(invalid, "name", "Name").hint("As colleagues see it."),
            value: value("name", &person.name),
            autocomplete: Some("name"),
            length_max: Some(120),
            ..TextField::default()
        }
        .render(),
        TextField {
            frame: field(invalid, "time_zone", "Time zone")
                .hint("An IANA name, for example Europe/Berlin. Empty: the workspace's.")
                .optional(),
            value: value("time_zone", person.time_zone.as_deref().unwrap_or_default()),
            autocomplete: Some("off"),
            ..TextField::default()
        }
        .render(),
        Select {
            frame: field(invalid, "theme", "Look"),
            choices: Theme::ALL.iter().map(|theme| Choice::new(theme.id(), theme.title())).collect(),
            chosen: Some(value("theme", person.theme.id())),
        }
        .render(),
    ];
    let mut form = Form::new("about", "/account", fields, "Save");
    form.errors = summary(invalid);
    Ok(form)
}

/// `POST /account`
async fn change(ctx: Ctx, fields: Fields) -> PageResult {
    let zone = fields.some("time_zone");
    let changed = match Theme::parse(fields.get("theme")) {
        Some(theme) => people::change_own(ctx.desk(), ctx.actor(), fields.get("name"), zone, theme).await,
        None => Err(Invalid::field("theme", "choose one")),
    };
    match changed {
        Ok(()) => Ok(ctx.done("/account", "Saved")),
        Err(Error::Invalid(invalid)) => account_page(&ctx, Some(&fields), &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/theme`
async fn theme(ctx: Ctx, fields: Fields) -> PageResult {
    let theme = Theme::parse(fields.get("theme")).unwrap_or(Theme::System);
    people::prefer(ctx.desk(), ctx.actor(), Preference::Theme(theme)).await?;
    Ok(ctx.done("/", "Look changed"))
}

/// `POST /account/letter-keys`
async fn letter_keys(ctx: Ctx, fields: Fields) -> PageResult {
    let on = fields.get("letters") == "on";
    people::prefer(ctx.desk(), ctx.actor(), Preference::LetterKeys(on)).await?;
    Ok(ctx.done("/", if on { "Single letters act as keys" } else { "Single letters no longer act as keys" }))
}

/// `GET /account/password`
async fn password_form(ctx: Ctx) -> PageResult {
    password_page(&ctx, &Invalid::new())
}

fn password_page(ctx: &Ctx, invalid: &Invalid) -> PageResult {
    let hint = "At least 12 characters. A few words that do not belong together are easy to keep.";
    let password = PasswordField { frame: field(invalid, "password", "New password").hint(hint), usage: PasswordUse::New };
    let account = html! { input type="hidden" name="username" autocomplete="username" value=(ctx.person()?.email); };
    let mut form = Form::new("password-form", "/account/password", vec![account, password.render()], "Set the password");
    form.errors = summary(invalid);
    form.buttons.push(Button::link("Cancel", "/account"));
    let mut head = PageHead::new("New password");
    head.crumbs = crumbs();
    head.lead = Some("Your other sessions end.".to_owned());
    ctx.page("New password", Room::Settings).status(status_of(invalid)).show(&stack(&[&head, &form]))
}

/// `POST /account/password`
async fn change_password(ctx: Ctx, fields: Fields) -> PageResult {
    match sign_in::change_password(ctx.desk(), ctx.actor(), fields.get("password")).await {
        Ok(_) => Ok(ctx.done("/account", "The password is changed; other sessions ended")),
        Err(Error::Invalid(invalid)) => password_page(&ctx, &invalid),
        Err(error) => Err(error.into()),
    }
}

fn crumbs() -> Crumbs {
    Crumbs { links: vec![NavLink::new("Your account", "/account")] }
}

/// Recovery codes as they are shown, once.
pub(crate) fn codes_box(codes: &RecoveryCodes) -> secret::RecoveryCodes {
    let codes = codes.0.iter().map(|code| code.reveal().to_owned()).collect();
    secret::RecoveryCodes { id: "recovery-codes".to_owned(), codes }
}

fn codes_page(ctx: &Ctx, title: &str, codes: &RecoveryCodes) -> PageResult {
    let mut head = PageHead::new(title);
    head.crumbs = crumbs();
    let note = Banner::new(Tone::Warning, "Keep these codes now")
        .text("They are shown only this once. Codes from before no longer work.");
    let on = Button::link("I have kept them; go on", "/account");
    ctx.page(title, Room::Settings).show(&stack(&[&head, &note, &codes_box(codes), &on]))
}

/// A button that posts by itself, in a row. What it is about is said unseen: many rows have the same verb.
fn post_button(action: &str, label: &str, about: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            button.button.button-small type="submit" { (label) span.unseen { ": " (about) } }
        }
    }
}
