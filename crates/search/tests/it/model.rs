//! The index beside a model that reads every message: any query over any messages gives the same answer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use search::{
    Change, Counting, Mark, Marks, Message, Order, Position, ProfileKey, Query, Request, Scope, SearchIndex,
    query::{Clause, Kind},
};

use crate::corpus::{Desk, HELP, NOON, SHOP, id, message, number};

/// Words that are their own stems.
const WORDS: [&str; 6] = ["cat", "dog", "owl", "fox", "bee", "東京"];
const PEOPLE: [&str; 2] = ["ann", "ben"];

fn some_message() -> impl Strategy<Value = Message> {
    let words = prop::collection::vec(prop::sample::select(&WORDS[..]), 0..6);
    (1..40_u64, words, 0..2_usize, prop::bool::ANY, 0..8_i64, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(number, words, person, is_help, hour, has_finding, is_reply)| {
            let mut made = message(number, &words.join(" "));
            made.person = vec![PEOPLE[person].to_owned()];
            made.profile = if is_help { HELP } else { SHOP };
            made.time_ms = NOON + hour * 3_600_000;
            made.findings = if has_finding { vec!["email".to_owned()] } else { Vec::new() };
            made.marks = Marks::default().with_if(Mark::Reply, is_reply);
            made
        },
    )
}

/// What happens to an index: messages put and removed, and commits.
#[derive(Debug, Clone)]
enum Step {
    Put(Box<Message>),
    Remove(u64),
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![8 => some_message().prop_map(|message| Step::Put(Box::new(message))), 2 => (1..40_u64).prop_map(Step::Remove), 1 => Just(Step::Commit)]
}

fn text() -> impl Strategy<Value = String> {
    let word = || prop::sample::select(&WORDS[..]);
    let leaf = prop_oneof![
        4 => word().prop_map(str::to_owned),
        1 => word().prop_map(|word| format!("={word}")),
        2 => (word(), word()).prop_map(|(one, two)| format!("\"{one} {two}\"")),
        1 => prop::sample::select(&PEOPLE[..]).prop_map(|name| format!("from:{name}")),
        1 => prop::sample::select(&["profile:shop", "profile:help", "finding:any", "finding:email", "is:reply", "京"][..]).prop_map(str::to_owned),
        2 => (prop::sample::select(&["before", "after", "on"][..]), 10..22).prop_map(|(field, hour)| format!("{field}:2026-03-31T{hour}:00Z")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("-({one})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" "))),
            prop::collection::vec(inner, 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
        ]
    })
}

/// Positions of single characters and words, as the words module documents them.
fn units(text: &str) -> Vec<String> {
    text.split(' ')
        .flat_map(
            |word| {
                if word.is_ascii() { vec![word.to_owned()] } else { word.chars().map(|letter| letter.to_string()).collect() }
            },
        )
        .filter(|unit| !unit.is_empty())
        .collect()
}

fn matches(clause: &Clause, message: &Message) -> bool {
    match clause {
        Clause::Everything => true,
        Clause::Word(text) | Clause::Exact(text) | Clause::Phrase(text) => {
            let wanted = units(text);
            units(&message.text).windows(wanted.len()).any(|window| window == wanted)
        }
        Clause::Person(name) => message.person.contains(name),
        Clause::Profile { keys, .. } => keys.contains(&message.profile),
        Clause::Finding(Kind::Any) => !message.findings.is_empty(),
        Clause::Finding(Kind::Of(kind)) => message.findings.contains(kind),
        Clause::Mark(mark) => message.marks.has(*mark),
        Clause::Written { from_ms, until_ms, .. } => {
            from_ms.is_none_or(|from| message.time_ms >= from) && until_ms.is_none_or(|until| message.time_ms < until)
        }
        Clause::Not(inner) => !matches(inner, message),
        Clause::All(parts) => parts.iter().all(|part| matches(part, message)),
        Clause::AnyOf(parts) => parts.iter().any(|part| matches(part, message)),
        Clause::Channel(_) | Clause::Network(_) | Clause::Language(_) => unreachable!("not made here"),
    }
}

fn expected(query: &Query, scope: &[ProfileKey], messages: &BTreeMap<u64, Message>) -> Vec<u64> {
    let mut found: Vec<_> = messages
        .values()
        .filter(|message| scope.contains(&message.profile) && matches(query.clause(), message))
        .map(|message| (message.time_ms, message.id))
        .collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, id)| number(id)).collect()
}

/// Takes the steps in the index and in the model.
fn take(desk: &Desk, steps: Vec<Step>) -> BTreeMap<u64, Message> {
    let mut model = BTreeMap::new();
    for (step, position) in steps.into_iter().zip(1..) {
        let change = match step {
            Step::Put(message) => {
                model.insert(number(message.id), (*message).clone());
                Change::Replace(*message)
            }
            Step::Remove(number) => {
                model.remove(&number);
                Change::Remove(id(number))
            }
            Step::Commit => {
                desk.index.commit().expect("committed");
                continue;
            }
        };
        desk.index.apply(vec![change], Position(position)).expect("taken");
    }
    desk.index.commit().expect("committed");
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_index_answers_as_if_it_had_read_every_message(
        steps in prop::collection::vec(step(), 1..60),
        texts in prop::collection::vec(text(), 24),
        only_shop in prop::bool::ANY,
    ) {
        let desk = Desk::empty();
        let model = take(&desk, steps);
        let scope = if only_shop { vec![SHOP] } else { vec![SHOP, HELP] };
        for text in texts {
            let query = crate::corpus::query(&text);
            let wanted = expected(&query, &scope, &model);
            let request = Request::new(query, Scope::of(scope.clone()), Order::Newest).limit(100).counting(Counting::Everything);
            let answer = desk.index.search(&request).expect("an answer");
            let found: Vec<u64> = answer.hits.iter().map(|hit| number(hit.id)).collect();
            prop_assert_eq!(&found, &wanted, "{}", text);
            prop_assert_eq!(answer.total, Some(wanted.len() as u64));
            let counts = answer.counts.expect("asked for");
            prop_assert_eq!(counts.profiles.values().sum::<u64>(), wanted.len() as u64);
            prop_assert_eq!(counts.networks.values().sum::<u64>(), wanted.len() as u64);
            let with_finding = wanted.iter().filter(|number| !model[number].findings.is_empty()).count() as u64;
            prop_assert_eq!(counts.findings.values().sum::<u64>(), with_finding);
            let ranked = desk.index.search(&Request::new(crate::corpus::query(&text), Scope::of(scope.clone()), Order::Relevance).limit(100)).expect("an answer");
            let mut ranked: Vec<u64> = ranked.hits.iter().map(|hit| number(hit.id)).collect();
            ranked.sort_unstable();
            let mut wanted = wanted;
            wanted.sort_unstable();
            prop_assert_eq!(ranked, wanted, "by relevance: {}", text);
        }
    }
}
