//! Mastodon's client API: Mastodon and the servers that speak as it does (GoToSocial, Pleroma, snac, …), in both directions.
//!
//! Figures are from the vendor's documentation (docs.joinmastodon.org): 500 characters counted as grapheme clusters with every link as
//! 23, four attachments, 1,500 characters of alt text, 16 MiB a picture and 99 MiB a video; a server's own limits, read when it is
//! connected, go before them (`instance.rs`). Tested against snac, a real server that we did not write. What it does not have is
//! tested against answers written down from the documentation: streaming, `/api/v2/instance`, `/history`, several statuses at once,
//! quotes, polls, and media that take time.
//!
//! `native_id` and `revision`: see `mapping.rs`. Invariant: no call of this connector is made to another host than the profile's server,
//! but for public media, which get no token.

mod client;
mod entity;
mod instance;
mod mapping;
mod oauth;
mod reading;
mod stream;
mod thread;
mod writing;

use std::{collections::BTreeMap, time::Duration};

use crate::{
    account::{Begun, Connected, Cursor, Pending, Session, Standing},
    capabilities::{BackFill, Capabilities, Coverage, Delivery, MediaLimit, TextLimit, TextUnit},
    error::NetworkError,
    event::{Attachment, Event},
    network::{About, Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Network, Sink},
    outgoing::{Media, Outgoing, Published, Uploaded},
    public_media,
};

/// The Mastodon connector.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mastodon;

const PICTURE_BYTES_MAX: u64 = 16 * 1024 * 1024;
const VIDEO_BYTES_MAX: u64 = 99 * 1024 * 1024;

const fn picture(media_type: &'static str) -> MediaLimit {
    MediaLimit { media_type, bytes_max: PICTURE_BYTES_MAX, pixels_max: 33_177_600, side_max: 0, seconds_max: 0 }
}

const SERVER: ConnectField = ConnectField {
    name: "server",
    label: "Server",
    help: "The address of the account's server, for example social.example.test",
    secret: false,
    optional: false,
};

static ABOUT: About = About {
    id: "mastodon",
    name: "Mastodon",
    code: "ma",
    summary: "An account on a Mastodon server or one that speaks its client API. Needs the account's agreement in a browser, or a token.",
    docs: "https://docs.joinmastodon.org/client/intro/",
    sandbox: false,
    capabilities: Capabilities {
        post: true,
        reply: true,
        edit: true,
        delete: true,
        hide: false,
        direct: true,
        subject: true,
        audiences: true,
        place: false,
        text: TextLimit {
            max: 500,
            unit: TextUnit::Graphemes,
            bytes_max: 0,
            link_counts: 23,
            mention_hosts_count: false,
            subject_counts: true,
        },
        media: &[
            picture("image/jpeg"),
            picture("image/png"),
            picture("image/gif"),
            picture("image/webp"),
            MediaLimit {
                media_type: "video/mp4",
                bytes_max: VIDEO_BYTES_MAX,
                pixels_max: 8_294_400,
                side_max: 0,
                seconds_max: 0,
            },
            MediaLimit { media_type: "audio/mpeg", bytes_max: VIDEO_BYTES_MAX, pixels_max: 0, side_max: 0, seconds_max: 0 },
        ],
        attachments_max: 4,
        alt_max: 1_500,
        delivery: Delivery::Streaming,
        back_fill: BackFill::Everything,
    },
    connect: &[
        ConnectMethod {
            id: "oauth",
            title: "Agree in the browser",
            steps: "Give the server's address. It opens, asks you to sign in to the account, and what Gatepost may do; agree, and it leads back.",
            fields: &[SERVER],
        },
        ConnectMethod {
            id: "token",
            title: "Paste a token",
            steps: "On the server, under Preferences, Development, make an application with the scopes read and write. Open it and copy \"Your access token\".",
            fields: &[
                SERVER,
                ConnectField {
                    name: "access_token",
                    label: "Access token",
                    help: "The application's access token; it is stored encrypted and never shown again",
                    secret: true,
                    optional: false,
                },
            ],
        },
    ],
    coverage: &[
        Coverage::seen(
            "Own posts and answers, all audiences",
            "back to the first; text, content warning, language, links, poll options",
        ),
        Coverage::seen("Mentions of the account and answers to it", "by notifications, as far back as the server keeps them"),
        Coverage::seen("Direct messages", "as posts of audience direct; not end-to-end encrypted on Mastodon"),
        Coverage::seen(
            "The thread around them",
            "up to 10 messages of others around each; a gap entry says when there were more",
        ),
        Coverage::seen(
            "Edits",
            "every version the server's history has (10 of each); own among the newest 20, others' while streaming or among the newest 20 mentions",
        ),
        Coverage::seen(
            "Deletions of own posts",
            "noticed at the next read for the newest 20, or by the stream; the time of the deletion is not told",
        ),
        Coverage::seen(
            "Deletions by others",
            "by the stream while it is open, else for the newest 20 mentions where the server tells several at once (4.3)",
        ),
        Coverage::seen("Media with alt text", "as attachments; the file is fetched from where the server says it is"),
        Coverage::seen(
            "Favourites and boosts of own posts",
            "when they are made; the server does not tell when they are taken back",
        ),
        Coverage::seen("New followers", "when they come; the server does not tell when they go"),
        Coverage::seen("Own boosts", "as posts that quote what they share"),
        Coverage::seen("Quotes (4.5)", "the quoted post's address"),
        Coverage::raw_only("Counts, custom emoji, link previews' texts, filters", "in the raw answer"),
        Coverage::raw_only("Poll votes and results", "as they stood at capture"),
        Coverage::unseen("What the accounts one follows post", "the home timeline is not the company's communication"),
        Coverage::unseen("Own favourites, bookmarks, lists, mutes, blocks", "acts without a reader"),
        Coverage::unseen(
            "Follow requests' outcome, announcements, reports",
            "notifications of other kinds are recorded as they come, without a form of their own",
        ),
    ],
};

impl Network for Mastodon {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn limits(&self, session: &Session) -> Capabilities {
        instance::limits(session)
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

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(oauth::check(session))
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
        Box::pin(async move {
            let source = attachment.source.as_deref().ok_or_else(|| NetworkError::malformed("the attachment has no address"))?;
            public_media::fetch(source, &session.account.server, bytes_max, sink).await
        })
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

    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(writing::edit(session, native_id, post))
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, _key: &'a str) -> Answer<'a, ()> {
        Box::pin(writing::delete(session, native_id))
    }
}

#[cfg(test)]
mod tests;
