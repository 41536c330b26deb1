//! The one trait of every network.
//!
//! A connector is a value without state of its own: all it knows comes in with the call. Writing calls ([`Network::send`] and those
//! below it) are for the desk's one door out only. Every method has a limit on time and size of its own; none waits longer than
//! asked. Dropping a future stops the call.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    account::{Begun, Connected, Cursor, Pending, Secrets, Session, Standing},
    capabilities::{Capabilities, Coverage},
    error::{NetworkError, Result},
    event::{Attachment, Event},
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// What a call to a network will answer.
pub type Answer<'a, T> = BoxFuture<'a, Result<T>>;

/// What a network is: the same for all its profiles.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its id in the database, the API and the command line: lower case, never changed.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Two letters that stand for it where there is no room for the name; no other network has them.
    pub code: &'static str,
    /// One sentence: what connects to it and what that needs.
    pub summary: &'static str,
    /// The vendor's documentation of what the connector speaks.
    pub docs: &'static str,
    /// Whether it is not a real network. Marked as such everywhere, never the default.
    pub sandbox: bool,
    /// What it can do.
    pub capabilities: Capabilities,
    /// The ways to connect, the usual first.
    pub connect: &'static [ConnectMethod],
    /// What is captured and what is not, field by field.
    pub coverage: &'static [Coverage],
}

/// A way to connect: a form, then either done or a round trip through the network.
#[derive(Debug, Clone, Copy)]
pub struct ConnectMethod {
    /// Its id within the network: `oauth`, `app_password`, `token`.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What to do before, step by step, as a short text.
    pub steps: &'static str,
    /// What the form asks for.
    pub fields: &'static [ConnectField],
}

/// One field of a connect form.
#[derive(Debug, Clone, Copy)]
pub struct ConnectField {
    /// Its name.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What to put in.
    pub help: &'static str,
    /// Whether it is a secret: never shown again, sealed at rest.
    pub secret: bool,
    /// Whether it may stay empty.
    pub optional: bool,
}

/// What somebody filled in, and what the connector needs to know of us.
#[derive(Debug, Clone)]
pub struct ConnectRequest {
    /// Which [`ConnectMethod`].
    pub method: String,
    /// The fields' values by name.
    pub fields: BTreeMap<String, String>,
    /// Where the network sends the person back to.
    pub redirect_uri: String,
    /// Fresh randomness from the caller (state, verifier, keys are made from it).
    pub random: [u8; 64],
    /// The time now.
    pub now_ms: i64,
}

/// What a pull brought.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The events, oldest first where the platform tells. At most [`Batch::MAX`].
    pub events: Vec<Event>,
    /// Where to go on. Only valid once every event is durable.
    pub cursor: Cursor,
    /// Whether there is more right now.
    pub more: bool,
    /// What the platform did not or no longer deliver: a stretch that was missed.
    pub gaps: Vec<Gap>,
}

impl Batch {
    /// The most events of one pull: bounds memory between network and record.
    pub const MAX: usize = 1_000;
}

/// A stretch that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The place concerned; nothing for the whole profile.
    pub place: Option<String>,
    /// From when, where known.
    pub from_ms: Option<i64>,
    /// Until when, where known.
    pub until_ms: Option<i64>,
    /// Why, for people.
    pub reason: String,
}

/// A call that a platform made to us.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path below this profile's hook address.
    pub path: &'a str,
    /// The query string as it came.
    pub query: &'a str,
    /// The headers; names in lower case.
    pub headers: &'a [(String, String)],
    /// The body as it came.
    pub body: &'a [u8],
    /// The time now.
    pub now_ms: i64,
}

/// What to do with a platform's call. It is answered only after the events are durable.
#[derive(Debug, Clone)]
pub struct Received {
    /// What it brought.
    pub events: Vec<Event>,
    /// The status to answer with.
    pub status: u16,
    /// The body to answer with.
    pub body: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
}

/// What a file for the operator is made from.
#[derive(Debug, Clone, Copy)]
pub struct SetUp<'a> {
    /// The connection, once there is one.
    pub session: Option<&'a Session>,
    /// Where the platform can call this profile: [`Network::receive`] gets what comes below it.
    pub hook_url: &'a str,
    /// Where the platform sends people back to.
    pub redirect_uri: &'a str,
}

/// A file that the operator gives to the platform, so that it knows us: an app's manifest, a server's registration. May hold
/// secrets of the connection: it is handed out like a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct SetUpFile {
    /// Its name.
    pub file_name: &'static str,
    /// What to do with it.
    pub how: &'static str,
    /// What it says.
    pub text: String,
}

/// Takes the bytes of an attachment. Answers with an error to stop.
pub trait Sink: Send {
    /// The next bytes.
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Answer<'a, ()>;
}

/// A social network or chat platform.
pub trait Network: Send + Sync + 'static {
    /// What it is.
    fn about(&self) -> &'static About;

    /// What it can do for one connection, whose server may have limits of its own. No call is made for it.
    fn limits(&self, session: &Session) -> Capabilities {
        let _ = session;
        self.about().capabilities
    }

    /// Begins to connect an account.
    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun>;

    /// Ends connecting after the person came back, with the query that came along.
    fn finish<'a>(
        &'a self,
        request: &'a ConnectRequest,
        pending: &'a Pending,
        query: &'a BTreeMap<String, String>,
    ) -> Answer<'a, Connected> {
        let _ = (request, pending, query);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "connect by a round trip")) })
    }

    /// Files that the operator gives to the platform before or after connecting, as far as they can be made now.
    fn set_up_files(&self, set_up: SetUp<'_>) -> Vec<SetUpFile> {
        let _ = set_up;
        Vec::new()
    }

    /// Renews the token. The old one may be dead afterwards: the caller stores the new one before it uses it.
    fn refresh<'a>(&'a self, session: &'a Session, now_ms: i64) -> Answer<'a, Secrets> {
        let _ = (session, now_ms);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "renew a token")) })
    }

    /// Asks the network who we are and what we may do.
    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing>;

    /// What happened since `cursor` (nothing: from the beginning of what can be had). Waits up to `wait` when there is nothing new.
    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch>;

    /// Understands a call that the platform made to us, after checking that it is the platform's and not a replay.
    fn receive(&self, session: &Session, delivery: Delivery<'_>) -> Result<Received> {
        let _ = (session, delivery);
        Err(NetworkError::unsupported(self.about().name, "call us"))
    }

    /// Fetches the bytes of an attachment, at most `bytes_max`.
    fn fetch<'a>(
        &'a self,
        session: &'a Session,
        attachment: &'a Attachment,
        bytes_max: u64,
        sink: &'a mut dyn Sink,
    ) -> Answer<'a, ()>;

    /// Gives the network a file. Without a post it shows nowhere.
    fn upload<'a>(&'a self, session: &'a Session, media: &'a Media) -> Answer<'a, Uploaded> {
        let _ = (session, media);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "take files")) })
    }

    /// Posts or replies.
    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published>;

    /// Whether a post of ours is there: asked after an attempt whose outcome is unknown.
    fn find<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>>;

    /// Reads a post of ours back, or learns that it is gone.
    fn read_back<'a>(&'a self, session: &'a Session, native_id: &'a str) -> Answer<'a, Option<Event>>;

    /// Changes a post of ours.
    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        let _ = (session, native_id, post);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "change a post")) })
    }

    /// Takes a post of ours back. Succeeds when it was gone already.
    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, key: &'a str) -> Answer<'a, ()> {
        let _ = (session, native_id, key);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "take a post back")) })
    }

    /// Hides or shows what somebody else wrote under a post of ours.
    fn hide<'a>(&'a self, session: &'a Session, native_id: &'a str, hidden: bool) -> Answer<'a, ()> {
        let _ = (session, native_id, hidden);
        Box::pin(async { Err(NetworkError::unsupported(self.about().name, "hide a message")) })
    }
}
