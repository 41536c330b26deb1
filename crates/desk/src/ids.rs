//! Ids and time: one Rust type per kind of id, all UUIDv7, and [`Time`], Unix milliseconds in UTC.
//!
//! Both come from the context ([`Clock`], [`Ids`]), never from inside a function.

use std::{fmt, str::FromStr, sync::Arc};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{self, Column, Row, Value};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// This moment plus a number of milliseconds, held at the ends of the range.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies after.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// As RFC 3339 in UTC with milliseconds, for example `2026-03-01T09:30:00.000Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => format!("{} ms since 1970", self.0),
        }
    }
}

impl Column for Time {
    fn read(row: &Row, name: &str) -> db::Result<Self> {
        Ok(Self(row.get(name)?))
    }
}

impl Column for Option<Time> {
    fn read(row: &Row, name: &str) -> db::Result<Self> {
        Ok(row.get::<Option<i64>>(name)?.map(Time))
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Int(Some(time.0))
    }
}

impl From<Option<Time>> for Value {
    fn from(time: Option<Time>) -> Self {
        Self::Int(time.map(|time| time.0))
    }
}

/// Where the time comes from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Time(jiff::Timestamp::now().as_millisecond())
    }
}

/// Where ids and other random values come from.
pub trait Ids: fmt::Debug + Send + Sync {
    /// Fills the buffer with bytes nobody can guess.
    fn random(&self, buffer: &mut [u8]);

    /// A fresh UUIDv7 for the given moment.
    fn uuid(&self, now: Time) -> Uuid {
        let mut random = [0; 10];
        self.random(&mut random);
        uuid::Builder::from_unix_timestamp_millis(now.0.max(0).unsigned_abs(), &random).into_uuid()
    }
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Default)]
pub struct SystemIds(Arc<SystemRandom>);

impl SystemIds {
    /// The operating system's random numbers.
    pub fn new() -> Self {
        Self(Arc::new(SystemRandom::new()))
    }
}

impl Ids for SystemIds {
    fn random(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect("the operating system gives random numbers");
    }
}

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 hexadecimal digits, with or without hyphens")]
pub struct NotAnId;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The 16 bytes as they stand in the database.
            pub fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }

        impl Column for $name {
            fn read(row: &Row, name: &str) -> db::Result<Self> {
                row.get::<Option<Self>>(name)?.ok_or_else(|| db::corrupt(name, "an id is missing"))
            }
        }

        impl Column for Option<$name> {
            fn read(row: &Row, name: &str) -> db::Result<Self> {
                row.get::<Option<Vec<u8>>>(name)?
                    .map(|bytes| {
                        Uuid::from_slice(&bytes).map($name).map_err(|_| db::corrupt(name, "an id is not 16 bytes long"))
                    })
                    .transpose()
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Bytes(Some(id.bytes().to_vec()))
            }
        }

        impl From<Option<$name>> for Value {
            fn from(id: Option<$name>) -> Self {
                Self::Bytes(id.map(|id| id.bytes().to_vec()))
            }
        }
    )*};
}

typed_ids! {
    /// A person with an account.
    PersonId,
    /// A team of people.
    TeamId,
    /// A named bundle of grants.
    RoleId,
    /// One right or level given to a person, team or role.
    GrantId,
    /// One role given to a person or team.
    AssignmentId,
    /// A connected account on a network.
    ProfileId,
    /// A group of profiles.
    GroupId,
    /// An approval workflow.
    WorkflowId,
    /// A rule that adds steps to a workflow.
    AdditionId,
    /// A version of a post on its way through its approval.
    SubmissionId,
    /// An outside approver.
    GuestId,
    /// A link that was mailed to an outside approver.
    InvitationId,
    /// A browser of an outside approver.
    GuestSessionId,
    /// A decision about a submission.
    DecisionId,
    /// A mail on its way.
    MailId,
    /// A signed-in browser.
    SessionId,
    /// A single-use link.
    LinkId,
    /// A sign-in or set-up that takes more than one request.
    CeremonyId,
    /// An authenticator app, passkey or recovery code.
    FactorId,
    /// An API token.
    TokenId,
    /// An audit log entry.
    AuditId,
    /// A background job.
    JobId,
    /// A saved view of a list.
    ViewId,
    /// A captured message: the record id of its first entry in the ledger. A keyed digest, not a UUIDv7.
    MessageId,
    /// A channel, room, conversation or feed on a network. A keyed digest.
    PlaceId,
    /// A person or program on a network, and the subject of what they wrote in the ledger. A keyed digest.
    PartyId,
    /// One reading of an export file.
    ImportId,
    /// An export file that somebody uploaded.
    UploadId,
    /// A post: what somebody writes for one or more profiles.
    PostId,
    /// A file that was uploaded for posts.
    MediaId,
    /// A comment on a post.
    CommentId,
    /// A campaign that posts belong to.
    CampaignId,
    /// A pause of publishing.
    PauseId,
    /// A usual time of the week to post.
    SlotId,
    /// An entry for the record that publishing or approvals made.
    RecordEntryId,
    /// A change or deletion of what was published.
    CorrectionId,
    /// A process that sends, as attempts name it.
    HolderId,
    /// A list of words, or of kinds of numbers, that the company wants to find.
    WordListId,
}
