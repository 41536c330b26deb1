//! Home: what needs this person, and where to go.

use desk::{
    audit_log::{self, AuditFilter, Outcome},
    jobs::{self, JobFilter, JobState},
    paging::PageRequest,
    people::{self, PeopleFilter, PersonState},
    profiles::{self, ProfileState, ProfilesFilter},
    rights::Operation,
};
use maud::{Render, html};

use crate::{
    frame::Ctx,
    lists::stack,
    places::PLACES,
    problem::PageResult,
    ui::{chart::Stat, layout::Room, nav::PageHead, results::grouped},
};

/// Only the count is wanted.
fn count_only() -> PageRequest {
    PageRequest { after: None, size: 1 }
}

/// `GET /`
pub(crate) async fn home(ctx: Ctx) -> PageResult {
    let person = ctx.person()?;
    let mut head = PageHead::new(format!("Hello, {}", person.name));
    head.lead = Some("What needs you, counted now.".to_owned());
    let mut stats = Vec::new();
    let mut add = |label: &str, count: i64, note: &str, href: &str| {
        stats.push(Stat {
            label: label.to_owned(),
            value: grouped(count.unsigned_abs()),
            note: note.to_owned(),
            trend: None,
            href: href.to_owned(),
        });
    };
    let visible = profiles::visible(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await?;
    let paused = visible.iter().filter(|(profile, _)| profile.state == ProfileState::Paused).count();
    add("Profiles", i64::try_from(visible.len()).unwrap_or(i64::MAX), &format!("{paused} paused"), "/profiles");
    if ctx.may(Operation::PeopleRead) {
        let invited = PeopleFilter { text: None, state: Some(PersonState::Invited) };
        let invited = people::list(ctx.desk(), ctx.actor(), &invited, &count_only()).await?.total;
        add("Invitations open", invited, "never signed in yet", "/people?state=invited");
    }
    if ctx.may(Operation::JobsRead) {
        let dead = JobFilter { kind: None, state: Some(JobState::Dead) };
        let dead = jobs::list(ctx.desk(), ctx.actor(), &dead, &count_only()).await?.total;
        add("Dead jobs", dead, "gave up; look and retry", "/jobs?state=dead");
    }
    if ctx.may(Operation::AuditFeed) {
        let refused = AuditFilter {
            outcome: Some(Outcome::Failed),
            from: Some(ctx.desk().now().plus_ms(-24 * 60 * 60 * 1_000)),
            ..AuditFilter::default()
        };
        let failed = audit_log::count(ctx.desk(), ctx.actor(), &refused).await?;
        add("Failed attempts", failed, "in the last 24 hours", "/audit-log?outcome=failed");
    }
    let numbers = html! { div.grid-3 { @for stat in &stats { (stat) } } };
    let places = PLACES.iter().filter(|place| place.href != "/" && ctx.may(place.operation));
    let list = html! {
        h2 { "Go on" }
        ul.grid-3.places {
            @for place in places {
                li { a.stat href=(place.href) { span.row { (place.icon) strong { (place.label) } } span.stat-note { (place.about) } } }
            }
        }
    };
    let mut page = ctx.page("Home", Room::Home).live("profiles,people,jobs,connections,posts,publishing");
    for alarm in &desk::capture::connections::alarms(ctx.desk(), ctx.actor()).await? {
        page = page.banner(crate::connections::alarm_banner(&ctx.times(), alarm));
    }
    if let Some(warning) = crate::record::warning(&ctx) {
        page = page.banner(warning);
    }
    for warning in crate::publishing_held::warnings(&ctx).await {
        page = page.banner(warning);
    }
    page.show(&stack(&[&head as &dyn Render, &numbers, &list]))
}
