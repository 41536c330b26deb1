//! [`Desk`]: what every operation needs, in one cheap handle.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    db::Db,
    ids::{Clock, Ids, Time},
    mail,
    sealed::Sealer,
};

/// Live updates that may wait for one slow reader before it is told to reload: enough for a burst, bounded in memory.
const LIVE_QUEUE_MAX: usize = 1_024;

/// What a live update is about. The reader looks again; an update carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// People, teams, roles, rights.
    People,
    /// Somebody's sessions, tokens or state changed: running streams check whether they may go on.
    Access,
    /// Profiles.
    Profiles,
    /// The audit log grew.
    AuditLog,
    /// Jobs.
    Jobs,
    /// The workspace's settings.
    Workspace,
    /// Messages were captured or changed.
    Messages,
    /// How the connections to networks stand.
    Connections,
    /// Imports moved on.
    Imports,
    /// Posts were written, decided on, sent.
    Posts,
    /// Publishing was paused or resumed.
    Publishing,
    /// Something waits for approval, or was decided; workflows changed.
    Approvals,
    /// Word lists changed.
    WordLists,
}

impl Topic {
    /// Every topic.
    pub const ALL: &[Self] = &[
        Self::People,
        Self::Access,
        Self::Profiles,
        Self::AuditLog,
        Self::Jobs,
        Self::Workspace,
        Self::Messages,
        Self::Connections,
        Self::Imports,
        Self::Posts,
        Self::Publishing,
        Self::Approvals,
        Self::WordLists,
    ];

    /// The name on the wire.
    pub fn id(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Access => "access",
            Self::Profiles => "profiles",
            Self::AuditLog => "audit_log",
            Self::Jobs => "jobs",
            Self::Workspace => "workspace",
            Self::Messages => "messages",
            Self::Connections => "connections",
            Self::Imports => "imports",
            Self::Posts => "posts",
            Self::Publishing => "publishing",
            Self::Approvals => "approvals",
            Self::WordLists => "word_lists",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|topic| topic.id() == text)
    }
}

/// What a [`Desk`] is made of.
pub struct DeskParts {
    /// The database, migrated.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and random values.
    pub ids: Arc<dyn Ids>,
    /// The keys derived from the master key.
    pub sealer: Sealer,
    /// The address people use, for links and passkeys, for example `https://desk.example.test`.
    pub public_url: String,
    /// The server that takes mail; nothing when nobody can be written to.
    pub mail: Option<mail::Server>,
}

/// The handle that operations work with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    parts: DeskParts,
    live: broadcast::Sender<Topic>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("db", &self.inner.parts.db.engine()).finish_non_exhaustive()
    }
}

impl Desk {
    /// Puts the parts together.
    pub fn new(parts: DeskParts) -> Self {
        Self { inner: Arc::new(Inner { parts, live: broadcast::channel(LIVE_QUEUE_MAX).0 }) }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.inner.parts.clock.now()
    }

    /// Ids and random values.
    pub fn ids(&self) -> &dyn Ids {
        self.inner.parts.ids.as_ref()
    }

    /// A fresh id of any kind.
    pub fn fresh<T: From<Uuid>>(&self) -> T {
        self.ids().uuid(self.now()).into()
    }

    /// A number nobody can guess, for jitter and the like.
    pub fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.ids().random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Sealing of small secrets.
    pub fn sealer(&self) -> &Sealer {
        &self.inner.parts.sealer
    }

    /// The address people use, without a slash at the end.
    pub fn public_url(&self) -> &str {
        self.inner.parts.public_url.trim_end_matches('/')
    }

    /// The server that takes mail, when there is one.
    pub(crate) fn mail(&self) -> Option<&mail::Server> {
        self.inner.parts.mail.as_ref()
    }

    /// A keyed digest of the canonical JSON form of a value (object keys sorted), for the audit log.
    pub fn digest(&self, value: &impl Serialize) -> [u8; 32] {
        let canonical = serde_json::to_value(value).and_then(|value| serde_json::to_vec(&value));
        self.sealer().digest(&canonical.expect("audited values are plain data"))
    }

    /// Live updates from now on.
    pub fn live(&self) -> broadcast::Receiver<Topic> {
        self.inner.live.subscribe()
    }

    /// Tells this process's readers. [`crate::Act::commit`] does it for an act; the database listener for other processes.
    pub fn announce(&self, topic: Topic) {
        // Nobody listening is fine.
        let _ = self.inner.live.send(topic);
    }
}
