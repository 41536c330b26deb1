//! The way in: record first, exactly once, whatever is interrupted.

use desk::capture::{self, Lot, Taken, Then, Via, stream_of};
use ledger::{
    engine::{OnFatal, Options},
    entry::EntryKind,
};
use networks::{
    Cursor, Event,
    event::{Membership, Party, What},
    network::Gap,
};
use testkit::{
    eventually, on_both,
    records::{edit, event, intake_in, ledger_with, post},
};
use tokio::sync::mpsc;

use super::cast::{cursor, number, profile, pulled, texts};

const fn taken(recorded: usize, duplicates: usize) -> Taken {
    Taken { recorded, duplicates }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_is_recorded_inspected_and_visible() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let events = vec![
            post("m1", "ann", "hello"),
            post("m2", "bob", "my card is 4111 1111 1111 1111"),
            edit("m2", 9, "bob", "my card is gone"),
            event("m1", "react:bob:+1", "bob", What::Reacted { key: "+1".to_owned(), added: true }),
            event("m1", "delete", "ann", What::Deleted),
            event(
                "C-general",
                "member:bob:left:5",
                "bob",
                What::Member { party: Party { native_id: "U-bob".into(), ..Party::default() }, change: Membership::Left },
            ),
        ];
        let lot = pulled(events, "c1");
        assert_eq!(intake.take(profile, lot).await.expect("taken"), taken(6, 0));
        assert_eq!(texts(&test.desk).await, ["hello", "my card is gone"]);
        assert_eq!(cursor(&test.desk, profile).await.as_deref(), Some("c1"));
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM findings WHERE kind = 'CREDIT_CARD'").await, 1);
        assert_eq!(number(&test.desk, "SELECT edits AS n FROM messages WHERE native_id = 'm2'").await, 1);
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM messages WHERE deleted_at_ms IS NOT NULL").await, 1);
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM reactions").await, 1);
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM place_events WHERE change = 'left'").await, 1);
        let reader = intake.ledger().reader();
        let entries: Vec<_> = reader.stream(stream_of(profile), 0).map(|entry| entry.expect("an entry")).collect();
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
        let first = [EntryKind::Capture, EntryKind::Capture, EntryKind::Revision];
        let further = [EntryKind::Reaction, EntryKind::SourceDeletion, EntryKind::Membership];
        assert_eq!(kinds, [first, further].concat());
        assert_eq!(entries[2].refers_to, entries[1].record_id, "an edit points to the first entry");
        let body = reader.read(entries[1].seq).expect("opens").body().expect("a body");
        let end = body.bytes.iter().position(|byte| *byte == b'\n').expect("a line");
        let raw: serde_json::Value = serde_json::from_slice(&body.bytes[end + 1..]).expect("the bytes as received");
        assert_eq!(raw["id"], "m2");
    })
    .await;
}

/// Exports hold of an edited message what it said last, and of a deleted one that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_and_a_deletion_tell_when_the_message_was_posted() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let of_then = |event: Event, ms| Event { posted_at_ms: Some(ms), ..event };
        let gone = Event { source_time_ms: None, ..event("m2", "delete", "ann", What::Deleted) };
        let lot = vec![of_then(edit("m1", 9, "ann", "said last"), 1_000), of_then(gone, 2_000), edit("m3", 9, "ann", "of when?")];
        intake.take(profile, pulled(lot, "c1")).await.expect("taken");
        let first = async || number(&test.desk, "SELECT posted_at_ms AS n FROM messages WHERE native_id = 'm1'").await;
        let second = number(&test.desk, "SELECT posted_at_ms AS n FROM messages WHERE native_id = 'm2'").await;
        let third = number(&test.desk, "SELECT posted_at_ms AS n FROM messages WHERE native_id = 'm3'").await;
        assert_eq!((first().await, second), (1_000, 2_000));
        assert_eq!(third, testkit::context::TESTS_BEGIN.0 + 9_000, "nothing better is known");
        // The post itself knows best, whenever it comes; an edit after it changes nothing of that.
        intake.take(profile, pulled(vec![post("m1", "ann", "said first")], "c2")).await.expect("taken");
        intake.take(profile, pulled(vec![of_then(edit("m1", 10, "ann", "again"), 3_000)], "c3")).await.expect("taken");
        assert_eq!(first().await, testkit::context::TESTS_BEGIN.0 + 1_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_is_recorded_once() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let events = || vec![post("m1", "ann", "hello"), edit("m1", 7, "ann", "hello again")];
        intake.take(profile, pulled(events(), "c1")).await.expect("taken");
        // Later, with other bytes around it, in one lot twice.
        test.clock.advance_ms(5_000);
        let mut again: Vec<_> = events().into_iter().chain(events()).collect();
        again[0].raw.bytes.extend_from_slice(b" ");
        assert_eq!(intake.take(profile, pulled(again, "c2")).await.expect("taken"), taken(0, 4));
        assert_eq!(texts(&test.desk).await, ["hello again"]);
        assert_eq!(intake.ledger().size(), 2);
        assert_eq!(number(&test.desk, "SELECT edits AS n FROM messages").await, 1);
        assert_eq!(cursor(&test.desk, profile).await.as_deref(), Some("c2"));
        // The same ids on another profile are other messages.
        let other = super::cast::profile(&test.desk, "two").await;
        assert_eq!(intake.take(other, pulled(events(), "c1")).await.expect("taken"), taken(2, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_visible_and_no_cursor_moves_when_the_ledger_refuses() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let profile = profile(&test.desk, "one").await;
        drop(intake_in(&test.desk, folder.path()));
        // A reserve that no disk has: every record is refused.
        let full = Options { on_fatal: OnFatal::Stop, reserve_bytes: u64::MAX, ..Options::default() };
        let examiner = std::sync::Arc::new(capture::Examiner::new().expect("compiles"));
        let ledger = std::sync::Arc::new(ledger_with(folder.path(), full));
        let intake = capture::Intake::new(test.desk.clone(), ledger, examiner);
        assert!(intake.take(profile, pulled(vec![post("m1", "ann", "hello")], "c1")).await.is_err());
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM messages").await, 0);
        assert_eq!(cursor(&test.desk, profile).await, None);
        drop(intake);
        let intake = intake_in(&test.desk, folder.path());
        assert_eq!(intake.take(profile, pulled(vec![post("m1", "ann", "hello")], "c1")).await.expect("taken"), taken(1, 0));
        assert_eq!(cursor(&test.desk, profile).await.as_deref(), Some("c1"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_record_and_not_in_the_tables_is_read_back_from_the_record() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let profile = profile(&test.desk, "one").await;
        let intake = intake_in(&test.desk, folder.path());
        let events = vec![
            post("m1", "ann", "write to ann@example.test"),
            post("m2", "bob", "two"),
            edit("m2", 9, "bob", "two, changed"),
            event("m1", "react:bob:+1", "bob", What::Reacted { key: "+1".to_owned(), added: true }),
        ];
        let gap = Gap { place: None, from_ms: Some(1), until_ms: Some(2), reason: "limited".to_owned() };
        let lot = Lot { gaps: vec![gap], then: Then::Beat(Cursor("c1".to_owned())), ..pulled(events.clone(), "c1") };
        intake.take(profile, lot).await.expect("taken");
        let before = projection(&test.desk).await;
        drop(intake);
        // As if the process had died after the ledger answered: the tables have nothing of it.
        forget_projection(&test.desk).await;
        let intake = intake_in(&test.desk, folder.path());
        assert_eq!(intake.catch_up(profile).await.expect("caught up"), 6);
        assert_eq!(intake.catch_up_all().await.expect("caught up"), 0, "nothing is left");
        assert_eq!(projection(&test.desk).await, before);
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM gaps").await, 1);
        // And what the source sends again is all known.
        assert_eq!(intake.take(profile, pulled(events, "c1")).await.expect("taken"), taken(0, 4));
        assert_eq!(intake.ledger().size(), 6);
    })
    .await;
}

/// Everything about messages that must be the same after reading back. Numbers of changes may differ.
async fn projection(desk: &desk::Desk) -> Vec<String> {
    let mut reader = desk.db().read().await.expect("reads");
    let mut lines = Vec::new();
    let rows = desk::db::sql("SELECT * FROM messages ORDER BY first_entry").all(&mut reader).await.expect("rows");
    for row in &rows {
        lines.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            row.get::<Vec<u8>>("id"),
            row.get::<String>("text"),
            row.get::<Option<i64>>("first_entry"),
            row.get::<Option<i64>>("text_entry"),
            row.get::<i64>("edits"),
            row.get::<i64>("posted_at_ms"),
            row.get::<i64>("captured_at_ms"),
        ));
    }
    for (table, columns) in [("findings", "entry"), ("revisions", "entry"), ("reactions", "entry"), ("place_events", "entry")] {
        let rows =
            desk::db::sql(format!("SELECT {columns} AS n FROM {table} ORDER BY entry")).all(&mut reader).await.expect("rows");
        lines.push(format!("{table} {:?}", rows.iter().map(|row| row.get::<i64>("n")).collect::<Vec<_>>()));
    }
    lines
}

async fn forget_projection(desk: &desk::Desk) {
    let mut tx = desk.db().begin().await.expect("begins");
    for table in [
        "messages",
        "findings",
        "revisions",
        "reactions",
        "place_events",
        "places",
        "parties",
        "gaps",
        "attachments",
        "capture_streams",
    ] {
        desk::db::sql(format!("DELETE FROM {table}")).execute(&mut tx).await.expect("empties");
    }
    tx.commit().await.expect("commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_lots_gives_what_single_lots_give() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let (send, lots) = mpsc::channel(2);
        let running = tokio::spawn({
            let intake = intake.clone();
            async move { intake.run(profile, lots).await }
        });
        for lot in 0..150 {
            let events = (0..10).map(|n| post(&format!("m{}", lot * 10 + n), "ann", &format!("text {lot} {n}"))).collect();
            send.send(Lot { via: Via::BackFill, ..pulled(events, &format!("c{lot}")) }).await.expect("goes in");
        }
        drop(send);
        assert_eq!(running.await.expect("runs").expect("goes well"), taken(1500, 0));
        let texts = texts(&test.desk).await;
        assert_eq!((texts.len(), texts[0].as_str(), texts[1499].as_str()), (1500, "text 0 0", "text 149 9"));
        assert_eq!(cursor(&test.desk, profile).await.as_deref(), Some("c149"));
        // Numbers of changes are gapless and in the order of the record.
        assert_eq!(number(&test.desk, "SELECT MAX(changed) AS n FROM messages").await, 1500);
        let disorder =
            "SELECT COUNT(*) AS n FROM messages a JOIN messages b ON b.number = a.number + 1 WHERE b.first_entry < a.first_entry";
        assert_eq!(number(&test.desk, disorder).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_for_a_lot_loses_nothing_of_it() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        for n in 0..20 {
            let lot = pulled(vec![post(&format!("m{n}"), "ann", "hello")], &format!("c{n}"));
            let waiting = intake.take(profile, lot);
            tokio::select! {
                biased;
                () = tokio::task::yield_now() => {}
                _ = waiting => {}
            }
        }
        intake.take(profile, pulled(vec![post("m99", "ann", "last")], "end")).await.expect("taken");
        // The lots that nobody waits for come to their end in an order of their own.
        let messages = "SELECT COUNT(*) AS n FROM messages";
        eventually("all are visible", async || number(&test.desk, messages).await == 21).await;
        assert_eq!(intake.ledger().size(), 21);
        assert_eq!(number(&test.desk, "SELECT applied AS n FROM capture_streams").await, 21);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_no_record_can_hold_is_refused_and_stops_nothing_else() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let wrong = post(&"x".repeat(5_000), "ann", "hello");
        assert!(matches!(intake.take(profile, pulled(vec![wrong], "c1")).await, Err(desk::Error::Invalid(_))));
        // A NUL in a text, which PostgreSQL cannot hold, and raw bytes larger than a record.
        let mut large = post("m1", "ann", "a\0b");
        large.raw.bytes = vec![b'x'; 2_500_000];
        assert_eq!(intake.take(profile, pulled(vec![large], "c1")).await.expect("taken"), taken(1, 0));
        assert_eq!(texts(&test.desk).await, ["a\u{fffd}b"]);
        assert_eq!(intake.ledger().size(), 4, "three parts of raw bytes and the event");
    })
    .await;
}
