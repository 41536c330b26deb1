//! API tokens: one's own on the account page, and everybody's for who may see them.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::TokenId,
    rights::{Operation, TokenScope},
    sign_in::{self, ApiToken, NewToken},
};
use maud::{Markup, Render, html};

use super::{crumbs, post_button};
use crate::{
    frame::{Ctx, Fields, QueryFields, Times},
    lists::{ListAddress, Names, stack},
    people::{field, status_of, summary},
    problem::{PageError, PageResult},
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Size},
        choice::{Choice, HowMany, OnOff, Options, Select, Toggle, ToggleLook},
        facts::Card,
        feedback::Empty,
        field::TextField,
        form::Form,
        layout::Room,
        nav::PageHead,
        results::Pager,
        secret::Secret,
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a token may be wanted for, in days.
const LIFETIMES: &[(i64, &str)] = &[(7, "A week"), (30, "30 days"), (90, "90 days"), (365, "A year")];
/// What is offered first.
const LIFETIME_DEFAULT: &str = "90";

fn columns() -> Vec<Column> {
    vec![
        Column::new(ColumnKind::Title, "Token"),
        Column::new(ColumnKind::Text, "Scopes"),
        Column::new(ColumnKind::Tight, "Last used"),
        Column::new(ColumnKind::Tight, "Ends"),
        Column::new(ColumnKind::Actions, "Act"),
    ]
}

fn row(ctx: &Ctx, times: &Times, token: &ApiToken, shown: &str, revoke: &str) -> Row {
    let now = ctx.desk().now();
    let state: Markup = match token.revoked_at {
        Some(at) => html! { (Badge::new(Tone::Danger, "Revoked")) " " (times.relative(at)) },
        None if token.expires_at <= now => Badge::new(Tone::Warning, "Expired").render(),
        None => post_button(revoke, "Revoke", &token.name),
    };
    Row {
        id: token.id.to_string(),
        name: token.name.clone(),
        cells: vec![
            html! { (shown) " " code.code { "gp_…" (token.hint) } @if token.agent { " " (Badge::new(Tone::Info, "Agent")) } },
            html! { (token.scopes.join(", ")) },
            html! { @match token.last_used_at {
                Some(at) => span title=(token.last_used_address.as_deref().unwrap_or_default()) { (times.relative(at)) },
                None => span.muted { "never" },
            } },
            times.exact(token.expires_at).render(),
            state,
        ],
    }
}

/// The card of the account page.
pub(super) async fn card(ctx: &Ctx) -> Result<Card, PageError> {
    let tokens = sign_in::tokens(ctx.desk(), ctx.actor()).await?;
    let times = ctx.times();
    let rows = if tokens.is_empty() {
        let text = "A token lets a program act for you, within the scopes you choose.";
        Rows::Empty(Empty::new(Icon::KeyRound, "No API tokens", text))
    } else {
        let shown = |token: &ApiToken| row(ctx, &times, token, &token.name, &format!("/account/tokens/{}/revoke", token.id));
        Rows::Some(tokens.iter().map(shown).collect())
    };
    let table = Table {
        id: "tokens".to_owned(),
        caption: "Your API tokens".to_owned(),
        columns: columns(),
        rows,
        count: None,
        bulk: None,
        pager: Pager::default(),
    };
    let make = Button::link("Make a token", "/account/tokens/new").with_size(Size::Small);
    Ok(Card { title: "API tokens".to_owned(), actions: vec![make], body: table.render() })
}

/// `GET /account/tokens/new`
pub(crate) async fn new_form(ctx: Ctx) -> PageResult {
    new_page(&ctx, &Fields::default(), &Invalid::new())
}

fn new_page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let fields = vec![
        TextField {
            frame: field(invalid, "name", "What is it for?").hint("For example “Nightly export to the archive”."),
            value: typed.get("name").to_owned(),
            autocomplete: Some("off"),
            length_max: Some(80),
            ..TextField::default()
        }
        .render(),
        Options {
            frame: field(invalid, "scopes", "Scopes").hint("It can never do more than you may, and only within these."),
            how_many: HowMany::Several,
            choices: TokenScope::all().into_iter().map(scope_choice).collect(),
            chosen: typed.all("scopes").map(str::to_owned).collect(),
        }
        .render(),
        Select {
            frame: field(invalid, "expires_at", "Works for"),
            choices: LIFETIMES.iter().map(|(days, title)| Choice::new(days.to_string(), *title)).collect(),
            chosen: Some(typed.some("expires_at").unwrap_or(LIFETIME_DEFAULT).to_owned()),
        }
        .render(),
        Toggle {
            frame: field(invalid, "agent", "An agent uses it").hint("It can then draft, and never approve."),
            value: "on".to_owned(),
            state: OnOff::from(typed.has("agent")),
            look: ToggleLook::Check,
        }
        .render(),
    ];
    let mut form = Form::new("token", "/account/tokens", fields, "Make the token");
    form.errors = summary(invalid);
    form.buttons.push(Button::link("Cancel", "/account"));
    let mut head = PageHead::new("Make an API token");
    head.crumbs = crumbs();
    ctx.page("Make an API token", Room::Settings).status(status_of(invalid)).show(&stack(&[&head, &form]))
}

/// A scope with everything it opens.
fn scope_choice(scope: TokenScope) -> Choice {
    let opens = Operation::ALL.iter().filter(|operation| operation.token_scope() == Some(scope));
    let titles: Vec<&str> = opens.map(|operation| operation.title()).collect();
    Choice::new(scope.to_string(), scope.to_string()).hint(titles.join("; "))
}

/// `POST /account/tokens`
pub(crate) async fn create(ctx: Ctx, fields: Fields) -> PageResult {
    let scopes: Option<Vec<TokenScope>> = fields.all("scopes").map(TokenScope::parse).collect();
    let days = fields.get("expires_at").parse::<i64>().ok().filter(|days| LIFETIMES.iter().any(|(known, _)| known == days));
    let made = match (scopes, days) {
        (Some(scopes), Some(days)) => {
            let new = NewToken {
                name: fields.get("name").to_owned(),
                scopes,
                expires_at: ctx.desk().now().plus_ms(days * DAY_MS),
                agent: fields.has("agent"),
            };
            sign_in::create_token(ctx.desk(), ctx.actor(), &new).await
        }
        (None, _) => Err(Invalid::field("scopes", "choose from the list")),
        (_, None) => Err(Invalid::field("expires_at", "choose from the list")),
    };
    match made {
        Ok((_, secret)) => {
            let shown = Secret {
                id: "api-token".to_owned(),
                label: "API token".to_owned(),
                value: secret.reveal().to_owned(),
                note: "Shown only now. If it is lost, revoke it and make another.".to_owned(),
            };
            let mut head = PageHead::new("Your new API token");
            head.crumbs = crumbs();
            let on = Button::link("I have kept it; go on", "/account");
            ctx.page("Your new API token", Room::Settings).show(&stack(&[&head, &shown, &on]))
        }
        Err(Error::Invalid(invalid)) => new_page(&ctx, &fields, &invalid),
        Err(error) => Err(error.into()),
    }
}

fn id_of(id: &str) -> Result<TokenId, PageError> {
    Ok(id.parse().map_err(|_| Error::NotFound("token"))?)
}

/// `POST /account/tokens/{id}/revoke`
pub(crate) async fn revoke(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    sign_in::revoke_token(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done("/account", "Revoked"))
}

/// `GET /tokens`
pub(crate) async fn everybodys(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let address = ListAddress::new("/tokens", &query, &[]);
    let page = sign_in::all_tokens(ctx.desk(), ctx.actor(), &address.page()).await?;
    let times = ctx.times();
    let may_revoke = ctx.may(Operation::TokensRevoke);
    let names = Names { caption: "API tokens of everybody", one: "token", many: "tokens" };
    let empty = Empty::new(Icon::KeyRound, "No API tokens", "People make them on their account page.");
    let table = address.table("all-tokens", names, columns(), &page, empty, |token: &ApiToken| {
        let shown = format!("{}: {}", token.person_name, token.name);
        let mut row = row(&ctx, &times, token, &shown, &format!("/tokens/{}/revoke", token.id));
        if !may_revoke && let Some(act) = row.cells.last_mut() {
            *act = html! {};
        }
        row
    });
    let mut head = PageHead::new("API tokens");
    head.lead = Some("Every program that acts in somebody's name.".to_owned());
    ctx.page("API tokens", Room::Settings).live("access").show(&stack(&[&head, &table]))
}

/// `POST /tokens/{id}/revoke`
pub(crate) async fn revoke_any(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    sign_in::revoke_any_token(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done("/tokens", "Revoked"))
}
