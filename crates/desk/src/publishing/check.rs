//! What is wrong, missing or worth a second look in a draft, before anybody else sees it.
//!
//! Invariants: what a network would refuse for certain blocks; everything else warns and says why; a found value is never repeated, only
//! where it stands. Nothing here decides who has to agree.

use std::collections::{BTreeMap, BTreeSet};

use networks::capabilities::Capabilities;
use serde::Serialize;

use super::{
    access,
    content::{Content, Draft, MediaDigest, Part},
    media,
    post::PostForm,
    refusals::refused_by,
    store::lists,
    warnings::{Clash, DUPLICATE_WITHIN_MS, Planned, clashes},
};
use crate::{
    act::Act,
    actor::Actor,
    capture::{Connectors, Examiner, Finding, connections, examine},
    db::Connection,
    desk::Desk,
    error::{Invalid, Result},
    ids::{PostId, ProfileId, Time},
    profiles,
    rights::Operation,
    text_enum::text_enum,
    word_lists::ListSet,
};

/// Other posts that a draft is compared with.
const COMPARED_MAX: i64 = 2_000;
/// What the inspector finds and nobody has to be warned of: a post is there to lead somewhere.
const ORDINARY_KIND: &str = "URL";
/// Tags that say somebody pays for a post.
const PAID_TAGS: &[&str] = &["ad", "ads", "advertisement", "anzeige", "partner", "sponsored", "werbung", "rate-offer"];
/// Words of which one has to stand in a paid post.
const DISCLOSURES: &[&str] =
    &["#ad", "#anzeige", "#werbung", "#sponsored", "advertisement", "anzeige", "werbung", "sponsored", "paid partnership"];

text_enum! {
    /// What a warning is about.
    WarningKind {
        /// Nothing to post.
        Empty = "empty", "Nothing to post";
        /// Too long for the network.
        TooLong = "too_long", "Too long";
        /// Files that the network does not take, or too many.
        Media = "media", "Files";
        /// A picture without a description.
        NoAlt = "no_alt", "Alt text missing";
        /// Something the network cannot do.
        Unsupported = "unsupported", "Not possible there";
        /// Something the inspector found.
        Finding = "finding", "Found in it";
        /// A term that is never published.
        BlockedTerm = "blocked_term", "Blocked term";
        /// A paid post that does not say so.
        Disclosure = "disclosure", "Disclosure missing";
        /// The same text again.
        Duplicate = "duplicate", "Said before";
        /// Nearly the same time as another.
        SameSlot = "same_slot", "Near another post";
    }
}

/// Something about a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Whether it keeps the post from being submitted.
    pub blocks: bool,
    /// On which profile; nothing for what all have in common.
    pub profile: Option<ProfileId>,
    /// In which part, from 0.
    pub part: Option<usize>,
    /// Where in the part: `text`, `subject`, `alt_text`, `link`, `image_text`.
    pub zone: Option<String>,
    /// Which of several: the number of the file, from 0.
    pub zone_part: usize,
    /// From which byte to which, in the zone's text.
    pub span: Option<(usize, usize)>,
    /// What to do, for people.
    pub message: String,
    /// The rule that found it, and its version.
    pub rule: Option<String>,
    /// The other post, for clashes.
    pub other: Option<PostId>,
}

impl Warning {
    pub(super) fn new(kind: WarningKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            blocks: false,
            profile: None,
            part: None,
            zone: None,
            zone_part: 0,
            span: None,
            message: message.into(),
            rule: None,
            other: None,
        }
    }

    pub(super) fn blocking(mut self) -> Self {
        self.blocks = true;
        self
    }

    pub(super) fn at(mut self, profile: Option<ProfileId>, part: usize) -> Self {
        (self.profile, self.part) = (profile, Some(part));
        self
    }
}

/// What there is to say about a draft as it stands, saved or not.
pub async fn check(
    desk: &Desk,
    actor: &Actor,
    examiner: &Examiner,
    form: &PostForm,
    saved_as: Option<PostId>,
) -> Result<Vec<Warning>> {
    let wanted: Vec<_> = form.draft.targets.keys().copied().collect();
    let known = access::may(desk, actor, Operation::PostsRead, &wanted).await?;
    let files = media::facts(&mut desk.db().read().await?, &form.draft).await?;
    let mut warnings = Vec::new();
    for profile in &known {
        let content = form.draft.content_for(profile.id).expect("it is one of the draft's");
        if let Some(can) = capabilities(desk, profile.id, &profile.network).await? {
            refused_by(&can, content, profile.id, &files, &mut warnings);
        }
    }
    examiner.refresh(desk).await?;
    let lists = examiner.current();
    let mut reader = desk.db().read().await?;
    let image_texts = media::image_texts(&mut reader, &form.draft).await?;
    let found = examined(&lists, &form.draft, &image_texts).into_iter();
    for (place, found) in found.filter(|(_, found)| found.kind != ORDINARY_KIND) {
        warnings.push(of_finding(&lists, place, found));
    }
    warnings.extend(unusable(&lists).map(|why| Warning::new(WarningKind::BlockedTerm, why).blocking()));
    disclosure(form, &mut warnings);
    let others = near(&mut reader, &wanted, form.slot, desk.now()).await?;
    clashing(form, saved_as, &others, &mut warnings);
    Ok(warnings)
}

/// What a profile's network can do, with the limits of its own server where it has some. Nothing for a network we do not know.
pub async fn limits_of(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<Option<Capabilities>> {
    let known = access::may(desk, actor, Operation::PostsRead, &[profile]).await?;
    capabilities(desk, profile, &known[0].network).await
}

async fn capabilities(desk: &Desk, profile: ProfileId, network: &str) -> Result<Option<Capabilities>> {
    let Some(network) = Connectors::all().get(network) else { return Ok(None) };
    let opened = connections::open(desk, profile).await?;
    Ok(Some(opened.map_or(network.about().capabilities, |opened| network.limits(&opened.session))))
}

/// Where something was found: on which profile (nothing for the common content) and in which part.
type At = (Option<ProfileId>, usize);
/// What is written in pictures.
type ImageTexts = BTreeMap<MediaDigest, String>;

/// `image_texts` is what is written in its pictures.
fn examined(lists: &ListSet, draft: &Draft, image_texts: &ImageTexts) -> Vec<(At, Finding)> {
    let common = draft.targets.values().any(Option::is_none).then_some((None, &draft.common));
    let own = draft.targets.iter().filter_map(|(&profile, own)| Some((Some(profile), own.as_ref()?)));
    let mut found = Vec::new();
    for (profile, content) in common.into_iter().chain(own) {
        found.extend(examined_content(lists, content, image_texts).map(|(number, finding)| ((profile, number), finding)));
    }
    found
}

fn examined_content(lists: &ListSet, content: &Content, image_texts: &ImageTexts) -> impl Iterator<Item = (usize, Finding)> {
    content.parts.iter().enumerate().flat_map(move |(number, part)| {
        let seen = examine::examine(lists, &as_captured(content, part, number == 0));
        let written: Vec<_> =
            part.media.iter().map(|medium| image_texts.get(&medium.digest).map_or("", String::as_str)).collect();
        let in_pictures = examine::examine_pictures(lists, &written);
        seen.findings.into_iter().chain(in_pictures).map(move |finding| (number, finding))
    })
}

/// A part as the inspector knows contents.
fn as_captured(content: &Content, part: &Part, is_first: bool) -> networks::event::Content {
    let attachments = part.media.iter().map(|medium| networks::event::Attachment {
        native_id: String::new(),
        file_name: Some(medium.file_name.clone()),
        media_type: Some(medium.media_type.clone()),
        bytes: None,
        alt: Some(medium.alt.clone()),
        source: None,
    });
    networks::event::Content {
        text: part.text.clone(),
        subject: content.subject.clone().filter(|_| is_first),
        links: networks::text::links(&part.text).into_iter().map(|at| part.text[at].to_owned()).collect(),
        attachments: attachments.collect(),
        ..networks::event::Content::default()
    }
}

fn of_finding(lists: &ListSet, (profile, part): At, found: Finding) -> Warning {
    let blocked = lists.blocks(&found.kind);
    let kind = if blocked { WarningKind::BlockedTerm } else { WarningKind::Finding };
    let place = |value: i64| usize::try_from(value).unwrap_or(0);
    let message = match (blocked, lists.title(&found.kind)) {
        (true, title) => never_published(title.unwrap_or(&found.kind)),
        (false, Some(title)) => title.to_owned(),
        (false, None) => found.kind.clone(),
    };
    Warning {
        blocks: blocked,
        zone: Some(found.zone),
        zone_part: place(found.zone_part),
        span: Some((place(found.start), place(found.end))),
        rule: Some(format!("{} {}", found.detector, found.version)),
        ..Warning::new(kind, message).at(profile, part)
    }
}

fn never_published(title: &str) -> String {
    format!("“{title}” is never published; take it out")
}

/// Lists in force that do not compile here: what they would keep back is not known, so everything is.
fn unusable(lists: &ListSet) -> impl Iterator<Item = String> {
    let told = |(name, why): &(String, String)| {
        format!("the word list “{name}” does not work ({why}); nothing is published until somebody mends it or switches it off")
    };
    lists.unusable().iter().map(told)
}

fn disclosure(form: &PostForm, warnings: &mut Vec<Warning>) {
    if !form.tags.iter().any(|tag| PAID_TAGS.contains(&tag.as_str())) {
        return;
    }
    for &profile in form.draft.targets.keys() {
        let Some(first) = form.draft.content_for(profile).and_then(|content| content.parts.first()) else { continue };
        let text = first.text.to_lowercase();
        if !DISCLOSURES.iter().any(|word| text.contains(word)) {
            let message = "somebody pays for this post: say so in its first part, for example with #ad";
            warnings.push(Warning::new(WarningKind::Disclosure, message).at(Some(profile), 0).blocking());
        }
    }
}

/// Posts on the same profiles that a draft may get in the way of.
async fn near(
    on: &mut dyn Connection,
    profiles: &[ProfileId],
    slot: Option<Time>,
    now: Time,
) -> Result<Vec<(PostId, Option<Time>, Draft)>> {
    let around = slot.unwrap_or(now);
    let (from, until) = (around.plus_ms(-DUPLICATE_WITHIN_MS), around.plus_ms(DUPLICATE_WITHIN_MS));
    lists::drafts(on, profiles, from, until, COMPARED_MAX).await
}

fn clashing(form: &PostForm, saved_as: Option<PostId>, others: &[(PostId, Option<Time>, Draft)], warnings: &mut Vec<Warning>) {
    let said = |draft: &Draft, profile| {
        let content = draft.content_for(profile)?;
        Some(content.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n"))
    };
    for &profile in form.draft.targets.keys() {
        let Some(text) = said(&form.draft, profile) else { continue };
        let theirs: Vec<_> = others.iter().filter_map(|(id, slot, draft)| Some((*id, *slot, said(draft, profile)?))).collect();
        let planned: Vec<_> =
            theirs.iter().map(|(id, slot, text)| Planned { id: Some(*id), profile, slot: *slot, text }).collect();
        for clash in clashes(&Planned { id: saved_as, profile, slot: form.slot, text: &text }, &planned) {
            warnings.push(match clash {
                Clash::Duplicate { other, exact, .. } => {
                    let message =
                        if exact { "another post here says exactly this" } else { "another post here says nearly this" };
                    Warning { other, profile: Some(profile), ..Warning::new(WarningKind::Duplicate, message) }
                }
                Clash::SameSlot { other, .. } => {
                    let message = "another post is due here within a quarter of an hour";
                    Warning { other, profile: Some(profile), ..Warning::new(WarningKind::SameSlot, message) }
                }
            });
        }
    }
}

/// What the inspector, with the lists as they stand this moment, finds in a draft that is submitted.
pub(super) struct Seen {
    /// The kinds, for the workflows.
    pub(super) kinds: BTreeSet<String>,
    /// Why it may not go out at all.
    kept_back: BTreeSet<String>,
}

/// Looks at a draft that is submitted, and its pictures.
pub(super) async fn look(desk: &Desk, examiner: &Examiner, draft: &Draft) -> Result<Seen> {
    examiner.refresh(desk).await?;
    let lists = examiner.current();
    let image_texts = media::image_texts(&mut desk.db().read().await?, draft).await?;
    let kinds: BTreeSet<_> = examined(&lists, draft, &image_texts).into_iter().map(|(_, finding)| finding.kind).collect();
    Ok(Seen { kept_back: reasons(&lists, kinds.iter()).collect(), kinds })
}

/// Why what a profile would get is kept back; nothing when it is not.
pub(super) async fn kept_back(
    on: &mut dyn Connection,
    lists: &ListSet,
    draft: &Draft,
    profile: ProfileId,
) -> Result<Option<String>> {
    if lists.blocks_nothing() {
        return Ok(None);
    }
    let image_texts = media::image_texts(on, draft).await?;
    let found = draft.content_for(profile).into_iter().flat_map(|content| examined_content(lists, content, &image_texts));
    let kinds: BTreeSet<_> = found.map(|(_, found)| found.kind).collect();
    Ok(reasons(lists, kinds.iter()).next())
}

fn reasons<'k>(lists: &ListSet, kinds: impl Iterator<Item = &'k String>) -> impl Iterator<Item = String> {
    let blocked = kinds.filter(|kind| lists.blocks(kind)).map(|kind| never_published(lists.title(kind).unwrap_or(kind)));
    blocked.chain(unusable(lists))
}

/// Refuses what a network would refuse for certain, and what the desk itself never lets out. Part of submitting.
pub(super) async fn refuse_blocked(
    act: &mut Act<'_>,
    form: &PostForm,
    seen: &Seen,
    can: &[(ProfileId, Option<Capabilities>)],
) -> Result<()> {
    let mut warnings = Vec::new();
    let files = media::facts(act.tx(), &form.draft).await?;
    for (profile, can) in can {
        let (Some(can), Some(content)) = (can, form.draft.content_for(*profile)) else { continue };
        refused_by(can, content, *profile, &files, &mut warnings);
    }
    disclosure(form, &mut warnings);
    let mut invalid = Invalid::new();
    seen.kept_back.iter().for_each(|why| invalid.add("text", why));
    for warning in warnings.into_iter().filter(|warning| warning.blocks) {
        let title = match warning.profile {
            Some(profile) => profiles::exists(act.tx(), profile).await?.title,
            None => String::new(),
        };
        let field = if warning.kind == WarningKind::Media || warning.kind == WarningKind::NoAlt { "media" } else { "text" };
        invalid.add(field, format!("{title}: {}", warning.message));
    }
    if form.draft.targets.keys().any(|&profile| form.draft.content_for(profile).is_none_or(|content| content.parts.is_empty())) {
        invalid.add("text", "write something, or add a picture");
    }
    invalid.check()
}

/// The limits of every profile of a draft.
pub(super) async fn limits(desk: &Desk, draft: &Draft) -> Result<Vec<(ProfileId, Option<Capabilities>)>> {
    let mut found = Vec::new();
    for &profile in draft.targets.keys() {
        let known = profiles::exists(&mut desk.db().read().await?, profile).await?;
        found.push((profile, capabilities(desk, profile, &known.network).await?));
    }
    Ok(found)
}
