//! Pages of people: list, invitation, one person with what they own and what can be done.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::PersonId,
    people::{self, Invite, PeopleFilter, Person, PersonState},
    rights::{self, Operation},
    sign_in,
};
use http::StatusCode;
use maud::{Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{ListAddress, Names, Parts, stack, stack_all},
    problem::{PageError, PageResult},
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Weight},
        choice::{Choice, HowMany, Options},
        dialog::{Confirm, Effect, Reversal},
        facts::{Card, ContextPanel, Facts, PanelSection},
        feedback::Empty,
        field::{FieldFrame, TextField, TextKind},
        form::{ErrorSummary, Form},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead, Tabs},
        person,
        secret::Secret,
        table::{Column, ColumnKind, Row},
    },
};

const LIST: &str = "list-people";

/// `GET /people`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let address = ListAddress::new("/people", &query, &["state"]);
    let filter = PeopleFilter { text: query.some("q").map(str::to_owned), state: PersonState::parse(query.get("state")) };
    let page = people::list(ctx.desk(), ctx.actor(), &filter, &address.page()).await?;
    let times = ctx.times();
    let facets = PersonState::ALL.iter().map(|state| address.facet(state.title(), "state", state.id())).collect();
    let columns = vec![
        Column::new(ColumnKind::Title, "Name"),
        Column::new(ColumnKind::Text, "Address"),
        Column::new(ColumnKind::Tight, "State"),
        Column::new(ColumnKind::Tight, "Since"),
    ];
    let empty = Empty::new(Icon::Users, "Nobody here yet", "Invite the first colleague.");
    let names = Names { caption: "People", one: "person", many: "people" };
    let table = address.table(LIST, names, columns, &page, empty, |person: &Person| Row {
        id: person.id.to_string(),
        name: person.name.clone(),
        cells: vec![
            shown(person).render(),
            html! { (person.email) },
            state_badge(person.state).render(),
            times.relative(person.state_changed_at).render(),
        ],
    });
    let mut head = PageHead::new("People");
    head.lead = Some("Everybody who can sign in, or is invited to.".to_owned());
    if ctx.may(Operation::PersonInvite) {
        head.actions.push(invite_button());
    }
    let mut filter = address.filter(LIST, "Filter people", facets);
    let dialog = crate::views::tabs(&ctx, "/people", &query, &mut filter).await?;
    let content = stack(&[&head, &filter, &dialog, &table]);
    ctx.page("People", Room::Settings).live("people").show(&content)
}

fn invite_button() -> Button {
    Button::link("Invite", "/people/invite").with_icon(Icon::UserPlus).with_weight(Weight::Primary)
}

fn shown(person: &Person) -> person::Person {
    person::Person { name: person.name.clone(), note: None, href: Some(format!("/people/{}", person.id)) }
}

/// The state as a badge.
fn state_badge(state: PersonState) -> Badge {
    let tone = match state {
        PersonState::Invited => Tone::Info,
        PersonState::Active => Tone::Good,
        PersonState::Suspended => Tone::Danger,
    };
    Badge::new(tone, state.title())
}

/// `GET /people/invite`
pub(crate) async fn invite_form(ctx: Ctx) -> PageResult {
    invite_page(&ctx, &Fields::default(), &Invalid::new()).await
}

/// `POST /people/invite`
pub(crate) async fn invite(ctx: Ctx, fields: Fields) -> PageResult {
    let roles = fields.all("role").map(|id| id.parse().map_err(|_| Invalid::field("role", "choose from the list"))).collect();
    let made = match roles {
        Ok(roles) => {
            let invite = Invite { email: fields.get("email").to_owned(), name: fields.get("name").to_owned(), roles };
            people::invite(ctx.desk(), ctx.actor(), &invite).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((person, code)) => {
            let secret = Secret {
                id: "invitation-link".to_owned(),
                label: "Invitation link".to_owned(),
                value: code.url(ctx.desk()),
                note: "Shown only now. Send it to the person by a way you trust; it works once, for 7 days.".to_owned(),
            };
            link_page(&ctx, person, &format!("{} is invited", fields.get("name").trim()), &secret)
        }
        Err(Error::Invalid(invalid)) => invite_page(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

async fn invite_page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let mut fields = vec![
        TextField {
            frame: field(invalid, "email", "E-mail address"),
            kind: TextKind::Email,
            value: typed.get("email").to_owned(),
            autocomplete: Some("off"),
            length_max: Some(254),
        }
        .render(),
        TextField {
            frame: field(invalid, "name", "Name").hint("As colleagues will see it."),
            value: typed.get("name").to_owned(),
            autocomplete: Some("off"),
            length_max: Some(120),
            ..TextField::default()
        }
        .render(),
    ];
    if ctx.may(Operation::RightsRead) {
        let roles = rights::roles(ctx.desk(), ctx.actor()).await?;
        let choices = roles.iter().map(|role| Choice::new(role.id.to_string(), &role.name).hint(&role.description)).collect();
        let frame = field(invalid, "role", "Roles").hint("What they may do from the start. You can change it later.").optional();
        let chosen = typed.all("role").map(str::to_owned).collect();
        fields.push(Options { frame, how_many: HowMany::Several, choices, chosen }.render());
    }
    let mut form = Form::new("invite", "/people/invite", fields, "Make the invitation");
    form.errors = summary(invalid);
    form.buttons.push(Button::link("Cancel", "/people"));
    let mut head = PageHead::new("Invite a person");
    head.crumbs = crumbs();
    let content = stack(&[&head, &form]);
    ctx.page("Invite a person", Room::Settings).status(status_of(invalid)).show(&content)
}

/// A field with the problem it had last time.
pub(crate) fn field(invalid: &Invalid, name: &'static str, label: &str) -> FieldFrame {
    let problem = invalid.fields.iter().find(|(field, _)| *field == name).map(|(_, problem)| sentence(problem));
    FieldFrame::new(name, label).error(problem)
}

/// The problems of a form, above it.
pub(crate) fn summary(invalid: &Invalid) -> ErrorSummary {
    ErrorSummary { errors: invalid.fields.iter().map(|(field, problem)| ((*field).to_owned(), sentence(problem))).collect() }
}

/// The status of a form page: whether it shows problems.
pub(crate) fn status_of(invalid: &Invalid) -> StatusCode {
    if invalid.fields.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// A fragment as a sentence: first letter large, full stop.
pub(crate) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.trim_end().chars();
    let Some(first) = letters.next() else { return String::new() };
    // What a person wrote may be a sentence already.
    let end = if fragment.trim_end().ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

fn crumbs() -> Crumbs {
    Crumbs { links: vec![NavLink::new("People", "/people")] }
}

fn link_page(ctx: &Ctx, person: PersonId, title: &str, secret: &Secret) -> PageResult {
    let mut head = PageHead::new(title);
    head.crumbs = crumbs();
    let on = Button::link("Go to the person", format!("/people/{person}"));
    ctx.page(title, Room::Settings).show(&stack(&[&head, secret, &on]))
}

/// The tabs of a person.
pub(crate) fn tabs(ctx: &Ctx, person: PersonId, current: &str) -> Tabs {
    let mut links = vec![NavLink::new("Account", format!("/people/{person}")).current(current == "account")];
    if ctx.may(Operation::RightsRead) {
        links.push(NavLink::new("What they can do, and why", format!("/people/{person}/rights")).current(current == "rights"));
    }
    Tabs { label: "Views of this person".to_owned(), links }
}

/// The head of a person's pages.
pub(crate) fn person_head(person: &Person) -> PageHead {
    let mut head = PageHead::new(&person.name);
    head.crumbs = crumbs();
    head.lead = Some(person.email.clone());
    head
}

/// `GET /people/{id}`
pub(crate) async fn detail(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let person = find(&ctx, &id).await?;
    detail_page(&ctx, &person, &Fields::default(), &Invalid::new()).await
}

pub(crate) async fn find(ctx: &Ctx, id: &str) -> Result<Person, PageError> {
    let id: PersonId = id.parse().map_err(|_| Error::NotFound("person"))?;
    Ok(people::get(ctx.desk(), ctx.actor(), id).await?)
}

async fn detail_page(ctx: &Ctx, person: &Person, typed: &Fields, invalid: &Invalid) -> PageResult {
    let times = ctx.times();
    let id = person.id;
    let belongings = people::belongings(ctx.desk(), ctx.actor(), id).await?;
    let sessions = sign_in::sessions_of(ctx.desk(), ctx.actor(), id).await?;
    let facts = Facts::new(vec![
        ("State", html! { (state_badge(person.state)) }),
        ("Since", times.exact(person.state_changed_at).render()),
        ("Account made", times.exact(person.created_at).render()),
        ("Time zone", html! { (person.time_zone.as_deref().unwrap_or("as the workspace")) }),
        ("Open sessions", html! { (sessions.len()) }),
    ]);
    let owns = Facts::new(vec![
        ("Grants that reach them", html! { (belongings.grants) }),
        ("Teams", html! { (belongings.teams) }),
        ("Saved views", html! { (belongings.saved_views) " (" (belongings.shared_views) " shared)" }),
        ("API tokens", html! { (belongings.tokens) }),
        ("Grants they gave to others", html! { (belongings.grants_given) }),
    ]);
    let mut parts: Parts = vec![Box::new(person_head(person)), Box::new(tabs(ctx, id, "account"))];
    parts.push(Box::new(Card { title: "Account".to_owned(), actions: vec![], body: facts.render() }));
    parts.push(Box::new(acts(ctx, person, sessions.len())));
    parts.push(Box::new(Card { title: "What they own".to_owned(), actions: vec![], body: owns.render() }));
    if ctx.may(Operation::PersonChange) {
        let value = if typed.has("name") { typed.get("name").to_owned() } else { person.name.clone() };
        let name = TextField { frame: field(invalid, "name", "Name"), value, length_max: Some(120), ..TextField::default() };
        let mut form = Form::new("rename", format!("/people/{id}/rename"), vec![name.render()], "Save the name");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Name".to_owned(), actions: vec![], body: form.render() }));
    }
    let panel = ContextPanel {
        label: "About this person".to_owned(),
        sections: vec![PanelSection {
            title: "On record".to_owned(),
            body: html! { p { a href={ "/audit-log?actor=" (id) } { "What they did" } } p { a href={ "/audit-log?object=" (id) } { "What was done to their account" } } },
        }],
    };
    ctx.page(&person.name, Room::Settings).panel(panel).live("people,access").status(status_of(invalid)).show(&stack_all(&parts))
}

fn acts(ctx: &Ctx, person: &Person, sessions: usize) -> Card {
    let id = person.id;
    let mut confirms: Vec<Confirm> = Vec::new();
    let mut offer = |confirm: Option<Confirm>| confirms.extend(confirm);
    let effect = |text: &str| Effect { on: None, text: text.to_owned() };
    if person.state != PersonState::Suspended && ctx.may(Operation::PersonResetLink) {
        let invited = person.state == PersonState::Invited;
        offer(Some(Confirm {
            id: "make-link".to_owned(),
            title: if invited { "Make a new invitation link?" } else { "Make a reset link?" }.to_owned(),
            effects: vec![
                effect("A single-use link is shown to you once; you send it."),
                effect("Links made before stop working."),
                effect(if invited { "It works for 7 days." } else { "It works for one hour. A second factor is still asked." }),
            ],
            reversal: Reversal::Possible,
            consequence: "Nothing changes until the person uses the link.".to_owned(),
            action: format!("/people/{id}/link"),
            hidden: vec![],
            button: if invited { "Make an invitation link" } else { "Make a reset link" }.to_owned(),
            word: None,
        }));
    }
    if sessions > 0 && ctx.may(Operation::PersonSessionsEnd) {
        offer(Some(Confirm {
            id: "end-sessions".to_owned(),
            title: "End all sessions of this person?".to_owned(),
            effects: vec![effect("Every browser of theirs is signed out at once.")],
            reversal: Reversal::Possible,
            consequence: "They can sign in again.".to_owned(),
            action: format!("/people/{id}/end-sessions"),
            hidden: vec![],
            button: "End the sessions".to_owned(),
            word: None,
        }));
    }
    if person.state == PersonState::Suspended {
        if ctx.may(Operation::PersonRestore) {
            offer(Some(Confirm {
                id: "restore".to_owned(),
                title: format!("Let {} in again?", person.name),
                effects: vec![effect("They can sign in with their password and second factor, with the rights they had.")],
                reversal: Reversal::Possible,
                consequence: "Sessions, tokens and links that were ended do not come back.".to_owned(),
                action: format!("/people/{id}/restore"),
                hidden: vec![],
                button: "Restore".to_owned(),
                word: None,
            }));
        }
    } else if ctx.may(Operation::PersonSuspend) && ctx.actor().person() != Some(id) {
        offer(Some(Confirm {
            id: "suspend".to_owned(),
            title: format!("Suspend {}?", person.name),
            effects: vec![
                effect("Sessions, API tokens and pending links end at once."),
                effect("What they own stays and is listed for somebody to take over."),
            ],
            reversal: Reversal::Possible,
            consequence: "You can restore the account; ended tokens and links do not come back.".to_owned(),
            action: format!("/people/{id}/suspend"),
            hidden: vec![],
            button: "Suspend".to_owned(),
            word: None,
        }));
    }
    let body = html! {
        @if confirms.is_empty() { p.muted { "There is nothing you may do to this account." } }
        div.row {
            @for confirm in &confirms {
                @let weight = if confirm.id == "suspend" { Weight::Danger } else { Weight::Plain };
                (Button::new(confirm.button.clone(), Does::Opens(confirm.id.clone())).with_weight(weight))
            }
        }
        @for confirm in &confirms { (confirm) }
    };
    Card { title: "Acts".to_owned(), actions: vec![], body }
}

/// `POST /people/{id}/rename`
pub(crate) async fn rename(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let person = find(&ctx, &id).await?;
    match people::rename(ctx.desk(), ctx.actor(), person.id, fields.get("name")).await {
        Ok(()) => Ok(ctx.done(&format!("/people/{}", person.id), "The name is saved")),
        Err(Error::Invalid(invalid)) => detail_page(&ctx, &person, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

fn id_of(id: &str) -> Result<PersonId, PageError> {
    Ok(id.parse().map_err(|_| Error::NotFound("person"))?)
}

/// `POST /people/{id}/suspend`
pub(crate) async fn suspend(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id_of(&id)?;
    people::suspend(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&format!("/people/{id}"), "Suspended; what they own is listed below"))
}

/// `POST /people/{id}/restore`
pub(crate) async fn restore(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id_of(&id)?;
    people::restore(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&format!("/people/{id}"), "Restored"))
}

/// `POST /people/{id}/link`
pub(crate) async fn make_link(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id_of(&id)?;
    let (kind, code) = people::make_link(ctx.desk(), ctx.actor(), id).await?;
    let secret = Secret {
        id: "single-use-link".to_owned(),
        label: kind.title().to_owned(),
        value: code.url(ctx.desk()),
        note: "Shown only now. Send it to the person by a way you trust; it works once.".to_owned(),
    };
    link_page(&ctx, id, kind.title(), &secret)
}

/// `POST /people/{id}/end-sessions`
pub(crate) async fn end_sessions(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id_of(&id)?;
    let ended = sign_in::end_sessions_of(ctx.desk(), ctx.actor(), id).await?;
    let answer = if ended == 1 { "1 session ended".to_owned() } else { format!("{ended} sessions ended") };
    Ok(ctx.done(&format!("/people/{id}"), &answer))
}
