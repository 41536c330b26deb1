//! What a child process prints, collected line by line while it runs, so that a full pipe never stops it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{KEPT_LINES_MAX, LOOK_EVERY};

/// Emptying a pipe of 64 KiB takes far less; a pipe that is open for longer is open for someone else.
const SETTLING_MAX: Duration = Duration::from_secs(2);

/// Shared between the process and the threads that read its pipes. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    lines: Arc<Mutex<VecDeque<String>>>,
    readers: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Said {
    /// Collects lines until the pipe is closed by everyone who holds its other end.
    pub(super) fn listen_to(&self, pipe: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.lines);
        let reader = std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                let mut kept = lock(&lines);
                if kept.len() == KEPT_LINES_MAX {
                    kept.pop_front();
                }
                kept.push_back(text);
                line.clear();
            }
        });
        lock(&self.readers).push(reader);
    }

    /// After the process has ended: waits for what is still in its pipes, but not for a child of its own that holds them open.
    pub(super) fn settle(&self) {
        let readers = lock(&self.readers);
        let start = Instant::now();
        while start.elapsed() < SETTLING_MAX && !readers.iter().all(JoinHandle::is_finished) {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    pub(super) fn line_with(&self, text: &str) -> Option<String> {
        lock(&self.lines).iter().find(|line| line.contains(text)).cloned()
    }

    pub(super) fn all(&self) -> String {
        lock(&self.lines).iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}
