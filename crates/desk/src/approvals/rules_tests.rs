//! The rules of approval: single cases, then any order of anything.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    model::{ContentDigest, Hand, Need, Panel, Step, Submission, SubmissionState, Verdict, Voice},
    rules::{Blocked, Command, Refusal, apply, broken_invariant},
};
use crate::ids::{PersonId, Time};

const HOUR: i64 = 3_600_000;

fn person(number: u8) -> Voice {
    Voice::Person(PersonId(Uuid::from_bytes([number; 16])))
}

fn people(numbers: &[u8]) -> BTreeSet<Voice> {
    numbers.iter().copied().map(person).collect()
}

fn digest(number: u8) -> ContentDigest {
    ContentDigest([number; 32])
}

fn step(need: Need, delegate_after_ms: Option<i64>) -> Step {
    Step {
        name: "Legal".to_owned(),
        approvers: BTreeSet::new(),
        need,
        delegate_after_ms,
        delegates: BTreeSet::new(),
        because: "the workflow".to_owned(),
    }
}

fn submitted(steps: Vec<Step>) -> Submission {
    Submission::new(digest(1), steps, people(&[1]), Some(Time(10 * HOUR)), Time(0)).unwrap()
}

fn approve(by: u8) -> Command {
    Command::Decide { by: person(by), hand: Hand::Person, verdict: Verdict::Approve, seen: digest(1) }
}

fn panel(approvers: &[u8], delegates: &[u8]) -> Panel {
    Panel { approvers: people(approvers), delegates: people(delegates) }
}

#[test]
fn nothing_is_approved_when_nobody_is_asked() {
    assert_eq!(Submission::new(digest(1), vec![], BTreeSet::new(), None, Time(0)), Err(Blocked::NoStep));
    for need in [Need::Any, Need::All, Need::Quorum(0), Need::Quorum(2)] {
        let before = submitted(vec![step(need, None)]);
        // Nobody but the author is on the list: it waits, and says that it cannot end.
        let alone = panel(&[1], &[]);
        let after = apply(&before, &alone, Command::Look, Time(HOUR)).unwrap();
        assert_eq!(after.state, SubmissionState::Pending);
        assert!(after.stuck(&alone));
        assert_eq!(apply(&before, &alone, approve(1), Time(1)), Err(Refusal::OwnWork));
    }
}

#[test]
fn any_all_and_quorum_count_as_they_say() {
    let asked = panel(&[2, 3, 4], &[]);
    for (need, enough) in [(Need::Any, 1), (Need::Quorum(2), 2), (Need::All, 3)] {
        let mut now = submitted(vec![step(need, None)]);
        for (count, by) in [2, 3, 4].into_iter().enumerate() {
            assert_eq!(now.state == SubmissionState::Approved, count >= enough, "{need:?} after {count}");
            if now.state == SubmissionState::Pending {
                now = apply(&now, &asked, approve(by), Time(1)).unwrap();
            }
        }
        assert_eq!(now.state, SubmissionState::Approved);
    }
}

#[test]
fn a_delegate_stands_in_for_one_who_did_not_answer_in_time() {
    let asked = panel(&[2, 3], &[5]);
    let before = submitted(vec![step(Need::All, Some(HOUR))]);
    assert_eq!(apply(&before, &asked, approve(5), Time(HOUR - 1)), Err(Refusal::NotAsked));
    let one = apply(&before, &asked, approve(2), Time(1)).unwrap();
    assert_eq!(one.state, SubmissionState::Pending);
    assert_eq!(apply(&one, &asked, approve(5), Time(HOUR)).unwrap().state, SubmissionState::Approved);
    // One delegate does not stand in for two.
    assert_eq!(apply(&before, &asked, approve(5), Time(HOUR)).unwrap().state, SubmissionState::Pending);
}

#[test]
fn steps_come_one_after_the_other() {
    let asked = panel(&[2, 3], &[]);
    let before = submitted(vec![step(Need::Any, None), step(Need::Any, None)]);
    let one = apply(&before, &asked, approve(2), Time(1)).unwrap();
    assert_eq!((one.state, one.current().map(|(number, _)| number)), (SubmissionState::Pending, Some(1)));
    // The same person may be asked in two steps.
    assert_eq!(apply(&one, &asked, approve(2), Time(2)).unwrap().state, SubmissionState::Approved);
}

#[test]
fn a_change_of_content_voids_what_was_approved() {
    let asked = panel(&[2], &[]);
    let approved = apply(&submitted(vec![step(Need::Any, None)]), &asked, approve(2), Time(1)).unwrap();
    assert_eq!(approved.state, SubmissionState::Approved);
    assert_eq!(apply(&approved, &asked, Command::ContentIs(digest(1)), Time(2)).unwrap(), approved);
    let changed = apply(&approved, &asked, Command::ContentIs(digest(2)), Time(2)).unwrap();
    assert_eq!(changed.state, SubmissionState::Voided);
    // Going back to the old text does not bring the approval back.
    assert_eq!(apply(&changed, &asked, Command::ContentIs(digest(1)), Time(3)).unwrap().state, SubmissionState::Voided);
}

#[test]
fn a_no_needs_a_reason_and_ends_it() {
    let asked = panel(&[2, 3], &[]);
    let before = submitted(vec![step(Need::Any, None)]);
    let no = |reason: &str| Command::Decide {
        by: person(2),
        hand: Hand::Person,
        verdict: Verdict::Reject { reason: reason.to_owned() },
        seen: digest(1),
    };
    assert_eq!(apply(&before, &asked, no("  "), Time(1)), Err(Refusal::ReasonMissing));
    let rejected = apply(&before, &asked, no("the price is wrong"), Time(1)).unwrap();
    assert_eq!(rejected.state, SubmissionState::Rejected);
    assert_eq!(apply(&rejected, &asked, approve(3), Time(2)), Err(Refusal::Ended(SubmissionState::Rejected)));
}

#[test]
fn an_old_page_an_agent_and_a_late_hand_are_refused() {
    let asked = panel(&[2], &[]);
    let before = submitted(vec![step(Need::Any, None)]);
    let with = |hand, seen| Command::Decide { by: person(2), hand, verdict: Verdict::Approve, seen };
    assert_eq!(apply(&before, &asked, with(Hand::Person, digest(9)), Time(1)), Err(Refusal::OtherContent));
    assert_eq!(apply(&before, &asked, with(Hand::Agent, digest(1)), Time(1)), Err(Refusal::AgentHand));
    assert_eq!(apply(&before, &asked, approve(2), Time(10 * HOUR)), Err(Refusal::Ended(SubmissionState::Expired)));
    assert_eq!(apply(&before, &asked, Command::Look, Time(10 * HOUR)).unwrap().state, SubmissionState::Expired);
}

fn any_command() -> impl Strategy<Value = Command> {
    let verdict = prop_oneof![
        6 => Just(Verdict::Approve),
        1 => Just(Verdict::Reject { reason: "no".to_owned() }),
        1 => Just(Verdict::AskForChange { reason: String::new() }),
    ];
    let hand = prop_oneof![4 => Just(Hand::Person), 1 => Just(Hand::Token), 1 => Just(Hand::Agent)];
    prop_oneof![
        10 => (0..8u8, hand, verdict, prop_oneof![9 => Just(1u8), 1 => Just(2u8)]).prop_map(|(by, hand, verdict, seen)| {
            Command::Decide { by: person(by), hand, verdict, seen: digest(seen) }
        }),
        1 => (1..3u8).prop_map(|number| Command::ContentIs(digest(number))),
        1 => Just(Command::Withdraw),
        3 => Just(Command::Look),
    ]
}

proptest! {
    #[test]
    fn no_order_of_anything_breaks_an_invariant(
        needs in prop::collection::vec((prop_oneof![Just(Need::Any), Just(Need::All), (0..4u8).prop_map(Need::Quorum)], prop::option::of(0..3 * HOUR)), 1..4),
        excluded in prop::collection::btree_set(0..8u8, 1..3),
        commands in prop::collection::vec((any_command(), 0..HOUR, prop::collection::btree_set(0..8u8, 0..6), prop::collection::btree_set(0..8u8, 0..3)), 0..40),
    ) {
        let steps = needs.into_iter().map(|(need, after)| step(need, after)).collect();
        let excluded: BTreeSet<_> = excluded.into_iter().map(person).collect();
        let mut submission = Submission::new(digest(1), steps, excluded.clone(), Some(Time(20 * HOUR)), Time(0)).unwrap();
        let (mut now, mut content) = (Time(0), digest(1));
        for (command, wait, approvers, delegates) in commands {
            now = now.plus_ms(wait);
            let asked = Panel {
                approvers: approvers.into_iter().map(person).collect(),
                delegates: delegates.into_iter().map(person).collect(),
            };
            if let Command::ContentIs(digest) = command {
                content = digest;
            }
            let before = submission.clone();
            if let Ok(after) = apply(&submission, &asked, command, now) {
                submission = after;
            }
            prop_assert_eq!(broken_invariant(&submission), None);
            if !matches!(before.state, SubmissionState::Pending | SubmissionState::Approved) {
                prop_assert_eq!(&submission, &before, "an ended submission changed");
            }
            if submission.state == SubmissionState::Approved {
                prop_assert_eq!(content, submission.digest, "approved although the content is another");
                for decided in submission.steps.iter().flat_map(|step| &step.decisions) {
                    prop_assert!(!excluded.contains(&decided.by));
                }
            }
        }
    }
}
