//! Teams: who is in them, and what they may do.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::TeamId,
    rights::{self, Holder, Operation},
};
use maud::{Render, html};

use super::{
    giving::{assign_card, give_card},
    grants::{grants_table, name_and_description, remove_card, whole_table},
    names::{ScopeNames, everybody},
};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, link, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon,
        button::{Button, Does, Size},
        choice::{Choice, Select},
        facts::Card,
        feedback::Empty,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        table::{Column, ColumnKind, Row},
    },
};

/// `GET /teams`
pub(crate) async fn teams(ctx: Ctx) -> PageResult {
    teams_page(&ctx, &Fields::default(), &Invalid::new()).await
}

async fn teams_page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let rows = rights::teams(ctx.desk(), ctx.actor()).await?.into_iter().map(|team| Row {
        id: team.id.to_string(),
        name: team.name.clone(),
        cells: vec![link(&format!("/teams/{}", team.id), &team.name), html! { (team.members) }],
    });
    let columns = vec![Column::new(ColumnKind::Title, "Team"), Column::new(ColumnKind::Number, "Members")];
    let empty = Empty::new(Icon::Users, "No teams yet", "Create one below, then give it rights or roles.");
    let table = whole_table("list-teams", "Teams", columns, rows.collect(), empty, ("team", "teams"));
    let mut head = PageHead::new("Teams");
    head.lead = Some("People who get the same rights.".to_owned());
    let mut parts: Parts = vec![Box::new(head), Box::new(table)];
    if ctx.may(Operation::TeamChange) {
        let mut form = Form::new("create-team", "/teams", name_and_description(typed, invalid, false), "Create the team");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "New team".to_owned(), actions: vec![], body: form.render() }));
    }
    ctx.page("Teams", Room::Settings).status(status_of(invalid)).show(&stack_all(&parts))
}

/// `POST /teams`
pub(crate) async fn create_team(ctx: Ctx, fields: Fields) -> PageResult {
    match rights::create_team(ctx.desk(), ctx.actor(), fields.get("name")).await {
        Ok(id) => Ok(ctx.done(&format!("/teams/{id}"), "Team created; add people below")),
        Err(Error::Invalid(invalid)) => teams_page(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /teams/{id}`
pub(crate) async fn team(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: TeamId = id.parse().map_err(|_| Error::NotFound("team"))?;
    team_page(&ctx, id, None, &Invalid::new()).await
}

async fn team_page(ctx: &Ctx, id: TeamId, typed: Option<&Fields>, invalid: &Invalid) -> PageResult {
    let team = rights::team(ctx.desk(), ctx.actor(), id).await?;
    let members = rights::members(ctx.desk(), ctx.actor(), id).await?;
    let grants = rights::grants_of_holder(ctx.desk(), ctx.actor(), Holder::Team(id)).await?;
    let names = ScopeNames::load(ctx).await?;
    let may_change = ctx.may(Operation::TeamMembers);
    let rows = members.iter().map(|(person, name)| Row {
        id: person.to_string(),
        name: name.clone(),
        cells: vec![
            link(&format!("/people/{person}/rights"), name),
            html! {
                @if may_change {
                    form method="post" action={ "/teams/" (id) "/members" } {
                        input type="hidden" name="remove" value=(person);
                        (Button::new(format!("Remove {name}"), Does::Submit).with_size(Size::Small))
                    }
                }
            },
        ],
    });
    let columns = vec![Column::new(ColumnKind::Title, "Member"), Column::new(ColumnKind::Actions, "Acts")];
    let empty = Empty::new(Icon::Users, "Nobody in this team", "Add people below.");
    let table = whole_table("list-members", "Members", columns, rows.collect(), empty, ("person", "people"));
    let mut head = PageHead::new(&team.name);
    head.crumbs = Crumbs { links: vec![NavLink::new("Teams", "/teams")] };
    let bundle = grants_table(ctx, &grants, &names, &team.name, "What its members may do through it");
    let mut parts: Parts = vec![Box::new(head), Box::new(table)];
    if may_change {
        let choices: Vec<Choice> = everybody(ctx)
            .await?
            .into_iter()
            .filter(|(person, _)| members.iter().all(|(member, _)| member != person))
            .map(|(person, name)| Choice::new(person.to_string(), name))
            .collect();
        let pick = Select { frame: field(&Invalid::new(), "add", "Person"), choices, chosen: None };
        let form = Form::new("add-member", format!("/teams/{id}/members"), vec![pick.render()], "Add to the team");
        parts.push(Box::new(Card { title: "Add somebody".to_owned(), actions: vec![], body: form.render() }));
    }
    parts.push(Box::new(bundle));
    if ctx.may(Operation::GrantGive) {
        parts.push(Box::new(give_card(&Holder::Team(id), &names, &Fields::default(), &Invalid::new())));
    }
    if ctx.may(Operation::RoleAssign) {
        let roles = rights::roles(ctx.desk(), ctx.actor()).await?;
        parts.push(Box::new(assign_card(Holder::Team(id), roles.iter().map(|role| (role.id.to_string(), role.name.clone())))));
    }
    if ctx.may(Operation::TeamChange) {
        let stored = Fields(vec![("name".to_owned(), team.name.clone())]);
        let fields = name_and_description(typed.unwrap_or(&stored), invalid, false);
        let mut form = Form::new("rename-team", format!("/teams/{id}"), fields, "Save");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Name".to_owned(), actions: vec![], body: form.render() }));
        parts.push(Box::new(remove_card("team", &team.name, &format!("/teams/{id}/remove"), team.members)));
    }
    ctx.page(&team.name, Room::Settings).live("access").status(status_of(invalid)).show(&stack_all(&parts))
}

/// `POST /teams/{id}`
pub(crate) async fn rename_team(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id: TeamId = id.parse().map_err(|_| Error::NotFound("team"))?;
    match rights::rename_team(ctx.desk(), ctx.actor(), id, fields.get("name")).await {
        Ok(()) => Ok(ctx.done(&format!("/teams/{id}"), "Saved")),
        Err(Error::Invalid(invalid)) => team_page(&ctx, id, Some(&fields), &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /teams/{id}/remove`
pub(crate) async fn remove_team(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: TeamId = id.parse().map_err(|_| Error::NotFound("team"))?;
    rights::remove_team(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/teams", "Team removed"))
}

/// `POST /teams/{id}/members`
pub(crate) async fn change_members(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id: TeamId = id.parse().map_err(|_| Error::NotFound("team"))?;
    if fields.has("remove") {
        rights::remove_member(ctx.desk(), ctx.actor(), id, fields.id("remove")?).await?;
        return Ok(ctx.done(&format!("/teams/{id}"), "Removed from the team"));
    }
    rights::add_member(ctx.desk(), ctx.actor(), id, fields.id("add")?).await?;
    Ok(ctx.done(&format!("/teams/{id}"), "Added to the team"))
}
