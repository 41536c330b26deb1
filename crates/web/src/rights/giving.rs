//! Giving and taking: grants and roles, for people, teams and roles alike.

use axum::extract::Path;
use desk::{
    Error, Invalid, Time,
    ids::{PersonId, RoleId},
    rights::{self, Give, Given, Holder, Level, Right, Scope},
};
use maud::Render;

use super::{grants::page_of, names::ScopeNames};
use crate::{
    frame::{Ctx, Fields},
    lists::stack,
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        choice::{Choice, Select},
        facts::Card,
        field::{FieldFrame, TextField, TextKind},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

pub(super) fn give_card(holder: &Holder, names: &ScopeNames, typed: &Fields, invalid: &Invalid) -> Card {
    let mut whats: Vec<Choice> = Level::ALL
        .iter()
        .map(|level| Choice::new(format!("level {}", level.id()), format!("Profiles: {}", level.title())))
        .collect();
    whats.extend(Right::ALL.iter().map(|right| Choice::new(format!("right {}", right.id()), right.title())));
    let chosen = |name: &str| typed.some(name).map(str::to_owned);
    let fields = vec![
        Select { frame: field(invalid, "what", "What"), choices: whats, chosen: chosen("what") }.render(),
        Select {
            frame: field(invalid, "scope", "Where")
                .hint("Feature rights hold everywhere; levels can be given for one profile or group."),
            choices: names.choices(),
            chosen: chosen("scope").or_else(|| Some("workspace".to_owned())),
        }
        .render(),
        TextField {
            frame: field(invalid, "expires_at", "Until (UTC)").hint("Leave empty for no end.").optional(),
            kind: TextKind::DateTime,
            value: typed.get("expires_at").to_owned(),
            ..TextField::default()
        }
        .render(),
        TextField {
            frame: field(invalid, "reason", "Why").hint("Kept beside the grant.").optional(),
            value: typed.get("reason").to_owned(),
            length_max: Some(500),
            ..TextField::default()
        }
        .render(),
    ];
    let mut form = Form::new("give", "/grants", fields, "Give it");
    form.hidden = vec![("holder".to_owned(), format!("{} {}", holder.kind(), holder.id()))];
    form.errors = summary(invalid);
    Card { title: "Give a right".to_owned(), actions: vec![], body: form.render() }
}

pub(super) fn assign_card(holder: Holder, roles: impl Iterator<Item = (String, String)>) -> Card {
    let choices = roles.map(|(id, name)| Choice::new(id, name)).collect();
    let fields = vec![
        Select { frame: field(&Invalid::new(), "role", "Role"), choices, chosen: None }.render(),
        TextField { frame: FrameOf::until("role_expires_at"), kind: TextKind::DateTime, ..TextField::default() }.render(),
    ];
    let mut form = Form::new("assign", "/assignments", fields, "Give the role");
    form.hidden = vec![("holder".to_owned(), format!("{} {}", holder.kind(), holder.id()))];
    Card { title: "Give a role".to_owned(), actions: vec![], body: form.render() }
}

pub(super) struct FrameOf;

impl FrameOf {
    fn until(name: &'static str) -> FieldFrame {
        field(&Invalid::new(), name, "Until (UTC)").hint("Leave empty for no end.").optional()
    }
}

pub(super) fn holder_of(fields: &Fields) -> Result<Holder, Error> {
    let parsed = fields.get("holder").split_once(' ').and_then(|(kind, id)| Holder::parse(kind, id.parse::<PersonId>().ok()?.0));
    parsed.ok_or_else(|| Invalid::field("holder", "choose a person, team or role"))
}

/// A moment typed into a date-and-time field, read as UTC.
pub(super) fn moment(fields: &Fields, name: &'static str) -> Result<Option<Time>, Error> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    let read = text.parse::<jiff::civil::DateTime>().ok().and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok());
    match read {
        Some(moment) => Ok(Some(Time(moment.timestamp().as_millisecond()))),
        None => Err(Invalid::field(name, "not a date and time, for example 2026-12-31T18:00")),
    }
}

pub(super) fn give_of(fields: &Fields) -> Result<Give, Error> {
    let given = match fields.get("what").split_once(' ') {
        Some(("level", id)) => id.parse().map(Given::Level).ok(),
        Some(("right", id)) => id.parse().map(Given::Right).ok(),
        _ => None,
    };
    let scope = match fields.get("scope").split_once(' ') {
        None if fields.get("scope") == "workspace" => Some(Scope::Workspace),
        Some(("profile", id)) => id.parse().map(Scope::Profile).ok(),
        Some(("group", id)) => id.parse().map(Scope::Group).ok(),
        _ => None,
    };
    Ok(Give {
        holder: holder_of(fields)?,
        given: given.ok_or_else(|| Invalid::field("what", "choose what to give"))?,
        scope: scope.ok_or_else(|| Invalid::field("scope", "choose where it holds"))?,
        expires_at: moment(fields, "expires_at")?,
        reason: fields.get("reason").to_owned(),
    })
}

/// `POST /grants`
pub(crate) async fn give(ctx: Ctx, fields: Fields) -> PageResult {
    let done = match give_of(&fields) {
        Ok(give) => rights::give(ctx.desk(), ctx.actor(), give).await.map(drop),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(ctx.done(&page_of(holder_of(&fields)?), "Given")),
        Err(Error::Invalid(invalid)) => {
            let holder = holder_of(&fields)?;
            let names = ScopeNames::load(&ctx).await?;
            let mut head = PageHead::new("Give a right");
            head.crumbs = Crumbs { links: vec![NavLink::new("Back", page_of(holder))] };
            let card = give_card(&holder, &names, &fields, &invalid);
            ctx.page("Give a right", Room::Settings).status(status_of(&invalid)).show(&stack(&[&head, &card]))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /grants/{id}/take`
pub(crate) async fn take(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("grant"))?;
    let holder = rights::take(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&page_of(holder), "Taken"))
}

/// `POST /assignments`
pub(crate) async fn assign(ctx: Ctx, fields: Fields) -> PageResult {
    let holder = holder_of(&fields)?;
    let role: RoleId = fields.id("role")?;
    let until = moment(&fields, "role_expires_at")?;
    rights::assign(ctx.desk(), ctx.actor(), role, holder, until).await?;
    Ok(ctx.done(&page_of(holder), "Role given"))
}

/// `POST /assignments/{id}/remove`
pub(crate) async fn unassign(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("assignment"))?;
    let gone = rights::unassign(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&format!("/roles/{}", gone.role), "Role taken"))
}
