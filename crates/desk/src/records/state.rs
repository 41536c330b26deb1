//! How the record does: size, checkpoint, time stamps, scrub, who writes; and what of it is a reason to act.
//!
//! [`state`] looks (it waits for disk or database), [`problems`] judges; a page, the metrics and `gatepost check` show the same.
//! Invariant: what cannot be looked at is a problem, never silence.

use std::time::Duration;

use ledger::{
    engine::{ReadError, Reader},
    governance::{Act, recent::Recent},
};
use serde::Serialize;

use crate::{
    Actor, Desk,
    error::Result,
    ids::Time,
    metric_names::{LEDGER_DAMAGE, LEDGER_ENTRIES, LEDGER_SCRUB_OVERDUE, LEDGER_TIMESTAMPS_MISSING, LEDGER_WRITER},
    rights::{Operation, Target},
};

/// A stamp is missing when this many intervals passed without one: one that came late is not an alarm.
const INTERVALS_WITHOUT_STAMP_MAX: u32 = 2;
/// So much later than that at least: with short intervals, retries need their time.
const STAMP_GRACE: Duration = Duration::from_secs(30);
/// A scrub is overdue after this many intervals: a large log takes its time.
const INTERVALS_WITHOUT_SCRUB_MAX: u32 = 3;

/// What is expected to happen to the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// Names of the time authorities that are configured.
    pub authorities: Vec<String>,
    /// How often each is asked.
    pub stamp_interval: Duration,
    /// How often everything is read again.
    pub scrub_interval: Duration,
}

/// Who writes the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "writes", content = "name", rename_all = "snake_case")]
pub enum WriterState {
    /// This process.
    Here,
    /// Another one, which calls itself so.
    Elsewhere(String),
    /// Nobody: the last writer's lease has ended, or it stopped.
    Nobody,
    /// It cannot be told from here.
    Unknown,
}

/// One authority's stamps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampState {
    /// Its configured name.
    pub authority: String,
    /// Entries under the newest stamped checkpoint.
    pub size: Option<u64>,
    /// When that was stamped, as the authority says.
    pub stamped_at: Option<Time>,
    /// Why the newest request got none, when it got none.
    pub failure: Option<String>,
    /// Whether a stamp is missing.
    pub is_missing: bool,
}

/// The newest scrub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScrubState {
    /// When it ended.
    pub ended_at: Time,
    /// How many findings it had; unknown without keys.
    pub findings: Option<u64>,
    /// The first of them.
    pub first: Option<String>,
}

/// How the record does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordState {
    /// When somebody looked.
    pub looked_at: Time,
    /// The log's name.
    pub origin: String,
    /// Entries.
    pub entries: u64,
    /// Entries under the newest signed checkpoint.
    pub signed: u64,
    /// When the newest of those was captured.
    pub signed_until: Option<Time>,
    /// Each configured authority.
    pub stamps: Vec<StampState>,
    /// The newest scrub.
    pub scrub: Option<ScrubState>,
    /// Whether a scrub should have ended long ago.
    pub scrub_overdue: bool,
    /// Who writes.
    pub writer: WriterState,
}

/// Something about the record that somebody has to act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Looks. Waits for disk or database.
///
/// # Errors
/// When the ledger cannot be read.
pub fn look(reader: &Reader, watched: &Watched, writer: WriterState, now: Time) -> std::result::Result<RecordState, ReadError> {
    let names: Vec<&str> = watched.authorities.iter().map(String::as_str).collect();
    let (entries, checkpoint, recent) = (reader.size(), reader.checkpoint()?, Recent::read(reader, &names)?);
    let signed = checkpoint.map_or(0, |(checkpoint, _)| checkpoint.size);
    let captured = |seq: Option<u64>| seq.map(|seq| reader.entry(seq).map(|entry| Time(entry.captured_at_ms))).transpose();
    let (since, signed_until) =
        (captured((entries > 0).then_some(0))?, captured(signed.checked_sub(1).filter(|seq| *seq < entries))?);
    let mut stamps = Vec::new();
    for name in names {
        let newest = reader.newest_stamp(name)?;
        let stamped_at = newest.map(|stamp| Time(stamp.time_us / 1_000));
        let failure = match recent.stamps.get(name).and_then(|seen| seen.act.as_ref()) {
            Some(Act::TimestampFailed { reason, .. }) => Some(reason.clone()),
            _ => None,
        };
        let is_missing = stamp_is_missing(now, stamped_at.or(since), watched.stamp_interval);
        stamps.push(StampState {
            authority: name.to_owned(),
            size: newest.map(|stamp| stamp.size),
            stamped_at,
            failure,
            is_missing,
        });
    }
    let scrub = recent.scrub.map(|seen| {
        let (findings, first) = match seen.act {
            Some(Act::ScrubDone { findings, first, .. }) => (Some(findings), first),
            _ => (None, None),
        };
        ScrubState { ended_at: Time(seen.at_ms), findings, first }
    });
    let scrub_overdue =
        is_older(now, scrub.as_ref().map(|scrub| scrub.ended_at).or(since), watched.scrub_interval * INTERVALS_WITHOUT_SCRUB_MAX);
    let origin = reader.log().origin;
    Ok(RecordState { looked_at: now, origin, entries, signed, signed_until, stamps, scrub, scrub_overdue, writer })
}

fn stamp_is_missing(now: Time, newest: Option<Time>, interval: Duration) -> bool {
    is_older(now, newest, interval * INTERVALS_WITHOUT_STAMP_MAX + STAMP_GRACE)
}

/// Whether something that has a beginning lies further back than that.
fn is_older(now: Time, then: Option<Time>, limit: Duration) -> bool {
    let age_ms = then.map_or(0, |then| now.since_ms(then));
    u64::try_from(age_ms).is_ok_and(|age_ms| Duration::from_millis(age_ms) > limit)
}

/// What of it somebody has to act on.
pub fn problems(state: &RecordState) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |what: String, remedy: &str| problems.push(Problem { what, remedy: remedy.to_owned() });
    for stamp in state.stamps.iter().filter(|stamp| stamp.is_missing) {
        let last = stamp.stamped_at.map_or("there is none".to_owned(), |at| format!("the newest is of {}", at.rfc3339()));
        let why = stamp.failure.as_ref().map(|reason| format!("; it said: {reason}")).unwrap_or_default();
        add(
            format!("time stamps of authority `{}` are missing: {last}{why}", stamp.authority),
            "check timestamps.* in the configuration and that the authority can be reached; the record itself goes on",
        );
    }
    match &state.scrub {
        Some(ScrubState { findings: Some(findings), first, .. }) if *findings > 0 => add(
            format!("the newest scrub found damage {findings} times, first: {}", first.as_deref().unwrap_or("unknown")),
            "run `gatepost ledger verify`, keep the data folder as it is, and restore from a backup",
        ),
        _ => {}
    }
    if state.scrub_overdue {
        let last = state
            .scrub
            .as_ref()
            .map_or("there was none".to_owned(), |scrub| format!("the newest ended {}", scrub.ended_at.rfc3339()));
        add(
            format!("a scrub of the record is overdue: {last}"),
            "see in the server's log whether it fails; `gatepost ledger verify` reads everything at once",
        );
    }
    if state.writer == WriterState::Nobody {
        add(
            "nobody writes the record: what happens waits in the database".to_owned(),
            "see in the log of `gatepost serve` why the ledger does not open for writing",
        );
    }
    problems
}

/// Sets the metrics.
#[expect(clippy::cast_precision_loss, reason = "a graph does not show the last of 53 bits")]
pub fn measure(state: &RecordState) {
    let flag = |on: bool| if on { 1.0 } else { 0.0 };
    metrics::gauge!(LEDGER_ENTRIES.name, "signed" => "no").set(state.entries as f64);
    metrics::gauge!(LEDGER_ENTRIES.name, "signed" => "yes").set(state.signed as f64);
    for stamp in &state.stamps {
        metrics::gauge!(LEDGER_TIMESTAMPS_MISSING.name, "authority" => stamp.authority.clone()).set(flag(stamp.is_missing));
    }
    metrics::gauge!(LEDGER_SCRUB_OVERDUE.name).set(flag(state.scrub_overdue));
    let findings = state.scrub.as_ref().and_then(|scrub| scrub.findings).unwrap_or(0);
    metrics::gauge!(LEDGER_DAMAGE.name).set(findings as f64);
}

/// Sets the metric of who writes, also where nothing can be read.
pub fn measure_writer(writer: &WriterState) {
    metrics::gauge!(LEDGER_WRITER.name).set(if *writer == WriterState::Here { 1.0 } else { 0.0 });
}

/// How the record does, for whoever may see it; nothing before somebody has looked or where there is no record.
///
/// # Errors
/// [`crate::Error::Refused`].
pub async fn state(desk: &Desk, actor: &Actor, record: &super::Record) -> Result<Option<std::sync::Arc<RecordState>>> {
    desk.view(actor, Operation::RecordRead, Target::Workspace).await?;
    Ok(record.state())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(minutes: i64) -> Time {
        Time(minutes * 60_000)
    }

    #[test]
    fn a_stamp_is_missing_after_two_intervals_and_not_before() {
        assert!(!stamp_is_missing(at(0), None, HOUR), "a log without entries has nothing to stamp");
        assert!(!stamp_is_missing(at(120), Some(at(0)), HOUR));
        assert!(stamp_is_missing(at(121), Some(at(0)), HOUR));
        assert!(!stamp_is_missing(at(0), Some(at(500)), HOUR), "an authority's clock may be ahead");
    }

    fn healthy() -> RecordState {
        RecordState {
            looked_at: at(0),
            origin: "desk.example.test/log".to_owned(),
            entries: 7,
            signed: 7,
            signed_until: Some(at(0)),
            stamps: vec![StampState {
                authority: "first".to_owned(),
                size: Some(7),
                stamped_at: Some(at(0)),
                failure: None,
                is_missing: false,
            }],
            scrub: Some(ScrubState { ended_at: at(0), findings: Some(0), first: None }),
            scrub_overdue: false,
            writer: WriterState::Here,
        }
    }

    #[test]
    fn each_thing_that_is_wrong_is_named_with_what_to_do() {
        assert_eq!(problems(&healthy()), []);
        let mut state = healthy();
        state.stamps[0].is_missing = true;
        state.stamps[0].failure = Some("the authority's server answered with HTTP status 404".to_owned());
        state.scrub = Some(ScrubState { ended_at: at(0), findings: Some(2), first: Some("body-altered at entry 3".to_owned()) });
        state.scrub_overdue = true;
        state.writer = WriterState::Nobody;
        let found = problems(&state);
        for (problem, part) in found.iter().zip(["HTTP status 404", "body-altered at entry 3", "overdue", "nobody writes"]) {
            assert!(problem.what.contains(part) && !problem.remedy.is_empty(), "{problem:?}");
        }
        assert_eq!(found.len(), 4);
        state = healthy();
        state.writer = WriterState::Elsewhere("node-2".to_owned());
        assert_eq!(problems(&state), [], "another node that writes is no problem");
    }
}
