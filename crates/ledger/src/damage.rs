//! What can be wrong with stored data, by class: the words that `verify`, `scrub` and opening use.
//!
//! Invariant: damage is reported, never repaired in silence. Nothing here looks at data.

use std::fmt;

macro_rules! damage {
    ($($(#[$doc:meta])* $name:ident = $label:literal, $advice:literal;)*) => {
        /// A class of damage.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DamageClass { $($(#[$doc])* $name,)* }

        impl DamageClass {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in JSON and on the command line.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

damage! {
    /// An entry's bytes do not hash to the leaf in the tree.
    EntryAltered = "entry-altered", "restore the entries file from a backup; proofs made before still show the original";
    /// Entries are missing below a signed checkpoint.
    EntryMissing = "entry-missing", "restore the data folder from a backup taken after the checkpoint";
    /// The stored tree does not lead to a signed root.
    TreeAltered = "tree-altered", "restore the tiles from a backup; if entries are whole the tree can be computed again";
    /// A checkpoint does not verify, or two of them contradict each other.
    CheckpointAltered = "checkpoint-altered", "compare with exported checkpoints and timestamps, then restore from a backup";
    /// A sealed body does not match the hash in its entry.
    BodyAltered = "body-altered", "restore the segment from a backup";
    /// A body is gone and no tombstone says why.
    BodyMissing = "body-missing", "restore the segment from a backup; without one this is a violation to report";
    /// An attachment is gone and no tombstone says why.
    BlobMissing = "blob-missing", "restore `blobs/` from a backup; without one this is a violation to report";
    /// An attachment's bytes are not those that its record names.
    BlobAltered = "blob-altered", "restore the file in `blobs/` from a backup";
    /// A body's plaintext does not match its commitment.
    CommitmentWrong = "commitment-wrong", "the keystore and the segment do not belong together: restore both from one backup";
    /// Numbers or times do not follow each other.
    SequenceBroken = "sequence-broken", "the log was written by a faulty or altered program: keep it and report it";
    /// The write-ahead ring lost a batch that had been acknowledged.
    RingDamaged = "ring-damaged", "keep the data folder as it is and restore from a backup";
    /// The low-water mark cannot be read.
    StateLost = "state-lost", "restore `wal/` from the newest backup";
    /// The keystore cannot be opened or does not belong to the log.
    KeystoreAltered = "keystore-altered", "restore `keys/` from a backup made after the last erasure, or use the escrow identity";
    /// A derived index disagrees with the entries.
    IndexWrong = "index-wrong", "remove `index/`: it is built again when the ledger is opened";
}

/// One finding: where, what class, and the details.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}{}: {detail}; {}", At(*seq), class.advice())]
pub struct Damage {
    /// The class.
    pub class: DamageClass,
    /// First entry concerned, when it is about one.
    pub seq: Option<u64>,
    /// What was seen.
    pub detail: String,
}

impl Damage {
    /// Damage that concerns no single entry.
    pub fn new(class: DamageClass, detail: impl Into<String>) -> Self {
        Self { class, seq: None, detail: detail.into() }
    }

    /// Damage at an entry.
    pub fn at(class: DamageClass, seq: u64, detail: impl Into<String>) -> Self {
        Self { class, seq: Some(seq), detail: detail.into() }
    }
}

struct At(Option<u64>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |seq| write!(f, " at entry {seq}"))
    }
}

impl fmt::Display for DamageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
