//! The database layer: the same statements on both engines, writers that queue, transactions that leave nothing when dropped.

use desk::db::{DbError, SchemaState, sql};
use testkit::on_both;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_reads_back_and_null_stays_null() {
    on_both(|test| async move {
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("INSERT INTO throttles (subject, failures, first_failure_at_ms, blocked_until_ms) VALUES ($1, $2, $3, $4)")
            .bind("someone")
            .bind(i64::MAX)
            .bind(i64::MIN)
            .bind(0i64)
            .execute(&mut tx)
            .await
            .expect("inserts");
        let row = sql(
            "SELECT subject, failures, first_failure_at_ms, CAST(NULL AS BIGINT) AS absent FROM throttles WHERE subject = $1",
        )
        .bind("someone")
        .one(&mut tx)
        .await
        .expect("finds");
        assert_eq!(row.get::<String>("subject").expect("text"), "someone");
        assert_eq!(row.get::<i64>("failures").expect("integer"), i64::MAX);
        assert_eq!(row.get::<i64>("first_failure_at_ms").expect("integer"), i64::MIN);
        assert_eq!(row.get::<Option<i64>>("absent").expect("null"), None);
        assert!(matches!(row.get::<u16>("failures"), Err(DbError::Corrupt { .. })), "out of range is told, not cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_leaves_nothing() {
    on_both(|test| async move {
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("UPDATE counters SET value = 7 WHERE name = $1").bind("audit_log").execute(&mut tx).await.expect("updates");
        drop(tx);
        let mut reader = test.desk.db().read().await.expect("reads");
        let row = sql("SELECT value FROM counters WHERE name = $1").bind("audit_log").one(&mut reader).await.expect("finds");
        assert_eq!(row.get::<i64>("value").expect("integer"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_queue_and_none_is_told_that_the_database_is_locked() {
    const WRITERS: i64 = 32;
    const WRITES_EACH: i64 = 20;
    on_both(|test| async move {
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..WRITERS {
            let db = test.desk.db().clone();
            writers.spawn(async move {
                for _ in 0..WRITES_EACH {
                    let mut tx = db.begin().await.expect("a writer gets its turn");
                    sql("UPDATE counters SET value = value + 1 WHERE name = $1")
                        .bind("audit_log")
                        .execute(&mut tx)
                        .await
                        .expect("a writer writes");
                    tx.commit().await.expect("a writer commits");
                }
            });
        }
        while let Some(done) = writers.join_next().await {
            done.expect("no writer fails");
        }
        let mut reader = test.desk.db().read().await.expect("reads");
        let row = sql("SELECT value FROM counters WHERE name = $1").bind("audit_log").one(&mut reader).await.expect("finds");
        assert_eq!(row.get::<i64>("value").expect("integer"), WRITERS * WRITES_EACH);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_embedded_database_cannot_write() {
    let test = testkit::TestDesk::on(desk::db::Engine::Sqlite).await;
    let mut reader = test.desk.db().read().await.expect("reads");
    let refused = sql("UPDATE counters SET value = 1").execute(&mut reader).await;
    assert!(matches!(refused, Err(DbError::Engine(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_knows_whether_it_fits() {
    on_both(|test| async move {
        assert_eq!(test.desk.db().schema_state().await.expect("reads"), SchemaState::Current);
        test.desk.db().migrate().await.expect("migrating again changes nothing");
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1").execute(&mut tx).await.expect("updates");
        tx.commit().await.expect("commits");
        assert_eq!(test.desk.db().schema_state().await.expect("reads"), SchemaState::Ahead(9000));
        assert!(
            matches!(test.desk.db().migrate().await, Err(DbError::Schema(_))),
            "an older program does not touch a newer schema"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_is_told_apart_from_other_failures() {
    on_both(|test| async move {
        let mut tx = test.desk.db().begin().await.expect("begins");
        let again = sql("INSERT INTO counters (name, value) VALUES ($1, 0)").bind("audit_log").execute(&mut tx).await;
        assert!(matches!(again, Err(DbError::Duplicate { .. })), "{again:?}");
    })
    .await;
}
