//! The shape of what a network delivered: which fields there are and of which kind, without any value.
//!
//! Invariants: a shape holds nothing that somebody wrote and no id: keys that look like one are a star; the same kinds of fields give the same
//! shape, whatever they hold. It is pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::capture::body::Captured;

/// Fields that are told apart; platforms send some dozens.
const PATHS_MAX: usize = 400;
/// Levels that are looked into.
const DEPTH_MAX: usize = 10;
/// Longest name of a field; longer ones are ids.
const KEY_MAX: usize = 40;
/// Digits in a row that make a name an id.
const DIGITS_MAX: usize = 3;
/// Differences that are named to people.
const NAMED_MAX: usize = 8;

/// Fields of one event, as `raw.blocks[].type: string`.
pub(crate) type Shape = BTreeSet<String>;

/// What a round saw: the shape of the post, the edit and the deletion, as far as they arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Seen(BTreeMap<String, Shape>);

impl Seen {
    /// Notes what arrived for a step.
    pub(crate) fn note(&mut self, what: &str, shape: Shape) {
        self.0.insert(what.to_owned(), shape);
    }

    /// Whether something arrived for a step.
    pub(crate) fn has(&self, what: &str) -> bool {
        self.0.contains_key(what)
    }

    /// What is different from before, for people; nothing when all is as it was.
    pub(crate) fn differs_from(&self, before: &Self) -> Option<String> {
        let mut said = Vec::new();
        for (what, shape) in &before.0 {
            let Some(now) = self.0.get(what) else {
                said.push(format!("the {what} did not arrive"));
                continue;
            };
            let missing: Vec<_> = shape.difference(now).take(NAMED_MAX).cloned().collect();
            let new: Vec<_> = now.difference(shape).take(NAMED_MAX).cloned().collect();
            if !missing.is_empty() {
                said.push(format!("the {what} lacks {}", missing.join(", ")));
            }
            if !new.is_empty() {
                said.push(format!("the {what} has new {}", new.join(", ")));
            }
        }
        said.extend(self.0.keys().filter(|what| !before.0.contains_key(*what)).map(|what| format!("a {what} arrives now")));
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// The shape of a captured event: of its normalised form, and of the bytes as received where they are JSON.
pub(crate) fn shape_of(captured: &Captured) -> Shape {
    let mut shape = Shape::new();
    if let Ok(event) = serde_json::to_value(&captured.event) {
        walk("event", &event, 0, &mut shape);
    }
    match serde_json::from_slice::<Value>(&captured.event.raw.bytes) {
        Ok(raw) => walk("raw", &raw, 0, &mut shape),
        Err(_) => {
            shape.insert(format!("raw: {}", captured.event.raw.media_type));
        }
    }
    shape
}

fn walk(path: &str, value: &Value, depth: usize, shape: &mut Shape) {
    if shape.len() >= PATHS_MAX {
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            if depth < DEPTH_MAX {
                for item in items {
                    walk(&format!("{path}[]"), item, depth + 1, shape);
                }
            }
            "list"
        }
        Value::Object(fields) => {
            if depth < DEPTH_MAX {
                for (key, field) in fields {
                    walk(&format!("{path}.{}", name(key)), field, depth + 1, shape);
                }
            }
            "object"
        }
    };
    shape.insert(format!("{path}: {kind}"));
}

/// A field's name, or a star for what is an id.
fn name(key: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | ':');
    let digits = key.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    if key.len() > KEY_MAX || digits > DIGITS_MAX || !key.chars().all(plain) { "*" } else { key }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Seen, Shape, walk};

    fn shape(value: &serde_json::Value) -> Shape {
        let mut shape = Shape::new();
        walk("raw", value, 0, &mut shape);
        shape
    }

    #[test]
    fn a_shape_has_the_kinds_of_fields_and_no_value() {
        let found =
            shape(&json!({ "ts": "1700.1", "blocks": [{ "type": "a", "n": 1 }, { "type": "b" }], "U0123456789": { "x": null } }));
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "raw.*.x: null",
                "raw.*: object",
                "raw.blocks: list",
                "raw.blocks[].n: number",
                "raw.blocks[].type: string",
                "raw.blocks[]: object",
                "raw.ts: string",
                "raw: object"
            ]
        );
    }

    #[test]
    fn what_is_missing_new_or_never_came_is_said() {
        let (mut before, mut now) = (Seen::default(), Seen::default());
        before.note("post", shape(&json!({ "text": "a", "user": "b" })));
        before.note("deletion", shape(&json!({})));
        assert_eq!(before.differs_from(&before), None);
        now.note("post", shape(&json!({ "text": ["a"], "user": "c" })));
        let said = now.differs_from(&before).expect("it changed");
        assert!(said.contains("the post lacks raw.text: string") && said.contains("raw.text: list"), "{said}");
        assert!(said.contains("the deletion did not arrive"), "{said}");
    }

    proptest! {
        #[test]
        fn no_text_that_somebody_wrote_is_in_a_shape(text in "[a-zA-Z ]{6,30}", number in 10_000..u32::MAX) {
            let found = shape(&json!({ "text": text, "n": number, "in": [{ "deep": [text] }] }));
            prop_assert!(found.iter().all(|path| !path.contains(&text) && !path.contains(&number.to_string())));
        }
    }
}
