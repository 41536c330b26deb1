//! The database goes away under a worker: connections are cut again and again, at any moment of a job, its commit included.

use std::sync::Arc;

use desk::{
    SystemClock,
    db::Engine,
    jobs::{Registry, When, Worker, WorkerOptions},
};
use sqlx::{Connection, PgConnection};
use testkit::{
    TestDesk,
    crash::CrashJob,
    eventually,
    jobs::{create_effects, enqueue_now},
};
use tokio_util::sync::CancellationToken;

const JOBS: usize = 80;
const CUTS: i64 = 12;

async fn number(connection: &mut PgConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(connection).await.expect("this connection is not cut")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_happens_once_however_often_connections_are_cut() {
    let test = TestDesk::on(Engine::Postgres).await;
    create_effects(test.desk.db()).await;
    test.clock.set(desk::Clock::now(&SystemClock));
    for _ in 0..JOBS {
        enqueue_now::<CrashJob>(&test.desk, &(), When::default()).await;
    }
    let node = test.another_node_with(2, Arc::new(SystemClock)).await;
    let mut outside = PgConnection::connect(test.postgres_url().expect("PostgreSQL")).await.expect("connects");
    let stop = CancellationToken::new();
    let worker = Worker::new(node, Registry::new().with(CrashJob::default()), WorkerOptions::default());
    let working = tokio::spawn(worker.run(stop.clone()));
    let mut cut = 0;
    for round in 1..=CUTS {
        // Each time some more work was done, so that the cuts fall on different jobs.
        let outside = tokio::sync::Mutex::new(&mut outside);
        eventually("more effects", async || {
            let done = number(&mut **outside.lock().await, "SELECT COUNT(*) FROM effects").await;
            done >= round * 4
        })
        .await;
        cut += number(
            &mut **outside.lock().await,
            "SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    }
    let outside = tokio::sync::Mutex::new(&mut outside);
    eventually("no job left", async || {
        let left = "SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')";
        number(&mut **outside.lock().await, left).await == 0
    })
    .await;
    stop.cancel();
    working.await.expect("the worker ends without a panic");
    let mut outside = outside.lock().await;
    assert!(cut >= CUTS, "only {cut} connections were cut");
    let jobs = i64::try_from(JOBS).expect("few");
    assert_eq!(number(&mut outside, "SELECT COUNT(*) FROM jobs WHERE state = 'done'").await, jobs);
    assert_eq!(number(&mut outside, "SELECT COUNT(*) FROM effects").await, jobs);
    assert_eq!(number(&mut outside, "SELECT COUNT(DISTINCT job_id) FROM effects").await, jobs);
}
