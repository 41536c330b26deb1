//! Word lists at the edge: written, tried, switched and read back on pages and through the API.

use desk::{
    db::Engine,
    rights::{Given, Level, Right},
    word_lists::{self, ListForm},
};
use http::{Method, StatusCode};
use serde_json::json;
use testkit::{Somebody, TestDesk, captured::Captured, records};

use crate::{
    browser::{edge, get, post},
    client::{As, Edge},
};

async fn keeper(test: &TestDesk) -> Somebody {
    test.workspace().await;
    test.person_with(&[Given::Right(Right::Rules), Given::Level(Level::ReadOnly)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_written_refused_by_line_tried_saved_and_switched_off() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let keeper = keeper(&test).await;
    let captured = Captured::on(&test.desk);
    let shop = captured.profile("shop").await;
    captured.take(shop, vec![records::post("1", "ann", "galewind kites <b>rock</b>, mail ann@example.test")]).await;
    let edge = edge(&test);
    let cookie = Some(keeper.cookie.as_str());
    let page = get(&edge, "/word-lists/new", cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let bad = "name=Competitors&code=competitors&kind=terms&effect=flag&on=yes&text=galewind%0D%0Aga%3Flewind*%0D%0A%2A%2Ax";
    let refused = post(&edge, "/word-lists", cookie, bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("Line 3: wildcard"), "{}", refused.text);
    assert!(word_lists::list(&test.desk, &keeper.actor).await.expect("readable").is_empty());
    let good = "name=Competitors&code=competitors&kind=terms&effect=flag&on=yes&text=galewind";
    let tried = post(&edge, "/word-lists", cookie, &format!("{good}&do=try")).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.text.contains("Would be found: 1 place") && tried.text.contains("&lt;b&gt;rock"), "{}", tried.text);
    assert!(!tried.text.contains("ann@example"), "what is masked stays masked");
    assert!(word_lists::list(&test.desk, &keeper.actor).await.expect("readable").is_empty(), "trying saves nothing");
    let saved = post(&edge, "/word-lists", cookie, good).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let at = saved.location().to_owned();
    assert!(get(&edge, &at, cookie).await.text.contains("LISTED_TERM.competitors"));
    let off = post(&edge, &format!("{at}/switch"), cookie, "seen=1&to=off").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    let late = post(&edge, &at, cookie, "seen=1&name=Rivals&kind=terms&effect=block&on=yes&text=breeze").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("saved this list") && late.text.contains("breeze") && late.text.contains("galewind"));
    let over = post(&edge, &at, cookie, "seen=1&over=2&name=Rivals&kind=terms&effect=block&on=yes&text=breeze").await;
    assert_eq!(over.status, StatusCode::SEE_OTHER);
    let old = get(&edge, &format!("{at}?version=1"), cookie).await;
    assert!(old.text.contains("galewind") && old.text.contains("what it said once"), "{}", old.text);
    assert!(get(&edge, &format!("{at}/edit?from=1"), cookie).await.text.contains("galewind"));
    assert_eq!(get(&edge, &format!("{at}?version=9"), cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_lists_and_gets_no_button_to_change_one() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let keeper = keeper(&test).await;
    let form = ListForm {
        code: "competitors".to_owned(),
        name: "Competitors".to_owned(),
        on: true,
        text: "galewind".to_owned(),
        ..ListForm::default()
    };
    let id = word_lists::create(&test.desk, &keeper.actor, form).await.expect("saved");
    let auditor = test.person_with(&[Given::Right(Right::AuditLog)]).await;
    let edge = edge(&test);
    let cookie = Some(auditor.cookie.as_str());
    for path in ["/word-lists".to_owned(), format!("/word-lists/{id}")] {
        let page = get(&edge, &path, cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("Competitors") && !page.text.contains("/edit") && !page.text.contains("Take over"));
    }
    assert_eq!(get(&edge, &format!("/word-lists/{id}/edit"), cookie).await.status, StatusCode::FORBIDDEN);
    let pack = post(&edge, "/word-lists/packs/insider", Some(&keeper.cookie), "").await;
    assert_eq!(pack.status, StatusCode::SEE_OTHER);
    assert!(get(&edge, pack.location(), cookie).await.text.contains("LISTED_TERM.insider"));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_write_try_and_read_lists() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let keeper = keeper(&test).await;
    let (api, who) = (Edge::new(&test), As::from(&keeper));
    let json_body = [("content-type", "application/json")];
    let send = |method: Method, path: String, body: Option<serde_json::Value>| {
        let (api, who) = (&api, &who);
        async move { api.send(who, method, &path, &json_body, body.map(|body| body.to_string()).as_deref()).await }
    };
    let new = json!({"code": "staff", "name": "Staff numbers", "kind": "kinds", "effect": "block", "on": true,
        "text": "kind STAFF_NUMBER \"Staff number\"\n  pattern EMP-[0-9]{4}\n  found EMP-1230"});
    let made = send(Method::POST, "/api/v1/word-lists".to_owned(), Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let again = send(Method::POST, "/api/v1/word-lists".to_owned(), Some(new)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let all: serde_json::Value =
        serde_json::from_str(&send(Method::GET, "/api/v1/word-lists".to_owned(), None).await.text).expect("JSON");
    assert_eq!((all[0]["code"].as_str(), all[0]["text"].is_null()), (Some("staff"), true));
    let path = format!("/api/v1/word-lists/{}", all[0]["id"].as_str().expect("an id"));
    let change =
        |text: &str, revision: i64| json!({"revision": revision, "name": "Staff", "effect": "flag", "on": false, "text": text});
    let broken = send(Method::PUT, path.clone(), Some(change("kind", 1))).await;
    assert_eq!(broken.status, StatusCode::CONFLICT);
    assert!(broken.text.contains("line 1"), "{}", broken.text);
    let text = "kind STAFF_NUMBER \"Staff number\"\n  pattern S-[0-9]{4}\n  found S-1230";
    assert_eq!(send(Method::PUT, path.clone(), Some(change(text, 1))).await.status, StatusCode::OK);
    assert_eq!(
        send(Method::PUT, path.clone(), Some(change(text, 1))).await.status,
        StatusCode::CONFLICT,
        "an old version was seen"
    );
    let versions: serde_json::Value =
        serde_json::from_str(&send(Method::GET, format!("{path}/versions"), None).await.text).expect("JSON");
    assert_eq!(versions.as_array().map(Vec::len), Some(2));
    let tried = send(Method::POST, "/api/v1/word-lists/try".to_owned(), Some(json!({"kind": "terms", "text": "galewind"}))).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    assert!(tried.text.contains("\"messages\":0"));
}
