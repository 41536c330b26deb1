//! Posting slots: the times of the week at which a profile usually posts. The composer offers the next free one.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::ProfileId,
    publishing::{self, PostingSlot, slots_rules::WeeklyTime},
};
use jiff::tz::TimeZone;
use maud::{Markup, Render, html};

use super::outlets::{self, Outlet};
use crate::{
    frame::{Ctx, Fields, room_tabs},
    lists::{Parts, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon,
        button::{Button, Does, Size, Weight},
        choice::{Choice, Select},
        facts::Card,
        feedback::Empty,
        field::TextField,
        form::Form,
        layout::Room,
        nav::PageHead,
    },
};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Slots that are shown ahead, so that one can see what they mean.
const AHEAD: usize = 3;

/// A slot as the rules know it.
pub(super) fn weekly(slot: &PostingSlot) -> Option<WeeklyTime> {
    WeeklyTime::new(u8::try_from(slot.weekday).ok()?, u16::try_from(slot.minute).ok()?)
}

fn words(slot: &PostingSlot) -> String {
    let day = (slot.weekday as usize).checked_sub(1).and_then(|day| DAYS.get(day)).unwrap_or(&"?");
    format!("{day} {:02}:{:02}", slot.minute / 60, slot.minute % 60)
}

/// `GET /posting-slots`
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    page(&ctx, &Fields::default(), &Invalid::new()).await
}

async fn page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let outlets = outlets::all(ctx).await?;
    let mut head = PageHead::new("Posting slots");
    head.lead = Some(
        "The usual times of each profile. In the composer, “next free posting slot” takes the first at which nothing is due."
            .to_owned(),
    );
    let mut parts: Parts = vec![Box::new(head), Box::new(room_tabs(ctx, Room::Publish, "/posting-slots"))];
    if outlets.is_empty() {
        parts.push(Box::new(Empty::new(Icon::Clock, "No profiles", "There is no profile that you may write for.")));
    }
    for outlet in &outlets {
        let slots = publishing::posting_slots(ctx.desk(), ctx.actor(), outlet.id()).await?;
        parts.push(Box::new(Card {
            title: outlet.profile.title.clone(),
            actions: vec![],
            body: of_profile(ctx, outlet, &slots),
        }));
    }
    let open: Vec<&Outlet> = outlets.iter().filter(|outlet| outlet.closed.is_none()).collect();
    if !open.is_empty() {
        parts.push(Box::new(Card {
            title: "Add a slot".to_owned(),
            actions: vec![],
            body: add_form(ctx, &open, typed, invalid),
        }));
    }
    ctx.page("Posting slots", Room::Publish).status(status_of(invalid)).show(&stack_all(&parts))
}

fn of_profile(ctx: &Ctx, outlet: &Outlet, slots: &[PostingSlot]) -> Markup {
    let zone = slots.first().and_then(|slot| TimeZone::get(&slot.zone).ok());
    let times: Vec<_> = slots.iter().filter_map(weekly).collect();
    let ahead: Vec<_> = zone
        .iter()
        .flat_map(|zone| publishing::slots_rules::upcoming(&times, zone, ctx.desk().now()).take(AHEAD).collect::<Vec<_>>())
        .collect();
    html! {
        @if slots.is_empty() { p.muted { "None yet." } }
        ul.row {
            @for slot in slots {
                li.row {
                    span { (words(slot)) " " span.muted { (slot.zone) } }
                    form method="post" action={ "/posting-slots/" (outlet.id()) "/" (slot.id) "/remove" } {
                        (Button::new(format!("Remove {}", words(slot)), Does::Submit).with_icon(Icon::X).with_size(Size::SmallIconOnly).with_weight(Weight::Quiet))
                    }
                }
            }
        }
        @if !ahead.is_empty() { p.muted { "Next: " @for (index, at) in ahead.iter().enumerate() { @if index > 0 { ", " } (ctx.times().exact(*at)) } } }
    }
}

fn add_form(ctx: &Ctx, outlets: &[&Outlet], typed: &Fields, invalid: &Invalid) -> Markup {
    let profiles = outlets.iter().map(|outlet| Choice::new(outlet.id().to_string(), &outlet.profile.title)).collect();
    let days = (1..).zip(DAYS).map(|(number, day): (u32, _)| Choice::new(number.to_string(), day)).collect();
    let chosen = |name: &str| typed.some(name).map(str::to_owned);
    let times = ctx.times();
    let zone = typed.some("zone").or(times.zone().iana_name()).unwrap_or("UTC").to_owned();
    let text = |name: &'static str, label: &str, hint: &str, value: String| {
        TextField { frame: field(invalid, name, label).hint(hint), value, autocomplete: Some("off"), ..TextField::default() }
            .render()
    };
    let fields = vec![
        Select {
            frame: field(invalid, "profile", "Profile"),
            choices: profiles,
            chosen: chosen("profile").or_else(|| outlets.first().map(|outlet| outlet.id().to_string())),
        }
        .render(),
        Select { frame: field(invalid, "weekday", "Day"), choices: days, chosen: chosen("weekday").or(Some("1".to_owned())) }
            .render(),
        text("time", "Time", "On the wall there, for example 09:30.", typed.get("time").to_owned()),
        text("zone", "Time zone", "For example Europe/Berlin.", zone),
    ];
    let mut form = Form::new("add-slot", "/posting-slots", fields, "Add the slot");
    form.errors = summary(invalid);
    form.render()
}

/// `09:30` as minutes after midnight.
fn minute(text: &str) -> Option<u32> {
    let time: jiff::civil::Time = format!("{:0>5}", text.trim()).parse().ok()?;
    u32::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
}

/// `POST /posting-slots`
pub(crate) async fn add(ctx: Ctx, fields: Fields) -> PageResult {
    let mut invalid = Invalid::new();
    let profile: Option<ProfileId> = fields.get("profile").parse().ok();
    let (weekday, minute) = (fields.get("weekday").parse().ok(), minute(fields.get("time")));
    for (name, missing, what) in [
        ("profile", profile.is_none(), "choose a profile"),
        ("weekday", weekday.is_none(), "choose a day"),
        ("time", minute.is_none(), "not a time, for example 09:30"),
    ] {
        if missing {
            invalid.add(name, what);
        }
    }
    let (Some(profile), Some(weekday), Some(minute)) = (profile, weekday, minute) else {
        return page(&ctx, &fields, &invalid).await;
    };
    match publishing::add_posting_slot(ctx.desk(), ctx.actor(), profile, weekday, minute, fields.get("zone").trim()).await {
        Ok(_) => Ok(ctx.done("/posting-slots", "Added")),
        Err(Error::Invalid(invalid)) => page(&ctx, &fields, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /posting-slots/{profile}/{id}/remove`
pub(crate) async fn remove(ctx: Ctx, Path((profile, id)): Path<(String, String)>) -> PageResult {
    let profile = profile.parse().map_err(|_| Error::NotFound("profile"))?;
    let id = id.parse().map_err(|_| Error::NotFound("posting slot"))?;
    publishing::remove_posting_slot(ctx.desk(), ctx.actor(), profile, id).await?;
    Ok(ctx.done("/posting-slots", "Removed"))
}
