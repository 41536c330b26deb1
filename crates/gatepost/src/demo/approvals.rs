//! What waits for approval in the demo company: two workflows, two rules, and posts of the author's on their way.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    Actor, Desk, Principal, SecondFactor,
    approvals::{
        Approver, Need, Step,
        workflows::{self, Addition, Cover, PostKind, WINDOW_MS, Workflow},
    },
    capture::Examiner,
    ids::{PersonId, ProfileId, SessionId},
    profiles::{self, ProfilesFilter},
    publishing::{self, Content, Draft, Part, PostForm, Submitting},
    rights,
};

use super::DemoPerson;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Standing in begins after half a working day.
const DELEGATE_AFTER_MS: i64 = 4 * HOUR_MS;

/// Text, tag, hours from now, what the author says to those who decide.
const WAITING: &[(&str, Option<&str>, i64, &str)] = &[
    (
        "The autumn kites are here: 3 m of ripstop, hand-sewn in our workshop. Which colour would you fly first?",
        None,
        3,
        "The stock is confirmed with the workshop.",
    ),
    (
        "This weekend only: 20 % off every delta kite in the shop. https://northwind.example/autumn",
        Some("price"),
        26,
        "The discount is agreed with sales.",
    ),
];

/// Writes the workflows, then submits the author's posts.
pub(super) async fn fill(desk: &Desk, actor: &Actor, people: &[(PersonId, &DemoPerson)]) -> anyhow::Result<()> {
    let brand = rights::teams(desk, actor).await?.into_iter().find(|team| team.name == "Brand").map(|team| team.id);
    let owner = rights::roles(desk, actor).await?.into_iter().find(|role| role.name == rights::OWNER_ROLE).map(|role| role.id);
    let of_role = |name: &str| people.iter().find(|(_, person)| person.role == name).map(|(id, _)| *id);
    let (Some(brand), Some(owner), Some(author), Some(compliance)) =
        (brand, owner, of_role("Author"), of_role("Compliance officer"))
    else {
        return Ok(());
    };
    let asked = BTreeSet::from([Approver::Team(brand), Approver::Role(owner)]);
    let legal = BTreeSet::from([Approver::Person(compliance), Approver::Role(owner)]);
    let step = |name: &str, approvers: BTreeSet<Approver>| Step {
        name: name.to_owned(),
        approvers,
        need: Need::Any,
        delegate_after_ms: None,
        delegates: BTreeSet::new(),
        because: String::new(),
    };
    let stands_in = Step { delegate_after_ms: Some(DELEGATE_AFTER_MS), delegates: legal.clone(), ..step("Brand", asked.clone()) };
    let by_author = Cover { levels: BTreeSet::from([rights::Level::NeedsApproval]), ..Cover::default() };
    let posts = Cover { kinds: BTreeSet::from([PostKind::Post]), ..by_author.clone() };
    let replies = Cover { kinds: BTreeSet::from([PostKind::Reply]), ..by_author };
    for (name, cover, steps) in
        [("Posts of authors", posts, vec![stands_in]), ("Replies of authors", replies, vec![step("Care", asked)])]
    {
        let workflow = Workflow { name: name.to_owned(), cover, steps, window_ms: WINDOW_MS };
        workflows::create(desk, actor, workflow).await?;
    }
    let competitors = format!("{}.{}", desk::word_lists::TERM_KIND, super::word_lists::COMPETITORS);
    for (name, tag, finding) in
        [("Prices go through Legal", Some("price"), None), ("Competitors go through Legal", None, Some(competitors))]
    {
        let rule = Addition {
            name: name.to_owned(),
            cover: Cover::default(),
            tags: tag.map(str::to_owned).into_iter().collect(),
            findings: finding.into_iter().collect(),
            steps: vec![step("Legal", legal.clone())],
        };
        workflows::create_addition(desk, actor, rule).await?;
    }
    submit(desk, actor, author).await
}

async fn submit(desk: &Desk, actor: &Actor, author: PersonId) -> anyhow::Result<()> {
    let filter = ProfilesFilter { network: Some("sandbox".to_owned()), ..ProfilesFilter::default() };
    let fans = profiles::all(desk, actor, &filter).await?.into_iter().find(|profile| profile.handle == "kites");
    let Some(fans) = fans else { return Ok(()) };
    let author = acting(desk, author).await?;
    let examiner = Examiner::new()?;
    for (text, tag, hours, note) in WAITING {
        let form = PostForm {
            draft: draft(text, fans.id),
            slot: Some(desk.now().plus_ms(hours * HOUR_MS)),
            tags: tag.iter().map(|tag| (*tag).to_owned()).collect(),
            ..PostForm::default()
        };
        let id = publishing::create(desk, &author, &form).await?;
        let seen = publishing::get(desk, &author, id).await?.revision;
        let with = Submitting { note: (*note).to_owned(), ..Submitting::default() };
        publishing::submit(desk, &author, &examiner, id, seen, &with).await?;
    }
    Ok(())
}

fn draft(text: &str, profile: ProfileId) -> Draft {
    let common = Content { parts: vec![Part { text: text.to_owned(), media: Vec::new() }], ..Content::default() };
    Draft { common, targets: BTreeMap::from([(profile, None)]) }
}

/// A demo person as they would act, without a browser.
async fn acting(desk: &Desk, person: PersonId) -> anyhow::Result<Actor> {
    let rights = rights::effective(&mut desk.db().read().await?, person, desk.now()).await?;
    let session: SessionId = desk.fresh();
    let principal = Principal::Person { person, session, stepped_up_at: None, second_factor: SecondFactor::NotAsked };
    Ok(Actor { principal, address: None, rights })
}
