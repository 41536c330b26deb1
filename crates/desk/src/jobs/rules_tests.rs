//! Property tests of the life of a job: any order of events, sent by present and former holders.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::JobId;

const LEASE_MS: i64 = 1_000;

fn queued(attempts_max: i64) -> Job {
    Job {
        id: JobId(Uuid::nil()),
        kind: "test".to_owned(),
        dedupe_key: None,
        state: JobState::Queued,
        run_at_ms: Time(0),
        attempts: 0,
        attempts_max,
        lease: None,
        lease_epoch: 0,
        cancel_requested: false,
        progress_done: None,
        progress_total: None,
        last_error: None,
        created_at_ms: Time(0),
        started_at_ms: None,
        finished_at_ms: None,
    }
}

fn claim_now() -> Event<'static> {
    Event::Claim { owner: "a", lease_ms: LEASE_MS }
}

fn events() -> impl Strategy<Value = (Event<'static>, i64)> {
    let epoch = 0i64..12;
    let event = prop_oneof![
        4 => Just(claim_now()),
        1 => epoch.clone().prop_map(|epoch| Event::Renew { epoch, lease_ms: LEASE_MS, progress: Some((1, 2)) }),
        1 => epoch.clone().prop_map(|epoch| Event::Complete { epoch }),
        2 => (epoch.clone(), proptest::option::of(-5i64..3_000))
            .prop_map(|(epoch, retry_after_ms)| Event::Fail { epoch, error: "no", retry_after_ms }),
        1 => epoch.prop_map(|epoch| Event::HandBack { epoch }),
        1 => Just(Event::Cancel),
        1 => Just(Event::RunAgain),
    ];
    (event, 0i64..2_500)
}

proptest! {
    #[test]
    fn no_order_of_events_breaks_an_invariant(attempts_max in 1i64..5, script in prop::collection::vec(events(), 0..80)) {
        let mut job = queued(attempts_max);
        let mut now = Time(0);
        let mut completions = 0;
        for (event, later_ms) in script {
            now = now.plus_ms(later_ms);
            let Ok(next) = apply(&job, &event, now) else { continue };
            prop_assert_eq!(broken_invariant(&next), None);
            prop_assert!(next.lease_epoch >= job.lease_epoch, "the epoch went back");
            prop_assert_ne!(job.state, JobState::Done, "something followed on done: {:?}", event);
            match event {
                Event::Complete { epoch } => {
                    completions += 1;
                    prop_assert_eq!(epoch, job.lease_epoch, "a former holder completed the job");
                }
                Event::Renew { epoch, .. } | Event::Fail { epoch, .. } | Event::HandBack { epoch } => {
                    prop_assert_eq!(epoch, job.lease_epoch, "a former holder was heard");
                }
                Event::Claim { .. } => prop_assert!(
                    job.state == JobState::Queued || job.lease.as_ref().is_some_and(|lease| lease.until_ms <= now),
                    "a held job was taken"
                ),
                Event::Cancel | Event::RunAgain => {}
            }
            job = next;
        }
        prop_assert!(completions <= 1);
    }

    #[test]
    fn a_wait_lies_in_the_upper_half_and_under_the_longest(
        first_ms in 1u32..1_000_000, longest_ms in 1u32.., attempt in -3i64..1_000, random: u64
    ) {
        let backoff = Backoff { first_ms, longest_ms };
        let wait = backoff.wait_ms(attempt, random);
        let power = 2f64.powi(i32::try_from(attempt.clamp(1, 32) - 1).expect("small"));
        let bound = (f64::from(first_ms) * power).min(f64::from(longest_ms));
        #[expect(clippy::cast_precision_loss, reason = "waits are far below 2^53")]
        let waited = wait as f64;
        prop_assert!(waited <= bound, "{wait} is longer than {bound}");
        prop_assert!(waited >= (bound / 2.0).floor(), "{wait} is shorter than half of {bound}");
    }

    #[test]
    fn waits_differ_between_jobs_that_failed_together(random: u64) {
        let backoff = Backoff { first_ms: 1_000, longest_ms: 60_000 };
        prop_assert_ne!(backoff.wait_ms(3, random), backoff.wait_ms(3, random.wrapping_add(1)));
    }

    #[test]
    fn the_next_tick_is_the_first_on_the_grid_after_now(next in 0i64..1_000_000, every in 1i64..100_000, now in 0i64..2_000_000) {
        let tick = next_tick(Time(next), every, Time(now));
        prop_assert!(tick > Time(now));
        prop_assert_eq!((tick.0 - next) % every, 0);
        prop_assert!(tick.0 == next || tick.0 - every <= now, "a tick was left out");
    }

    #[test]
    fn a_kept_error_is_short_and_starts_like_the_error(error in "\\PC{0,600}") {
        let kept = shortened(&error);
        prop_assert!(kept.len() <= ERROR_BYTES_MAX && error.starts_with(&kept));
        prop_assert!(error.len() > ERROR_BYTES_MAX || kept == error);
    }
}

#[test]
fn a_former_holder_cannot_complete_what_was_taken_from_it() {
    let first = apply(&queued(3), &claim_now(), Time(0)).expect("is free");
    let second = apply(&first, &claim_now(), Time(LEASE_MS)).expect("the lease ran out");
    assert_eq!(apply(&second, &Event::Complete { epoch: first.lease_epoch }, Time(LEASE_MS)), Err(Unfit::LeaseLost));
    let done = apply(&second, &Event::Complete { epoch: second.lease_epoch }, Time(LEASE_MS)).expect("holds it");
    assert_eq!(done.state, JobState::Done);
}

#[test]
fn a_job_that_takes_its_worker_down_each_time_ends_dead() {
    let mut job = queued(2);
    for round in 0..2 {
        job = apply(&job, &claim_now(), Time(round * LEASE_MS)).expect("is free");
        assert_eq!(job.state, JobState::Running);
    }
    job = apply(&job, &claim_now(), Time(2 * LEASE_MS)).expect("the lease ran out");
    assert_eq!((job.state, job.attempts), (JobState::Dead, 2));
    assert!(job.last_error.is_some());
    let again = apply(&job, &Event::RunAgain, Time(9)).expect("is dead");
    assert_eq!((again.state, again.attempts), (JobState::Queued, 0));
}

#[test]
fn an_attempt_handed_back_does_not_count() {
    let running = apply(&queued(1), &claim_now(), Time(0)).expect("is free");
    let back = apply(&running, &Event::HandBack { epoch: 1 }, Time(5)).expect("holds it");
    assert_eq!((back.state, back.attempts, back.run_at_ms), (JobState::Queued, 0, Time(5)));
}

#[test]
fn a_cancelled_job_is_not_tried_again() {
    let running = apply(&queued(5), &claim_now(), Time(0)).expect("is free");
    let asked = apply(&running, &Event::Cancel, Time(1)).expect("it runs");
    assert_eq!(asked.state, JobState::Running);
    for event in [Event::HandBack { epoch: 1 }, Event::Fail { epoch: 1, error: "no", retry_after_ms: Some(1) }] {
        assert_eq!(apply(&asked, &event, Time(2)).expect("holds it").state, JobState::Cancelled);
    }
    assert_eq!(apply(&asked, &claim_now(), Time(LEASE_MS)).expect("the lease ran out").state, JobState::Cancelled);
}
