//! Bluesky: an account on any personal data server of the AT Protocol, in both directions.
//!
//! Figures are from the lexicons of the reference server (`app.bsky.feed.post` and its embeds): 300 grapheme clusters and 3,000 bytes of
//! text, four pictures of 2,000,000 bytes. Tested against that server (npm `@atproto/dev-env`): sessions, OAuth, records, files, errors,
//! restarts; and against the service that makes feeds and notifications of all servers' data (the AppView of the same package), whose
//! outages and odd answers are written down from the lexicons and passed on by the real server.
//!
//! `native_id` and `revision`: see `mapping.rs`. OAuth needs a public address of ours that serves [`client_metadata`]; without one the
//! app password is the way to connect. Invariant: tokens go to the profile's own server and its authorisation server only.

mod client;
mod dpop;
mod entity;
mod facets;
mod identity;
mod mapping;
mod oauth;
mod password;
mod reading;
mod tid;
mod writing;

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

pub use self::oauth::{CLIENT_METADATA_PATH, client_metadata};
use crate::{
    account::{Begun, Connected, Cursor, Pending, Secrets, Session, Standing},
    capabilities::{BackFill, Capabilities, Coverage, Delivery, MediaLimit, TextLimit, TextUnit},
    error::{Class, NetworkError, Result},
    event::{Attachment, Event},
    http,
    network::{About, Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Network, Sink},
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// The Bluesky connector.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bluesky;

const PICTURE_BYTES_MAX: u64 = 2_000_000;

const fn picture(media_type: &'static str) -> MediaLimit {
    MediaLimit { media_type, bytes_max: PICTURE_BYTES_MAX, pixels_max: 0, side_max: 0, seconds_max: 0 }
}

const SERVER: ConnectField = ConnectField {
    name: "server",
    label: "Server",
    help: "Only when the account is not on bsky.social: the address of its server",
    secret: false,
    optional: true,
};

const DIRECTORY: ConnectField = ConnectField {
    name: "directory",
    label: "Directory of identities",
    help: "Only for a closed network of its own; leave it empty for https://plc.directory",
    secret: false,
    optional: true,
};

static ABOUT: About = About {
    id: "bluesky",
    name: "Bluesky",
    code: "bl",
    summary: "An account on Bluesky or any server of the AT Protocol. Needs an app password, or agreement in a browser when this server has a public address.",
    docs: "https://atproto.com/",
    sandbox: false,
    capabilities: Capabilities {
        post: true,
        reply: true,
        edit: false,
        delete: true,
        hide: true,
        direct: false,
        subject: false,
        audiences: false,
        place: false,
        text: TextLimit {
            max: 300,
            unit: TextUnit::Graphemes,
            bytes_max: 3_000,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[picture("image/jpeg"), picture("image/png"), picture("image/webp"), picture("image/gif")],
        attachments_max: 4,
        alt_max: 2_000,
        delivery: Delivery::Polling,
        back_fill: BackFill::Everything,
    },
    connect: &[
        ConnectMethod {
            id: "app_password",
            title: "App password",
            steps: "In Bluesky, under Settings, Privacy and security, App passwords, make one for Gatepost. Give it here with the account's handle.",
            fields: &[
                ConnectField {
                    name: "identifier",
                    label: "Handle",
                    help: "The account's handle, for example kites.example.test",
                    secret: false,
                    optional: false,
                },
                ConnectField {
                    name: "app_password",
                    label: "App password",
                    help: "Never the account's own password. It is stored encrypted and never shown again",
                    secret: true,
                    optional: false,
                },
                SERVER,
                DIRECTORY,
            ],
        },
        ConnectMethod {
            id: "oauth",
            title: "Agree in the browser",
            steps: "Needs a public https address of this server. Bluesky opens, asks you to sign in and to agree, and leads back.",
            fields: &[SERVER, DIRECTORY],
        },
    ],
    coverage: &[
        Coverage::seen(
            "Own posts, answers and quotes",
            "back to the first, from the repository; text, facets' links and mentions, languages, embeds",
        ),
        Coverage::seen("Own reposts", "on the post that they share, and when they are taken back among the newest 50"),
        Coverage::seen(
            "Answers to own posts, mentions, quotes",
            "by notifications, as far back as the service keeps them; one that its writer dates back is noticed among the newest 50",
        ),
        Coverage::seen(
            "The thread around them",
            "up to 10 messages of others around each; a gap says when there were more. Once for all own posts when the profile is connected",
        ),
        Coverage::seen(
            "Deletions of own posts",
            "noticed at the next read for the newest 50 of a kind; nobody tells when it happened",
        ),
        Coverage::seen("Own records that were replaced", "for the newest 50; posts as such cannot be edited on Bluesky"),
        Coverage::unseen(
            "Deletions by others",
            "only the stream of all servers tells of them, which is not read; reading a message again shows it",
        ),
        Coverage::seen(
            "Pictures and video with alt text",
            "as attachments; the file as its author uploaded it, from the author's server",
        ),
        Coverage::seen("Likes and reposts of own posts", "when they are made; taking them back is not told"),
        Coverage::seen("New followers", "when they come; their going is not told"),
        Coverage::raw_only("Self-labels, tags beside the text, link cards' texts", "in the record"),
        Coverage::raw_only("Labels of moderation services, counts", "as they stood in the notification"),
        Coverage::unseen("Direct messages", "another service, without an interface for companies' records"),
        Coverage::unseen(
            "What the accounts one follows post, lists, feeds, own likes, blocks, mutes",
            "not the company's communication",
        ),
    ],
};

async fn check(session: &Session) -> Result<Standing> {
    #[derive(Deserialize)]
    struct Me {
        did: String,
        handle: String,
        #[serde(default = "yes")]
        active: bool,
    }
    fn yes() -> bool {
        true
    }
    let me: Me = client::Api::of(session)?.get("com.atproto.server.getSession", &[]).await?;
    if !me.active || me.did != session.account.native_id {
        return Err(NetworkError::new(
            Class::Reauthorise,
            "the account is not active, or not the one that was connected: connect it again",
        ));
    }
    let account = password::account(&me.did, &me.handle, &http::server(&session.account.server)?);
    let missing_scopes = oauth::missing_scopes(session);
    Ok(Standing { account, expires_at_ms: None, missing_scopes })
}

impl Network for Bluesky {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(async move {
            match request.method.as_str() {
                "app_password" => Ok(Begun::Done(Box::new(password::connect(request).await?))),
                "oauth" => oauth::begin(request).await,
                other => Err(NetworkError::new(Class::Bug, format!("there is no way `{other}` to connect to Bluesky"))),
            }
        })
    }

    fn finish<'a>(
        &'a self,
        request: &'a ConnectRequest,
        pending: &'a Pending,
        query: &'a BTreeMap<String, String>,
    ) -> Answer<'a, Connected> {
        Box::pin(oauth::finish(request, pending, query))
    }

    fn refresh<'a>(&'a self, session: &'a Session, _now_ms: i64) -> Answer<'a, Secrets> {
        Box::pin(async move {
            match session.secrets.get("dpop_key") {
                Some(_) => oauth::renew(session).await,
                None => password::renew(session).await,
            }
        })
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(check(session))
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch> {
        Box::pin(reading::pull(session, cursor, wait))
    }

    fn fetch<'a>(
        &'a self,
        session: &'a Session,
        attachment: &'a Attachment,
        bytes_max: u64,
        sink: &'a mut dyn Sink,
    ) -> Answer<'a, ()> {
        Box::pin(writing::fetch(session, attachment.source.as_deref(), bytes_max, sink))
    }

    fn upload<'a>(&'a self, session: &'a Session, media: &'a Media) -> Answer<'a, Uploaded> {
        Box::pin(writing::upload(session, media))
    }

    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(writing::send(session, post))
    }

    fn find<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>> {
        Box::pin(writing::find(session, post))
    }

    fn read_back<'a>(&'a self, session: &'a Session, native_id: &'a str) -> Answer<'a, Option<Event>> {
        Box::pin(writing::read_back(session, native_id))
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, _key: &'a str) -> Answer<'a, ()> {
        Box::pin(writing::delete(session, native_id))
    }

    fn hide<'a>(&'a self, session: &'a Session, native_id: &'a str, hidden: bool) -> Answer<'a, ()> {
        Box::pin(writing::hide(session, native_id, hidden))
    }
}

#[cfg(test)]
mod tests;
