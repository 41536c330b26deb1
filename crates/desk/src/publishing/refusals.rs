//! What a network would refuse for certain, or would show to people for whom it is not meant. Pure.
//!
//! Invariants: it is said while somebody writes and once more when they submit, never first at the time of the post; limits are those
//! of the profile's own server where it has some; a file that is not known here is refused elsewhere.

use std::collections::BTreeMap;

use networks::{capabilities::Capabilities, outgoing::Audience};

use super::{
    check::{Warning, WarningKind as K},
    content::{Content, MediaDigest, Medium, Part},
    counting,
    media::MediaInfo,
};
use crate::ids::ProfileId;

/// What is known of the files of a draft.
pub(super) type Files = BTreeMap<MediaDigest, MediaInfo>;

/// Notes what a network would refuse of a content.
pub(super) fn refused_by(can: &Capabilities, content: &Content, profile: ProfileId, files: &Files, warnings: &mut Vec<Warning>) {
    let here = Some(profile);
    for message in impossible(can, content) {
        warnings.push(Warning { profile: here, ..Warning::new(K::Unsupported, message) }.blocking());
    }
    if content.parts.is_empty() {
        warnings.push(Warning { profile: here, ..Warning::new(K::Empty, "write something, or add a picture") }.blocking());
    }
    for (number, (part, length)) in content.parts.iter().zip(counting::lengths(content, can)).enumerate() {
        if part.text.trim().is_empty() && part.media.is_empty() {
            warnings.push(Warning::new(K::Empty, "write something, or add a picture").at(here, number).blocking());
        }
        if !length.fits() {
            let message = format!("{} of {} used; shorten it or make a thread", length.used, length.max);
            warnings.push(Warning::new(K::TooLong, message).at(here, number).blocking());
        }
        files_refused_by(can, part, (here, number), files, warnings);
    }
}

/// What the network cannot do at all.
fn impossible(can: &Capabilities, content: &Content) -> Vec<&'static str> {
    let mut said = Vec::new();
    if !can.post {
        said.push("this network takes no posts from here");
    }
    if content.reply_to.is_some() && !can.reply {
        said.push("this network takes no answers from here");
    }
    if content.subject.is_some() && !can.subject {
        said.push("this network has no content warnings; take it off, or give this profile a version of its own without it");
    }
    // In a channel or room nobody else reads it anyway.
    if content.audience != Audience::Public && !can.audiences && !can.place {
        said.push("everybody reads what is posted here; choose everybody, or give this profile a version of its own");
    }
    if can.place && content.place.is_none() && content.reply_to.is_none() {
        said.push("say in which channel or room");
    }
    said
}

fn files_refused_by(
    can: &Capabilities,
    part: &Part,
    (here, number): (Option<ProfileId>, usize),
    files: &Files,
    warnings: &mut Vec<Warning>,
) {
    if part.media.len() > can.attachments_max as usize {
        let message = format!("at most {} on one post here", counted(can.attachments_max));
        warnings.push(Warning::new(K::Media, message).at(here, number).blocking());
    }
    for (place, medium) in part.media.iter().enumerate() {
        let mut add = |kind, message: String| {
            let warning = Warning::new(kind, message).at(here, number).blocking();
            warnings.push(Warning { zone: Some("alt_text".to_owned()), zone_part: place, ..warning });
        };
        if let Some(why) = beyond(can, medium, files.get(&medium.digest)) {
            add(K::Media, why);
        }
        let is_picture = medium.media_type.starts_with("image/");
        if is_picture && can.alt_max > 0 && medium.alt.trim().is_empty() {
            add(K::NoAlt, format!("say what {} shows, for those who do not see it", medium.file_name));
        }
        if can.alt_max > 0 && medium.alt.chars().count() > can.alt_max as usize {
            add(K::TooLong, format!("the alt text of {} has more than {} characters", medium.file_name, can.alt_max));
        }
    }
}

fn counted(files: u32) -> String {
    if files == 1 { "one file".to_owned() } else { format!("{files} files") }
}

/// Why a network does not take a file, by its kind and its measures.
fn beyond(can: &Capabilities, medium: &Medium, known: Option<&MediaInfo>) -> Option<String> {
    let name = format!("the file {}", medium.file_name);
    let Some(limit) = can.media.iter().find(|limit| limit.media_type == medium.media_type) else {
        return Some(format!("{name} is {}, which this network does not take", medium.media_type));
    };
    let known = known?;
    if known.bytes > limit.bytes_max {
        let (has, most) = (megabytes(known.bytes), megabytes(limit.bytes_max));
        return Some(format!("{name} has {has} MB, and this network takes {most} MB; make it smaller"));
    }
    let (width, height) = known.size.unwrap_or((0, 0));
    let side = width.max(height);
    if limit.side_max > 0 && side > limit.side_max {
        return Some(format!("{name} is {side} pixels long, and this network takes {}; make it smaller", limit.side_max));
    }
    if limit.pixels_max > 0 && u64::from(width) * u64::from(height) > limit.pixels_max {
        return Some(format!("{name} has {width} × {height} pixels, more than this network takes; make it smaller"));
    }
    let longest_ms = u64::from(limit.seconds_max) * 1_000;
    if longest_ms > 0 && known.duration_ms.is_some_and(|plays| plays > longest_ms) {
        return Some(format!("{name} plays longer than {} seconds, which is all that this network takes", limit.seconds_max));
    }
    None
}

/// With one decimal, and never rounded down to what would fit.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use networks::registry::NETWORKS;
    use uuid::Uuid;

    use super::*;
    use crate::ids::{MediaId, PersonId, Time};

    fn can(network: &str) -> Capabilities {
        let known = NETWORKS.iter().find(|known| known.about().id == network);
        known.expect("a network of ours").about().capabilities
    }

    fn written() -> Content {
        Content { parts: vec![Part { text: "Words".to_owned(), media: Vec::new() }], ..Content::default() }
    }

    fn refused(network: &str, content: &Content, files: &Files) -> Vec<String> {
        let mut warnings = Vec::new();
        refused_by(&can(network), content, ProfileId(Uuid::nil()), files, &mut warnings);
        assert!(warnings.iter().all(|warning| warning.blocks));
        warnings.into_iter().map(|warning| warning.message).collect()
    }

    fn nothing_known(network: &str, content: &Content) -> Vec<String> {
        refused(network, content, &Files::new())
    }

    #[test]
    fn what_is_not_for_everybody_is_refused_where_everybody_reads_it() {
        for audience in [Audience::Unlisted, Audience::Followers, Audience::Direct] {
            let content = Content { audience, ..written() };
            assert_eq!(nothing_known("mastodon", &content), Vec::<String>::new());
            let said = nothing_known("bluesky", &content);
            assert!(said.len() == 1 && said[0].starts_with("everybody reads"), "{said:?}");
            let in_a_room = Content { place: Some("C024BE91L".to_owned()), ..content };
            assert_eq!(nothing_known("slack", &in_a_room), Vec::<String>::new(), "those in the channel read it");
        }
        assert_eq!(nothing_known("bluesky", &written()), Vec::<String>::new());
    }

    #[test]
    fn a_room_is_asked_for_where_one_is_needed() {
        for network in ["slack", "matrix"] {
            assert_eq!(nothing_known(network, &written()), ["say in which channel or room"]);
            let somewhere = Content { place: Some("!room:example.test".to_owned()), ..written() };
            assert_eq!(nothing_known(network, &somewhere), Vec::<String>::new());
            let answer = Content { reply_to: Some("a message".to_owned()), ..written() };
            assert_eq!(nothing_known(network, &answer), Vec::<String>::new(), "where the message is");
        }
    }

    #[test]
    fn a_content_warning_that_would_be_lost_is_refused() {
        let content = Content { subject: Some("Heights".to_owned()), ..written() };
        assert_eq!(nothing_known("mastodon", &content), Vec::<String>::new());
        for network in ["bluesky", "slack", "matrix"] {
            let said = nothing_known(network, &content);
            assert!(said.iter().any(|said| said.contains("no content warnings")), "{network}: {said:?}");
        }
    }

    fn with_a_file(media_type: &str, bytes: u64, size: Option<(u32, u32)>) -> (Content, Files) {
        let digest = MediaDigest([7; 32]);
        let medium = Medium { digest, media_type: media_type.to_owned(), file_name: "kite".to_owned(), alt: "A kite".to_owned() };
        let info = MediaInfo {
            id: MediaId(Uuid::nil()),
            digest,
            media_type: media_type.to_owned(),
            file_name: "kite".to_owned(),
            bytes,
            size,
            duration_ms: None,
            stripped: Vec::new(),
            image_text: None,
            uploaded_by: PersonId(Uuid::nil()),
            created_at: Time(0),
        };
        let part = Part { text: String::new(), media: vec![medium] };
        (Content { parts: vec![part], ..Content::default() }, Files::from([(digest, info)]))
    }

    #[test]
    fn a_file_larger_than_the_network_takes_is_refused_to_the_byte() {
        for network in NETWORKS {
            for limit in network.about().capabilities.media {
                let said = |bytes, size| {
                    let (content, files) = with_a_file(limit.media_type, bytes, size);
                    let content = Content { place: Some("!room".to_owned()), ..content };
                    refused(network.about().id, &content, &files)
                };
                assert_eq!(said(limit.bytes_max, None), Vec::<String>::new(), "{}", network.about().id);
                let over = said(limit.bytes_max + 1, None);
                assert!(over.len() == 1 && over[0].contains(" MB; make it smaller"), "{over:?}");
                if limit.pixels_max > 0 {
                    let side = u32::try_from(limit.pixels_max.isqrt() + 1).expect("a side of a picture");
                    let over = said(1, Some((side, side)));
                    assert!(over.len() == 1 && over[0].contains("pixels"), "{over:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_file_has_is_never_said_to_be_what_is_taken() {
        assert_eq!((megabytes(2_000_000).as_str(), megabytes(2_000_001).as_str()), ("2.0", "2.1"));
    }
}
