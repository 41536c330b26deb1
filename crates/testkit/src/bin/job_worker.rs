//! A worker process to be killed: it works on [`CrashJob`]s, which can end it from inside, until there are none.
//!
//! Arguments: a SQLite file or a PostgreSQL URL, and the number of the step to die at (0: do not die).
//! Prints a line when it begins to work, and ends by itself when no job waits or runs.

use std::{io::Write as _, path::Path, sync::Arc, time::Duration};

use desk::{
    Actor, Desk, DeskParts, SystemClock, SystemIds,
    db::{Db, DbOptions},
    jobs::{self, Registry, Worker, WorkerOptions},
    sealed::Sealer,
};
use testkit::{crash::CrashJob, desk::TEST_MASTER_KEY};
use tokio_util::sync::CancellationToken;

/// How often the process looks whether everything is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(place), Some(die_at_step)) = (arguments.next(), arguments.next().and_then(|step| step.parse().ok())) else {
        panic!("usage: job_worker <SQLite file or PostgreSQL URL> <step to die at, or 0>");
    };
    let db = if place.contains("://") {
        Db::open_postgres(&place, DbOptions::default()).await
    } else {
        Db::open_sqlite(Path::new(&place), DbOptions::default()).await
    };
    let desk = Desk::new(DeskParts {
        db: db.expect("the database opens"),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(&TEST_MASTER_KEY),
        public_url: "https://desk.example.test".to_owned(),
        mail: None,
    });
    let registry = Registry::new().with(CrashJob { die_at_step, ..CrashJob::default() });
    let worker = Worker::new(desk.clone(), registry, WorkerOptions::default());
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker.run(stop.clone()));
    std::io::stdout().write_all(b"working\n").expect("the test reads this line");
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let counts = jobs::counts(&desk, &Actor::operator()).await.expect("counts");
        if counts.iter().all(|kind| kind.queued + kind.running == 0) {
            break;
        }
    }
    stop.cancel();
    working.await.expect("the worker ends without a panic");
}
