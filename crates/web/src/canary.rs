//! A profile's canary: where it flies, how it does, and what it found.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    capture::{
        self,
        canary::{self, Canary, Change, HOURS, may_fly},
    },
    ids::{PlaceId, ProfileId},
    profiles::{self, Profile},
    rights::Operation,
};
use maud::{Render, html};

use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Tone,
        badge::{Badge, Code},
        button::{Button, Does},
        choice::{Choice, Select},
        facts::{Card, Facts},
        feedback::Banner,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

fn id_of(id: &str) -> Result<ProfileId, Error> {
    id.parse().map_err(|_| Error::NotFound("profile"))
}

/// `GET /profiles/{id}/canary`
pub(crate) async fn page(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    show(&ctx, id_of(&id)?, &Fields::default(), &Invalid::new()).await
}

async fn show(ctx: &Ctx, id: ProfileId, typed: &Fields, invalid: &Invalid) -> PageResult {
    let profile = profiles::get(ctx.desk(), ctx.actor(), id).await?;
    let found = canary::get(ctx.desk(), ctx.actor(), id).await?;
    let mut head = PageHead::new("Canary");
    head.crumbs = Crumbs {
        links: vec![NavLink::new("Profiles", "/profiles"), NavLink::new(profile.title.clone(), format!("/profiles/{id}"))],
    };
    head.lead = Some(
        "A message of our own that is posted, changed and taken back again and again, to notice when the network changes what it delivers."
            .to_owned(),
    );
    let mut parts: Parts = vec![Box::new(head)];
    if let Some(found) = &found {
        parts.extend(state(ctx, found));
    }
    if ctx.may(Operation::CanarySet) {
        parts.push(Box::new(form(ctx, &profile, found.as_ref(), typed, invalid).await?));
    }
    ctx.page("Canary", Room::Settings).live("connections").status(status_of(invalid)).show(&stack_all(&parts))
}

fn state(ctx: &Ctx, found: &Canary) -> Parts {
    let times = ctx.times();
    let mut parts: Parts = Vec::new();
    if let (Some(problem), Some(since)) = (&found.problem, found.problem_since) {
        let text = format!("Since {}: {problem}.", times.exact(since).exact());
        parts.push(Box::new(Banner::new(Tone::Danger, "What arrives is not what arrived before").text(text)));
    }
    let health = match (&found.problem, found.has_baseline) {
        (Some(_), _) => Badge::new(Tone::Danger, "Look at it"),
        (None, true) => Badge::new(Tone::Good, "As always"),
        (None, false) => Badge::new(Tone::Neutral, "Not known yet"),
    };
    let facts = Facts::new(vec![
        ("What arrives", health.render()),
        ("Place", html! { @match &found.place { Some(place) => (Code(place.clone())), None => "–" } }),
        ("Rounds so far", html! { (found.rounds) }),
        ("Now", html! { (found.step.title()) " since " (times.relative(found.step_at)) }),
        ("Next round", times.relative(found.next_at).render()),
    ]);
    let act = |what: &str, label: &str| {
        html! { form method="post" action={ "/profiles/" (found.profile) "/canary" } { input type="hidden" name="change" value=(what); (Button::new(label, Does::Submit)) } }
    };
    let body = html! {
        (facts)
        @if ctx.may(Operation::CanarySet) { div.row {
            @if found.problem.is_some() { (act("accept", "What arrives now is right")) }
            (act("off", "Switch off"))
        } }
    };
    parts.push(Box::new(Card { title: "How it does".to_owned(), actions: vec![], body }));
    parts
}

async fn form(ctx: &Ctx, profile: &Profile, found: Option<&Canary>, typed: &Fields, invalid: &Invalid) -> Result<Card, Error> {
    let sandbox = ctx.state.connectors.get(&profile.network).is_some_and(|network| capture::connections::about(network).sandbox);
    // Whoever manages profiles may not be allowed to read them: then there is nothing to choose from.
    let places = match capture::places(ctx.desk(), ctx.actor(), profile.id).await {
        Ok(places) => places,
        Err(Error::NotFound(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let places: Vec<_> = places.into_iter().filter(|place| may_fly(sandbox, &place.kind)).collect();
    let now = found.and_then(|found| places.iter().find(|place| found.place.as_ref() == Some(&place.native_id)));
    let choices = places.iter().map(|place| Choice::new(place.id.to_string(), place.name.as_deref().unwrap_or(&place.native_id)));
    let hours = |hours: &i64| match hours {
        1 => "Every hour".to_owned(),
        24 => "Every day".to_owned(),
        168 => "Every week".to_owned(),
        hours => format!("Every {hours} hours"),
    };
    let hours_now = found.map_or(24, |found| found.every_ms / 3_600_000).to_string();
    let fields = vec![
        html! { input type="hidden" name="change" value="on"; },
        Select {
            frame: field(invalid, "place", "Place")
                .hint("A test channel that nobody outside reads. Places that were captured before can be chosen."),
            choices: choices.collect(),
            chosen: typed.some("place").map(str::to_owned).or_else(|| now.map(|place| place.id.to_string())),
        }
        .render(),
        Select {
            frame: field(invalid, "hours", "How often"),
            choices: HOURS.iter().map(|hour| Choice::new(hour.to_string(), hours(hour))).collect(),
            chosen: Some(typed.some("hours").unwrap_or(&hours_now).to_owned()),
        }
        .render(),
    ];
    let label = if found.is_some() { "Change" } else { "Switch on" };
    let mut form = Form::new("canary", format!("/profiles/{}/canary", profile.id), fields, label);
    form.errors = summary(invalid);
    let body = html! {
        p { "It says that it is an automatic check and nothing else. The first round that arrives is what later ones are compared with: which fields there are and of which kind, never what they hold." }
        (form)
    };
    Ok(Card { title: if found.is_some() { "Change it" } else { "Let one fly" }.to_owned(), actions: vec![], body })
}

/// `POST /profiles/{id}/canary`
pub(crate) async fn change(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = id_of(&id)?;
    let wanted = match fields.get("change") {
        "off" => Ok(Change::Off),
        "accept" => Ok(Change::Accept),
        _ => place_and_hours(&fields),
    };
    let changed = match wanted {
        Ok(change) => canary::change(ctx.desk(), &ctx.state.connectors, ctx.actor(), id, &change).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(ctx.done(&format!("/profiles/{id}/canary"), "Done")),
        Err(Error::Invalid(invalid)) => show(&ctx, id, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

fn place_and_hours(fields: &Fields) -> Result<Change, Error> {
    let hours = fields.get("hours").parse().map_err(|_| Invalid::field("hours", "choose one from the list"))?;
    Ok(Change::On { place: fields.id::<PlaceId>("place")?, hours })
}
