//! Live updates between processes: what an act announces on one node reaches the readers of every other.
//!
//! On PostgreSQL a transaction notifies the channel [`CHANNEL`] and every node listens; on SQLite there is one process and nothing
//! to do. Invariant: after a lost connection every topic is announced, because updates may have been missed; a reader that
//! looks again once too often is harmless, one that never looks again is not. Nothing but a topic's name is sent.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use crate::{
    db::{self, Db, Tx},
    desk::{Desk, Topic},
    jobs::Backoff,
};

/// The PostgreSQL channel.
pub const CHANNEL: &str = "gatepost";

/// Waits between attempts to reach the database again: quick after a blip, gentle to a server that is starting up.
const RECONNECT: Backoff = Backoff { first_ms: 200, longest_ms: 10_000 };

/// Tells other processes about a topic when the transaction commits. Several calls for one topic are one notification.
pub(crate) async fn notify(tx: &mut Tx, topic: Topic) -> db::Result<()> {
    tx.notify(CHANNEL, topic.id()).await
}

/// Passes on what other processes announce, until told to stop. Takes one connection of the pool for itself.
pub async fn listen(desk: &Desk, stop: &CancellationToken) {
    let Db::Postgres(pool) = desk.db().clone() else {
        return stop.cancelled().await;
    };
    let mut failures = 0;
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = hear(desk, &pool, &mut failures) => heard,
        };
        failures += 1;
        let wait_ms = RECONNECT.wait_ms(failures, desk.random());
        tracing::warn!(error = %heard, wait_ms, "live updates from other nodes are interrupted; trying again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(wait_ms.unsigned_abs())) => {}
        }
    }
}

/// Waits until a topic is announced in this process, or so much was that it may have been.
pub(crate) async fn told(updates: &mut Receiver<Topic>, topic: Topic) {
    loop {
        match updates.recv().await {
            Ok(told) if told == topic => return,
            Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Listens until something fails, and answers with what did.
async fn hear(desk: &Desk, pool: &sqlx::PgPool, failures: &mut i64) -> sqlx::Error {
    let mut listener = match PgListener::connect_with(pool).await {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    if let Err(error) = listener.listen(CHANNEL).await {
        return error;
    }
    loop {
        // Reached at the beginning and after each lost connection: both times updates may have been missed.
        *failures = 0;
        for &topic in Topic::ALL {
            desk.announce(topic);
        }
        loop {
            match listener.try_recv().await {
                Ok(Some(notification)) => {
                    // A topic this version does not know comes from a newer node and has no readers here.
                    if let Some(topic) = Topic::parse(notification.payload()) {
                        desk.announce(topic);
                    }
                }
                Ok(None) => break,
                Err(error) => return error,
            }
        }
    }
}
