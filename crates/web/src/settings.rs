//! Settings: the rooms behind the gear, and the workspace itself.

use desk::{
    Error, Invalid,
    rights::Operation,
    workspace::{self, SecondFactorRule},
};
use maud::{Render, html};

use crate::{
    frame::{Ctx, Fields},
    lists::stack,
    people::{field, status_of, summary},
    places::PLACES,
    problem::PageResult,
    ui::{
        Tone,
        choice::{Choice, HowMany, Options},
        feedback::Banner,
        field::TextField,
        form::Form,
        layout::Room,
        nav::PageHead,
    },
};

/// `GET /settings`
pub(crate) async fn rooms(ctx: Ctx) -> PageResult {
    let head = PageHead::new("Settings");
    let places = PLACES.iter().filter(|place| place.room == Room::Settings && ctx.may(place.operation));
    let list = html! {
        ul.grid-3.places {
            @for place in places {
                li { a.stat href=(place.href) { span.row { (place.icon) strong { (place.label) } } span.stat-note { (place.about) } } }
            }
        }
    };
    ctx.page("Settings", Room::Settings).show(&stack(&[&head, &list]))
}

/// `GET /settings/workspace`
pub(crate) async fn workspace(ctx: Ctx) -> PageResult {
    page(&ctx, None, &Invalid::new()).await
}

async fn page(ctx: &Ctx, typed: Option<&Fields>, invalid: &Invalid) -> PageResult {
    let stored = workspace::settings(ctx.desk(), ctx.actor()).await?;
    let value = |name: &str, stored: &str| typed.map_or(stored, |typed| typed.get(name)).to_owned();
    let rule = value("second_factor", stored.second_factor.id());
    let fields = vec![
        TextField {
            frame: field(invalid, "name", "Name of the workspace").hint("Shown on every page and on the sign-in page."),
            value: value("name", &stored.name),
            length_max: Some(80),
            ..TextField::default()
        }
        .render(),
        TextField {
            frame: field(invalid, "time_zone", "Time zone")
                .hint("For people who chose none; an IANA name, for example Europe/Berlin."),
            value: value("time_zone", &stored.time_zone),
            autocomplete: Some("off"),
            ..TextField::default()
        }
        .render(),
        Options {
            frame: field(invalid, "second_factor", "Ask for a second factor")
                .hint("Who lacks one is led to set it up before anything else."),
            how_many: HowMany::One,
            choices: SecondFactorRule::ALL.iter().map(|rule| Choice::new(rule.id(), rule.title())).collect(),
            chosen: vec![rule.clone()],
        }
        .render(),
    ];
    let mut form = Form::new("workspace", "/settings/workspace", fields, "Save");
    form.errors = summary(invalid);
    if !ctx.may(Operation::SettingsChange) {
        form.buttons.clear();
    }
    let head = PageHead::new("Workspace");
    let mut builder = ctx.page("Workspace", Room::Settings).status(status_of(invalid));
    if rule == SecondFactorRule::Nobody.id() {
        let text = "A stolen password is then enough to publish in the company's name.";
        builder = builder.banner(Banner::new(Tone::Warning, "Nobody is asked for a second factor").text(text));
    }
    builder.show(&stack(&[&head, &form]))
}

/// `POST /settings/workspace`
pub(crate) async fn change(ctx: Ctx, fields: Fields) -> PageResult {
    let changed = match SecondFactorRule::parse(fields.get("second_factor")) {
        Some(rule) => workspace::change(ctx.desk(), ctx.actor(), fields.get("name"), fields.get("time_zone").trim(), rule).await,
        None => Err(Invalid::field("second_factor", "choose one")),
    };
    match changed {
        Ok(()) => Ok(ctx.done("/settings/workspace", "Saved")),
        Err(Error::Invalid(invalid)) => page(&ctx, Some(&fields), &invalid).await,
        Err(error) => Err(error.into()),
    }
}
