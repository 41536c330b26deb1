//! What a platform can do: the table that the composer, the connect page and `docs/networks.md` are made from.

use serde::Serialize;

/// What a platform can do, and its limits. Every figure carries its source in the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a table of yes and no, one column a capability")]
pub struct Capabilities {
    /// New posts of one's own.
    pub post: bool,
    /// Answers to others.
    pub reply: bool,
    /// Changing what was posted.
    pub edit: bool,
    /// Taking back what was posted.
    pub delete: bool,
    /// Hiding what others wrote under one's own posts.
    pub hide: bool,
    /// Private messages.
    pub direct: bool,
    /// A content warning or subject line.
    pub subject: bool,
    /// Whether a post can be kept to some readers: followers, or those mentioned.
    pub audiences: bool,
    /// Whether a post that answers nothing needs a channel or room. Whoever is there reads it.
    pub place: bool,
    /// The longest text.
    pub text: TextLimit,
    /// Pictures, video and other files.
    pub media: &'static [MediaLimit],
    /// The most attachments on one post.
    pub attachments_max: u32,
    /// The longest alt text, in characters; 0 when there is none.
    pub alt_max: u32,
    /// How new messages reach us.
    pub delivery: Delivery,
    /// How far back the past can be fetched.
    pub back_fill: BackFill,
}

/// The longest text and how its length is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TextLimit {
    /// How many of `unit`.
    pub max: u32,
    /// What is counted.
    pub unit: TextUnit,
    /// A second limit in bytes of UTF-8; 0 when there is none.
    pub bytes_max: u32,
    /// What every link counts as, however long; 0 when links count as they are.
    pub link_counts: u32,
    /// Whether the server in a mention (`@name@server`) counts; where it does not, the name alone does.
    pub mention_hosts_count: bool,
    /// Whether a subject or content warning takes its length from the text's.
    pub subject_counts: bool,
}

/// What a network counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Extended grapheme clusters (Unicode UAX 29).
    Graphemes,
    /// Unicode scalar values.
    Scalars,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// One kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MediaLimit {
    /// The media type, for example `image/png`.
    pub media_type: &'static str,
    /// The most bytes.
    pub bytes_max: u64,
    /// The most pixels; 0 when there is no limit.
    pub pixels_max: u64,
    /// The longest side in pixels; 0 when there is no limit.
    pub side_max: u32,
    /// The longest play time in seconds; 0 for pictures.
    pub seconds_max: u32,
}

/// How new messages reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// We ask again and again.
    Polling,
    /// A connection that stays open (a stream or long poll); polling when it does not hold.
    Streaming,
    /// The platform calls us.
    Push,
}

/// How far back the past can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackFill {
    /// All of it.
    Everything,
    /// So many of the newest.
    Newest(u32),
    /// So many days.
    Days(u32),
    /// None.
    Nothing,
}

/// One line of the coverage matrix: a field or act of the platform and whether it is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// What it is, in the platform's words.
    pub what: &'static str,
    /// Whether it is captured.
    pub captured: Captured,
    /// Where it goes, or why it is not captured.
    pub note: &'static str,
}

impl Coverage {
    /// Something that is normalised.
    pub const fn seen(what: &'static str, note: &'static str) -> Self {
        Self { what, captured: Captured::Normalised, note }
    }

    /// Something that is kept as it came.
    pub const fn raw_only(what: &'static str, note: &'static str) -> Self {
        Self { what, captured: Captured::RawOnly, note }
    }

    /// Something that is not captured.
    pub const fn unseen(what: &'static str, note: &'static str) -> Self {
        Self { what, captured: Captured::No, note }
    }
}

/// How something is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Captured {
    /// Normalised, and in the raw bytes.
    Normalised,
    /// In the raw bytes only.
    RawOnly,
    /// Not captured.
    No,
}
