//! The thread around a status: what it answers, and what others say there.
//!
//! One call a status, and none for a status that stands alone. What it answers is named by its address, which the server tells only
//! together with the thread.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    client::{Api, segment},
    entity::Status,
    mapping::{self, Around},
};
use crate::{error::Result, event::Event};

/// Messages of others around a status.
#[derive(Default)]
pub(super) struct Others {
    pub(super) before: Vec<Event>,
    pub(super) after: Vec<Event>,
    pub(super) left_out: bool,
}

/// What a status answers, by addresses, and up to `others_max` messages of the thread it is in.
pub(super) async fn around(api: &Api, status: &Status, others_max: usize) -> Result<(Around, Others)> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Context {
        ancestors: Vec<Box<RawValue>>,
        descendants: Vec<Box<RawValue>>,
    }
    let is_alone = status.in_reply_to_id.is_none() && (others_max == 0 || status.replies_count == 0);
    if is_alone || status.reblog.is_some() {
        return Ok((Around::default(), Others::default()));
    }
    let path = format!("api/v1/statuses/{}/context", segment(&status.id));
    let context = match api.look(&path, &[], "reading a thread").await? {
        Some(answered) => answered.json()?,
        None => Context::default(),
    };
    let host = api.host();
    let read = |parts: &[Box<RawValue>]| -> Vec<(Status, Box<RawValue>)> {
        parts.iter().filter_map(|part| Some((itself(serde_json::from_str(part.get()).ok()?), part.clone()))).collect()
    };
    let (above, below) = (read(&context.ancestors), read(&context.descendants));
    let addresses: Vec<(&str, &str)> = above
        .iter()
        .chain(&below)
        .map(|(one, _)| (one.id.as_str(), one.uri.as_str()))
        .chain([(status.id.as_str(), status.uri.as_str())])
        .collect();
    let root = above.first().map_or(&status.uri, |(first, _)| &first.uri);
    let around = |one: &Status| Around {
        parent: one
            .in_reply_to_id
            .as_deref()
            .and_then(|id| addresses.iter().find(|(known, _)| *known == id).map(|(_, uri)| (*uri).to_owned())),
        root: one.in_reply_to_id.is_some().then(|| root.clone()).filter(|root| *root != one.uri),
    };
    let event = |(one, part): &(Status, Box<RawValue>)| mapping::status_event(one, part, &around(one), &host);
    // The nearest are worth most.
    let before_from = above.len().saturating_sub(others_max);
    let after_max = others_max.saturating_sub(above.len());
    let others = Others {
        before: above[before_from..].iter().map(event).collect(),
        after: below.iter().take(after_max).map(event).collect(),
        left_out: others_max > 0 && (before_from > 0 || below.len() > after_max),
    };
    let mut own = around(status);
    if own.parent.is_none()
        && let Some(id) = &status.in_reply_to_id
        && let Some(parent) = api.status(id).await?.map(|(parent, _)| itself(parent))
    {
        // Without the thread its root is known only when the parent is one.
        own.root = parent.in_reply_to_id.is_none().then(|| parent.uri.clone());
        own.parent = Some(parent.uri);
    }
    Ok((own, others))
}

/// Some servers show a shared message as its share, in a thread too.
fn itself(status: Status) -> Status {
    match status.reblog {
        Some(shared) => *shared,
        None => status,
    }
}
