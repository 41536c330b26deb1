//! Worker processes are killed with SIGKILL again and again, at every step of a job and at any moment between; in the end every
//! job's effect happened exactly once.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use desk::{Clock as _, Ids as _, SystemClock, db::sql, jobs::When};
use testkit::{
    SeededIds, TestDesk,
    crash::CrashJob,
    jobs::{create_effects, effects, enqueue_now},
    on_both,
};

/// Rounds of killing on each engine, two processes in each, when [`ROUNDS_VARIABLE`] says nothing.
const ROUNDS: u64 = 12;
/// Environment variable with another number of rounds, for `make faults`.
const ROUNDS_VARIABLE: &str = "GATEPOST_FAULT_ROUNDS";
/// What decides who is killed when, when [`SEED_VARIABLE`] says nothing.
const SEED: u64 = 20_260_302;
/// Environment variable with another seed.
const SEED_VARIABLE: &str = "GATEPOST_FAULT_SEED";
/// Jobs added before each round, so that there is always something to be killed at.
const JOBS_PER_ROUND: usize = 12;
/// Steps within which a process ends itself: each job has three, and four jobs run at once.
const STEPS_TO_DIE: u64 = 30;
/// Milliseconds within which a process is killed from outside.
const MS_TO_KILL: u64 = 60;
const SIGKILL: i32 = 9;

/// A worker process; ended with the test at the latest.
struct Process(Child);

impl Process {
    fn start(place: &str, die_at_step: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_job_worker"));
        command.arg(place).arg(die_at_step.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the worker starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("the worker speaks");
        assert!(line == "working\n" || line.is_empty(), "{line}");
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().expect("our own process can be killed");
    }

    fn ended(&mut self) -> ExitStatus {
        self.0.wait().expect("our own process can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended, except when the test failed.
        let _already_ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a whole number"))
}

fn place(test: &TestDesk) -> String {
    match test.sqlite_path() {
        Some(path) => path.display().to_string(),
        None => test.postgres_url().expect("one of the two").to_owned(),
    }
}

/// One round: a process that dies at a step of its own, and one that is killed from outside. Answers how many were killed.
fn round(place: &str, step: u64, delay_ms: u64) -> usize {
    let mut processes = [Process::start(place, step), Process::start(place, 0)];
    std::thread::sleep(Duration::from_millis(delay_ms));
    processes[1].kill();
    let how = processes.each_mut().map(Process::ended);
    for status in how {
        assert!(status.success() || status.signal() == Some(SIGKILL), "a worker failed by itself: {status}");
    }
    how.iter().filter(|status| status.signal() == Some(SIGKILL)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_happens_once_however_often_workers_are_killed() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        // The processes have the machine's clock.
        test.clock.set(SystemClock.now());
        let (rounds, chance) = (number(ROUNDS_VARIABLE, ROUNDS), SeededIds::new(number(SEED_VARIABLE, SEED)));
        let draw = |below: u64| {
            let mut bytes = [0; 8];
            chance.random(&mut bytes);
            u64::from_le_bytes(bytes) % below
        };
        let (mut ids, mut killed) = (Vec::new(), 0);
        for _ in 0..rounds {
            for _ in 0..JOBS_PER_ROUND {
                ids.push(enqueue_now::<CrashJob>(&test.desk, &(), When::default()).await.id());
            }
            let (place, step, delay_ms) = (place(&test), 1 + draw(STEPS_TO_DIE), draw(MS_TO_KILL));
            killed += tokio::task::spawn_blocking(move || round(&place, step, delay_ms)).await.expect("the round ends");
        }
        let place = place(&test);
        let last = tokio::task::spawn_blocking(move || Process::start(&place, 0).ended()).await.expect("it ends");
        assert!(last.success(), "the last worker does what is left: {last}");

        ids.sort();
        assert_eq!(effects(test.desk.db()).await, ids, "every job's effect, exactly once");
        assert!(killed as u64 >= rounds, "only {killed} processes were killed; the test did not test much");
        let mut reader = test.desk.db().read().await.expect("reads");
        let hit = sql("SELECT COUNT(*) AS n FROM jobs WHERE attempts > 1").one(&mut reader).await.expect("counts");
        let hit: i64 = hit.get("n").expect("a number");
        assert!(hit.unsigned_abs() >= rounds / 2, "only {hit} jobs were hit by a kill");
        let engine = test.desk.db().engine();
        println!("{engine:?}: {} jobs, {killed} processes killed, {hit} jobs hit, each effect once", ids.len());
    })
    .await;
}
