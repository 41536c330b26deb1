//! A log of fresh records, exported at the C2SP paths, with proofs and bundles for some of them.

use ledger::bundle::{Bundle, Disclosed, Plaintext};
use ledger::checkpoint::Checkpoint;
use ledger::entry::{ENTRY_LEN, Entry, EntryKind};
use ledger::hash::Hash;
use ledger::ids::{RecordId, StreamId};
use ledger::keys::record::commitment;
use ledger::merkle::{Frontier, HashReader, inclusion_proof};
use ledger::note::{Note, Signer};
use ledger::proof::TlogProof;
use ledger::serve::{Answer, Published, answer, tile_paths};
use std::convert::Infallible;
use std::path::{Path, PathBuf};

pub const ORIGIN: &str = "log.example.test/records";
pub const RECORDS: u64 = 100_000;
/// Size of the checkpoint from which growth is proved: no power of two, not at a tile's border.
pub const OLD_SIZE: u64 = 61_803;

/// The log and where its files are.
pub struct Sample {
    pub folder: PathBuf,
    pub vkey: String,
    pub old: Note,
    log: Memory,
}

struct Memory {
    levels: Vec<Vec<Hash>>,
    entries: Vec<[u8; ENTRY_LEN]>,
    checkpoint: Note,
}

impl HashReader for Memory {
    type Error = Infallible;

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, Infallible> {
        let first = usize::try_from(first).expect("small");
        Ok(self.levels[usize::from(level)][first..first + count].to_vec())
    }
}

impl Published for Memory {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(Some(self.checkpoint.to_string().into_bytes()))
    }

    fn entries(&self, first: u64, count: usize) -> Result<Vec<[u8; ENTRY_LEN]>, Infallible> {
        let first = usize::try_from(first).expect("small");
        Ok(self.entries[first..first + count].to_vec())
    }
}

fn body_of(seq: u64) -> Vec<u8> {
    format!("{{\"text\":\"Grüße, record {seq}\"}}").into_bytes()
}

fn salt_of(seq: u64) -> [u8; 32] {
    ledger::hash::sha256(&seq.to_be_bytes())
}

fn entry(seq: u64) -> Entry {
    let body = body_of(seq);
    Entry {
        kind: EntryKind::Capture,
        flags: 0,
        body_len: u32::try_from(body.len()).expect("short"),
        seq,
        captured_at_ms: 1_790_000_000_000 + i64::try_from(seq).expect("small"),
        record_id: RecordId(ledger::hash::sha256(&body)[..16].try_into().expect("sixteen bytes")),
        stream_id: StreamId([2; 16]),
        stream_seq: seq,
        retention_class: 1,
        sealed_len: 99,
        segment: 0,
        slot: 0,
        refers_to: RecordId::NONE,
        commitment: commitment(&salt_of(seq), &body),
        sealed_sha256: [6; 32],
    }
}

impl Sample {
    /// Makes a log of `size` records and writes its public files below `folder`.
    pub fn write(folder: &Path, size: u64) -> Self {
        let signer = Signer::from_seed(ORIGIN, &[0x5a; 32]).expect("seed");
        let sign = |frontier: &Frontier| signer.sign(Checkpoint::new(ORIGIN, frontier.size(), frontier.root()).text());
        let mut frontier = Frontier::default();
        let (mut levels, mut entries, mut old) = (vec![Vec::new(); 8], Vec::new(), sign(&frontier));
        for seq in 0..size {
            let entry = entry(seq);
            entries.push(entry.encode());
            frontier.push(entry.leaf_hash(), |level, hash| {
                levels[usize::from(level)].push(hash);
            });
            if frontier.size() == OLD_SIZE {
                old = sign(&frontier);
            }
        }
        let log = Memory { levels, entries, checkpoint: sign(&frontier) };
        let sample = Self { folder: folder.join("log"), vkey: signer.verifier().to_string(), old, log };
        sample.export(size);
        sample
    }

    fn export(&self, size: u64) {
        for path in tile_paths(size).map(|tile| tile.to_string()).chain(["checkpoint".to_owned()]) {
            let Answer::Found(resource) = answer(&self.log, &path).expect("memory does not fail") else {
                panic!("{path} is not served");
            };
            let file = self.folder.join(&path);
            std::fs::create_dir_all(file.parent().expect("below the folder")).expect("a folder");
            std::fs::write(file, resource.bytes).expect("written");
        }
    }

    pub fn size(&self) -> u64 {
        self.log.entries.len() as u64
    }

    /// The bundle of one record with its plaintext.
    pub fn bundle(&self, seq: u64) -> Bundle {
        let proof = TlogProof {
            extra: Vec::new(),
            index: seq,
            hashes: inclusion_proof(&self.log, seq, self.size()).expect("memory does not fail"),
            checkpoint: self.log.checkpoint.clone(),
        };
        let plaintext = Plaintext { salt: salt_of(seq), body: body_of(seq) };
        let entry = self.log.entries[usize::try_from(seq).expect("small")];
        Bundle {
            record: Disclosed { entry, plaintext: Some(plaintext) },
            proof,
            removal: None,
            timestamps: Vec::new(),
            timestamps_left_out: Vec::new(),
        }
    }

    pub fn checkpoint(&self) -> &Note {
        &self.log.checkpoint
    }
}
