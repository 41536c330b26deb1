//! What somebody typed into the composer: the form's fields as a post, and what a button asks to do with it.
//!
//! Invariants: reading a form never fails as a whole, what does not fit is a mistake of its field and everything else is kept; a file
//! is named by its digest and nothing else of it is taken from the form; a time is read in the zone beside it, and one that does not
//! exist or exists twice is said to be so. The names of the fields are here and in `composer.rs`, where they are written.

use desk::{
    Invalid, Time,
    ids::{NotAnId, ProfileId},
    publishing::{
        Audience, Content, Draft, MediaDigest, Medium, PARTS_MAX, Part, PostForm,
        calendar::{self, Local},
        counting,
    },
};
use jiff::{civil::DateTime, tz::TimeZone};

use crate::frame::Fields;

/// The prefix of what holds for all profiles; own versions have their profile's id.
pub(super) const COMMON: &str = "common";

/// The choice of no campaign: an empty value would not be one of a list's.
pub(super) const NO_CAMPAIGN: &str = "none";

/// A form as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// The post.
    pub(super) form: PostForm,
    /// The revision it was made from; nothing for a new one.
    pub(super) revision: Option<i64>,
    /// What the button asks for.
    pub(super) act: Option<FormAct>,
    /// What does not fit.
    pub(super) mistakes: Invalid,
    /// What a person should know about the time, though it can be kept.
    pub(super) time_note: Option<&'static str>,
}

/// One text of the form: a version and the place of the part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartName {
    /// Nothing for what holds for all.
    pub(super) version: Option<ProfileId>,
    /// From 0.
    pub(super) part: usize,
}

impl std::fmt::Display for PartName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", prefix(self.version), self.part)
    }
}

/// The prefix of a version's fields.
pub(super) fn prefix(version: Option<ProfileId>) -> String {
    version.map_or_else(|| COMMON.to_owned(), |profile| profile.to_string())
}

/// The version that a prefix names.
fn version(text: &str) -> Result<Option<ProfileId>, NotAnId> {
    if text == COMMON { Ok(None) } else { text.parse().map(Some) }
}

pub(super) fn part_name(text: &str) -> Option<PartName> {
    let (prefix, part) = text.rsplit_once('.')?;
    Some(PartName { version: version(prefix).ok()?, part: part.parse().ok()? })
}

/// A file as forms and addresses name it.
pub(super) fn digest_text(digest: MediaDigest) -> String {
    digest.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn digest_of(text: &str) -> Option<MediaDigest> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(MediaDigest(bytes))
}

/// What a button of the composer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormAct {
    /// One more post in the thread.
    PartAdd(Option<ProfileId>),
    /// One less.
    PartOff(PartName),
    /// A long text becomes a thread.
    Thread(Option<ProfileId>),
    /// A profile gets a version of its own.
    Own(ProfileId),
    /// It gets the common one again.
    Common(ProfileId),
    /// A file is put on a part.
    Add(PartName, MediaDigest),
    /// It is taken off.
    Off(PartName, MediaDigest),
    /// It moves so many places.
    Move(PartName, MediaDigest, isize),
    /// It moves to a place.
    To(PartName, MediaDigest, usize),
    /// Another takes its place.
    Swap(PartName, MediaDigest, MediaDigest),
    /// The next free posting slot.
    NextSlot,
    /// Save over what somebody else saved meanwhile.
    KeepMine(i64),
    /// On to the page that says what submitting will do.
    Review,
}

impl FormAct {
    /// Reads the value of a button.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(':');
        let verb = words.next()?;
        let mut next = || words.next();
        match verb {
            "part-add" => Some(Self::PartAdd(version(next()?).ok()?)),
            "part-off" => Some(Self::PartOff(part_name(next()?)?)),
            "thread" => Some(Self::Thread(version(next()?).ok()?)),
            "own" => Some(Self::Own(next()?.parse().ok()?)),
            "common" => Some(Self::Common(next()?.parse().ok()?)),
            "add" => Some(Self::Add(part_name(next()?)?, digest_of(next()?)?)),
            "off" => Some(Self::Off(part_name(next()?)?, digest_of(next()?)?)),
            "earlier" => Some(Self::Move(part_name(next()?)?, digest_of(next()?)?, -1)),
            "later" => Some(Self::Move(part_name(next()?)?, digest_of(next()?)?, 1)),
            "to" => Some(Self::To(part_name(next()?)?, digest_of(next()?)?, next()?.parse().ok()?)),
            "swap" => Some(Self::Swap(part_name(next()?)?, digest_of(next()?)?, digest_of(next()?)?)),
            "next-slot" => Some(Self::NextSlot),
            "keep-mine" => Some(Self::KeepMine(next()?.parse().ok()?)),
            "review" => Some(Self::Review),
            _ => None,
        }
    }

    /// The part whose files change, when that is all that does.
    pub(super) fn files_of(self) -> Option<PartName> {
        match self {
            Self::Add(part, _) | Self::Off(part, _) | Self::Move(part, ..) | Self::To(part, ..) | Self::Swap(part, ..) => {
                Some(part)
            }
            _ => None,
        }
    }
}

/// Reads a form.
pub(super) fn read(fields: &Fields, own_zone: &TimeZone) -> Typed {
    let mut mistakes = Invalid::new();
    let own: Vec<ProfileId> = fields.all("own").filter_map(|id| id.parse().ok()).collect();
    let targets = fields
        .all("profile")
        .filter_map(|id| id.parse::<ProfileId>().ok())
        .map(|profile| (profile, own.contains(&profile).then(|| content(fields, &profile.to_string()))))
        .collect();
    let (slot, zone, time_note) = slot(fields, own_zone, &mut mistakes);
    let chosen = fields.some("campaign").filter(|id| *id != NO_CAMPAIGN);
    let campaign = chosen.map(str::parse).transpose().unwrap_or_else(|_| {
        mistakes.add("campaign", "choose one from the list");
        None
    });
    let form = PostForm {
        title: fields.get("title").trim().to_owned(),
        draft: Draft { common: content(fields, COMMON), targets },
        slot,
        zone,
        campaign,
        tags: fields.get("tags").split(',').map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()).collect(),
    };
    Typed {
        form,
        revision: fields.some("revision").and_then(|text| text.parse().ok()),
        act: fields.some("do").and_then(FormAct::parse),
        mistakes,
        time_note,
    }
}

/// One version, by the prefix of its fields.
fn content(fields: &Fields, prefix: &str) -> Content {
    let optional = |name: &str| fields.some(&format!("{prefix}.{name}")).map(str::to_owned);
    let mut parts = Vec::new();
    while parts.len() < PARTS_MAX && fields.has(&format!("{prefix}.{}.text", parts.len())) {
        let name = format!("{prefix}.{}", parts.len());
        let text = fields.get(&format!("{name}.text")).replace("\r\n", "\n");
        let files = format!("{name}.media");
        let media = fields.all(&files).filter_map(|text| {
            let alt = fields.get(&format!("{name}.alt.{text}")).replace("\r\n", "\n").trim().to_owned();
            Some(Medium { digest: digest_of(text)?, media_type: String::new(), file_name: String::new(), alt })
        });
        parts.push(Part { text, media: media.collect() });
    }
    if parts.is_empty() {
        parts.push(Part::default());
    }
    let audience = match fields.get(&format!("{prefix}.audience")) {
        "unlisted" => Audience::Unlisted,
        "followers" => Audience::Followers,
        "direct" => Audience::Direct,
        _ => Audience::Public,
    };
    Content {
        parts,
        subject: optional("subject"),
        language: optional("language"),
        audience,
        place: optional("place"),
        reply_to: optional("reply_to"),
    }
}

const TWICE: &str = "The clocks are put back that night and this time comes twice: the first one is meant.";

/// Reads `at` (as `<input type=datetime-local>` sends it) in the zone beside it.
fn slot(fields: &Fields, own: &TimeZone, mistakes: &mut Invalid) -> (Option<Time>, String, Option<&'static str>) {
    let own_name = own.iana_name().unwrap_or("UTC");
    let name = fields.some("zone").unwrap_or(own_name).to_owned();
    let Some(at) = fields.some("at") else { return (None, name, None) };
    let Ok(zone) = TimeZone::get(&name) else {
        mistakes.add("zone", "not a time zone; for example Europe/Berlin");
        return (None, name, None);
    };
    let local = at.parse::<DateTime>().ok().and_then(|local| calendar::resolve(local, &zone));
    match local {
        None => mistakes.add("at", "not a date and time, for example 2026-03-31T09:30"),
        Some(Local::Once(at)) => return (Some(at), name, None),
        Some(Local::Twice { first, .. }) => return (Some(first), name, Some(TWICE)),
        Some(Local::Never { .. }) => {
            mistakes.add("at", "this time does not exist on that day: the clocks are put forward over it; choose another");
        }
    }
    (None, name, None)
}

/// Does with a draft what a button asks for, as far as it is about the draft. `limit` is the tightest of its networks'.
pub(super) fn apply(draft: &mut Draft, act: FormAct, limit: Option<&desk::publishing::TextLimit>) {
    match act {
        FormAct::PartAdd(version) => {
            if let Some(content) = version_of(draft, version).filter(|content| content.parts.len() < PARTS_MAX) {
                content.parts.push(Part::default());
            }
        }
        FormAct::PartOff(name) => {
            let content = version_of(draft, name.version).filter(|content| content.parts.len() > 1);
            if let Some(content) = content.filter(|content| name.part < content.parts.len()) {
                content.parts.remove(name.part);
            }
        }
        FormAct::Thread(version) => {
            if let Some((content, limit)) = version_of(draft, version).zip(limit) {
                into_thread(content, limit);
            }
        }
        FormAct::Own(profile) => {
            let copy = draft.common.clone();
            if let Some(own) = draft.targets.get_mut(&profile) {
                own.get_or_insert(copy);
            }
        }
        FormAct::Common(profile) => {
            if let Some(own) = draft.targets.get_mut(&profile) {
                *own = None;
            }
        }
        _ => {
            if let Some(name) = act.files_of()
                && let Some(part) = version_of(draft, name.version).and_then(|content| content.parts.get_mut(name.part))
            {
                arrange(&mut part.media, act);
            }
        }
    }
}

fn version_of(draft: &mut Draft, version: Option<ProfileId>) -> Option<&mut Content> {
    match version {
        None => Some(&mut draft.common),
        Some(profile) => draft.targets.get_mut(&profile)?.as_mut(),
    }
}

/// Parts that are too long become several; files stay with the first piece of theirs.
fn into_thread(content: &mut Content, limit: &desk::publishing::TextLimit) {
    let subject = content.subject.clone();
    let mut parts = Vec::new();
    for part in content.parts.drain(..) {
        let mut media = Some(part.media);
        let mut pieces = counting::cut_into_thread(&part.text, subject.as_deref(), limit);
        if pieces.is_empty() {
            pieces.push(part.text);
        }
        parts.extend(pieces.into_iter().map(|text| Part { text, media: media.take().unwrap_or_default() }));
    }
    // What would be more than a thread may have stays in its last post, where it is seen to be too long.
    if parts.len() > PARTS_MAX {
        let rest = parts.split_off(PARTS_MAX - 1);
        let text = rest.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n\n");
        parts.push(Part { text, media: rest.into_iter().flat_map(|part| part.media).collect() });
    }
    content.parts = parts;
}

fn arrange(media: &mut Vec<Medium>, act: FormAct) {
    let place = |digest: MediaDigest| media.iter().position(|medium| medium.digest == digest);
    let named = |digest| Medium { digest, media_type: String::new(), file_name: String::new(), alt: String::new() };
    match act {
        FormAct::Add(_, digest) if place(digest).is_none() => media.push(named(digest)),
        FormAct::Off(_, digest) => media.retain(|medium| medium.digest != digest),
        FormAct::Move(_, digest, by) => {
            if let Some((from, to)) = place(digest).and_then(|from| Some((from, from.checked_add_signed(by)?))) {
                shift(media, from, to);
            }
        }
        FormAct::To(_, digest, to) => {
            if let Some(from) = place(digest) {
                shift(media, from, to);
            }
        }
        FormAct::Swap(_, old, new) if place(new).is_none() => {
            // The words for those who do not see it are kept: a cut shows no more than the whole did.
            if let Some(medium) = media.iter_mut().find(|medium| medium.digest == old) {
                *medium = Medium { alt: std::mem::take(&mut medium.alt), ..named(new) };
            }
        }
        _ => {}
    }
}

fn shift(media: &mut Vec<Medium>, from: usize, to: usize) {
    if to < media.len() {
        let medium = media.remove(from);
        media.insert(to, medium);
    }
}

/// The time as `<input type=datetime-local>` wants it.
pub(super) fn local_text(at: Time, zone: &TimeZone) -> String {
    calendar::on_the_wall(at, zone).strftime("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "01900000-0000-7000-8000-000000000001";
    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";

    fn typed(fields: &[(&str, &str)]) -> Typed {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&Fields(fields), &TimeZone::get("Europe/Berlin").expect("a zone"))
    }

    fn profile() -> ProfileId {
        PROFILE.parse().expect("an id")
    }

    #[test]
    fn a_form_is_read_with_a_version_of_its_own_where_there_is_one() {
        let own = format!("{PROFILE}.0.text");
        let alt = format!("common.1.alt.{ONE}");
        let read = typed(&[
            ("revision", "4"),
            ("profile", PROFILE),
            ("own", PROFILE),
            ("common.0.text", "one\r\ntwo"),
            ("common.1.text", "three"),
            ("common.1.media", ONE),
            (&alt, " a kite "),
            ("common.audience", "followers"),
            (&own, "for this one"),
            ("tags", "Spring, , kites"),
            ("at", "2026-06-01T09:30"),
            ("campaign", NO_CAMPAIGN),
            ("do", "review"),
        ]);
        assert_eq!(read.mistakes.fields, []);
        let draft = &read.form.draft;
        assert_eq!(draft.common.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["one\ntwo", "three"]);
        assert_eq!(draft.common.parts[1].media[0].alt, "a kite");
        assert_eq!(draft.content_for(profile()).expect("a target").parts[0].text, "for this one");
        assert_eq!(read.form.slot.map(Time::rfc3339).as_deref(), Some("2026-06-01T07:30:00.000Z"));
        assert_eq!((read.revision, read.act, read.form.zone.as_str()), (Some(4), Some(FormAct::Review), "Europe/Berlin"));
        assert_eq!(read.form.tags.into_iter().collect::<Vec<_>>(), ["kites", "spring"]);
    }

    #[test]
    fn a_time_that_is_none_is_a_mistake_of_its_field_and_the_text_stays() {
        let read = typed(&[("common.0.text", "kept"), ("at", "2026-03-29T02:30")]);
        assert_eq!(read.mistakes.fields[0].0, "at");
        assert_eq!(read.form.draft.common.parts[0].text, "kept");
        assert!(typed(&[("at", "2026-10-25T02:30")]).time_note.is_some());
        assert_eq!(typed(&[("at", "2026-10-25T02:30"), ("zone", "Mars/Base")]).mistakes.fields[0].0, "zone");
        assert_eq!(typed(&[]).form.draft.common.parts.len(), 1, "there is always a text to write in");
    }

    fn after(fields: &[(&str, &str)], act: &str) -> Draft {
        let mut draft = typed(fields).form.draft;
        apply(&mut draft, FormAct::parse(act).expect("an act"), None);
        draft
    }

    fn files(draft: &Draft) -> Vec<String> {
        draft.common.parts[0].media.iter().map(|medium| digest_text(medium.digest)[..1].to_owned()).collect()
    }

    #[test]
    fn files_are_put_on_moved_exchanged_and_taken_off() {
        let alt = format!("common.0.alt.{ONE}");
        let both = [("common.0.text", ""), ("common.0.media", ONE), ("common.0.media", TWO), (alt.as_str(), "words")];
        assert_eq!(files(&after(&both, &format!("later:common.0:{ONE}"))), ["2", "1"]);
        assert_eq!(files(&after(&both, &format!("earlier:common.0:{ONE}"))), ["1", "2"], "there is nothing before the first");
        assert_eq!(files(&after(&both, &format!("to:common.0:{TWO}:0"))), ["2", "1"]);
        assert_eq!(files(&after(&both, &format!("off:common.0:{ONE}"))), ["2"]);
        assert_eq!(files(&after(&both, &format!("add:common.0:{ONE}"))), ["1", "2"], "twice is once");
        let swapped = after(&both[..2], &format!("swap:common.0:{ONE}:{TWO}"));
        assert_eq!(files(&swapped), ["2"]);
        let kept = after(&[both[0], both[1], both[3]], &format!("swap:common.0:{ONE}:{TWO}"));
        assert_eq!(kept.common.parts[0].media[0].alt, "words");
    }

    #[test]
    fn a_version_of_its_own_begins_with_the_common_one_and_ends_with_it() {
        let common = [("profile", PROFILE), ("common.0.text", "for all")];
        let own = after(&common, &format!("own:{PROFILE}"));
        assert_eq!(own.targets[&profile()].as_ref().map(|content| content.parts[0].text.as_str()), Some("for all"));
        let back = after(&[("profile", PROFILE), ("own", PROFILE), ("common.0.text", "for all")], &format!("common:{PROFILE}"));
        assert_eq!(back.targets[&profile()], None);
    }

    #[test]
    fn parts_come_and_go_but_one_stays() {
        assert_eq!(after(&[("common.0.text", "x")], "part-add:common").common.parts.len(), 2);
        assert_eq!(after(&[("common.0.text", "x"), ("common.1.text", "y")], "part-off:common.0").common.parts[0].text, "y");
        assert_eq!(after(&[("common.0.text", "x")], "part-off:common.0").common.parts.len(), 1);
        let mut draft = typed(&[("common.0.text", "One thought. Another thought.")]).form.draft;
        let limit = desk::publishing::TextLimit {
            max: 16,
            unit: desk::publishing::TextUnit::Graphemes,
            bytes_max: 0,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        };
        apply(&mut draft, FormAct::Thread(None), Some(&limit));
        assert_eq!(
            draft.common.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(),
            ["One thought.", "Another thought."]
        );
    }

    #[test]
    fn what_is_no_act_is_none() {
        for text in ["", "dance", "add:common.0:zz", "off:common.x:", "own:nobody", "to:common.0:1:1", "part-off:common"] {
            assert_eq!(FormAct::parse(text), None, "{text}");
        }
    }
}
