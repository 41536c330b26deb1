//! Search: the index follows the record, answers hold what the caller may read, and a lost index comes back.

use std::{path::Path, sync::Arc};

use desk::{
    Actor, Desk,
    audit_log::{self, AuditFilter},
    capture::{self, Intake},
    ids::ProfileId,
    rights::{self, Give, Given, Holder, Level, Right, Scope},
    search::{self, Answer, Counting, Found, Indexer, Order, Question, Search, SearchIndex},
};
use networks::{Event, event::What};
use serde_json::json;
use testkit::{
    TestDesk, on_both,
    records::{edit, event, intake_in, post},
};
use tokio_util::sync::CancellationToken;

use crate::capture::cast::{profile, pulled};

/// A desk with a way in, an index, and what follows it.
struct Place {
    test: Arc<TestDesk>,
    intake: Intake,
    index: Arc<dyn SearchIndex>,
    indexer: Indexer,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new(test: &Arc<TestDesk>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, &folder.path().join("ledger"));
        let (index, follows) = open(folder.path());
        assert!(follows);
        let indexer = Indexer::new(test.desk.clone(), index.clone());
        Self { test: test.clone(), intake, index, indexer, folder }
    }

    async fn take(&self, profile: ProfileId, events: Vec<Event>) {
        self.intake.take(profile, pulled(events, "c")).await.expect("taken");
    }

    async fn found(&self, actor: &Actor, text: &str) -> Found {
        found(&self.test.desk, &Search::new(self.index.clone()), actor, text).await
    }
}

fn open(folder: &Path) -> (Arc<dyn SearchIndex>, bool) {
    search::open(&folder.join("search")).expect("an index")
}

async fn found(desk: &Desk, search: &Search, actor: &Actor, text: &str) -> Found {
    let question = Question { counting: Counting::Everything, ..Question::new(text) };
    match search.ask(desk, actor, &question).await.expect("an answer") {
        Answer::Found(found) => *found,
        Answer::NotUnderstood(error) => panic!("{text}: {error}"),
    }
}

fn texts(found: &Found) -> Vec<&str> {
    found.results.iter().map(|hit| hit.message.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_captured_edited_and_deleted_is_found_as_it_stands() {
    on_both(|test| async move {
        let mut place = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        let operator = Actor::operator();
        place.take(shop, vec![post("m1", "ann", "The parcels are late"), post("m2", "ben", "nothing")]).await;
        let before = place.found(&operator, "parcel").await;
        assert_eq!((texts(&before), before.total, before.waiting), (vec![], Some(0), 2));

        place.indexer.catch_up().await.expect("caught up");
        let now = place.found(&operator, "parcel from:ann in:general").await;
        assert_eq!((texts(&now), now.waiting), (vec!["The parcels are late"], 0));
        assert_eq!(now.results[0].marks.first(), Some(&(4..11)));
        assert_eq!(now.results[0].marks.len(), 1);

        place.take(shop, vec![edit("m1", 90, "ann", "The letters are late"), event("m2", "delete", "ben", What::Deleted)]).await;
        place.indexer.catch_up().await.expect("caught up");
        assert_eq!(texts(&place.found(&operator, "parcel").await), [""; 0]);
        assert_eq!(texts(&place.found(&operator, "letter is:edited").await), ["The letters are late"]);
        assert_eq!(texts(&place.found(&operator, "is:deleted").await), ["nothing"]);
        assert_eq!(place.found(&operator, "").await.total, Some(2), "nobody is there twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_holds_only_what_the_caller_may_read() {
    on_both(|test| async move {
        let mut place = Place::new(&test).await;
        let (open, closed) = (profile(&test.desk, "open").await, profile(&test.desk, "closed").await);
        place.take(open, vec![post("m1", "ann", "late")]).await;
        place.take(closed, vec![post("m1", "ann", "late and secret")]).await;
        place.indexer.catch_up().await.expect("caught up");
        let without = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        let refused = Search::new(place.index.clone()).ask(&test.desk, &without.actor, &Question::new("late")).await;
        assert!(matches!(refused, Err(desk::Error::Refused(_))), "reading is not searching");
        let somebody = test.person_with(&[Given::Right(Right::Search)]).await;
        assert_eq!(place.found(&somebody.actor, "late").await.total, Some(0));
        let give = Give {
            holder: Holder::Person(somebody.person),
            given: Given::Level(Level::ReadOnly),
            scope: Scope::Profile(open),
            expires_at: None,
            reason: "a test wants it".to_owned(),
        };
        rights::give(&test.desk, &Actor::desk("test"), give).await.expect("a grant");
        let actor = test.resume(&somebody.cookie).await;
        for text in ["late", "", "late OR secret", "-nothing"] {
            let found = place.found(&actor, text).await;
            assert_eq!((texts(&found), found.total), (vec!["late"], Some(1)), "{text}");
            let counts = found.counts.expect("asked for");
            assert_eq!(counts.profiles, [(open, "Profile open".to_owned(), 1)], "{text}");
            assert_eq!(counts.networks, [("scripted".to_owned(), 1)], "{text}");
        }
        let search = Search::new(place.index.clone());
        let named = search.ask(&test.desk, &actor, &Question::new("profile:closed")).await.expect("an answer");
        let Answer::NotUnderstood(error) = named else { panic!("a profile that does not exist for them") };
        assert!(error.to_string().contains("no profile `closed` that you may read"), "{error}");
        let nobody = search.ask(&test.desk, &Actor::nobody(None), &Question::new("late")).await;
        assert!(matches!(nobody, Err(desk::Error::Refused(_))));
    })
    .await;
}

/// The details of every search on record, oldest first.
async fn searches(desk: &Desk) -> Vec<serde_json::Value> {
    let mut entries = Vec::new();
    let filter = AuditFilter { act: Some("messages.search".to_owned()), ..AuditFilter::default() };
    let mut export = audit_log::export(desk.clone(), &Actor::desk("test"), filter).await.expect("an export");
    loop {
        let next = export.next().await.expect("entries");
        if next.is_empty() {
            return entries;
        }
        entries.extend(next.into_iter().map(|entry| serde_json::Value::Object(entry.details)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leaves_one_entry_that_holds_none_of_its_words() {
    on_both(|test| async move {
        let mut place = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        place.take(shop, (0..5).map(|n| post(&format!("m{n}"), "ann", &format!("late {n}"))).collect()).await;
        place.indexer.catch_up().await.expect("caught up");
        let given = [Given::Right(Right::Search), Given::Level(Level::ReadOnly)];
        let (one, other) = (test.person_with(&given).await.actor, test.person_with(&given).await.actor);
        let search = Search::new(place.index.clone());
        let ask = async |actor: &Actor, text: &str, after| {
            let question = Question { limit: 2, after, ..Question::new(text) };
            match search.ask(&test.desk, actor, &question).await.expect("an answer") {
                Answer::Found(found) => found.next,
                Answer::NotUnderstood(_) => None,
            }
        };
        let next = ask(&one, "late from:ann -parcel", None).await;
        assert!(next.is_some());
        ask(&one, "late from:ann -parcel", next).await;
        ask(&one, " late from:ann -parcel ", None).await;
        ask(&one, "unclear:(", None).await;
        let told = searches(&test.desk).await;
        let parts = json!({ "word": 2, "from": 1, "not": 1 });
        assert_eq!((told.len(), &told[0]["parts"], &told[0]["found"], &told[0]["profiles"]), (1, &parts, &json!(5), &json!(1)));
        assert_eq!(told[0]["query_digest"].as_str().map(str::len), Some(64));
        let text = told[0].to_string();
        assert!(!["ann", "late", "parcel"].iter().any(|word| text.contains(word)), "{text}");

        // Somebody else, or the same later, is another reading.
        ask(&other, "late from:ann -parcel", None).await;
        test.clock.advance_ms(15 * 60 * 1_000);
        ask(&one, "late from:ann -parcel", None).await;
        let told = searches(&test.desk).await;
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|one| one["query_digest"] == told[0]["query_digest"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_finding_that_there_is_not_is_named_with_the_nearest_one() {
    let test = TestDesk::on(desk::db::Engine::Sqlite).await;
    let place = Place::new(&Arc::new(test)).await;
    let search = Search::new(place.index.clone());
    let told = search.ask(&place.test.desk, &Actor::operator(), &Question::new("finding:credit_cart")).await.expect("an answer");
    let Answer::NotUnderstood(error) = told else { panic!("there is no such kind") };
    assert!(error.to_string().contains("`credit_card`"), "{error}");
    assert_eq!(place.found(&Actor::operator(), "finding:CREDIT_CARD").await.total, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_index_goes_on_from_its_last_commit() {
    on_both(|test| async move {
        let Place { intake, index, mut indexer, folder, .. } = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        let posts = |from: usize| (from..from + 5).map(|n| post(&format!("m{n}"), "ann", "late")).collect();
        intake.take(shop, pulled(posts(0), "c")).await.expect("taken");
        indexer.catch_up().await.expect("caught up");
        intake.take(shop, pulled(posts(5), "c")).await.expect("taken");
        indexer.step().await.expect("taken in, not committed");
        assert_eq!(index.position().0, 5);
        drop((indexer, index));

        let (index, _) = open(folder.path());
        let mut indexer = Indexer::new(test.desk.clone(), index.clone());
        intake.take(shop, pulled(vec![edit("m7", 90, "ann", "very late")], "c")).await.expect("taken");
        indexer.catch_up().await.expect("caught up");
        let found = found(&test.desk, &Search::new(index), &Actor::operator(), "late").await;
        assert_eq!((found.total, found.waiting), (Some(10), 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_indexer_hears_of_new_messages_and_commits_when_it_stops() {
    on_both(|test| async move {
        let Place { intake, index, indexer, folder: _folder, .. } = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        let stop = CancellationToken::new();
        let running = tokio::spawn(indexer.run(stop.clone()));
        intake.take(shop, pulled(vec![post("m1", "ann", "late")], "c")).await.expect("taken");
        let search = Search::new(index.clone());
        for _ in 0..600 {
            if found(&test.desk, &search, &Actor::operator(), "late").await.total == Some(1) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(found(&test.desk, &search, &Actor::operator(), "late").await.total, Some(1));
        intake.take(shop, pulled(vec![post("m2", "ann", "late")], "c")).await.expect("taken");
        stop.cancel();
        running.await.expect("it ended");
        let position = i64::try_from(index.position().0).expect("a small number");
        assert_eq!(position, capture::last_change(&test.desk).await.expect("a number"), "what came before the stop is committed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_can_be_stopped_and_goes_on() {
    on_both(|test| async move {
        let Place { intake, index, indexer, folder, .. } = Place::new(&test).await;
        drop((indexer, index));
        let shop = profile(&test.desk, "shop").await;
        let posts: Vec<_> = (0..20).map(|n| post(&format!("m{n}"), "ann", "late")).collect();
        intake.take(shop, pulled(posts, "c")).await.expect("taken");
        let path = folder.path().join("search");
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(search::rebuild(&test.desk, path.clone(), &stop, |_| {}).await.expect("stopped"), None);
        let mut told = Vec::new();
        let running = CancellationToken::new();
        let built = search::rebuild(&test.desk, path.clone(), &running, |progress| told.push((progress.at, progress.of))).await;
        assert_eq!(built.expect("built"), Some(20));
        assert_eq!((told.first(), told.last()), (Some(&(0, 20)), Some(&(20, 20))));
        let index: Arc<dyn SearchIndex> = Arc::new(search::open_read_only(&path).expect("an index"));
        assert_eq!(found(&test.desk, &Search::new(index), &Actor::operator(), "late").await.total, Some(20));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_begun_again_and_filled_from_the_database() {
    on_both(|test| async move {
        let Place { intake, index, mut indexer, folder, .. } = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        intake.take(shop, pulled(vec![post("m1", "ann", "late")], "c")).await.expect("taken");
        indexer.catch_up().await.expect("caught up");
        drop((indexer, index));
        std::fs::write(folder.path().join("search/index.json"), "broken").expect("written");
        assert!(search::open_read_only(&folder.path().join("search")).is_err());
        let (index, follows) = open(folder.path());
        assert!(follows && index.position().0 == 0);
        Indexer::new(test.desk.clone(), index.clone()).catch_up().await.expect("caught up");
        assert_eq!(found(&test.desk, &Search::new(index), &Actor::operator(), "late").await.total, Some(1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_relevance_and_by_time_go_on_where_they_ended() {
    on_both(|test| async move {
        let mut place = Place::new(&test).await;
        let shop = profile(&test.desk, "shop").await;
        place.take(shop, (0..9).map(|n| post(&format!("m{n}"), "ann", &format!("late {n}"))).collect()).await;
        place.indexer.catch_up().await.expect("caught up");
        let search = Search::new(place.index.clone());
        for order in [Order::Relevance, Order::Newest] {
            let (mut after, mut seen) = (None, Vec::new());
            for _ in 0..3 {
                let question = Question { order, after, limit: 3, ..Question::new("late") };
                let Answer::Found(page) = search.ask(&test.desk, &Actor::operator(), &question).await.expect("an answer") else {
                    panic!("a query that is understood")
                };
                seen.extend(page.results.iter().map(|hit| hit.message.number));
                after = page.next;
            }
            assert_eq!((seen.len(), after), (9, None), "{order:?}");
            seen.sort_unstable();
            assert_eq!(seen, (1..=9).collect::<Vec<_>>(), "{order:?}");
        }
    })
    .await;
}
