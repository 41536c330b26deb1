//! Campaigns, and the usual times of the week at which a profile posts.

use serde::Serialize;

use super::{access, post::Campaign, store::campaigns as store};
use crate::{
    act::Object,
    actor::Actor,
    db::DbError,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{CampaignId, ProfileId, SlotId},
    people,
    rights::{Operation, Target},
};

/// Campaigns of a workspace, ended ones included.
pub const CAMPAIGNS_MAX: i64 = 1_000;
/// Characters of a campaign's name.
const NAME_MAX: usize = 100;
/// Usual times of one profile: every hour of a week.
pub const SLOTS_MAX: usize = 168;
/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;

/// A usual time of the week at which a profile posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostingSlot {
    /// Which.
    pub id: SlotId,
    /// Of which profile.
    pub profile: ProfileId,
    /// 1 is Monday, 7 Sunday.
    pub weekday: u32,
    /// Minutes after midnight in its zone.
    pub minute: u32,
    /// Its time zone (IANA).
    pub zone: String,
}

/// Every campaign, by name.
pub async fn campaigns(desk: &Desk, actor: &Actor) -> Result<Vec<Campaign>> {
    let mut reader = desk.view(actor, Operation::CampaignsRead, Target::Workspace).await?;
    store::all(&mut reader).await
}

/// Begins a campaign.
pub async fn create_campaign(desk: &Desk, actor: &Actor, name: &str) -> Result<CampaignId> {
    let name = checked_name(name)?;
    may_write_somewhere(desk, actor).await?;
    let mut act = desk.act(actor, Operation::CampaignChange, Target::Workspace).await?;
    if store::count(act.tx()).await? >= CAMPAIGNS_MAX {
        return Err(Error::Conflict(format!("there are {CAMPAIGNS_MAX} campaigns already")));
    }
    let (id, now): (CampaignId, _) = (desk.fresh(), act.now());
    store::insert(act.tx(), id, &name, now).await.map_err(taken)?;
    act.record(Object::new("campaign", id)).after(&name);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(id)
}

/// Renames a campaign, ends it or takes it up again.
pub async fn change_campaign(desk: &Desk, actor: &Actor, id: CampaignId, name: &str, ended: bool) -> Result<()> {
    let name = checked_name(name)?;
    may_write_somewhere(desk, actor).await?;
    let mut act = desk.act(actor, Operation::CampaignChange, Target::Workspace).await?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("campaign"))?;
    let now = act.now();
    let ended_at = ended.then(|| before.ended_at.unwrap_or(now));
    store::update(act.tx(), id, &name, ended_at).await.map_err(taken)?;
    act.record(Object::new("campaign", id)).before(&(&before.name, before.ended_at)).after(&(&name, ended_at));
    act.announce(Topic::Posts);
    act.commit().await
}

fn taken(error: Error) -> Error {
    match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("name", "there is a campaign with this name"),
        error => error,
    }
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Invalid::field("name", format!("between 1 and {NAME_MAX} characters, without line breaks")));
    }
    Ok(name.to_owned())
}

async fn may_write_somewhere(desk: &Desk, actor: &Actor) -> Result<()> {
    if access::allowed(desk, actor, Operation::PostCreate).await?.is_empty() {
        return Err(Error::Conflict("campaigns are for those who write posts; you may write on no profile".to_owned()));
    }
    Ok(())
}

/// The usual times of a profile, by weekday and minute.
pub async fn posting_slots(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<Vec<PostingSlot>> {
    access::may(desk, actor, Operation::PostingSlotsRead, &[profile]).await?;
    store::slots(&mut desk.db().read().await?, profile).await
}

/// Adds a usual time.
pub async fn add_posting_slot(
    desk: &Desk,
    actor: &Actor,
    profile: ProfileId,
    weekday: u32,
    minute: u32,
    zone: &str,
) -> Result<SlotId> {
    let mut invalid = Invalid::new();
    if !(1..=7).contains(&weekday) {
        invalid.add("weekday", "1 (Monday) to 7 (Sunday)");
    }
    if minute >= DAY_MINUTES {
        invalid.add("minute", "minutes after midnight, below 1440");
    }
    if people::check_time_zone(zone).is_err() {
        invalid.add("zone", "not a time zone; choose one from the list");
    }
    invalid.check()?;
    let known = access::may(desk, actor, Operation::PostingSlotsChange, &[profile]).await?;
    let mut act = access::act_on(desk, actor, Operation::PostingSlotsChange, &known).await?;
    if store::slots(act.tx(), profile).await?.len() >= SLOTS_MAX {
        return Err(Error::Conflict(format!("a profile has at most {SLOTS_MAX} usual times")));
    }
    let slot = PostingSlot { id: desk.fresh(), profile, weekday, minute, zone: zone.to_owned() };
    store::insert_slot(act.tx(), &slot).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Error::Conflict("this time is there already".to_owned()),
        error => error,
    })?;
    act.record(Object::new("profile", profile)).after(&slot);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(slot.id)
}

/// Takes a usual time away.
pub async fn remove_posting_slot(desk: &Desk, actor: &Actor, profile: ProfileId, id: SlotId) -> Result<()> {
    let known = access::may(desk, actor, Operation::PostingSlotsChange, &[profile]).await?;
    let mut act = access::act_on(desk, actor, Operation::PostingSlotsChange, &known).await?;
    if !store::remove_slot(act.tx(), profile, id).await? {
        return Err(Error::NotFound("usual time"));
    }
    act.record(Object::new("profile", profile)).detail("slot_removed", id.to_string());
    act.announce(Topic::Posts);
    act.commit().await
}
