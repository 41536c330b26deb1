//! The life of a post: single cases, then thousands of lives on a network that fails in every way.

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    ATTEMPTS_MAX, CALL_MAX_MS, Claim, Event, Found, LATE_MS_MAX, LOOK_AFTER_MS, LOOKS_MAX, PREPARE_MS, Paused, Task, Unfit,
    apply, broken_invariant,
};
use crate::{
    approvals::ContentDigest,
    ids::{HolderId, Time},
    publishing::model::{HeldFor, Next, Outcome, Target, TargetState, Window},
};

const HOUR: i64 = 3_600_000;
const SLOT: Time = Time(HOUR);
const DIGEST: ContentDigest = ContentDigest([7; 32]);
const HERE: HolderId = HolderId(Uuid::from_u128(1));
const WINDOW: Window = Window { digest: DIGEST, from: Time(0), until: Time(24 * HOUR) };

fn thread_of(parts: u32) -> Target {
    let (pending, _) = apply(&Target::draft(Some(SLOT), parts, 0), Event::Submit, Time(0)).unwrap();
    apply(&pending, Event::Clear(WINDOW), Time(1)).unwrap().0
}

fn scheduled() -> Target {
    thread_of(1)
}

fn asked(paused: Option<&str>) -> Claim {
    let paused = paused.map(|reason| Paused { reason: reason.to_owned(), soft_since: None });
    Claim { digest: DIGEST, paused, holder: HERE }
}

fn claim() -> Event {
    Event::Claim(asked(None))
}

fn paused() -> Event {
    Event::Claim(asked(Some("outage at the network")))
}

fn sending() -> Target {
    let (target, task) = apply(&scheduled(), claim(), SLOT).unwrap();
    assert!(matches!(task, Task::Send { attempt: 1, .. }));
    target
}

fn ended(outcome: Outcome) -> Event {
    Event::Ended { attempt: 1, outcome }
}

fn no_effect(next: Next) -> Outcome {
    Outcome::NoEffect { next, message: "the network failed".to_owned() }
}

fn published() -> Outcome {
    Outcome::Published { native_id: "p1".to_owned() }
}

fn there() -> Found {
    Found::There { native_id: "p1".to_owned() }
}

fn looked(found: Found) -> Event {
    Event::Looked { attempt: 1, found }
}

/// One that the network would not tell about.
fn uncertain() -> Target {
    let mut target = sending();
    for _ in 0..LOOKS_MAX {
        target = apply(&target, looked(Found::NoAnswer), SLOT).unwrap().0;
    }
    assert_eq!(target.held_for, Some(HeldFor::Uncertain));
    target
}

#[test]
fn what_nobody_cleared_is_never_sent() {
    let draft = Target::draft(Some(SLOT), 1, 0);
    assert!(matches!(apply(&draft, claim(), SLOT), Err(Unfit::State(_))));
    let (pending, _) = apply(&draft, Event::Submit, Time(0)).unwrap();
    assert_eq!(apply(&pending, claim(), Time(HOUR - 1)), Err(Unfit::NotDue));
    let (expired, task) = apply(&pending, claim(), SLOT).unwrap();
    assert_eq!((expired.state, task), (TargetState::Expired, Task::Nothing));
    assert_eq!(
        apply(&expired, Event::Clear(WINDOW), SLOT),
        Err(Unfit::State(TargetState::Expired)),
        "a late approval never publishes"
    );
}

#[test]
fn without_a_time_it_goes_when_it_is_cleared() {
    let (pending, _) = apply(&Target::draft(None, 1, 0), Event::Submit, Time(0)).unwrap();
    assert_eq!(pending.due(), None, "nothing to expire");
    let (cleared, _) = apply(&pending, Event::Clear(WINDOW), Time(5)).unwrap();
    assert_eq!(cleared.due(), Some(Time(5)));
    assert!(matches!(apply(&cleared, claim(), Time(5)).unwrap().1, Task::Send { .. }));
}

#[test]
fn other_content_a_pause_and_a_missed_time_end_in_the_list() {
    let other = Event::Claim(Claim { digest: ContentDigest([8; 32]), ..asked(None) });
    let cases = [
        (other, SLOT, HeldFor::Changed),
        (paused(), SLOT, HeldFor::Paused),
        (claim(), SLOT.plus_ms(LATE_MS_MAX + 1), HeldFor::Missed),
        (claim(), Time(25 * HOUR), HeldFor::Missed),
    ];
    for (event, now, why) in cases {
        let (held, task) = apply(&scheduled(), event, now).unwrap();
        assert_eq!((held.state, held.held_for, task), (TargetState::Held, Some(why), Task::Nothing));
        assert!(held.attempts.is_empty());
        assert_eq!(held.due(), None, "nothing held goes out by itself");
    }
    assert_eq!(apply(&scheduled(), claim(), Time(HOUR - 1)), Err(Unfit::NotDue));
}

#[test]
fn a_held_post_goes_on_only_within_what_was_approved() {
    let (held, _) = apply(&scheduled(), paused(), SLOT).unwrap();
    assert_eq!(apply(&held, Event::Release { slot: Time(25 * HOUR) }, Time(2 * HOUR)), Err(Unfit::OutsideWindow));
    let (again, _) = apply(&held, Event::Release { slot: Time(0) }, Time(2 * HOUR)).unwrap();
    assert_eq!((again.state, again.slot), (TargetState::Scheduled, Some(Time(2 * HOUR))), "a time that has passed means now");
}

#[test]
fn a_soft_pause_lets_through_what_somebody_confirmed_after_it_began() {
    let soft = |since| {
        let paused = Some(Paused { reason: "quiet day".to_owned(), soft_since: Some(since) });
        Event::Claim(Claim { paused, ..asked(None) })
    };
    let (held, _) = apply(&scheduled(), soft(Time(10)), SLOT).unwrap();
    assert_eq!(held.held_for, Some(HeldFor::Paused));
    let (confirmed, _) = apply(&held, Event::Release { slot: SLOT }, SLOT).unwrap();
    assert!(matches!(apply(&confirmed, soft(Time(10)), SLOT).unwrap().1, Task::Send { .. }));
    assert_eq!(
        apply(&confirmed, soft(SLOT.plus_ms(1)), SLOT).unwrap().0.held_for,
        Some(HeldFor::Paused),
        "a newer pause asks anew"
    );
    assert_eq!(apply(&confirmed, paused(), SLOT).unwrap().0.held_for, Some(HeldFor::Paused), "a hard one stops all");
}

#[test]
fn after_a_crash_the_network_is_asked_first_and_not_while_a_call_may_be_under_way() {
    let crashed = sending();
    assert_eq!(
        apply(&crashed, claim(), SLOT.plus_ms(CALL_MAX_MS)),
        Err(Unfit::NotDue),
        "it may be a slow call of another process"
    );
    let later = SLOT.plus_ms(CALL_MAX_MS + LOOK_AFTER_MS);
    assert_eq!(apply(&crashed, claim(), later).unwrap().1, Task::LookUp { attempt: 1 });
    assert_eq!(apply(&crashed, looked(there()), later).unwrap().0.state, TargetState::Published);
    let (again, _) = apply(&crashed, looked(Found::NotThere), later).unwrap();
    assert_eq!(again.state, TargetState::Scheduled);
    let (second, task) = apply(&again, claim(), later).unwrap();
    assert!(matches!(task, Task::Send { attempt: 2, .. }));
    assert_eq!(apply(&second, looked(Found::NotThere), later), Err(Unfit::OldAttempt), "an answer about the first is too late");
    // Even a pause does not keep from looking, and looking sends nothing.
    assert_eq!(apply(&crashed, paused(), later).unwrap().1, Task::LookUp { attempt: 1 });
}

#[test]
fn what_may_be_there_is_not_cancelled_before_somebody_looked() {
    let cancel = || Event::Cancel { reason: "typo".to_owned() };
    assert_eq!(apply(&uncertain(), cancel(), SLOT), Err(Unfit::MayBeThere));
    assert_eq!(apply(&uncertain(), Event::Settled { found: there() }, SLOT).unwrap().0.state, TargetState::Published);
    let (settled, _) = apply(&uncertain(), Event::Settled { found: Found::NotThere }, SLOT).unwrap();
    assert_eq!((settled.state, settled.held_for), (TargetState::Held, Some(HeldFor::Missed)));
    assert_eq!(apply(&settled, cancel(), SLOT).unwrap().0.state, TargetState::Cancelled);
}

#[test]
fn each_class_of_error_has_its_end() {
    assert_eq!(apply(&sending(), ended(no_effect(Next::GiveUp)), SLOT).unwrap().0.state, TargetState::Failed);
    assert_eq!(apply(&sending(), ended(no_effect(Next::Reconnect)), SLOT).unwrap().0.held_for, Some(HeldFor::Connection));
    let mut target = sending();
    let mut now = SLOT;
    for attempt in 1..=ATTEMPTS_MAX {
        let number = u32::try_from(attempt).unwrap();
        let again = no_effect(Next::Again { after_ms: 1_000 });
        target = apply(&target, Event::Ended { attempt: number, outcome: again }, now).unwrap().0;
        if attempt == ATTEMPTS_MAX {
            assert_eq!(target.state, TargetState::Failed);
        } else {
            now = target.due().unwrap();
            target = apply(&target, claim(), now).unwrap().0;
        }
    }
}

#[test]
fn cancelling_in_mid_send_tells_the_truth() {
    let (wanted, _) = apply(&sending(), Event::Cancel { reason: "typo".to_owned() }, SLOT).unwrap();
    let (gone, _) = apply(&wanted, ended(no_effect(Next::Again { after_ms: 0 })), SLOT).unwrap();
    assert_eq!(gone.state, TargetState::Cancelled);
    let (sent, _) = apply(&wanted, ended(published()), SLOT).unwrap();
    assert_eq!(sent.state, TargetState::Published);
    assert!(sent.reason.is_some_and(|reason| reason.contains("had gone out")));
}

#[test]
fn files_go_first_and_a_file_that_is_not_taken_is_an_attempt() {
    let mut with_files = scheduled();
    with_files.uploads_left = 2;
    let early = SLOT.plus_ms(-PREPARE_MS);
    assert_eq!(with_files.due(), Some(early));
    assert_eq!(apply(&with_files, claim(), early).unwrap().1, Task::Prepare);
    let (ready, _) = apply(&with_files, Event::Prepared { uploads_left: 0 }, early).unwrap();
    assert_eq!(ready.due(), Some(SLOT));
    let refused = Event::NotPrepared { holder: HERE, next: Next::GiveUp, message: "too large".to_owned() };
    let (failed, _) = apply(&with_files, refused, early).unwrap();
    assert_eq!((failed.state, failed.attempts.len()), (TargetState::Failed, 1));
}

#[test]
fn a_thread_goes_on_where_it_stopped_and_asks_before_each_part() {
    let (sending, _) = apply(&thread_of(3), claim(), SLOT).unwrap();
    let (one, _) = apply(&sending, Event::PartThere { attempt: 1 }, SLOT).unwrap();
    let next = |claim| Event::NextCall { attempt: 1, claim };
    let (two, task) = apply(&one, next(asked(None)), SLOT.plus_ms(900)).unwrap();
    assert!(matches!(task, Task::Send { attempt: 1, .. }));
    assert_eq!(two.due(), Some(SLOT.plus_ms(900 + CALL_MAX_MS + LOOK_AFTER_MS)), "the newest call counts");
    let (held, _) = apply(&one, next(asked(Some("stop"))), SLOT.plus_ms(900)).unwrap();
    assert_eq!((held.held_for, held.parts_there), (Some(HeldFor::Paused), 1));
    assert_eq!(apply(&held, Event::Unclear { reason: String::new() }, SLOT), Err(Unfit::PartlyThere));
    let (cancelled, _) = apply(&held, Event::Cancel { reason: "enough".to_owned() }, SLOT).unwrap();
    assert_eq!(cancelled.reason.as_deref(), Some("enough; 1 of 3 posts of the thread are on the network"));
    let later = SLOT.plus_ms(CALL_MAX_MS + 900 + LOOK_AFTER_MS);
    let (found, _) = apply(&two, looked(there()), later).unwrap();
    assert_eq!((found.state, found.parts_there, found.due()), (TargetState::Scheduled, 2, Some(later)));
    let (last, task) = apply(&found, claim(), later).unwrap();
    assert!(matches!(task, Task::Send { attempt: 2, .. }));
    let (done, _) = apply(&last, Event::Ended { attempt: 2, outcome: published() }, later).unwrap();
    assert_eq!((done.state, done.parts_there), (TargetState::Published, 3));
}

/// What the network does with one call.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Takes,
    TakesAndAnswerIsLost,
    Refuses,
    Busy,
    NeverArrives,
    TakesAndWeCrash,
    WeCrashBefore,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Takes),
        2 => Just(Fate::TakesAndAnswerIsLost),
        1 => Just(Fate::Refuses),
        2 => Just(Fate::Busy),
        2 => Just(Fate::NeverArrives),
        2 => Just(Fate::TakesAndWeCrash),
        2 => Just(Fate::WeCrashBefore),
    ]
}

#[derive(Debug, Clone)]
enum Disturbance {
    None,
    Pause,
    Cancel,
    Orphan,
    OtherContent,
    Unclear,
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        12 => Just(Disturbance::None),
        2 => Just(Disturbance::Pause),
        1 => Just(Disturbance::Cancel),
        1 => Just(Disturbance::Orphan),
        1 => Just(Disturbance::OtherContent),
        1 => Just(Disturbance::Unclear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_network_does_it_is_there_at_most_once_and_we_say_what_is_true(
        steps in prop::collection::vec((fate(), disturbance(), 0..60_000i64, prop::bool::weighted(0.2)), 1..60),
        parts in 1..4u32,
    ) {
        let (mut target, mut now, mut on_network) = (thread_of(parts), SLOT, 0u32);
        for (fate, disturbance, wait, no_answer) in steps {
            now = now.plus_ms(wait);
            let other = match disturbance {
                Disturbance::Cancel => Some(Event::Cancel { reason: "typo".to_owned() }),
                Disturbance::Orphan => Some(Event::Orphan),
                Disturbance::Unclear => Some(Event::Unclear { reason: "changed".to_owned() }),
                _ => None,
            };
            if let Some(event) = other
                && let Ok((next, _)) = apply(&target, event, now)
            {
                target = next;
            }
            let was_paused = matches!(disturbance, Disturbance::Pause);
            let digest = if matches!(disturbance, Disturbance::OtherContent) { ContentDigest([9; 32]) } else { DIGEST };
            let asked = Claim { digest, ..asked(was_paused.then_some("stop")) };
            let Ok((claimed, task)) = apply(&target, Event::Claim(asked.clone()), now) else { continue };
            target = claimed;
            match task {
                Task::Nothing | Task::Prepare => {}
                Task::Send { attempt, .. } => {
                    prop_assert!(!was_paused && digest == DIGEST);
                    prop_assert!(on_network < parts, "it was sent once too often");
                    prop_assert_eq!(target.parts_there, on_network, "it goes on where the last one stopped");
                    if matches!(fate, Fate::Takes | Fate::TakesAndAnswerIsLost | Fate::TakesAndWeCrash) {
                        on_network += 1;
                    }
                    let outcome = match fate {
                        Fate::Takes if on_network < parts => Some(Outcome::Continues { parts_there: on_network }),
                        Fate::Takes => Some(published()),
                        Fate::TakesAndAnswerIsLost | Fate::NeverArrives => Some(Outcome::Unknown { message: "time out".to_owned() }),
                        Fate::Refuses => Some(no_effect(Next::GiveUp)),
                        Fate::Busy => Some(no_effect(Next::Again { after_ms: 1_000 })),
                        Fate::TakesAndWeCrash | Fate::WeCrashBefore => None,
                    };
                    if let Some(outcome) = outcome {
                        target = apply(&target, Event::Ended { attempt, outcome }, now).unwrap().0;
                    }
                }
                Task::LookUp { attempt } => {
                    let found = match on_network {
                        _ if no_answer => Found::NoAnswer,
                        count if count == target.parts_there => Found::NotThere,
                        _ => there(),
                    };
                    target = apply(&target, Event::Looked { attempt, found }, now).unwrap().0;
                }
            }
            prop_assert_eq!(broken_invariant(&target), None);
            match target.state {
                TargetState::Published => prop_assert_eq!(on_network, parts),
                TargetState::Failed | TargetState::Cancelled | TargetState::Draft => {
                    prop_assert_eq!(on_network, target.parts_there, "more is there than we say of {:?}", target.state);
                }
                _ => {}
            }
        }
    }
}
