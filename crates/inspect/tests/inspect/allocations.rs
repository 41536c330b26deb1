//! After warm-up an inspection allocates nothing.

use inspect::{Message, Scratch};

#[test]
fn a_warm_scratch_is_enough_for_every_message() {
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let messages = [
        "Call me on +44 20 7946 0958 or write to ann@example.org, card 4111 1111 1111 1111",
        "аnn@exаmple.com and ４１１１ １１１１ １１１１ １１１１",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 is my card; ann at example dot org",
        "token ghp_16C7e42F292c6912E7710c838347Ae178B4a, my password is Tr0ub4dor&3",
        "this is strictly confidential, you idiot",
        "this is str1ctly c0nfidential, you f u c k 1 n g idiot, ann@example.org",
        "ich wohne in der Hauptstraße 12, 10115 Berlin",
    ];
    let round = |scratch: &mut Scratch| {
        for text in messages {
            let report = inspector.inspect(&Message::from_text(text), scratch);
            assert!(!report.findings().is_empty(), "{text}");
        }
    };
    round(&mut scratch);
    let counted = allocation_counter::measure(|| round(&mut scratch));
    assert_eq!(counted.count_total, 0, "{} bytes", counted.bytes_total);
}
