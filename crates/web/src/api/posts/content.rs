//! What the API says of what is posted: the texts of a thread, their files, and what goes with them.
//!
//! Invariant: what the desk says of a file (its kind, its name) is shown and never taken from a caller.

use desk::publishing::{Audience, Content, MediaDigest, Medium, PARTS_MAX, Part};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::api::input::{Digest, Note};

/// Who can read a post, where the network has the choice.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AudienceName {
    /// Everybody.
    #[default]
    Public,
    /// Everybody who comes by, but not in public lists.
    Unlisted,
    /// Followers.
    Followers,
    /// Only those mentioned.
    Direct,
}

/// A file on a post.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediumShape {
    /// The digest that its upload gave out.
    pub(super) digest: Digest,
    /// What it shows, for those who do not see it.
    #[serde(default)]
    pub(super) alt: Note<10_000>,
    /// What it is. The desk says it; what is sent is not looked at.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) media_type: Option<String>,
    /// Its name. The desk says it; what is sent is not looked at.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) file_name: Option<String>,
}

impl From<&Medium> for MediumShape {
    fn from(medium: &Medium) -> Self {
        Self {
            digest: Digest(medium.digest.0),
            alt: Note(medium.alt.clone()),
            media_type: Some(medium.media_type.clone()),
            file_name: Some(medium.file_name.clone()),
        }
    }
}

impl MediumShape {
    /// As the desk knows it, without what the desk says itself.
    fn medium(&self) -> Medium {
        let alt = self.alt.0.trim().to_owned();
        Medium { digest: MediaDigest(self.digest.0), media_type: String::new(), file_name: String::new(), alt }
    }
}

pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let fits = (1..=PARTS_MAX).contains(&texts.len());
    if fits { Ok(texts) } else { Err(D::Error::custom(format!("between 1 and {PARTS_MAX} texts"))) }
}

fn media<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Vec<MediumShape>>>, D::Error> {
    let lists = Option::<Vec<Vec<MediumShape>>>::deserialize(deserializer)?;
    let fits = lists.as_ref().is_none_or(|lists| lists.len() <= PARTS_MAX);
    if fits { Ok(lists) } else { Err(D::Error::custom(format!("at most {PARTS_MAX} lists"))) }
}

/// What is posted: the posts of a thread, and what goes with them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContentShape {
    /// The texts of the thread; one for most posts.
    #[serde(deserialize_with = "texts")]
    #[schema(min_items = 1, max_items = 25)]
    pub(super) texts: Vec<String>,
    /// The files of each text, in order; at most as many lists as texts. Left out when saving, each text keeps the files that stand at
    /// its place.
    #[serde(default, deserialize_with = "media")]
    #[schema(required = false, max_items = 25)]
    pub(super) media: Option<Vec<Vec<MediumShape>>>,
    /// Content warning or subject.
    pub(super) subject: Option<String>,
    /// Language (BCP 47).
    pub(super) language: Option<String>,
    /// Who can read it.
    #[serde(default)]
    pub(super) audience: AudienceName,
    /// Channel or room, where the network needs one.
    pub(super) place: Option<String>,
    /// The message it answers, by the network's id.
    pub(super) reply_to: Option<String>,
}

impl From<&Content> for ContentShape {
    fn from(content: &Content) -> Self {
        // What the caller may not see has no parts; a content that is sent has one at least.
        let nothing = [Part::default()];
        let parts = if content.parts.is_empty() { &nothing[..] } else { &content.parts };
        Self {
            texts: parts.iter().map(|part| part.text.clone()).collect(),
            media: Some(parts.iter().map(|part| part.media.iter().map(Into::into).collect()).collect()),
            subject: content.subject.clone(),
            language: content.language.clone(),
            audience: match content.audience {
                Audience::Public => AudienceName::Public,
                Audience::Unlisted => AudienceName::Unlisted,
                Audience::Followers => AudienceName::Followers,
                Audience::Direct => AudienceName::Direct,
            },
            place: content.place.clone(),
            reply_to: content.reply_to.clone(),
        }
    }
}

impl ContentShape {
    /// As the desk knows it; where nothing is said of files they stay with the part of the same place in what was there before.
    pub(super) fn content(self, before: Option<&Content>) -> Content {
        let there = |place: usize| before.and_then(|content| content.parts.get(place)).map(|part| part.media.clone());
        let media = |place: usize| match &self.media {
            Some(lists) => lists.get(place).map(|list| list.iter().map(MediumShape::medium).collect()),
            None => there(place),
        };
        let parts = self.texts.iter().enumerate();
        Content {
            parts: parts.map(|(place, text)| Part { text: text.clone(), media: media(place).unwrap_or_default() }).collect(),
            subject: self.subject,
            language: self.language,
            audience: match self.audience {
                AudienceName::Public => Audience::Public,
                AudienceName::Unlisted => Audience::Unlisted,
                AudienceName::Followers => Audience::Followers,
                AudienceName::Direct => Audience::Direct,
            },
            place: self.place,
            reply_to: self.reply_to,
        }
    }
}
