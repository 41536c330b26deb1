//! Word lists: what is looked for besides what the inspector knows, and what is never published. A list that is longer than a body of the
//! API may be is saved on its page.

use axum::{Json, response::Response};
use desk::{
    Error,
    ids::WordListId,
    word_lists::{self, Effect, Example, ListForm, ListKind, ListVersion, MESSAGES_MAX, Saved, Trial, WordList},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Refused, created,
    input::{Id, JsonBody, Line, Note, PathId, Revision, named},
};
use crate::{frame::Ctx, problem::Problem};

named! {
    /// What is written in a list.
    ListKindName of ListKind;
    /// What a finding of a list does.
    EffectName of Effect;
}

/// A list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WordListShape {
    /// The list.
    id: Id,
    /// Names it in findings, as `LISTED_TERM.code`.
    code: String,
    /// What people call it.
    name: String,
    /// What is written in it.
    kind: ListKindName,
    /// What a finding does.
    effect: EffectName,
    /// Whether it is in force.
    on: bool,
    /// Counts its changes; a change names the one that was seen.
    version: i64,
    /// Its lines; null in the list of lists.
    text: Option<String>,
    /// Who saved it; null for the desk itself.
    saved_by: Option<Id>,
    /// When.
    saved_ms: i64,
}

impl WordListShape {
    fn of(list: WordList) -> Self {
        Self {
            id: Id(list.id.0),
            code: list.code,
            name: list.name,
            kind: ListKindName(list.kind),
            effect: EffectName(list.effect),
            on: list.on,
            version: list.version,
            text: Some(list.text),
            saved_by: list.saved_by.map(|person| Id(person.0)),
            saved_ms: list.saved_at.0,
        }
    }
}

/// What a list said once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListVersionShape {
    /// The version.
    version: i64,
    /// What people called it.
    name: String,
    /// What a finding did.
    effect: EffectName,
    /// Whether it was in force.
    on: bool,
    /// Its lines.
    text: String,
    /// Who saved it; null for the desk itself.
    saved_by: Option<Id>,
    /// When.
    saved_ms: i64,
}

impl From<ListVersion> for ListVersionShape {
    fn from(kept: ListVersion) -> Self {
        Self {
            version: kept.version,
            name: kept.name,
            effect: EffectName(kept.effect),
            on: kept.on,
            text: kept.text,
            saved_by: kept.saved_by.map(|person| Id(person.0)),
            saved_ms: kept.saved_at.0,
        }
    }
}

/// A list about to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWordList {
    /// Small letters, digits and hyphens; it names the list in findings and never changes.
    code: Line<40>,
    /// What people call it.
    name: Line<80>,
    /// What is written in it.
    kind: ListKindName,
    /// What a finding does.
    effect: EffectName,
    /// Whether it is in force.
    on: bool,
    /// Its lines.
    text: Note<200000>,
}

/// What a list says from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedWordList {
    /// The version that was seen.
    revision: Revision,
    /// What people call it.
    name: Line<80>,
    /// What a finding does.
    effect: EffectName,
    /// Whether it is in force.
    on: bool,
    /// Its lines.
    text: Note<200000>,
}

/// A list to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriedWordList {
    /// The list it would take the place of; a new one when left out.
    #[serde(default)]
    list: Option<Id>,
    /// What is written in it; for a saved list, that one's kind counts.
    kind: ListKindName,
    /// Its lines.
    text: Note<200000>,
}

/// A place in a message, masked as the message is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExampleShape {
    /// The message.
    message: Id,
    /// What stands before it.
    before: String,
    /// What was found.
    found: String,
    /// What stands after it.
    after: String,
}

impl From<Example> for ExampleShape {
    fn from(example: Example) -> Self {
        let Example { message, before, found, after } = example;
        Self { message: Id(message.0), before, found, after }
    }
}

/// What a list would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialShape {
    /// Messages that were looked at, the newest that the caller may read.
    messages: u64,
    /// Whether time ran out before more were looked at.
    cut: bool,
    /// Messages in which the saved list finds something.
    messages_found_before: u64,
    /// Messages in which this one does.
    messages_found: u64,
    /// Places that both find.
    same: u64,
    /// Places that only this one finds.
    added: u64,
    /// Places that only the saved one finds.
    removed: u64,
    /// Some of the added places.
    added_examples: Vec<ExampleShape>,
    /// Some of the removed places.
    removed_examples: Vec<ExampleShape>,
}

impl From<Trial> for TrialShape {
    fn from(trial: Trial) -> Self {
        let shapes = |examples: Vec<Example>| examples.into_iter().map(ExampleShape::from).collect();
        Self {
            messages: trial.messages,
            cut: trial.cut,
            messages_found_before: trial.messages_found.0,
            messages_found: trial.messages_found.1,
            same: trial.same,
            added: trial.added,
            removed: trial.removed,
            added_examples: shapes(trial.added_examples),
            removed_examples: shapes(trial.removed_examples),
        }
    }
}

/// Every word list, without its lines
#[utoipa::path(get, path = "/api/v1/word-lists", tag = "word lists", responses((status = 200, body = [WordListShape])))]
pub(crate) async fn list(ctx: Ctx) -> Answer<Vec<WordListShape>> {
    let lists = word_lists::list(ctx.desk(), ctx.actor()).await?;
    Ok(Json(lists.into_iter().map(|list| WordListShape { text: None, ..WordListShape::of(list) }).collect()))
}

/// Save a new word list
#[utoipa::path(post, path = "/api/v1/word-lists", tag = "word lists", request_body = NewWordList, responses((status = 201, body = super::Created)))]
pub(crate) async fn create(ctx: Ctx, JsonBody(new): JsonBody<NewWordList>) -> Result<Response, Refused> {
    let NewWordList { code, name, kind, effect, on, text } = new;
    let form = ListForm { code: code.0, name: name.0, kind: kind.0, effect: effect.0, on, text: text.0 };
    Ok(created(word_lists::create(ctx.desk(), ctx.actor(), form).await?, Some("word-lists")))
}

/// A word list as it stands
#[utoipa::path(get, path = "/api/v1/word-lists/{id}", tag = "word lists", params(("id" = Id, Path, description = "The list.")), responses((status = 200, body = WordListShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<WordListId>) -> Answer<WordListShape> {
    Ok(Json(WordListShape::of(word_lists::get(ctx.desk(), ctx.actor(), id).await?)))
}

/// Change a word list, or switch it on or off
#[utoipa::path(put, path = "/api/v1/word-lists/{id}", tag = "word lists", params(("id" = Id, Path, description = "The list.")), request_body = ChangedWordList, responses((status = 200, body = WordListShape)))]
pub(crate) async fn change(
    ctx: Ctx,
    PathId(id): PathId<WordListId>,
    JsonBody(changed): JsonBody<ChangedWordList>,
) -> Answer<WordListShape> {
    let ChangedWordList { revision, name, effect, on, text } = changed;
    let form = ListForm { name: name.0, effect: effect.0, on, text: text.0, ..ListForm::default() };
    match word_lists::change(ctx.desk(), ctx.actor(), id, revision.0, form).await? {
        Saved::Done(_) => Ok(Json(WordListShape::of(word_lists::get(ctx.desk(), ctx.actor(), id).await?))),
        Saved::Conflict(theirs) => {
            let why = format!("somebody saved version {} meanwhile; read it, then repeat the change", theirs.version);
            Err(Problem::from(Error::Conflict(why)).into())
        }
    }
}

/// What a word list said, the newest version first
#[utoipa::path(get, path = "/api/v1/word-lists/{id}/versions", tag = "word lists", params(("id" = Id, Path, description = "The list.")), responses((status = 200, body = [ListVersionShape])))]
pub(crate) async fn versions(ctx: Ctx, PathId(id): PathId<WordListId>) -> Answer<Vec<ListVersionShape>> {
    let versions = word_lists::versions(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(versions.into_iter().map(ListVersionShape::from).collect()))
}

/// Try a word list on the newest messages that the caller may read; saves nothing
#[utoipa::path(post, path = "/api/v1/word-lists/try", tag = "word lists", request_body = TriedWordList, responses((status = 200, body = TrialShape)))]
pub(crate) async fn try_out(ctx: Ctx, JsonBody(tried): JsonBody<TriedWordList>) -> Answer<TrialShape> {
    let list = tried.list.map(|id| WordListId(id.0));
    let form = ListForm {
        code: "trial".to_owned(),
        name: "Trial".to_owned(),
        kind: tried.kind.0,
        text: tried.text.0,
        ..ListForm::default()
    };
    Ok(Json(word_lists::try_out(ctx.desk(), ctx.actor(), list, form, MESSAGES_MAX).await?.into()))
}
