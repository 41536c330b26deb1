//! Writing: a new post, saving by a button and by itself, and what the composer answers.
//!
//! Invariants: a save by itself and a save by a button read the same form and call the same operations; what could not be saved is
//! shown again as it was typed; what did not change is not saved, so that an open page makes no entries.

use axum::{extract::Path, response::IntoResponse};
use desk::{
    Error,
    capture::{self, Message},
    ids::{MessageId, PostId},
    publishing::{self, Audience, Content, Draft, Part, Post, PostForm, Saved, slots_rules},
};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::{civil::Date, tz::TimeZone};

use super::{
    composer, conflict,
    media::{self, Taken},
    outlets::{self, Outlet},
    received::Received,
    sheet::{Sheet, complete_files},
    typed::{self, FormAct, Typed},
};
use crate::{
    frame::{Ctx, QueryFields},
    lists::{Parts, stack_all},
    messages,
    people::status_of,
    problem::{PageError, PageResult},
    ui::{
        dialog::{Confirm, Effect, Reversal},
        facts::Card,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// Where a post can be found from now on.
const PLACE: HeaderName = HeaderName::from_static("gatepost-place");
/// The revision that the next save has to be made from.
const REVISION: HeaderName = HeaderName::from_static("gatepost-revision");

pub(super) fn post_id(id: &str) -> Result<PostId, Error> {
    id.parse().map_err(|_| Error::NotFound("post"))
}

/// `GET /posts/new`: empty, for a day, or as an answer to a captured message.
pub(crate) async fn new(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let outlets = outlets::all(&ctx).await?;
    let mut form = PostForm { zone: ctx.times().zone().iana_name().unwrap_or("UTC").to_owned(), ..PostForm::default() };
    form.draft.common.parts.push(Part::default());
    let mut answered = None;
    if query.some("reply").is_some() {
        let id: MessageId = query.id("reply")?;
        let message = capture::message(ctx.desk(), ctx.actor(), id).await?;
        form.draft = answer_to(&message);
        answered = Some(message);
    } else {
        let open: Vec<&Outlet> = outlets.iter().filter(|outlet| outlet.closed.is_none()).collect();
        // With one profile there is nothing to choose.
        if let [only] = open[..] {
            form.draft.targets.insert(only.id(), None);
        }
    }
    if let Some(day) = query.some("date").and_then(|text| text.parse::<Date>().ok()) {
        form.slot = morning(day, ctx.times().zone());
    }
    let sheet = Sheet::gather(&ctx, None, Typed { form, ..Typed::default() }, outlets).await?;
    show(&ctx, &sheet, answered.as_ref()).await
}

/// Nine o'clock of a day: early in most companies' working day, and easily seen to be a proposal.
fn morning(day: Date, zone: &TimeZone) -> Option<desk::Time> {
    publishing::calendar::resolve(day.at(9, 0, 0, 0), zone).map(|local| local.likely().0)
}

/// A draft that answers a message where it was said, to those who could read it.
fn answer_to(message: &Message) -> Draft {
    let is_direct = message.place.kind == "direct";
    let in_a_room =
        matches!(message.place.kind.as_str(), "workspace" | "private" | "direct") && !message.place.native_id.is_empty();
    let common = Content {
        parts: vec![Part::default()],
        language: message.language.clone(),
        audience: if is_direct { Audience::Direct } else { Audience::Public },
        place: in_a_room.then(|| message.place.native_id.clone()),
        reply_to: Some(message.native_id.clone()),
        ..Content::default()
    };
    Draft { common, targets: [(message.profile, None)].into() }
}

/// `GET /posts/{id}/edit`
pub(crate) async fn edit(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let post = publishing::get(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    if !post.is_open() {
        return Ok(ctx.done(&format!("/posts/{id}"), "This post cannot change any more; duplicate it to go on with its text"));
    }
    edit_page(&ctx, post).await
}

/// The composer of a saved post.
pub(super) async fn edit_page(ctx: &Ctx, post: Post) -> PageResult {
    let typed = Typed { form: form_of(&post), revision: Some(post.revision), ..Typed::default() };
    let sheet = Sheet::gather(ctx, Some(post), typed, outlets::all(ctx).await?).await?;
    show(ctx, &sheet, None).await
}

/// A post as its form.
pub(super) fn form_of(post: &Post) -> PostForm {
    let mut form = PostForm {
        title: post.title.clone(),
        draft: post.draft.clone(),
        slot: post.slot,
        zone: post.zone.clone(),
        campaign: post.campaign,
        tags: post.tags.clone(),
    };
    if form.draft.common.parts.is_empty() {
        form.draft.common.parts.push(Part::default());
    }
    form
}

async fn show(ctx: &Ctx, sheet: &Sheet, answered: Option<&Message>) -> PageResult {
    let title = match &sheet.post {
        Some(post) if !post.title.is_empty() => post.title.clone(),
        Some(_) => "Draft".to_owned(),
        None if sheet.form.draft.common.reply_to.is_some() => "New answer".to_owned(),
        None => "New post".to_owned(),
    };
    let mut head = PageHead::new(&title);
    head.crumbs = Crumbs { links: vec![NavLink::new("Posts", "/posts")] };
    let mut parts: Parts = vec![Box::new(head)];
    if let Some(message) = answered {
        parts.push(Box::new(Card {
            title: "You answer".to_owned(),
            actions: vec![],
            body: messages::quoted(ctx, message).await?,
        }));
    }
    let person = ctx.person()?.id.to_string();
    parts.push(Box::new(composer::page(ctx, sheet, &person)));
    if let Some(post) = &sheet.post {
        parts.push(Box::new(discard_question(post)));
        parts.push(Box::new(super::comments::card(ctx, post).await?));
    }
    let status = if sheet.conflict.is_some() { StatusCode::CONFLICT } else { status_of(&sheet.mistakes) };
    ctx.page(title, Room::Publish).status(status).show(&stack_all(&parts))
}

fn discard_question(post: &Post) -> Confirm {
    Confirm {
        id: "discard".to_owned(),
        title: "Discard this post?".to_owned(),
        effects: vec![Effect {
            on: None,
            text: "It leaves the lists and the calendar, and what was decided about it ends.".to_owned(),
        }],
        reversal: Reversal::Possible,
        consequence: "Its versions and its story stay on record, and it can be duplicated.".to_owned(),
        action: format!("/posts/{}/discard", post.id),
        hidden: vec![],
        button: "Discard".to_owned(),
        word: None,
    }
}

/// How a save ended.
enum Ended {
    /// Saved; what the button asks for besides.
    Saved(Box<Post>, Option<FormAct>),
    /// Not saved: shown again, with what is wrong.
    Again(Box<Sheet>),
}

/// `POST /posts` and `POST /posts/{id}`: a button of the composer.
pub(crate) async fn begin(ctx: Ctx, received: Received) -> PageResult {
    by_button(&ctx, None, received).await
}

/// `POST /posts/{id}`
pub(crate) async fn save(ctx: Ctx, Path(id): Path<String>, received: Received) -> PageResult {
    by_button(&ctx, Some(post_id(&id)?), received).await
}

async fn by_button(ctx: &Ctx, id: Option<PostId>, received: Received) -> PageResult {
    match save_form(ctx, id, received).await? {
        Ended::Saved(post, Some(FormAct::Review)) => Ok(ctx.done(&format!("/posts/{}/submit", post.id), "Saved")),
        // Acts that change the form's shape lead back to it, at the place they were about.
        Ended::Saved(post, act) => {
            let place = match act {
                Some(FormAct::Own(profile)) => format!("#version-{profile}"),
                Some(FormAct::PartAdd(version) | FormAct::Thread(version)) => format!("#version-{}", typed::prefix(version)),
                _ => String::new(),
            };
            Ok(ctx.done(&format!("/posts/{}/edit{place}", post.id), "Saved"))
        }
        Ended::Again(sheet) => show(ctx, &sheet, None).await,
    }
}

/// `POST /posts/autosave`
pub(crate) async fn begin_by_itself(ctx: Ctx, received: Received) -> PageResult {
    by_itself(&ctx, None, received).await
}

/// `POST /posts/{id}/autosave`
pub(crate) async fn save_by_itself(ctx: Ctx, Path(id): Path<String>, received: Received) -> PageResult {
    by_itself(&ctx, Some(post_id(&id)?), received).await
}

async fn by_itself(ctx: &Ctx, id: Option<PostId>, received: Received) -> PageResult {
    let files_of = received.fields.some("do").and_then(FormAct::parse).and_then(FormAct::files_of);
    match save_form(ctx, id, received).await? {
        Ended::Saved(post, _) => {
            let (place, revision) = (format!("/posts/{}", post.id), post.revision);
            let typed = Typed { form: form_of(&post), revision: Some(revision), ..Typed::default() };
            let sheet = Sheet::gather(ctx, Some(*post), typed, outlets::all(ctx).await?).await?;
            let mut response = composer::regions(&sheet, files_of).into_response();
            let headers = response.headers_mut();
            headers.insert(PLACE, HeaderValue::from_str(&place).expect("an address of ours is plain ASCII"));
            headers.insert(REVISION, HeaderValue::from(revision));
            Ok(response)
        }
        Ended::Again(sheet) => {
            let status = if sheet.conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok((status, composer::regions(&sheet, files_of)).into_response())
        }
    }
}

async fn save_form(ctx: &Ctx, id: Option<PostId>, received: Received) -> Result<Ended, PageError> {
    let outlets = outlets::all(ctx).await?;
    let before = match id {
        Some(id) => Some(publishing::get(ctx.desk(), ctx.actor(), id).await?),
        None => None,
    };
    let mut typed = typed::read(&received.fields, ctx.times().zone());
    for file in received.files {
        match media::take_form_file(ctx, file).await? {
            Taken::On(part, digest) => typed::apply(&mut typed.form.draft, FormAct::Add(part, digest), None),
            Taken::Refused(why) => typed.mistakes.add("media", why),
        }
    }
    if let Some(act) = typed.act {
        asked_for(ctx, &mut typed, act, &outlets).await?;
    }
    complete_files(ctx, &mut typed.form, before.as_ref().map(|post| &post.draft)).await?;
    if !typed.mistakes.fields.is_empty() {
        return again(ctx, before, typed, outlets).await;
    }
    let act = typed.act;
    let saved = match (&before, typed.revision) {
        (None, _) => begin_post(ctx, &typed.form).await,
        (Some(post), Some(revision)) if revision == post.revision && form_of(post) == typed.form => {
            Ok(Saved::Done(Box::new(post.clone())))
        }
        (Some(post), revision) => {
            publishing::save(ctx.desk(), ctx.actor(), post.id, revision.unwrap_or_default(), &typed.form).await
        }
    };
    match saved {
        Ok(Saved::Done(post)) => Ok(Ended::Saved(post, act)),
        Ok(Saved::Conflict(theirs)) => {
            let shown = conflict::between(ctx, &typed.form, &theirs).await?;
            let mut sheet = Sheet::gather(ctx, before, typed, outlets).await?;
            sheet.conflict = Some(shown);
            Ok(Ended::Again(Box::new(sheet)))
        }
        Err(Error::Invalid(invalid)) => {
            typed.mistakes = invalid;
            again(ctx, before, typed, outlets).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn begin_post(ctx: &Ctx, form: &PostForm) -> Result<Saved, Error> {
    let id = publishing::create(ctx.desk(), ctx.actor(), form).await?;
    Ok(Saved::Done(Box::new(publishing::get(ctx.desk(), ctx.actor(), id).await?)))
}

async fn again(ctx: &Ctx, before: Option<Post>, typed: Typed, outlets: Vec<Outlet>) -> Result<Ended, PageError> {
    Ok(Ended::Again(Box::new(Sheet::gather(ctx, before, typed, outlets).await?)))
}

/// Does what a button asks for with what was typed.
async fn asked_for(ctx: &Ctx, typed: &mut Typed, act: FormAct, outlets: &[Outlet]) -> Result<(), Error> {
    match act {
        FormAct::KeepMine(revision) => typed.revision = Some(revision),
        FormAct::NextSlot => next_slot(ctx, typed).await?,
        FormAct::Thread(version) => {
            let limit = outlets::tightest(&typed.form.draft, version, outlets);
            typed::apply(&mut typed.form.draft, act, limit.as_ref());
        }
        _ => typed::apply(&mut typed.form.draft, act, None),
    }
    Ok(())
}

/// The next posting slot of the first chosen profile that has any, at which nothing is due on it.
async fn next_slot(ctx: &Ctx, typed: &mut Typed) -> Result<(), Error> {
    let now = ctx.desk().now();
    for &profile in typed.form.draft.targets.keys() {
        let slots = publishing::posting_slots(ctx.desk(), ctx.actor(), profile).await?;
        let Some(zone) = slots.first().and_then(|slot| TimeZone::get(&slot.zone).ok()) else { continue };
        let times: Vec<_> = slots.iter().filter_map(super::slots::weekly).collect();
        let filter = publishing::PostFilter { profiles: [profile].into(), from: Some(now), ..publishing::PostFilter::default() };
        let due = publishing::due_times(ctx.desk(), ctx.actor(), &filter).await?;
        let taken = |moment: desk::Time| due.iter().any(|at| at.since_ms(moment).abs() < publishing::warnings::SAME_SLOT_MS);
        if let Some(free) = slots_rules::next_free(&times, &zone, now, taken) {
            (typed.form.slot, typed.form.zone) = (Some(free), zone.iana_name().unwrap_or("UTC").to_owned());
            return Ok(());
        }
    }
    typed.mistakes.add("at", "none of these profiles has posting slots; choose a time, or set slots up under Publish");
    Ok(())
}

/// `POST /posts/{id}/discard`
pub(crate) async fn discard(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    publishing::discard(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    Ok(ctx.done("/posts", "Discarded"))
}

/// `POST /posts/{id}/duplicate`
pub(crate) async fn duplicate(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let copy = publishing::duplicate(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    Ok(ctx.done(&format!("/posts/{copy}"), "This is the copy; it has no time yet"))
}
