//! What differs between a form and what somebody else saved meanwhile, field by field, for [`crate::ui::conflict`].
//!
//! Invariant: every difference is shown, in full; nothing is merged.

use desk::{
    Error, people,
    publishing::{Content, Post, PostForm},
};

use super::{typed::local_text, writing::form_of};
use crate::{
    frame::Ctx,
    ui::{
        button::{Button, Does, Weight},
        conflict::Conflict,
    },
};

/// The notice.
pub(super) async fn between(ctx: &Ctx, mine: &PostForm, theirs: &Post) -> Result<Conflict, Error> {
    let names = people::names(ctx.desk(), ctx.actor(), &[theirs.changed_by]).await?;
    let keep = Does::SubmitWith { name: "do".to_owned(), value: format!("keep-mine:{}", theirs.revision) };
    Ok(Conflict {
        thing: "post",
        other: names.into_iter().next().map_or_else(|| "Somebody else".to_owned(), |(_, name)| name),
        when: ctx.times().relative(theirs.changed_at).words(),
        differences: differences(mine, &form_of(theirs)),
        actions: vec![
            Button::new("Save mine over it", keep).with_weight(Weight::Primary),
            Button::link("Take theirs, drop mine", format!("/posts/{}/edit", theirs.id)),
        ],
    })
}

fn differences(mine: &PostForm, theirs: &PostForm) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut compare = |field: &str, mine: String, theirs: String| {
        if mine != theirs {
            found.push((field.to_owned(), mine, theirs));
        }
    };
    compare("Title", mine.title.clone(), theirs.title.clone());
    compare("Text", said(&mine.draft.common), said(&theirs.draft.common));
    compare("Profiles", mine.draft.targets.len().to_string(), theirs.draft.targets.len().to_string());
    for (profile, own) in &mine.draft.targets {
        let other = theirs.draft.targets.get(profile).and_then(Option::as_ref).map(said).unwrap_or_default();
        compare("Version of its own", own.as_ref().map(said).unwrap_or_default(), other);
    }
    compare("Time", time_of(mine), time_of(theirs));
    let tags = |form: &PostForm| form.tags.iter().cloned().collect::<Vec<_>>().join(", ");
    compare("Tags", tags(mine), tags(theirs));
    if found.is_empty() {
        found.push(("Post".to_owned(), "the same as theirs but for files or options".to_owned(), "saved first".to_owned()));
    }
    found
}

fn time_of(form: &PostForm) -> String {
    let zone = jiff::tz::TimeZone::get(&form.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    form.slot.map_or_else(|| "as soon as it may".to_owned(), |slot| format!("{} {}", local_text(slot, &zone), form.zone))
}

/// Everything that somebody reads of a content.
fn said(content: &Content) -> String {
    let mut lines: Vec<String> = content.subject.iter().map(|subject| format!("[{subject}]")).collect();
    for part in &content.parts {
        lines.push(part.text.clone());
        lines.extend(part.media.iter().map(|medium| format!("({}: {})", medium.file_name, medium.alt)));
    }
    lines.join("\n\n")
}

#[cfg(test)]
mod tests {
    use desk::publishing::{Draft, Part};

    use super::*;

    fn form(text: &str, title: &str) -> PostForm {
        let common = Content { parts: vec![Part { text: text.to_owned(), media: Vec::new() }], ..Content::default() };
        PostForm { title: title.to_owned(), draft: Draft { common, ..Draft::default() }, ..PostForm::default() }
    }

    #[test]
    fn every_difference_is_shown_in_full() {
        let found = differences(&form("mine", "A"), &form("theirs", "B"));
        assert_eq!(found, [("Title".into(), "A".into(), "B".into()), ("Text".into(), "mine".into(), "theirs".into())]);
        assert_eq!(differences(&form("x", ""), &form("x", "")).len(), 1, "something is always said");
    }
}
