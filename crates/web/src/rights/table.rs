//! The table of rights in code, as a page.

use desk::rights::{Level, Operation, Right};
use maud::html;

use super::grants::{text, whole_table};
use crate::{
    frame::Ctx,
    lists::stack,
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        feedback::Empty,
        layout::Room,
        nav::PageHead,
        table::{Column, ColumnKind, Row},
    },
};

/// `GET /settings/rights`
pub(crate) async fn table(ctx: Ctx) -> PageResult {
    let opened = |right: Right| -> Vec<&'static str> {
        let opens = Operation::ALL.iter().filter(|operation| operation.need().is_opened_by(right));
        opens.map(|operation| operation.title()).collect()
    };
    let rights_rows = Right::ALL.iter().map(|right| {
        let operations = opened(*right);
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
