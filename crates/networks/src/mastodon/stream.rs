//! The server's stream of what happens (server-sent events over HTTP, `/api/v1/streaming/user`).
//!
//! It only says sooner what the lists say as well; a stream that does not open or breaks is no error, the lists are asked instead.
//! No peer of our tests streams, so this is tested against answers in the form that Mastodon documents.

use reqwest::{Method, Response, header::ACCEPT};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::client::Api;
use crate::{account::Session, http};

/// The longest event: a status with everything around it.
const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Lists of a few pages may have to be read while the stream waits.
const OPEN_MAX: std::time::Duration = std::time::Duration::from_secs(10);

/// One event of the stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Streamed {
    /// What it is.
    pub(super) event: String,
    /// Its data, lines joined.
    pub(super) data: String,
}

impl Streamed {
    /// As it was written.
    pub(super) fn raw(&self) -> Vec<u8> {
        format!("event: {}\ndata: {}\n\n", self.event, self.data).into_bytes()
    }
}

/// An open stream.
pub(super) struct Stream {
    response: Response,
    lines: Lines,
}

impl Stream {
    /// Opens it, where the server has one.
    pub(super) async fn open(api: &Api, session: &Session) -> Option<Self> {
        let base = Url::parse(session.settings.get("streaming")?).ok()?;
        // The token goes to the server it is of, or one below its name, and nowhere else.
        let (home, there) = (api.base().host_str()?, base.host_str()?);
        let is_theirs = there == home || there.strip_suffix(home).is_some_and(|front| front.ends_with('.'));
        let is_safe = base.scheme() == "https" || base.scheme() == api.base().scheme();
        if !is_theirs || !is_safe {
            return None;
        }
        let request = api.request_at(Method::GET, &base, "/api/v1/streaming/user").ok()?;
        let opened = http::begin(request.header(ACCEPT, "text/event-stream"));
        let response = tokio::time::timeout(OPEN_MAX, opened).await.ok()?.ok()?;
        let is_stream = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let is_stream = response.status().is_success() && is_stream.is_some_and(|kind| kind.starts_with("text/event-stream"));
        is_stream.then(|| Self { response, lines: Lines::default() })
    }

    /// The next event; nothing when the stream ended or the time is over.
    pub(super) async fn next(&mut self, until: Instant) -> Option<Streamed> {
        loop {
            if let Some(event) = self.lines.event() {
                return Some(event);
            }
            let piece = timeout_at(until, self.response.chunk()).await.ok()?.ok()??;
            if !self.lines.add(&piece) {
                return None;
            }
        }
    }
}

/// Takes a stream apart (HTML standard, section 9.2.6): fields until an empty line; a line that begins with a colon is a heartbeat.
#[derive(Debug, Default)]
struct Lines {
    held: Vec<u8>,
    event: Streamed,
}

impl Lines {
    /// Adds what came; no when an event is longer than it may be.
    fn add(&mut self, piece: &[u8]) -> bool {
        self.held.extend_from_slice(piece);
        self.held.len() + self.event.data.len() <= EVENT_BYTES_MAX
    }

    fn event(&mut self) -> Option<Streamed> {
        while let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.held.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if !event.data.is_empty() {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.event),
                "data" => {
                    if !self.event.data.is_empty() {
                        self.event.data.push('\n');
                    }
                    self.event.data.push_str(value);
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str =
        ":)\nevent: update\ndata: {\"id\":\"1\"}\n\n: thump\n\nevent: delete\r\ndata: 105\r\n\r\ndata: a\ndata: b\n\n";

    fn all(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for piece in pieces {
            assert!(lines.add(piece));
            while let Some(event) = lines.event() {
                out.push((event.event, event.data));
            }
        }
        out
    }

    #[test]
    fn events_are_told_apart_and_heartbeats_passed_over() {
        let pair = |event: &str, data: &str| (event.to_owned(), data.to_owned());
        assert_eq!(all(&[TEXT.as_bytes()]), [pair("update", "{\"id\":\"1\"}"), pair("delete", "105"), pair("", "a\nb")]);
    }

    proptest! {
        #[test]
        fn the_pieces_it_comes_in_do_not_matter(cuts in prop::collection::vec(0usize..TEXT.len(), 0..6)) {
            let mut cuts = cuts;
            cuts.extend([0, TEXT.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|two| &TEXT.as_bytes()[two[0]..two[1]]).collect();
            prop_assert_eq!(all(&pieces), all(&[TEXT.as_bytes()]));
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut lines = Lines::default();
        assert!(!lines.add(&vec![b'x'; EVENT_BYTES_MAX + 1]));
    }
}
