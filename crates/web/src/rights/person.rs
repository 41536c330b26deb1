//! What one person may do, and why.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::PersonId,
    people,
    rights::{self, Given, Grant, GrantRow, Holder, Level, Operation, Via},
};
use maud::{Markup, html};

use super::{
    giving::{assign_card, give_card},
    grants::{ends, given_cell, take_button, text, whole_table},
    names::ScopeNames,
};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, link, stack_all},
    people::{find, person_head, tabs},
    problem::{PageError, PageResult},
    ui::{
        Icon, Tone,
        feedback::{Banner, Empty},
        layout::Room,
        nav::PageHead,
        table::{Column, ColumnKind, Row},
    },
};

/// `GET /people/{id}/rights`
pub(crate) async fn of_person(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let person = find_by_id(&ctx, &id).await?;
    let explanation = rights::explain(ctx.desk(), ctx.actor(), person.0).await?;
    let own = rights::grants_of_holder(ctx.desk(), ctx.actor(), Holder::Person(person.0)).await?;
    let names = ScopeNames::load(&ctx).await?;
    let now = ctx.desk().now();
    let rows = explanation
        .grants
        .iter()
        .map(|grant| Row {
            id: grant.id.to_string(),
            name: grant.given.title().to_owned(),
            cells: vec![
                given_cell(grant.given),
                html! { (names.name(grant.scope)) },
                way(grant),
                ends(&ctx, grant.expires_at, now),
                take_cell(&ctx, &own, grant, &person.1),
            ],
        })
        .collect();
    let columns = vec![
        Column::new(ColumnKind::Title, "May"),
        text("Where"),
        text("Because"),
        Column::new(ColumnKind::Tight, "Until"),
        Column::new(ColumnKind::Actions, "Acts"),
    ];
    let empty = Empty::new(Icon::KeyRound, "Nothing yet", "Give a right below, or give them a role.");
    let table =
        whole_table("list-grants", &format!("What {} can do, and why", person.1), columns, rows, empty, ("grant", "grants"));
    let mut parts: Parts = Vec::new();
    match people::get(ctx.desk(), ctx.actor(), person.0).await {
        Ok(person) => {
            parts.push(Box::new(person_head(&person)));
            parts.push(Box::new(tabs(&ctx, person.id, "rights")));
        }
        Err(_) => parts.push(Box::new(PageHead::new(&person.1))),
    }
    for unknown in &explanation.unknown {
        let title = format!("A grant of “{unknown}” is not known to this version");
        parts.push(Box::new(Banner::new(Tone::Warning, title).text("It counts as nothing. It may come from a newer version.")));
    }
    if let Some(banner) = overruled(&explanation.grants) {
        parts.push(Box::new(banner));
    }
    parts.push(Box::new(table));
    if ctx.may(Operation::GrantGive) {
        parts.push(Box::new(give_card(&Holder::Person(person.0), &names, &Fields::default(), &Invalid::new())));
    }
    if ctx.may(Operation::RoleAssign) {
        let roles = rights::roles(ctx.desk(), ctx.actor()).await?;
        parts.push(Box::new(assign_card(
            Holder::Person(person.0),
            roles.iter().map(|role| (role.id.to_string(), role.name.clone())),
        )));
    }
    ctx.page(format!("What {} can do", person.1), Room::Settings).live("access").show(&stack_all(&parts))
}

async fn find_by_id(ctx: &Ctx, id: &str) -> Result<(PersonId, String), PageError> {
    if ctx.may(Operation::PeopleRead) {
        let person = find(ctx, id).await?;
        return Ok((person.id, person.name));
    }
    // Whoever may give rights but not see people works with ids only.
    let id: PersonId = id.parse().map_err(|_| Error::NotFound("person"))?;
    Ok((id, format!("Person {id}")))
}

fn way(grant: &Grant) -> Markup {
    html! {
        @if grant.via.is_empty() { "given directly" }
        @for (index, via) in grant.via.iter().enumerate() {
            @if index > 0 { ", " }
            @match via {
                Via::Team { id, name } => { "team " (link(&format!("/teams/{id}"), name)) },
                Via::Role { id, name } => { "role " (link(&format!("/roles/{id}"), name)) },
            }
        }
    }
}

fn take_cell(ctx: &Ctx, own: &[GrantRow], grant: &Grant, person: &str) -> Markup {
    let direct = own.iter().any(|row| row.id == grant.id);
    if !direct || !ctx.may(Operation::GrantTake) {
        return html! {};
    }
    take_button(&grant.id.to_string(), grant.given.title(), person)
}

/// Says where an explicit "no access" overrules something stronger.
fn overruled(grants: &[Grant]) -> Option<Banner> {
    let denied = grants.iter().any(|grant| grant.given == Given::Level(Level::NoAccess));
    denied.then(|| {
        Banner::new(Tone::Info, "An explicit “No access” is in force")
            .text("It beats every other level on the profiles it covers, wherever those come from.")
    })
}
