//! Pages of profiles: what the caller may see, and for those who manage them, adding, grouping, pausing.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    capture::connections::code_of,
    ids::{GroupId, ProfileId},
    profiles::{self, NewProfile, Profile, ProfileState, ProfilesFilter, Protection},
    rights::Operation,
};
use maud::{Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{ListAddress, Names, Parts, link, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::{Badge, NetworkTag},
        button::{Button, Does, Weight},
        choice::{Choice, OnOff, Select, Toggle, ToggleLook},
        dialog::{Confirm, Effect, Reversal},
        facts::{Card, Facts},
        feedback::Empty,
        field::TextField,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        table::{Column, ColumnKind, Row},
    },
};

const LIST: &str = "list-profiles";

/// `GET /profiles`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    list_page(&ctx, &query, &Fields::default(), &Invalid::new()).await
}

async fn list_page(ctx: &Ctx, query: &Fields, typed: &Fields, invalid: &Invalid) -> PageResult {
    let address = ListAddress::new("/profiles", query, &["state"]);
    let filter = ProfilesFilter {
        text: query.some("q").map(str::to_owned),
        network: None,
        state: ProfileState::parse(query.get("state")),
    };
    let manages = ctx.may(Operation::ProfilesManage);
    let visible = profiles::visible(ctx.desk(), ctx.actor(), &filter).await?;
    let level_of = |id: ProfileId| visible.iter().find(|(profile, _)| profile.id == id).map(|(_, level)| level.title());
    let shown: Vec<Profile> = if manages {
        profiles::all(ctx.desk(), ctx.actor(), &filter).await?
    } else {
        visible.iter().map(|(profile, _)| profile.clone()).collect()
    };
    let groups = if manages { profiles::groups(ctx.desk(), ctx.actor()).await? } else { Vec::new() };
    let page = desk::paging::Page { total: i64::try_from(shown.len()).unwrap_or(i64::MAX), items: shown, next: None };
    let columns = vec![
        Column::new(ColumnKind::Title, "Profile"),
        Column::new(ColumnKind::Text, "Network"),
        Column::new(ColumnKind::Tight, "State"),
        Column::new(ColumnKind::Tight, "Protected"),
        Column::new(ColumnKind::Tight, "You may"),
    ];
    let empty = Empty::new(Icon::Globe, "No profiles", "Nothing here that you may see. Ask somebody who manages profiles.");
    let names = Names { caption: "Profiles", one: "profile", many: "profiles" };
    let table = address.table(LIST, names, columns, &page, empty, |profile: &Profile| Row {
        id: profile.id.to_string(),
        name: profile.title.clone(),
        cells: vec![
            link(&format!("/profiles/{}", profile.id), &profile.title),
            network(profile).render(),
            state_badge(profile.state).render(),
            html! { @if profile.protected { "Yes" } @else { span.muted { "No" } } },
            html! { (level_of(profile.id).unwrap_or("Nothing")) },
        ],
    });
    let facets = ProfileState::ALL.iter().map(|state| address.facet(state.title(), "state", state.id())).collect();
    let mut filter = address.filter(LIST, "Filter profiles", facets);
    let dialog = crate::views::tabs(ctx, "/profiles", query, &mut filter).await?;
    let mut head = PageHead::new("Profiles");
    head.lead = Some("The company's accounts on networks.".to_owned());
    if ctx.may(Operation::ConnectionMake) {
        head.actions = vec![Button::link("Connect a profile", "/connect").with_weight(Weight::Primary)];
    }
    let mut parts: Parts = vec![Box::new(head), Box::new(filter), Box::new(dialog), Box::new(table)];
    if ctx.may(Operation::ProfileAdd) {
        let text = |name: &'static str, label: &str, hint: &str| {
            let frame = field(invalid, name, label).hint(hint);
            TextField {
                frame,
                value: typed.get(name).to_owned(),
                length_max: Some(120),
                autocomplete: Some("off"),
                ..TextField::default()
            }
            .render()
        };
        let mut choices = vec![Choice::new("none", "No group")];
        choices.extend(groups.iter().map(|group| Choice::new(group.id.to_string(), &group.name)));
        let fields = vec![
            text("network", "Network", "For example mastodon, bluesky, slack, matrix."),
            text("handle", "Handle", "The account's name there, for example @kites@social.example.test."),
            text("title", "Title", "What colleagues call it."),
            Select {
                frame: field(invalid, "group", "Group"),
                choices,
                chosen: Some(typed.some("group").unwrap_or("none").to_owned()),
            }
            .render(),
            protected_toggle(if typed.has("protected") { OnOff::On } else { OnOff::Off }),
        ];
        let mut form = Form::new("add-profile", "/profiles", fields, "Add the profile");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Add a profile".to_owned(), actions: vec![], body: form.render() }));
    }
    if ctx.may(Operation::GroupChange) {
        let frame = field(&Invalid::new(), "name", "Name");
        let name = TextField { frame, length_max: Some(120), autocomplete: Some("off"), ..TextField::default() };
        let form = Form::new("create-group", "/profile-groups", vec![name.render()], "Create the group");
        let body = html! {
            @if !groups.is_empty() { p { @for (index, group) in groups.iter().enumerate() { @if index > 0 { ", " } (group.name) " (" (group.profiles) ")" } } }
            (form)
        };
        parts.push(Box::new(Card { title: "Groups".to_owned(), actions: vec![], body }));
    }
    ctx.page("Profiles", Room::Settings).live("profiles").status(status_of(invalid)).show(&stack_all(&parts))
}

pub(crate) fn protected_toggle(state: OnOff) -> maud::Markup {
    let frame = field(&Invalid::new(), "protected", "Protected")
        .hint("Nothing leaves it without a matching approval workflow.")
        .optional();
    Toggle { frame, value: "yes".to_owned(), state, look: ToggleLook::Check }.render()
}

fn network(profile: &Profile) -> NetworkTag {
    network_tag(&profile.network, Some(profile.handle.clone()))
}

/// A network by its id, and what belongs beside it.
pub(crate) fn network_tag(network: &str, profile: Option<String>) -> NetworkTag {
    NetworkTag { code: code_of(network).to_owned(), label: network_name(network), profile }
}

/// A network's name from its id.
pub(crate) fn network_name(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

fn state_badge(state: ProfileState) -> Badge {
    let tone = match state {
        ProfileState::Active => Tone::Good,
        ProfileState::Paused => Tone::Warning,
        ProfileState::Disconnected => Tone::Neutral,
    };
    Badge::new(tone, state.title())
}

/// `POST /profiles`
pub(crate) async fn add(ctx: Ctx, fields: Fields) -> PageResult {
    let group = group_of(&fields)?;
    let new = NewProfile {
        network: fields.get("network").to_owned(),
        handle: fields.get("handle").to_owned(),
        title: fields.get("title").to_owned(),
        group,
        protected: fields.has("protected"),
    };
    match profiles::add(ctx.desk(), ctx.actor(), &new).await {
        Ok(id) => Ok(ctx.done(&format!("/profiles/{id}"), "Profile added")),
        Err(Error::Invalid(invalid)) => list_page(&ctx, &Fields::default(), &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

fn group_of(fields: &Fields) -> Result<Option<GroupId>, Error> {
    match fields.get("group") {
        "" | "none" => Ok(None),
        _ => fields.id("group").map(Some),
    }
}

fn id_of(id: &str) -> Result<ProfileId, Error> {
    id.parse().map_err(|_| Error::NotFound("profile"))
}

/// `GET /profiles/{id}`
pub(crate) async fn detail(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let profile = profiles::get(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    detail_page(&ctx, &profile, None, &Invalid::new()).await
}

async fn detail_page(ctx: &Ctx, profile: &Profile, typed: Option<&Fields>, invalid: &Invalid) -> PageResult {
    let times = ctx.times();
    let id = profile.id;
    let level = ctx.actor().rights.level(id, profile.group);
    let facts = Facts::new(vec![
        ("Network", network(profile).render()),
        ("State", state_badge(profile.state).render()),
        ("Since", times.exact(profile.state_changed_at).render()),
        ("You may", html! { (level.title()) " – " span.muted { (level.docs()) } }),
        (
            "Protected",
            html! { @if profile.protected { "Nothing leaves it without a matching approval workflow" } @else { "No" } },
        ),
    ]);
    let mut head = PageHead::new(&profile.title);
    head.crumbs = Crumbs { links: vec![NavLink::new("Profiles", "/profiles")] };
    let mut parts: Parts =
        vec![Box::new(head), Box::new(Card { title: "About".to_owned(), actions: vec![], body: facts.render() })];
    parts.extend(crate::connections::cards(ctx, profile).await?);
    if ctx.may(Operation::ProfileChange) {
        let groups = profiles::groups(ctx.desk(), ctx.actor()).await?;
        let mut choices = vec![Choice::new("none", "No group")];
        choices.extend(groups.iter().map(|group| Choice::new(group.id.to_string(), &group.name)));
        let stored = profile.group.map_or_else(|| "none".to_owned(), |group| group.to_string());
        let protected = typed.map_or(profile.protected, |typed| typed.has("protected"));
        let value = typed.map_or_else(|| profile.title.clone(), |typed| typed.get("title").to_owned());
        let fields = vec![
            TextField { frame: field(invalid, "title", "Title"), value, length_max: Some(120), ..TextField::default() }.render(),
            Select { frame: field(invalid, "group", "Group"), choices, chosen: Some(stored) }.render(),
            protected_toggle(if protected { OnOff::On } else { OnOff::Off }),
        ];
        let mut form = Form::new("change-profile", format!("/profiles/{id}"), fields, "Save");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Settings".to_owned(), actions: vec![], body: form.render() }));
    }
    if ctx.may(Operation::ProfilePause) {
        parts.push(Box::new(acts(ctx, profile)));
    }
    ctx.page(&profile.title, Room::Settings).live("profiles,connections").status(status_of(invalid)).show(&stack_all(&parts))
}

fn acts(ctx: &Ctx, profile: &Profile) -> Card {
    let id = profile.id;
    let on = || Some(network(profile));
    let confirm = |word: &str, title: String, text: &str, consequence: &str, button: &str| Confirm {
        id: word.to_owned(),
        title,
        effects: vec![Effect { on: on(), text: text.to_owned() }],
        reversal: Reversal::Possible,
        consequence: consequence.to_owned(),
        action: format!("/profiles/{id}/{word}"),
        hidden: vec![],
        button: button.to_owned(),
        word: None,
    };
    let mut confirms = Vec::new();
    if profile.state == ProfileState::Active {
        let title = format!("Pause {}?", profile.title);
        confirms.push(confirm(
            "pause",
            title,
            "Nothing is captured from it or published to it.",
            "You can resume it at any time.",
            "Pause",
        ));
    } else {
        let title = format!("Resume {}?", profile.title);
        confirms.push(confirm(
            "resume",
            title,
            "It is captured and open for publishing again.",
            "You can pause it again.",
            "Resume",
        ));
    }
    if profile.state != ProfileState::Disconnected && ctx.may(Operation::ProfileDisconnect) {
        let title = format!("Disconnect {}?", profile.title);
        let text = "The desk stops using it. What was recorded stays on record and under its retention.";
        confirms.push(confirm(
            "disconnect",
            title,
            text,
            "You can connect it again; what happened meanwhile is not captured.",
            "Disconnect",
        ));
    }
    let body = html! {
        div.row {
            @for confirm in &confirms {
                @let weight = if confirm.id == "disconnect" { Weight::Danger } else { Weight::Plain };
                (Button::new(confirm.button.clone(), Does::Opens(confirm.id.clone())).with_weight(weight))
            }
        }
        @for confirm in &confirms { (confirm) }
    };
    Card { title: "Acts".to_owned(), actions: vec![], body }
}

/// `POST /profiles/{id}`
pub(crate) async fn change(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = id_of(&id)?;
    let group = group_of(&fields)?;
    let protection = if fields.has("protected") { Protection::Protected } else { Protection::Open };
    match profiles::change(ctx.desk(), ctx.actor(), id, fields.get("title"), group, protection).await {
        Ok(()) => Ok(ctx.done(&format!("/profiles/{id}"), "Saved")),
        Err(Error::Invalid(invalid)) => {
            let profile = profiles::get(ctx.desk(), ctx.actor(), id).await?;
            detail_page(&ctx, &profile, Some(&fields), &invalid).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn set(ctx: &Ctx, id: &str, state: ProfileState, answer: &str) -> PageResult {
    let id = id_of(id)?;
    profiles::set_state(ctx.desk(), ctx.actor(), id, state).await?;
    Ok(ctx.done(&format!("/profiles/{id}"), answer))
}

/// `POST /profiles/{id}/pause`
pub(crate) async fn pause(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    set(&ctx, &id, ProfileState::Paused, "Paused").await
}

/// `POST /profiles/{id}/resume`
pub(crate) async fn resume(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    set(&ctx, &id, ProfileState::Active, "Resumed").await
}

/// `POST /profiles/{id}/disconnect`
pub(crate) async fn disconnect(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    set(&ctx, &id, ProfileState::Disconnected, "Disconnected; its record stays").await
}

/// `POST /profile-groups`
pub(crate) async fn create_group(ctx: Ctx, fields: Fields) -> PageResult {
    profiles::create_group(ctx.desk(), ctx.actor(), fields.get("name")).await?;
    Ok(ctx.done("/profiles", "Group created"))
}
