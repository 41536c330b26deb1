//! The embedded engine behind [`SearchIndex`]: one folder, one writer, any number of readers.
//!
//! A commit writes words and position in one step, so an index that was killed opens at its last commit and says from where to go on.
//! What a panic of the engine over broken files would tear down becomes [`SearchError::Damaged`]. Nothing here decides when to commit.

mod analyzers;
mod collect;
mod columns;
mod document;
mod excluded;
mod fields;
mod folder;
mod forget;
mod phrase;
pub(crate) mod plan;
mod rebuild;
mod writer;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
};

pub use rebuild::Rebuild;
use serde::{Deserialize, Serialize};
use tantivy::{Index, IndexReader, IndexSettings, ReloadPolicy, Searcher, TantivyError, directory::MmapDirectory, query::Query};

use self::{fields::Fields, plan::Sieve, writer::Writer};
use crate::{
    answer::Answer,
    error::SearchError,
    language::Language,
    message::{Change, Position, RecordId},
    port::{SearchIndex, Size},
    request::{Counting, Order, PageCursor, Place, RANKED_MAX, Request},
};

/// The format of the index: fields, words and stems. An index of another format is built again.
pub const FORMAT: u32 = 1;

/// How an index is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The language of messages whose source does not say, for their stems.
    pub fallback: Option<Language>,
    /// Memory for words that were taken in and not written yet, in bytes; the engine takes no less than 15 MB.
    pub memory_bytes: usize,
}

impl Default for Options {
    /// English where nothing is said; 48 MB, which with the buffers of a merge stays below 64.
    fn default() -> Self {
        Self { fallback: Some(Language::English), memory_bytes: 48_000_000 }
    }
}

/// What a commit carries besides words.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    position: Position,
}

/// The embedded index.
pub struct Embedded {
    /// The folder of the generation.
    path: PathBuf,
    index: Index,
    fields: Fields,
    reader: IndexReader,
    writer: Option<Mutex<Writer>>,
    committed: RwLock<Committed>,
}

/// What is known of the last commit.
struct Committed {
    position: Position,
    /// Languages whose stems are in it.
    languages: Vec<Language>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the index for writing; makes an empty one, at position 0, when there is none.
    ///
    /// # Errors
    /// [`SearchError::OtherFormat`] and [`SearchError::Damaged`] ask for a rebuild; [`SearchError::Busy`].
    pub fn open(folder: &Path, options: Options) -> Result<Self, SearchError> {
        let path = match folder::current(folder) {
            Ok(path) => path,
            Err(SearchError::Missing(_)) => return Self::create(folder, options),
            Err(error) => return Err(error),
        };
        let index = Self::at(&path, options, Access::Write)?;
        folder::remove_others(folder, &path)?;
        Ok(index)
    }

    /// Throws the index away, whatever it holds, and makes an empty one, at position 0.
    ///
    /// # Errors
    /// [`SearchError::Busy`]; the disk.
    pub fn create(folder: &Path, options: Options) -> Result<Self, SearchError> {
        let path = folder::unfinished(folder)?;
        std::fs::remove_dir_all(&path)?;
        std::fs::create_dir_all(&path)?;
        let index = Self::at(&path, options, Access::Write)?;
        folder::put_in_use(folder, &path)?;
        Ok(index)
    }

    /// Opens the index for reading, beside a process that writes it. Sees what is committed now.
    ///
    /// # Errors
    /// [`SearchError::Missing`], [`SearchError::OtherFormat`], [`SearchError::Damaged`].
    pub fn open_read_only(folder: &Path) -> Result<Self, SearchError> {
        Self::at(&folder::current(folder)?, Options::default(), Access::Read)
    }

    fn at(path: &Path, options: Options, access: Access) -> Result<Self, SearchError> {
        let (schema, fields) = Fields::schema();
        let directory = MmapDirectory::open(path).map_err(|error| SearchError::Damaged { what: error.to_string() })?;
        let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let open = || -> tantivy::Result<(Index, IndexReader)> {
            let index = Index::builder().schema(schema).settings(settings).open_or_create(directory)?;
            analyzers::register(&index);
            let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
            Ok((index, reader))
        };
        let (index, reader) = guarded(open)?;
        let writer = match access {
            Access::Write => Some(Mutex::new(Writer::open(&index, fields, options)?)),
            Access::Read => None,
        };
        let committed = RwLock::new(Committed { position: Position(0), languages: Vec::new() });
        let opened = Self { path: path.to_owned(), index, fields, reader, writer, committed };
        opened.note_commit()?;
        if let Some(writer) = &opened.writer {
            lock(writer).resume(opened.position());
        }
        Ok(opened)
    }

    /// Waits until segments that are being merged are merged: before a measurement, or before the index is put away.
    ///
    /// # Errors
    /// When a merge fails; the index is as it was then.
    pub fn finish_merges(&self) -> Result<(), SearchError> {
        self.writer()?.without_merges(&self.index, |_| Ok(()))?;
        self.note_commit()
    }

    /// Reads what the last commit says about itself, and shows it to searches.
    fn note_commit(&self) -> Result<(), SearchError> {
        guarded(|| self.reader.reload())?;
        let meta = guarded(|| self.index.load_metas())?;
        let position = match meta.payload {
            Some(payload) => {
                serde_json::from_str::<Payload>(&payload)
                    .map_err(|error| SearchError::Damaged { what: format!("the position: {error}") })?
                    .position
            }
            None => Position(0),
        };
        let languages = guarded(|| self.languages(&self.reader.searcher()))?;
        *self.committed.write().unwrap_or_else(PoisonError::into_inner) = Committed { position, languages };
        Ok(())
    }

    fn languages(&self, searcher: &Searcher) -> tantivy::Result<Vec<Language>> {
        let mut there = Vec::new();
        for language in Language::ALL {
            let text = format!("{}{}", fields::STEMMED_AS, language.code());
            if searcher.doc_freq(&tantivy::Term::from_field_text(self.fields.language, &text))? > 0 {
                there.push(*language);
            }
        }
        Ok(there)
    }

    fn committed(&self) -> std::sync::RwLockReadGuard<'_, Committed> {
        self.committed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, SearchError> {
        self.writer.as_ref().map(lock).ok_or(SearchError::ReadOnly)
    }

    fn answer(&self, request: &Request) -> Result<Answer, SearchError> {
        let (position, languages) = {
            let committed = self.committed();
            (committed.position, committed.languages.clone())
        };
        let searcher = self.reader.searcher();
        let (query, sieve) = plan::plan(request.query.clause(), &request.scope, &self.fields, &languages);
        let mark = request.mark();
        if request.after.is_some_and(|cursor| cursor.of != mark) {
            return Err(SearchError::ForeignPage);
        }
        // Without a word to look for all matches are alike, and the newest are first.
        let mut answer = match request.order {
            Order::Relevance if request.query.ranks() => ranked(&searcher, query.as_ref(), &sieve, request, mark)?,
            Order::Relevance | Order::Newest => by_time(&searcher, query.as_ref(), &sieve, request, mark)?,
        };
        answer.position = position;
        Ok(answer)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn ranked(searcher: &Searcher, query: &dyn Query, sieve: &Sieve, request: &Request, mark: u32) -> Result<Answer, SearchError> {
    let skip = match request.after.map(|cursor| cursor.place) {
        None => 0,
        Some(Place::Ranked { seen }) => seen as usize,
        Some(Place::Newest { .. }) => return Err(SearchError::ForeignPage),
    };
    if skip + request.limit > RANKED_MAX {
        return Err(SearchError::TooFar { max: RANKED_MAX });
    }
    let mut hits = guarded(|| collect::best(searcher, query, sieve, skip, request.limit + 1))?;
    let seen = u32::try_from(skip + request.limit).unwrap_or(u32::MAX);
    let next = (hits.len() > request.limit).then_some(PageCursor { of: mark, place: Place::Ranked { seen } });
    hits.truncate(request.limit);
    let counted = match request.counting {
        Counting::Nothing => None,
        more => Some(guarded(|| collect::newest(searcher, query, sieve, None, 0, more))?),
    };
    let (total, counts) = counted.map_or((None, None), |counted| (Some(counted.total), counted.counts));
    Ok(Answer { hits, total, counts, next, position: Position(0) })
}

fn by_time(searcher: &Searcher, query: &dyn Query, sieve: &Sieve, request: &Request, mark: u32) -> Result<Answer, SearchError> {
    let after = match request.after.map(|cursor| cursor.place) {
        None => None,
        Some(Place::Newest { time_ms, id }) => Some((time_ms, id)),
        Some(Place::Ranked { .. }) => return Err(SearchError::ForeignPage),
    };
    let found = guarded(|| collect::newest(searcher, query, sieve, after, request.limit + 1, request.counting))?;
    let mut hits = found.hits;
    let has_more = hits.len() > request.limit;
    hits.truncate(request.limit);
    let last = hits.last().filter(|_| has_more);
    let next = last.map(|hit| PageCursor { of: mark, place: Place::Newest { time_ms: hit.time_ms, id: hit.id } });
    Ok(Answer { hits, total: Some(found.total), counts: found.counts, next, position: Position(0) })
}

impl SearchIndex for Embedded {
    fn search(&self, request: &Request) -> Result<Answer, SearchError> {
        self.answer(request)
    }

    fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), SearchError> {
        let mut writer = self.writer()?;
        let done = writer.apply(changes, position);
        self.settle(&mut writer, done)?;
        if !writer.is_full() {
            return Ok(());
        }
        let done = writer.commit();
        self.settle(&mut writer, done)?;
        self.note_commit()
    }

    fn commit(&self) -> Result<(), SearchError> {
        let mut writer = self.writer()?;
        let done = writer.commit();
        self.settle(&mut writer, done)?;
        self.note_commit()
    }

    fn position(&self) -> Position {
        self.committed().position
    }

    fn forget(&self, ids: &[RecordId]) -> Result<(), SearchError> {
        let mut writer = self.writer()?;
        let done = writer.remove_all(ids);
        self.settle(&mut writer, done)?;
        self.note_commit()?;
        forget::rewrite(self, &mut writer)
    }

    fn verify(&self) -> Result<(), SearchError> {
        let mut broken: Vec<String> =
            guarded(|| self.index.validate_checksum())?.iter().map(|path| path.display().to_string()).collect();
        broken.sort_unstable();
        if broken.is_empty() { Ok(()) } else { Err(SearchError::Damaged { what: format!("checksum of {}", broken.join(", ")) }) }
    }

    fn size(&self) -> Result<Size, SearchError> {
        let searcher = self.reader.searcher();
        Ok(Size { messages: searcher.num_docs(), bytes: folder::bytes(&self.path)?, segments: searcher.segment_readers().len() })
    }
}

impl Embedded {
    /// After a failed write: back to the last commit, from where the caller goes on.
    fn settle(&self, writer: &mut Writer, done: Result<(), SearchError>) -> Result<(), SearchError> {
        if matches!(done, Err(SearchError::Io(_) | SearchError::Damaged { .. })) {
            writer.roll_back(&self.index, self.position())?;
        }
        done
    }
}

fn lock(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    // A panic while writing left nothing half done that a roll back does not undo.
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a call into the engine: broken files make it fail or panic, and either is damage.
fn guarded<T>(call: impl FnOnce() -> tantivy::Result<T>) -> Result<T, SearchError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error_of(error)),
        Err(_) => Err(SearchError::Damaged { what: "its files cannot be read".to_owned() }),
    }
}

fn error_of(error: TantivyError) -> SearchError {
    match error {
        TantivyError::IoError(error) if error.kind() != std::io::ErrorKind::InvalidData => {
            SearchError::Io(std::io::Error::new(error.kind(), error.to_string()))
        }
        TantivyError::LockFailure(..) => SearchError::Busy,
        other => SearchError::Damaged { what: other.to_string() },
    }
}
