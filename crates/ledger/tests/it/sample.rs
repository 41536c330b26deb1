//! A log of fresh records by the engine itself, exported at the C2SP paths.

use crate::loopback::Loopback;
use crate::workload::{self, create, entry, environment, master, options, record_id};
use ledger::bundle::{Bundle, Disclosure};
use ledger::engine::{Ledger, Options, Reader};
use ledger::governance::erasure::Target;
use ledger::governance::{Removals, Responsible};
use ledger::io::RealDisk;
use ledger::note::Note;
use ledger::serve::{Answer, PublicLog, answer, tile_paths};
use ledger::timestamp::Authorities;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const RECORDS: u64 = 100_000;
/// Size of the checkpoint from which growth is proved: no power of two, not at a tile's border.
pub const OLD_SIZE: u64 = 61_803;
/// Records handed over at once.
const GROUP: u64 = 1000;

/// The log and where its files are.
pub struct Sample {
    pub folder: PathBuf,
    pub vkey: String,
    pub old: Note,
    ledger: Ledger,
    reader: Reader,
}

impl Sample {
    /// Appends `size` records and writes the public files below `folder`.
    pub fn write(folder: &Path, size: u64) -> Self {
        let root = folder.join("ledger");
        let (environment, _clock) = environment(Arc::new(RealDisk), 1);
        create(&environment, &root);
        let options = Options { checkpoint_entries: 1 << 16, ..options() };
        let ledger = Ledger::open(environment, &root, &master(), options).expect("opens");
        let old_size = if size > OLD_SIZE { OLD_SIZE } else { size / 2 };
        append(&ledger, 0, old_size);
        ledger.checkpoint_now().expect("signs");
        let reader = ledger.reader();
        let (_, old) = reader.checkpoint().expect("readable").expect("signed");
        append(&ledger, old_size, size);
        ledger.checkpoint_now().expect("signs");
        let vkey = reader.verifiers().expect("readable")[0].to_string();
        let sample = Self { folder: folder.join("log"), vkey, old, ledger, reader };
        sample.export(size);
        sample
    }

    fn export(&self, size: u64) {
        for path in tile_paths(size).map(|tile| tile.to_string()).chain(["checkpoint".to_owned()]) {
            let Answer::Found(resource) = answer(&PublicLog(&self.reader), &path).expect("readable") else {
                panic!("{path} is not served");
            };
            let file = self.folder.join(&path);
            std::fs::create_dir_all(file.parent().expect("below the folder")).expect("a folder");
            std::fs::write(file, resource.bytes).expect("written");
        }
    }

    /// The bundle of one record with its plaintext.
    pub fn bundle(&self, seq: u64) -> Bundle {
        let removals = Removals::read(&self.reader).expect("readable");
        Bundle::of(&self.reader, &removals, seq, Disclosure::Content).expect("provable")
    }

    /// Appends a record with an attachment; its place.
    pub fn attach(&self, number: u64) -> u64 {
        let receipt = workload::append(&self.ledger, number).expect("accepted").wait().expect("durable");
        self.ledger.checkpoint_now().expect("signs");
        receipt.seq
    }

    /// Erases the person whom this record is about.
    pub fn erase_person_of(&self, seq: u64) {
        let responsible = Responsible {
            requested_by: "data protection officer".into(),
            approved_by: "archivist".into(),
            reason: "request for erasure".into(),
        };
        let person = entry(seq).subjects[0];
        self.ledger.erase(&Target::Subject(person), &responsible, &master()).expect("erased");
        self.ledger.checkpoint_now().expect("signs");
    }

    pub fn checkpoint(&self) -> Note {
        self.reader.checkpoint().expect("readable").expect("signed").1
    }

    /// Asks the authorities for stamps over everything so far; the bundles made afterwards carry them.
    pub fn anchor(&self, authorities: &Authorities) {
        let (checkpoint, note) = self.reader.checkpoint().expect("readable").expect("signed");
        for (authority, stamp) in authorities.stamp_all(&Loopback, note.text.as_bytes(), || [1; 16]) {
            let stamp = stamp.unwrap_or_else(|error| panic!("{authority}: {error}"));
            let store = self.reader.store();
            store.put_anchor(checkpoint.size, "note", note.to_string().as_bytes()).expect("kept");
            store.put_anchor(checkpoint.size, &format!("{authority}.tsr"), &stamp.response).expect("kept");
        }
        // What follows moves the newest checkpoint on: the stamped one must still be the one in the bundles.
        append(&self.ledger, RECORDS + 1, RECORDS + 2);
        self.ledger.checkpoint_now().expect("signs");
    }
}

fn append(ledger: &Ledger, from: u64, to: u64) {
    for first in (from..to).step_by(usize::try_from(GROUP).expect("small")) {
        let entries = (first..to.min(first + GROUP)).map(entry).collect();
        for pending in ledger.append_batch(entries).expect("accepted") {
            let receipt = pending.wait().expect("durable");
            assert!(!receipt.repeated);
        }
    }
    assert!(ledger.reader().find(record_id(to - 1)).expect("readable").is_some());
}
