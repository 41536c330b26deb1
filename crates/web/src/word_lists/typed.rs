//! The form of a list: its fields as they are typed, and back.

use desk::{
    Error,
    word_lists::{Effect, ListForm, ListKind},
};

use crate::frame::Fields;

/// Messages that a list is tried on when nobody says how many.
const MESSAGES: u32 = 1_000;

/// A form in which nothing was typed yet.
pub(super) fn empty(kind: &str) -> Fields {
    let kind = ListKind::parse(kind).unwrap_or_default();
    of(&ListForm { kind, on: true, ..ListForm::default() }, 0)
}

/// A list as the form shows it.
pub(super) fn of(form: &ListForm, seen: i64) -> Fields {
    let mut fields = vec![
        ("code", form.code.clone()),
        ("name", form.name.clone()),
        ("kind", form.kind.id().to_owned()),
        ("effect", form.effect.id().to_owned()),
        ("text", form.text.clone()),
        ("seen", seen.to_string()),
    ];
    if form.on {
        fields.push(("on", "yes".to_owned()));
    }
    Fields(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A list as it was typed.
pub(super) fn form(fields: &Fields) -> ListForm {
    ListForm {
        code: fields.get("code").to_owned(),
        name: fields.get("name").to_owned(),
        kind: ListKind::parse(fields.get("kind")).unwrap_or_default(),
        effect: Effect::parse(fields.get("effect")).unwrap_or_default(),
        on: fields.has("on"),
        text: fields.get("text").to_owned(),
    }
}

/// The same for a trial, for which a new list needs no name yet.
pub(super) fn form_to_try(fields: &Fields) -> ListForm {
    let form = form(fields);
    let or = |text: String, other: &str| if text.trim().is_empty() { other.to_owned() } else { text };
    ListForm { code: or(form.code, "trial"), name: or(form.name, "Trial"), ..form }
}

/// The version that was seen, or the one that is to be saved over.
pub(super) fn seen(fields: &Fields) -> Result<i64, Error> {
    fields.some("over").unwrap_or_else(|| fields.get("seen")).trim().parse().map_err(|_| Error::NotFound("version of this form"))
}

/// How many messages a trial looks at.
pub(super) fn messages(fields: &Fields) -> u32 {
    fields.get("messages").parse().unwrap_or(MESSAGES)
}
