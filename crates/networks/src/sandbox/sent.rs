//! What was sent to the sandbox: it keeps it like a real network would, so that a repetition is recognised and a crash loses nothing.
//!
//! One file of JSON lines in the folder that the profile's settings name; without a folder it lasts as long as the process. Each
//! change is on disk before it is answered.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Class, NetworkError, Result},
    event::Event,
};

/// The most events one sandbox keeps: a demo's worth.
const KEPT_MAX: usize = 100_000;

static KEPT_IN: OnceLock<String> = OnceLock::new();

/// Keeps what is sent to every sandbox whose settings name no folder in this one, from now on, in this process. A folder is where the
/// data folder is, and that can move: it does not belong into the settings of a connection.
pub fn keep_in(folder: &Path) {
    // Whoever said it first is right: it is said once, at the start.
    let _ = KEPT_IN.set(folder.to_string_lossy().into_owned());
}

/// Where a sandbox keeps what is sent to it; nothing when it lasts as long as the process.
pub(super) fn folder_of(setting: Option<&String>) -> Option<String> {
    setting.or_else(|| KEPT_IN.get()).cloned()
}

/// One thing that we did on the sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The key of the attempt: the same key does the same thing once.
    pub(super) key: String,
    /// What it looks like from outside.
    pub(super) event: Event,
}

/// Everything done on one sandbox account.
#[derive(Debug, Default)]
pub(super) struct Sent {
    kept: Vec<Kept>,
    file: Option<PathBuf>,
}

impl Sent {
    /// Runs something with what was sent on an account; reads the file at the first time.
    pub(super) fn with<T>(folder: Option<&str>, account: &str, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        static ALL: OnceLock<Mutex<HashMap<(String, String), Sent>>> = OnceLock::new();
        let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = (folder.unwrap_or_default().to_owned(), account.to_owned());
        if !all.contains_key(&at) {
            let sent = match folder {
                Some(folder) => Self::read(&file_of(folder, account))?,
                None => Self::default(),
            };
            all.insert(at.clone(), sent);
        }
        work(all.get_mut(&at).expect("it was put there above"))
    }

    fn read(file: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(on_disk(file, &error)),
        };
        // A line that a crash cut short was never answered: it did not happen.
        let kept = text.lines().map_while(|line| serde_json::from_str(line).ok()).collect::<Vec<Kept>>();
        let whole: String = kept.iter().map(line_of).collect();
        if whole.len() < text.len() {
            std::fs::write(file, whole).map_err(|error| on_disk(file, &error))?;
        }
        Ok(Self { kept, file: Some(file.to_owned()) })
    }

    /// Everything from a number on.
    pub(super) fn since(&self, from: usize) -> &[Kept] {
        self.kept.get(from..).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// What was done under a key.
    pub(super) fn by_key(&self, key: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.key == key)
    }

    /// What happened to a message, oldest first.
    pub(super) fn of<'a>(&'a self, native_id: &'a str) -> impl Iterator<Item = &'a Kept> {
        self.kept.iter().filter(move |kept| kept.event.native_id == native_id)
    }

    /// Keeps one more, on disk first.
    pub(super) fn keep(&mut self, kept: Kept) -> Result<()> {
        if self.kept.len() >= KEPT_MAX {
            return Err(NetworkError::new(
                Class::RefusedContent,
                format!("the sandbox holds {KEPT_MAX} posts and takes no more"),
            ));
        }
        if let Some(file) = &self.file {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|error| on_disk(file, &error))?;
            }
            let mut open = OpenOptions::new().create(true).append(true).open(file).map_err(|error| on_disk(file, &error))?;
            open.write_all(line_of(&kept).as_bytes()).and_then(|()| open.sync_data()).map_err(|error| on_disk(file, &error))?;
        }
        self.kept.push(kept);
        Ok(())
    }
}

fn line_of(kept: &Kept) -> String {
    let mut line = serde_json::to_string(kept).expect("an event is plain data");
    line.push('\n');
    line
}

fn file_of(folder: &str, account: &str) -> PathBuf {
    let name: String = account.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Path::new(folder).join(format!("{name}.jsonl"))
}

fn on_disk(file: &Path, error: &std::io::Error) -> NetworkError {
    NetworkError::retry(format!("the sandbox cannot use its file {}: {error}", file.display()))
}
