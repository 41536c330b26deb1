//! Captured messages at the edge: pages and API show the same, each reader what they may see, and a proof that others accept.

use desk::{
    db::Engine,
    ids::ProfileId,
    rights::{self, Give, Given, Holder, Level, Right, Scope},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{
    Captured, Somebody, TestDesk, on_both,
    records::{edit, post},
};
use web::{WebOptions, WebState};

use crate::client::{As, Edge, scopes, token};

fn edge(test: &TestDesk, captured: &Captured) -> Edge {
    let state = WebState::new(test.desk.clone(), WebOptions::default(), std::sync::Arc::new(String::new));
    Edge::over(state.with_record(captured.record.clone()).with_search(captured.search()))
}

/// Somebody who may read one profile and search.
async fn reader_of(test: &TestDesk, profile: ProfileId) -> Somebody {
    let somebody = test.person_with(&[Given::Right(Right::Search)]).await;
    let give = Give {
        holder: Holder::Person(somebody.person),
        given: Given::Level(Level::ReadOnly),
        scope: Scope::Profile(profile),
        expires_at: None,
        reason: "a test wants it".to_owned(),
    };
    rights::give(&test.desk, &desk::Actor::desk("test"), give).await.expect("a grant");
    somebody
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().expect("items").iter().map(|item| item["text"].as_str().expect("a text")).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON a line")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_only_what_its_person_may() {
    on_both(|test| async move {
        test.workspace().await;
        let captured = Captured::on(&test.desk);
        let (open, closed) = (captured.profile("open").await, captured.profile("closed").await);
        for n in 0..6 {
            captured.take(open, vec![post(&format!("m{n}"), "ann", &format!("open {n}"))]).await;
            captured.take(closed, vec![post(&format!("m{n}"), "ann", &format!("closed {n}"))]).await;
        }
        let somebody = reader_of(&test, open).await;
        let (_, program) = token(&test, &somebody, scopes(&["messages:read"])).await;
        let edge = edge(&test, &captured);
        let first = edge.get(&program, "/api/v1/messages?limit=4").await.json();
        assert_eq!(texts(&first), ["open 5", "open 4", "open 3", "open 2"]);
        let next = format!("/api/v1/messages?limit=4&after={}", first["next"].as_str().expect("more"));
        let second = edge.get(&program, &next).await.json();
        assert_eq!((texts(&second), &second["next"]), (vec!["open 1", "open 0"], &Value::Null));

        let operator = desk::Actor::operator();
        let all = desk::capture::stream(&test.desk, &operator, &desk::capture::StreamFilter::default(), None, 20).await;
        let hidden = all.expect("a page").messages.into_iter().find(|message| message.profile == closed).expect("one");
        for what in ["", "/thread", "/thread?as_of=1", "/history", "/proof/1"] {
            let answer = edge.get(&program, &format!("/api/v1/messages/{}{what}", hidden.id)).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "not-found"), "{what}");
        }
        for page in ["", "/verify/1", "/proof/1", "/raw/1"] {
            let answer = edge.get(&As::from(&somebody), &format!("/messages/{}{page}", hidden.id)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        }
        let filtered = edge.get(&program, &format!("/api/v1/messages?profile={closed}")).await.json();
        assert_eq!(texts(&filtered), [""; 0]);
        let found = edge.get(&program, "/api/v1/search?q=open+OR+closed&counts=true").await.json();
        assert_eq!((&found["total"], &found["counts"]["profiles"][0]["count"]), (&json!(6), &json!(6)));
        assert_eq!(found["counts"]["profiles"].as_array().map(Vec::len), Some(1));
        let writes = scopes(&["messages:write"]);
        let (_, other) = token(&test, &somebody, writes).await;
        assert_eq!(edge.get(&other, "/api/v1/messages").await.problem(), "scope-needed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_tells_each_change_that_its_reader_may_see_and_waits_for_the_next() {
    on_both(|test| async move {
        test.workspace().await;
        let captured = std::sync::Arc::new(Captured::on(&test.desk));
        let (open, closed) = (captured.profile("open").await, captured.profile("closed").await);
        captured.take(open, vec![post("m1", "ann", "one"), post("m2", "ann", "two")]).await;
        captured.take(closed, (0..3).map(|n| post(&format!("m{n}"), "ann", "closed")).collect()).await;
        captured.take(open, vec![edit("m1", 9, "ann", "one, changed")]).await;
        let somebody = reader_of(&test, open).await;
        let (_, program) = token(&test, &somebody, scopes(&["messages:read"])).await;
        let edge = edge(&test, &captured);
        let (mut seen, mut after) = (Vec::new(), "0".to_owned());
        for _ in 0..10 {
            let answer = edge.get(&program, &format!("/api/v1/messages/feed?after={after}&limit=1")).await;
            assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jsonl"));
            seen.extend(lines(&answer.text));
            if answer.header("gatepost-next") == after {
                break;
            }
            after = answer.header("gatepost-next").to_owned();
        }
        assert_eq!(
            seen.iter().map(|message| message["text"].as_str().expect("a text")).collect::<Vec<_>>(),
            ["two", "one, changed"]
        );
        let waiting = tokio::spawn({
            let (edge, program) = (edge.clone(), program.clone());
            async move { edge.get(&program, &format!("/api/v1/messages/feed?after={after}&wait_s=25")).await }
        });
        tokio::task::yield_now().await;
        // What is not for this reader does not end the waiting.
        captured.take(closed, vec![post("m9", "ann", "closed")]).await;
        captured.take(open, vec![post("m9", "ann", "nine")]).await;
        let told = waiting.await.expect("an answer");
        assert_eq!(lines(&told.text)[0]["text"], "nine");
        assert_eq!(lines(&told.text).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_masked_on_pages_is_masked_in_the_api_and_lifted_for_a_reason() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let captured = Captured::on(&test.desk);
    let shop = captured.profile("shop").await;
    captured.take(shop, vec![post("m1", "ann", "üben: mail ann@example.test about the late parcel")]).await;
    captured.sign();
    let given = [Given::Right(Right::Search), Given::Level(Level::ReadOnly)];
    let reader = test.person_with(&given).await;
    let seer = test.person_with(&[given[0], given[1], Given::Right(Right::Unmask)]).await;
    let edge = edge(&test, &captured);
    let stream = edge.get(&As::from(&reader), "/api/v1/messages").await.json();
    let message = &stream["items"][0];
    let (id, text) = (message["id"].as_str().expect("an id"), message["text"].as_str().expect("a text"));
    assert!(text.starts_with("üben: mail ••••••") && !text.contains("example"), "{text}");
    let finding = &message["findings"][0];
    let at = |name: &str| usize::try_from(finding[name].as_u64().expect("a place")).expect("small");
    let marked: String = text.chars().skip(at("start")).take(at("end") - at("start")).collect();
    assert_eq!((marked.as_str(), &finding["kind"], &finding["masked"]), ("••••••", &json!("EMAIL_ADDRESS"), &json!(true)));

    // What matches is marked in the text as it is given, but not inside a mask.
    let found = edge.get(&As::from(&reader), "/api/v1/search?q=parcel+example").await.json();
    let marks = found["items"][0]["marks"].as_array().expect("marks");
    assert_eq!(marks.len(), 1, "{found}");
    let parcel = text.split("parcel").next().expect("before it").chars().count();
    assert_eq!((&marks[0]["start"], &marks[0]["end"]), (&json!(parcel), &json!(parcel + 6)));

    let path = format!("/api/v1/messages/{id}/unmask");
    let reason = json!({ "reason": "a claim" });
    assert_eq!(edge.post(&As::from(&reader), &path, &reason).await.problem(), "not-allowed");
    let (_, program) = token(&test, &seer, scopes(&["messages:write", "messages:read"])).await;
    assert_eq!(edge.post(&program, &path, &json!({ "reason": "" })).await.problem(), "invalid");
    let lifted = edge.post(&program, &path, &reason).await.json();
    assert!(lifted["text"].as_str().expect("a text").contains("ann@example.test"), "{lifted}");

    // The page, the bytes and the proof: each asks for the reason again.
    let entry = message["first_entry"].as_i64().expect("an entry");
    let raw = format!("/messages/{id}/raw/{entry}");
    assert_eq!(edge.get(&As::from(&reader), &raw).await.status, StatusCode::FORBIDDEN);
    assert_eq!(edge.get(&As::from(&seer), &raw).await.status, StatusCode::CONFLICT);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let sent = async |path: &str| edge.send(&As::from(&seer), Method::POST, path, &form, Some("reason=a+claim")).await;
    let page = sent(&format!("/messages/{id}/unmask")).await;
    assert!(page.text.contains("ann@example.test") && page.text.contains(&format!("action=\"{raw}\"")), "{}", page.text);
    let bytes = sent(&raw).await;
    assert!(bytes.text.contains("ann@example.test") && bytes.header("cache-control") == "no-store");
    assert_eq!((bytes.header("content-type"), bytes.header("x-content-type-options")), ("application/octet-stream", "nosniff"));
    let proof = sent(&format!("/messages/{id}/proof/{entry}")).await;
    assert!(proof.text.contains("\"body\"") && proof.header("content-disposition").starts_with("attachment"), "{}", proof.text);
    let without = edge.get(&As::from(&seer), &format!("/messages/{id}/proof/{entry}")).await.json();
    assert!(without["body"].is_null(), "{without}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_result_opens_its_thread_as_it_was_with_a_proof_that_the_verifier_accepts() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let captured = Captured::on(&test.desk);
    let shop = captured.profile("shop").await;
    captured.take(shop, vec![post("m1", "ann", "the parcel is late")]).await;
    captured.take(shop, vec![edit("m1", 9, "ann", "the parcel is very late"), post("m2", "ben", "other")]).await;
    captured.sign();
    let reader = As::from(&reader_of(&test, shop).await);
    let edge = edge(&test, &captured);
    let results = edge.get(&reader, "/search?q=parcel").await.text;
    let (_, link) = results.split_once("href=\"/messages/").expect("a result");
    let link = format!("/messages/{}", link.split('"').next().expect("an address"));
    assert!(link.contains("?as_of="), "{link}");
    let page = edge.get(&reader, &link).await.text;
    for part in ["very late", "changed it", "posted it", "in the signed checkpoint over", "bytes as received", "As it is now"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    let id = link.split(['/', '?']).nth(2).expect("an id");
    let history = edge.get(&reader, &format!("/api/v1/messages/{id}/history")).await.json();
    assert_eq!(history["items"][0]["text"], "the parcel is late");
    let (first, second) = (&history["items"][0]["entry"], &history["items"][1]["entry"]);
    let then = edge.get(&reader, &format!("/messages/{id}?as_of={first}")).await.text;
    let thread = then.split("History").next().expect("the thread");
    assert!(thread.contains("the parcel is late") && !thread.contains("very late"), "{thread}");
    assert_eq!(edge.get(&reader, &format!("/api/v1/messages/{id}/thread?as_of={first}")).await.json()["items"][0]["edits"], 0);

    let folder = tempfile::tempdir().expect("a folder");
    let verifier = edge.get(&As::Nobody, "/record/verify.py").await;
    std::fs::write(folder.path().join("verify.py"), &verifier.text).expect("written");
    for (entry, says) in [(first, "late"), (second, "very late")] {
        let page = edge.get(&reader, &format!("/messages/{id}/verify/{entry}")).await.text;
        assert!(page.contains("In the log") && page.contains("Signed") && page.contains("verify.py"), "{page}");
        let proof = edge.get(&reader, &format!("/messages/{id}/proof/{entry}")).await.text;
        assert_eq!(edge.get(&reader, &format!("/api/v1/messages/{id}/proof/{entry}")).await.text, proof);
        let key = captured.intake.ledger().reader().log().keys.last().expect("a key").key.clone();
        assert!(page.contains(&key), "the page names the key");
        let accepted = verify(folder.path(), &proof, &key);
        assert!(accepted.0, "{says}: {}", accepted.1);
        let altered = proof.replacen("\"body\": \"", "\"body\": \"AAAA", 1);
        assert_ne!(altered, proof, "the text is in the proof");
        assert!(!verify(folder.path(), &altered, &key).0, "an altered text");
    }
}

/// Whether the verifier accepts, and what it prints.
fn verify(folder: &std::path::Path, proof: &str, key: &str) -> (bool, String) {
    std::fs::write(folder.join("entry.proof.json"), proof).expect("written");
    let mut command = std::process::Command::new("python3");
    let output = command.current_dir(folder).args(["verify.py", "entry.proof.json", "--key", key]).output().expect("python3");
    (output.status.success(), format!("{output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn searching_needs_its_right_and_says_what_it_does_not_understand() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let captured = Captured::on(&test.desk);
    captured.profile("shop").await;
    let reader = As::from(&test.person_with(&[Given::Level(Level::ReadOnly)]).await);
    let searcher = As::from(&test.person_with(&[Given::Right(Right::Search)]).await);
    let edge = edge(&test, &captured);
    assert_eq!(edge.get(&reader, "/search?q=x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(edge.get(&reader, "/api/v1/search?q=x").await.problem(), "not-allowed");
    let stream = edge.get(&reader, "/stream").await;
    assert!(stream.status == StatusCode::OK && !stream.text.contains("action=\"/search\""));
    assert!(edge.get(&searcher, "/stream").await.text.contains("action=\"/search\""));
    for (query, field) in [("q=form:x", "q"), ("zone=Nowhere", "zone"), ("after=x", "after"), ("order=best", "order")] {
        let answer = edge.get(&searcher, &format!("/api/v1/search?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{query}"
        );
    }
    assert_eq!(edge.get(&searcher, "/api/v1/search").await.json()["total"], 0);
}
