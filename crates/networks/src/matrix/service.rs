//! The application service's side: the homeserver sends every event of its users in transactions, in order, until each is answered.
//!
//! A transaction that comes twice gives the same events under the same ids, so that the record takes them once; its id is not
//! needed for that and not trusted to be unique. Invariant: nothing is read before the server's token is compared, in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{client, mapping, memory};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    network::{Delivery, Received},
};

#[derive(Deserialize)]
struct Transaction {
    events: Vec<Box<RawValue>>,
}

fn answer(status: u16, body: &str) -> Received {
    Received { events: Vec::new(), status, body: body.as_bytes().to_vec(), media_type: "application/json" }
}

/// A call of the homeserver.
pub(crate) fn receive(session: &Session, delivery: Delivery<'_>) -> Result<Received> {
    let Some(token) = session.secrets.get("server_token") else {
        return Err(NetworkError::new(Class::Bug, "this profile is no application service; nothing is sent to it"));
    };
    let Some(given) = given_token(&delivery) else { return Ok(answer(401, r#"{"errcode":"M_MISSING_TOKEN"}"#)) };
    if verify_slices_are_equal(given.as_bytes(), token.as_bytes()).is_err() {
        return Ok(answer(403, r#"{"errcode":"M_FORBIDDEN"}"#));
    }
    let path = delivery.path.trim_matches('/');
    let path = path.strip_prefix("_matrix/app/v1/").unwrap_or(path);
    match (delivery.method, path.split_once('/').map_or(path, |(first, _)| first)) {
        ("PUT", "transactions") => Ok(transaction(session, delivery.body)),
        ("POST", "ping") => Ok(answer(200, "{}")),
        // Somebody asks whether a user or an alias is ours: none is.
        ("GET", "users" | "rooms") => Ok(answer(404, r#"{"errcode":"M_NOT_FOUND"}"#)),
        _ => Ok(answer(404, r#"{"errcode":"M_UNRECOGNIZED"}"#)),
    }
}

/// The token of a call: in the header, or as old servers send it.
fn given_token(delivery: &Delivery<'_>) -> Option<String> {
    let header =
        delivery.headers.iter().find(|(name, _)| name == "authorization").and_then(|(_, value)| value.strip_prefix("Bearer "));
    let in_query = || url::form_urlencoded::parse(delivery.query.as_bytes()).find(|(name, _)| name == "access_token");
    header.map(str::to_owned).or_else(|| in_query().map(|(_, value)| value.into_owned()))
}

fn transaction(session: &Session, body: &[u8]) -> Received {
    let Ok(transaction) = serde_json::from_slice::<Transaction>(body) else {
        return answer(400, r#"{"errcode":"M_BAD_JSON"}"#);
    };
    let events = memory::with(&client::memory_key(session), |memory| {
        let parsed: Vec<(&str, Value)> =
            transaction.events.iter().map(|raw| (raw.get(), serde_json::from_str(raw.get()).unwrap_or_default())).collect();
        let room = |event: &Value| event["room_id"].as_str().unwrap_or("unknown room").to_owned();
        for (_, event) in &parsed {
            mapping::learn(event, &room(event), memory);
            if let Some(sender) = event["sender"].as_str() {
                memory.note_unnamed(&room(event), sender);
            }
        }
        parsed.iter().map(|(raw, event)| mapping::of_event(raw, &room(event), memory)).collect()
    });
    Received { events, ..answer(200, "{}") }
}
