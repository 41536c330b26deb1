//! Moving posts in the calendar: one or several, by days and to another time of the day. Answers the page's script.
//!
//! Invariants: a post keeps its time on the wall unless another is given; a time that does not exist is never resolved silently; before an
//! approval is lost it is asked; what cannot be moved is named with its reason, and the others are moved.

use desk::{
    Error, Time,
    ids::PostId,
    publishing::{
        self, Post, Retimed, TargetState,
        calendar::{self, Local},
    },
};
use http::StatusCode;
use jiff::{ToSpan as _, civil};
use maud::{Markup, html};

use crate::{
    frame::{Ctx, Fields},
    people::{field, sentence},
    posts::{said, states},
    problem::PageResult,
    ui::{
        dialog::{Dialog, DialogWidth},
        field::{TextField, TextKind},
    },
};

/// Posts moved at once: what one sees in a month.
const TOGETHER_MAX: usize = 100;
/// Days that posts are moved by at most: no calendar is planned further ahead.
const DAYS_MAX: i64 = 3_660;

/// What a move does to each post.
struct Move {
    /// So many days later; earlier below zero.
    days: i64,
    /// At this time of the day; nothing for its own.
    time: Option<civil::Time>,
}

/// A post and where it goes.
struct Planned {
    post: Post,
    to: Time,
    note: &'static str,
}

/// What became of the posts of a move.
#[derive(Default)]
struct Outcome {
    /// Where the last one is now, and what to know about that.
    moved: Vec<String>,
    /// How many of them are drafts again.
    voided: usize,
    /// What was not moved, and why.
    left: Vec<String>,
}

/// `POST /calendar/move`
pub(crate) async fn move_posts(ctx: Ctx, fields: Fields) -> PageResult {
    let (posts, by) = match read(&fields) {
        Ok(read) => read,
        Err(why) => return Ok(said(StatusCode::UNPROCESSABLE_ENTITY, "problem", why)),
    };
    let (mut planned, mut outcome) = (Vec::new(), Outcome::default());
    for id in posts {
        let post = publishing::get(ctx.desk(), ctx.actor(), id).await?;
        match lands(&ctx, &post, &by) {
            Ok((to, note)) => planned.push(Planned { post, to, note }),
            Err(why) => outcome.left.push(format!("“{}”: {why}", states::name_of(&post))),
        }
    }
    if !fields.has("sure")
        && let Some(question) = question(&planned)
    {
        return Ok(said(StatusCode::OK, "ask", &question));
    }
    for one in &planned {
        retime(&ctx, one, &mut outcome).await?;
    }
    let (status, kind) = if outcome.moved.is_empty() { (StatusCode::CONFLICT, "problem") } else { (StatusCode::OK, "said") };
    Ok(said(status, kind, &outcome.words()))
}

fn read(fields: &Fields) -> Result<(Vec<PostId>, Move), &'static str> {
    let posts: Vec<PostId> = fields.all("post").filter_map(|id| id.parse().ok()).collect();
    if posts.is_empty() || posts.len() > TOGETHER_MAX {
        return Err("Select between 1 and 100 posts.");
    }
    let days = match fields.some("days").map_or(Ok(0), str::parse) {
        Ok(days) if (-DAYS_MAX..=DAYS_MAX).contains(&days) => days,
        _ => return Err("Days are a whole number, up to ten years."),
    };
    let time =
        fields.some("time").map(str::parse).transpose().map_err(|_| "That is not a time of the day, for example 09:30.")?;
    if days == 0 && time.is_none() {
        return Err("That is where it stands already: give days, or a time.");
    }
    Ok((posts, Move { days, time }))
}

/// Where a post lands, and what to know about that; or why it does not.
fn lands(ctx: &Ctx, post: &Post, by: &Move) -> Result<(Time, &'static str), String> {
    let zone = ctx.times().zone().clone();
    let slot = post.due().ok_or("it has no time yet; open it and give it one")?;
    let wall = calendar::on_the_wall(slot, &zone);
    let day = wall.date().checked_add(by.days.days()).map_err(|_| "that day is too far away")?;
    let (to, note) = match calendar::resolve(day.to_datetime(by.time.unwrap_or(wall.time())), &zone) {
        None => return Err("that day is too far away".to_owned()),
        Some(Local::Never { .. }) => {
            return Err("the clocks are put forward over this time on that day; choose another time".to_owned());
        }
        Some(Local::Twice { first, .. }) => (first, " The time comes twice that night; the first one is meant."),
        Some(Local::Once(at)) => (at, ""),
    };
    if to <= ctx.desk().now() { Err("that is in the past".to_owned()) } else { Ok((to, note)) }
}

/// What has to be asked first: whether approvals may be lost.
fn question(planned: &[Planned]) -> Option<String> {
    let costs = planned.iter().filter(|one| loses_approval(&one.post, one.to)).count();
    match (costs, planned.len()) {
        (0, _) => None,
        (_, 1) => Some(
            "It was submitted for another time. When it moves, everybody who has to agree is asked again: it becomes a draft, and has to be submitted."
                .to_owned(),
        ),
        (costs, all) => Some(format!(
            "{costs} of these {all} were submitted for another time. When they move, everybody who has to agree is asked again: they become drafts, and have to be submitted."
        )),
    }
}

/// Whether a new time lies outside of what was cleared, of a post that was submitted.
fn loses_approval(post: &Post, to: Time) -> bool {
    let decided = post.targets.iter().any(|target| matches!(target.life.state, TargetState::Pending | TargetState::Scheduled));
    let mut open = post.targets.iter().filter(|target| !target.life.state.is_final());
    decided && !open.all(|target| target.life.cleared.is_some_and(|window| window.holds(to)))
}

async fn retime(ctx: &Ctx, one: &Planned, outcome: &mut Outcome) -> Result<(), Error> {
    let why = match publishing::retime(ctx.desk(), ctx.actor(), one.post.id, one.post.revision, Some(one.to)).await {
        Ok(retimed) => {
            outcome.voided += usize::from(retimed == Retimed::Voided);
            outcome.moved.push(format!("{}.{}", ctx.times().exact(one.to).words(), one.note));
            return Ok(());
        }
        Err(Error::Conflict(why)) => why,
        Err(Error::Invalid(invalid)) => invalid.to_string(),
        Err(Error::Refused(refusal)) => refusal.to_string(),
        Err(error) => return Err(error),
    };
    outcome.left.push(format!("“{}”: {why}", states::name_of(&one.post)));
    Ok(())
}

impl Outcome {
    fn words(&self) -> String {
        let mut words = match &self.moved[..] {
            [] => String::new(),
            [one] => format!("Moved to {one}"),
            several => format!("{} posts moved.", several.len()),
        };
        match self.voided {
            0 => {}
            1 if self.moved.len() == 1 => words.push_str(" It is a draft again: submit it."),
            voided => words.push_str(&format!(" {voided} are drafts again: submit them.")),
        }
        for left in &self.left {
            words.push_str(&format!(" Not moved: {}", sentence(left)));
        }
        words.trim_start().to_owned()
    }
}

/// What the script asks before a move that costs an approval, and where a move is put in by hand.
pub(super) fn dialogs() -> Markup {
    let answers = |yes: &str| {
        html! {
            div.row {
                button class="button button-primary" value="yes" { (yes) }
                button.button value="" formnovalidate { "Leave it" }
            }
        }
    };
    let dialog = |id: &str, title: &str, body| Dialog {
        id: id.to_owned(),
        title: title.to_owned(),
        body,
        buttons: Vec::new(),
        width: DialogWidth::Normal,
        action: None,
    };
    let plain = |name: &'static str, label: &str, hint: &str| field(&desk::Invalid::new(), name, label).hint(hint).optional();
    let days = TextField {
        frame: plain("move-days", "Days later", "Below zero: earlier. Empty: the same day."),
        kind: TextKind::Number,
        ..TextField::default()
    };
    let time = TextField {
        frame: plain("move-time", "Time of the day", "Empty: each keeps its own."),
        kind: TextKind::Time,
        ..TextField::default()
    };
    let when = html! { form.stack method="dialog" { (days) (time) (answers("Move")) } };
    let ask = html! { p data-ask {} form method="dialog" { (answers("Move it")) } };
    html! { (dialog("move-when", "Move to another time", when)) (dialog("move-ask", "Move it?", ask)) }
}
