//! Jobs: enqueued with their cause, done once, retried, given up, cancelled, scheduled, shared, handed back.

mod acts;
mod cuts;
mod life;
mod metrics;
mod operations;
mod sharing;

use desk::{
    Actor, Desk,
    ids::JobId,
    jobs::{self, Job},
};

async fn job(desk: &Desk, id: JobId) -> Job {
    jobs::find(desk, &Actor::operator(), id).await.expect("finds the job")
}

async fn running(desk: &Desk) -> i64 {
    let counts = jobs::counts(desk, &Actor::operator()).await.expect("counts");
    counts.iter().map(|kind| kind.running).sum()
}
