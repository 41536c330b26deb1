//! The switch of all agents.

use desk::workspace::{self, Agents};
use maud::{Render, html};

use super::below;
use crate::{
    frame::{Ctx, Fields},
    problem::PageResult,
    ui::{
        Tone,
        button::{Button, Does, Weight},
        facts::Card,
        feedback::Banner,
        form::Form,
        layout::Room,
        nav::PageHead,
    },
};

/// `GET /agents`
pub(crate) async fn show(ctx: Ctx) -> PageResult {
    let frozen_at = workspace::agents_frozen_at(ctx.desk(), ctx.actor()).await?;
    let mut head = PageHead::new("Agents");
    head.lead = Some("Programs with a token marked as an agent's: they can draft, never approve.".to_owned());
    let state = match frozen_at {
        Some(since) => Banner::new(Tone::Warning, "Agents are stopped").text(format!(
            "Since {}. Whatever they ask for is refused, and they are told why.",
            ctx.times().exact(since).words()
        )),
        None => Banner::new(Tone::Good, "Agents work").text("Each within the scopes of its token."),
    };
    let (verb, value, weight) = match frozen_at {
        Some(_) => ("Let agents go on", "free", Weight::Plain),
        None => ("Stop every agent", "frozen", Weight::Danger),
    };
    let mut form = Form::new(
        "agents",
        "/agents",
        vec![
            html! { p { "The switch holds from the next request on, for every agent of everybody. People and their other tokens are not concerned." } },
        ],
        "",
    );
    form.buttons =
        vec![Button::new(verb, Does::SubmitWith { name: "agents".to_owned(), value: value.to_owned() }).with_weight(weight)];
    let card = Card { title: "One switch".to_owned(), actions: vec![], body: form.render() };
    ctx.page("Agents", Room::Settings).live("workspace").show(&below(&[&head, &state, &card]))
}

/// `POST /agents`
pub(crate) async fn switch(ctx: Ctx, fields: Fields) -> PageResult {
    let (agents, answer) = match fields.get("agents") {
        "frozen" => (Agents::Frozen, "Every agent is stopped"),
        "free" => (Agents::Free, "Agents go on"),
        _ => return Err(desk::Error::NotFound("answer").into()),
    };
    workspace::switch_agents(ctx.desk(), ctx.actor(), agents).await?;
    Ok(ctx.done("/agents", answer))
}
