//! What the tests of all connectors need: reading to the end, a sink that keeps, keys, and small things to send.

use std::{collections::BTreeMap, time::Duration};

use networks::{
    Cursor, Event, Network, Outgoing, Session,
    event::{Content, What},
    network::{Answer, ConnectRequest, Sink},
    outgoing::Media,
};
use testkit::picture::PICTURE;

/// Looks for something that takes a server a moment.
const LOOKS_MAX: u32 = 60;

/// Keeps what is written.
#[derive(Default)]
pub struct Kept(pub Vec<u8>);

impl Sink for Kept {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Answer<'a, ()> {
        self.0.extend_from_slice(bytes);
        Box::pin(async { Ok(()) })
    }
}

/// A filled-in form.
pub fn request(method: &str, redirect_uri: &str, fields: &[(&str, &str)]) -> ConnectRequest {
    let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ConnectRequest {
        method: method.to_owned(),
        fields,
        redirect_uri: redirect_uri.to_owned(),
        random: std::array::from_fn(|at| u8::try_from(at * 3 % 256).expect("below 256")),
        now_ms: networks::Clock::default().now_ms(),
    }
}

/// A post of nothing but text.
pub fn post(key: &str, text: &str) -> Outgoing {
    Outgoing { language: Some("en".to_owned()), ..Outgoing::new(key, text) }
}

/// A picture of one pixel.
pub fn picture() -> Media {
    Media {
        bytes: PICTURE.to_vec(),
        media_type: "image/png".to_owned(),
        file_name: "kite.png".to_owned(),
        alt: Some("a red kite".to_owned()),
        size: Some((1, 1)),
    }
}

/// Reads until nothing more is there now.
pub async fn read_all(network: &dyn Network, session: &Session, cursor: &mut Option<Cursor>) -> networks::Result<Vec<Event>> {
    let mut events = Vec::new();
    for _ in 0..1_000 {
        let batch = network.pull(session, cursor.as_ref(), Duration::ZERO).await?;
        events.extend(batch.events);
        assert!(batch.cursor.0.len() <= Cursor::MAX);
        *cursor = Some(batch.cursor);
        if !batch.more {
            return Ok(events);
        }
    }
    panic!("reading does not come to an end");
}

/// Reads, going on from the cursor, until an event is there that the test waits for; answers everything read.
pub async fn read_until(
    network: &dyn Network,
    session: &Session,
    cursor: &mut Option<Cursor>,
    what: &str,
    is_it: impl Fn(&Event) -> bool,
) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..LOOKS_MAX {
        events.extend(read_all(network, session, cursor).await.expect("the server answers"));
        if events.iter().any(&is_it) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{what} never came; these did: {events:#?}");
}

/// What a message says; nothing for other events.
pub fn content(event: &Event) -> Option<&Content> {
    match &event.what {
        What::Posted(content) | What::Edited(content) => Some(content),
        _ => None,
    }
}

/// The events about one message, in the order in which they came.
pub fn about<'a>(events: &'a [Event], native_id: &str) -> Vec<&'a Event> {
    events.iter().filter(|event| event.native_id == native_id).collect()
}
