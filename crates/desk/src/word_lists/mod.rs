//! Word lists: what a company wants to find in messages and posts besides what the inspector knows, and what is never published.
//!
//! Two kinds of list: words and phrases in the grammar of [`inspect::lexicon`], and numbers that only this company uses in that of
//! [`inspect::custom`]. Invariants: nothing is saved that does not compile together with every list in force; each saved version is kept
//! and never changed; a list is never removed, only switched off, so a workflow rule or a finding that names it always names something;
//! whoever changes one names the version they saw. What is done with a finding is not decided here.

mod editing;
mod model;
mod rules;
mod set;
mod store;
mod trial;

pub use editing::{change, create, switch, take_over};
pub use model::{Effect, ListForm, ListKind, ListVersion, Saved, WordList};
pub use rules::{ALL_BYTES_MAX, CODE_MAX, LIST_BYTES_MAX, LISTS_MAX, NAME_MAX};
pub use set::{Depth, ListSet, TERM_KIND};
pub use trial::{Example, MESSAGES_MAX, Trial, try_out};

use crate::{
    actor::Actor,
    db::Connection,
    desk::Desk,
    error::{Error, Result},
    ids::WordListId,
    rights::{Operation, Target},
};

/// Versions of a list that are shown.
pub const VERSIONS_SHOWN_MAX: i64 = 50;

/// Every list, by its code.
pub async fn list(desk: &Desk, actor: &Actor) -> Result<Vec<WordList>> {
    let mut reader = desk.view(actor, Operation::WordListsRead, Target::Workspace).await?;
    store::all(&mut reader).await
}

/// One list as it stands.
pub async fn get(desk: &Desk, actor: &Actor, id: WordListId) -> Result<WordList> {
    let mut reader = desk.view(actor, Operation::WordListsRead, Target::Workspace).await?;
    store::get(&mut reader, id).await?.ok_or(Error::NotFound("word list"))
}

/// What a list said, the newest version first.
pub async fn versions(desk: &Desk, actor: &Actor, id: WordListId) -> Result<Vec<ListVersion>> {
    let mut reader = desk.view(actor, Operation::WordListsRead, Target::Workspace).await?;
    store::get(&mut reader, id).await?.ok_or(Error::NotFound("word list"))?;
    store::versions(&mut reader, id, VERSIONS_SHOWN_MAX).await
}

/// The packs that the inspector ships: the code that a list taken over from each gets, and its title.
pub fn starter_packs() -> Vec<(&'static str, String)> {
    let named = |pack: &'static inspect::lexicon::Pack| Some((pack.name, rules::of_pack(pack)?.name));
    inspect::lexicon::STARTER_PACKS.iter().filter_map(named).collect()
}

/// How often any list was changed: another number than the one that was seen means that the lists have to be read again.
pub(crate) async fn revision(on: &mut dyn Connection) -> Result<i64> {
    store::revision(on).await
}

/// The lists in force, with the revision they belong to.
pub(crate) async fn in_force(on: &mut dyn Connection) -> Result<(i64, Vec<WordList>)> {
    // The number first: lists that are newer than it are read once more, which is harmless; older ones would stay.
    let revision = store::revision(on).await?;
    let mut lists = store::all(on).await?;
    lists.retain(|list| list.on);
    Ok((revision, lists))
}

/// The kinds of finding that lists bring, with what people call them; those of lists that are switched off as well, as what they found is
/// still there.
pub(crate) async fn kinds(on: &mut dyn Connection) -> Result<Vec<(String, String)>> {
    Ok(store::all(on).await?.iter().flat_map(set::kinds_of).collect())
}
