//! What there is to say about a draft, put where it belongs: marks behind a text, notes below it and below its files, and the rest
//! beside the form.
//!
//! Invariants: nothing is judged here, every word comes from [`desk::publishing::check`]; what is true of several profiles is said once
//! with their names; a warning is never lost, what has no other place stands beside the form.

use desk::{
    ids::ProfileId,
    publishing::{Draft, Warning, WarningKind},
};
use maud::{Markup, Render, html};

use super::{outlets::Outlet, preview::Marked};
use crate::{
    lists::link,
    messages::kind_name,
    people::sentence,
    ui::{
        Tone,
        editor::{Mark, Note},
        message::FindingLevel,
    },
};

/// The warnings of one draft, to be asked for by place.
pub(super) struct Checks<'c> {
    pub(super) warnings: &'c [Warning],
    pub(super) draft: &'c Draft,
    pub(super) outlets: &'c [Outlet],
}

/// The place of a file of the form: version, part, and which of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilePlace {
    pub(super) version: Option<ProfileId>,
    pub(super) part: usize,
    pub(super) file: usize,
}

fn is_found(warning: &Warning) -> bool {
    matches!(warning.kind, WarningKind::Finding | WarningKind::BlockedTerm)
}

fn is_about_a_file(warning: &Warning) -> bool {
    matches!(warning.zone.as_deref(), Some("alt_text" | "image_text"))
}

impl Checks<'_> {
    /// The version whose text a warning is about: that of a profile without its own is the common one.
    fn version_of(&self, warning: &Warning) -> Option<ProfileId> {
        let own = |profile: ProfileId| self.draft.targets.get(&profile).is_some_and(Option::is_some);
        warning.profile.filter(|profile| is_found(warning) || own(*profile))
    }

    fn about(&self, version: Option<ProfileId>, part: usize) -> impl Iterator<Item = &Warning> {
        self.warnings.iter().filter(move |warning| warning.part == Some(part) && self.version_of(warning) == version)
    }

    /// What was found in the text of a part, in order, without overlap.
    pub(super) fn marks(&self, version: Option<ProfileId>, part: usize) -> Vec<Marked> {
        let in_text = self.about(version, part).filter(|warning| is_found(warning) && warning.zone.as_deref() == Some("text"));
        let mut marks: Vec<_> = in_text
            .filter_map(|warning| {
                let (start, end) = warning.span?;
                let level = if warning.blocks { FindingLevel::High } else { FindingLevel::Medium };
                Some(Marked { span: start..end, level, title: title_of(warning), explanation: reason_of(warning) })
            })
            .collect();
        marks.sort_by_key(|mark| (mark.span.start, mark.span.end));
        let mut end = 0;
        marks.retain(|mark| {
            let apart = mark.span.start >= end && mark.span.start < mark.span.end;
            if apart {
                end = mark.span.end;
            }
            apart
        });
        marks
    }

    /// The same as pieces of the text, for the marks behind the field.
    pub(super) fn pieces(&self, version: Option<ProfileId>, part: usize, text: &str) -> Vec<Mark> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for mark in self.marks(version, part) {
            let (Some(before), Some(found)) = (text.get(at..mark.span.start), text.get(mark.span.clone())) else { continue };
            pieces.push(Mark { text: before.to_owned(), found: None });
            pieces.push(Mark { text: found.to_owned(), found: Some(mark.level) });
            at = mark.span.end;
        }
        pieces.push(Mark { text: text.get(at..).unwrap_or_default().to_owned(), found: None });
        pieces.retain(|piece| !piece.text.is_empty());
        pieces
    }

    /// Below the text of a part.
    pub(super) fn notes(&self, version: Option<ProfileId>, part: usize, text: &str) -> Vec<Note> {
        self.gathered(self.about(version, part).filter(|warning| !is_about_a_file(warning)), Some(text))
    }

    /// Below a file.
    pub(super) fn file_notes(&self, place: FilePlace) -> Vec<Note> {
        let about = self.about(place.version, place.part);
        self.gathered(about.filter(|warning| is_about_a_file(warning) && warning.zone_part == place.file), None)
    }

    /// One note for all profiles of which the same is to be said.
    fn gathered<'w>(&self, warnings: impl Iterator<Item = &'w Warning>, text: Option<&str>) -> Vec<Note> {
        let mut gathered: Vec<(&Warning, Vec<&str>)> = Vec::new();
        for warning in warnings {
            let named = warning.profile.filter(|_| !is_found(warning)).and_then(|profile| self.title(profile));
            let same = |(known, _): &&mut (&Warning, Vec<&str>)| {
                known.kind == warning.kind
                    && known.message == warning.message
                    && known.span == warning.span
                    && known.zone == warning.zone
                    && known.zone_part == warning.zone_part
            };
            match gathered.iter_mut().find(same) {
                Some((_, profiles)) => profiles.extend(named),
                None => gathered.push((warning, named.into_iter().collect())),
            }
        }
        gathered.into_iter().map(|(warning, profiles)| note(warning, &profiles, text)).collect()
    }

    fn title(&self, profile: ProfileId) -> Option<&str> {
        self.outlets.iter().find(|outlet| outlet.id() == profile).map(|outlet| outlet.profile.title.as_str())
    }

    /// What belongs to no text: other posts in the way, what a network cannot do.
    pub(super) fn beside(&self) -> Markup {
        let general: Vec<_> = self.warnings.iter().filter(|warning| warning.part.is_none()).collect();
        html! {
            @if !general.is_empty() {
                ul.notes role="list" aria-label="About this post" {
                    @for warning in &general {
                        li.note data-tone=[tone_of(warning).attribute()] {
                            (tone_of(warning).icon())
                            span {
                                strong { (warning.kind.title()) } " "
                                span.note-why {
                                    @if let Some(title) = warning.profile.and_then(|profile| self.title(profile)) { (title) ": " }
                                    (sentence(&warning.message))
                                    @if let Some(other) = warning.other { " " (link(&format!("/posts/{other}"), "See it")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// How many things keep the post from being submitted.
    pub(super) fn blocking(&self) -> usize {
        self.warnings.iter().filter(|warning| warning.blocks).count()
    }
}

fn tone_of(warning: &Warning) -> Tone {
    if warning.blocks { Tone::Danger } else { Tone::Warning }
}

fn title_of(warning: &Warning) -> String {
    if warning.kind == WarningKind::Finding { kind_name(&warning.message) } else { warning.kind.title().to_owned() }
}

/// Why: the rule and what follows from it.
fn reason_of(warning: &Warning) -> String {
    let rule = warning.rule.as_ref().map(|rule| format!("Rule {rule}. ")).unwrap_or_default();
    if warning.kind == WarningKind::Finding {
        return format!("{rule}Look whether it should be public; it goes on record with the post.");
    }
    format!("{} {rule}", sentence(&warning.message)).trim_end().to_owned()
}

fn note(warning: &Warning, profiles: &[&str], text: Option<&str>) -> Note {
    let whose = if profiles.is_empty() { String::new() } else { format!("{}: ", profiles.join(", ")) };
    // A secret or a card number is not repeated: what is quoted is at most a few words that stand in the field above anyway.
    let in_text = warning.zone.as_deref() == Some("text");
    let quote = warning
        .span
        .filter(|_| in_text)
        .and_then(|(start, end)| text?.get(start..end))
        .map(|words| words.chars().take(60).collect());
    let place = match warning.zone.as_deref() {
        Some("subject") => "In the content warning. ",
        Some("link") => "In a link. ",
        Some("alt_text") if is_found(warning) => "In the alt text. ",
        Some("image_text") => "Written in the picture. ",
        _ => "",
    };
    Note { tone: tone_of(warning), title: title_of(warning), text: format!("{place}{whose}{}", reason_of(warning)), quote }
}

/// The notes of a page that is not a form: all of them, as one list.
pub(super) fn all_notes(checks: &Checks<'_>) -> Vec<Note> {
    let findings = checks.warnings.iter().filter(|warning| warning.part.is_some());
    checks.gathered(findings, None)
}

/// The notes as a list.
pub(super) fn list(notes: &[Note]) -> Markup {
    html! { @if !notes.is_empty() { ul.notes role="list" { @for note in notes { (note.render()) } } } }
}
