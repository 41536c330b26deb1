//! What a post may be at most, whatever a network takes: it has to fit into a form, a row and a page. Pure.

use super::{
    content::{Content, PARTS_MAX, TARGETS_MAX},
    post::PostForm,
};
use crate::error::Invalid;

/// Characters of a title for colleagues.
pub const TITLE_MAX: usize = 200;
/// Bytes of one text: above every network's limit.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of an alt text.
pub const ALT_BYTES_MAX: usize = 16 * 1024;
/// Characters of a subject, language tag, place or file name.
pub const NAME_MAX: usize = 500;
/// Files on one part: above every network's limit.
pub const MEDIA_MAX: usize = 20;
/// Tags of one post.
pub const TAGS_MAX: usize = 20;
/// Characters of a tag.
pub const TAG_MAX: usize = 50;

/// Puts a form into order (blanks around names, empty tags) and notes what does not fit.
pub(super) fn check(form: &mut PostForm, invalid: &mut Invalid) {
    form.title = form.title.trim().to_owned();
    form.zone = form.zone.trim().to_owned();
    if form.title.chars().count() > TITLE_MAX || form.title.chars().any(char::is_control) {
        invalid.add("title", format!("at most {TITLE_MAX} characters, without line breaks"));
    }
    form.tags = form.tags.iter().map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()).collect();
    if form.tags.len() > TAGS_MAX {
        invalid.add("tags", format!("at most {TAGS_MAX} tags"));
    }
    if form.tags.iter().any(|tag| tag.chars().count() > TAG_MAX || tag.chars().any(char::is_control)) {
        invalid.add("tags", format!("a tag has at most {TAG_MAX} characters, without line breaks"));
    }
    if form.draft.targets.is_empty() || form.draft.targets.len() > TARGETS_MAX {
        invalid.add("profiles", format!("choose between one and {TARGETS_MAX} profiles"));
    }
    for content in std::iter::once(&form.draft.common).chain(form.draft.targets.values().flatten()) {
        check_content(content, invalid);
    }
}

fn check_content(content: &Content, invalid: &mut Invalid) {
    if content.parts.len() > PARTS_MAX {
        invalid.add("parts", format!("a thread has at most {PARTS_MAX} posts"));
    }
    for part in &content.parts {
        if part.text.len() > TEXT_BYTES_MAX {
            invalid.add("text", format!("at most {TEXT_BYTES_MAX} bytes"));
        }
        if part.media.len() > MEDIA_MAX {
            invalid.add("media", format!("at most {MEDIA_MAX} files on one post"));
        }
        if part.media.iter().any(|medium| medium.alt.len() > ALT_BYTES_MAX) {
            invalid.add("alt", format!("an alt text has at most {ALT_BYTES_MAX} bytes"));
        }
    }
    let names = [&content.subject, &content.language, &content.place, &content.reply_to];
    if names.into_iter().flatten().any(|name| name.chars().count() > NAME_MAX) {
        invalid.add("subject", format!("subject, language, place and answered message have at most {NAME_MAX} characters"));
    }
}
