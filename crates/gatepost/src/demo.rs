//! The demo company: fictional people, teams, roles and profiles, made through the same operations as everything else.
//!
//! It is served on loopback only, every page says that it is invented, and its passwords are published on purpose.

mod approvals;
mod word_lists;

use desk::{
    Actor, Desk,
    capture::{
        Connectors,
        connections::{self, NewConnection},
    },
    ids::{GroupId, PersonId, RoleId},
    profiles::{self, NewProfile},
    rights::{self, Give, Given, Holder, Level, Scope},
    sign_in::{self, LinkCode},
    workspace::{self, Purpose, SecondFactorRule},
};

/// The password of every demo account.
pub(crate) const PASSWORD: &str = "paper lanterns drift past noon";
const COMPANY: &str = "Northwind Kites (demo)";

struct DemoPerson {
    name: &'static str,
    email: &'static str,
    role: &'static str,
    about: &'static str,
}

const OWNER: DemoPerson =
    DemoPerson { name: "Olive Owner", email: "olive@northwind.example", role: "Owner", about: "everything" };

const PEOPLE: &[DemoPerson] = &[
    DemoPerson {
        name: "Mika Manager",
        email: "mika@northwind.example",
        role: "Social media manager",
        about: "publishes and answers",
    },
    DemoPerson { name: "Ada Author", email: "ada@northwind.example", role: "Author", about: "drafts that others approve" },
    DemoPerson {
        name: "Cleo Compliance",
        email: "cleo@northwind.example",
        role: "Compliance officer",
        about: "watches, holds, exports",
    },
    DemoPerson {
        name: "Sam Security",
        email: "sam@northwind.example",
        role: "Security administrator",
        about: "people and rights, no messages",
    },
    DemoPerson { name: "Ari Auditor", email: "ari@northwind.example", role: "Auditor", about: "reads everything on record" },
];

/// Network, handle, title, group, protected.
const PROFILES: &[(&str, &str, &str, &str, bool)] = &[
    ("mastodon", "@kites@social.example", "Northwind Kites on Mastodon", "Public", true),
    ("bluesky", "kites.example", "Northwind Kites on Bluesky", "Public", true),
    ("mastodon", "@care@social.example", "Customer care", "Public", false),
    ("bluesky", "founder.example", "The founder", "Executives", true),
    ("slack", "northwind", "Company chat", "Internal", false),
    ("matrix", "#workshop:northwind.example", "Workshop rooms", "Internal", false),
];

/// What is really connected: handle, feed, title, group. The sandbox invents what people say there.
const SANDBOXES: &[(&str, &str, &str, &str)] =
    &[("kites", "public", "Kite fans (sandbox)", "Public"), ("northwind-chat", "internal", "Company chat (sandbox)", "Internal")];

/// Fills an empty data folder with the demo company; leaves a folder that has a workspace as it is.
pub(crate) async fn ensure(desk: &Desk) -> anyhow::Result<()> {
    let existing = workspace::current(&mut desk.db().read().await?).await?;
    if let Some(existing) = existing {
        anyhow::ensure!(existing.demo, "this data folder holds a real workspace; the demo wants a folder of its own (--data)");
        return Ok(());
    }
    let operator = Actor::operator();
    let actor = Actor::desk("demo");
    let (_owner, link) = workspace::create(desk, &operator, COMPANY, OWNER.email, OWNER.name, Purpose::Demo).await?;
    come_in(desk, &link).await?;
    // A demo that asks for an authenticator app before the first look would be no demo. A real workspace asks by default.
    workspace::change(desk, &actor, COMPANY, "Europe/Lisbon", SecondFactorRule::Nobody).await?;
    let roles = rights::roles(desk, &actor).await?;
    let role_of = |name: &str| -> anyhow::Result<RoleId> {
        let found = roles.iter().find(|role| role.name == name);
        found.map(|role| role.id).ok_or_else(|| anyhow::anyhow!("the built-in roles lack `{name}`"))
    };
    let mut people: Vec<(PersonId, &DemoPerson)> = Vec::new();
    for person in PEOPLE {
        let (id, link) = desk::people::create(desk, &operator, person.email, person.name, &[role_of(person.role)?]).await?;
        come_in(desk, &link).await?;
        people.push((id, person));
    }
    // Somebody who never came in, so that the invitation is there to look at.
    desk::people::create(desk, &operator, "nico@northwind.example", "Nico Newcomer", &[role_of("Author")?]).await?;
    teams(desk, &actor, &people).await?;
    profiles_and_groups(desk, &actor, &people).await?;
    word_lists::fill(desk, &actor).await?;
    approvals::fill(desk, &actor, &people).await?;
    crate::demo_posts::write(desk).await
}

/// The first sign-in of a demo person, through the same door as everybody's.
async fn come_in(desk: &Desk, link: &LinkCode) -> anyhow::Result<()> {
    sign_in::use_link_with_password(desk, &Actor::nobody(None), link.reveal(), PASSWORD, "demo").await?;
    Ok(())
}

async fn teams(desk: &Desk, actor: &Actor, people: &[(PersonId, &DemoPerson)]) -> anyhow::Result<()> {
    let care = rights::create_team(desk, actor, "Customer care").await?;
    let brand = rights::create_team(desk, actor, "Brand").await?;
    for (id, person) in people {
        match person.role {
            "Social media manager" => {
                rights::add_member(desk, actor, care, *id).await?;
                rights::add_member(desk, actor, brand, *id).await?;
            }
            "Author" => rights::add_member(desk, actor, brand, *id).await?,
            _ => {}
        }
    }
    let search = rights::Right::Search;
    let give = Give {
        holder: Holder::Team(care),
        given: Given::Right(search),
        scope: Scope::Workspace,
        expires_at: None,
        reason: "Care looks up earlier conversations".to_owned(),
    };
    rights::give(desk, actor, give).await?;
    Ok(())
}

async fn profiles_and_groups(desk: &Desk, actor: &Actor, people: &[(PersonId, &DemoPerson)]) -> anyhow::Result<()> {
    let mut groups: Vec<(&str, GroupId)> = Vec::new();
    for (network, handle, title, group, protected) in PROFILES.iter().copied() {
        let known = groups.iter().find(|(name, _)| *name == group).map(|(_, id)| *id);
        let group_id = if let Some(id) = known {
            id
        } else {
            let id = profiles::create_group(desk, actor, group).await?;
            groups.push((group, id));
            id
        };
        let new = NewProfile {
            network: network.to_owned(),
            handle: handle.to_owned(),
            title: title.to_owned(),
            group: Some(group_id),
            protected,
        };
        profiles::add(desk, actor, &new).await?;
    }
    for (handle, feed, title, group) in SANDBOXES {
        let group = groups.iter().find(|(name, _)| name == group).map(|(_, id)| *id);
        let fields = [("handle", *handle), ("feed", *feed)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let new = NewConnection {
            network: "sandbox".to_owned(),
            method: "sandbox".to_owned(),
            fields: fields.into(),
            profile: None,
            title: (*title).to_owned(),
            group,
            protected: false,
        };
        connections::begin(desk, &Connectors::all(), actor, new).await?;
    }
    // The founder's own account is not everybody's business, whatever their role says.
    let executives = groups.iter().find(|(name, _)| *name == "Executives").map(|(_, id)| *id);
    let author = people.iter().find(|(_, person)| person.role == "Author").map(|(id, _)| *id);
    if let (Some(group), Some(author)) = (executives, author) {
        let give = Give {
            holder: Holder::Person(author),
            given: Given::Level(Level::NoAccess),
            scope: Scope::Group(group),
            expires_at: None,
            reason: "The founder's account is handled by the manager only".to_owned(),
        };
        rights::give(desk, actor, give).await?;
    }
    Ok(())
}

/// How to sign in, for the terminal.
pub(crate) fn how_to_sign_in() -> String {
    let mut text = format!("\nA fictional company is in it. Sign in with the password\n  {PASSWORD}\nas\n");
    for person in std::iter::once(&OWNER).chain(PEOPLE) {
        text.push_str(&format!("  {:<28} {} ({})\n", person.email, person.role, person.about));
    }
    text.push_str("\nStop with Ctrl-C; the data folder stays for the next time.\n");
    text
}
