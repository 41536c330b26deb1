//! The life of a post: single cases, then thousands of lives on a network that fails in every way.

use proptest::prelude::*;

use super::{
    model::{HeldFor, Next, Outcome, Target, TargetState},
    rules::{ATTEMPTS_MAX, Event, Found, LATE_MS_MAX, LOOK_AFTER_MS, LOOKS_MAX, Task, Unfit, apply, broken_invariant},
};
use crate::{
    approvals::{Cleared, ContentDigest},
    ids::Time,
};

const HOUR: i64 = 3_600_000;
const SLOT: Time = Time(HOUR);
const DIGEST: ContentDigest = ContentDigest([7; 32]);

fn scheduled() -> Target {
    let cleared = Cleared::in_test(DIGEST, Time(0), Time(24 * HOUR));
    let (pending, _) = apply(&Target::draft(SLOT), Event::Submit, Time(0)).unwrap();
    apply(&pending, Event::Clear(cleared), Time(1)).unwrap().0
}

fn claim() -> Event {
    Event::Claim { digest: DIGEST, paused: None }
}

fn sending() -> Target {
    let (target, task) = apply(&scheduled(), claim(), SLOT).unwrap();
    assert!(matches!(task, Task::Send { attempt: 1, .. }));
    target
}

fn no_effect(next: Next) -> Event {
    Event::Ended(Outcome::NoEffect { next, message: "the network failed".to_owned() })
}

#[test]
fn what_nobody_cleared_is_never_sent() {
    for state in [Target::draft(SLOT), apply(&Target::draft(SLOT), Event::Submit, Time(0)).unwrap().0] {
        assert!(matches!(apply(&state, claim(), SLOT), Err(Unfit::State(_))));
    }
    let (expired, _) = apply(&apply(&Target::draft(SLOT), Event::Submit, Time(0)).unwrap().0, Event::Expire, SLOT).unwrap();
    assert_eq!(expired.state, TargetState::Expired);
    let late = Cleared::in_test(DIGEST, Time(0), Time(24 * HOUR));
    assert_eq!(
        apply(&expired, Event::Clear(late), SLOT),
        Err(Unfit::State(TargetState::Expired)),
        "a late approval never publishes"
    );
}

#[test]
fn other_content_a_pause_and_a_missed_time_end_in_the_list() {
    let cases = [
        (Event::Claim { digest: ContentDigest([8; 32]), paused: None }, SLOT, HeldFor::Changed),
        (Event::Claim { digest: DIGEST, paused: Some("outage at the network".to_owned()) }, SLOT, HeldFor::Paused),
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
    let paused = Event::Claim { digest: DIGEST, paused: Some("stop".to_owned()) };
    let (held, _) = apply(&scheduled(), paused, SLOT).unwrap();
    assert_eq!(apply(&held, Event::Release { slot: Time(25 * HOUR) }, Time(2 * HOUR)), Err(Unfit::OutsideWindow));
    let (again, _) = apply(&held, Event::Release { slot: Time(0) }, Time(2 * HOUR)).unwrap();
    assert_eq!((again.state, again.slot), (TargetState::Scheduled, Time(2 * HOUR)), "a time that has passed means now");
}

#[test]
fn after_a_crash_the_network_is_asked_first() {
    let crashed = sending();
    assert_eq!(apply(&crashed, claim(), SLOT.plus_ms(1)), Err(Unfit::NotDue));
    let later = SLOT.plus_ms(LOOK_AFTER_MS);
    assert_eq!(apply(&crashed, claim(), later).unwrap().1, Task::LookUp { attempt: 1 });
    let there = Event::Looked { found: Found::There { native_id: "p1".to_owned() } };
    assert_eq!(apply(&crashed, there, later).unwrap().0.state, TargetState::Published);
    let (again, _) = apply(&crashed, Event::Looked { found: Found::NotThere }, later).unwrap();
    assert_eq!(again.state, TargetState::Scheduled);
    assert!(matches!(apply(&again, claim(), later).unwrap().1, Task::Send { attempt: 2, .. }));
    // Even a pause does not keep from looking, and looking sends nothing.
    let paused = Event::Claim { digest: DIGEST, paused: Some("stop".to_owned()) };
    assert_eq!(apply(&crashed, paused, later).unwrap().1, Task::LookUp { attempt: 1 });
    let silent = Event::Looked { found: Found::NoAnswer { times: LOOKS_MAX } };
    assert_eq!(apply(&crashed, silent, later).unwrap().0.held_for, Some(HeldFor::Uncertain));
}

#[test]
fn what_may_be_there_is_not_cancelled_before_somebody_looked() {
    let silent = Event::Looked { found: Found::NoAnswer { times: LOOKS_MAX } };
    let (uncertain, _) = apply(&sending(), silent, SLOT).unwrap();
    let cancel = || Event::Cancel { reason: "typo".to_owned() };
    assert_eq!(apply(&uncertain, cancel(), SLOT), Err(Unfit::MayBeThere));
    let there = Event::Looked { found: Found::There { native_id: "p1".to_owned() } };
    assert_eq!(apply(&uncertain, there, SLOT).unwrap().0.state, TargetState::Published);
    let (settled, _) = apply(&uncertain, Event::Looked { found: Found::NotThere }, SLOT).unwrap();
    assert_eq!((settled.state, settled.held_for), (TargetState::Held, Some(HeldFor::Missed)));
    assert_eq!(apply(&settled, cancel(), SLOT).unwrap().0.state, TargetState::Cancelled);
}

#[test]
fn each_class_of_error_has_its_end() {
    assert_eq!(apply(&sending(), no_effect(Next::GiveUp), SLOT).unwrap().0.state, TargetState::Failed);
    assert_eq!(apply(&sending(), no_effect(Next::Reconnect), SLOT).unwrap().0.held_for, Some(HeldFor::Connection));
    let mut target = sending();
    let mut now = SLOT;
    for attempt in 1..=ATTEMPTS_MAX {
        target = apply(&target, no_effect(Next::Again { after_ms: 1_000 }), now).unwrap().0;
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
    let (gone, _) = apply(&wanted, no_effect(Next::Again { after_ms: 0 }), SLOT).unwrap();
    assert_eq!(gone.state, TargetState::Cancelled);
    let out = Event::Ended(Outcome::Published { native_id: "p1".to_owned() });
    let (sent, _) = apply(&wanted, out, SLOT).unwrap();
    assert_eq!(sent.state, TargetState::Published);
    assert!(sent.reason.is_some_and(|reason| reason.contains("had gone out")));
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
        steps in prop::collection::vec((fate(), disturbance(), 0..20_000i64, prop::bool::weighted(0.2)), 1..60),
    ) {
        let (mut target, mut now, mut on_network, mut silent) = (scheduled(), SLOT, 0u32, 0u32);
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
            let claim = Event::Claim { digest, paused: was_paused.then(|| "stop".to_owned()) };
            let Ok((claimed, task)) = apply(&target, claim, now) else { continue };
            target = claimed;
            match task {
                Task::Nothing => {}
                Task::Send { .. } => {
                    prop_assert!(!was_paused && digest == DIGEST);
                    if matches!(fate, Fate::Takes | Fate::TakesAndAnswerIsLost | Fate::TakesAndWeCrash) {
                        on_network += 1;
                    }
                    let outcome = match fate {
                        Fate::Takes => Some(Outcome::Published { native_id: "p".to_owned() }),
                        Fate::TakesAndAnswerIsLost | Fate::NeverArrives => Some(Outcome::Unknown { message: "time out".to_owned() }),
                        Fate::Refuses => Some(Outcome::NoEffect { next: Next::GiveUp, message: "too long".to_owned() }),
                        Fate::Busy => Some(Outcome::NoEffect { next: Next::Again { after_ms: 1_000 }, message: "429".to_owned() }),
                        Fate::TakesAndWeCrash | Fate::WeCrashBefore => None,
                    };
                    if let Some(outcome) = outcome {
                        target = apply(&target, Event::Ended(outcome), now).unwrap().0;
                    }
                }
                Task::LookUp { .. } => {
                    silent = if no_answer { silent + 1 } else { 0 };
                    let found = match on_network {
                        _ if no_answer => Found::NoAnswer { times: silent },
                        0 => Found::NotThere,
                        _ => Found::There { native_id: "p".to_owned() },
                    };
                    target = apply(&target, Event::Looked { found }, now).unwrap().0;
                }
            }
            prop_assert_eq!(broken_invariant(&target), None);
            prop_assert!(on_network <= 1, "it was sent twice");
            match target.state {
                TargetState::Published => prop_assert_eq!(on_network, 1),
                TargetState::Failed | TargetState::Cancelled | TargetState::Draft => {
                    prop_assert_eq!(on_network, 0, "it is there and we say {:?}", target.state);
                }
                _ => {}
            }
        }
    }
}
