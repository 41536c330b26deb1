//! The composer's page: the form, and beside it what followers will see.
//!
//! Invariants: the form posts without scripts, every act on it is a button with a name; what a save may change has an id and
//! `data-swap`, and the answer to a save is made from the same functions as the page ([`regions`]). Names of fields: `typed.rs`.

use desk::{
    ids::ProfileId,
    publishing::{Audience, Content, PARTS_MAX, TITLE_MAX},
};
use maud::{Markup, Render, html};

use super::{
    checks::FilePlace,
    outlets,
    preview::{media_href, preview},
    sheet::Sheet,
    typed::{self, PartName, digest_text, local_text},
};
use crate::{
    frame::Ctx,
    people::{field, sentence, summary},
    ui::{
        Icon, Tone,
        button::{Button, Does, Size, Weight},
        choice::{Choice, Select},
        dialog::{Dialog, DialogWidth},
        editor::{Counters, MediaList, MediumField, Note, PartEditor, PartNotes},
        feedback::Banner,
        field::{FieldFrame, TextField, TextKind},
        preview::small,
    },
};

/// Id of a text's field.
fn field_id(name: PartName) -> String {
    format!("p-{}", name.to_string().replace('.', "-"))
}

fn act(label: impl Into<String>, value: impl Into<String>) -> Button {
    let does = Does::SubmitWith { name: "do".to_owned(), value: value.into() };
    Button::new(label, does).with_size(Size::Small).with_weight(Weight::Quiet)
}

/// The form and what stands beside it.
pub(super) fn page(ctx: &Ctx, sheet: &Sheet, person: &str) -> Markup {
    let address = sheet.post.as_ref().map_or_else(|| "/posts".to_owned(), |post| format!("/posts/{}", post.id));
    let post = sheet.post.as_ref().map(|post| post.id.to_string()).unwrap_or_default();
    let autosave = if sheet.post.is_some() { format!("{address}/autosave") } else { "/posts/autosave".to_owned() };
    html! {
        (recovery())
        div.composer {
            form.composer-form id="composer" method="post" action=(address) enctype="multipart/form-data" novalidate
                data-composer data-post=(post) data-person=(person) data-autosave=(autosave) {
                // What Enter in a field does: the first button of a form is the one that is pressed.
                button.unseen type="submit" tabindex="-1" aria-hidden="true" { "Save" }
                input type="hidden" name="revision" value=(sheet.revision.map(|revision| revision.to_string()).unwrap_or_default());
                (limits(sheet))
                (errors(sheet))
                (conflict(sheet))
                (title(sheet))
                (targets(sheet))
                (version(sheet, None))
                @for outlet in sheet.chosen() { @if sheet.content(Some(outlet.id())).is_some() { (version(sheet, Some(outlet.id()))) } }
                (when(ctx, sheet))
                (bar(sheet))
            }
            aside.composer-side aria-label="Preview" { (side(sheet)) }
        }
        (crop_dialog())
    }
}

/// What the answer to a save puts in place: everything but what somebody types into.
pub(super) fn regions(sheet: &Sheet, files_of: Option<PartName>) -> Markup {
    html! {
        (limits(sheet))
        (errors(sheet))
        (conflict(sheet))
        (own_versions(sheet))
        @for name in sheet.parts() { (counters(sheet, name)) (notes(sheet, name)) }
        @for name in sheet.parts() {
            @if Some(name) == files_of { (media(sheet, name)) }
            @else { @for medium in &media(sheet, name).media { (medium.notes()) } }
        }
        (side(sheet))
    }
}

/// What the chosen networks take, for the script to look at a file before it is sent.
fn limits(sheet: &Sheet) -> Markup {
    html! { div id="composer-limits" data-swap hidden data-limits=(outlets::media_limits(&sheet.chosen())) {} }
}

fn errors(sheet: &Sheet) -> Markup {
    html! { div id="composer-errors" data-swap { (summary(&sheet.mistakes)) } }
}

fn conflict(sheet: &Sheet) -> Markup {
    html! { div id="composer-conflict" data-swap { @if let Some(conflict) = &sheet.conflict { (conflict) } } }
}

/// Shown by the browser's script when it kept a text that the server does not have.
fn recovery() -> Markup {
    html! {
        section.conflict data-recovery hidden aria-label="A text that was not saved" {
            div.conflict-head { (Icon::History) p { strong { "This browser kept a text of " span data-recovery-when {} "." } " It was not saved, perhaps because the browser was closed or the server did not answer." } }
            pre.conflict-text tabindex="0" data-recovery-text {}
            div.row {
                button class="button button-primary" type="button" data-recovers { "Use the kept text" }
                button.button type="button" data-discards { "Throw it away" }
            }
        }
    }
}

fn title(sheet: &Sheet) -> Markup {
    let frame = field(&sheet.mistakes, "title", "Title").hint("For colleagues; never sent.").optional();
    let length_max = u32::try_from(TITLE_MAX).ok();
    TextField { frame, value: sheet.form.title.clone(), length_max, autocomplete: Some("off"), ..TextField::default() }.render()
}

fn targets(sheet: &Sheet) -> Markup {
    let wrong = sheet.mistakes.fields.iter().find(|(name, _)| *name == "profiles").map(|(_, what)| sentence(what));
    html! {
        fieldset.targets id="profiles" aria-describedby=[wrong.as_ref().map(|_| "profiles-error")] {
            legend.label { "Profiles" }
            @for outlet in &sheet.outlets {
                @let chosen = sheet.form.draft.targets.contains_key(&outlet.id());
                label.target title=[outlet.closed.as_ref()] {
                    input.check type="checkbox" name="profile" value=(outlet.id()) checked[chosen] disabled[outlet.closed.is_some() && !chosen];
                    (outlet.tag())
                    @if let Some(why) = &outlet.closed { span.unseen { ", " (why) } }
                }
            }
            @if sheet.outlets.is_empty() { p.muted { "There is no profile that you may write for. Ask somebody who gives rights." } }
        }
        @if let Some(wrong) = wrong { p.field-error id="profiles-error" { (Icon::OctagonAlert) span { (wrong) } } }
    }
}

/// One version: the common one, or a profile's own.
fn version(sheet: &Sheet, version: Option<ProfileId>) -> Markup {
    let Some(content) = sheet.content(version) else { return html! {} };
    let prefix = typed::prefix(version);
    let outlet = version.and_then(|profile| sheet.outlets.iter().find(|outlet| outlet.id() == profile));
    let own_exists = sheet.form.draft.targets.values().any(Option::is_some);
    let heading = match outlet {
        Some(outlet) => format!("Version for {}", outlet.profile.title),
        None if own_exists => "Version for all others".to_owned(),
        None => "Post".to_owned(),
    };
    html! {
        section.version id={ "version-" (prefix) } aria-labelledby={ "version-" (prefix) "-title" } {
            div.version-head {
                h2 id={ "version-" (prefix) "-title" } { (heading) }
                div.row {
                    @if let Some(profile) = version { input type="hidden" name="own" value=(profile); (act("Use the common version again", format!("common:{profile}"))) }
                }
            }
            @for part in 0..content.parts.len() { (part_editor(sheet, PartName { version, part }, content)) }
            div.row {
                @if content.parts.len() < PARTS_MAX { (act("Add a post to the thread", format!("part-add:{prefix}")).with_icon(Icon::Plus)) }
                (act("Cut into a thread", format!("thread:{prefix}")))
                @if version.is_none() { (own_versions(sheet)) }
            }
            (options(sheet, version, content, &prefix))
        }
    }
}

/// Buttons that give a profile a version of its own.
fn own_versions(sheet: &Sheet) -> Markup {
    let common: Vec<_> = sheet.chosen().into_iter().filter(|outlet| sheet.content(Some(outlet.id())).is_none()).collect();
    html! {
        div id="composer-own" data-swap {
            @if sheet.chosen().len() > 1 && !common.is_empty() {
                details { summary class="button button-quiet button-small" { "A version of its own for…" }
                    div.row { @for outlet in common { (act(&outlet.profile.title, format!("own:{}", outlet.id()))) } }
                }
            }
        }
    }
}

fn part_editor(sheet: &Sheet, name: PartName, content: &Content) -> PartEditor {
    let label = if name.part == 0 { "Text".to_owned() } else { format!("Post {} of the thread", name.part + 1) };
    let mut actions = Vec::new();
    if content.parts.len() > 1 {
        actions.push(act(format!("Take post {} off", name.part + 1), format!("part-off:{name}")));
    }
    PartEditor {
        frame: FieldFrame { id: field_id(name), name: format!("{name}.text"), label, ..FieldFrame::default() },
        name: name.to_string(),
        value: content.parts[name.part].text.clone(),
        counters: counters(sheet, name),
        notes: notes(sheet, name),
        media: media(sheet, name),
        accept: outlets::accepted(&sheet.outlets_of(name.version)),
        actions,
    }
}

fn text_of(sheet: &Sheet, name: PartName) -> &str {
    sheet.content(name.version).and_then(|content| content.parts.get(name.part)).map_or("", |part| part.text.as_str())
}

fn counters(sheet: &Sheet, name: PartName) -> Counters {
    let subject = sheet.content(name.version).and_then(|content| content.subject.as_deref());
    let counters = outlets::counters(text_of(sheet, name), subject, &sheet.outlets_of(name.version));
    Counters { field: field_id(name), counters }
}

fn notes(sheet: &Sheet, name: PartName) -> PartNotes {
    let (checks, text) = (sheet.checks(), text_of(sheet, name));
    PartNotes {
        field: field_id(name),
        notes: checks.notes(name.version, name.part, text),
        marks: checks.pieces(name.version, name.part, text),
    }
}

fn media(sheet: &Sheet, name: PartName) -> MediaList {
    let outlets = sheet.outlets_of(name.version);
    let files = sheet.content(name.version).and_then(|content| content.parts.get(name.part)).map_or(&[][..], |part| &part.media);
    let shown = |(file, medium): (usize, &desk::publishing::Medium)| {
        let facts = sheet.files.get(&medium.digest);
        let is_picture = medium.media_type.starts_with("image/");
        let mut notes = sheet.checks().file_notes(FilePlace { version: name.version, part: name.part, file });
        if sheet.reads_pictures && is_picture && facts.is_some_and(|facts| facts.image_text.is_none()) {
            notes.push(unread());
        }
        MediumField {
            media: digest_text(medium.digest),
            name: name.to_string(),
            thumbnail: is_picture.then(|| small(&media_href(medium.digest))),
            file_name: medium.file_name.clone(),
            facts: facts.map(facts_of).unwrap_or_default(),
            alt: medium.alt.clone(),
            alt_max: outlets::alt_max(&outlets),
            notes,
            can_crop: is_picture && medium.media_type != "image/gif",
        }
    };
    MediaList { field: field_id(name), media: files.iter().enumerate().map(shown).collect() }
}

/// Said of a picture whose text nobody read, where it is read as a rule.
fn unread() -> Note {
    let text =
        "What is written in this picture was not read, so nothing was looked for in it. Look at it yourself, or upload it again.";
    Note { tone: Tone::Info, title: "Not inspected".to_owned(), text: text.to_owned(), quote: None }
}

/// Kind, size, pixels, and what was taken out of a file, in a line.
fn facts_of(facts: &desk::publishing::media::MediaInfo) -> String {
    let mut said = vec![facts.media_type.rsplit('/').next().unwrap_or_default().to_uppercase()];
    if let Some((width, height)) = facts.size {
        said.push(format!("{width} × {height}"));
    }
    said.push(format!("{} kB", facts.bytes.div_ceil(1_000)));
    if !facts.stripped.is_empty() {
        said.push(format!("taken out: {}", facts.stripped.join(", ")));
    }
    said.join(", ")
}

/// Warning, language, audience, place: what most posts leave as it is.
fn options(sheet: &Sheet, version: Option<ProfileId>, content: &Content, prefix: &str) -> Markup {
    let outlets = sheet.outlets_of(version);
    let text = |name: &str, label: &str, hint: &str, value: &Option<String>| {
        let frame = FieldFrame { id: format!("{prefix}-{name}"), ..FieldFrame::new(format!("{prefix}.{name}"), label) };
        TextField {
            frame: frame.hint(hint).optional(),
            value: value.clone().unwrap_or_default(),
            autocomplete: Some("off"),
            ..TextField::default()
        }
    };
    let set = content.subject.is_some() || content.place.is_some() || content.audience != Audience::Public;
    let needs_place = outlets.iter().any(|outlet| outlet.capabilities.place);
    // Whoever chooses such a profile afterwards finds the field there: what is typed into is never put in by a save.
    let may_need_place = needs_place || (version.is_none() && sheet.outlets.iter().any(|outlet| outlet.capabilities.place));
    let audiences = vec![
        Choice::new("public", "Everybody"),
        Choice::new("unlisted", "Everybody, but not in public lists"),
        Choice::new("followers", "Followers"),
        Choice::new("direct", "Only those mentioned"),
    ];
    let chosen = match content.audience {
        Audience::Public => "public",
        Audience::Unlisted => "unlisted",
        Audience::Followers => "followers",
        Audience::Direct => "direct",
    };
    html! {
        @if let Some(answered) = &content.reply_to { input type="hidden" name={ (prefix) ".reply_to" } value=(answered); }
        details.form-section open[set || needs_place] {
            summary { "Content warning, language, audience" @if may_need_place { ", channel" } }
            div.grid-2 {
                (text("subject", "Content warning or subject", "Shown before the text where the network has it.", &content.subject))
                (text("language", "Language", "As a tag, for example en, de or pt-BR.", &content.language))
                (Select { frame: FieldFrame { id: format!("{prefix}-audience"), ..FieldFrame::new(format!("{prefix}.audience"), "Who can read it") }.hint("Where the network has the choice."), choices: audiences, chosen: Some(chosen.to_owned()) })
                @if may_need_place || content.place.is_some() { (text("place", "Channel or room", "Its id on the network: Slack and Matrix need one.", &content.place)) }
            }
        }
    }
}

/// Time, campaign, tags.
fn when(ctx: &Ctx, sheet: &Sheet) -> Markup {
    let form = &sheet.form;
    let zone = jiff::tz::TimeZone::get(&form.zone).unwrap_or_else(|_| ctx.times().zone().clone());
    let at = form.slot.map(|slot| local_text(slot, &zone)).unwrap_or_default();
    let at_hint = sheet.time_note.unwrap_or("Empty: as soon as it may go out.");
    let mut campaigns = vec![Choice::new(typed::NO_CAMPAIGN, "No campaign")];
    let offered = sheet.campaigns.iter().filter(|campaign| campaign.ended_at.is_none() || form.campaign == Some(campaign.id));
    campaigns.extend(offered.map(|campaign| Choice::new(campaign.id.to_string(), &campaign.name)));
    let campaign = form.campaign.map_or_else(|| typed::NO_CAMPAIGN.to_owned(), |id| id.to_string());
    let plain = |name: &'static str, label: &str, hint: &str, value: String| {
        let frame = field(&sheet.mistakes, name, label).hint(hint).optional();
        TextField { frame, value, autocomplete: Some("off"), ..TextField::default() }
    };
    html! {
        section.version aria-labelledby="when-title" {
            div.version-head { h2 id="when-title" { "When, and what it belongs to" } (act("Next free posting slot", "next-slot").with_icon(Icon::Clock)) }
            div.grid-2 {
                (TextField { kind: TextKind::DateTime, ..plain("at", "Date and time", at_hint, at) })
                (plain("zone", "Time zone", "For example Europe/Berlin.", form.zone.clone()))
                (Select { frame: field(&sheet.mistakes, "campaign", "Campaign"), choices: campaigns, chosen: Some(campaign) })
                (plain("tags", "Tags", "Separated by commas; tags can choose who has to approve.", form.tags.iter().cloned().collect::<Vec<_>>().join(", ")))
            }
        }
    }
}

fn bar(sheet: &Sheet) -> Markup {
    let review = Button { weight: Weight::Primary, size: Size::Medium, ..act("Review and submit", "review") };
    html! {
        div.composer-bar {
            (review)
            (Button::new("Save draft", Does::Submit))
            @if sheet.post.is_some() { (Button::new("Discard", Does::Opens("discard".to_owned())).with_weight(Weight::Quiet)) }
            span.save-state data-save-state role="status" { @if sheet.post.is_some() { "Saved" } @else { "Not saved yet" } }
        }
    }
}

fn side(sheet: &Sheet) -> Markup {
    let checks = sheet.checks();
    let blocking = checks.blocking();
    html! {
        div.stack id="composer-checks" data-swap {
            @for pause in &sheet.pauses { (Banner::new(Tone::Danger, "Publishing is paused").text(pause)) }
            @if blocking > 0 { p.field-error { (Icon::OctagonAlert) span { @if blocking == 1 { "One thing keeps this from being submitted" } @else { (blocking) " things keep this from being submitted" } } } }
            (checks.beside())
            @for outlet in sheet.chosen() {
                @if let Some(content) = sheet.form.draft.content_for(outlet.id()) {
                    @let own = sheet.content(Some(outlet.id())).is_some();
                    @let version = own.then_some(outlet.id());
                    (preview(outlet, content, own, |part| checks.marks(version, part)))
                }
            }
            @if sheet.chosen().is_empty() { p.muted { "Choose a profile to see what its followers will see." } }
        }
    }
}

fn crop_dialog() -> Markup {
    let shapes = [("0", "As it is"), ("1", "Square"), ("1.3333", "4 : 3"), ("1.7778", "16 : 9"), ("0.8", "4 : 5")];
    let slider = |name: &str, label: &str, value: u32| {
        let frame = FieldFrame { id: format!("crop-{name}"), ..FieldFrame::new(format!("crop-{name}"), label) };
        html! { div.field { label.label for=(frame.id) { (frame.label) } input type="range" id=(frame.id) name=(frame.name) min=(if name == "size" { 10 } else { 0 }) max="100" value=(value); } }
    };
    let body = html! {
        canvas.crop-canvas aria-label="The picture as it will be" {}
        p.muted data-crop-size role="status" {}
        (Select { frame: FieldFrame::new("crop-shape", "Shape"), choices: shapes.iter().map(|(value, label)| Choice::new(*value, *label)).collect(), chosen: Some("0".to_owned()) })
        (slider("size", "Size, in per cent", 100))
        (slider("x", "From the left", 50))
        (slider("y", "From the top", 50))
        div.row { button class="button button-primary" type="button" data-crop-applies { "Use this" } }
    };
    Dialog { id: "crop".to_owned(), title: "Crop".to_owned(), body, buttons: Vec::new(), width: DialogWidth::Wide, action: None }
        .render()
}
