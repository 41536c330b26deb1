//! A draft as its networks will show it: [`crate::ui::preview`] filled in.
//!
//! Invariant: what a network cannot carry is left out of its preview, as it is left out of what is sent; marks stand where the text
//! that was looked at has them and nowhere else.

use std::ops::Range;

use desk::publishing::{Audience, Content, MediaDigest, Medium, linked::linked};

use super::{outlets::Outlet, typed::digest_text};
use crate::ui::{
    Tone,
    badge::Badge,
    message::FindingLevel,
    preview::{Look, Piece, PostPreview, PreviewMedium, PreviewPart},
};

/// Something that was found in a text, for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    /// Where, in bytes.
    pub(super) span: Range<usize>,
    pub(super) level: FindingLevel,
    pub(super) title: String,
    pub(super) explanation: String,
}

/// The address of a file.
pub(crate) fn media_href(digest: MediaDigest) -> String {
    format!("/media/{}", digest_text(digest))
}

/// What followers of one profile will see. `marks` are those of a part, by its place.
pub(super) fn preview(outlet: &Outlet, content: &Content, own: bool, marks: impl Fn(usize) -> Vec<Marked>) -> PostPreview {
    let profile = &outlet.profile;
    let part = |(index, part): (usize, &desk::publishing::Part)| PreviewPart {
        text: pieces(&part.text, &linked(&part.text, &profile.network), &marks(index)),
        media: part.media.iter().map(shown).collect(),
    };
    let mut badges = Vec::new();
    if own {
        badges.push(Badge::new(Tone::Accent, "Own version"));
    }
    PostPreview {
        id: format!("preview-{}", profile.id),
        look: Look::of(&profile.network),
        network: Some(outlet.tag()),
        name: profile.title.clone(),
        handle: profile.handle.clone(),
        subject: content.subject.clone().filter(|_| outlet.capabilities.subject),
        audience: audience(content, outlet.capabilities.audiences),
        answers: content.reply_to.as_ref().map(|_| "a message".to_owned()),
        parts: content.parts.iter().enumerate().map(part).collect(),
        badges,
    }
}

fn shown(medium: &Medium) -> PreviewMedium {
    let picture = medium.media_type.starts_with("image/").then(|| media_href(medium.digest));
    PreviewMedium { picture, file_name: medium.file_name.clone(), alt: medium.alt.clone() }
}

/// For whom it is, as far as the network has the choice: nothing is promised that it does not keep.
fn audience(content: &Content, has_choice: bool) -> Option<String> {
    let who = match content.audience {
        _ if !has_choice => None,
        Audience::Public => None,
        Audience::Unlisted => Some("Unlisted"),
        Audience::Followers => Some("Followers only"),
        Audience::Direct => Some("Only those mentioned"),
    };
    match (&content.place, who) {
        (Some(place), _) => Some(format!("in {place}")),
        (None, who) => who.map(str::to_owned),
    }
}

/// Cuts a text at its links and marks; where both claim a letter, the mark has it.
fn pieces(text: &str, links: &[Range<usize>], marks: &[Marked]) -> Vec<Piece> {
    let mut edges: Vec<usize> = vec![0, text.len()];
    edges.extend(links.iter().flat_map(|link| [link.start, link.end]));
    edges.extend(marks.iter().flat_map(|mark| [mark.span.start, mark.span.end]));
    edges.retain(|edge| text.is_char_boundary(*edge));
    edges.sort_unstable();
    edges.dedup();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut marked_until = 0;
    for edge in edges.windows(2) {
        let (from, to) = (edge[0], edge[1]);
        if from < marked_until {
            continue;
        }
        if let Some(mark) = marks.iter().find(|mark| mark.span.start == from && text.get(mark.span.clone()).is_some()) {
            marked_until = mark.span.end;
            pieces.push(Piece::Finding {
                shown: text[mark.span.clone()].to_owned(),
                level: mark.level,
                title: mark.title.clone(),
                explanation: mark.explanation.clone(),
            });
        } else if links.iter().any(|link| link.start <= from && to <= link.end) {
            pieces.push(Piece::Linked(text[from..to].to_owned()));
        } else {
            pieces.push(Piece::Plain(text[from..to].to_owned()));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(span: Range<usize>) -> Marked {
        Marked { span, level: FindingLevel::High, title: String::new(), explanation: String::new() }
    }

    fn shape(text: &str, links: &[Range<usize>], marks: &[Marked]) -> String {
        let word = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Linked(text) => format!("[{text}]"),
            Piece::Finding { shown, .. } => format!("<{shown}>"),
        };
        pieces(text, links, marks).iter().map(word).collect()
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a text with one link is the usual case")]
    fn marks_stand_in_place_and_win_over_links() {
        assert_eq!(shape("ab cd ef", &[3..5], &[mark(6..8)]), "ab [cd] <ef>");
        assert_eq!(shape("see https://x/123", &[4..17], &[mark(14..17)]), "see [https://x/]<123>");
        assert_eq!(shape("abcdef", &[2..4], &[mark(1..5)]), "a<bcde>f");
    }

    #[test]
    fn marks_of_another_text_break_nothing() {
        assert_eq!(shape("é", &[], &[mark(1..2)]), "é");
        assert_eq!(shape("ab", &[], &[mark(1..9)]), "ab");
        assert_eq!(shape("", &[], &[mark(0..0)]), "");
    }
}
