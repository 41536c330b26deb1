//! Posts as people write them: the composer with and without scripts, two people at one post, the calendar, import.

use desk::{
    db::Engine,
    ids::ProfileId,
    paging::{Page, PageRequest},
    profiles::{self, NewProfile},
    publishing::{self, PostFilter, PostGlance, PostOrder},
    rights::{Given, Level},
};
use http::{Method, StatusCode};
use serde_json::json;
use testkit::{Somebody, TestDesk};

use crate::{
    browser::{edge, get, post},
    client::{Edge, scopes, token},
};

/// A desk with two profiles and somebody who may write for both.
async fn writing() -> (TestDesk, axum::Router, Somebody, [ProfileId; 2]) {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let mut ids = Vec::new();
    for (network, handle) in [("sandbox", "kites"), ("mastodon", "@kites@social.example.test")] {
        let new = NewProfile {
            network: network.to_owned(),
            handle: handle.to_owned(),
            title: format!("Kites on {network}"),
            group: None,
            protected: false,
        };
        ids.push(profiles::add(&test.desk, &owner.actor, &new).await.expect("a profile"));
    }
    let writer = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
    let edge = edge(&test);
    (test, edge, writer, [ids[0], ids[1]])
}

fn id_of(location: &str) -> String {
    location.trim_start_matches("/posts/").split(['/', '#']).next().expect("an id").to_owned()
}

fn today(test: &TestDesk) -> jiff::civil::Date {
    jiff::Timestamp::from_millisecond(test.desk.now().0).expect("a moment").to_zoned(jiff::tz::TimeZone::UTC).date()
}

async fn everything(test: &TestDesk, who: &Somebody) -> Page<PostGlance> {
    let page = PageRequest::default();
    publishing::list(&test.desk, &who.actor, &PostFilter::default(), PostOrder::Changed, &page).await.expect("a list")
}

/// Begins a draft as the composer's button does; its id.
async fn begun(edge: &axum::Router, who: &Somebody, profile: ProfileId, text: &str) -> String {
    let form = format!("profile={profile}&common.0.text={text}&title=Spring");
    let answer = post(edge, "/posts", Some(&who.cookie), &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    id_of(answer.location())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_written_counted_and_shown_as_its_networks_will() {
    let (_test, edge, writer, [sandbox, mastodon]) = writing().await;
    let empty = get(&edge, "/posts/new", Some(&writer.cookie)).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text.contains("Kites on mastodon") && empty.text.contains("data-composer"));
    let form = format!(
        "profile={sandbox}&profile={mastodon}&common.0.text=See+https%3A%2F%2Fexample.test%2F{}&title=Spring",
        "x".repeat(60)
    );
    let answer = post(&edge, "/posts", Some(&writer.cookie), &form).await;
    let id = id_of(answer.location());
    let page = get(&edge, &format!("/posts/{id}"), Some(&writer.cookie)).await;
    assert!(page.text.contains("Sandbox 85 of 500"), "the sandbox counts a link as it is: {} {}", page.status, page.text);
    assert!(page.text.contains("Mastodon 27 of 500"), "Mastodon counts 23 for it");
    assert!(page.text.contains("data-look=\"mastodon\"") && page.text.contains("preview-link"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_by_itself_answers_with_what_changed_and_where_the_post_is() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let form = format!("profile={sandbox}&common.0.text=Hello");
    let first = post(&edge, "/posts/autosave", Some(&writer.cookie), &form).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let place = first.headers["gatepost-place"].to_str().expect("text").to_owned();
    let revision = first.headers["gatepost-revision"].to_str().expect("text").to_owned();
    assert!(first.text.contains("id=\"composer-checks\"") && first.text.contains("Sandbox 5 of 500"));
    assert!(!first.text.contains("<textarea"), "nothing that is typed into is replaced");
    let again = post(&edge, &format!("{place}/autosave"), Some(&writer.cookie), &format!("{form}&revision={revision}")).await;
    assert_eq!(again.headers["gatepost-revision"].to_str().expect("text"), revision, "what did not change is not saved");
    let none = post(&edge, "/posts/autosave", Some(&writer.cookie), "common.0.text=Hello").await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("hoose"), "it says that a profile is missing: {}", none.text);
    assert_eq!(everything(&test, &writer).await.total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_chosen_profiles_take_is_known_to_an_open_page_from_the_next_save_on() {
    let (_test, edge, writer, [sandbox, mastodon]) = writing().await;
    let new = get(&edge, "/posts/new", Some(&writer.cookie)).await;
    assert!(new.text.contains("id=\"composer-limits\"") && !new.text.contains("16777216"), "nothing is chosen yet");
    let form = format!("profile={sandbox}&profile={mastodon}&common.0.text=Look");
    let saved = post(&edge, "/posts/autosave", Some(&writer.cookie), &form).await;
    assert!(saved.text.contains("id=\"composer-limits\"") && saved.text.contains("16777216"), "{}", saved.text);
    assert!(saved.text.contains("A version of its own for"), "{}", saved.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_not_called_for_followers_where_everybody_reads_it() {
    let (test, edge, writer, [sandbox, mastodon]) = writing().await;
    let owner = test.person_with(&[Given::Right(desk::rights::Right::Profiles)]).await;
    let new = NewProfile {
        network: "bluesky".to_owned(),
        handle: "kites.example.test".to_owned(),
        title: "Kites on bluesky".to_owned(),
        group: None,
        protected: false,
    };
    let bluesky = profiles::add(&test.desk, &owner.actor, &new).await.expect("a profile");
    let chosen = |profile| format!("profile={profile}&common.0.text=Look&common.audience=followers");
    for (profile, kept) in [(mastodon, true), (sandbox, true), (bluesky, false)] {
        let saved = post(&edge, "/posts/autosave", Some(&writer.cookie), &chosen(profile)).await;
        assert_eq!(saved.text.contains("Followers only"), kept, "{}", saved.text);
        assert_eq!(saved.text.contains("Everybody reads what is posted here"), !kept, "{}", saved.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_calendars_narrow_by_author_and_by_tag() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let colleague = test.person_with(&[Given::Level(Level::NeedsApproval)]).await;
    let day = today(&test).checked_add(jiff::Span::new().days(1)).expect("a day");
    for (who, text, tag) in [(&writer, "Apples", "autumn"), (&colleague, "Plums", "spring")] {
        let form = format!("profile={sandbox}&common.0.text={text}&tags={tag}&at={day}T10:00&zone=UTC");
        assert_eq!(post(&edge, "/posts", Some(&who.cookie), &form).await.status, StatusCode::SEE_OTHER);
    }
    for place in ["/posts", "/calendar?view=list"] {
        let all = get(&edge, place, Some(&writer.cookie)).await;
        for switch in [format!("author={}", colleague.person), "tag=autumn".to_owned(), "tag=spring".to_owned()] {
            assert!(all.text.contains(&switch), "{place}: {switch}");
        }
        let separator = if place.contains('?') { '&' } else { '?' };
        for (narrowed, off) in [(format!("author={}", colleague.person), "By "), ("tag=spring".to_owned(), "#spring")] {
            let page = get(&edge, &format!("{place}{separator}{narrowed}"), Some(&writer.cookie)).await;
            assert!(page.text.contains("Plums") && !page.text.contains("Apples"), "{place} {narrowed}");
            assert!(page.text.contains(off), "what is narrowed to is said and can be switched off");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_the_story_and_cancels_on_one_profile() {
    let (test, _, writer, [one, two]) = writing().await;
    let edge = Edge::new(&test);
    let (_, program) =
        token(&test, &writer, scopes(&["posts:read", "posts:write", "posting_slots:read", "posting_slots:write"])).await;
    let slot = test.desk.now().plus_ms(3_600_000).0;
    let targets = json!([{ "profile_id": one.to_string() }, { "profile_id": two.to_string() }]);
    let new = json!({ "content": { "texts": ["Twice"] }, "targets": targets, "slot_ms": slot });
    let place = edge.post(&program, "/api/v1/posts", &new).await.header("location").to_owned();
    let submitted = edge.post(&program, &format!("{place}/submit"), &json!({ "revision": 1, "confirmed": true })).await;
    assert_eq!(submitted.json()["scheduled"], true, "{}", submitted.text);
    let only = json!({ "reason": "one is enough", "profile_id": one.to_string() });
    let cancelled = edge.post(&program, &format!("{place}/cancel"), &only).await;
    assert_eq!(cancelled.json()["profiles"], 1, "{}", cancelled.text);
    let post = edge.get(&program, &place).await.json();
    let states: Vec<_> = post["targets"].as_array().expect("targets").iter().map(|target| target["state"].as_str()).collect();
    assert!(states.contains(&Some("cancelled")) && states.contains(&Some("scheduled")), "{post}");
    let story = edge.get(&program, &format!("{place}/story")).await.json();
    assert_eq!(story["versions"][0]["number"], 1, "{story}");
    assert!(story["record"].as_array().expect("entries").iter().any(|entry| entry["kind"] == "post_version"), "{story}");
    let out = format!("{place}/on/{two}");
    assert_eq!(edge.get(&program, &out).await.status, StatusCode::NOT_FOUND, "it is not out");
    let change = json!({ "texts": ["Once"], "reason": "a typo" });
    assert_eq!(edge.send(&program, Method::PUT, &out, &[], Some(&change.to_string())).await.status, StatusCode::NOT_FOUND);
    let deleted = edge.post(&program, &format!("{out}/delete"), &json!({ "reason": "a typo" })).await;
    assert_eq!(deleted.status, StatusCode::CONFLICT, "{}", deleted.text);

    let slots = format!("/api/v1/profiles/{one}/posting-slots");
    let made = edge.post(&program, &slots, &json!({ "weekday": 1, "minute": 570, "time_zone": "Europe/Berlin" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let listed = edge.get(&program, &slots).await.json();
    assert_eq!((listed[0]["weekday"].as_i64(), listed[0]["minute"].as_i64()), (Some(1), Some(570)));
    let one_slot = format!("{slots}/{}", listed[0]["id"].as_str().expect("an id"));
    assert_eq!(edge.send(&program, Method::DELETE, &one_slot, &[], None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_at_one_post_see_both_texts_and_neither_is_lost() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let other = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
    let id = begun(&edge, &writer, sandbox, "at+nine").await;
    let form = |text: &str, revision: i64| format!("profile={sandbox}&common.0.text={text}&title=Spring&revision={revision}");
    let theirs = post(&edge, &format!("/posts/{id}/autosave"), Some(&other.cookie), &form("at+ten", 1)).await;
    assert_eq!(theirs.status, StatusCode::OK);
    let mine = post(&edge, &format!("/posts/{id}/autosave"), Some(&writer.cookie), &form("at+eleven", 1)).await;
    assert_eq!(mine.status, StatusCode::CONFLICT);
    assert!(mine.text.contains("at ten") && mine.text.contains("at eleven"), "{}", mine.text);
    // Without scripts the same is said on the page, with what was typed still in it.
    let page = post(&edge, &format!("/posts/{id}"), Some(&writer.cookie), &form("at+eleven", 1)).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains(">at eleven</textarea>"));
    let kept =
        post(&edge, &format!("/posts/{id}"), Some(&writer.cookie), &format!("{}&do=keep-mine:2", form("at+eleven", 1))).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let saved = publishing::get(&test.desk, &writer.actor, id.parse().expect("an id")).await.expect("a post");
    assert_eq!(saved.draft.common.parts[0].text, "at eleven");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_versions_are_made_by_buttons_without_scripts() {
    let (test, edge, writer, [sandbox, mastodon]) = writing().await;
    let both = format!("profile={sandbox}&profile={mastodon}&common.0.text=for+all");
    let answer = post(&edge, "/posts", Some(&writer.cookie), &format!("{both}&do=own:{mastodon}")).await;
    let id = id_of(answer.location());
    assert!(answer.location().ends_with(&format!("#version-{mastodon}")), "it leads back to the place");
    let page = get(&edge, &format!("/posts/{id}/edit"), Some(&writer.cookie)).await;
    assert!(page.text.contains("Version for Kites on mastodon") && page.text.contains("Version for all others"));
    let own = format!("{both}&own={mastodon}&{mastodon}.0.text=for+Mastodon&revision=1&do=part-add:common");
    post(&edge, &format!("/posts/{id}"), Some(&writer.cookie), &own).await;
    let saved = publishing::get(&test.desk, &writer.actor, id.parse().expect("an id")).await.expect("a post");
    assert_eq!(saved.draft.common.parts.len(), 2);
    assert_eq!(saved.draft.content_for(mastodon).expect("a target").parts[0].text, "for Mastodon");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_stands_in_place_and_what_is_missing_keeps_it_from_being_submitted() {
    let (_test, edge, writer, [sandbox, _]) = writing().await;
    let id = begun(&edge, &writer, sandbox, "Write+to+jo.doe%40example.org+now").await;
    let page = get(&edge, &format!("/posts/{id}"), Some(&writer.cookie)).await;
    assert!(page.text.contains("<mark class=\"finding"), "the address is marked: {}", page.text);
    let long = "x".repeat(501);
    let form = format!("profile={sandbox}&common.0.text={long}&revision=1");
    post(&edge, &format!("/posts/{id}"), Some(&writer.cookie), &form).await;
    let review = get(&edge, &format!("/posts/{id}/submit"), Some(&writer.cookie)).await;
    assert!(review.text.contains("501 of 500"), "the reason is said");
    let answer = post(&edge, &format!("/posts/{id}/submit"), Some(&writer.cookie), "revision=2").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_the_level_finds_nothing_and_writes_nothing() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let id = begun(&edge, &writer, sandbox, "not+for+everybody").await;
    let stranger = test.person_with(&[]).await;
    for path in [format!("/posts/{id}"), format!("/posts/{id}/edit"), format!("/posts/{id}/submit")] {
        assert_eq!(get(&edge, &path, Some(&stranger.cookie)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = get(&edge, "/posts", Some(&stranger.cookie)).await;
    assert!(list.status == StatusCode::OK && !list.text.contains("not for everybody"), "{} {}", list.status, list.text);
    let calendar = get(&edge, "/calendar", Some(&stranger.cookie)).await;
    assert_eq!(calendar.status, StatusCode::OK);
    let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
    let shown = get(&edge, &format!("/posts/{id}"), Some(&reader.cookie)).await;
    assert!(shown.status == StatusCode::OK && !shown.text.contains("data-composer"), "a reader reads");
    let form = format!("profile={sandbox}&common.0.text=mine&revision=1");
    assert_eq!(post(&edge, &format!("/posts/{id}"), Some(&reader.cookie), &form).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_shows_a_post_on_its_day_and_moves_it_by_the_clock_on_the_wall() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let day = today(&test).saturating_add(jiff::Span::new().days(40));
    let form = format!("profile={sandbox}&common.0.text=due&title=Late+opening&at={day}T09:30&zone=UTC");
    let id = id_of(post(&edge, "/posts", Some(&writer.cookie), &form).await.location());
    let shown = get(&edge, &format!("/calendar?day={day}"), Some(&writer.cookie)).await;
    assert!(shown.text.contains("09:30") && shown.text.contains("Late opening"));
    let narrowed = get(&edge, &format!("/calendar?day={day}&state=published"), Some(&writer.cookie)).await;
    assert!(!narrowed.text.contains("Late opening"));
    let next = day.saturating_add(jiff::Span::new().days(1));
    let moved = post(&edge, "/calendar/move", Some(&writer.cookie), &format!("post={id}&days=1")).await;
    assert!(moved.text.contains("said"), "{}", moved.text);
    let saved = publishing::get(&test.desk, &writer.actor, id.parse().expect("an id")).await.expect("a post");
    assert!(saved.slot.expect("a time").rfc3339().starts_with(&format!("{next}T09:30")), "{:?}", saved.slot);
    let past = post(&edge, "/calendar/move", Some(&writer.cookie), &format!("post={id}&days=-300")).await;
    assert_eq!(past.status, StatusCode::CONFLICT);
    let week = get(&edge, &format!("/calendar?view=week&day={next}"), Some(&writer.cookie)).await;
    let list = get(&edge, &format!("/calendar?view=list&day={day}"), Some(&writer.cookie)).await;
    assert!(week.text.contains("Late opening") && list.text.contains("Late opening"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_posts_are_moved_at_once_and_what_cannot_be_is_named() {
    let (test, edge, writer, [sandbox, _]) = writing().await;
    let day = today(&test).saturating_add(jiff::Span::new().days(3));
    let mut ids = Vec::new();
    for (title, at) in [("One", format!("{day}T09:30")), ("Two", format!("{day}T11:00")), ("Undated", String::new())] {
        let form = format!("profile={sandbox}&common.0.text={title}+text&title={title}&at={at}&zone=UTC");
        ids.push(id_of(post(&edge, "/posts", Some(&writer.cookie), &form).await.location()));
    }
    let all: String = ids.iter().map(|id| format!("post={id}&")).collect();
    let slots = async || {
        let mut slots = Vec::new();
        for id in &ids[..2] {
            let saved = publishing::get(&test.desk, &writer.actor, id.parse().expect("an id")).await.expect("a post");
            slots.push(saved.slot.expect("a time").rfc3339());
        }
        slots
    };
    let moved = post(&edge, "/calendar/move", Some(&writer.cookie), &format!("{all}days=2")).await;
    assert_eq!(moved.status, StatusCode::OK);
    assert!(moved.text.contains("2 posts moved.") && moved.text.contains("“Undated”: it has no time yet"), "{}", moved.text);
    let then = day.saturating_add(jiff::Span::new().days(2));
    assert_eq!(
        slots().await,
        [format!("{then}T09:30:00.000Z"), format!("{then}T11:00:00.000Z")],
        "each keeps its time of the day"
    );
    let timed = post(&edge, "/calendar/move", Some(&writer.cookie), &format!("post={}&time=14:15", ids[0])).await;
    assert!(timed.text.contains("Moved to"), "{}", timed.text);
    assert_eq!(slots().await[0], format!("{then}T14:15:00.000Z"), "another time on the same day");
    for nonsense in ["", "days=1", &format!("post={}", ids[0]), &format!("post={}&time=25:99", ids[0])] {
        let refused = post(&edge, "/calendar/move", Some(&writer.cookie), nonsense).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_posts_is_reported_row_by_row_before_drafts_are_made() {
    let (test, edge, writer, _) = writing().await;
    let file = "profiles,text,date,time,campaign\nkites,One,,,Spring\nnobody,Two,,,\nKites on mastodon,Three,2001-01-01,09:00,\n";
    let form = format!("file={}", file.replace(',', "%2C").replace('\n', "%0D%0A").replace(' ', "+"));
    let made = post(&edge, "/posts/import/make", Some(&writer.cookie), &form).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/posts?state=draft"), "{}", made.text);
    let all = everything(&test, &writer).await;
    assert_eq!((all.total, all.items[0].excerpt.as_str()), (1, "One"), "only the row that is right");
    assert!(all.items[0].campaign.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_finds_a_post_by_its_words() {
    let (_test, edge, writer, [sandbox, _]) = writing().await;
    begun(&edge, &writer, sandbox, "%C3%84pfel+und+Birnen").await;
    for (query, found) in [("%C3%A4pfel", true), ("BIRNEN", true), ("spring", true), ("100%25", false), ("text", false)] {
        let page = get(&edge, &format!("/posts?q={query}"), Some(&writer.cookie)).await;
        assert_eq!(page.text.contains("Birnen"), found, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_writes_saves_and_submits_within_what_its_person_may() {
    let (test, _, writer, [sandbox, _]) = writing().await;
    let edge = Edge::new(&test);
    let (_, program) = token(&test, &writer, scopes(&["posts:read", "posts:write"])).await;
    let new = |text: &str| json!({ "content": { "texts": [text] }, "targets": [{ "profile_id": sandbox.to_string() }], "tags": ["Spring"] });
    let made = edge.post(&program, "/api/v1/posts", &new("By a program")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let place = made.header("location").to_owned();
    let read = edge.get(&program, &place).await.json();
    assert_eq!((read["content"]["texts"][0].as_str(), read["revision"].as_i64()), (Some("By a program"), Some(1)));
    let save = |revision: i64| json!({ "revision": revision, "post": new("Better said") });
    let saved = edge.send(&program, Method::PUT, &place, &[], Some(&save(1).to_string())).await;
    assert_eq!(saved.json()["revision"], 2, "{}", saved.text);
    let stale = edge.send(&program, Method::PUT, &place, &[], Some(&save(1).to_string())).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "somebody else's save is not overwritten");
    let long = edge.post(&program, "/api/v1/posts", &new(&"x".repeat(501))).await;
    let warnings = edge.get(&program, &format!("{}/warnings", long.header("location"))).await.json();
    assert_eq!((warnings[0]["kind"].as_str(), warnings[0]["blocks"].as_bool()), (Some("too_long"), Some(true)), "{warnings}");
    let listed = edge.get(&program, "/api/v1/posts?text=better").await.json();
    assert_eq!(listed["total"], 1);
    let submitted = edge.post(&program, &format!("{place}/submit"), &json!({ "revision": 2 })).await;
    assert_eq!(submitted.status, StatusCode::OK, "{}", submitted.text);
    let (_, reader) = token(&test, &writer, scopes(&["posts:read"])).await;
    assert_eq!(edge.post(&reader, "/api/v1/posts", &new("no")).await.status, StatusCode::FORBIDDEN);
}
