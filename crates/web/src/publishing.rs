//! The stop switch as a page: what is paused, what a pause would stop, pausing and resuming, and what waits for a person.
//!
//! Invariant: nothing here sends; a form says what will happen before it is posted, and resuming lets nothing go by itself.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::PauseId,
    profiles::{self, Profile, ProfilesFilter},
    publishing::{self, Pause, PauseMode, PauseScope, Waiting},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{Parts, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    publishing_held as held,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Size, Weight},
        choice::{Choice, HowMany, Options, Select},
        facts::Card,
        feedback::{Banner, Empty},
        form::Form,
        layout::{Room, StopState, StopSwitch},
        nav::PageHead,
        text_area::TextArea,
    },
};

/// Posts of a rehearsal that are listed by name.
const REHEARSED_SHOWN: usize = 50;

/// `GET /publishing`
pub(crate) async fn page(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    show(&ctx, &query, &Invalid::new()).await
}

async fn show(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let (desk, actor) = (ctx.desk(), ctx.actor());
    let pauses = publishing::pauses(desk, actor).await?;
    let all: Vec<Profile> =
        profiles::visible(desk, actor, &ProfilesFilter::default()).await?.into_iter().map(|(profile, _)| profile).collect();
    let overdue = publishing::overdue(desk, actor).await?;
    let waiting = publishing::held(desk, actor).await?;
    let foreign = publishing::foreign_posts(desk, actor, false).await?;
    let mut head = PageHead::new("Publishing");
    head.lead = Some("Whether posts go out, and which of them wait for somebody.".to_owned());
    let mut parts: Parts = vec![Box::new(head)];
    if !overdue.is_empty() {
        parts.push(Box::new(overdue_banner(&overdue)));
    }
    parts.push(Box::new(now_paused(ctx, &pauses, &all)));
    parts.push(Box::new(held::list(ctx, &waiting, &all)));
    parts.push(Box::new(held::foreign(ctx, &foreign, &all)));
    if ctx.may(Operation::PublishingPause) {
        parts.push(Box::new(pause_card(ctx, typed, invalid, &all).await?));
    }
    ctx.page("Publishing", Room::Publish).live("publishing,posts").status(status_of(invalid)).show(&stack_all(&parts))
}

fn overdue_banner(overdue: &[Waiting]) -> Banner {
    let first = &overdue[0].title;
    let text = format!(
        "{} of them, the first is “{first}”. Nothing holds them and nobody sends them: see that a server with background work runs.",
        overdue.len()
    );
    Banner::new(Tone::Danger, "Posts are past their time").text(text)
}

/// Where a pause holds, in words.
fn about(scope: &PauseScope, all: &[Profile]) -> String {
    match scope {
        PauseScope::Everything => "Everything".to_owned(),
        PauseScope::Network(network) => format!("Every profile on {}", crate::profiles::network_name(network)),
        PauseScope::Group(_) => "A group of profiles".to_owned(),
        PauseScope::Profile(id) => {
            all.iter().find(|profile| profile.id == *id).map_or_else(|| "A profile".to_owned(), |profile| profile.title.clone())
        }
    }
}

fn now_paused(ctx: &Ctx, pauses: &[Pause], all: &[Profile]) -> Card {
    let times = ctx.times();
    let may = ctx.may(Operation::PublishingResume);
    let body = html! {
        @if pauses.is_empty() {
            p { (Badge::new(Tone::Good, "Running").with_icon(Icon::CircleCheck)) " Nothing is paused: posts go out at their time." }
        }
        @for pause in pauses {
            div.stack {
                p {
                    (Badge::new(Tone::Danger, "Paused").with_icon(Icon::OctagonX)) " " strong { (about(&pause.scope, all)) }
                    ": " (pause.mode.title()) ", since " (times.relative(pause.since))
                }
                p { "“" (pause.reason) "”" }
                @if may {
                    form method="post" action={ "/publishing/pauses/" (pause.id) "/resume" } {
                        (Button::new("Resume", Does::Submit).with_size(Size::Small))
                    }
                }
            }
        }
        @if !pauses.is_empty() {
            p.muted { "Resuming sends nothing by itself. What was due meanwhile waits below until somebody decides." }
        }
    };
    Card { title: "Stop switch".to_owned(), actions: Vec::new(), body }
}

/// The scopes to choose from: everything, each network, each group that a visible profile is in, each profile.
fn scopes(all: &[Profile], groups: &[profiles::Group]) -> Vec<Choice> {
    let mut choices = vec![Choice::new("everything", "Everything")];
    let mut networks: Vec<_> = all.iter().map(|profile| profile.network.clone()).collect();
    networks.sort();
    networks.dedup();
    let network = |id: &String| Choice::new(format!("network:{id}"), format!("Network: {}", crate::profiles::network_name(id)));
    choices.extend(networks.iter().map(network));
    choices.extend(groups.iter().map(|group| Choice::new(format!("group:{}", group.id), format!("Group: {}", group.name))));
    choices.extend(all.iter().map(|profile| Choice::new(format!("profile:{}", profile.id), profile.title.clone())));
    choices
}

/// Reads what [`scopes`] offers.
fn scope_of(text: &str) -> Option<PauseScope> {
    match text.split_once(':') {
        None => (text == "everything").then_some(PauseScope::Everything),
        Some(("network", id)) => Some(PauseScope::Network(id.to_owned())),
        Some(("group", id)) => id.parse().ok().map(PauseScope::Group),
        Some(("profile", id)) => id.parse().ok().map(PauseScope::Profile),
        Some(_) => None,
    }
}

async fn pause_card(ctx: &Ctx, typed: &Fields, invalid: &Invalid, all: &[Profile]) -> Result<Card, Error> {
    let groups = if ctx.may(Operation::ProfilesManage) { profiles::groups(ctx.desk(), ctx.actor()).await? } else { Vec::new() };
    let chosen = typed.some("scope").unwrap_or("everything").to_owned();
    let mode = |mode: PauseMode, hint: &str| Choice::new(mode.id(), mode.title()).hint(hint);
    let fields = vec![
        Select { frame: field(invalid, "scope", "What"), choices: scopes(all, &groups), chosen: Some(chosen.clone()) }.render(),
        Options {
            frame: field(invalid, "mode", "How strictly"),
            how_many: HowMany::One,
            choices: vec![
                mode(PauseMode::Hard, "Held until the pause has ended and somebody decides about each post"),
                mode(PauseMode::Soft, "Held until somebody confirms the post"),
            ],
            chosen: vec![typed.some("mode").unwrap_or(PauseMode::Hard.id()).to_owned()],
        }
        .render(),
        TextArea {
            frame: field(invalid, "reason", "Reason").hint("Everybody who writes reads it."),
            value: typed.get("reason").to_owned(),
            length_max: Some(500),
        }
        .render(),
    ];
    let mut form = Form::new("pause", "/publishing/pause", fields, "Pause publishing");
    form.errors = summary(invalid);
    let rehearsed = match typed.some("rehearse").and_then(scope_of) {
        Some(scope) => Some(rehearsed(ctx, &scope).await?),
        None => None,
    };
    let body = html! {
        p { "No call to a network begins later than a second after a pause. A call under way ends as it ends." }
        (form)
        form method="get" action="/publishing" {
            input type="hidden" name="rehearse" value=(chosen);
            (Button::new("Rehearse: which posts would this stop?", Does::Submit).with_weight(Weight::Quiet))
        }
        @if let Some(rehearsed) = rehearsed { (rehearsed) }
    };
    Ok(Card { title: "Pause".to_owned(), actions: Vec::new(), body })
}

async fn rehearsed(ctx: &Ctx, scope: &PauseScope) -> Result<Markup, Error> {
    let found = publishing::rehearse(ctx.desk(), ctx.actor(), scope).await?;
    if found.is_empty() {
        let text = "Nothing that is scheduled now would be held.";
        return Ok(Empty::new(Icon::CircleCheck, "It would stop nothing", text).render());
    }
    let times = ctx.times();
    Ok(html! {
        h3 { "It would stop " (found.len()) @if found.len() == 1 { " scheduled post" } @else { " scheduled posts" } }
        ul {
            @for target in found.iter().take(REHEARSED_SHOWN) {
                li { a href={ "/posts/" (target.key.post) } { "Post" } @if let Some(slot) = target.life.slot { " due " (times.exact(slot)) } }
            }
        }
        @if found.len() > REHEARSED_SHOWN { p.muted { "And " (found.len() - REHEARSED_SHOWN) " more." } }
    })
}

/// `POST /publishing/pause`
pub(crate) async fn pause(ctx: Ctx, fields: Fields) -> PageResult {
    let Some(scope) = scope_of(fields.get("scope")) else {
        let mut invalid = Invalid::new();
        invalid.add("scope", "choose what to pause");
        return show(&ctx, &fields, &invalid).await;
    };
    let mode = PauseMode::parse(fields.get("mode")).unwrap_or(PauseMode::Hard);
    match publishing::pause(ctx.desk(), ctx.actor(), scope, mode, fields.get("reason")).await {
        Ok(_) => Ok(ctx.done("/publishing", "Publishing is paused")),
        Err(Error::Invalid(invalid)) => show(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /publishing/pauses/{id}/resume`
pub(crate) async fn resume(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: PauseId = id.parse().map_err(|_| Error::NotFound("pause"))?;
    publishing::resume(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/publishing", "The pause has ended; decide about what was held"))
}

/// What the top bar says of the switch: for those who may use it, and for everybody while something is paused.
pub(crate) async fn switch(ctx: &Ctx) -> Option<StopSwitch> {
    let pauses = publishing::pauses(ctx.desk(), ctx.actor()).await.ok()?;
    let is_all = |pause: &Pause| pause.scope == PauseScope::Everything && pause.mode == PauseMode::Hard;
    let state = match pauses.as_slice() {
        [] => StopState::Running,
        some if some.iter().any(is_all) => StopState::Stopped,
        _ => StopState::Partly,
    };
    (ctx.may(Operation::PublishingPause) || state != StopState::Running)
        .then(|| StopSwitch { state, href: "/publishing".to_owned() })
}
