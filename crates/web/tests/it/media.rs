//! Files through the API: taken in, put on posts, seen by those who may; hostile ones refused as the composer refuses them.

use desk::{
    db::Engine,
    ids::ProfileId,
    profiles::{self, NewProfile},
    rights::{Given, Level},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{Somebody, TestDesk};

use crate::client::{Answer, As, Edge, scopes, token};

const WRITING: &[&str] = &["media:read", "media:write", "posts:read", "posts:write", "profiles:read"];

async fn profile(test: &TestDesk, owner: &Somebody, network: &str) -> ProfileId {
    let new = NewProfile {
        network: network.to_owned(),
        handle: format!("{network}.example.test"),
        title: format!("Kites on {network}"),
        group: None,
        protected: false,
    };
    profiles::add(&test.desk, &owner.actor, &new).await.expect("a profile")
}

/// A desk with a profile on each of these networks, and a program of somebody who may publish on them.
async fn publishing(networks: &[&str]) -> (TestDesk, Edge, As, Vec<ProfileId>) {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let mut ids = Vec::new();
    for network in networks {
        ids.push(profile(&test, &owner, network).await);
    }
    let edge = Edge::new(&test);
    let writer = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
    let (_, program) = token(&test, &writer, scopes(WRITING)).await;
    (test, edge, program, ids)
}

/// A picture of so many bytes and one pixel, with its author in it.
fn png(bytes: usize) -> Vec<u8> {
    let chunk = |name: &[u8; 4], body: &[u8]| {
        [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], name, body, &[0; 4]].concat()
    };
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];
    let start = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"tEXt", b"Author\0Ann")].concat();
    let rest = bytes.saturating_sub(start.len() + 24);
    [start, chunk(b"IDAT", &vec![7; rest]), chunk(b"IEND", b"")].concat()
}

async fn begin(edge: &Edge, who: &As, name: &str, bytes: usize) -> Answer {
    edge.post(who, "/api/v1/uploads", &json!({ "file_name": name, "bytes": bytes })).await
}

/// Uploads a file in the pieces that the API asks for; what finishing it answers.
async fn upload(edge: &Edge, who: &As, name: &str, bytes: &[u8]) -> Answer {
    let begun = begin(edge, who, name, bytes.len()).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    let begun = begun.json();
    let place = format!("/api/v1/uploads/{}", begun["id"].as_str().expect("an id"));
    let size = usize::try_from(begun["piece_bytes"].as_u64().expect("a size")).expect("fits");
    for (number, piece) in bytes.chunks(size).enumerate() {
        let taken = edge.put_bytes(who, &format!("{place}/pieces/{number}"), piece).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{}", taken.text);
    }
    edge.post(who, &format!("{place}/finish"), &Value::Null).await
}

fn digest(finished: &Answer) -> String {
    assert_eq!(finished.status, StatusCode::OK, "{}", finished.text);
    finished.json()["digest"].as_str().expect("a digest").to_owned()
}

fn post_with(profile: ProfileId, media: &Value) -> Value {
    let content = json!({ "texts": ["Look up"], "media": media });
    json!({ "content": content, "targets": [{ "profile_id": profile.to_string() }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_in_listed_and_put_on_a_post_with_its_words() {
    let (test, edge, program, ids) = publishing(&["sandbox"]).await;
    let picture = png(desk::publishing::media::CHUNK_BYTES + 1_000);
    let finished = upload(&edge, &program, "kite.png", &picture).await;
    let digest = digest(&finished);
    let info = finished.json();
    assert_eq!((info["media_type"].as_str(), info["stripped"][0].as_str()), (Some("image/png"), Some("notes")), "{info}");
    let listed = edge.get(&program, "/api/v1/uploads").await.json();
    assert_eq!((listed["total"].as_i64(), listed["items"][0]["digest"].as_str()), (Some(1), Some(digest.as_str())));

    let media = json!([[{ "digest": digest, "alt": "A red kite" }]]);
    let made = edge.post(&program, "/api/v1/posts", &post_with(ids[0], &media)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let place = made.header("location").to_owned();
    let read = edge.get(&program, &place).await.json();
    let named = json!([[{ "digest": digest, "alt": "A red kite", "media_type": "image/png", "file_name": "kite.png" }]]);
    assert_eq!(read["content"]["media"], named);

    let save = |revision: i64, content: Value| {
        let post = json!({ "content": content, "targets": [{ "profile_id": ids[0].to_string() }] });
        json!({ "revision": revision, "post": post }).to_string()
    };
    // What was read is what can be saved; where nothing is said of files they stay; an empty list takes them off.
    for (revision, content, left) in [
        (1, read["content"].clone(), 1),
        (2, json!({ "texts": ["Look up!"] }), 1),
        (3, json!({ "texts": ["Look up!"], "media": [[]] }), 0),
    ] {
        let saved = edge.send(&program, Method::PUT, &place, &[], Some(&save(revision, content))).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        assert_eq!(saved.json()["content"]["media"][0].as_array().map(Vec::len), Some(left));
    }
    let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
    let (_, reader) = token(&test, &reader, scopes(&["media:read", "media:write"])).await;
    let bytes = format!("/api/v1/media/{digest}/bytes");
    assert_eq!(
        edge.send_raw(&program, &bytes, &[]).await.len(),
        usize::try_from(info["bytes"].as_u64().expect("a size")).expect("fits")
    );
    assert!(!edge.send_raw(&reader, &bytes, &[]).await.is_empty(), "it was on a post that they read");
    let own = format!("/api/v1/uploads/{}", info["id"].as_str().expect("an id"));
    let removed = edge.send(&program, Method::DELETE, &own, &[], None).await;
    assert_eq!(removed.status, StatusCode::CONFLICT, "the post's record keeps it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_and_checks_of_the_composer_hold() {
    let (_test, edge, program, ids) = publishing(&["bluesky"]).await;
    let large = digest(&upload(&edge, &program, "large.png", &png(2_100_000)).await);
    let media = json!([[{ "digest": large }]]);
    let made = edge.post(&program, "/api/v1/posts", &post_with(ids[0], &media)).await;
    let place = made.header("location").to_owned();
    let warnings = edge.get(&program, &format!("{place}/warnings")).await.json();
    let kinds: Vec<_> = warnings.as_array().expect("a list").iter().map(|warning| warning["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("media"), Some("no_alt")], "{warnings}");
    let submitted = edge.post(&program, &format!("{place}/submit"), &json!({ "revision": 1 })).await;
    assert_eq!(submitted.status, StatusCode::CONFLICT);
    assert!(submitted.text.contains("2.1 MB") && submitted.text.contains("takes 2.0 MB"), "{}", submitted.text);

    let beyond = json!({ "texts": ["one"], "media": [[], []] });
    let target = json!([{ "profile_id": ids[0].to_string() }]);
    let made = edge.post(&program, "/api/v1/posts", &json!({ "content": beyond, "targets": target })).await;
    assert_eq!(made.status, StatusCode::CONFLICT, "a list of files without a text: {}", made.text);
    let nothing = edge.post(&program, "/api/v1/posts", &json!({ "content": { "texts": [] }, "targets": target })).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "as the schema says");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_comes_otherwise_than_said_is_refused() {
    let (_test, edge, program, _) = publishing(&["sandbox"]).await;
    for hostile in [
        &b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..],
        b"<html>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\nbroken",
    ] {
        let refused = upload(&edge, &program, "kite.png", hostile).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], "bytes");
    }
    for (name, bytes) in [("kite.png", 0), ("kite.png", 104_857_601), ("a\nb.png", 10), ("", 10)] {
        let refused = begin(&edge, &program, name, bytes).await;
        assert!(
            matches!(refused.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT),
            "{name:?} {bytes}: {}",
            refused.text
        );
    }
    let place = format!("/api/v1/uploads/{}", begin(&edge, &program, "kite.png", 10).await.json()["id"].as_str().expect("an id"));
    let short = edge.put_bytes(&program, &format!("{place}/pieces/0"), b"short").await;
    assert_eq!(short.status, StatusCode::CONFLICT, "{}", short.text);
    assert_eq!(edge.put_bytes(&program, &format!("{place}/pieces/1"), b"0123456789").await.status, StatusCode::CONFLICT);
    assert_eq!(edge.put_bytes(&program, &format!("{place}/pieces/x"), b"0123456789").await.status, StatusCode::NOT_FOUND);
    let as_json = edge.send(&program, Method::PUT, &format!("{place}/pieces/0"), &[], Some("0123456789")).await;
    assert_eq!(as_json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = vec![0; desk::publishing::media::CHUNK_BYTES + 1];
    assert_eq!(edge.put_bytes(&program, &format!("{place}/pieces/0"), &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(edge.post(&program, &format!("{place}/finish"), &Value::Null).await.status, StatusCode::CONFLICT, "nothing came");
    assert_eq!(edge.send(&program, Method::DELETE, &place, &[], None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_the_files_of_others_by_id_or_digest() {
    let (test, edge, program, ids) = publishing(&["sandbox"]).await;
    let half_way = begin(&edge, &program, "kite.png", 10).await.json();
    let finished = upload(&edge, &program, "kite.png", &png(200)).await;
    let (digest, id) = (digest(&finished), finished.json()["id"].as_str().expect("an id").to_owned());
    let colleague = test.person_with(&[Given::Level(Level::NeedsApproval)]).await;
    let (_, other) = token(&test, &colleague, scopes(WRITING)).await;
    let half_way = format!("/api/v1/uploads/{}", half_way["id"].as_str().expect("an id"));
    for answer in [
        edge.get(&other, &format!("/api/v1/media/{digest}")).await,
        edge.get(&other, &format!("/api/v1/media/{digest}/bytes")).await,
        edge.put_bytes(&other, &format!("{half_way}/pieces/0"), b"0123456789").await,
        edge.post(&other, &format!("{half_way}/finish"), &Value::Null).await,
        edge.send(&other, Method::DELETE, &half_way, &[], None).await,
        edge.send(&other, Method::DELETE, &format!("/api/v1/uploads/{id}"), &[], None).await,
    ] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    }
    assert_eq!(edge.get(&other, "/api/v1/uploads").await.json()["total"], 0);
    let named = edge.post(&other, "/api/v1/posts", &post_with(ids[0], &json!([[{ "digest": digest, "alt": "x" }]]))).await;
    assert_eq!(named.status, StatusCode::CONFLICT, "naming it is no way to it: {}", named.text);
    assert_eq!(named.json()["errors"][0]["field"], "media");

    let stranger = test.person_with(&[]).await;
    let (_, stranger) = token(&test, &stranger, scopes(WRITING)).await;
    assert_eq!(begin(&edge, &stranger, "kite.png", 10).await.status, StatusCode::CONFLICT, "nowhere to post it");
    let (_, without) = token(&test, &colleague, scopes(&["posts:write"])).await;
    assert_eq!(begin(&edge, &without, "kite.png", 10).await.status, StatusCode::FORBIDDEN);
    assert_eq!(edge.get(&without, "/api/v1/uploads").await.status, StatusCode::FORBIDDEN);
    assert_eq!(edge.get(&As::Nobody, &format!("/api/v1/media/{digest}")).await.status, StatusCode::UNAUTHORIZED);
}
