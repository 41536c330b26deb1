//! The disposable PostgreSQL databases, used as a store test uses them.

use sqlx::{Connection, PgConnection, Row};
use testkit::postgres::{self, Database};

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the URL is one the product can connect to")
}

async fn tables(connection: &mut PgConnection) -> i64 {
    let row = sqlx::query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetch_one(connection).await;
    row.expect("the catalogue can be read").get(0)
}

#[tokio::test]
async fn each_call_gives_an_empty_database_of_its_own() {
    let (first, second) = (postgres::url().expect("first"), postgres::url().expect("second"));
    assert_ne!(first, second);
    let mut one = connect(&first).await;
    sqlx::query("CREATE TABLE only_here (id BIGINT PRIMARY KEY)").execute(&mut one).await.expect("create");
    assert_eq!(tables(&mut one).await, 1);
    assert_eq!(tables(&mut connect(&second).await).await, 0);
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_while_connected_to() {
    let database = Database::create().expect("database");
    let url = database.url().to_owned();
    let mut connection = connect(&url).await;
    drop(database);
    assert!(sqlx::query("SELECT 1").execute(&mut connection).await.is_err(), "the connection was cut");
    let error = PgConnection::connect(&url).await.expect_err("no such database any more");
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[test]
fn many_at_once_share_one_server_and_never_a_name() {
    let threads: Vec<_> = (0..16).map(|_| std::thread::spawn(|| Database::create().expect("database"))).collect();
    let databases: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    let urls: std::collections::BTreeSet<_> = databases.iter().map(|database| database.url().to_owned()).collect();
    assert_eq!(urls.len(), databases.len());
    let servers: std::collections::BTreeSet<_> = urls.iter().map(|url| url.split_once('?').expect("has a query").1).collect();
    assert_eq!(servers.len(), 1, "{servers:?}");
}
