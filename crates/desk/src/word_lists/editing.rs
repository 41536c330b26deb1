//! Creating, changing and switching lists, and taking over the packs that the inspector ships.

use super::{
    model::{ListForm, Saved, WordList},
    rules,
    set::{self, Depth},
    store,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::DbError,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::WordListId,
    rights::{Operation, Target},
};

/// Serialises changes, so that the limits hold and every list compiles together with the others.
const LOCK: &str = "word_lists";

/// Creates a list.
///
/// # Errors
/// [`Error::Invalid`] with every problem, those of the text by line; [`Error::Conflict`] when it is too much together with the others.
pub async fn create(desk: &Desk, actor: &Actor, form: ListForm) -> Result<WordListId> {
    let form = rules::checked(form)?;
    let mut act = begin(desk, actor).await?;
    let all = store::all(act.tx()).await?;
    if all.len() >= rules::LISTS_MAX {
        return Err(Error::Conflict(format!("there can be {} lists; join some of them", rules::LISTS_MAX)));
    }
    let id: WordListId = desk.fresh();
    compiles_with_others(&all, id, &form)?;
    let now = act.now();
    store::insert(act.tx(), id, &form, now).await.map_err(code_taken)?;
    save(act, (id, 1), None, &form).await?;
    Ok(id)
}

/// Changes a list; `seen` is the version that was looked at. Its code and its kind stay.
///
/// # Errors
/// As for [`create`].
pub async fn change(desk: &Desk, actor: &Actor, id: WordListId, seen: i64, form: ListForm) -> Result<Saved> {
    let mut act = begin(desk, actor).await?;
    let all = store::all(act.tx()).await?;
    let before = all.iter().find(|list| list.id == id).ok_or(Error::NotFound("word list"))?;
    let form = rules::checked(ListForm { code: before.code.clone(), kind: before.kind, ..form })?;
    if before.version != seen {
        return Ok(Saved::Conflict(Box::new(before.clone())));
    }
    compiles_with_others(&all, id, &form)?;
    let version = before.version + 1;
    save(act, (id, version), Some(before), &form).await?;
    Ok(Saved::Done(version))
}

/// Puts a list in force, or takes it out of force.
///
/// # Errors
/// As for [`create`]; [`Error::Conflict`] when somebody changed it since `seen`.
pub async fn switch(desk: &Desk, actor: &Actor, id: WordListId, seen: i64, on: bool) -> Result<()> {
    let mut reader = desk.view(actor, Operation::WordListsRead, Target::Workspace).await?;
    let list = store::get(&mut reader, id).await?.ok_or(Error::NotFound("word list"))?;
    drop(reader);
    match change(desk, actor, id, seen, ListForm { on, ..list.form() }).await? {
        Saved::Done(_) => Ok(()),
        Saved::Conflict(_) => {
            Err(Error::Conflict("somebody else changed this list meanwhile; look at it again, then switch it".to_owned()))
        }
    }
}

/// Makes a list of one of the packs that the inspector ships. It flags, and is the workspace's own from then on.
///
/// # Errors
/// As for [`create`]; [`Error::NotFound`] when there is no such pack.
pub async fn take_over(desk: &Desk, actor: &Actor, name: &str) -> Result<WordListId> {
    let pack = inspect::lexicon::STARTER_PACKS.iter().find(|pack| pack.name == name).and_then(rules::of_pack);
    create(desk, actor, pack.ok_or(Error::NotFound("starter pack"))?).await
}

async fn begin<'d>(desk: &'d Desk, actor: &'d Actor) -> Result<Act<'d>> {
    let mut act = desk.act(actor, Operation::WordListChange, Target::Workspace).await?;
    act.tx().lock(LOCK).await?;
    Ok(act)
}

/// Refuses what the lists in force would not compile with. One that is switched off is checked by itself only.
fn compiles_with_others(all: &[WordList], id: WordListId, form: &ListForm) -> Result<()> {
    if !form.on {
        return Ok(());
    }
    let mut together: Vec<_> = all.iter().filter(|list| list.on && list.id != id).cloned().collect();
    together.push(WordList {
        id,
        code: form.code.clone(),
        kind: form.kind,
        version: 1,
        name: form.name.clone(),
        effect: form.effect,
        on: true,
        text: form.text.clone(),
        saved_by: None,
        saved_at: crate::ids::Time(0),
    });
    rules::check_together(together.iter().map(|list| list.text.len()))?;
    match set::together(&together, Depth::ListsOnly) {
        Ok(_) => Ok(()),
        Err(problem) => Err(Invalid::field("text", format!("together with the other lists in force: {problem}"))),
    }
}

async fn save(mut act: Act<'_>, key: (WordListId, i64), before: Option<&WordList>, form: &ListForm) -> Result<()> {
    let (by, now) = (act.actor().person(), act.now());
    store::add_version(act.tx(), key, form, by, now).await?;
    let mut entry = act.record(Object::new("word_list", key.0));
    if let Some(before) = before {
        entry = entry.before(&before.form());
    }
    entry
        .after(form)
        .detail("code", form.code.as_str())
        .detail("version", key.1)
        .detail("effect", form.effect.id())
        .detail("on", form.on);
    act.announce(Topic::WordLists);
    act.commit().await
}

fn code_taken(error: Error) -> Error {
    match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("code", "another list has this code"),
        error => error,
    }
}
