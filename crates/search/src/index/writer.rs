//! The one writer of an index: takes changes in, commits them with their position.

use tantivy::{
    Index, IndexWriter, Term,
    indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy},
};

use super::{Options, Payload, document::Indexed, error_of, fields::Fields, guarded};
use crate::{
    error::SearchError,
    message::{Change, Position, RecordId},
};

/// Segments are merged up to this many messages. Larger ones would make a search over ten million a little faster, and a merge (and
/// the removal of one message) much slower.
const MERGED_MESSAGES_MAX: usize = 2_500_000;
/// A segment with more than this share of removed messages is written anew.
const REMOVED_SHARE_MAX: f32 = 0.2;

/// Text taken in, in bytes, after which a commit is due by itself: the engine holds up to ten thousand messages with their words in its
/// queue, whatever their length, and a commit empties it. A hundred thousand chat messages are less than this.
const TAKEN_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) struct Writer {
    /// Nothing only while it is being replaced, and after that failed.
    engine: Option<IndexWriter<Indexed>>,
    fields: Fields,
    options: Options,
    taken: Position,
    /// Text taken in since the last commit.
    taken_bytes: usize,
}

impl Writer {
    pub(super) fn open(index: &Index, fields: Fields, options: Options) -> Result<Self, SearchError> {
        let engine = Some(open_engine(index, options)?);
        Ok(Self { engine, fields, options, taken: Position(0), taken_bytes: 0 })
    }

    pub(super) fn resume(&mut self, position: Position) {
        self.taken = position;
    }

    fn engine(&mut self) -> Result<&mut IndexWriter<Indexed>, SearchError> {
        self.engine.as_mut().ok_or_else(|| SearchError::Damaged { what: "its writer could not be opened again".to_owned() })
    }

    pub(super) fn apply(&mut self, changes: Vec<Change>, position: Position) -> Result<(), SearchError> {
        if position < self.taken {
            return Err(SearchError::Backwards { at: self.taken.0, asked: position.0 });
        }
        let (fields, fallback) = (self.fields, self.options.fallback);
        let mut bytes = self.taken_bytes;
        let engine = self.engine()?;
        for change in changes {
            if !matches!(change, Change::Add(_)) {
                engine.delete_term(id_term(fields, change.id()));
            }
            if let Change::Add(message) | Change::Replace(message) = change {
                bytes += message.text.len() + message.also.iter().map(String::len).sum::<usize>();
                engine.add_document(Indexed::new(&message, &fields, fallback)).map_err(error_of)?;
            }
        }
        self.taken = position;
        self.taken_bytes = bytes;
        Ok(())
    }

    /// Whether so much text was taken in that memory asks for a commit.
    pub(super) fn is_full(&self) -> bool {
        self.taken_bytes >= TAKEN_BYTES_MAX
    }

    pub(super) fn commit(&mut self) -> Result<(), SearchError> {
        let payload = serde_json::to_string(&Payload { position: self.taken }).map_err(std::io::Error::other)?;
        let engine = self.engine()?;
        guarded(|| {
            let mut prepared = engine.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()
        })?;
        self.taken_bytes = 0;
        Ok(())
    }

    /// Takes messages out and commits.
    pub(super) fn remove_all(&mut self, ids: &[RecordId]) -> Result<(), SearchError> {
        let fields = self.fields;
        let engine = self.engine()?;
        for id in ids {
            engine.delete_term(id_term(fields, *id));
        }
        self.commit()
    }

    /// Lets running merges end, then does something with a writer that starts none.
    pub(super) fn without_merges(
        &mut self,
        index: &Index,
        act: impl FnOnce(&mut IndexWriter<Indexed>) -> Result<(), SearchError>,
    ) -> Result<(), SearchError> {
        if let Some(engine) = self.engine.take() {
            engine.set_merge_policy(Box::new(NoMergePolicy));
            guarded(|| engine.wait_merging_threads())?;
        }
        let mut engine = open_engine(index, self.options)?;
        engine.set_merge_policy(Box::new(NoMergePolicy));
        let done = act(&mut engine);
        engine.set_merge_policy(Box::new(merge_policy()));
        self.engine = Some(engine);
        done
    }

    /// Forgets what was taken in since the last commit, with a new engine: the old one may be unusable.
    pub(super) fn roll_back(&mut self, index: &Index, position: Position) -> Result<(), SearchError> {
        // The old one must let go of the lock first.
        drop(self.engine.take());
        self.engine = Some(open_engine(index, self.options)?);
        self.taken = position;
        self.taken_bytes = 0;
        Ok(())
    }
}

fn id_term(fields: Fields, id: RecordId) -> Term {
    Term::from_field_bytes(fields.id, &id.0)
}

fn open_engine(index: &Index, options: Options) -> Result<IndexWriter<Indexed>, SearchError> {
    let threads = IndexWriterOptions::builder()
        .memory_budget_per_thread(options.memory_bytes)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build();
    let engine = guarded(|| index.writer_with_options(threads))?;
    engine.set_merge_policy(Box::new(merge_policy()));
    Ok(engine)
}

fn merge_policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_max_docs_before_merge(MERGED_MESSAGES_MAX);
    policy.set_del_docs_ratio_before_merge(REMOVED_SHARE_MAX);
    policy
}
