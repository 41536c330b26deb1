//! Live updates between the nodes of one PostgreSQL.

use desk::{Desk, Topic, db::Engine, db::sql};
use testkit::{
    TestDesk, eventually,
    jobs::{Behaviour, RowJob, enqueue_now},
};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};
use tokio_util::sync::CancellationToken;

/// Whether the topic is among what was announced so far.
fn heard(live: &mut Receiver<Topic>, topic: Topic) -> bool {
    let mut found = false;
    loop {
        match live.try_recv() {
            Ok(announced) => found |= announced == topic,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return found,
            Err(TryRecvError::Lagged(_)) => {}
        }
    }
}

async fn run(desk: &Desk, statement: &'static str) {
    let mut tx = desk.db().begin().await.expect("begins");
    sql(statement).all(&mut tx).await.expect("runs");
    tx.commit().await.expect("commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_what_another_commits_also_after_its_connection_was_cut() {
    let test = TestDesk::on(Engine::Postgres).await;
    let listener = test.another_node(2).await;
    let stop = CancellationToken::new();
    let mut live = listener.live();
    let listening = tokio::spawn({
        let (listener, stop) = (listener.clone(), stop.clone());
        async move { desk::live::listen(&listener, &stop).await }
    });
    eventually("every topic once at the beginning", async || heard(&mut live, Topic::Workspace)).await;

    let mut tx = test.desk.db().begin().await.expect("begins");
    desk::jobs::enqueue::<RowJob>(&test.desk, &mut tx, &Behaviour::Succeed, desk::jobs::When::default()).await.expect("enqueues");
    drop(tx);
    enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, desk::jobs::When::default()).await;
    eventually("the other node's job", async || heard(&mut live, Topic::Jobs)).await;

    run(
        &test.desk,
        "SELECT CAST(pg_terminate_backend(pid) AS TEXT) AS cut FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .await;
    eventually("every topic once more after the connection was cut", async || heard(&mut live, Topic::Workspace)).await;
    run(&test.desk, "SELECT CAST(pg_notify('gatepost', 'profiles') AS TEXT) AS sent").await;
    eventually("what is said after that", async || heard(&mut live, Topic::Profiles)).await;
    run(&test.desk, "SELECT CAST(pg_notify('gatepost', 'a topic of a newer version') AS TEXT) AS sent").await;
    stop.cancel();
    listening.await.expect("it ends without a panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_has_nothing_to_listen_to() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let stop = CancellationToken::new();
    stop.cancel();
    desk::live::listen(&test.desk, &stop).await;
}
