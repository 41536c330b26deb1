//! A large workspace, written straight into the tables of a fresh data folder.

use std::path::Path;

use desk::{Actor, db::sql, people};
use testkit::{desk::desk_in, people::open_session};

/// Adds so many people and audit entries, and answers with the cookie of the owner's session.
pub(crate) async fn fill(data: &Path, rows: i64) -> String {
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
    desk.db().close().await;
    cookie
}
