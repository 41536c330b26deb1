//! Live updates: one stream a page, which offers to show what changed. It carries no content: the page asks again, with its rights.
//!
//! Invariants: a stream ends when its session does (looked at on every change of access and every [`RECHECK`]); a reader that is
//! too slow is told to look again; streams of one session are few.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use desk::{Desk, Error, Invalid, Topic, sign_in};
use futures_util::stream;
use maud::Render as _;
use tokio::{sync::broadcast, time::Instant};

use crate::{
    frame::{Ctx, QueryFields},
    gate::{SESSION_COOKIE, cookie},
    problem::PageResult,
    state::WebState,
    ui::{Tone, button::Button, feedback::Banner, live::partial},
};

/// How often a stream looks whether its session still stands when nothing happens.
const RECHECK: Duration = Duration::from_secs(30);
/// How often a sign of life is sent, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A change is told at once, and what follows within this time as one.
const GATHER: Duration = Duration::from_millis(400);
/// A stream ends after this long; the page opens the next one by itself.
const STREAM_MAX: Duration = Duration::from_mins(10);

struct Listener {
    state: WebState,
    cookie: String,
    topics: HashSet<Topic>,
    quiet: bool,
    updates: broadcast::Receiver<Topic>,
    /// Before this moment nothing is told.
    gathers_until: Instant,
    ends: Instant,
}

/// `GET /live?topics=people,jobs`, and `quiet=yes` from a page that fetches its news by itself.
pub(crate) async fn stream(ctx: Ctx, QueryFields(query): QueryFields, headers: http::HeaderMap) -> PageResult {
    let topics = query
        .get("topics")
        .split(',')
        .map(|name| Topic::parse(name).ok_or_else(|| Invalid::field("topics", format!("there is no topic `{name}`"))))
        .collect::<Result<HashSet<_>, Error>>()?;
    let cookie = cookie(&headers, SESSION_COOKIE).ok_or(Error::Refused(desk::Refusal::SignInNeeded))?.to_owned();
    let updates = ctx.desk().live();
    let listener = Listener {
        state: ctx.state.clone(),
        cookie,
        topics,
        quiet: query.has("quiet"),
        updates,
        gathers_until: Instant::now(),
        ends: Instant::now() + STREAM_MAX,
    };
    let events = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let mut response: Response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    Ok(response)
}

impl Listener {
    /// The next event, or nothing when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.state.is_draining() || Instant::now() >= self.ends {
                return None;
            }
            let news = tokio::select! {
                update = self.updates.recv() => Some(update),
                () = tokio::time::sleep(RECHECK) => None,
            };
            match news {
                // Missed some: whatever they were, the page may be old, and so may be the session.
                Some(Err(broadcast::error::RecvError::Lagged(_))) => {
                    return if self.stands(&self.state.desk).await { Some(self.changed()) } else { None };
                }
                Some(Ok(topic)) => {
                    if topic == Topic::Access && !self.stands(&self.state.desk).await {
                        return None;
                    }
                    if self.topics.contains(&topic) {
                        if self.gather().await && !self.stands(&self.state.desk).await {
                            return None;
                        }
                        return Some(self.changed());
                    }
                }
                None if self.stands(&self.state.desk).await => {}
                // The session ended, or the server does.
                None | Some(Err(broadcast::error::RecvError::Closed)) => return None,
            }
        }
    }

    /// Whether the session still leads to somebody.
    async fn stands(&self, desk: &Desk) -> bool {
        sign_in::resume(desk, &self.cookie, None, "").await.is_ok_and(|visit| visit.signed_in.is_some())
    }

    /// Lets a burst of changes pass, when something was told just now. Whether the session may have ended meanwhile.
    async fn gather(&mut self) -> bool {
        let mut access = false;
        loop {
            match tokio::time::timeout_at(self.gathers_until, self.updates.recv()).await {
                Ok(Ok(topic)) => access |= topic == Topic::Access,
                Ok(Err(_)) => {
                    access = true;
                    break;
                }
                Err(_) => break,
            }
        }
        self.gathers_until = Instant::now() + GATHER;
        access
    }
}

impl Listener {
    /// What is sent: an offer to show what changed, or to a page that fetches by itself (`quiet`) only that something did.
    fn changed(&self) -> Event {
        if self.quiet { Event::default().data(partial("#pulse", "innerHTML", &maud::html! {}).into_string()) } else { offer() }
    }
}

fn offer() -> Event {
    let banner = Banner::new(Tone::Info, "Something on this page has changed").action(Button::link("Show", ""));
    // One line: an event's data ends with its line.
    let html = partial("#news", "innerHTML", &banner.render()).into_string().replace(['\n', '\r'], " ");
    Event::default().data(html)
}
