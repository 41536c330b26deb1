//! What a post says, on which profiles, and the digest that approvals are of.
//!
//! A draft has one content and, where they differ, one per profile. [`digest`] covers everything that a reader or a network could
//! tell apart: texts, subjects, links (they stand in the text), media by the hash of their bytes, alt texts, languages, audiences,
//! places, what is answered, targets, time. Invariant: two posts have the same digest only if they are the same in all of it; every
//! field is written with its length, so that no two fields run into each other.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use networks::outgoing::Audience;
use serde::{Deserialize, Serialize};

use crate::{
    approvals::ContentDigest,
    ids::{ProfileId, Time},
};

/// Parts of a thread: more belongs on a page of its own.
pub const PARTS_MAX: usize = 25;
/// Profiles of one post.
pub const TARGETS_MAX: usize = 50;

/// SHA-256 of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MediaDigest(pub [u8; 32]);

/// A picture, video or file on a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medium {
    /// Its bytes.
    pub digest: MediaDigest,
    /// Its media type.
    pub media_type: String,
    /// Its file name.
    pub file_name: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// One post of a thread; most posts are one part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The text as it will stand there.
    pub text: String,
    /// What hangs on it, in order.
    pub media: Vec<Medium>,
}

/// What is posted on one profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The parts in order. Never empty when submitted.
    pub parts: Vec<Part>,
    /// Content warning or subject.
    pub subject: Option<String>,
    /// Language (BCP 47).
    pub language: Option<String>,
    /// Who can read it, where the network has the choice.
    pub audience: Audience,
    /// Where on the network: a channel or room; nothing for the profile's own feed.
    pub place: Option<String>,
    /// The message that it answers, by the network's id.
    pub reply_to: Option<String>,
}

/// A post while it is written: one content, many profiles, and what differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What holds where nothing else is said.
    pub common: Content,
    /// The profiles it goes to, with their own version where they have one.
    pub targets: BTreeMap<ProfileId, Option<Content>>,
}

impl Draft {
    /// What a profile gets; nothing when it is not a target.
    pub fn content_for(&self, profile: ProfileId) -> Option<&Content> {
        self.targets.get(&profile).map(|own| own.as_ref().unwrap_or(&self.common))
    }

    /// Leaves what somebody sees who may read these profiles only. What all have in common is not among it where each of these has a
    /// version of its own: then it is said elsewhere.
    pub(super) fn keep_only(&mut self, readable: impl Fn(ProfileId) -> bool) {
        let all = self.targets.len();
        self.targets.retain(|profile, _| readable(*profile));
        if self.targets.len() < all && self.targets.values().all(Option::is_some) {
            self.common = Content::default();
        }
    }
}

/// The digest of a post: of every target's resolved content, and of its time.
pub fn digest(draft: &Draft, slot: Option<Time>) -> ContentDigest {
    let mut writing = Writing(Context::new(&SHA256));
    writing.bytes(b"gatepost post v1");
    match slot {
        Some(slot) => writing.bytes(&slot.0.to_be_bytes()),
        None => writing.bytes(b""),
    }
    writing.count(draft.targets.len());
    for (&profile, own) in &draft.targets {
        writing.bytes(&profile.bytes());
        writing.content(own.as_ref().unwrap_or(&draft.common));
    }
    let mut out = [0; 32];
    out.copy_from_slice(writing.0.finish().as_ref());
    ContentDigest(out)
}

struct Writing(Context);

impl Writing {
    fn count(&mut self, count: usize) {
        self.0.update(&(count as u64).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn optional(&mut self, text: Option<&str>) {
        self.0.update(&[u8::from(text.is_some())]);
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    fn content(&mut self, content: &Content) {
        self.count(content.parts.len());
        for part in &content.parts {
            self.bytes(part.text.as_bytes());
            self.count(part.media.len());
            for medium in &part.media {
                self.bytes(&medium.digest.0);
                self.bytes(medium.media_type.as_bytes());
                self.bytes(medium.file_name.as_bytes());
                self.bytes(medium.alt.as_bytes());
            }
        }
        self.optional(content.subject.as_deref());
        self.optional(content.language.as_deref());
        self.optional(content.place.as_deref());
        self.optional(content.reply_to.as_deref());
        let audience: &[u8] = match content.audience {
            Audience::Public => b"public",
            Audience::Unlisted => b"unlisted",
            Audience::Followers => b"followers",
            Audience::Direct => b"direct",
        };
        self.bytes(audience);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use networks::outgoing::Audience;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{Content, Draft, MediaDigest, Medium, Part, digest};
    use crate::ids::{ProfileId, Time};

    fn medium() -> impl Strategy<Value = Medium> {
        (0..3u8, "[ab]{0,2}", "[ab]{0,2}", "[ab]{0,2}").prop_map(|(byte, media_type, file_name, alt)| Medium {
            digest: MediaDigest([byte; 32]),
            media_type,
            file_name,
            alt,
        })
    }

    fn content() -> impl Strategy<Value = Content> {
        let part = ("[ab]{0,3}", prop::collection::vec(medium(), 0..2)).prop_map(|(text, media)| Part { text, media });
        let text = || prop::option::of("[ab]{0,2}");
        let audience =
            prop_oneof![Just(Audience::Public), Just(Audience::Unlisted), Just(Audience::Followers), Just(Audience::Direct)];
        (prop::collection::vec(part, 0..3), text(), text(), audience, text(), text()).prop_map(
            |(parts, subject, language, audience, place, reply_to)| Content {
                parts,
                subject,
                language,
                audience,
                place,
                reply_to,
            },
        )
    }

    fn draft() -> impl Strategy<Value = (Draft, Option<Time>)> {
        let targets = prop::collection::btree_map(
            (0..3u8).prop_map(|byte| ProfileId(Uuid::from_bytes([byte; 16]))),
            prop::option::of(content()),
            0..3,
        );
        (content(), targets, prop::option::of((0..2i64).prop_map(Time)))
            .prop_map(|(common, targets, slot)| (Draft { common, targets }, slot))
    }

    /// What a reader of each target sees: two drafts that agree in it are the same post.
    fn resolved(draft: &Draft, slot: Option<Time>) -> (BTreeMap<ProfileId, Content>, Option<Time>) {
        let of = |profile: &ProfileId| draft.content_for(*profile).expect("it is a target").clone();
        (draft.targets.keys().map(|profile| (*profile, of(profile))).collect(), slot)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn the_digest_is_the_same_exactly_when_the_post_is((one, at) in draft(), (other, then) in draft()) {
            prop_assert_eq!(digest(&one, at) == digest(&other, then), resolved(&one, at) == resolved(&other, then));
        }
    }

    #[test]
    fn where_a_text_ends_counts() {
        let with = |texts: [&str; 2]| {
            let parts = texts.into_iter().map(|text| Part { text: text.to_owned(), media: Vec::new() }).collect();
            let common = Content { parts, ..Content::default() };
            digest(&Draft { common, targets: BTreeMap::from([(ProfileId(Uuid::nil()), None)]) }, None)
        };
        assert_ne!(with(["ab", "c"]), with(["a", "bc"]));
    }
}
