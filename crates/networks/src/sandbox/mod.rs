//! The sandbox: a network inside the program, for the demo company and for tests of behaviour. Nothing in it is real, nothing leaves
//! the machine, and it is marked as a sandbox wherever it shows.
//!
//! What others say is computed from a seed and the time (`world.rs`, `lines.txt`): questions, praise, complaints, people who share
//! personal data, abuse, spam, and about every two days a crisis that grows for an hour and a half; in the internal feed also
//! secrets and confidential matters. What we send is kept (`sent.rs`) and comes back in the next pull, as on a real network.
//! An attempt with a key that is known does nothing again. A text that holds [`REFUSED_WORD`] is refused.

mod sent;
mod world;

pub use sent::keep_in;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use self::{
    sent::{Kept, Sent},
    world::{Feed, SLOT_MS, World, note, ourselves, with_raw},
};
use crate::{
    account::{Account, Begun, Connected, Cursor, Secrets, Session, Standing},
    capabilities::{BackFill, Capabilities, Coverage, Delivery, MediaLimit, TextLimit, TextUnit},
    error::{Class, NetworkError, Result},
    event::{Attachment, Content, Event, Place, PlaceKind, Raw, What},
    network::{About, Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Network, Sink},
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// A post with this word is refused, so that refusals can be shown and tested.
pub const REFUSED_WORD: &str = "refuse-me";
/// How far back a new profile sees: enough for a full page, little enough to be there at once.
const BACK_FILL_MS: i64 = 2 * 24 * 3_600_000;
/// The longest sandbox post, in grapheme clusters: between Mastodon's and Bluesky's.
const TEXT_MAX: u32 = 500;
/// The most slots looked at in one pull: a day is computed in a few milliseconds.
const SLOTS_MAX: i64 = 8_640;

/// The sandbox network.
#[derive(Debug, Clone, Copy)]
pub struct Sandbox {
    now_ms: fn() -> i64,
}

impl Sandbox {
    /// The sandbox by the system's clock.
    pub const fn new() -> Self {
        Self { now_ms: system_now }
    }

    /// The sandbox by another clock.
    pub const fn at(now_ms: fn() -> i64) -> Self {
        Self { now_ms }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

fn system_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

const PICTURE_BYTES_MAX: u64 = 8 * 1024 * 1024;

const fn picture(media_type: &'static str) -> MediaLimit {
    MediaLimit { media_type, bytes_max: PICTURE_BYTES_MAX, pixels_max: 0, side_max: 0, seconds_max: 0 }
}

static ABOUT: About = About {
    id: "sandbox",
    name: "Sandbox",
    code: "sa",
    summary: "A network inside this program with invented people. Nothing leaves the machine.",
    docs: "",
    sandbox: true,
    capabilities: Capabilities {
        post: true,
        reply: true,
        edit: true,
        delete: true,
        hide: true,
        direct: false,
        subject: true,
        audiences: true,
        place: false,
        text: TextLimit {
            max: TEXT_MAX,
            unit: TextUnit::Graphemes,
            bytes_max: 0,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[picture("image/png"), picture("image/jpeg"), picture("image/webp")],
        attachments_max: 4,
        alt_max: 1_500,
        delivery: Delivery::Polling,
        back_fill: BackFill::Days(2),
    },
    connect: &[ConnectMethod {
        id: "sandbox",
        title: "Open a sandbox",
        steps: "Choose a name and which feed to watch. Nothing is sent to anybody.",
        fields: &[
            ConnectField {
                name: "handle",
                label: "Name",
                help: "The account's name in the sandbox, for example kites",
                secret: false,
                optional: false,
            },
            ConnectField {
                name: "feed",
                label: "Feed",
                help: "public (customers and passers-by) or internal (the company's own chat)",
                secret: false,
                optional: false,
            },
        ],
    }],
    coverage: &[
        Coverage::seen("Posts, answers, edits, deletions", "each an entry"),
        Coverage::seen("Reactions, joining and leaving", "each an entry"),
        Coverage::seen("Attachments", "small text notes"),
    ],
};

/// How far a sandbox was read: the next slot, and how many of our own posts were seen.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Position {
    slot: i64,
    sent: usize,
}

/// One profile's sandbox.
struct Opened {
    world: World,
    folder: Option<String>,
    handle: String,
}

impl Opened {
    fn of(session: &Session) -> Result<Self> {
        let feed = session.settings.get("feed").and_then(|feed| Feed::parse(feed)).ok_or_else(|| {
            NetworkError::new(Class::Reauthorise, "this sandbox profile does not say which feed it watches; connect it again")
        })?;
        let handle = session.account.handle.clone();
        // FNV-1a: the same name gives the same world.
        let seed =
            handle.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        Ok(Self { world: World { seed, feed }, folder: sent::folder_of(session.settings.get("folder")), handle })
    }

    fn sent<T>(&self, work: impl FnOnce(&mut Sent) -> Result<T>) -> Result<T> {
        Sent::with(self.folder.as_deref(), &self.handle, work)
    }

    fn place(&self, wanted: Option<&str>) -> Place {
        match (self.world.feed, wanted) {
            (Feed::Public, _) => {
                Place { native_id: "feed".to_owned(), name: Some("Public feed".to_owned()), kind: PlaceKind::Public }
            }
            (Feed::Internal, place) => {
                let id = place.unwrap_or("general").to_owned();
                Place { name: Some(id.clone()), native_id: id, kind: PlaceKind::Workspace }
            }
        }
    }
}

impl Network for Sandbox {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(async move {
            let field = |name: &str| request.fields.get(name).map(|value| value.trim()).unwrap_or_default();
            let refused = |what: &str| NetworkError::new(Class::RefusedContent, what);
            let (handle, feed) = (field("handle"), field("feed"));
            let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if handle.is_empty() || handle.len() > 40 || !handle.chars().all(well_formed) {
                return Err(refused("the name may hold up to 40 letters, digits, dots, dashes and underscores"));
            }
            if Feed::parse(feed).is_none() {
                return Err(refused("the feed is `public` or `internal`"));
            }
            let settings = BTreeMap::from([
                ("feed".to_owned(), feed.to_owned()),
                ("since_ms".to_owned(), (request.now_ms - BACK_FILL_MS).to_string()),
            ]);
            let standing = Standing { account: account(handle), expires_at_ms: None, missing_scopes: Vec::new() };
            Ok(Begun::Done(Box::new(Connected { standing, secrets: Secrets::default(), settings })))
        })
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(async move {
            let opened = Opened::of(session)?;
            Ok(Standing { account: account(&opened.handle), expires_at_ms: None, missing_scopes: Vec::new() })
        })
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch> {
        Box::pin(async move {
            let opened = Opened::of(session)?;
            let position = match cursor {
                Some(cursor) => serde_json::from_str(&cursor.0)
                    .map_err(|_| NetworkError::malformed("the sandbox does not know this cursor; connect the profile again"))?,
                None => Position { slot: World::slot_of(first_time(session, (self.now_ms)())), sent: 0 },
            };
            let batch = self.read(&opened, position)?;
            if batch.events.is_empty() && !batch.more && !wait.is_zero() {
                let until_next = SLOT_MS - (self.now_ms)().rem_euclid(SLOT_MS);
                tokio::time::sleep(Duration::from_millis(until_next.unsigned_abs()).min(wait)).await;
                return self.read(&opened, position);
            }
            Ok(batch)
        })
    }

    fn fetch<'a>(
        &'a self,
        _session: &'a Session,
        attachment: &'a Attachment,
        bytes_max: u64,
        sink: &'a mut dyn Sink,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let Some(id) = &attachment.source else {
                return Err(NetworkError::new(Class::Gone, "this attachment has no source"));
            };
            let text = note(id);
            if text.len() as u64 > bytes_max {
                return Err(NetworkError::new(Class::RefusedContent, format!("the attachment is larger than {bytes_max} bytes")));
            }
            sink.write(text.as_bytes()).await
        })
    }

    fn upload<'a>(&'a self, _session: &'a Session, media: &'a Media) -> Answer<'a, Uploaded> {
        Box::pin(async move {
            if media.bytes.len() as u64 > PICTURE_BYTES_MAX {
                return Err(NetworkError::new(Class::RefusedContent, "a picture in the sandbox has at most 8 MiB"));
            }
            let named = serde_json::json!({ "file_name": media.file_name, "media_type": media.media_type,
                "bytes": media.bytes.len(), "alt": media.alt });
            Ok(Uploaded(named.to_string()))
        })
    }

    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            let opened = Opened::of(session)?;
            refuse(post)?;
            let now = (self.now_ms)();
            opened.sent(|sent| {
                if let Some(known) = sent.by_key(&post.key) {
                    return Ok(published(&known.event));
                }
                let native_id = format!("sbx-own-{}", sent.len());
                let content = content_of(post, &native_id);
                let event = with_raw(own(&opened, native_id, String::new(), What::Posted(Box::new(content)), now, post));
                sent.keep(Kept { key: post.key.clone(), event: event.clone() })?;
                Ok(published(&event))
            })
        })
    }

    fn find<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>> {
        Box::pin(async move { Opened::of(session)?.sent(|sent| Ok(sent.by_key(&post.key).map(|kept| published(&kept.event)))) })
    }

    fn read_back<'a>(&'a self, session: &'a Session, native_id: &'a str) -> Answer<'a, Option<Event>> {
        Box::pin(async move {
            Opened::of(session)?.sent(|sent| {
                let newest = sent.of(native_id).last().map(|kept| kept.event.clone());
                Ok(newest.filter(|event| event.what != What::Deleted).map(with_raw))
            })
        })
    }

    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            let opened = Opened::of(session)?;
            refuse(post)?;
            let now = (self.now_ms)();
            opened.sent(|sent| {
                if let Some(known) = sent.by_key(&post.key) {
                    return Ok(published(&known.event));
                }
                ours(sent, native_id)?;
                let content = content_of(post, native_id);
                let revision = format!("edit:{}", sent.len());
                let event = with_raw(own(&opened, native_id.to_owned(), revision, What::Edited(Box::new(content)), now, post));
                sent.keep(Kept { key: post.key.clone(), event: event.clone() })?;
                Ok(published(&event))
            })
        })
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, key: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let opened = Opened::of(session)?;
            let now = (self.now_ms)();
            opened.sent(|sent| {
                if sent.of(native_id).any(|kept| kept.event.what == What::Deleted) {
                    return Ok(());
                }
                let first = ours(sent, native_id)?;
                let place = first.place.clone();
                let mut event = own_at(&opened, native_id.to_owned(), "delete".to_owned(), What::Deleted, now, place);
                event = with_raw(event);
                sent.keep(Kept { key: key.to_owned(), event })
            })
        })
    }

    fn hide<'a>(&'a self, session: &'a Session, _native_id: &'a str, _hidden: bool) -> Answer<'a, ()> {
        // Hidden messages stay in every feed of the sandbox's own account, as on real networks: there is nothing to show for it.
        Box::pin(async move { Opened::of(session).map(|_| ()) })
    }
}

impl Sandbox {
    fn read(self, opened: &Opened, from: Position) -> Result<Batch> {
        let end = World::slot_of((self.now_ms)());
        let mut events = Vec::new();
        let mut slot = from.slot.max(end - 365 * 24 * 3_600_000 / SLOT_MS);
        let stop = end.min(slot + SLOTS_MAX);
        while slot < stop && events.len() < Batch::MAX / 2 {
            events.extend(opened.world.events(slot));
            slot += 1;
        }
        let sent = opened.sent(|sent| {
            let own = sent.since(from.sent).iter().take(Batch::MAX / 4);
            let before = events.len();
            events.extend(own.map(|kept| with_raw(kept.event.clone())));
            Ok((from.sent + events.len() - before, sent.len()))
        })?;
        let cursor = serde_json::to_string(&Position { slot, sent: sent.0 }).expect("a position is plain data");
        Ok(Batch { events, cursor: Cursor(cursor), more: slot < end || sent.0 < sent.1, gaps: Vec::new() })
    }
}

fn first_time(session: &Session, now_ms: i64) -> i64 {
    session.settings.get("since_ms").and_then(|since| since.parse().ok()).unwrap_or(now_ms - BACK_FILL_MS)
}

fn account(handle: &str) -> Account {
    Account {
        native_id: format!("sandbox:{handle}"),
        handle: handle.to_owned(),
        name: Some(format!("{handle} (sandbox)")),
        link: None,
        server: "sandbox".to_owned(),
    }
}

fn refuse(post: &Outgoing) -> Result<()> {
    use unicode_segmentation::UnicodeSegmentation as _;
    let length = post.text.graphemes(true).count();
    if length > TEXT_MAX as usize {
        return Err(NetworkError::new(
            Class::RefusedContent,
            format!("the sandbox takes {TEXT_MAX} characters; this has {length}"),
        ));
    }
    if post.text.contains(REFUSED_WORD) {
        return Err(NetworkError::new(Class::RefusedContent, format!("the sandbox refuses texts with `{REFUSED_WORD}`")));
    }
    Ok(())
}

fn ours<'a>(sent: &'a Sent, native_id: &'a str) -> Result<&'a Event> {
    let first = sent.of(native_id).next();
    first.map(|kept| &kept.event).ok_or_else(|| NetworkError::new(Class::Gone, "the sandbox has no such post of ours"))
}

fn content_of(post: &Outgoing, native_id: &str) -> Content {
    let attachments = post.media.iter().enumerate().map(|(number, media)| {
        let named: serde_json::Value = serde_json::from_str(&media.0).unwrap_or_default();
        let text = |name: &str| named.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        Attachment {
            native_id: format!("{native_id}-{number}"),
            file_name: text("file_name"),
            media_type: text("media_type"),
            bytes: named.get("bytes").and_then(serde_json::Value::as_u64),
            alt: text("alt"),
            source: None,
        }
    });
    Content {
        text: post.text.clone(),
        subject: post.subject.clone(),
        language: post.language.clone(),
        reply_to: post.reply_to.clone(),
        thread: post.thread.clone().or_else(|| post.reply_to.clone()),
        attachments: attachments.collect(),
        links: post.text.split_whitespace().filter(|word| word.starts_with("https://")).map(str::to_owned).collect(),
        permalink: Some(format!("https://sandbox.example.test/own/{native_id}")),
        ..Content::default()
    }
}

fn own(opened: &Opened, native_id: String, revision: String, what: What, now_ms: i64, post: &Outgoing) -> Event {
    own_at(opened, native_id, revision, what, now_ms, opened.place(post.place.as_deref()))
}

fn own_at(opened: &Opened, native_id: String, revision: String, what: What, now_ms: i64, place: Place) -> Event {
    let by = Some(ourselves(&opened.handle));
    Event { native_id, revision, what, source_time_ms: Some(now_ms), posted_at_ms: None, place, by, raw: Raw::default() }
}

fn published(event: &Event) -> Published {
    let permalink = match &event.what {
        What::Posted(content) | What::Edited(content) => content.permalink.clone(),
        _ => None,
    };
    Published {
        native_id: event.native_id.clone(),
        revision: (!event.revision.is_empty()).then(|| event.revision.clone()),
        permalink,
        source_time_ms: event.source_time_ms,
    }
}

#[cfg(test)]
mod tests;
