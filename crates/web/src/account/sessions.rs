//! Where one is signed in, and how to end it.

use axum::extract::Path;
use desk::{Error, ids::SessionId, sign_in};
use maud::{Render, html};

use super::post_button;
use crate::{
    frame::Ctx,
    problem::{PageError, PageResult},
    ui::{
        Tone,
        badge::Badge,
        facts::Card,
        results::Pager,
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// The card of the account page.
pub(super) async fn card(ctx: &Ctx) -> Result<Card, PageError> {
    let sessions = sign_in::sessions(ctx.desk(), ctx.actor()).await?;
    let (times, here) = (ctx.times(), ctx.actor().session());
    let rows: Vec<Row> = sessions
        .iter()
        .map(|session| {
            let name = browser(&session.user_agent);
            let second = if session.second_factor { " and second factor" } else { "" };
            let act = if here == Some(session.id) {
                Badge::new(Tone::Good, "This browser").render()
            } else {
                post_button(&format!("/account/sessions/{}/end", session.id), "End", &name)
            };
            Row {
                id: session.id.to_string(),
                cells: vec![
                    html! { span title=(session.user_agent) { (name) } },
                    html! { (session.address.as_deref().unwrap_or("unknown")) },
                    html! { (session.method.title()) (second) },
                    times.relative(session.last_seen_at).render(),
                    act,
                ],
                name,
            }
        })
        .collect();
    let others = rows.len() > 1;
    let table = Table {
        id: "sessions".to_owned(),
        caption: "Open sessions".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Title, "Browser"),
            Column::new(ColumnKind::Text, "Address"),
            Column::new(ColumnKind::Text, "Opened with"),
            Column::new(ColumnKind::Tight, "Last used"),
            Column::new(ColumnKind::Actions, "Act"),
        ],
        rows: Rows::Some(rows),
        count: None,
        bulk: None,
        pager: Pager::default(),
    };
    let body = html! {
        (table)
        @if others { (post_button("/account/sessions/end-others", "End all others", "sessions")) }
    };
    Ok(Card { title: "Where you are signed in".to_owned(), actions: vec![], body })
}

/// A browser's name in few words; what it said in full is one hover away.
fn browser(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 5] =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name);
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// `POST /account/sessions/{id}/end`
pub(crate) async fn end(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id: SessionId = id.parse().map_err(|_| Error::NotFound("session"))?;
    sign_in::revoke_session(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/account", "Ended"))
}

/// `POST /account/sessions/end-others`
pub(crate) async fn end_others(ctx: Ctx) -> PageResult {
    let ended = sign_in::revoke_other_sessions(ctx.desk(), ctx.actor()).await?;
    let answer = if ended == 1 { "1 session ended".to_owned() } else { format!("{ended} sessions ended") };
    Ok(ctx.done("/account", &answer))
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_named_in_few_words() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/140.0")), "Edge on Linux");
        assert_eq!(browser("curl/8.0"), "Unknown browser");
    }
}
