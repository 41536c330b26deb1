//! Roles: bundles of grants, and who carries them.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::RoleId,
    rights::{self, Holder, Operation},
};
use maud::{Render, html};

use super::{
    giving::give_card,
    grants::{ends, grants_table, name_and_description, page_of, remove_card, text, unassign_cell, whole_table},
    names::{ScopeNames, holder_names},
};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, link, stack_all},
    people::{status_of, summary},
    problem::PageResult,
    ui::{
        Icon,
        facts::Card,
        feedback::Empty,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        table::{Column, ColumnKind, Row},
    },
};

/// `GET /roles`
pub(crate) async fn roles(ctx: Ctx) -> PageResult {
    roles_page(&ctx, &Fields::default(), &Invalid::new()).await
}

async fn roles_page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let rows = rights::roles(ctx.desk(), ctx.actor()).await?.into_iter().map(|role| Row {
        id: role.id.to_string(),
        name: role.name.clone(),
        cells: vec![
            link(&format!("/roles/{}", role.id), &role.name),
            html! { (role.description) },
            html! { (role.grants) },
            html! { (role.holders) },
        ],
    });
    let columns = vec![
        Column::new(ColumnKind::Title, "Role"),
        text("For"),
        Column::new(ColumnKind::Number, "Grants"),
        Column::new(ColumnKind::Number, "Holders"),
    ];
    let empty = Empty::new(Icon::KeyRound, "No roles", "Create one below.");
    let table = whole_table("list-roles", "Roles", columns, rows.collect(), empty, ("role", "roles"));
    let mut head = PageHead::new("Roles");
    head.lead = Some("Bundles of grants for people and teams. No right in one implies another.".to_owned());
    let mut parts: Parts = vec![Box::new(head), Box::new(table)];
    if ctx.may(Operation::RoleCreate) {
        let fields = name_and_description(typed, invalid, true);
        let mut form = Form::new("create-role", "/roles", fields, "Create the role");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "New role".to_owned(), actions: vec![], body: form.render() }));
    }
    ctx.page("Roles", Room::Settings).status(status_of(invalid)).show(&stack_all(&parts))
}

/// `POST /roles`
pub(crate) async fn create_role(ctx: Ctx, fields: Fields) -> PageResult {
    match rights::create_role(ctx.desk(), ctx.actor(), fields.get("name"), fields.get("description")).await {
        Ok(id) => Ok(ctx.done(&format!("/roles/{id}"), "Role created; give it rights below")),
        Err(Error::Invalid(invalid)) => roles_page(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /roles/{id}`
pub(crate) async fn role(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: RoleId = id.parse().map_err(|_| Error::NotFound("role"))?;
    role_page(&ctx, id, None, &Invalid::new()).await
}

async fn role_page(ctx: &Ctx, id: RoleId, typed: Option<&Fields>, invalid: &Invalid) -> PageResult {
    let (role, assignments) = rights::role(ctx.desk(), ctx.actor(), id).await?;
    let grants = rights::grants_of_holder(ctx.desk(), ctx.actor(), Holder::Role(id)).await?;
    let names = ScopeNames::load(ctx).await?;
    let holders = holder_names(ctx).await?;
    let now = ctx.desk().now();
    let assigned = assignments.into_iter().map(|assignment| Row {
        id: assignment.id.to_string(),
        name: holders.name(assignment.holder),
        cells: vec![
            link(&page_of(assignment.holder), &holders.name(assignment.holder)),
            html! { (assignment.holder.kind()) },
            ends(ctx, assignment.expires_at, now),
            unassign_cell(ctx, &assignment.id.to_string(), &role.name, &holders.name(assignment.holder)),
        ],
    });
    let columns = vec![
        Column::new(ColumnKind::Title, "Who"),
        Column::new(ColumnKind::Tight, "Kind"),
        Column::new(ColumnKind::Tight, "Until"),
        Column::new(ColumnKind::Actions, "Acts"),
    ];
    let empty = Empty::new(Icon::Users, "Nobody has this role", "Give it on a person's or team's page.");
    let held_by = whole_table("list-holders", "Who has this role", columns, assigned.collect(), empty, ("holder", "holders"));
    let bundle = grants_table(ctx, &grants, &names, &role.name, "What it allows");
    let mut head = PageHead::new(&role.name);
    head.lead = Some(role.description.clone()).filter(|text| !text.is_empty());
    head.crumbs = Crumbs { links: vec![NavLink::new("Roles", "/roles")] };
    let mut parts: Parts = vec![Box::new(head), Box::new(bundle), Box::new(held_by)];
    if ctx.may(Operation::GrantGive) {
        parts.push(Box::new(give_card(&Holder::Role(id), &names, &Fields::default(), &Invalid::new())));
    }
    if ctx.may(Operation::RoleChange) {
        let stored = Fields(vec![("name".to_owned(), role.name.clone()), ("description".to_owned(), role.description.clone())]);
        let fields = name_and_description(typed.unwrap_or(&stored), invalid, true);
        let mut form = Form::new("change-role", format!("/roles/{id}"), fields, "Save");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Name and purpose".to_owned(), actions: vec![], body: form.render() }));
        parts.push(Box::new(remove_card("role", &role.name, &format!("/roles/{id}/remove"), role.holders)));
    }
    ctx.page(&role.name, Room::Settings).live("access").status(status_of(invalid)).show(&stack_all(&parts))
}

/// `POST /roles/{id}`
pub(crate) async fn change_role(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id: RoleId = id.parse().map_err(|_| Error::NotFound("role"))?;
    match rights::rename_role(ctx.desk(), ctx.actor(), id, fields.get("name"), fields.get("description")).await {
        Ok(()) => Ok(ctx.done(&format!("/roles/{id}"), "Saved")),
        Err(Error::Invalid(invalid)) => role_page(&ctx, id, Some(&fields), &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /roles/{id}/remove`
pub(crate) async fn remove_role(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: RoleId = id.parse().map_err(|_| Error::NotFound("role"))?;
    rights::remove_role(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/roles", "Role removed"))
}
