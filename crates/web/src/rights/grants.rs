//! How grants, holders and removals stand in tables and cards: shared by the pages of people, roles and teams.

use desk::{
    Invalid, Time,
    rights::{Given, GrantRow, Holder, Level, Operation},
};
use maud::{Markup, Render, html};

use super::names::ScopeNames;
pub(super) use crate::lists::whole_table;
use crate::{
    frame::{Ctx, Fields},
    people::field,
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does, Size, Weight},
        dialog::{Confirm, Effect, Reversal},
        facts::Card,
        feedback::Empty,
        field::TextField,
        table::{Column, ColumnKind, Row, Table},
    },
};

pub(super) fn text(label: &str) -> Column {
    Column::new(ColumnKind::Text, label)
}

/// Where a holder's page is.
pub(super) fn page_of(holder: Holder) -> String {
    match holder {
        Holder::Person(id) => format!("/people/{id}/rights"),
        Holder::Team(id) => format!("/teams/{id}"),
        Holder::Role(id) => format!("/roles/{id}"),
    }
}

pub(super) fn given_cell(given: Given) -> Markup {
    let docs = match given {
        Given::Right(right) => right.docs(),
        Given::Level(level) => level.docs(),
    };
    let tone = if given == Given::Level(Level::NoAccess) { Tone::Danger } else { Tone::Neutral };
    html! { span title=(docs) { @if tone == Tone::Danger { (Badge::new(tone, given.title())) } @else { (given.title()) } } }
}

pub(super) fn ends(ctx: &Ctx, at: Option<Time>, now: Time) -> Markup {
    match at {
        None => html! { span.muted { "no end" } },
        Some(at) if at <= now => html! { (Badge::new(Tone::Warning, "Expired")) },
        Some(at) => ctx.times().exact(at).render(),
    }
}

/// The button and question that take a grant away.
pub(super) fn take_button(grant: &str, what: &str, whom: &str) -> Markup {
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

pub(super) fn grants_table(ctx: &Ctx, grants: &[GrantRow], names: &ScopeNames, whom: &str, caption: &str) -> Table {
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

pub(super) fn unassign_cell(ctx: &Ctx, assignment: &str, role: &str, whom: &str) -> Markup {
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

pub(super) fn remove_card(kind: &str, name: &str, action: &str, holders: i64) -> Card {
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

pub(super) fn name_and_description(typed: &Fields, invalid: &Invalid, described: bool) -> Vec<Markup> {
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
