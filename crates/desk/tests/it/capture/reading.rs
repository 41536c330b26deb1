//! Reading: only what the caller may, with its history from the record.

use desk::{
    Error, Refusal,
    capture::{self, RecordReader, StreamFilter},
    rights::{self, Give, Given, Holder, Level, Scope},
};
use networks::event::{Attachment, Content, What};
use testkit::{
    on_both,
    records::{edit, event, intake_in, post},
};

use super::cast::{profile, pulled};

fn reply(native_id: &str, thread: &str, text: &str) -> networks::Event {
    let content = Content {
        text: text.to_owned(),
        thread: Some(thread.to_owned()),
        reply_to: Some(thread.to_owned()),
        links: vec!["https://example.test/a".to_owned()],
        attachments: vec![Attachment { native_id: "F1".to_owned(), source: Some("secret".to_owned()), ..Attachment::default() }],
        ..Content::default()
    };
    event(native_id, "", "cat", What::Posted(Box::new(content)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_read_newest_first_in_pages_of_what_the_caller_may_read() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let (one, two, three) =
            (profile(&test.desk, "one").await, profile(&test.desk, "two").await, profile(&test.desk, "three").await);
        for n in 0..30 {
            let target = [one, two, three][n % 3];
            intake.take(target, pulled(vec![post(&format!("m{n}"), "ann", &format!("text {n}"))], "c")).await.expect("taken");
        }
        let everybody = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        let filter = StreamFilter::default();
        let page = capture::stream(&test.desk, &everybody.actor, &filter, None, 20).await.expect("a page");
        assert_eq!((page.messages.len(), page.messages[0].text.as_str()), (20, "text 29"));
        let rest = capture::stream(&test.desk, &everybody.actor, &filter, page.next, 20).await.expect("a page");
        assert_eq!((rest.messages.len(), rest.next, rest.messages[9].text.as_str()), (10, None, "text 0"));

        let somebody = test.person_with(&[]).await;
        let none = capture::stream(&test.desk, &somebody.actor, &filter, None, 20).await.expect("a page");
        assert_eq!((none.messages.len(), none.next), (0, None));
        for on in [one, three] {
            let give = Give {
                holder: Holder::Person(somebody.person),
                given: Given::Level(Level::ReadOnly),
                scope: Scope::Profile(on),
                expires_at: None,
                reason: "a test wants it".to_owned(),
            };
            rights::give(&test.desk, &desk::Actor::desk("test"), give).await.expect("a grant");
        }
        let some = test.resume(&somebody.cookie).await;
        let page = capture::stream(&test.desk, &some, &filter, None, 15).await.expect("a page");
        let expected: Vec<_> = (0..30).rev().filter(|n| n % 3 != 1).take(15).map(|n| format!("text {n}")).collect();
        assert_eq!(page.messages.iter().map(|message| message.text.clone()).collect::<Vec<_>>(), expected);
        let rest = capture::stream(&test.desk, &some, &filter, page.next, 15).await.expect("a page");
        assert_eq!((rest.messages.len(), rest.next), (5, None));
        // What is on the other profile does not exist, however it is asked for.
        let on_two = StreamFilter { profile: Some(two), ..StreamFilter::default() };
        let hidden = capture::stream(&test.desk, &everybody.actor, &on_two, None, 1);
        let hidden = hidden.await.expect("a page").messages.remove(0);
        assert!(matches!(capture::message(&test.desk, &some, hidden.id).await, Err(Error::NotFound(_))));
        assert!(matches!(capture::thread(&test.desk, &some, hidden.id).await, Err(Error::NotFound(_))));
        assert!(matches!(capture::place(&test.desk, &some, hidden.place.id).await, Err(Error::NotFound(_))));
        let by_place = StreamFilter { place: Some(hidden.place.id), ..StreamFilter::default() };
        assert!(capture::stream(&test.desk, &some, &by_place, None, 9).await.expect("a page").messages.is_empty());
        let by_place = capture::stream(&test.desk, &everybody.actor, &by_place, None, 20).await.expect("a page");
        assert_eq!(by_place.messages.len(), 10);
        let nobody = desk::Actor::nobody(None);
        let refused = capture::stream(&test.desk, &nobody, &filter, None, 9).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::SignInNeeded))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_its_thread_and_its_history_from_the_record() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let events = vec![
            // The reply overtakes what it answers.
            reply("m5", "m1", "an answer"),
            post("m1", "ann", "my card is 4111 1111 1111 1111"),
            edit("m1", 20, "ann", "no card here"),
            event("m1", "react:bob:+1", "bob", What::Reacted { key: "+1".to_owned(), added: true }),
            event("m1", "react:eve:+1", "eve", What::Reacted { key: "+1".to_owned(), added: true }),
            event("m1", "delete", "ann", What::Deleted),
        ];
        intake.take(profile, pulled(events, "c")).await.expect("taken");
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let stream = capture::stream(&test.desk, &reader, &StreamFilter::default(), None, 9).await.expect("a page");
        let (root, answer) = (&stream.messages[0], &stream.messages[1]);
        assert_eq!((root.text.as_str(), root.edits, root.replies), ("no card here", 1, 1));
        assert_eq!(root.reactions, [("+1".to_owned(), 2)]);
        assert!(root.deleted_at.is_some() && root.findings.is_empty());
        assert_eq!(root.author.as_ref().and_then(|author| author.handle.as_deref()), Some("ann"));
        assert_eq!((answer.thread, answer.reply_to, answer.attachments.len()), (Some(root.id), Some(root.id), 1));
        let thread = capture::thread(&test.desk, &reader, answer.id).await.expect("a thread");
        assert_eq!(thread.root, root.id);
        assert_eq!(thread.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [root.id, answer.id]);

        let record = RecordReader::new(intake.ledger());
        let (_, history) = capture::history(&test.desk, &reader, &record, root.id).await.expect("a history");
        let kinds: Vec<_> = history.iter().map(|revision| (revision.kind.as_str(), revision.text.as_deref())).collect();
        assert_eq!(
            kinds,
            [("posted", Some("my card is 4111 1111 1111 1111")), ("deleted", None), ("edited", Some("no card here")),]
        );
        assert_eq!(history[0].findings.len(), 1, "what was found in it before stays known");
        let elsewhere = capture::raw(&test.desk, &reader, &record, answer.id, history[0].entry).await;
        assert!(matches!(elsewhere, Err(Error::NotFound(_))), "an entry of another message is not given out");
        let position = record.position(history[0].entry).await.expect("a position");
        assert_eq!(position.stream_entry, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_followed_without_missing_one() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        intake.take(profile, pulled(vec![post("m1", "ann", "one"), post("m2", "ann", "two")], "c")).await.expect("taken");
        let first = capture::changes(&test.desk, 0, 10).await.expect("changes");
        assert_eq!(first.iter().map(|message| message.changed).collect::<Vec<_>>(), [1, 2]);
        intake
            .take(profile, pulled(vec![edit("m1", 5, "ann", "one, changed"), post("m3", "ann", "three")], "c"))
            .await
            .expect("taken");
        let next = capture::changes(&test.desk, 2, 10).await.expect("changes");
        let seen: Vec<_> = next.iter().map(|message| (message.changed, message.number, message.text.as_str())).collect();
        assert_eq!(seen, [(3, 1, "one, changed"), (4, 4, "three")]);
        assert_eq!(capture::last_change(&test.desk).await.expect("a number"), 4);
    })
    .await;
}
