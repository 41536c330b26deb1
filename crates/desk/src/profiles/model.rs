//! Types of profiles.

use serde::Serialize;

use crate::{
    ids::{GroupId, ProfileId, Time},
    text_enum::text_enum,
};

/// A company's account on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The profile.
    pub id: ProfileId,
    /// The network's id, for example `mastodon`.
    pub network: String,
    /// The account's name on the network.
    pub handle: String,
    /// The name colleagues use.
    pub title: String,
    /// Its group.
    pub group: Option<GroupId>,
    /// Whether nothing leaves it without a matching approval workflow.
    pub protected: bool,
    /// Where it stands.
    pub state: ProfileState,
    /// Since when it is here.
    pub created_at: Time,
    /// Since when it is in this state.
    pub state_changed_at: Time,
}

text_enum! {
    /// Where a profile stands.
    ProfileState {
        /// Captured and open for publishing.
        Active = "active", "Active";
        /// Nothing is captured or published until it is resumed.
        Paused = "paused", "Paused";
        /// No longer ours to use; its record stays.
        Disconnected = "disconnected", "Disconnected";
    }
}

/// A profile about to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewProfile {
    /// The network's id.
    pub network: String,
    /// The account's name on the network.
    pub handle: String,
    /// The name colleagues use.
    pub title: String,
    /// Its group.
    pub group: Option<GroupId>,
    /// Whether nothing leaves it without a matching approval workflow.
    pub protected: bool,
}

/// A group of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// How many profiles it has.
    pub profiles: i64,
}

/// Which profiles are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfilesFilter {
    /// Part of the title or handle, without regard to case.
    pub text: Option<String>,
    /// On this network.
    pub network: Option<String>,
    /// In this state.
    pub state: Option<ProfileState>,
}

impl ProfilesFilter {
    /// Whether a profile is wanted.
    pub fn matches(&self, profile: &Profile) -> bool {
        let text_fits = self.text.as_deref().map(str::trim).is_none_or(|text| {
            let text = text.to_lowercase();
            profile.title.to_lowercase().contains(&text) || profile.handle.to_lowercase().contains(&text)
        });
        text_fits
            && self.network.as_ref().is_none_or(|network| *network == profile.network)
            && self.state.is_none_or(|state| state == profile.state)
    }
}
