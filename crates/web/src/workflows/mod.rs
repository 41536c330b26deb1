//! The book of workflows as pages: the list with its order, and what stands in each.

mod form;
mod typed;

use axum::extract::Path;
use desk::{
    Error, Invalid,
    approvals::workflows::{self, Addition, Book, Choices, Cover, KeptAddition, KeptWorkflow, Stuck, Workflow},
    ids::{AdditionId, WorkflowId},
    rights::Operation,
};
use maud::{Markup, html};

use self::form::Which;
use crate::{
    approvals::{below, card::hours},
    frame::{Ctx, Fields},
    problem::PageResult,
    ui::{
        Icon, Tone,
        button::{Button, Does, Size, Weight},
        facts::{Card, Facts},
        feedback::{Banner, Empty},
        layout::Room,
        nav::PageHead,
    },
};

/// `GET /workflows`
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    let book = workflows::list(ctx.desk(), ctx.actor()).await?;
    let choices = workflows::choices(ctx.desk(), ctx.actor()).await?;
    let mut head = PageHead::new("Workflows");
    head.lead = Some(
        "Who has to agree before something goes out. The first workflow that covers a profile counts for it; rules add steps and never take one away."
            .to_owned(),
    );
    let may = ctx.may(Operation::WorkflowChange);
    if may {
        head.actions.push(Button::link("New workflow", "/workflows/new").with_weight(Weight::Primary));
        head.actions.push(Button::link("New rule", "/workflows/rules/new"));
    }
    let content = html! {
        @if book.workflows.is_empty() {
            (Empty::new(Icon::Users, "No workflow yet", "Without one nothing leaves a protected profile, and only people with full publishing publish on the others."))
        }
        div.approvals {
            @for (number, kept) in book.workflows.iter().enumerate() { (workflow_card(&book, number, kept, &choices, may)) }
        }
        @if !book.additions.is_empty() {
            h2 { "Rules that add steps" }
            div.approvals { @for kept in &book.additions { (addition_card(kept, &choices, may)) } }
        }
    };
    ctx.page("Workflows", Room::Publish).live("approvals").show(&below(&[&head, &content]))
}

fn stuck_banner(stuck: Option<&Stuck>) -> Option<Banner> {
    stuck.map(|stuck| Banner::new(Tone::Danger, "Nobody can go through this").text(crate::people::sentence(&stuck.why)))
}

fn workflow_card(book: &Book, number: usize, kept: &KeptWorkflow, choices: &Choices, may: bool) -> Card {
    let Workflow { name, cover, steps, window_ms } = &kept.workflow;
    let mut lines = vec![("Covers", html! { (covers(cover, choices)) })];
    lines.push(("Steps", steps_shown(steps, choices)));
    lines.push(("May go out", html! { "up to " (hours(*window_ms)) " before or after the approved time" }));
    let body = html! {
        @if let Some(banner) = stuck_banner(kept.stuck.as_ref()) { (banner) }
        (Facts::new(lines))
        @if may && book.workflows.len() > 1 { (moves(kept.id, number, book.workflows.len())) }
    };
    let actions = edit_button(may, format!("/workflows/{}", kept.id));
    Card { title: format!("{}. {name}", number + 1), actions, body }
}

fn addition_card(kept: &KeptAddition, choices: &Choices, may: bool) -> Card {
    let Addition { name, cover, tags, findings, steps } = &kept.addition;
    let words = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut lines = vec![("Looks at", html! { (covers(cover, choices)) })];
    if !tags.is_empty() {
        lines.push(("With a tag", html! { (words(tags)) }));
    }
    if !findings.is_empty() {
        lines.push(("With a finding", html! { (words(findings)) }));
    }
    lines.push(("Adds", steps_shown(steps, choices)));
    let body = html! { @if let Some(banner) = stuck_banner(kept.stuck.as_ref()) { (banner) } (Facts::new(lines)) };
    let actions = edit_button(may, format!("/workflows/rules/{}", kept.id));
    Card { title: name.clone(), actions, body }
}

fn edit_button(may: bool, href: String) -> Vec<Button> {
    if may { vec![Button::link("Change", href).with_size(Size::Small)] } else { Vec::new() }
}

fn moves(id: WorkflowId, number: usize, count: usize) -> Markup {
    let button = |label: &str, value: &str| {
        Button::new(label, Does::SubmitWith { name: "move".to_owned(), value: value.to_owned() }).with_size(Size::Small)
    };
    html! {
        form.row method="post" action={ "/workflows/" (id) "/move" } {
            @if number > 0 { (button("Earlier", "up")) }
            @if number + 1 < count { (button("Later", "down")) }
        }
    }
}

fn covers(cover: &Cover, choices: &Choices) -> String {
    let mut parts = Vec::new();
    let profiles = choices.profiles.iter().filter(|(id, ..)| cover.profiles.contains(id)).map(|(_, title, _)| title.clone());
    parts.extend(profiles);
    parts.extend(choices.groups.iter().filter(|(id, _)| cover.groups.contains(id)).map(|(_, name)| format!("group {name}")));
    parts.extend(cover.networks.iter().map(|network| crate::profiles::network_name(network)));
    parts.extend(cover.levels.iter().map(|level| format!("authors with “{}”", level.title())));
    parts.extend(cover.kinds.iter().map(|kind| kind.title().to_lowercase()));
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}

fn steps_shown(steps: &[desk::approvals::Step], choices: &Choices) -> Markup {
    let names = |set: &std::collections::BTreeSet<desk::approvals::Approver>| {
        let known = choices.approvers.iter().filter(|named| set.contains(&named.approver)).map(|named| named.name.as_str());
        let known: Vec<_> = known.collect();
        let gone = set.len() - known.len();
        match gone {
            0 => known.join(", "),
            _ => format!("{}, and {gone} who are not here any more", known.join(", ")),
        }
    };
    html! {
        ol {
            @for step in steps {
                li {
                    strong { (step.name) } ": " (step.need.in_words()) " (" (names(&step.approvers)) ")"
                    @if let Some(after) = step.delegate_after_ms { "; after " (hours(after)) " " (names(&step.delegates)) }
                }
            }
        }
    }
}

fn workflow_id(id: &str) -> Result<WorkflowId, Error> {
    id.parse().map_err(|_| Error::NotFound("workflow"))
}

fn addition_id(id: &str) -> Result<AdditionId, Error> {
    id.parse().map_err(|_| Error::NotFound("rule"))
}

/// `GET /workflows/new`
pub(crate) async fn new(ctx: Ctx) -> PageResult {
    form::page(&ctx, &Which::NewWorkflow, &typed::empty(), &Invalid::new()).await
}

/// `POST /workflows`
pub(crate) async fn create(ctx: Ctx, fields: Fields) -> PageResult {
    let made = match typed::workflow(&fields) {
        Ok(workflow) => workflows::create(ctx.desk(), ctx.actor(), workflow).await.map(drop),
        Err(error) => Err(error),
    };
    answer(&ctx, made, &Which::NewWorkflow, &fields, "The workflow is in force").await
}

/// `GET /workflows/{id}`
pub(crate) async fn edit(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = workflow_id(&id)?;
    let book = workflows::list(ctx.desk(), ctx.actor()).await?;
    let kept = book.workflows.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("workflow"))?;
    form::page(&ctx, &Which::Workflow(id), &typed::of_workflow(&kept), &Invalid::new()).await
}

/// `POST /workflows/{id}`
pub(crate) async fn change(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = workflow_id(&id)?;
    let made = match (typed::revision(&fields), typed::workflow(&fields)) {
        (Ok(revision), Ok(workflow)) => workflows::change(ctx.desk(), ctx.actor(), id, revision, workflow).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    answer(&ctx, made, &Which::Workflow(id), &fields, "Changed; what waits already keeps its steps").await
}

/// `POST /workflows/{id}/move`
pub(crate) async fn shift(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = workflow_id(&id)?;
    let mut ids: Vec<_> = workflows::list(ctx.desk(), ctx.actor()).await?.workflows.into_iter().map(|kept| kept.id).collect();
    let at = ids.iter().position(|other| *other == id).ok_or(Error::NotFound("workflow"))?;
    let to = match fields.get("move") {
        "up" => at.checked_sub(1),
        "down" => Some(at + 1).filter(|to| *to < ids.len()),
        _ => None,
    };
    if let Some(to) = to {
        ids.swap(at, to);
        workflows::order(ctx.desk(), ctx.actor(), &ids).await?;
    }
    Ok(ctx.done("/workflows", "The order is changed"))
}

/// `POST /workflows/{id}/remove`
pub(crate) async fn remove(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    workflows::remove(ctx.desk(), ctx.actor(), workflow_id(&id)?).await?;
    Ok(ctx.done("/workflows", "Removed; what waits already keeps its steps"))
}

/// `GET /workflows/rules/new`
pub(crate) async fn new_rule(ctx: Ctx) -> PageResult {
    form::page(&ctx, &Which::NewRule, &typed::empty(), &Invalid::new()).await
}

/// `POST /workflows/rules`
pub(crate) async fn create_rule(ctx: Ctx, fields: Fields) -> PageResult {
    let made = match typed::addition(&fields) {
        Ok(addition) => workflows::create_addition(ctx.desk(), ctx.actor(), addition).await.map(drop),
        Err(error) => Err(error),
    };
    answer(&ctx, made, &Which::NewRule, &fields, "The rule is in force").await
}

/// `GET /workflows/rules/{id}`
pub(crate) async fn edit_rule(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = addition_id(&id)?;
    let book = workflows::list(ctx.desk(), ctx.actor()).await?;
    let kept = book.additions.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("rule"))?;
    form::page(&ctx, &Which::Rule(id), &typed::of_addition(&kept), &Invalid::new()).await
}

/// `POST /workflows/rules/{id}`
pub(crate) async fn change_rule(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = addition_id(&id)?;
    let made = match (typed::revision(&fields), typed::addition(&fields)) {
        (Ok(revision), Ok(addition)) => workflows::change_addition(ctx.desk(), ctx.actor(), id, revision, addition).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    answer(&ctx, made, &Which::Rule(id), &fields, "Changed; what waits already keeps its steps").await
}

/// `POST /workflows/rules/{id}/remove`
pub(crate) async fn remove_rule(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    workflows::remove_addition(ctx.desk(), ctx.actor(), addition_id(&id)?).await?;
    Ok(ctx.done("/workflows", "Removed; what waits already keeps its steps"))
}

async fn answer(ctx: &Ctx, made: Result<(), Error>, which: &Which, fields: &Fields, done: &str) -> PageResult {
    match made {
        Ok(()) => Ok(ctx.done("/workflows", done)),
        Err(Error::Invalid(invalid)) => form::page(ctx, which, fields, &invalid).await,
        Err(Error::Conflict(why)) => {
            let mut invalid = Invalid::new();
            invalid.add("", why);
            form::page(ctx, which, fields, &invalid).await
        }
        Err(error) => Err(error.into()),
    }
}
