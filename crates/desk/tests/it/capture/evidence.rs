//! What the record says of a message: the thread as it stood, bytes and proofs, and that none of them gets around the mask.

use desk::{
    Error, Refusal,
    capture::{self, ProofSays, RecordReader, StreamFilter},
    rights::{Given, Level, Operation, Right},
};
use networks::event::{Content, What};
use testkit::{
    TestDesk, on_both,
    records::{edit, event, intake_in, post},
};

use super::cast::{number, profile, pulled};

fn reply(native_id: &str, text: &str) -> networks::Event {
    let content =
        Content { text: text.to_owned(), thread: Some("m1".to_owned()), reply_to: Some("m1".to_owned()), ..Content::default() };
    event(native_id, "", "cat", What::Posted(Box::new(content)))
}

/// The texts of a thread with how often each was changed and whether it is gone.
fn told(thread: &capture::Thread) -> Vec<(&str, i64, bool)> {
    thread.messages.iter().map(|message| (message.text.as_str(), message.edits, message.deleted_at.is_some())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_shown_as_the_record_had_it() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let take = async |events| intake.take(profile, pulled(events, "c")).await.expect("taken");
        take(vec![post("m1", "ann", "is the plan of 2026-03-01 ready?"), reply("m2", "not yet")]).await;
        take(vec![edit("m1", 20, "ann", "is it ready?"), reply("m3", "now it is")]).await;
        // An edit that arrives late does not take the place of a newer one.
        take(vec![edit("m1", 10, "ann", "is the plan ready?")]).await;
        take(vec![event("m2", "delete", "cat", What::Deleted)]).await;
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let record = RecordReader::new(intake.ledger());
        let stream = capture::stream(&test.desk, &reader, &StreamFilter::default(), None, 9).await.expect("a page");
        let root = stream.messages.iter().find(|message| message.native_id == "m1").expect("the root").id;
        let entries: Vec<i64> = {
            let (_, history) = capture::history(&test.desk, &reader, &record, root).await.expect("a history");
            history.iter().map(|revision| revision.entry).collect()
        };
        let [first, middle, second] = entries[..] else { panic!("three: {entries:?}") };
        assert!(first < second && second < middle, "the order of the source, not of the record: {entries:?}");
        let then = async |entry| capture::thread_as_of(&test.desk, &reader, &record, root, entry).await.expect("a thread");

        let thread = then(first).await;
        assert_eq!(told(&thread), [("is the plan of 2026-03-01 ready?", 0, false)]);
        assert_eq!(thread.messages[0].findings.len(), 1, "what was found in that text");
        let thread = then(first + 1).await;
        assert_eq!(told(&thread), [("is the plan of 2026-03-01 ready?", 0, false), ("not yet", 0, false)]);
        assert_eq!(thread.messages[0].replies, 1);
        let thread = then(second + 1).await;
        assert_eq!(told(&thread), [("is it ready?", 1, false), ("not yet", 0, false), ("now it is", 0, false)]);
        assert!(thread.messages[0].findings.is_empty());
        assert_eq!(told(&then(middle).await)[0], ("is it ready?", 2, false));
        let last = then(middle + 1).await;
        assert_eq!(told(&last)[1], ("not yet", 0, true));
        let now = capture::thread(&test.desk, &reader, root).await.expect("a thread");
        assert_eq!(told(&last), told(&now));
        assert!(then(first - 1).await.messages.is_empty());
    })
    .await;
}

/// A message with a card number in what it said before, on record, and its entries.
async fn with_a_card(test: &TestDesk, intake: &capture::Intake) -> (desk::ids::MessageId, Vec<i64>) {
    let profile = profile(&test.desk, "one").await;
    let events = vec![post("m1", "ann", "my card is 4111 1111 1111 1111"), edit("m1", 20, "ann", "no card here")];
    intake.take(profile, pulled(events, "c")).await.expect("taken");
    let operator = desk::Actor::operator();
    intake.ledger().checkpoint_now().expect("signed");
    let stream = capture::stream(&test.desk, &operator, &StreamFilter::default(), None, 9).await.expect("a page");
    let record = RecordReader::new(intake.ledger());
    let (message, history) = capture::history(&test.desk, &operator, &record, stream.messages[0].id).await.expect("a history");
    (message.id, history.iter().map(|revision| revision.entry).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_proofs_do_not_get_around_the_mask() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let (id, entries) = with_a_card(&test, &intake).await;
        let record = RecordReader::new(intake.ledger());
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let seer = test.person_with(&[Given::Level(Level::ReadOnly), Given::Right(Right::Unmask)]).await.actor;
        let (desk, record) = (&test.desk, &record);
        for entry in entries.clone() {
            let refused = capture::raw(desk, &reader, record, id, entry).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::RightNeeded(Operation::MessageUnmask)))), "{refused:?}");
            let asked = capture::raw(desk, &seer, record, id, entry).await;
            assert!(matches!(asked, Err(Error::Conflict(_))), "{asked:?}");
            let refused = capture::raw_unmasked(desk, &reader, record, id, entry, "curious").await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        let proof = capture::prove(desk, &seer, record, id, entries[0]).await.expect("a proof");
        assert_eq!((proof.says, proof.file.contains("4111")), (ProofSays::Withheld, false));
        assert!(matches!(capture::prove_unmasked(desk, &seer, record, id, entries[0], " ").await, Err(Error::Invalid(_))));
        let unmasked = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'messages.unmask' AND outcome = 'done'";
        assert_eq!(number(desk, unmasked).await, 0);
        let (media_type, bytes) = capture::raw_unmasked(desk, &seer, record, id, entries[0], "a claim").await.expect("the bytes");
        assert!(media_type == "application/json" && String::from_utf8_lossy(&bytes).contains("4111"));
        let proof = capture::prove_unmasked(desk, &seer, record, id, entries[0], "a claim").await.expect("a proof");
        assert_eq!(proof.says, ProofSays::Present);
        assert_eq!(number(desk, unmasked).await, 2);
        let other = capture::prove(desk, &seer, record, id, 99).await;
        assert!(matches!(other, Err(Error::NotFound(_))), "an entry of something else: {other:?}");
    })
    .await;
}
