//! Matrix: one account that reads the rooms it is in, or an application service that gets everything of its homeserver's users.
//!
//! Invariants: one event of Matrix is one event here ([`mapping`] has the rules of ids); what a sync leaves out is read backwards or
//! becomes a gap ([`sync`]); the homeserver's calls are believed only with its token ([`service`]); a password is not kept.
//! What it does not do: read encrypted rooms (their events are recorded as they are, and a gap says so), join rooms by itself,
//! make rooms, federate, receipts, typing and presence.
//!
//! Sources: the Matrix specification 1.11 and later, client-server API (sync, `/messages`, relations, redactions, threads, content
//! repository, refresh tokens, standard errors, rate limits) and application service API. An event is at most 65,536 bytes; a text of
//! 60,000 leaves room for the rest of it. How large a file may be is the server's own setting (Synapse: 50 MB).
//!
//! Tested against Synapse. Older servers without authenticated media and redirects to stores of files are not at hand.

mod client;
mod connect;
mod mapping;
mod memory;
mod sending;
mod service;
mod sync;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use crate::{
    account::{Begun, Cursor, Secrets, Session, Standing},
    capabilities::{BackFill, Capabilities, Coverage, Delivery as Delivers, MediaLimit, TextLimit, TextUnit},
    error::Result,
    event::{Attachment, Event},
    network::{
        About, Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Delivery, Network, Received, SetUp, SetUpFile, Sink,
    },
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// The connector.
#[derive(Debug)]
pub struct Matrix;

/// What servers take when nobody changed it.
const FILE_BYTES_MAX: u64 = 50_000_000;
/// Rooms of an application service whose names are asked for in one pull.
const NAMES_ASKED_MAX: usize = 10;

const fn file(media_type: &'static str) -> MediaLimit {
    MediaLimit { media_type, bytes_max: FILE_BYTES_MAX, pixels_max: 0, side_max: 0, seconds_max: 0 }
}

const fn asks(name: &'static str, label: &'static str, help: &'static str, secret: bool, optional: bool) -> ConnectField {
    ConnectField { name, label, help, secret, optional }
}

const SERVER: ConnectField = asks("server", "Server", "For example https://matrix.example.test", false, false);
const ROOMS: ConnectField =
    asks("rooms", "Rooms", "Room ids (!…), with commas between; empty: every room of the account", false, true);

static ABOUT: About = About {
    id: "matrix",
    name: "Matrix",
    code: "mx",
    summary: "Rooms of a homeserver, through an account of the desk's own, or everything on a server that you run.",
    docs: "https://spec.matrix.org/latest/client-server-api/",
    sandbox: false,
    capabilities: Capabilities {
        post: true,
        reply: true,
        edit: true,
        delete: true,
        hide: false,
        direct: true,
        subject: false,
        audiences: false,
        place: true,
        text: TextLimit {
            max: 60_000,
            unit: TextUnit::Bytes,
            bytes_max: 60_000,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[
            file("image/png"),
            file("image/jpeg"),
            file("image/gif"),
            file("image/webp"),
            file("video/mp4"),
            file("audio/ogg"),
            file("application/pdf"),
        ],
        attachments_max: 1,
        alt_max: 0,
        delivery: Delivers::Streaming,
        back_fill: BackFill::Everything,
    },
    connect: &[
        ConnectMethod {
            id: "password",
            title: "Name and password",
            steps: "Make an account for the desk and invite it to the rooms it is to record. The password is used once, to sign in, and not kept.",
            fields: &[
                SERVER,
                asks("user", "User", "For example desk, or @desk:example.test", false, false),
                asks("password", "Password", "Of that account", true, false),
                ROOMS,
            ],
        },
        ConnectMethod {
            id: "token",
            title: "Bring a token",
            steps: "For servers with single sign-on: sign in with any client as the desk's account and copy its access token.",
            fields: &[
                SERVER,
                asks("access_token", "Access token", "Signing that client out ends it", true, false),
                asks("refresh_token", "Refresh token", "When the server gave one", true, true),
                ROOMS,
            ],
        },
        ConnectMethod {
            id: "service",
            title: "A whole server",
            steps: "For a homeserver that you run: connect, give the registration file to the server, restart it. From then on it \
                    sends everything its users write and read. What was before is not sent.",
            fields: &[
                SERVER,
                asks("server_name", "Server name", "The part of user ids behind the colon: example.test", false, false),
                asks("service_user", "Name of the service's user", "gatepost, when empty", false, true),
            ],
        },
    ],
    coverage: &[
        Coverage::seen("messages, notices, emotes, stickers, polls", "text as clients show it: HTML where there is any"),
        Coverage::seen("replies and threads", ""),
        Coverage::seen("edits", "every version is an event of its own"),
        Coverage::seen(
            "redactions",
            "of a message: its deletion; of a reaction whose event is no longer remembered (some thousand reactions are, until a restart): recorded without its emoji; of a whole server then as a deletion",
        ),
        Coverage::seen("reactions", ""),
        Coverage::seen("files", "bytes fetched from the homeserver"),
        Coverage::seen("membership, bans, invitations", ""),
        Coverage::seen("room names, topics, rights, other state", "as changes of the room"),
        Coverage::raw_only(
            "encrypted messages and files",
            "encrypted, not readable: recorded as they came; a gap says from when",
        ),
        Coverage::seen("what was written before the account joined", "as far as the room lets members read it"),
        Coverage::unseen("what was written before a whole-server registration", "the server does not send it"),
        Coverage::raw_only("votes in polls, calls, widgets, events of other programs", ""),
        Coverage::unseen("receipts, typing, presence, device messages", ""),
    ],
};

impl Network for Matrix {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(connect::begin(request))
    }

    fn set_up_files(&self, set_up: SetUp<'_>) -> Vec<SetUpFile> {
        connect::registration(set_up).into_iter().collect()
    }

    fn refresh<'a>(&'a self, session: &'a Session, _now_ms: i64) -> Answer<'a, Secrets> {
        Box::pin(connect::refresh(session))
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(connect::check(session))
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch> {
        Box::pin(async move {
            if connect::is_service(session) {
                pull_names(session, cursor, wait).await
            } else {
                sync::pull(session, cursor, wait).await
            }
        })
    }

    fn receive(&self, session: &Session, delivery: Delivery<'_>) -> Result<Received> {
        service::receive(session, delivery)
    }

    fn fetch<'a>(
        &'a self,
        session: &'a Session,
        attachment: &'a Attachment,
        bytes_max: u64,
        sink: &'a mut dyn Sink,
    ) -> Answer<'a, ()> {
        Box::pin(sending::fetch(session, attachment, bytes_max, sink))
    }

    fn upload<'a>(&'a self, session: &'a Session, media: &'a Media) -> Answer<'a, Uploaded> {
        Box::pin(sending::upload(session, media))
    }

    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(sending::send(session, post))
    }

    fn find<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>> {
        Box::pin(sending::find(session, post))
    }

    fn read_back<'a>(&'a self, session: &'a Session, native_id: &'a str) -> Answer<'a, Option<Event>> {
        Box::pin(sending::read_back(session, native_id))
    }

    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(sending::edit(session, native_id, post))
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, key: &'a str) -> Answer<'a, ()> {
        Box::pin(sending::delete(session, native_id, key))
    }
}

/// An application service is sent everything and polls nothing: the server keeps what was not answered and sends it again. A pull
/// proves that the token holds and learns names of rooms that were not told, as one of the users in them.
async fn pull_names(session: &Session, cursor: Option<&Cursor>, wait: Duration) -> Result<Batch> {
    if cursor.is_some() {
        tokio::time::sleep(wait).await;
    }
    let api = client::Api::of(session)?;
    let _known: Value = api.get(&["account", "whoami"], &[]).await?;
    let key = client::memory_key(session);
    for (room, user) in memory::with(&key, |memory| memory.take_unnamed(NAMES_ASKED_MAX)) {
        // Without the right to ask, a room keeps its id for a name.
        let state: Vec<Value> = api.get(&["rooms", &room, "state"], &[("user_id", &user)]).await.unwrap_or_default();
        memory::with(&key, |memory| state.iter().for_each(|event| memory.learn_state(&room, event)));
    }
    Ok(Batch {
        events: Vec::new(),
        cursor: cursor.cloned().unwrap_or(Cursor("service".to_owned())),
        more: false,
        gaps: Vec::new(),
    })
}
