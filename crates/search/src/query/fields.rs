//! The fields of the query language: one list for the reader, the errors and the documentation.

use std::ops::Range;

use super::{
    Setting,
    clause::{Clause, Kind},
    dates::{self, Bound},
    error::{ParseError, Problem},
};
use crate::{
    message::Mark,
    words::{Words, fold},
};

/// A field: its name, a value that can be written, and what it does.
pub struct Field {
    /// What stands before the colon.
    pub name: &'static str,
    /// An example of a value.
    pub example: &'static str,
    /// What it finds, for the documentation.
    pub finds: &'static str,
    read: fn(&Value<'_>) -> Result<Clause, Problem>,
}

/// Every field, in the order of the documentation.
pub const FIELDS: &[Field] = &[
    Field { name: "from", example: "alice", finds: "messages of a person: words of a name, a handle, an id", read: person },
    Field { name: "in", example: "support", finds: "messages of a channel: words of its name, or its id", read: channel },
    Field { name: "profile", example: "shop", finds: "messages captured for a profile", read: profile },
    Field { name: "network", example: "slack", finds: "messages of a network", read: network },
    Field { name: "after", example: "2026-03-31", finds: "written after that day, month, year, time or age ended", read: after },
    Field { name: "before", example: "2026-03-31", finds: "written before it began", read: before },
    Field { name: "on", example: "2026-03-31", finds: "written on that day, in that month or year", read: on },
    Field {
        name: "finding",
        example: "any",
        finds: "messages with a finding: `any`, a kind, or the family it belongs to",
        read: finding,
    },
    Field { name: "has", example: "attachment", finds: "`attachment` or `link`", read: has },
    Field { name: "is", example: "edited", finds: "`edited`, `deleted` or `reply`", read: is },
    Field { name: "lang", example: "de", finds: "messages in a language, when their source says which", read: language },
];

/// A value as it was written.
struct Value<'a> {
    text: &'a str,
    setting: &'a Setting,
}

pub(super) fn listed() -> String {
    FIELDS.iter().map(|field| format!("`{}:`", field.name)).collect::<Vec<_>>().join(", ")
}

/// The field of a name, in any case.
pub(super) fn named(name: &str) -> Result<&'static Field, Problem> {
    FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name)).ok_or_else(|| Problem::UnknownField {
        name: name.to_owned(),
        nearest: nearest(&name.to_ascii_lowercase(), FIELDS.iter().map(|field| field.name)),
    })
}

pub(super) fn read(
    field: &Field,
    value: &str,
    span: Range<usize>,
    source: &str,
    setting: &Setting,
) -> Result<Clause, ParseError> {
    (field.read)(&Value { text: value, setting }).map_err(|problem| ParseError::new(source, span, problem))
}

fn person(value: &Value<'_>) -> Result<Clause, Problem> {
    value.words().map(Clause::Person)
}

fn channel(value: &Value<'_>) -> Result<Clause, Problem> {
    value.words().map(Clause::Channel)
}

fn profile(value: &Value<'_>) -> Result<Clause, Problem> {
    let wanted = folded(value.text);
    let profiles = &value.setting.profiles;
    let mut keys: Vec<_> = profiles.iter().filter(|(name, _)| folded(name) == wanted).map(|(_, key)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        let nearest = nearest(value.text, profiles.iter().map(|(name, _)| name.as_str()));
        return Err(Problem::UnknownProfile { name: value.text.to_owned(), nearest });
    }
    Ok(Clause::Profile { name: value.text.to_owned(), keys })
}

fn network(value: &Value<'_>) -> Result<Clause, Problem> {
    let name = value.text.to_lowercase();
    let known = &value.setting.networks;
    if known.is_empty() || known.contains(&name) {
        value.words()?;
        return Ok(Clause::Network(name));
    }
    Err(value.unknown("network", known.iter().map(String::as_str)))
}

fn finding(value: &Value<'_>) -> Result<Clause, Problem> {
    let kind = value.text.to_lowercase();
    let known = &value.setting.finding_kinds;
    if kind == "any" {
        return Ok(Clause::Finding(Kind::Any));
    }
    let is_known = known.iter().any(|one| *one == kind || one.strip_prefix(&kind).is_some_and(|below| below.starts_with('.')));
    if known.is_empty() || is_known {
        value.words()?;
        return Ok(Clause::Finding(Kind::Of(kind)));
    }
    Err(value.unknown("finding", std::iter::once("any").chain(known.iter().map(String::as_str))))
}

fn has(value: &Value<'_>) -> Result<Clause, Problem> {
    value.mark("has", &[Mark::Attachment, Mark::Link])
}

fn is(value: &Value<'_>) -> Result<Clause, Problem> {
    value.mark("is", &[Mark::Edited, Mark::Deleted, Mark::Reply])
}

fn language(value: &Value<'_>) -> Result<Clause, Problem> {
    let main = value.text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if matches!(main.len(), 2..=3) && main.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(Clause::Language(main));
    }
    let choices = "a code of two letters such as `en`, `de` or `ja`".to_owned();
    Err(Problem::UnknownValue { field: "lang", value: value.text.to_owned(), choices })
}

fn after(value: &Value<'_>) -> Result<Clause, Problem> {
    value.written(Bound::After, "after")
}

fn before(value: &Value<'_>) -> Result<Clause, Problem> {
    value.written(Bound::Before, "before")
}

fn on(value: &Value<'_>) -> Result<Clause, Problem> {
    value.written(Bound::On, "on")
}

impl Value<'_> {
    fn words(&self) -> Result<String, Problem> {
        if Words::new(self.text).next().is_none() {
            return Err(Problem::NoWord(self.text.to_owned()));
        }
        Ok(self.text.to_owned())
    }

    fn written(&self, bound: Bound, field: &str) -> Result<Clause, Problem> {
        let (from_ms, until_ms) = dates::bounds(self.text, bound, self.setting)?;
        Ok(Clause::Written { from_ms, until_ms, said: format!("{field}:{}", self.text) })
    }

    fn mark(&self, field: &'static str, marks: &[Mark]) -> Result<Clause, Problem> {
        let wanted = self.text.to_lowercase();
        let found = marks.iter().copied().find(|mark| mark.id() == wanted);
        found.map(Clause::Mark).ok_or_else(|| self.unknown(field, marks.iter().map(|mark| mark.id())))
    }

    fn unknown<'a>(&self, field: &'static str, known: impl Iterator<Item = &'a str> + Clone) -> Problem {
        // More choices than this are not read; then the nearest one is named.
        const CHOICES_MAX: usize = 8;
        let near = nearest(&self.text.to_lowercase(), known.clone());
        let choices = near.map_or_else(
            || {
                let some: Vec<_> = known.clone().take(CHOICES_MAX).map(|one| format!("`{one}`")).collect();
                let more = if known.count() > CHOICES_MAX { ", …" } else { "" };
                format!("one of {}{more}", some.join(", "))
            },
            |near| format!("`{near}`"),
        );
        Problem::UnknownValue { field, value: self.text.to_owned(), choices }
    }
}

fn folded(name: &str) -> String {
    let mut into = String::new();
    fold(name.trim_start_matches('@'), &mut into);
    into
}

/// A name that somebody may have meant.
fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    const SIMILAR: f64 = 0.75;
    names
        .map(|name| (strsim::jaro_winkler(written, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name.to_owned())
}
