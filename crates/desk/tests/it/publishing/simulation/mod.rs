//! The simulation: a seeded world of posts, people and a network that fails in every way, in which the sender is killed at any await.
//!
//! Each step draws one thing that happens (somebody writes, edits, submits, approves, moves, cancels, pauses, resumes, is suspended; time
//! passes; the record ships or does not; the sender claims and works and is dropped after some polls) and then looks at everything with
//! pure functions ([`judge`]); [`mutants`] shows that these notice a sender without its rules. The same seed draws the same steps. Where exactly a
//! dropped future was depends on the database's thread, so a failing seed is shown with its last steps. `GATEPOST_SIMULATION_STEPS` and
//! `GATEPOST_SIMULATION_SEED` set length and seed.

mod acts;
mod draw;
mod judge;
mod mutants;
mod world;

use std::{io::Write as _, time::Instant};

use mutants::Mutation;
use world::World;

/// Steps of the short form.
const STEPS: u64 = 600;
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600_000;

/// What a world was like.
struct Figures {
    posts: usize,
    approved: usize,
    processes: u64,
    parts_there: u64,
    steps_a_second: f64,
}

/// A world from its beginning to its end.
///
/// # Errors
/// What is broken, and the last steps.
async fn simulate(seed: u64, steps: u64, mutation: Option<Mutation>) -> Result<Figures, String> {
    let mut world = World::new(seed, mutation).await;
    let begun = Instant::now();
    for step in 0..steps {
        world.step().await;
        if let Err(broken) = world.look().await {
            return Err(format!("seed {seed}, step {step}: {broken}\n{}", world.told()));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 steps")]
    let steps_a_second = steps as f64 / begun.elapsed().as_secs_f64();
    if let Err(broken) = world.finish().await {
        return Err(format!("seed {seed}, after {steps} steps: {broken}\n{}", world.told()));
    }
    let parts_there = world.network.there().len() as u64;
    Ok(Figures { posts: world.posts.len(), approved: world.approvals(), processes: world.nodes, parts_there, steps_a_second })
}

fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_nothing_is_there_twice_and_nothing_is_lost() {
    let steps = setting("GATEPOST_SIMULATION_STEPS").unwrap_or(STEPS);
    let seed = setting("GATEPOST_SIMULATION_SEED").unwrap_or(1);
    let Figures { posts, approved, processes, parts_there, steps_a_second } =
        simulate(seed, steps, None).await.unwrap_or_else(|broken| panic!("{broken}"));
    assert!(parts_there > steps / 30, "a simulation in which little is sent shows little: {parts_there} in {steps} steps");
    assert!(approved > 0, "a simulation without approvals shows nothing of them");
    // Shown by `make bench`; a test's output is kept when it passes as well.
    tell(&format!("{posts} posts, {approved} approvals, {processes} processes, {parts_there} parts there at the end"));
    tell(&format!("simulation: {steps} steps, seed {seed}: {steps_a_second:.0} steps/s"));
}
