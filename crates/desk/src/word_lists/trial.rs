//! Trying a list on what was captured before it is saved: what would be found, and what would be found no more.
//!
//! Invariants: only messages that the caller may read are looked at, the newest first, at most [`MESSAGES_MAX`] of them and for at most
//! [`TIME_MS_MAX`]; what is covered in a message stays covered in an example; that somebody tried, and how much was found, is on record
//! before it is answered, as a trial answers what a search would. Whoever goes away ends it: between two lots nothing runs on.

use std::{collections::BTreeSet, ops::Range};

use inspect::{Inspector, Message as Looked, Scratch};
use serde_json::{Map, json};

use super::{
    model::{ListForm, ListKind, WordList},
    rules,
    set::TERM_KIND,
    store,
};
use crate::{
    act::Object,
    actor::Actor,
    audit_log::Outcome,
    capture::{
        self, Finding, Message, StreamFilter,
        masking::{Cover, MASK, Piece, cut},
    },
    desk::Desk,
    error::{Error, Result},
    ids::{MessageId, WordListId},
    rights::{Operation, Target},
};

/// Messages that are looked at, at most: what a person may wait for in front of a form.
pub const MESSAGES_MAX: u32 = 5_000;
/// How long it may take; it says how far it came.
const TIME_MS_MAX: i64 = 5_000;
/// Messages of one lot.
const LOT: u32 = 200;
/// Examples that are shown of each.
const EXAMPLES_MAX: usize = 10;
/// Characters shown around an example.
const AROUND: usize = 60;

/// A place in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The message.
    pub message: MessageId,
    /// What stands before it, masked like every message.
    pub before: String,
    /// What was found, masked when it is covered.
    pub found: String,
    /// What stands after it, masked.
    pub after: String,
}

/// What a list would do to the newest messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    /// Messages that were looked at.
    pub messages: u64,
    /// Whether time ran out before as many were looked at as were asked for.
    pub cut: bool,
    /// Messages in which the saved list finds something, and in which this one does.
    pub messages_found: (u64, u64),
    /// Places that both find.
    pub same: u64,
    /// Places that only this one finds.
    pub added: u64,
    /// Places that only the saved one finds.
    pub removed: u64,
    /// Some of the added places.
    pub added_examples: Vec<Example>,
    /// Some of the removed places.
    pub removed_examples: Vec<Example>,
}

/// Tries a list, as it is typed, on the newest `messages` that the caller may read, beside the list `saved` as it stands.
///
/// # Errors
/// [`Error::Invalid`] as when it is saved.
pub async fn try_out(desk: &Desk, actor: &Actor, saved: Option<WordListId>, form: ListForm, messages: u32) -> Result<Trial> {
    desk.allow(actor, Operation::WordListTry, Target::Workspace).await?;
    let (form, before) = sides(desk, saved, form).await?;
    let (old, new) = (alone(before.as_ref().map(WordList::form).filter(|form| form.on).as_ref())?, alone(Some(&form))?);
    let mut comparison = Comparison { old, new, scratch: Scratch::new(), trial: Trial::default() };
    let (begun, wanted) = (desk.now(), u64::from(messages.clamp(1, MESSAGES_MAX)));
    let mut next = None;
    loop {
        let lot = capture::stream(desk, actor, &StreamFilter::default(), next, LOT).await?;
        let left = usize::try_from(wanted - comparison.trial.messages).unwrap_or(usize::MAX);
        let read = lot.messages;
        let done = tokio::task::spawn_blocking(move || {
            read.iter().take(left).for_each(|message| comparison.look(message));
            comparison
        });
        comparison = done.await.map_err(|error| Error::Internal(error.to_string()))?;
        next = lot.next;
        if next.is_none() || comparison.trial.messages >= wanted {
            break;
        }
        if desk.now().since_ms(begun) > TIME_MS_MAX {
            comparison.trial.cut = true;
            break;
        }
    }
    let trial = comparison.trial;
    note(desk, actor, saved, &form, &trial).await?;
    Ok(trial)
}

/// What is tried, and the list as it stands.
async fn sides(desk: &Desk, saved: Option<WordListId>, form: ListForm) -> Result<(ListForm, Option<WordList>)> {
    let Some(id) = saved else { return Ok((rules::checked(form)?, None)) };
    let mut reader = desk.db().read().await?;
    let list = store::get(&mut reader, id).await?.ok_or(Error::NotFound("word list"))?;
    Ok((rules::checked(ListForm { code: list.code.clone(), kind: list.kind, ..form })?, Some(list)))
}

async fn note(desk: &Desk, actor: &Actor, saved: Option<WordListId>, form: &ListForm, trial: &Trial) -> Result<()> {
    let object = saved.map_or(Object::all("word_list"), |id| Object::new("word_list", id));
    let mut details = Map::new();
    details.insert("text_digest".to_owned(), hex::encode(desk.digest(&form.text)).into());
    details.insert("messages".to_owned(), json!(trial.messages));
    details.insert("found".to_owned(), json!(trial.messages_found.1));
    desk.note(actor, Operation::WordListTry, object, Outcome::Done, details).await
}

/// An inspector with one list and nothing else.
fn alone(form: Option<&ListForm>) -> Result<Inspector> {
    let mut config = rules::lists_only();
    match form {
        None => {}
        Some(form) if form.kind == ListKind::Terms => config.lists.push(rules::term_list(&form.code, 1, &form.text)),
        Some(form) => config.custom = rules::kinds_in(&form.text).map_err(Error::Internal)?,
    }
    Inspector::compile(&config).map_err(|error| Error::Internal(error.to_string()))
}

/// Kind, first byte, one past the last.
type Place = (String, u32, u32);

struct Comparison {
    old: Inspector,
    new: Inspector,
    scratch: Scratch,
    trial: Trial,
}

impl Comparison {
    fn look(&mut self, message: &Message) {
        let before = places(&self.old, &message.text, &mut self.scratch);
        let after = places(&self.new, &message.text, &mut self.scratch);
        let trial = &mut self.trial;
        trial.messages += 1;
        trial.messages_found.0 += u64::from(!before.is_empty());
        trial.messages_found.1 += u64::from(!after.is_empty());
        let count = |places: &mut dyn Iterator<Item = &Place>, total: &mut u64, examples: &mut Vec<Example>| {
            for place in places {
                *total += 1;
                if examples.len() < EXAMPLES_MAX {
                    examples.push(example(message, place));
                }
            }
        };
        trial.same += after.intersection(&before).count() as u64;
        count(&mut after.difference(&before), &mut trial.added, &mut trial.added_examples);
        count(&mut before.difference(&after), &mut trial.removed, &mut trial.removed_examples);
    }
}

fn places(inspector: &Inspector, text: &str, scratch: &mut Scratch) -> BTreeSet<Place> {
    let report = inspector.inspect(&Looked::from_text(text), scratch);
    let place = |found: &inspect::Finding| (report.kind(found).to_owned(), found.start, found.end);
    report.findings().iter().map(place).collect()
}

/// The place among what stands around it, as a reader without the right to unmask sees it.
fn example(message: &Message, (kind, start, end): &Place) -> Example {
    let (start, end) = (*start as usize, *end as usize);
    // A number that only this company uses is covered like any other; a word of a list is not.
    let found = if kind == TERM_KIND { masked(message, start..end) } else { MASK.to_owned() };
    let before = masked(message, 0..start);
    let after = masked(message, end..message.text.len());
    Example { message: message.id, before: last(&before), found, after: after.chars().take(AROUND).collect() }
}

/// A stretch of a message's text with everything covered that is covered in the whole.
fn masked(message: &Message, stretch: Range<usize>) -> String {
    let inside = |at: i64| usize::try_from(at).unwrap_or(0).clamp(stretch.start, stretch.end) - stretch.start;
    let clipped = message.findings.iter().filter(|finding| finding.zone == "text" && finding.zone_part == 0).map(|finding| {
        let at = |at| i64::try_from(inside(at)).unwrap_or(i64::MAX);
        Finding { start: at(finding.start), end: at(finding.end), ..finding.clone() }
    });
    let clipped: Vec<_> = clipped.collect();
    let pieces = cut(&message.text[stretch.clone()], &clipped, "text", 0, Cover::Masked).into_iter();
    pieces
        .map(|piece| match piece {
            Piece::Plain(shown) | Piece::Found { shown, .. } => shown,
        })
        .collect()
}

fn last(text: &str) -> String {
    text.char_indices().rev().nth(AROUND - 1).map_or(text, |(at, _)| &text[at..]).to_owned()
}
