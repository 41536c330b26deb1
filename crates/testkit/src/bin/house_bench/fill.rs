//! A large workspace, written straight into the tables of a fresh data folder.

use std::path::Path;

use desk::{
    Actor, Desk, Time,
    db::sql,
    ids::PostId,
    people,
    profiles::{self, NewProfile},
    publishing::{self, Draft, Part, PostForm},
    sign_in,
};
use jiff::{Timestamp, tz::TimeZone};
use testkit::{desk::desk_in, people::open_session};

/// Posts within the present month: what a busy desk plans.
pub(crate) const POSTS: i64 = 2_000;

/// What was made, as far as it is asked for afterwards.
pub(crate) struct Filled {
    /// The cookie of the owner's session.
    pub(crate) cookie: String,
    /// A post that is open in the composer.
    pub(crate) post: PostId,
}

/// Adds so many people and audit entries, and the posts of a month.
pub(crate) async fn fill(data: &Path, rows: i64) -> Filled {
    let desk = desk_in(data).await;
    let owner = people::find_for_operator(&desk, &Actor::operator(), "owner@example.test").await.expect("reads");
    let owner = owner.expect("init made the owner").id;
    let (_, cookie) = open_session(&desk, owner).await;
    let now = desk.now();
    let mut tx = desk.db().begin().await.expect("begins");
    sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        INSERT INTO people (id, email, email_key, name, name_key, theme, letter_keys, state, created_at_ms, state_changed_at_ms)
        SELECT randomblob(16), 'person' || i || '@example.test', 'person' || i || '@example.test', 'Person Number ' || i,
            'person number ' || i, 'system', TRUE, 'active', $2, $2 FROM n")
    .bind(rows)
    .bind(now)
    .execute(&mut tx)
    .await
    .expect("people");
    // Renamed by the owner, one after the other.
    sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        INSERT INTO audit_entries (seq, id, at_ms, actor_kind, actor_id, address, act, object_kind, object_id, outcome,
            before_digest, after_digest, details)
        SELECT (SELECT value FROM counters WHERE name = 'audit_log') + i, randomblob(16), $2 + i, 'person', $3, '192.0.2.7',
            'people.change', 'person', randomblob(16), 'done', randomblob(32), randomblob(32), '{\"fields\":[\"name\"]}' FROM n")
    .bind(rows)
    .bind(now)
    .bind(owner)
    .execute(&mut tx)
    .await
    .expect("audit entries");
    sql("UPDATE counters SET value = value + $1 WHERE name = 'audit_log'")
        .bind(rows)
        .execute(&mut tx)
        .await
        .expect("the counter");
    tx.commit().await.expect("commits");
    let post = plan(&desk, &cookie).await;
    desk.db().close().await;
    Filled { cookie, post }
}

/// The posts of the present month on two profiles, written as the composer writes them; one of them.
async fn plan(desk: &Desk, cookie: &str) -> PostId {
    let owner = sign_in::resume(desk, cookie, None, "bench").await.expect("the session is open").actor;
    let mut draft = Draft::default();
    for (network, handle) in [("mastodon", "@bench@social.example.test"), ("bluesky", "bench.example.test")] {
        let (network, handle) = (network.to_owned(), handle.to_owned());
        let new = NewProfile { title: format!("Bench on {network}"), network, handle, group: None, protected: false };
        draft.targets.insert(profiles::add(desk, &Actor::desk("bench"), &new).await.expect("a profile"), None);
    }
    let today = Timestamp::from_millisecond(desk.now().0).expect("a moment").to_zoned(TimeZone::UTC);
    let first = today.first_of_month().expect("a day").start_of_day().expect("a moment").timestamp().as_millisecond();
    let days = i64::from(today.days_in_month());
    let mut last = None;
    for number in 0..POSTS {
        let text =
            format!("Post {number} of the month: what is new, what is on, and https://example.test/{number} to read more #bench");
        draft.common.parts = vec![Part { text, media: Vec::new() }];
        let form = PostForm {
            title: format!("Post {number}"),
            draft: draft.clone(),
            slot: Some(Time(first + number * days * 86_400_000 / POSTS)),
            zone: "UTC".to_owned(),
            ..PostForm::default()
        };
        last = Some(publishing::create(desk, &owner, &form).await.expect("a post"));
    }
    last.expect("there are posts")
}
