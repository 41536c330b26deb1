//! Any JSON, for property tests: values of the kinds that a platform sends, with anything in the place of anything.

use proptest::prelude::*;
use serde_json::Value;

/// Any JSON whose texts are often one of `words`, and whose objects mostly have `keys`; without keys they have any.
pub(crate) fn any_json(words: &'static [&'static str], keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let text = "[a-z<>@|!*_#:./ ]{0,12}|\\PC{0,8}".prop_map(Value::from);
    let text = if words.is_empty() {
        text.boxed()
    } else {
        prop_oneof![text, prop::sample::select(words).prop_map(Value::from)].boxed()
    };
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), text];
    let key = if keys.is_empty() {
        "[a-zA-Z$]{1,9}|\\PC{0,4}".boxed()
    } else {
        prop::sample::select(keys).prop_map(str::to_owned).boxed()
    };
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}
