//! Changing and deleting what is published: on one profile at a time, with a reason, and its outcome proven by reading it back.
//!
//! Invariant: what will happen is said with the account before it does; a changed text goes the way of every version.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::{PostId, ProfileId},
    publishing::{self, Content, PostTarget, Sent, TargetKey, TargetState},
};
use maud::{Markup, Render, html};

use super::{
    outlets::{self, Outlet},
    writing::post_id,
};
use crate::{
    frame::{Ctx, Fields},
    lists::stack,
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        button::{Button, Does, Size, Weight},
        dialog::{Dialog, DialogWidth},
        facts::Card,
        field::{FieldFrame, TextField},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
    },
};

fn key(id: &str, profile: &str) -> Result<TargetKey, Error> {
    let (post, profile): (PostId, ProfileId) = (post_id(id)?, profile.parse().map_err(|_| Error::NotFound("profile"))?);
    Ok(TargetKey { post, profile })
}

/// The buttons of a published target, and the question before deleting it.
pub(super) fn offers(target: &PostTarget, outlet: &Outlet) -> Markup {
    if target.life.state != TargetState::Published || !outlet.may_correct {
        return html! {};
    }
    let place = format!("/posts/{}/on/{}", target.key.post, target.key.profile);
    let dialog = format!("delete-{}", target.key.profile);
    let quiet = |label: &str, does| Button::new(label, does).with_size(Size::Small).with_weight(Weight::Quiet);
    html! {
        @if outlet.capabilities.edit { (quiet("Change the text", Does::Link(place.clone()))) }
        @if outlet.capabilities.delete {
            (quiet("Delete there", Does::Opens(dialog.clone())))
            (delete_question(&dialog, &place, outlet))
        }
    }
}

fn reason(id: String) -> TextField {
    let frame = FieldFrame { id, ..FieldFrame::new("reason", "Why") }.hint("It goes on record with your name.");
    TextField { frame, length_max: Some(500), autocomplete: Some("off"), ..TextField::default() }
}

fn delete_question(id: &str, place: &str, outlet: &Outlet) -> Dialog {
    let body = html! {
        div { (outlet.tag()) }
        p { "Every part of this post is deleted there, and then looked for, to prove that it is gone. Copies that others made stay. The record of it stays." }
        (reason(format!("{id}-reason")))
    };
    Dialog {
        id: id.to_owned(),
        title: format!("Delete this post from {}?", outlet.profile.title),
        body,
        buttons: vec![Button { weight: Weight::Danger, ..Button::primary("Delete it there") }],
        width: DialogWidth::Normal,
        action: Some(format!("{place}/delete")),
    }
}

/// `POST /posts/{id}/on/{profile}/delete`
pub(crate) async fn delete(ctx: Ctx, Path((id, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    publishing::delete_published(ctx.desk(), ctx.actor(), key(&id, &profile)?, fields.get("reason")).await?;
    Ok(ctx.done(&format!("/posts/{id}"), "It is being deleted there; the story says how that ended"))
}

/// `GET /posts/{id}/on/{profile}`: the published text, to be changed.
pub(crate) async fn form(ctx: Ctx, Path((id, profile)): Path<(String, String)>) -> PageResult {
    let key = key(&id, &profile)?;
    let content = publishing::published_content(ctx.desk(), ctx.actor(), key).await?;
    page(&ctx, key, &content, &Invalid::new()).await
}

async fn page(ctx: &Ctx, key: TargetKey, content: &Content, invalid: &Invalid) -> PageResult {
    let outlets = outlets::all(ctx).await?;
    let outlet = outlets.iter().find(|outlet| outlet.id() == key.profile).ok_or(Error::NotFound("profile"))?;
    let mut fields: Vec<Markup> = Vec::new();
    for (number, part) in content.parts.iter().enumerate() {
        let label = if number == 0 { "Text".to_owned() } else { format!("Post {} of the thread", number + 1) };
        let frame = FieldFrame { id: format!("text-{number}"), ..FieldFrame::new("text", label) };
        fields.push(TextArea { frame, value: part.text.clone(), length_max: None }.render());
    }
    let mut why = reason("reason".to_owned());
    why.frame.error = field(invalid, "reason", "Why").error;
    fields.push(why.render());
    let mut form = Form::new("correct", format!("/posts/{}/on/{}", key.post, key.profile), fields, "Submit the change");
    form.errors = summary(invalid);
    let mut head = PageHead::new("Change what is published");
    head.crumbs = Crumbs { links: vec![NavLink::new("Posts", "/posts"), NavLink::new("Post", format!("/posts/{}", key.post))] };
    head.lead = Some(format!(
        "On {}. Whoever has to agree to a post has to agree to its change; then it is made there and read back.",
        outlet.profile.title
    ));
    let card = Card { title: "Text".to_owned(), actions: vec![], body: form.render() };
    ctx.page("Change what is published", Room::Publish).status(status_of(invalid)).show(&stack(&[&head, &card]))
}

/// `POST /posts/{id}/on/{profile}`
pub(crate) async fn change(ctx: Ctx, Path((id, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    let key = key(&id, &profile)?;
    let mut content = publishing::published_content(ctx.desk(), ctx.actor(), key).await?;
    for (part, text) in content.parts.iter_mut().zip(fields.all("text")) {
        part.text = text.replace("\r\n", "\n");
    }
    let examiner = ctx.state.examiner()?;
    match publishing::edit_published(ctx.desk(), ctx.actor(), examiner, key, &content, fields.get("reason")).await {
        Ok(Sent::Scheduled) => Ok(ctx.done(&format!("/posts/{id}"), "The change is on its way")),
        Ok(Sent::Pending(_)) => Ok(ctx.done(&format!("/posts/{id}"), "Submitted; those who have to agree are asked")),
        Err(Error::Invalid(invalid)) => page(&ctx, key, &content, &invalid).await,
        Err(error) => Err(error.into()),
    }
}
