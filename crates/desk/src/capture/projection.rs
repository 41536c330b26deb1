//! From recorded events to rows: the messages are a projection of the ledger, and this is the one place that makes it.
//!
//! Invariant: projecting the same entries in the order of the ledger gives the same rows, whether they come straight from a network or
//! are read back from the record after a crash. Decisions about a message are [`super::rules`]'; SQL is the store's.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use networks::event::{Content, Membership, Party, PlaceKind, What};
use serde::Serialize;

use super::{
    examine::Examined,
    record::Recorded,
    rules::{self, Says, Standing, Step},
    store::{projection as store, rows::Rows, streams},
};
use crate::{
    db::{Tx, Value},
    error::Result,
    ids::{ImportId, MessageId, PartyId, PlaceId, ProfileId},
};

/// The party of a reaction that nobody is named for.
const NOBODY: PartyId = PartyId(uuid::Uuid::nil());

/// A recorded event with what was found in it.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) recorded: Recorded,
    pub(crate) examined: Examined,
}

/// What is known of a message before a lot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Existing {
    pub(crate) number: i64,
    pub(crate) place: PlaceId,
    pub(crate) party: Option<PartyId>,
    pub(crate) posted_at_ms: i64,
    pub(crate) standing: Standing,
}

/// What a message says, as it goes into its row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) subject: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) thread: Option<MessageId>,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) quotes: Option<MessageId>,
    pub(crate) mentions: Option<String>,
    pub(crate) links: Option<String>,
    pub(crate) permalink: Option<String>,
    pub(crate) attachments: i64,
    pub(crate) assessment: Option<Vec<u8>>,
}

/// A message as it will stand after a lot.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) existing: Option<i64>,
    pub(crate) id: MessageId,
    pub(crate) profile: ProfileId,
    pub(crate) native_id: String,
    pub(crate) place: PlaceId,
    pub(crate) party: Option<PartyId>,
    pub(crate) posted_at_ms: i64,
    pub(crate) captured_at_ms: i64,
    pub(crate) standing: Standing,
    /// What it says now, when a later entry than before says it.
    pub(crate) said: Option<Said>,
}

impl Draft {
    /// An edit or a deletion tells when the message was first posted: that counts as long as the post itself is not known.
    fn was_posted_at(&mut self, posted_at_ms: Option<i64>) {
        if let Some(posted_at_ms) = posted_at_ms.filter(|_| self.standing.first_entry.is_none()) {
            self.posted_at_ms = posted_at_ms;
        }
    }
}

/// Places and parties whose rows are known to be as the network last named them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    places: HashMap<PlaceId, (Option<String>, PlaceKind)>,
    parties: HashMap<PartyId, (Option<String>, Option<String>, bool)>,
}

/// Names remembered of each; more are forgotten all at once, which only costs writing them again.
const KNOWN_MAX: usize = 1 << 16;

/// What a lot wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Messages new or changed.
    pub(crate) messages: usize,
}

/// Writes a lot. What it learnt about names must only be kept when the transaction commits.
pub(crate) async fn write(
    tx: &mut Tx,
    profile: ProfileId,
    lot: Vec<Looked>,
    known: &Known,
    namer: &mut super::naming::Naming<'_>,
) -> Result<(Written, Known)> {
    let concerned: HashSet<MessageId> = lot.iter().filter(|looked| step_of(looked).is_some()).map(message_of).collect();
    let ids: Vec<_> = concerned.into_iter().collect();
    let mut projection = Projection::new(profile, store::existing(tx, &ids).await?, known);
    for looked in lot {
        projection.take(looked, namer);
    }
    projection.write(tx).await
}

fn step_of(looked: &Looked) -> Option<Step> {
    let event = &looked.recorded.named.event;
    rules::step(&event.what, &event.revision)
}

fn message_of(looked: &Looked) -> MessageId {
    looked.recorded.named.message
}

struct Projection<'k> {
    profile: ProfileId,
    known: &'k Known,
    learnt: Known,
    existing: HashMap<MessageId, Existing>,
    drafts: HashMap<MessageId, Draft>,
    order: Vec<MessageId>,
    /// Rows that hang on messages whose numbers are not there yet.
    hanging: Vec<Hanging>,
    reactions: HashMap<(MessageId, PartyId, String), (bool, i64, i64)>,
    place_events: Rows,
    places: HashMap<PlaceId, (String, Option<String>, PlaceKind)>,
    parties: HashMap<PartyId, Party>,
}

/// What hangs on one content or step of a message.
struct Hanging {
    message: MessageId,
    entry: i64,
    import: Option<ImportId>,
    revision: Option<[Value; 6]>,
    attachments: Vec<networks::event::Attachment>,
    findings: Vec<super::Finding>,
}

impl<'k> Projection<'k> {
    fn new(profile: ProfileId, existing: HashMap<MessageId, Existing>, known: &'k Known) -> Self {
        Self {
            profile,
            known,
            learnt: Known::default(),
            existing,
            drafts: HashMap::new(),
            order: Vec::new(),
            hanging: Vec::new(),
            reactions: HashMap::new(),
            place_events: store::place_event_rows(),
            places: HashMap::new(),
            parties: HashMap::new(),
        }
    }

    fn take(&mut self, looked: Looked, namer: &mut super::naming::Naming<'_>) {
        let Looked { recorded, examined } = looked;
        let Recorded { named, import, entry, captured_at_ms } = recorded;
        let super::record::Named { event, record, message, place, party } = named;
        let networks::Event { native_id, revision, what, source_time_ms, posted_at_ms, place: where_, by, .. } = event;
        self.learn_place(place, where_);
        let by_id = match (&what, party) {
            (What::Member { .. }, _) => by.as_ref().map(|by| namer.party(&by.native_id)),
            (_, party) => party,
        };
        if let (Some(id), Some(by)) = (by_id, by) {
            self.learn_party(id, by);
        }
        let at_ms = source_time_ms.unwrap_or(captured_at_ms);
        let step = rules::step(&what, &revision);
        match what {
            What::Posted(content) | What::Edited(content) => {
                let step = step.unwrap_or(Step::Edited);
                let draft = self.draft(message, native_id, place, at_ms, captured_at_ms);
                if draft.party.is_none() {
                    draft.party = party;
                }
                if step == Step::Posted {
                    draft.posted_at_ms = at_ms;
                    draft.place = place;
                } else {
                    draft.was_posted_at(posted_at_ms);
                }
                let says = draft.standing.take(step, at_ms, entry);
                let revision_row = (step != Step::Posted)
                    .then(|| revision_row(record, "edited", revision, party, source_time_ms, captured_at_ms));
                let Examined { findings, assessment, language } = examined;
                let mut content = *content;
                let attachments = std::mem::take(&mut content.attachments);
                if says == Says::Now {
                    let assessment = assessment.map(super::Assessment::bytes);
                    draft.said = Some(said(content, attachments.len(), language, assessment, namer));
                }
                self.hanging.push(Hanging { message, entry, import, revision: revision_row, attachments, findings });
            }
            What::Deleted => {
                let draft = self.draft(message, native_id, place, at_ms, captured_at_ms);
                draft.was_posted_at(posted_at_ms);
                draft.standing.take(Step::Deleted, at_ms, entry);
                let row = Some(revision_row(record, "deleted", revision, party, source_time_ms, captured_at_ms));
                self.hanging.push(Hanging {
                    message,
                    entry,
                    import,
                    revision: row,
                    attachments: Vec::new(),
                    findings: Vec::new(),
                });
            }
            What::Reacted { key, added } => {
                let slot = self.reactions.entry((message, party.unwrap_or(NOBODY), key)).or_insert((added, at_ms, entry));
                if at_ms >= slot.1 {
                    *slot = (added, at_ms, entry);
                }
            }
            What::Member { party: who, change } => {
                if let Some(id) = party {
                    self.learn_party(id, who);
                }
                self.happened(entry, place, party, "member", membership(change).to_owned(), source_time_ms, captured_at_ms);
            }
            What::PlaceChanged { change } => self.happened(entry, place, by_id, "place", change, source_time_ms, captured_at_ms),
            What::Other { name } => self.happened(entry, place, by_id, "other", name, source_time_ms, captured_at_ms),
        }
    }

    fn draft(&mut self, id: MessageId, native_id: String, place: PlaceId, at_ms: i64, captured_at_ms: i64) -> &mut Draft {
        match self.drafts.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.order.push(id);
                let known = self.existing.get(&id);
                entry.insert(Draft {
                    existing: known.map(|known| known.number),
                    id,
                    profile: self.profile,
                    native_id,
                    place: known.map_or(place, |known| known.place),
                    party: known.and_then(|known| known.party),
                    posted_at_ms: known.map_or(at_ms, |known| known.posted_at_ms),
                    captured_at_ms,
                    standing: known.map_or_else(Standing::default, |known| known.standing),
                    said: None,
                })
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row, each once")]
    fn happened(
        &mut self,
        entry: i64,
        place: PlaceId,
        party: Option<PartyId>,
        kind: &'static str,
        change: String,
        source_time_ms: Option<i64>,
        captured_at_ms: i64,
    ) {
        self.place_events.push([
            self.profile.into(),
            entry.into(),
            place.into(),
            party.into(),
            kind.into(),
            change.into(),
            source_time_ms.into(),
            captured_at_ms.into(),
        ]);
    }

    fn learn_place(&mut self, id: PlaceId, place: networks::event::Place) {
        let now = (place.name, place.kind);
        let known = self.learnt.places.get(&id).or_else(|| self.known.places.get(&id));
        if known.is_none_or(|known| *known != now) {
            self.places.insert(id, (place.native_id, now.0.clone(), now.1));
            self.learnt.places.insert(id, now);
        }
    }

    fn learn_party(&mut self, id: PartyId, party: Party) {
        let now = (party.handle.clone(), party.name.clone(), party.bot);
        let known = self.learnt.parties.get(&id).or_else(|| self.known.parties.get(&id));
        if known.is_none_or(|known| *known != now) {
            self.parties.insert(id, party);
            self.learnt.parties.insert(id, now);
        }
    }

    async fn write(mut self, tx: &mut Tx) -> Result<(Written, Known)> {
        self.write_names(tx).await?;
        std::mem::replace(&mut self.place_events, store::place_event_rows()).insert(tx).await?;
        let mut reactions = store::reaction_rows();
        for ((message, party, reaction), (added, at_ms, entry)) in std::mem::take(&mut self.reactions) {
            reactions.push([message.into(), party.into(), reaction.into(), added.into(), at_ms.into(), entry.into()]);
        }
        reactions.insert(tx).await?;
        let written = Written { messages: self.order.len() };
        let learnt = std::mem::take(&mut self.learnt);
        if written.messages > 0 {
            self.write_messages(tx).await?;
        }
        Ok((written, learnt))
    }

    async fn write_names(&mut self, tx: &mut Tx) -> Result<()> {
        let mut places = store::place_rows();
        for (id, (native_id, name, kind)) in std::mem::take(&mut self.places) {
            places.push([id.into(), self.profile.into(), native_id.into(), name.into(), place_kind(kind).into()]);
        }
        places.insert(tx).await?;
        let mut parties = store::party_rows();
        for (id, party) in std::mem::take(&mut self.parties) {
            let Party { native_id, handle, name, bot } = party;
            parties.push([id.into(), self.profile.into(), native_id.into(), handle.into(), name.into(), bot.into()]);
        }
        parties.insert(tx).await
    }

    async fn write_messages(self, tx: &mut Tx) -> Result<()> {
        let Self { profile, order, mut drafts, hanging, .. } = self;
        let first = streams::reserve(tx, order.len()).await?;
        let mut numbers = HashMap::with_capacity(order.len());
        let mut messages = store::message_rows();
        for (change, id) in (first..).zip(order) {
            let draft = drafts.remove(&id).expect("every message in order has a draft");
            if let Some(number) = draft.existing {
                numbers.insert(id, number);
                store::update(tx, draft, number, change).await?;
            } else {
                numbers.insert(id, change);
                messages.push(store::message_row(draft, change));
            }
        }
        messages.insert(tx).await?;
        write_hanging(tx, profile, hanging, &numbers).await
    }
}

async fn write_hanging(tx: &mut Tx, profile: ProfileId, hanging: Vec<Hanging>, numbers: &HashMap<MessageId, i64>) -> Result<()> {
    let (mut revisions, mut attachments, mut findings) =
        (store::revision_rows(), store::attachment_rows(), store::finding_rows());
    for Hanging { message, entry, import, revision, attachments: files, findings: found } in hanging {
        let number = numbers[&message];
        if let Some([record, kind, revision, party, source_time, captured]) = revision {
            revisions.push([number.into(), entry.into(), record, kind, revision, party, source_time, captured]);
        }
        for (part, file) in (0i64..).zip(files) {
            let state = if file.source.is_some() { "pending" } else { "named" };
            let bytes = file.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
            attachments.push([
                number.into(),
                entry.into(),
                part.into(),
                file.native_id.into(),
                file.file_name.into(),
                file.media_type.into(),
                bytes.into(),
                file.alt.into(),
                file.source.into(),
                state.into(),
                profile.into(),
                import.into(),
            ]);
        }
        for (part, finding) in (0i64..).zip(found) {
            findings.push([
                number.into(),
                entry.into(),
                part.into(),
                finding.kind.into(),
                finding.detector.into(),
                finding.version.into(),
                finding.level.into(),
                finding.score.into(),
                finding.zone.into(),
                finding.zone_part.into(),
                finding.start.into(),
                finding.end.into(),
            ]);
        }
    }
    revisions.insert(tx).await?;
    attachments.insert(tx).await?;
    findings.insert(tx).await
}

impl Known {
    /// Remembers what a committed lot learnt.
    pub(crate) fn keep(&mut self, learnt: Self) {
        if self.places.len() + learnt.places.len() > KNOWN_MAX {
            self.places.clear();
        }
        if self.parties.len() + learnt.parties.len() > KNOWN_MAX {
            self.parties.clear();
        }
        self.places.extend(learnt.places);
        self.parties.extend(learnt.parties);
    }
}

fn revision_row(
    record: uuid::Uuid,
    kind: &'static str,
    revision: String,
    party: Option<PartyId>,
    source_time_ms: Option<i64>,
    captured_at_ms: i64,
) -> [Value; 6] {
    [record.into_bytes().into(), kind.into(), revision.into(), party.into(), source_time_ms.into(), captured_at_ms.into()]
}

fn said(
    content: Content,
    attachments: usize,
    language: Option<&'static str>,
    assessment: Option<Vec<u8>>,
    namer: &mut super::naming::Naming<'_>,
) -> Said {
    let mut named = |native_id: Option<String>| native_id.map(|native_id| namer.message(&native_id));
    Said {
        thread: named(content.thread),
        reply_to: named(content.reply_to),
        quotes: named(content.quotes),
        text: content.text,
        subject: content.subject,
        language: content.language.or_else(|| language.map(str::to_owned)),
        mentions: list(&content.mentions),
        links: list(&content.links),
        permalink: content.permalink,
        attachments: i64::try_from(attachments).unwrap_or(i64::MAX),
        assessment,
    }
}

/// A list as JSON; nothing when it is empty.
fn list<T: Serialize>(items: &[T]) -> Option<String> {
    (!items.is_empty()).then(|| serde_json::to_string(items).expect("texts and numbers are JSON"))
}

fn membership(change: Membership) -> &'static str {
    match change {
        Membership::Joined => "joined",
        Membership::Left => "left",
        Membership::Removed => "removed",
        Membership::Invited => "invited",
        Membership::Banned => "banned",
        Membership::Followed => "followed",
        Membership::Unfollowed => "unfollowed",
    }
}

/// A kind of place as the database has it.
pub(crate) fn place_kind(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Public => "public",
        PlaceKind::Limited => "limited",
        PlaceKind::Workspace => "workspace",
        PlaceKind::Private => "private",
        PlaceKind::Direct => "direct",
    }
}
