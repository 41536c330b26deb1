//! One list: what it says, what it does, what it said before.

use axum::extract::Path;
use desk::{
    Error, people,
    rights::Operation,
    word_lists::{self, ListKind, ListVersion, WordList},
};
use maud::{Markup, Render, html};

use super::{effect, id_of, state};
use crate::{
    frame::{Ctx, QueryFields},
    lists::{link, whole_table},
    problem::PageResult,
    ui::{
        Icon,
        badge::Code,
        button::{Button, Does},
        facts::Facts,
        feedback::Empty,
        layout::Room,
        lines::Lines,
        nav::{Crumbs, NavLink, PageHead},
        table::{Column, ColumnKind, Row, Table},
    },
};

/// How findings of a list are named.
pub(super) fn kind_of(list: &WordList) -> String {
    match list.kind {
        ListKind::Terms => format!("{}.{}", word_lists::TERM_KIND, list.code),
        ListKind::Kinds => "the names in it".to_owned(),
    }
}

/// `GET /word-lists/{id}`, `?version=3` with what version 3 said.
pub(super) async fn show(ctx: Ctx, Path(id): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let list = word_lists::get(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    let versions = word_lists::versions(ctx.desk(), ctx.actor(), list.id).await?;
    let wanted = query.some("version").map_or_else(|| list.version.to_string(), str::to_owned);
    let shown = versions.iter().find(|kept| kept.version.to_string() == wanted).ok_or(Error::NotFound("version"))?;
    let mut savers: Vec<_> = versions.iter().filter_map(|kept| kept.saved_by).collect();
    savers.sort_unstable();
    savers.dedup();
    let names = people::names(ctx.desk(), ctx.actor(), &savers).await?;
    let by = |kept: &ListVersion| {
        let name = names.iter().find(|(id, _)| Some(*id) == kept.saved_by).map(|(_, name)| name.clone());
        name.unwrap_or_else(|| "the desk".to_owned())
    };
    let may = ctx.may(Operation::WordListChange);
    let facts = Facts::new(vec![
        ("State", state(shown.on).render()),
        ("What it does", effect(shown.effect).render()),
        ("Kind", html! { (list.kind.title()) }),
        ("Named in findings and rules as", Code(kind_of(&list)).render()),
        ("Saved", html! { "version " (shown.version) " by " (by(shown)) ", " (ctx.times().exact(shown.saved_at)) }),
    ]);
    let lines = Lines { label: format!("{}, version {}", shown.name, shown.version), text: shown.text.clone() };
    let table = versions_table(&ctx, &list, &versions, may, by);
    let content = super::below(&[&head(&list, shown, may), &facts, &lines, &switch_form(&list, may), &table]);
    ctx.page(&list.name, Room::Settings).live("word_lists").show(&content)
}

fn head(list: &WordList, shown: &ListVersion, may: bool) -> PageHead {
    let mut head = PageHead::new(&shown.name);
    head.crumbs = Crumbs { links: vec![NavLink::new("Word lists", "/word-lists")] };
    if may && shown.version == list.version {
        head.actions.push(Button::link("Change", format!("/word-lists/{}/edit", list.id)));
    } else if may {
        let again = format!("/word-lists/{}/edit?from={}", list.id, shown.version);
        head.lead = Some("This is what it said once.".to_owned());
        head.actions.push(Button::link("Begin with this text", again));
    }
    head
}

fn switch_form(list: &WordList, may: bool) -> Markup {
    let (to, label) = if list.on { ("off", "Switch it off") } else { ("on", "Put it in force") };
    html! {
        @if may {
            form method="post" action={ "/word-lists/" (list.id) "/switch" } {
                input type="hidden" name="seen" value=(list.version);
                (Button::new(label, Does::SubmitWith { name: "to".to_owned(), value: to.to_owned() }))
            }
        }
    }
}

fn versions_table(ctx: &Ctx, list: &WordList, versions: &[ListVersion], may: bool, by: impl Fn(&ListVersion) -> String) -> Table {
    let row = |kept: &ListVersion| Row {
        id: kept.version.to_string(),
        name: format!("Version {}", kept.version),
        cells: vec![
            link(&format!("/word-lists/{}?version={}", list.id, kept.version), &format!("Version {}", kept.version)),
            html! { (by(kept)) },
            html! { (ctx.times().exact(kept.saved_at)) },
            html! { div.row { (state(kept.on)) (effect(kept.effect)) } },
            html! {
                @if may && kept.version != list.version {
                    (link(&format!("/word-lists/{}/edit?from={}", list.id, kept.version), "Begin with it"))
                }
            },
        ],
    };
    let columns = vec![
        Column::new(ColumnKind::Title, "Version"),
        Column::new(ColumnKind::Text, "Saved by"),
        Column::new(ColumnKind::Text, "When"),
        Column::new(ColumnKind::Text, "What it did"),
        Column::new(ColumnKind::Actions, "Again"),
    ];
    let empty = Empty::new(Icon::ListChecks, "No version", "There is none.");
    whole_table("list-versions", "Versions", columns, versions.iter().map(row).collect(), empty, ("version", "versions"))
}
