//! SQL of submissions, their steps and decisions.

use std::collections::{BTreeSet, HashMap};

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::clearances::digest;
use crate::{
    approvals::{
        deciding::Origin,
        model::{Decision, Hand, Kept, OpenStep, Submission, SubmissionState, Verdict, Voice},
    },
    db::{Connection, Row, Tx, Value, corrupt, sql},
    error::{Error, Result},
    ids::{DecisionId, GuestId, PostId, ProfileId, SubmissionId, Time},
};

/// Which submissions are read.
pub(in crate::approvals) enum Which {
    /// One.
    One(SubmissionId),
    /// All that wait, the most urgent first.
    Pending,
    /// Of one post: those that wait and those that let it go out.
    OpenOf(PostId),
    /// Those that wait and whose slot is not later.
    DueBy(Time),
    /// Those that wait and that this guest was asked about.
    Asking(GuestId),
    /// Those that wait and answer this message.
    Answering(ProfileId, String),
}

impl Which {
    /// The condition on `m` (submissions), with its parameters.
    fn condition(&self) -> (&'static str, Vec<Value>) {
        match self {
            Self::One(id) => ("m.id = $1", vec![(*id).into()]),
            Self::Pending => ("m.state = 'pending'", vec![]),
            Self::OpenOf(post) => ("m.post_id = $1 AND m.state IN ('pending', 'approved', 'skipped')", vec![(*post).into()]),
            Self::DueBy(time) => ("m.state = 'pending' AND m.slot_ms <= $1", vec![(*time).into()]),
            Self::Asking(guest) => (
                "m.state = 'pending' AND EXISTS (SELECT 1 FROM guest_asks a WHERE a.submission_id = m.id \
                 AND a.guest_id = $1 AND a.revoked_at_ms IS NULL)",
                vec![(*guest).into()],
            ),
            Self::Answering(profile, message) => (
                "m.state = 'pending' AND EXISTS (SELECT 1 FROM submission_answers a WHERE a.submission_id = m.id \
                 AND a.profile_id = $1 AND a.message = $2)",
                vec![(*profile).into(), message.as_str().into()],
            ),
        }
    }
}

/// Submissions read at once: more waiting than this is not a list anybody works through, and the oldest slots come first.
pub(in crate::approvals) const READ_MAX: i64 = 1_000;

async fn rows(on: &mut dyn Connection, which: &Which, select: &str, order: &str) -> Result<Vec<Row>> {
    let (condition, values) = which.condition();
    let mut query = sql(format!("{select} WHERE {condition} ORDER BY {order}"));
    for value in values {
        query = query.bind(value);
    }
    Ok(query.all(on).await?)
}

pub(in crate::approvals) async fn read(on: &mut dyn Connection, which: &Which) -> Result<Vec<Kept>> {
    let order = format!("COALESCE(m.slot_ms, m.submitted_at_ms), m.id LIMIT {READ_MAX}");
    let submissions = rows(on, which, "SELECT m.* FROM submissions m", &order).await?;
    if submissions.is_empty() {
        return Ok(Vec::new());
    }
    let steps = "SELECT s.* FROM submission_steps s JOIN submissions m ON m.id = s.submission_id";
    let steps = rows(on, which, steps, "s.submission_id, s.number").await?;
    let decisions = "SELECT d.* FROM decisions d JOIN submissions m ON m.id = d.submission_id";
    let decisions = rows(on, which, decisions, "d.submission_id, d.step, d.at_ms, d.id").await?;

    let mut by_step: HashMap<(SubmissionId, i64), Vec<Decision>> = HashMap::new();
    for row in &decisions {
        by_step.entry((row.get("submission_id")?, row.get("step")?)).or_default().push(read_decision(row)?);
    }
    let mut by_submission: HashMap<SubmissionId, Vec<OpenStep>> = HashMap::new();
    for row in &steps {
        let (submission, number): (SubmissionId, i64) = (row.get("submission_id")?, row.get("number")?);
        by_submission.entry(submission).or_default().push(OpenStep {
            step: from_json(row, "step")?,
            opened_at: row.get("opened_at_ms")?,
            closed_at: row.get("closed_at_ms")?,
            decisions: by_step.remove(&(submission, number)).unwrap_or_default(),
        });
    }
    submissions.iter().map(|row| read_kept(row, &mut by_submission)).collect()
}

pub(in crate::approvals) async fn get(on: &mut dyn Connection, id: SubmissionId) -> Result<Kept> {
    read(on, &Which::One(id)).await?.pop().ok_or(Error::NotFound("submission"))
}

/// The same, and nobody else changes it until the transaction ends. The caller holds its post.
pub(in crate::approvals) async fn locked(tx: &mut Tx, id: SubmissionId) -> Result<Kept> {
    let clause = tx.for_update();
    sql(format!("SELECT id FROM submissions WHERE id = $1 {clause}"))
        .bind(id)
        .optional(tx)
        .await?
        .ok_or(Error::NotFound("submission"))?;
    get(tx, id).await
}

fn read_kept(row: &Row, steps: &mut HashMap<SubmissionId, Vec<OpenStep>>) -> Result<Kept> {
    let id: SubmissionId = row.get("id")?;
    let state: String = row.get("state")?;
    let excluded: BTreeSet<Voice> = from_json(row, "excluded")?;
    Ok(Kept {
        id,
        post: row.get("post_id")?,
        version: row.get("version")?,
        window_ms: row.get("window_ms")?,
        note: row.get("note")?,
        targets: from_json(row, "targets")?,
        submitted_by: row.get("submitted_by")?,
        by_agent: row.get("by_agent")?,
        ended_at: row.get("ended_at_ms")?,
        stuck_since: row.get("stuck_since_ms")?,
        submission: Submission {
            digest: digest(row, "digest")?,
            steps: steps.remove(&id).unwrap_or_default(),
            excluded,
            slot: row.get("slot_ms")?,
            submitted_at: row.get("submitted_at_ms")?,
            state: SubmissionState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        },
    })
}

fn read_decision(row: &Row) -> Result<Decision> {
    let (verdict, reason, hand): (String, String, String) = (row.get("verdict")?, row.get("reason")?, row.get("hand")?);
    Ok(Decision {
        by: voice(row)?,
        hand: Hand::parse(&hand).ok_or_else(|| corrupt("hand", format!("unknown hand `{hand}`")))?,
        verdict: match verdict.as_str() {
            "approve" => Verdict::Approve,
            "reject" => Verdict::Reject { reason },
            "ask_for_change" => Verdict::AskForChange { reason },
            other => return Err(corrupt("verdict", format!("unknown verdict `{other}`")).into()),
        },
        seen: digest(row, "seen")?,
        at: row.get("at_ms")?,
    })
}

pub(in crate::approvals) fn voice(row: &Row) -> Result<Voice> {
    let (kind, id): (String, Vec<u8>) = (row.get("voice_kind")?, row.get("voice_id")?);
    let id = Uuid::from_slice(&id).map_err(|_| corrupt("voice_id", "not 16 bytes long"))?;
    Ok(Voice::parse(&kind, id).ok_or_else(|| corrupt("voice_kind", format!("unknown voice `{kind}`")))?)
}

pub(in crate::approvals) fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_str(&text).map_err(|error| corrupt(column, error.to_string()))?)
}

pub(in crate::approvals) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("sets and lists of ids are plain data")
}

pub(in crate::approvals) async fn insert(tx: &mut Tx, kept: &Kept, answers: &BTreeSet<(ProfileId, String)>) -> Result<()> {
    let Kept { submission, .. } = kept;
    sql("INSERT INTO submissions (id, post_id, version, digest, slot_ms, window_ms, state, note, excluded, targets, submitted_by, \
         by_agent, submitted_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)")
    .bind(kept.id)
    .bind(kept.post)
    .bind(kept.version)
    .bind(submission.digest.0)
    .bind(submission.slot)
    .bind(kept.window_ms)
    .bind(submission.state.id())
    .bind(&kept.note)
    .bind(to_json(&submission.excluded))
    .bind(to_json(&kept.targets))
    .bind(kept.submitted_by)
    .bind(kept.by_agent)
    .bind(submission.submitted_at)
    .execute(tx)
    .await?;
    for (number, step) in (0u32..).zip(&submission.steps) {
        sql("INSERT INTO submission_steps (submission_id, number, step, opened_at_ms, closed_at_ms) VALUES ($1,$2,$3,$4,$5)")
            .bind(kept.id)
            .bind(number)
            .bind(to_json(&step.step))
            .bind(step.opened_at)
            .bind(step.closed_at)
            .execute(tx)
            .await?;
    }
    for (profile, message) in answers {
        sql("INSERT INTO submission_answers (submission_id, profile_id, message) VALUES ($1,$2,$3)")
            .bind(kept.id)
            .bind(*profile)
            .bind(message)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Writes what the rules made of a submission.
pub(in crate::approvals) async fn save(
    tx: &mut Tx,
    id: SubmissionId,
    before: &Submission,
    after: &Submission,
    now: Time,
) -> Result<()> {
    if before.state != after.state {
        sql("UPDATE submissions SET state = $2, ended_at_ms = $3, stuck_since_ms = NULL WHERE id = $1")
            .bind(id)
            .bind(after.state.id())
            .bind(now)
            .execute(tx)
            .await?;
    }
    for (number, (old, new)) in (0u32..).zip(before.steps.iter().zip(&after.steps)) {
        if (old.opened_at, old.closed_at) != (new.opened_at, new.closed_at) {
            sql("UPDATE submission_steps SET opened_at_ms = $3, closed_at_ms = $4 WHERE submission_id = $1 AND number = $2")
                .bind(id)
                .bind(number)
                .bind(new.opened_at)
                .bind(new.closed_at)
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

pub(in crate::approvals) async fn insert_decision(
    tx: &mut Tx,
    id: DecisionId,
    (submission, step): (SubmissionId, u32),
    decision: &Decision,
    origin: &Origin,
) -> Result<()> {
    let (verdict, reason) = decision.verdict.columns();
    sql("INSERT INTO decisions (id, submission_id, step, voice_kind, voice_id, hand, verdict, reason, seen, at_ms, token_id, address, \
         user_agent) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)")
    .bind(id)
    .bind(submission)
    .bind(step)
    .bind(decision.by.kind())
    .bind(decision.by.id().as_bytes().to_vec())
    .bind(decision.hand.id())
    .bind(verdict)
    .bind(reason)
    .bind(decision.seen.0)
    .bind(decision.at)
    .bind(origin.token)
    .bind(origin.address.map(|address| address.to_string()))
    .bind(origin.user_agent.as_deref())
    .execute(tx)
    .await?;
    Ok(())
}

/// The messages that a submission answers.
pub(in crate::approvals) async fn answers(on: &mut dyn Connection, id: SubmissionId) -> Result<Vec<(ProfileId, String)>> {
    sql("SELECT profile_id, message FROM submission_answers WHERE submission_id = $1 ORDER BY profile_id, message")
        .bind(id)
        .all(on)
        .await?
        .iter()
        .map(|row| Ok((row.get("profile_id")?, row.get("message")?)))
        .collect()
}

/// Notes since when nobody can end the current step; nothing when somebody can again. Answers whether that changed.
pub(in crate::approvals) async fn set_stuck(tx: &mut Tx, id: SubmissionId, since: Option<Time>) -> Result<bool> {
    let query = match since {
        Some(since) => {
            sql("UPDATE submissions SET stuck_since_ms = $2 WHERE id = $1 AND stuck_since_ms IS NULL").bind(id).bind(since)
        }
        None => sql("UPDATE submissions SET stuck_since_ms = NULL WHERE id = $1 AND stuck_since_ms IS NOT NULL").bind(id),
    };
    Ok(query.execute(tx).await? > 0)
}
