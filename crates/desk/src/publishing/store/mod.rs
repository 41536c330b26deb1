//! SQL of publishing.

pub(super) mod campaigns;
pub(super) mod corrections;
pub(super) mod foreign;
pub(super) mod lists;
pub(super) mod media;
pub(super) mod parts;
pub(super) mod pauses;
pub(super) mod posts;
pub(super) mod targets;
pub(super) mod versions;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    db::{Row, corrupt},
    error::{Error, Result},
};

/// `$from, $from+1, …`: the places of `count` parameters in a list.
fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(",")
}

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_str(&text).map_err(|error| corrupt(column, error.to_string()))?)
}

fn text_of(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

/// A value that is stored by its name.
fn named<T>(row: &Row, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text: String = row.get(column)?;
    Ok(parse(&text).ok_or_else(|| corrupt(column, format!("unknown value `{text}`")))?)
}
