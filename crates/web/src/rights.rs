//! Pages of rights: what somebody can do and why, roles, teams, and the table of rights itself.

use axum::extract::Path;
use desk::{
    Error, Invalid, Time,
    ids::{PersonId, RoleId, TeamId},
    paging::{PAGE_SIZE_MAX, PageRequest},
    people::{self, PeopleFilter},
    profiles::{self, ProfilesFilter},
    rights::{self, Give, Given, Grant, GrantRow, Holder, Level, Need, Operation, Right, Scope, Via},
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, link, stack, stack_all},
    people::{field, find, person_head, status_of, summary, tabs},
    problem::{PageError, PageResult},
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does, Size, Weight},
        choice::{Choice, Select},
        dialog::{Confirm, Effect, Reversal},
        facts::Card,
        feedback::{Banner, Empty},
        field::{TextField, TextKind},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        results::{Count, Pager},
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// A plain table that fits on one page.
fn whole_table(
    id: &str,
    caption: &str,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: Empty,
    noun: (&'static str, &'static str),
) -> Table {
    let count = Count { matching: rows.len() as u64, of: None, one: noun.0, many: noun.1 };
    let rows = if rows.is_empty() { Rows::Empty(empty) } else { Rows::Some(rows) };
    Table {
        id: id.to_owned(),
        caption: caption.to_owned(),
        columns,
        rows,
        count: Some(count),
        bulk: None,
        pager: Pager::default(),
    }
}

fn text(label: &str) -> Column {
    Column::new(ColumnKind::Text, label)
}

/// The names of profiles and groups that scopes refer to.
struct ScopeNames {
    profiles: Vec<(String, String)>,
    groups: Vec<(String, String)>,
}

impl ScopeNames {
    async fn load(ctx: &Ctx) -> Result<Self, PageError> {
        if !ctx.may(Operation::ProfilesManage) {
            return Ok(Self { profiles: Vec::new(), groups: Vec::new() });
        }
        let profiles = profiles::all(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await?;
        let groups = profiles::groups(ctx.desk(), ctx.actor()).await?;
        Ok(Self {
            profiles: profiles.into_iter().map(|profile| (profile.id.to_string(), profile.title)).collect(),
            groups: groups.into_iter().map(|group| (group.id.to_string(), group.name)).collect(),
        })
    }

    fn name(&self, scope: Scope) -> String {
        let named = |list: &[(String, String)], id: String, kind: &str| {
            list.iter().find(|(known, _)| *known == id).map_or(format!("one {kind}"), |(_, name)| name.clone())
        };
        match scope {
            Scope::Workspace => "everywhere".to_owned(),
            Scope::Profile(id) => named(&self.profiles, id.to_string(), "profile"),
            Scope::Group(id) => format!("group {}", named(&self.groups, id.to_string(), "group")),
        }
    }

    fn choices(&self) -> Vec<Choice> {
        let mut choices = vec![Choice::new("workspace", "Everywhere")];
        choices.extend(self.groups.iter().map(|(id, name)| Choice::new(format!("group {id}"), format!("Group: {name}"))));
        choices.extend(self.profiles.iter().map(|(id, name)| Choice::new(format!("profile {id}"), format!("Profile: {name}"))));
        choices
    }
}

/// `GET /people/{id}/rights`
pub(crate) async fn of_person(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let person = find_by_id(&ctx, &id).await?;
    let explanation = rights::explain(ctx.desk(), ctx.actor(), person.0).await?;
    let own = rights::grants_of_holder(ctx.desk(), ctx.actor(), Holder::Person(person.0)).await?;
    let names = ScopeNames::load(&ctx).await?;
    let times = ctx.times();
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
    if let Some(banner) = overruled(&explanation.effective, &explanation.grants) {
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
    let _ = times;
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

fn given_cell(given: Given) -> Markup {
    let docs = match given {
        Given::Right(right) => right.docs(),
        Given::Level(level) => level.docs(),
    };
    let tone = if given == Given::Level(Level::NoAccess) { Tone::Danger } else { Tone::Neutral };
    html! { span title=(docs) { @if tone == Tone::Danger { (Badge::new(tone, given.title())) } @else { (given.title()) } } }
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

fn ends(ctx: &Ctx, at: Option<Time>, now: Time) -> Markup {
    match at {
        None => html! { span.muted { "no end" } },
        Some(at) if at <= now => html! { (Badge::new(Tone::Warning, "Expired")) },
        Some(at) => ctx.times().exact(at).render(),
    }
}

fn take_cell(ctx: &Ctx, own: &[GrantRow], grant: &Grant, person: &str) -> Markup {
    let direct = own.iter().any(|row| row.id == grant.id);
    if !direct || !ctx.may(Operation::GrantTake) {
        return html! {};
    }
    take_button(&grant.id.to_string(), grant.given.title(), person)
}

/// The button and question that take a grant away.
fn take_button(grant: &str, what: &str, whom: &str) -> Markup {
    let id = format!("take-{grant}");
    let confirm = Confirm {
        id: id.clone(),
        title: format!("Take “{what}” from {whom}?"),
        effects: vec![Effect { on: None, text: "It ends at once, also in open sessions and for their API tokens.".to_owned() }],
        reversal: Reversal::Possible,
        consequence: "You can give it again.".to_owned(),
        action: format!("/grants/{grant}/take"),
        hidden: vec![],
        button: "Take it".to_owned(),
        word: None,
    };
    html! { (Button::new("Take", Does::Opens(id)).with_size(Size::Small)) (confirm) }
}

/// Says where an explicit "no access" overrules something stronger.
fn overruled(_: &rights::EffectiveRights, grants: &[Grant]) -> Option<Banner> {
    let denied = grants.iter().any(|grant| grant.given == Given::Level(Level::NoAccess));
    denied.then(|| {
        Banner::new(Tone::Info, "An explicit “No access” is in force")
            .text("It beats every other level on the profiles it covers, wherever those come from.")
    })
}

fn give_card(holder: &Holder, names: &ScopeNames, typed: &Fields, invalid: &Invalid) -> Card {
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

fn assign_card(holder: Holder, roles: impl Iterator<Item = (String, String)>) -> Card {
    let choices = roles.map(|(id, name)| Choice::new(id, name)).collect();
    let fields = vec![
        Select { frame: field(&Invalid::new(), "role", "Role"), choices, chosen: None }.render(),
        TextField { frame: FrameOf::until("role_expires_at"), kind: TextKind::DateTime, ..TextField::default() }.render(),
    ];
    let mut form = Form::new("assign", "/assignments", fields, "Give the role");
    form.hidden = vec![("holder".to_owned(), format!("{} {}", holder.kind(), holder.id()))];
    Card { title: "Give a role".to_owned(), actions: vec![], body: form.render() }
}

struct FrameOf;

impl FrameOf {
    fn until(name: &'static str) -> crate::ui::field::FieldFrame {
        field(&Invalid::new(), name, "Until (UTC)").hint("Leave empty for no end.").optional()
    }
}

fn holder_of(fields: &Fields) -> Result<Holder, Error> {
    let parsed = fields.get("holder").split_once(' ').and_then(|(kind, id)| Holder::parse(kind, id.parse::<PersonId>().ok()?.0));
    parsed.ok_or_else(|| Invalid::field("holder", "choose a person, team or role"))
}

/// Where a holder's page is.
fn page_of(holder: Holder) -> String {
    match holder {
        Holder::Person(id) => format!("/people/{id}/rights"),
        Holder::Team(id) => format!("/teams/{id}"),
        Holder::Role(id) => format!("/roles/{id}"),
    }
}

/// A moment typed into a date-and-time field, read as UTC.
fn moment(fields: &Fields, name: &'static str) -> Result<Option<Time>, Error> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    let read = text.parse::<jiff::civil::DateTime>().ok().and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok());
    match read {
        Some(moment) => Ok(Some(Time(moment.timestamp().as_millisecond()))),
        None => Err(Invalid::field(name, "not a date and time, for example 2026-12-31T18:00")),
    }
}

fn give_of(fields: &Fields) -> Result<Give, Error> {
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

fn name_and_description(typed: &Fields, invalid: &Invalid, described: bool) -> Vec<Markup> {
    let name = TextField {
        frame: field(invalid, "name", "Name"),
        value: typed.get("name").to_owned(),
        length_max: Some(80),
        autocomplete: Some("off"),
        ..TextField::default()
    };
    let mut fields = vec![name.render()];
    if described {
        let description = TextField {
            frame: field(invalid, "description", "What it is for").optional(),
            value: typed.get("description").to_owned(),
            length_max: Some(500),
            autocomplete: Some("off"),
            ..TextField::default()
        };
        fields.push(description.render());
    }
    fields
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

fn grants_table(ctx: &Ctx, grants: &[GrantRow], names: &ScopeNames, whom: &str, caption: &str) -> Table {
    let now = ctx.desk().now();
    let rows = grants.iter().map(|grant| {
        let title = grant.given.map_or_else(|| grant.what.clone(), |given| given.title().to_owned());
        Row {
            id: grant.id.to_string(),
            name: title.clone(),
            cells: vec![
                grant
                    .given
                    .map_or_else(|| html! { (Badge::new(Tone::Warning, "Unknown")) " " (Code(grant.what.clone())) }, given_cell),
                html! { (names.name(grant.scope)) },
                html! { (grant.reason) },
                ends(ctx, grant.expires_at, now),
                if ctx.may(Operation::GrantTake) {
                    take_button(&grant.id.to_string(), &title, whom)
                } else {
                    html! {}
                },
            ],
        }
    });
    let columns = vec![
        Column::new(ColumnKind::Title, "May"),
        text("Where"),
        text("Why"),
        Column::new(ColumnKind::Tight, "Until"),
        Column::new(ColumnKind::Actions, "Acts"),
    ];
    let empty = Empty::new(Icon::KeyRound, "Nothing yet", "Give a right below.");
    whole_table("list-bundle", caption, columns, rows.collect(), empty, ("grant", "grants"))
}

fn unassign_cell(ctx: &Ctx, assignment: &str, role: &str, whom: &str) -> Markup {
    if !ctx.may(Operation::RoleUnassign) {
        return html! {};
    }
    let id = format!("unassign-{assignment}");
    let confirm = Confirm {
        id: id.clone(),
        title: format!("Take the role “{role}” from {whom}?"),
        effects: vec![Effect { on: None, text: "Everything it allows ends at once for them.".to_owned() }],
        reversal: Reversal::Possible,
        consequence: "You can give it again.".to_owned(),
        action: format!("/assignments/{assignment}/remove"),
        hidden: vec![],
        button: "Take the role".to_owned(),
        word: None,
    };
    html! { (Button::new("Take", Does::Opens(id)).with_size(Size::Small)) (confirm) }
}

fn remove_card(kind: &str, name: &str, action: &str, holders: i64) -> Card {
    let confirm = Confirm {
        id: "remove".to_owned(),
        title: format!("Remove the {kind} “{name}”?"),
        effects: vec![Effect { on: None, text: format!("{holders} lose at once what they have through it.") }],
        reversal: Reversal::Impossible,
        consequence: "It cannot be brought back; you would have to make it anew.".to_owned(),
        action: action.to_owned(),
        hidden: vec![],
        button: format!("Remove the {kind}"),
        word: None,
    };
    let body = html! { (Button::new(format!("Remove the {kind}"), Does::Opens("remove".to_owned())).with_weight(Weight::Danger)) (confirm) };
    Card { title: "Remove".to_owned(), actions: vec![], body }
}

/// The names of people and teams, where the caller may see them.
struct HolderNames(Vec<(Holder, String)>);

impl HolderNames {
    fn name(&self, holder: Holder) -> String {
        self.0
            .iter()
            .find(|(known, _)| *known == holder)
            .map_or_else(|| format!("{} {}", holder.kind(), holder.id()), |(_, name)| name.clone())
    }
}

async fn holder_names(ctx: &Ctx) -> Result<HolderNames, PageError> {
    let mut names: Vec<(Holder, String)> =
        rights::teams(ctx.desk(), ctx.actor()).await?.into_iter().map(|team| (Holder::Team(team.id), team.name)).collect();
    names.extend(everybody(ctx).await?.into_iter().map(|(id, name)| (Holder::Person(id), name)));
    Ok(HolderNames(names))
}

/// The people a form can offer. A company with more than a page of people finds them on the people page instead.
async fn everybody(ctx: &Ctx) -> Result<Vec<(PersonId, String)>, PageError> {
    if !ctx.may(Operation::PeopleRead) {
        return Ok(Vec::new());
    }
    let page = PageRequest { after: None, size: PAGE_SIZE_MAX };
    let found = people::list(ctx.desk(), ctx.actor(), &PeopleFilter::default(), &page).await?;
    Ok(found.items.into_iter().map(|person| (person.id, person.name)).collect())
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

/// `GET /settings/rights`: the table in code, as a page.
pub(crate) async fn table(ctx: Ctx) -> PageResult {
    let opened = |need: Need| -> Vec<&'static str> {
        Operation::ALL.iter().filter(|operation| operation.need() == need).map(|operation| operation.title()).collect()
    };
    let rights_rows = Right::ALL.iter().map(|right| {
        let operations = opened(Need::Right(*right));
        Row {
            id: right.id().to_owned(),
            name: right.title().to_owned(),
            cells: vec![
                html! { (right.title()) " " (Code(right.id().to_owned())) },
                html! { (right.docs()) },
                html! { @if operations.is_empty() { span.muted { "Guards what later versions bring" } } @else { (operations.join(" · ")) } },
                html! { @if right.administers() { (Badge::new(Tone::Info, "Second factor")) } },
            ],
        }
    });
    let columns =
        vec![Column::new(ColumnKind::Title, "Right"), text("Allows"), text("Opens"), Column::new(ColumnKind::Tight, "Asks for")];
    let empty = || Empty::new(Icon::KeyRound, "None", "There are none.");
    let features = whole_table("list-rights", "Feature rights", columns, rights_rows.collect(), empty(), ("right", "rights"));
    let level_rows = Level::ALL.iter().map(|level| Row {
        id: level.id().to_owned(),
        name: level.title().to_owned(),
        cells: vec![html! { (level.title()) " " (Code(level.id().to_owned())) }, html! { (level.docs()) }],
    });
    let columns = vec![Column::new(ColumnKind::Title, "Level"), text("Allows")];
    let levels = whole_table("list-levels", "Levels on a profile", columns, level_rows.collect(), empty(), ("level", "levels"));
    let mut head = PageHead::new("Table of rights");
    head.lead = Some("Everything that can be given, and everything it opens. No right implies another.".to_owned());
    ctx.page("Table of rights", Room::Settings).show(&stack(&[&head, &levels, &features]))
}
