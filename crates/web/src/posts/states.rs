//! How a post stands, in words and colours: the same in lists, calendar and on its page.

use std::collections::BTreeMap;

use desk::{
    capture::connections::code_of,
    ids::ProfileId,
    profiles::Profile,
    publishing::{Post, PostGlance, TargetState},
};

use crate::ui::{Icon, Tone, badge::Badge};

/// What a state means for whoever looks.
pub(crate) fn tone(state: TargetState) -> Tone {
    match state {
        TargetState::Draft | TargetState::Cancelled => Tone::Neutral,
        TargetState::Pending => Tone::Info,
        TargetState::Scheduled | TargetState::Sending => Tone::Accent,
        TargetState::Held | TargetState::Expired => Tone::Warning,
        TargetState::Published => Tone::Good,
        TargetState::Failed => Tone::Danger,
    }
}

/// A state as a badge.
pub(crate) fn badge(state: TargetState) -> Badge {
    let icon = match state {
        TargetState::Draft => Icon::Pencil,
        TargetState::Pending => Icon::Clock,
        TargetState::Scheduled => Icon::Calendar,
        TargetState::Sending => Icon::Send,
        TargetState::Held => Icon::CirclePause,
        TargetState::Published => Icon::Check,
        TargetState::Failed => Icon::OctagonX,
        TargetState::Expired => Icon::History,
        TargetState::Cancelled => Icon::X,
    };
    Badge::new(tone(state), state.title()).with_icon(icon)
}

/// What needs somebody first: the order in which states of one post are told.
fn urgency(state: TargetState) -> u8 {
    match state {
        TargetState::Failed => 0,
        TargetState::Held => 1,
        TargetState::Expired => 2,
        TargetState::Sending => 3,
        TargetState::Pending => 4,
        TargetState::Scheduled => 5,
        TargetState::Draft => 6,
        TargetState::Published => 7,
        TargetState::Cancelled => 8,
    }
}

/// The states of a post on its profiles with how many have each, most urgent first.
pub(crate) fn summary(post: &PostGlance) -> Vec<(TargetState, usize)> {
    let mut counted: BTreeMap<u8, (TargetState, usize)> = BTreeMap::new();
    for target in &post.targets {
        counted.entry(urgency(target.state)).or_insert((target.state, 0)).1 += 1;
    }
    counted.into_values().collect()
}

/// The same in words: "Scheduled", "1 failed, 2 published".
pub(crate) fn words(summary: &[(TargetState, usize)]) -> String {
    match summary {
        [] => String::new(),
        [(state, _)] => state.title().to_owned(),
        several => several
            .iter()
            .map(|(state, count)| format!("{count} {}", state.title().to_lowercase()))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// The short names of the networks that a post goes to, each once.
pub(crate) fn networks(post: &PostGlance, profiles: &BTreeMap<ProfileId, Profile>) -> String {
    let mut codes: Vec<String> = Vec::new();
    for profile in post.targets.iter().filter_map(|target| profiles.get(&target.profile)) {
        let mut letters = code_of(&profile.network).chars();
        let code: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.join(" ")
}

/// What colleagues call a post: its title, else how it begins.
pub(crate) fn name(post: &PostGlance) -> String {
    named(&post.title, &post.excerpt)
}

/// The same of a whole post.
pub(crate) fn name_of(post: &Post) -> String {
    named(&post.title, post.draft.common.parts.first().map_or("", |part| part.text.as_str()))
}

fn named(title: &str, text: &str) -> String {
    let name = if title.is_empty() { desk::publishing::bulk::title_of(text) } else { title.to_owned() };
    if name.is_empty() { "Untitled".to_owned() } else { name }
}

/// Whether it may be moved in time: nothing of it is out or on its way out.
pub(crate) fn is_movable(post: &PostGlance) -> bool {
    use TargetState as S;
    post.targets.iter().all(|target| matches!(target.state, S::Draft | S::Pending | S::Scheduled | S::Held | S::Expired))
}
