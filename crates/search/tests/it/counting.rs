//! Counts over all matches.

use std::collections::BTreeMap;

use search::{Counting, Order, Request, Scope, SearchIndex};

use crate::corpus::{Desk, HELP, SHOP, message, query};

fn desk() -> Desk {
    let desk = Desk::empty();
    for batch in 0..3 {
        let messages = (0..10).map(|place| {
            let mut made = message(batch * 10 + place + 1, "late");
            if place < 3 {
                made.profile = HELP;
                "mastodon".clone_into(&mut made.network);
            }
            if place == 0 {
                made.findings = vec!["email".to_owned(), "phone".to_owned(), "email".to_owned()];
            }
            made
        });
        desk.add(messages.collect());
    }
    desk
}

#[test]
fn matches_are_counted_by_network_profile_and_finding() {
    for order in [Order::Newest, Order::Relevance] {
        let request = Request::new(query("late"), Scope::of([SHOP, HELP]), order).limit(1).counting(Counting::Everything);
        let answer = desk().index.search(&request).expect("an answer");
        assert_eq!(answer.total, Some(30));
        let counts = answer.counts.expect("asked for");
        assert_eq!(counts.networks, BTreeMap::from([("mastodon".to_owned(), 9), ("slack".to_owned(), 21)]));
        assert_eq!(counts.profiles, BTreeMap::from([(HELP, 9), (SHOP, 21)]));
        assert_eq!(counts.findings, BTreeMap::from([("email".to_owned(), 3), ("phone".to_owned(), 3)]));
    }
}

#[test]
fn counts_tell_nothing_of_profiles_outside_the_scope() {
    let request = Request::new(query("late"), Scope::of([SHOP]), Order::Newest).counting(Counting::Everything);
    let answer = desk().index.search(&request).expect("an answer");
    let counts = answer.counts.expect("asked for");
    assert_eq!(answer.total, Some(21));
    assert_eq!(counts.networks.keys().collect::<Vec<_>>(), ["slack"]);
    assert_eq!(counts.profiles, BTreeMap::from([(SHOP, 21)]));
    assert!(counts.findings.is_empty());
}

#[test]
fn by_relevance_a_total_is_counted_when_asked_for() {
    let ask = |counting| {
        let request = Request::new(query("late"), Scope::of([SHOP]), Order::Relevance).counting(counting);
        desk().index.search(&request).expect("an answer").total
    };
    assert_eq!(ask(Counting::Nothing), None);
    assert_eq!(ask(Counting::Total), Some(21));
}
