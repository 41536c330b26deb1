//! The sandbox behaves like a network: the same past for everybody, nothing twice, what was sent comes back.

use std::{collections::HashSet, time::Duration};

use super::*;

/// A fixed moment: 14 November 2026, 12:00 UTC.
fn noon() -> i64 {
    1_794_657_600_000
}

fn now(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work);
}

async fn open(network: &Sandbox, handle: &str, feed: &str, folder: Option<&std::path::Path>) -> Session {
    let request = ConnectRequest {
        method: "sandbox".to_owned(),
        fields: BTreeMap::from([("handle".to_owned(), handle.to_owned()), ("feed".to_owned(), feed.to_owned())]),
        redirect_uri: String::new(),
        random: [0; 64],
        now_ms: noon(),
    };
    let Begun::Done(connected) = network.begin(&request).await.unwrap() else { panic!("the sandbox asks nobody") };
    let mut settings = connected.settings;
    if let Some(folder) = folder {
        settings.insert("folder".to_owned(), folder.to_str().unwrap().to_owned());
    }
    Session { account: connected.standing.account, secrets: connected.secrets, settings, clock: crate::Clock::default() }
}

async fn read_all(network: &Sandbox, session: &Session) -> Vec<Event> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..100 {
        let batch = network.pull(session, cursor.as_ref(), Duration::ZERO).await.unwrap();
        assert!(batch.events.len() <= Batch::MAX);
        all.extend(batch.events);
        cursor = Some(batch.cursor);
        if !batch.more {
            return all;
        }
    }
    panic!("the sandbox never ends");
}

#[test]
fn the_past_is_the_same_each_time_and_holds_no_event_twice() {
    now(async {
        let network = Sandbox::at(noon);
        for feed in ["public", "internal"] {
            let session = open(&network, "kites", feed, None).await;
            let (once, again) = (read_all(&network, &session).await, read_all(&network, &session).await);
            assert_eq!(once, again);
            assert!(once.len() > 1_000, "{feed}: {}", once.len());
            let pairs: HashSet<_> = once.iter().map(|event| (&event.native_id, &event.revision)).collect();
            assert_eq!(pairs.len(), once.len());
            assert!(once.iter().all(|event| event.source_time_ms.is_some_and(|time| time <= noon())));
        }
    });
}

#[test]
fn the_traffic_has_what_a_desk_has_to_find() {
    now(async {
        let network = Sandbox::at(noon);
        let public = read_all(&network, &open(&network, "kites", "public", None).await).await;
        let internal = read_all(&network, &open(&network, "kites", "internal", None).await).await;
        let texts = |events: &[Event]| {
            let text = |event: &Event| match &event.what {
                What::Posted(content) => Some(content.text.clone()),
                _ => None,
            };
            events.iter().filter_map(text).collect::<Vec<_>>()
        };
        let (said, told) = (texts(&public), texts(&internal));
        assert!(said.iter().any(|text| text.contains("spar")), "a crisis brews within two days");
        assert!(said.iter().any(|text| text.contains("My number is +")));
        assert!(said.iter().chain(&told).all(|text| !text.contains(['{', '}'])), "every brace is filled in");
        assert!(told.iter().any(|text| text.contains("AKIA")));
        for (what, events) in [("edit", &public), ("deletion", &public), ("reaction", &public), ("member", &internal)] {
            let found = events.iter().any(|event| match &event.what {
                What::Edited(_) => what == "edit",
                What::Deleted => what == "deletion",
                What::Reacted { .. } => what == "reaction",
                What::Member { .. } => what == "member",
                _ => false,
            });
            assert!(found, "{what}");
        }
        let ids: HashSet<_> = public.iter().map(|event| &event.native_id).collect();
        let answers = public.iter().filter_map(|event| match &event.what {
            What::Posted(content) => content.reply_to.as_ref(),
            _ => None,
        });
        let (mut known, mut all) = (0, 0);
        for answered in answers {
            all += 1;
            known += usize::from(ids.contains(answered));
        }
        // An answer to something from before the back-fill is the exception.
        assert!(all > 100 && known * 100 > all * 95, "{known} of {all}");
    });
}

#[test]
fn what_was_sent_comes_back_once_and_outlives_a_restart() {
    now(async {
        let network = Sandbox::at(noon);
        let folder = tempfile::tempdir().unwrap();
        let session = open(&network, "sender", "public", Some(folder.path())).await;
        let first = network.send(&session, &Outgoing::new("k1", "Kite day is on!")).await.unwrap();
        assert_eq!(
            network.send(&session, &Outgoing::new("k1", "Kite day is on!")).await.unwrap(),
            first,
            "the same key does nothing again"
        );
        assert_eq!(network.find(&session, &Outgoing::new("k1", "")).await.unwrap(), Some(first.clone()));
        assert_eq!(network.find(&session, &Outgoing::new("k2", "")).await.unwrap(), None);
        network.edit(&session, &first.native_id, &Outgoing::new("k3", "Kite day is off.")).await.unwrap();
        network.delete(&session, &first.native_id, "k4").await.unwrap();
        network.delete(&session, &first.native_id, "k5").await.unwrap();
        let own: Vec<_> =
            read_all(&network, &session).await.into_iter().filter(|event| event.native_id == first.native_id).collect();
        assert_eq!(own.len(), 3, "posted, edited, deleted");
        assert_eq!(network.read_back(&session, &first.native_id).await.unwrap(), None);
        // What a crash cut short is not there, what was answered is.
        let file = folder.path().join("sender.jsonl");
        let whole = std::fs::read_to_string(&file).unwrap();
        std::fs::write(folder.path().join("again.jsonl"), format!("{whole}{{\"key\":\"cut")).unwrap();
        let mut again = session.clone();
        again.account.handle = "again".to_owned();
        assert!(network.find(&again, &Outgoing::new("k3", "")).await.unwrap().is_some());
        assert_eq!(std::fs::read_to_string(folder.path().join("again.jsonl")).unwrap(), whole);
    });
}

#[test]
fn it_refuses_what_it_says_it_refuses() {
    now(async {
        let network = Sandbox::at(noon);
        let session = open(&network, "refuser", "public", None).await;
        for text in ["please refuse-me".to_owned(), "x".repeat(501)] {
            assert_eq!(network.send(&session, &Outgoing::new("k", &text)).await.unwrap_err().class, Class::RefusedContent);
        }
        assert_eq!(network.edit(&session, "sbx-own-99", &Outgoing::new("k", "x")).await.unwrap_err().class, Class::Gone);
    });
}
