//! One inspector, many threads: the same answers, in any order.

use inspect::{Message, Scratch};

const TEXTS: [&str; 4] = [
    "card 4111 1111 1111 1111, write to ann@example.org",
    "you f u c k i n g idiot, this is strictly confidential",
    "my wife Anna lives at Tylova 285, Apt. 4",
    "nothing here",
];

#[test]
fn one_inspector_answers_many_threads_alike() {
    let inspector = super::inspector();
    let answers = &|turns: usize| -> Vec<String> {
        let mut scratch = Scratch::new();
        let rounds = TEXTS.iter().cycle().skip(turns % TEXTS.len()).take(TEXTS.len());
        let mut told: Vec<String> = rounds
            .map(|text| {
                let report = inspector.inspect(&Message::from_text(text), &mut scratch);
                format!("{text}: {:?} {:?}", report.findings(), report.assessment())
            })
            .collect();
        told.sort();
        told
    };
    let alone = answers(0);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..8).map(|turns| scope.spawn(move || answers(turns))).collect();
        for other in others {
            assert_eq!(other.join().expect("no panic"), alone);
        }
    });
}
