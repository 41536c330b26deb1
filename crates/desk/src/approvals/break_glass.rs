//! Breaking the glass: a post goes out without approvals it still misses, in an emergency.
//!
//! Invariants: it needs its own right, a fresh proof, a reason, and the digest that was seen; everybody with the right is written to;
//! a second person who neither skipped it nor had a hand in it has to look at it within 24 hours, and who is late is reported. An agent
//! or token can do neither.

use serde::Serialize;
use serde_json::json;

use super::{
    clearance::{self, ClearedHow},
    deciding::held,
    letters,
    model::{ContentDigest, Kept, SubmissionState, Voice},
    panel::Places,
    rules::{Command, REASON_MAX, apply},
    shown::name_of_voice,
    store::{
        reviews::{self, Review},
        submissions as store,
    },
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, PostId, SubmissionId, Time},
    mail::{self, LetterKind},
    metric_names, people, publishing,
    records::RecordEntry,
    rights::{self, Operation, Right, Target},
    text_enum::text_enum,
};

/// How long a second person has to look at it.
pub const REVIEW_WITHIN_MS: i64 = 24 * 60 * 60 * 1_000;

text_enum! {
    /// What the second person says.
    SecondLook {
        /// It was right.
        Accepted = "accepted", "It was right";
        /// It was not: somebody has to talk about it, and the post may have to come down.
        Objected = "objected", "It was not right";
    }
}

/// A skip as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skip {
    /// The submission.
    pub submission: SubmissionId,
    /// Its post.
    pub post: PostId,
    /// Who skipped.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
    /// Until when a second person has to look.
    pub due_at: Time,
    /// Since when it is overdue.
    pub overdue_since: Option<Time>,
    /// Who looked, when, what they said, and why.
    pub reviewed: Option<(String, Time, SecondLook, String)>,
    /// Whether the caller may be the second person.
    pub for_me: bool,
}

/// Skips what a submission still misses. `seen` is the digest of what was shown.
///
/// # Errors
/// [`Error::Invalid`] without a reason; [`Error::Conflict`] when it ended, changed, or its time has passed.
pub async fn skip(desk: &Desk, actor: &Actor, id: SubmissionId, seen: ContentDigest, reason: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::GlassBreak, Target::Workspace).await?;
    let reason = checked_reason(reason)?;
    let (now, by) = (act.now(), actor.person().ok_or(Error::NotFound("person"))?);
    let kept = held(&mut act, id).await?;
    if !Places::of(act.tx(), &kept.targets).await?.all_readable(&actor.rights) {
        return Err(Error::NotFound("submission"));
    }
    if seen != kept.submission.digest {
        return Err(Error::Conflict(super::Refusal::OtherContent.to_string()));
    }
    if kept.submission.slot.is_some_and(|slot| slot <= now) {
        return Err(Error::Conflict(super::Refusal::Ended(SubmissionState::Expired).to_string()));
    }
    let after =
        apply(&kept.submission, &Default::default(), Command::Skip, now).map_err(|why| Error::Conflict(why.to_string()))?;
    store::save(act.tx(), id, &kept.submission, &after, now).await?;
    let whole = (id, &after, kept.window_ms);
    let cleared = clearance::clear(act.tx(), (kept.post, kept.version), whole, ClearedHow::BreakGlass, now).await?;
    publishing::cleared(&mut act, kept.post, kept.version, &cleared).await?;
    let due_at = now.plus_ms(REVIEW_WITHIN_MS);
    reviews::insert(act.tx(), id, by, &reason, now, due_at).await?;
    act.record(Object::new("submission", id))
        .detail("post", kept.post.to_string())
        .detail("version", kept.version)
        .detail("seen", String::from(seen))
        .detail("review_until_ms", due_at.0);
    let body = json!({ "submission": id, "version": kept.version, "by": by, "seen": seen, "reason": reason });
    act.put_on_record(RecordEntry::new("skip", kept.post, &body)?);
    tell(&mut act, by, false).await?;
    tracing::error!(submission = %id, "an approval was skipped; a second person has to look at it within 24 hours");
    act.announce(Topic::Approvals);
    act.commit().await
}

fn checked_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    match reason.chars().count() {
        0 => Err(Invalid::field("reason", "say why; it stays with the post and goes to everybody with this right")),
        1..=REASON_MAX => Ok(reason.to_owned()),
        _ => Err(Invalid::field("reason", format!("at most {REASON_MAX} characters"))),
    }
}

/// Looks at a skip as the second person.
///
/// # Errors
/// [`Error::Conflict`] for whoever skipped, wrote or edited it, and when somebody has looked already.
pub async fn review(desk: &Desk, actor: &Actor, id: SubmissionId, verdict: SecondLook, remark: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::GlassReview, Target::Workspace).await?;
    let (now, by) = (act.now(), actor.person().ok_or(Error::NotFound("person"))?);
    let remark =
        if verdict == SecondLook::Objected { checked_reason(remark)? } else { remark.trim().chars().take(REASON_MAX).collect() };
    let kept = held(&mut act, id).await?;
    if !Places::of(act.tx(), &kept.targets).await?.all_readable(&actor.rights) {
        return Err(Error::NotFound("skip"));
    }
    let skip = reviews::get(act.tx(), id).await?.ok_or(Error::NotFound("skip"))?;
    if !is_second_person(by, skip.by, &kept) {
        return Err(Error::Conflict("somebody else has to look at this: you skipped, wrote or edited it".to_owned()));
    }
    if !reviews::reviewed(act.tx(), id, by, verdict, &remark, now).await? {
        return Err(Error::Conflict("somebody has looked at this already".to_owned()));
    }
    act.record(Object::new("submission", id)).detail("verdict", verdict.id()).detail("late", now > skip.due_at);
    let body = json!({ "submission": id, "by": by, "verdict": verdict, "remark": remark });
    act.put_on_record(RecordEntry::new("skip_review", kept.post, &body)?);
    act.announce(Topic::Approvals);
    act.commit().await
}

fn is_second_person(who: PersonId, skipped_by: PersonId, kept: &Kept) -> bool {
    who != skipped_by && !kept.submission.excluded.contains(&Voice::Person(who))
}

/// Skips on profiles that the caller can read, those that nobody looked at first, then the newest: the report of a year.
pub async fn skips(desk: &Desk, actor: &Actor) -> Result<Vec<Skip>> {
    let mut reader = desk.view(actor, Operation::GlassRead, Target::Workspace).await?;
    let mut found = Vec::new();
    for review in reviews::newest(&mut reader).await? {
        let kept = store::get(&mut reader, review.submission).await?;
        if Places::of(&mut reader, &kept.targets).await?.all_readable(&actor.rights) {
            found.push(skip_of(&mut reader, actor, review, &kept).await?);
        }
    }
    Ok(found)
}

async fn skip_of(on: &mut dyn Connection, actor: &Actor, review: Review, kept: &Kept) -> Result<Skip> {
    let reviewed = match review.reviewed {
        Some((person, at, verdict, remark)) => Some((name_of_voice(on, Voice::Person(person)).await?, at, verdict, remark)),
        None => None,
    };
    let for_me = reviewed.is_none() && actor.person().is_some_and(|person| is_second_person(person, review.by, kept));
    Ok(Skip {
        submission: review.submission,
        post: kept.post,
        by: name_of_voice(on, Voice::Person(review.by)).await?,
        reason: review.reason,
        at: review.at,
        due_at: review.due_at,
        overdue_since: review.overdue_since,
        reviewed,
        for_me,
    })
}

/// Marks what nobody looked at in time, and writes to everybody with the right. Part of the look that happens every minute.
pub(super) async fn alarm_overdue(desk: &Desk, actor: &Actor) -> Result<()> {
    let overdue = reviews::count_overdue(&mut desk.db().read().await?, desk.now()).await?;
    #[expect(clippy::cast_precision_loss, reason = "a handful of skips")]
    metrics::gauge!(metric_names::SKIPS_OVERDUE.name).set(overdue as f64);
    if overdue == 0 {
        return Ok(());
    }
    let mut act = desk.act(actor, Operation::ApprovalsLook, Target::Workspace).await?;
    let now = act.now();
    let late = reviews::mark_overdue(act.tx(), now).await?;
    for &(submission, by) in &late {
        tell(&mut act, by, true).await?;
        act.record(Object::new("submission", submission)).detail("review", "overdue");
        tracing::error!(%submission, "nobody looked at a skipped approval in time");
    }
    if late.is_empty() {
        return Ok(());
    }
    act.announce(Topic::Approvals);
    act.commit().await
}

/// Writes to everybody with the right but whoever skipped.
async fn tell(act: &mut Act<'_>, by: PersonId, overdue: bool) -> Result<()> {
    let now = act.now();
    let name = name_of_voice(act.tx(), Voice::Person(by)).await?;
    let link = format!("{}/break-glass", act.desk().public_url());
    for person in rights::active_with(act.tx(), Right::BreakGlass, now).await? {
        if person != by
            && let Some(person) = people::by_id(act.tx(), person).await?
        {
            mail::post(act, LetterKind::Alert, &letters::skipped(&person, &name, &link, overdue)).await?;
        }
    }
    Ok(())
}
