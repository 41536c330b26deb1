//! Connecting profiles to networks, and how their capture does.
//!
//! Invariants: a credential goes from the form to the desk and nowhere else: no answer holds one, not even a form shown again; the way to
//! a network is a link that a person follows, never a redirect of a form (the policy forbids those, and a person should see where
//! they go). The pages are made from the registry of networks.

use std::collections::BTreeMap;

use axum::extract::Path;
use desk::{
    Error, Invalid,
    capture::connections::{self, About, Alarm, AlarmKind, Begun, ConnectMethod, ConnectionState, Health, NewConnection},
    ids::{GroupId, ProfileId},
    profiles::{self, Profile},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields, Times},
    lists::{Parts, link, stack, stack_all},
    people::{field, status_of, summary},
    problem::{PageResult, encode_query},
    profiles::{network_name, protected_toggle},
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does},
        choice::{Choice, OnOff, Select},
        facts::{Card, Facts},
        feedback::Banner,
        field::{PasswordField, PasswordUse, TextField},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// `GET /connect`: every network there is a connector for, the sandbox last and marked.
pub(crate) async fn networks(ctx: Ctx) -> PageResult {
    let mut head = PageHead::new("Connect a profile");
    head.crumbs = Crumbs { links: vec![NavLink::new("Profiles", "/profiles")] };
    head.lead = Some("Everything that a connected profile receives is put on record before anybody sees it here.".to_owned());
    let abouts: Vec<&About> = ctx.state.connectors.iter().map(desk::capture::connections::about).collect();
    let list = html! {
        ul.grid-3.places {
            @for about in abouts {
                li { a.stat href={ "/connect/" (about.id) } {
                    span.row { (Icon::Globe) strong { (about.name) } @if about.sandbox { " " (Badge::new(Tone::Warning, "Not a real network")) } }
                    span.stat-note { (about.summary) }
                } }
            }
        }
        p.muted { "Other sources come in as export files: " (link("/import", "import a file")) ". What each network gives and what it does not stands in docs/networks.md." }
    };
    ctx.page("Connect a profile", Room::Settings).show(&stack(&[&head, &list]))
}

fn about_of(ctx: &Ctx, id: &str) -> Result<&'static About, Error> {
    ctx.state.connectors.get(id).map(desk::capture::connections::about).ok_or(Error::NotFound("network"))
}

fn method_of(about: &'static About, fields: &Fields) -> &'static ConnectMethod {
    about.connect.iter().find(|method| method.id == fields.get("method")).unwrap_or(&about.connect[0])
}

/// The profile that is to be authorised again; nothing for a new one.
async fn profile_of(ctx: &Ctx, fields: &Fields) -> Result<Option<Profile>, Error> {
    if fields.some("profile").is_none() {
        return Ok(None);
    }
    let id: ProfileId = fields.id("profile")?;
    profiles::get(ctx.desk(), ctx.actor(), id).await.map(Some)
}

/// `GET /connect/{network}`
pub(crate) async fn form(ctx: Ctx, Path(network): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let about = about_of(&ctx, &network)?;
    form_page(&ctx, about, &query, &Invalid::new()).await
}

async fn form_page(ctx: &Ctx, about: &'static About, typed: &Fields, invalid: &Invalid) -> PageResult {
    let method = method_of(about, typed);
    let profile = profile_of(ctx, typed).await?;
    let mut head = PageHead::new(match &profile {
        Some(profile) => format!("Authorise {} again", profile.title),
        None => format!("Connect {}", about.name),
    });
    head.crumbs = Crumbs { links: vec![NavLink::new("Profiles", "/profiles"), NavLink::new("Connect", "/connect")] };
    head.lead = Some(about.summary.to_owned());
    let mut parts: Parts = vec![Box::new(head)];
    if about.sandbox {
        let text =
            "Its people and messages are invented, and nothing leaves this machine. For a real account choose a real network.";
        parts.push(Box::new(Banner::new(Tone::Warning, "Not a real network").text(text)));
    }
    if let [first, ..] = about.connect
        && about.connect.len() > 1
    {
        parts.push(Box::new(ways(about, method, first, profile.as_ref())));
    }
    let mut fields = vec![html! {
        input type="hidden" name="method" value=(method.id);
        @if let Some(profile) = &profile { input type="hidden" name="profile" value=(profile.id); }
        @for step in method.steps.lines() { p { (step) } }
    }];
    fields.extend(method.fields.iter().map(|wanted| {
        let mut frame = field(invalid, wanted.name, wanted.label).hint(wanted.help);
        if wanted.optional {
            frame = frame.optional();
        }
        if wanted.secret {
            PasswordField { frame, usage: PasswordUse::New }.render()
        } else {
            TextField { frame, value: typed.get(wanted.name).to_owned(), autocomplete: Some("off"), ..TextField::default() }
                .render()
        }
    }));
    if profile.is_none() {
        let frame =
            field(invalid, "title", "Title").hint("What colleagues call it; the account's own name when left empty.").optional();
        fields.push(
            TextField { frame, value: typed.get("title").to_owned(), length_max: Some(120), ..TextField::default() }.render(),
        );
        let mut choices = vec![Choice::new("none", "No group")];
        let groups = profiles::groups(ctx.desk(), ctx.actor()).await?;
        choices.extend(groups.iter().map(|group| Choice::new(group.id.to_string(), &group.name)));
        let chosen = Some(typed.some("group").unwrap_or("none").to_owned());
        fields.push(Select { frame: field(invalid, "group", "Group"), choices, chosen }.render());
        fields.push(protected_toggle(if typed.has("protected") { OnOff::On } else { OnOff::Off }));
    }
    let label = if profile.is_some() { "Authorise again" } else { "Connect" };
    let mut form = Form::new("connect", format!("/connect/{}", about.id), fields, label);
    form.errors = summary(invalid);
    parts.push(Box::new(Card { title: method.title.to_owned(), actions: vec![], body: form.render() }));
    parts.push(Box::new(coverage(about)));
    ctx.page(format!("Connect {}", about.name), Room::Settings).status(status_of(invalid)).show(&stack_all(&parts))
}

fn ways(about: &About, chosen: &ConnectMethod, usual: &ConnectMethod, profile: Option<&Profile>) -> Markup {
    let href = |method: &ConnectMethod| {
        let profile = profile.map(|profile| format!("&profile={}", profile.id)).unwrap_or_default();
        format!("/connect/{}?method={}{profile}", about.id, encode_query(method.id))
    };
    html! {
        nav.tabs aria-label="Ways to connect" { ul { @for method in about.connect {
            li { a.tab href=(href(method)) aria-current=[(method.id == chosen.id).then_some("page")] { (method.title) @if method.id == usual.id { " (usual)" } } }
        } } }
    }
}

/// What is captured and what is not, as the connector itself says.
fn coverage(about: &About) -> Card {
    let body = html! {
        details { summary { "Field by field" }
            dl.facts { @for line in about.coverage {
                dt { (line.what) }
                dd { (connections::captured_word(line.captured)) @if !line.note.is_empty() { " – " span.muted { (line.note) } } }
            } }
        }
    };
    Card { title: "What is captured".to_owned(), actions: vec![], body }
}

/// `POST /connect/{network}`
pub(crate) async fn begin(ctx: Ctx, Path(network): Path<String>, fields: Fields) -> PageResult {
    let about = about_of(&ctx, &network)?;
    let method = method_of(about, &fields);
    let filled = method.fields.iter().map(|wanted| (wanted.name.to_owned(), fields.get(wanted.name).to_owned()));
    let group = match fields.get("group") {
        "" | "none" => None,
        _ => Some(fields.id::<GroupId>("group")?),
    };
    let profile = if fields.some("profile").is_some() { Some(fields.id::<ProfileId>("profile")?) } else { None };
    let new = NewConnection {
        network: about.id.to_owned(),
        method: method.id.to_owned(),
        fields: filled.collect::<BTreeMap<_, _>>(),
        profile,
        title: fields.get("title").to_owned(),
        group,
        protected: fields.has("protected"),
    };
    match connections::begin(ctx.desk(), &ctx.state.connectors, ctx.actor(), new).await {
        Ok(Begun::Connected(profile)) => Ok(ctx.done(&format!("/profiles/{profile}"), "Connected")),
        Ok(Begun::Redirect(url)) => go_on(&ctx, about, &url),
        Err(Error::Invalid(invalid)) => form_page(&ctx, about, &fields, &invalid).await,
        // Mostly an address with a slip in it: the form comes back with what was typed.
        Err(Error::Conflict(why)) => {
            let mut invalid = Invalid::new();
            invalid.add(if method.fields.iter().any(|field| field.name == "server") { "server" } else { "connection" }, why);
            form_page(&ctx, about, &fields, &invalid).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The door to the network: a link, with the host to be read before it is followed.
fn go_on(ctx: &Ctx, about: &About, url: &str) -> PageResult {
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or(url);
    let mut head = PageHead::new(format!("Agree at {}", about.name));
    head.lead = Some(format!("{} asks you to sign in there and to agree. You come back here by yourself.", about.name));
    let way = html! {
        p { "You are about to go to " (Code(host.to_owned())) ". Go on only if that is the server you meant." }
        p { (Button::new(format!("Go to {host}"), Does::Link(url.to_owned())).with_icon(Icon::ExternalLink)) " " (link("/profiles", "Cancel")) }
        p.muted { "The way back is open for fifteen minutes." }
    };
    ctx.page(format!("Agree at {}", about.name), Room::Settings).show(&stack(&[&head, &way]))
}

/// `GET /connect/back`: the person comes back from the network.
pub(crate) async fn back(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let query: BTreeMap<String, String> = query.0.into_iter().collect();
    if let Some(refused) = query.get("error") {
        let why = query.get("error_description").unwrap_or(refused);
        let why: String = why.chars().filter(|letter| !letter.is_control()).take(200).collect();
        return Err(Error::Conflict(format!("the network did not agree ({why}); begin to connect again")).into());
    }
    let profile = connections::finish(ctx.desk(), &ctx.state.connectors, ctx.actor(), &query).await?;
    Ok(ctx.done(&format!("/profiles/{profile}"), "Connected"))
}

/// `POST /profiles/{id}/back-fill`
pub(crate) async fn back_fill(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: ProfileId = id.parse().map_err(|_| Error::NotFound("profile"))?;
    connections::back_fill(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&format!("/profiles/{id}"), "The past is being read again; what is on record is not recorded twice"))
}

/// The words and colour of a connection's state.
pub(crate) fn state_badge(state: ConnectionState) -> Badge {
    let tone = match state {
        ConnectionState::Connected => Tone::Good,
        ConnectionState::Failing => Tone::Warning,
        ConnectionState::Broken | ConnectionState::Gone | ConnectionState::Refused | ConnectionState::NeedsAuthorisation => {
            Tone::Danger
        }
        ConnectionState::Disconnected => Tone::Neutral,
    };
    Badge::new(tone, state.title())
}

/// What somebody should look at now, on top of a page.
pub(crate) fn alarm_banner(times: &Times, alarm: &Alarm) -> Banner {
    let tone = if alarm.what == AlarmKind::Expiring { Tone::Warning } else { Tone::Danger };
    let when = times.exact(alarm.since).exact();
    let title = format!("{}: {}", alarm.title, alarm.what.title().to_lowercase());
    let mut remedy = alarm.remedy.clone();
    if let Some(first) = remedy.get(..1) {
        remedy = format!("{}{}", first.to_uppercase(), &remedy[1..]);
    }
    Banner::new(tone, title)
        .text(format!("{} {when}. {remedy}.", if alarm.what == AlarmKind::Expiring { "On" } else { "Since" }))
        .action(Button::link("Look", format!("/profiles/{}", alarm.profile)))
}

/// How a profile's capture does, for those who manage profiles.
pub(crate) async fn cards(ctx: &Ctx, profile: &Profile) -> Result<Parts, Error> {
    let mut parts: Parts = Vec::new();
    if !ctx.may(Operation::ConnectionsRead) {
        return Ok(parts);
    }
    let health = connections::health(ctx.desk(), ctx.actor()).await?.into_iter().find(|health| health.profile == profile.id);
    let Some(health) = health else {
        let known = ctx.state.connectors.get(&profile.network).is_some();
        let body = html! {
            @if known { p { "Nothing is captured yet: the profile is not connected to " (network_name(&profile.network)) "." } div.row { (Button::link("Connect", format!("/connect/{}?profile={}", profile.network, profile.id))) (Button::link("Files for the platform", crate::set_up::address(profile.id))) } }
            @else { p { "There is no connector for this network; its record grows by " (link("/import", "importing export files")) "." } }
        };
        parts.push(Box::new(Card { title: "Connection".to_owned(), actions: vec![], body }));
        return Ok(parts);
    };
    parts.push(Box::new(health_card(ctx, profile, &health)));
    let gaps = connections::gaps(ctx.desk(), ctx.actor(), profile.id).await?;
    if !gaps.is_empty() {
        let times = ctx.times();
        let moment = |at: Option<desk::Time>| html! { @match at { Some(at) => (times.exact(at)), None => "?" } };
        let body = html! {
            ul { @for gap in &gaps { li {
                (moment(gap.from_ms.map(desk::Time))) " to " (moment(gap.until_ms.map(desk::Time))) ": " (gap.reason) " "
                @match gap.back_filled_at { Some(at) => { (Badge::new(Tone::Good, "Back-filled")) " " (times.exact(at)) } None => (Badge::new(Tone::Warning, "Open")) }
                " " span.muted { "entry " (gap.entry) }
            } } }
        };
        parts.push(Box::new(Card { title: "Stretches that were not covered in time".to_owned(), actions: vec![], body }));
    }
    Ok(parts)
}

fn health_card(ctx: &Ctx, profile: &Profile, health: &Health) -> Card {
    let times = ctx.times();
    let moment =
        |at: Option<desk::Time>| html! { @match at { Some(at) => (times.relative(at)), None => span.muted { "never" } } };
    let mut facts = vec![
        ("State", html! { (state_badge(health.state)) " since " (times.exact(health.state_changed_at)) }),
        (
            "Account",
            html! { (health.account.handle) " " (Code(health.account.native_id.clone())) " on " (health.account.server) },
        ),
        ("Last answer", moment(health.last_contact_at)),
        (
            "Last message",
            html! { (moment(health.last_message_at)) @if let Some(lag) = health.lag_ms { span.muted { ", on record " (seconds(lag)) " after it was posted" } } },
        ),
        ("Alarms after", html! { (seconds(health.silent_after_ms)) " of silence" }),
        ("Authorised until", html! { @match health.expires_at { Some(at) => (times.exact(at)), None => "it is withdrawn" } }),
    ];
    if !health.missing_scopes.is_empty() {
        let scopes =
            html! { @for scope in &health.missing_scopes { (Code(scope.clone())) " " } "– authorise it again and agree to them" };
        facts.push(("Missing scopes", scopes));
    }
    if let Some(message) = &health.error_message {
        facts.push((
            "Last failure",
            html! { (message) @if let Some(at) = health.next_try_at { span.muted { "; tried again " (times.relative(at)) } } },
        ));
    }
    if health.open_gaps > 0 {
        facts.push(("Open gaps", html! { (health.open_gaps) }));
    }
    if let Some(state) = &health.back_fill {
        facts.push(("Reading the past", html! { (state) }));
    }
    let body = html! {
        (Facts::new(facts))
        div.row {
            @if ctx.may(Operation::ConnectionRenew) { (Button::link("Authorise again", format!("/connect/{}?profile={}&method={}", profile.network, profile.id, encode_query(&health.method)))) }
            @if ctx.may(Operation::CaptureBackFill) && health.state != ConnectionState::Disconnected {
                form method="post" action={ "/profiles/" (profile.id) "/back-fill" } { (Button::new("Read the past again", Does::Submit)) }
            }
            (Button::link("Canary", format!("/profiles/{}/canary", profile.id)))
            (Button::link("Stream", format!("/stream?profile={}", profile.id)))
            (Button::link("Files for the platform", crate::set_up::address(profile.id)))
        }
    };
    Card { title: "Connection".to_owned(), actions: vec![], body }
}

/// A length of time in words.
fn seconds(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}
