//! Acting and viewing: the two ways from an [`Actor`] to the database.
//!
//! [`Desk::act`] decides, begins the transaction and hands out an [`Act`]; [`Act::commit`] refuses to end an act that recorded
//! nothing, writes the audit entries as the last statements of the same transaction, and then tells live readers.
//! [`Desk::view`] decides and hands out a reader; a sensitive reading is recorded before anything is read.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{
    actor::Actor,
    audit_log::{self, Entry, Outcome},
    db::{Reader, Tx},
    desk::{Desk, Topic},
    error::{Error, Refusal, Result},
    ids::Time,
    live,
    records::{self, RecordEntry},
    rights::{Access, Operation, Target, decide},
};

/// What an audit entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// The kind of thing, for example `person`.
    pub kind: &'static str,
    /// Which one.
    pub id: Option<Uuid>,
}

impl Object {
    /// One thing.
    pub fn new(kind: &'static str, id: impl Into<Uuid>) -> Self {
        Self { kind, id: Some(id.into()) }
    }

    /// A kind as a whole.
    pub fn all(kind: &'static str) -> Self {
        Self { kind, id: None }
    }
}

/// An allowed act in progress: a write transaction with its audit entries.
#[must_use = "an act that is not committed leaves nothing behind"]
pub struct Act<'d> {
    desk: &'d Desk,
    actor: &'d Actor,
    operation: Operation,
    now: Time,
    tx: Tx,
    entries: Vec<Entry>,
    on_record: Vec<RecordEntry>,
    topics: Vec<Topic>,
}

impl Desk {
    /// Decides, and begins the transaction of an act.
    ///
    /// # Errors
    /// [`Error::Refused`]; the refusal of a known caller is itself recorded.
    pub async fn act<'d>(&'d self, actor: &'d Actor, operation: Operation, target: Target) -> Result<Act<'d>> {
        let now = self.now();
        if let Err(refusal) = decide(actor, operation, target, now) {
            return Err(self.refused(actor, operation, target, refusal).await?);
        }
        let tx = self.db().begin().await?;
        Ok(Act { desk: self, actor, operation, now, tx, entries: Vec::new(), on_record: Vec::new(), topics: Vec::new() })
    }

    /// Decides, records a sensitive reading, and hands out a connection to read with.
    ///
    /// # Errors
    /// [`Error::Refused`], as for [`Desk::act`].
    pub async fn view(&self, actor: &Actor, operation: Operation, target: Target) -> Result<Reader> {
        self.allow(actor, operation, target).await?;
        if operation.access() == Access::SensitiveRead {
            self.note(actor, operation, Object::all(operation.area()), Outcome::Done, Map::new()).await?;
        }
        Ok(self.db().read().await?)
    }

    /// Decides alone. For a sensitive reading whose entry says what it found: the caller records it with [`Desk::note`] before it answers.
    ///
    /// # Errors
    /// [`Error::Refused`], as for [`Desk::act`].
    pub(crate) async fn allow(&self, actor: &Actor, operation: Operation, target: Target) -> Result<()> {
        match decide(actor, operation, target, self.now()) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refused(actor, operation, target, refusal).await?),
        }
    }

    /// Records something that changed nothing else: a sensitive reading, a failed attempt.
    pub async fn note(
        &self,
        actor: &Actor,
        operation: Operation,
        object: Object,
        outcome: Outcome,
        details: Map<String, Json>,
    ) -> Result<()> {
        let mut tx = self.db().begin().await?;
        let entry = Entry { act: operation.id(), object, outcome, before: None, after: None, details };
        audit_log::append(self, &mut tx, actor, self.now(), vec![entry]).await?;
        tx.commit().await?;
        self.announce(Topic::AuditLog);
        Ok(())
    }

    async fn refused(&self, actor: &Actor, operation: Operation, target: Target, refusal: Refusal) -> Result<Error> {
        // Being asked for a code is part of the way, not a refusal worth an entry; nor is a stranger's knock.
        let worth_an_entry = actor.person().is_some() && !matches!(refusal, Refusal::StepUpNeeded(_) | Refusal::SignInNeeded);
        if worth_an_entry {
            let object = match target {
                Target::Workspace => Object::all(operation.area()),
                Target::Profile(profile, _) => Object::new("profile", profile),
            };
            self.note(actor, operation, object, Outcome::Refused, Map::new()).await?;
        }
        Ok(Error::Refused(refusal))
    }
}

impl Act<'_> {
    /// The transaction.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// The moment of the act: one for everything it writes.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The desk.
    pub fn desk(&self) -> &Desk {
        self.desk
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// Records what is done to an object. Add digests and details to the answer.
    pub fn record(&mut self, object: Object) -> Recorded<'_> {
        self.record_as(self.operation, object)
    }

    /// Records a consequence of the act that has an operation of its own (ending sessions when a person is suspended).
    pub fn record_as(&mut self, operation: Operation, object: Object) -> Recorded<'_> {
        self.entries.push(Entry {
            act: operation.id(),
            object,
            outcome: Outcome::Done,
            before: None,
            after: None,
            details: Map::new(),
        });
        Recorded { desk: self.desk, entry: self.entries.last_mut().expect("an entry was just added") }
    }

    /// Puts something on record with the act: it reaches the ledger after the act is durable, in order and once.
    pub(crate) fn put_on_record(&mut self, entry: RecordEntry) {
        self.on_record.push(entry);
    }

    /// Tells live readers about a topic once the act is durable.
    pub fn announce(&mut self, topic: Topic) {
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
    }

    /// Makes the act and its audit entries durable.
    ///
    /// # Errors
    /// [`Error::Internal`] when nothing was recorded: an act without an entry does not happen.
    pub async fn commit(mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Err(Error::Internal(format!("{} recorded nothing, so it was not done", self.operation.id())));
        }
        let entries = std::mem::take(&mut self.entries);
        // The counters come last, the record's first: every act takes them in this order, so that none waits for another in a circle.
        records::append(self.desk, &mut self.tx, self.now, std::mem::take(&mut self.on_record)).await?;
        audit_log::append(self.desk, &mut self.tx, self.actor, self.now, entries).await?;
        self.announce(Topic::AuditLog);
        for &topic in &self.topics {
            live::notify(&mut self.tx, topic).await?;
        }
        self.tx.commit().await?;
        for topic in self.topics {
            self.desk.announce(topic);
        }
        Ok(())
    }
}

/// An audit entry being filled in. What was filled in counts at once; nothing has to be done with the answer.
pub struct Recorded<'e> {
    desk: &'e Desk,
    entry: &'e mut Entry,
}

#[expect(clippy::return_self_not_must_use, reason = "the entry is changed in place; the answer only allows more to be added")]
impl Recorded<'_> {
    /// The state before, as a keyed digest.
    pub fn before(self, state: &impl Serialize) -> Self {
        self.entry.before = Some(self.desk.digest(state));
        self
    }

    /// The state after, as a keyed digest.
    pub fn after(self, state: &impl Serialize) -> Self {
        self.entry.after = Some(self.desk.digest(state));
        self
    }

    /// A detail: ids, names of fields, counts. Never a secret, never a text that somebody may have to remove later.
    pub fn detail(self, name: &str, value: impl Into<Json>) -> Self {
        self.entry.details.insert(name.to_owned(), value.into());
        self
    }

    /// Another outcome than "done".
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.entry.outcome = outcome;
        self
    }
}
