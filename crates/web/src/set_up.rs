//! What makes a platform know this server, as pages: the files of a profile's set-up, and the public document for authorisation servers.
//!
//! Invariant: the page names files and holds nothing of them; a file is given as an attachment, once asked for with a fresh proof of
//! identity, and is kept by no cache.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use desk::{
    Error,
    capture::connections::{self, SetUpOffer, hook_url},
    ids::ProfileId,
    profiles::{self, Profile},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    evidence::file,
    frame::Ctx,
    lists::stack,
    problem::PageResult,
    profiles::network_name,
    state::WebState,
    ui::{
        badge::Code,
        button::{Button, Does},
        facts::{Card, Facts},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// Where a profile's set-up is.
pub(crate) fn address(profile: ProfileId) -> String {
    format!("/profiles/{profile}/set-up")
}

fn profile_id(id: &str) -> Result<ProfileId, Error> {
    id.parse().map_err(|_| Error::NotFound("profile"))
}

/// `GET /profiles/{id}/set-up`
pub(crate) async fn page(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = profile_id(&id)?;
    let offers = connections::set_up_offers(ctx.desk(), &ctx.state.connectors, ctx.actor(), id).await?;
    let profile = profiles::get(ctx.desk(), ctx.actor(), id).await?;
    let mut head = PageHead::new(format!("Set up {}", network_name(&profile.network)));
    let back = format!("/profiles/{id}");
    head.crumbs = Crumbs { links: vec![NavLink::new("Profiles", "/profiles"), NavLink::new(&profile.title, &back)] };
    head.lead = Some("What the other side has to know of this server.".to_owned());
    let body = html! { (addresses(&ctx, id)) @for offer in &offers { (offered(&ctx, &profile, offer)) } @if offers.is_empty() { p { "There is no file to hand over for this network as the profile stands." } } };
    let card = Card { title: "For the platform".to_owned(), actions: vec![], body };
    ctx.page(format!("Set up {}", profile.title), Room::Settings).show(&stack(&[&head, &card]))
}

fn addresses(ctx: &Ctx, profile: ProfileId) -> Markup {
    let back = format!("{}/connect/back", ctx.desk().public_url());
    Facts::new(vec![
        ("Calls come to", Code(hook_url(ctx.desk(), profile)).render()),
        ("People come back to", Code(back).render()),
    ])
    .render()
}

fn offered(ctx: &Ctx, profile: &Profile, offer: &SetUpOffer) -> Markup {
    let action = format!("{}/{}", address(profile.id), offer.file_name);
    html! {
        h3 { (offer.file_name) }
        p { (offer.how) }
        @if ctx.may(Operation::ConnectionSetUp) {
            p.muted { "It may hold keys of the connection: keep it like a password. That you take it is on record." }
            form method="post" action=(action) { (Button::new("Take the file", Does::Submit)) }
        }
    }
}

/// `POST /profiles/{id}/set-up/{file}`: the file itself.
pub(crate) async fn take(ctx: Ctx, Path((id, name)): Path<(String, String)>) -> PageResult {
    let taken = connections::take_set_up_file(ctx.desk(), &ctx.state.connectors, ctx.actor(), profile_id(&id)?, &name).await?;
    Ok(file(taken.file_name, taken.text.into_bytes()))
}

/// The public document that names this server to authorisation servers of the AT Protocol.
pub(crate) async fn client_metadata(State(state): State<WebState>) -> Result<Response, crate::problem::PageError> {
    Ok(Json(connections::client_metadata(&state.desk)?).into_response())
}
