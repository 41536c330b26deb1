//! The record as somebody reads it beside a running server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use desk::records::AUDIT_STREAM;
use ledger::{
    engine::{Environment, Reader},
    keys::{keystore::Opener, master::LocalMasterKey},
    store::postgres::PgStore,
};
use testkit::process::Process;

use crate::program::Place;

/// Only a hang takes longer.
pub(crate) const WAIT_MAX: Duration = Duration::from_mins(1);

/// The key of a place's ledger.
pub(crate) fn master(place: &Place) -> LocalMasterKey {
    let text = std::fs::read_to_string(place.path("data/master.key")).expect("the key");
    let own: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
    LocalMasterKey::derive(&own.try_into().expect("32 bytes"))
}

/// Reads the ledger in a place's data folder.
pub(crate) struct Beside<'a>(pub(crate) &'a Place);

impl Beside<'_> {
    pub(crate) fn reader(&self) -> Reader {
        let master = master(self.0);
        Reader::open(&Environment::default(), &self.0.path("data/ledger"), Some(&Opener::Master(&master))).expect("it opens")
    }

    /// Waits until something is in the record.
    pub(crate) fn until<T>(&self, what: &str, server: &Process, look: impl Fn(&Reader) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(seen) = look(&self.reader()) {
                return seen;
            }
            assert!(begun.elapsed() < WAIT_MAX, "{what} did not get into the record; the server said:\n{}", server.said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn audit_entries(&self) -> u64 {
        self.reader().stream_len(AUDIT_STREAM).expect("readable")
    }
}

/// Reads the ledger in a database, with an index of its own in `folder`.
pub(crate) fn in_database(url: &str, folder: &std::path::Path, master: &LocalMasterKey) -> Reader {
    let store = Arc::new(PgStore::open_read_only(url, "record", None).expect("there is a ledger"));
    std::fs::create_dir_all(folder.join("index")).expect("a folder");
    Reader::open_in(&Environment::default(), folder, store, Some(&Opener::Master(master))).expect("it opens")
}
