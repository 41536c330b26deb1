//! Names for the ids in grants: of profiles and groups, of people and teams. Whoever may not see them gets the id instead.

use desk::{
    ids::PersonId,
    paging::{PAGE_SIZE_MAX, PageRequest},
    people::{self, PeopleFilter},
    profiles::{self, ProfilesFilter},
    rights::{self, Holder, Operation, Scope},
};

use crate::{frame::Ctx, problem::PageError, ui::choice::Choice};

/// The names of profiles and groups that scopes refer to.
pub(super) struct ScopeNames {
    profiles: Vec<(String, String)>,
    groups: Vec<(String, String)>,
}

impl ScopeNames {
    pub(super) async fn load(ctx: &Ctx) -> Result<Self, PageError> {
        if !ctx.may(Operation::ProfilesManage) {
            return Ok(Self { profiles: Vec::new(), groups: Vec::new() });
        }
        let profiles = profiles::all(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await?;
        let groups = profiles::groups(ctx.desk(), ctx.actor()).await?;
        Ok(Self {
            profiles: profiles.into_iter().map(|profile| (profile.id.to_string(), profile.title)).collect(),
            groups: groups.into_iter().map(|group| (group.id.to_string(), group.name)).collect(),
        })
    }

    pub(super) fn name(&self, scope: Scope) -> String {
        let named = |list: &[(String, String)], id: String, kind: &str| {
            list.iter().find(|(known, _)| *known == id).map_or(format!("one {kind}"), |(_, name)| name.clone())
        };
        match scope {
            Scope::Workspace => "everywhere".to_owned(),
            Scope::Profile(id) => named(&self.profiles, id.to_string(), "profile"),
            Scope::Group(id) => format!("group {}", named(&self.groups, id.to_string(), "group")),
        }
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        let mut choices = vec![Choice::new("workspace", "Everywhere")];
        choices.extend(self.groups.iter().map(|(id, name)| Choice::new(format!("group {id}"), format!("Group: {name}"))));
        choices.extend(self.profiles.iter().map(|(id, name)| Choice::new(format!("profile {id}"), format!("Profile: {name}"))));
        choices
    }
}

/// The names of people and teams, where the caller may see them.
pub(super) struct HolderNames(Vec<(Holder, String)>);

impl HolderNames {
    pub(super) fn name(&self, holder: Holder) -> String {
        self.0
            .iter()
            .find(|(known, _)| *known == holder)
            .map_or_else(|| format!("{} {}", holder.kind(), holder.id()), |(_, name)| name.clone())
    }
}

pub(super) async fn holder_names(ctx: &Ctx) -> Result<HolderNames, PageError> {
    let mut names: Vec<(Holder, String)> =
        rights::teams(ctx.desk(), ctx.actor()).await?.into_iter().map(|team| (Holder::Team(team.id), team.name)).collect();
    names.extend(everybody(ctx).await?.into_iter().map(|(id, name)| (Holder::Person(id), name)));
    Ok(HolderNames(names))
}

/// The people a form can offer. A company with more than a page of people finds them on the people page instead.
pub(super) async fn everybody(ctx: &Ctx) -> Result<Vec<(PersonId, String)>, PageError> {
    if !ctx.may(Operation::PeopleRead) {
        return Ok(Vec::new());
    }
    let page = PageRequest { after: None, size: PAGE_SIZE_MAX };
    let found = people::list(ctx.desk(), ctx.actor(), &PeopleFilter::default(), &page).await?;
    Ok(found.items.into_iter().map(|person| (person.id, person.name)).collect())
}
