//! A job that ends its own process with SIGKILL at a chosen step, and a place for the test that kills such processes from outside.
//!
//! The steps are: after the claim, with the effect written, after the commit and before the worker knows of it. What lies between
//! them, the commit itself included, is left to signals from outside.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use desk::jobs::{Attempt, Backoff, Completion, JobKind, Limits, Outcome};

use crate::jobs::write_effect;

/// Between two steps, so that a signal from outside finds the job in the middle of something.
const STEP_PAUSE: Duration = Duration::from_millis(2);

/// Writes one row, if it lives long enough.
#[derive(Debug, Default)]
pub struct CrashJob {
    /// The step of this process, over all its jobs, at which it dies; 0 for none.
    pub die_at_step: u64,
    /// Steps taken so far.
    pub steps: AtomicU64,
}

impl CrashJob {
    async fn step(&self) {
        let step = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if self.die_at_step != 0 && step >= self.die_at_step {
            let mut send = Command::new("sh");
            // Several jobs may get here at once; those whose process is already gone need not say so.
            send.args(["-c", "kill -9 \"$0\"", &std::process::id().to_string()]).stderr(Stdio::null());
            let sent = send.status();
            assert!(sent.is_ok(), "a shell is there to send the signal: {sent:?}");
            loop {
                std::thread::park();
            }
        }
        tokio::time::sleep(STEP_PAUSE).await;
    }
}

impl JobKind for CrashJob {
    const ID: &'static str = "test.crash";
    const TITLE: &'static str = "Write a row, or die";
    const DOCS: &'static str = "Writes one row into the table of effects, in a process that is killed again and again.";
    const LIMITS: Limits = Limits {
        // Each death costs an attempt, and this test is about deaths.
        attempts_max: 1_000,
        running_max: 64,
        // Short, so that the jobs of a dead process are soon free.
        lease_ms: 300,
        backoff: Backoff { first_ms: 10, longest_ms: 50 },
    };
    type Payload = ();

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        self.step().await;
        let mut tx = attempt.desk().db().begin().await?;
        write_effect(&mut tx, &attempt).await?;
        self.step().await;
        let done = completion.commit(tx).await;
        self.step().await;
        done
    }
}
