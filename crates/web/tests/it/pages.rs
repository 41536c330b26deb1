//! Pages as a person meets them: what they say, what they keep, what they do.

use desk::{
    db::Engine,
    paging::PageRequest,
    people::{self, PeopleFilter, PersonState},
    rights::{Given, Right},
};
use http::StatusCode;
use testkit::TestDesk;

use crate::browser::{edge, get, post};

/// HTML of a page at most, uncompressed (the house's limit).
const HTML_MAX: usize = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_rail_and_palette_opens_for_the_owner_within_its_size() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let home = get(&edge, "/", Some(&owner.cookie)).await;
    let mut links: Vec<&str> = home.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    links.retain(|link| link.starts_with('/') && !link.starts_with("/assets"));
    links.sort_unstable();
    links.dedup();
    assert!(links.len() > 8, "{links:?}");
    for link in links {
        let page = get(&edge, link, Some(&owner.cookie)).await;
        assert_eq!(page.status, StatusCode::OK, "{link}");
        assert!(page.text.len() < HTML_MAX, "{link} has {} bytes", page.text.len());
        assert!(!page.text.contains("style=\"") && !page.text.contains("<script>"), "{link} breaks the content security policy");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_brings_the_form_back_with_what_was_typed() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let body = "method=oauth&server=127.0.0.1%3A1&title=Our+kites";
    let page = post(&edge, "/connect/mastodon", Some(&owner.cookie), body).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["cannot be reached", "value=\"127.0.0.1:1\"", "value=\"Our kites\""] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_rights_is_offered_nothing_they_may_not_open() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let person = test.person_with(&[]).await;
    let edge = edge(&test);
    let home = get(&edge, "/", Some(&person.cookie)).await;
    for hidden in ["/people", "/audit-log", "/jobs", "/roles", "/settings/workspace"] {
        assert!(!home.text.contains(&format!("href=\"{hidden}\"")), "{hidden} is offered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_mistake_keeps_what_was_typed_and_says_what_is_wrong() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let answer = post(&edge, "/people/invite", Some(&owner.cookie), "email=nonsense&name=Zo%C3%AB+Typed").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("value=\"nonsense\"") && answer.text.contains("value=\"Zoë Typed\""));
    assert!(answer.text.contains("Not an e-mail address"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_made_and_its_link_shown_once() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let answer = post(&edge, "/people/invite", Some(&owner.cookie), "email=ann%40example.test&name=Ann").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("https://desk.example.test/door/"), "the link is shown");
    let filter = PeopleFilter { text: Some("ann@".to_owned()), state: Some(PersonState::Invited) };
    let found = people::list(&test.desk, &owner.actor, &filter, &PageRequest::default()).await.expect("a list");
    let page = get(&edge, &format!("/people/{}", found.items[0].id), Some(&owner.cookie)).await;
    assert!(!page.text.contains("/door/"), "and never again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_type_is_never_markup() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let name = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    post(&edge, "/teams", Some(&owner.cookie), &format!("name={name}")).await;
    let page = get(&edge, "/teams", Some(&owner.cookie)).await;
    assert!(page.text.contains("&lt;script&gt;alert(1)"), "it is shown as text");
    assert!(!page.text.contains("<script>alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensitive_act_asks_for_a_fresh_proof_once_the_last_one_is_old() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    test.clock.advance_ms(desk::rights::STEP_UP_WINDOW_MS + 1);
    let answer = get(&edge, "/people/invite", Some(&owner.cookie)).await;
    assert_ne!(answer.status, StatusCode::OK);
    assert!(
        answer.location().starts_with("/step-up") || answer.text.contains("prove"),
        "{} {}",
        answer.status,
        answer.location()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_exports_as_csv_and_json_lines_with_the_same_entries() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let auditor = test.person_with(&[Given::Right(Right::AuditLog)]).await;
    let edge = edge(&test);
    let csv = get(&edge, "/audit-log/export?format=csv", Some(&auditor.cookie)).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let jsonl = get(&edge, "/audit-log/export?format=jsonl", Some(&auditor.cookie)).await;
    let rows = csv.text.lines().count() - 1;
    let lines: Vec<serde_json::Value> = jsonl.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows > 10);
    // The second export holds one entry more: the first export.
    assert_eq!(lines.len(), rows + 1);
    assert_eq!(lines.last().expect("a line")["act"], "audit_log.export");
    assert_eq!(get(&edge, "/audit-log/export?format=pdf", Some(&auditor.cookie)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_view_leads_back_to_its_filter() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let form = "page=%2Fpeople&name=Suspended+ones&query=state%3Dsuspended";
    let answer = post(&edge, "/views", Some(&owner.cookie), form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/people?state=suspended"));
    let page = get(&edge, "/people", Some(&owner.cookie)).await;
    assert!(page.text.contains("Suspended ones"));
    let elsewhere = post(&edge, "/views", Some(&owner.cookie), "page=https%3A%2F%2Fevil.example.test&name=x&query=").await;
    assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY, "a view cannot lead out of the desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_told_in_words() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    let page = get(&edge, "/no/such/page", None).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("There is no such page"));
    let api = get(&edge, "/api/v1/no-such-thing", None).await;
    assert_eq!(api.status, StatusCode::NOT_FOUND);
    assert_eq!(api.headers["content-type"], "application/problem+json");
}
