//! What the files of a draft are called: forms carry their digests only.
//!
//! Invariant: a file keeps the name that it has in its place in the saved draft; one that is new there has the name that its upload is
//! known by, so that the same bytes can have another name on another post.

use std::collections::BTreeMap;

use desk::publishing::{Content, Draft, MediaDigest};

/// Fills in what forms do not carry, from the draft as it is saved and from what is known of the files.
pub(super) fn name_files(draft: &mut Draft, saved: Option<&Draft>, known: &BTreeMap<MediaDigest, (String, String)>) {
    name_in(&mut draft.common, saved.map(|saved| &saved.common), known);
    for (profile, own) in &mut draft.targets {
        if let Some(content) = own {
            let saved = saved.and_then(|saved| saved.targets.get(profile)?.as_ref());
            name_in(content, saved, known);
        }
    }
}

fn name_in(content: &mut Content, saved: Option<&Content>, known: &BTreeMap<MediaDigest, (String, String)>) {
    for (number, part) in content.parts.iter_mut().enumerate() {
        let there = saved.and_then(|saved| saved.parts.get(number)).map_or(&[][..], |part| &part.media);
        for medium in &mut part.media {
            if let Some(same) = there.iter().find(|same| same.digest == medium.digest) {
                medium.media_type.clone_from(&same.media_type);
                medium.file_name.clone_from(&same.file_name);
            } else if let Some((media_type, file_name)) = known.get(&medium.digest) {
                medium.media_type.clone_from(media_type);
                medium.file_name.clone_from(file_name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use desk::publishing::{Medium, Part};

    use super::*;

    fn draft(parts: usize, file_name: &str) -> Draft {
        let medium = Medium {
            digest: MediaDigest([1; 32]),
            media_type: String::new(),
            file_name: file_name.to_owned(),
            alt: String::new(),
        };
        let part = Part { text: String::new(), media: vec![medium] };
        Draft { common: Content { parts: vec![part; parts], ..Content::default() }, ..Draft::default() }
    }

    #[test]
    fn a_file_keeps_its_name_in_its_place_and_has_that_of_its_upload_elsewhere() {
        let known = BTreeMap::from([(MediaDigest([1; 32]), ("image/png".to_owned(), "second.png".to_owned()))]);
        let mut typed = draft(2, "");
        name_files(&mut typed, Some(&draft(1, "first.png")), &known);
        let names: Vec<_> = typed.common.parts.iter().map(|part| part.media[0].file_name.as_str()).collect();
        assert_eq!(names, ["first.png", "second.png"]);
    }
}
