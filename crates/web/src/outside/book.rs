//! The desk's page of outside approvers: who is named, which links and browsers open something, and revoking them.

use axum::extract::Path;
use desk::{
    Error, Invalid, Time,
    approvals::outside::{self, GuestView},
    mail::{self, MailState},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    approvals::below,
    frame::{Ctx, Fields, Times},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Size, Weight},
        facts::Card,
        feedback::{Banner, Empty},
        field::{TextField, TextKind},
        form::Form,
        layout::Room,
        nav::PageHead,
    },
};

/// `GET /outside-approvers`
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    page(&ctx, &Fields::default(), &Invalid::new()).await
}

async fn page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let guests = outside::guests(ctx.desk(), ctx.actor()).await?;
    let mail = mail::state(ctx.desk()).await?;
    let (times, now) = (ctx.times(), ctx.desk().now());
    let mut head = PageHead::new("Outside approvers");
    head.lead = Some(
        "People without an account who are asked by mail. A link alone opens nothing; a code goes to the address, for one browser, once."
            .to_owned(),
    );
    let may_revoke = ctx.may(Operation::GuestRevoke);
    let content = html! {
        @if mail == MailState::NotConfigured {
            (Banner::new(Tone::Warning, "Nobody outside can be asked").text("No mail server is set. An operator sets mail.host and mail.from."))
        }
        @if let MailState::Configured { given_up, .. } = mail { @if given_up > 0 {
            (Banner::new(Tone::Danger, format!("{given_up} mails were given up")).text("The jobs page says why; they can be sent again there."))
        } }
        @if guests.is_empty() { (Empty::new(Icon::Users, "Nobody is named", "Name somebody, then choose them in a step of a workflow.")) }
        div.approvals { @for view in &guests { (guest_card(&times, now, view, may_revoke)) } }
        @if ctx.may(Operation::GuestInvite) && mail != MailState::NotConfigured { (name_card(typed, invalid)) }
    };
    ctx.page("Outside approvers", Room::Publish).live("approvals").status(status_of(invalid)).show(&below(&[&head, &content]))
}

fn name_card(typed: &Fields, invalid: &Invalid) -> Card {
    let text = |name: &'static str, label: &str, hint: &str, kind| {
        TextField {
            frame: field(invalid, name, label).hint(hint),
            value: typed.get(name).to_owned(),
            kind,
            autocomplete: Some("off"),
            ..TextField::default()
        }
        .render()
    };
    let fields = vec![
        text("name", "Name", "As colleagues know them.", TextKind::Text),
        text("email", "Address", "Codes go there and nowhere else. Not of somebody with an account.", TextKind::Email),
    ];
    let mut form = Form::new("name-guest", "/outside-approvers", fields, "Name");
    form.errors = summary(invalid);
    Card { title: "Name somebody".to_owned(), actions: vec![], body: form.render() }
}

fn guest_card(times: &Times, now: Time, view: &GuestView, may_revoke: bool) -> Card {
    let revoked = view.guest.revoked_at;
    let body = html! {
        div.row {
            span { (view.guest.email) }
            @match revoked {
                Some(at) => { (Badge::new(Tone::Danger, "Revoked")) span.muted { (times.relative(at)) } },
                None => (Badge::new(Tone::Good, "Can be asked")),
            }
        }
        @if !view.invitations.is_empty() { h3 { "Links" } ul.plain { @for link in &view.invitations {
            @let open = link.revoked_at.is_none() && link.expires_at > now;
            li.row {
                span { "Mailed " (times.relative(link.created_at)) ", until " (times.exact(link.expires_at)) }
                @if open && may_revoke { (revoke_form(&format!("/outside-approvers/links/{}/revoke", link.id), "Revoke the link")) }
                @else { (Badge::new(Tone::Neutral, if link.revoked_at.is_some() { "Revoked" } else { "Expired" })) }
            }
        } } }
        @if !view.sessions.is_empty() { h3 { "Browsers" } ul.plain { @for browser in &view.sessions {
            @let open = browser.ended_at.is_none() && browser.expires_at > now;
            li.row {
                span {
                    @match browser.entered_at { Some(at) => { "Came in " (times.relative(at)) }, None => { "Asked for a code " (times.relative(browser.created_at)) } }
                    @if let Some(address) = &browser.address { ", from " (address) }
                    ", " span.muted { (browser.user_agent) }
                }
                @if open && may_revoke { (revoke_form(&format!("/outside-approvers/browsers/{}/revoke", browser.id), "End")) }
                @else { (Badge::new(Tone::Neutral, "Ended")) }
            }
        } } }
        @if revoked.is_none() && may_revoke { (revoke_form(&format!("/outside-approvers/{}/revoke", view.guest.id), "Revoke for good")) }
    };
    Card { title: view.guest.name.clone(), actions: vec![], body }
}

fn revoke_form(action: &str, label: &str) -> Markup {
    let button = Button::new(label, Does::Submit).with_size(Size::Small).with_weight(Weight::Danger);
    html! { form method="post" action=(action) { (button) } }
}

/// `POST /outside-approvers`
pub(crate) async fn name(ctx: Ctx, fields: Fields) -> PageResult {
    match outside::invite(ctx.desk(), ctx.actor(), fields.get("email"), fields.get("name")).await {
        Ok(_) => Ok(ctx.done("/outside-approvers", "Named; choose them in a step of a workflow")),
        Err(Error::Invalid(invalid)) => page(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /outside-approvers/{id}/revoke`
pub(crate) async fn revoke(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("outside approver"))?;
    outside::revoke(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/outside-approvers", "Revoked, with every link and browser"))
}

/// `POST /outside-approvers/links/{id}/revoke`
pub(crate) async fn revoke_link(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("link"))?;
    outside::revoke_invitation(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/outside-approvers", "The link opens nothing any more"))
}

/// `POST /outside-approvers/browsers/{id}/revoke`
pub(crate) async fn end_browser(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("browser"))?;
    outside::revoke_session(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done("/outside-approvers", "The browser opens nothing any more"))
}
