//! Slack: the Events API pushes what happens, the Web API reads the past, heals gaps and posts.
//!
//! Invariants: a pushed call is believed only when its signature holds ([`signature`]); the bot's token goes to the workspace's own
//! server only; an event's id is the same whether it came by push, by history or out of an export ([`mapping`] has the rules).
//! What it does not do: Socket Mode, the Discovery API of Enterprise Grid, scheduled messages, canvases and lists, huddle
//! transcripts, joining channels by itself (an app is invited).
//!
//! Sources of what stands here: `docs.slack.dev` (Events API, "Verifying requests from Slack", Web API methods and their errors,
//! rate limits, OAuth v2, token rotation, message payloads, formatting, app manifests). Text limit 40,000 characters, of which
//! Slack recommends 4,000; files 1 GB; ten files on a post is ours; three months of history on plans without full history. Apps that
//! are distributed outside the Marketplace read history once a minute; a company's own app is not limited so.
//!
//! Tested against the `emulate` package, which is not Slack: it knows no rate limits, no revoked tokens, no paging by time and
//! posts no alt text. These are tested by answers in the documentation's shapes, put before it by the fault proxy.

mod client;
mod errors;
mod history;
pub(crate) mod mapping;
mod names;
mod oauth;
mod sending;
mod signature;
pub(crate) mod text;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::{
    account::{Begun, Connected, Cursor, Pending, Secrets, Session, Standing},
    capabilities::{BackFill, Capabilities, Coverage, Delivery as Delivers, MediaLimit, TextLimit, TextUnit},
    error::{Class, NetworkError, Result},
    event::{Attachment, Event},
    network::{
        About, Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Delivery, Network, Received, SetUp, SetUpFile, Sink,
    },
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// The connector.
#[derive(Debug)]
pub struct Slack;

const GIGABYTE: u64 = 1_000_000_000;

const fn file(media_type: &'static str) -> MediaLimit {
    MediaLimit { media_type, bytes_max: GIGABYTE, pixels_max: 0, side_max: 0, seconds_max: 0 }
}

const fn asks(name: &'static str, label: &'static str, help: &'static str, secret: bool, optional: bool) -> ConnectField {
    ConnectField { name, label, help, secret, optional }
}

const SIGNING_SECRET: &str = "App Credentials of the app's Basic Information page. Without it nothing can be pushed to us";
const CHANNELS: ConnectField =
    asks("channels", "Channels", "Names or ids, with commas between; empty: every channel the app is in", false, true);
const SERVER: ConnectField = asks("server", "Server", "Only for GovSlack: https://slack-gov.com", false, true);

static ABOUT: About = About {
    id: "slack",
    name: "Slack",
    code: "sl",
    summary: "A workspace's channels and conversations, through an app of your own that you install from a manifest.",
    docs: "https://docs.slack.dev",
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
            max: 40_000,
            unit: TextUnit::Scalars,
            bytes_max: 0,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[
            file("image/png"),
            file("image/jpeg"),
            file("image/gif"),
            file("video/mp4"),
            file("application/pdf"),
            file("text/plain"),
        ],
        attachments_max: 10,
        alt_max: 1_000,
        delivery: Delivers::Push,
        back_fill: BackFill::Everything,
    },
    connect: &[
        ConnectMethod {
            id: "oauth",
            title: "Install the app",
            steps: "Make an app from the manifest at api.slack.com/apps. Copy client id, client secret and signing secret from its \
                    Basic Information page. Connect, agree, then invite the app to the channels it is to record.",
            fields: &[
                asks("client_id", "Client id", "Basic Information, App Credentials", false, false),
                asks("client_secret", "Client secret", "Basic Information, App Credentials", true, false),
                asks("signing_secret", "Signing secret", SIGNING_SECRET, true, false),
                asks("as_person", "Read as you", "yes: also read what you can read, without inviting the app", false, true),
                CHANNELS,
                SERVER,
            ],
        },
        ConnectMethod {
            id: "token",
            title: "Bring a token",
            steps: "Install the app at Slack and copy its bot token (xoxb-…) from OAuth & Permissions.",
            fields: &[
                asks("access_token", "Bot token", "Begins with xoxb-", true, false),
                asks("user_token", "User token", "Begins with xoxp-: reads what that person can read", true, true),
                asks("signing_secret", "Signing secret", SIGNING_SECRET, true, true),
                CHANNELS,
                SERVER,
            ],
        },
    ],
    coverage: &[
        Coverage::seen(
            "messages of people and programs",
            "text from blocks, else from mrkdwn with names filled in; with what they forward, and what Slack shows of snippets and mails",
        ),
        Coverage::seen(
            "threads, replies sent to the channel",
            "by push and back-fill; a reply that the push missed in a thread older than its channel's newest hundred messages is not found again",
        ),
        Coverage::seen("edits", "each edit by push; of history the last one only"),
        Coverage::seen("deletions", "by push only: history does not tell what is no longer there"),
        Coverage::seen(
            "reactions",
            "by push with their time; of history those that stand, without time, the first fifty people of each",
        ),
        Coverage::seen("files", "bytes fetched from Slack; files kept elsewhere are recorded as links"),
        Coverage::seen("members joining and leaving", "the message in the channel and the event are two entries"),
        Coverage::seen("channels made, renamed, archived, topic, purpose", ""),
        Coverage::seen("direct and group conversations", "those that the bot, or the person who connected, is in"),
        Coverage::raw_only("link previews", "not the author's words"),
        Coverage::raw_only("pins, bookmarks, stars, polls of other apps", "when pushed"),
        Coverage::raw_only("profile changes", "when pushed; names are read anew"),
        Coverage::unseen("channels the app is not in", "invite it, or connect with a person's token"),
        Coverage::unseen("canvases, lists, huddles, scheduled messages, typing, presence", ""),
        Coverage::unseen("messages hidden by the plan's limit", "a gap says so"),
    ],
};

impl Network for Slack {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(oauth::begin(request))
    }

    fn finish<'a>(
        &'a self,
        request: &'a ConnectRequest,
        pending: &'a Pending,
        query: &'a BTreeMap<String, String>,
    ) -> Answer<'a, Connected> {
        Box::pin(oauth::finish(request, pending, query))
    }

    fn set_up_files(&self, set_up: SetUp<'_>) -> Vec<SetUpFile> {
        vec![oauth::manifest(set_up)]
    }

    fn refresh<'a>(&'a self, session: &'a Session, _now_ms: i64) -> Answer<'a, Secrets> {
        Box::pin(oauth::refresh(session))
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(oauth::check(session))
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch> {
        Box::pin(history::pull(session, cursor, wait))
    }

    fn receive(&self, session: &Session, delivery: Delivery<'_>) -> Result<Received> {
        receive(session, delivery)
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

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, _key: &'a str) -> Answer<'a, ()> {
        Box::pin(sending::delete(session, native_id))
    }
}

fn answer(status: u16, body: &str) -> Received {
    Received { events: Vec::new(), status, body: body.as_bytes().to_vec(), media_type: "text/plain" }
}

/// A call of the Events API: signed, of this workspace, then understood. A call that is not believed is answered 401 and brings
/// nothing; Slack repeats what is not answered with 2xx.
fn receive(session: &Session, delivery: Delivery<'_>) -> Result<Received> {
    let Some(secret) = session.secrets.get("signing_secret") else {
        return Err(NetworkError::new(
            Class::Reauthorise,
            "there is no signing secret, so nothing can be pushed; connect again with one",
        ));
    };
    if delivery.method != "POST" {
        return Ok(answer(405, "Slack calls with POST"));
    }
    let header = |name: &str| delivery.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (time, signed) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    if let Err(distrust) = signature::check(secret, time, signed, delivery.body, delivery.now_ms) {
        return Ok(answer(401, &distrust.to_string()));
    }
    let Ok(envelope) = serde_json::from_slice::<Value>(delivery.body) else { return Ok(answer(400, "not JSON")) };
    match envelope["type"].as_str().unwrap_or_default() {
        "url_verification" => Ok(answer(200, envelope["challenge"].as_str().unwrap_or_default())),
        "event_callback" | "app_rate_limited" => {
            let team = envelope["team_id"].as_str().unwrap_or_default();
            if !session.account.native_id.starts_with(&format!("{team}:")) {
                return Ok(answer(404, "this address is for another workspace"));
            }
            let events = names::with(&client::workspace(session), |names| {
                learn(&envelope["event"], names);
                let around = mapping::Around { names, link: session.account.link.as_deref() };
                mapping::of_push(delivery.body, &envelope, around)
            });
            Ok(Received { events, ..answer(200, "") })
        }
        _ => Ok(answer(200, "")),
    }
}

/// What an event tells about names.
fn learn(event: &Value, names: &mut names::Names) {
    match event["type"].as_str().unwrap_or_default() {
        "user_change" | "team_join" => names.learn_person(&event["user"]),
        "channel_rename" | "group_rename" => {
            let channel = &event["channel"];
            if let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) {
                names.rename_channel(id, name);
            }
        }
        _ => {}
    }
}
