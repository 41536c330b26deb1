//! Rights on both engines: the ways a grant reaches a person, expiry, the explanation, the last keeper.

use desk::{
    Desk, Error, Refusal, Time,
    audit_log::AuditFilter,
    ids::{PersonId, ProfileId},
    paging::PageRequest,
    people,
    profiles::{self, NewProfile, ProfilesFilter},
    rights::{self, Give, Given, Holder, Level, Operation, Right, Scope, Via},
};
use testkit::on_both;

use crate::cast;

fn give(holder: Holder, given: Given, scope: Scope) -> Give {
    Give { holder, given, scope, expires_at: None, reason: "test".to_owned() }
}

async fn profile(desk: &Desk, owner: &desk::Actor, handle: &str) -> ProfileId {
    let new = NewProfile {
        network: "sandbox".to_owned(),
        handle: handle.to_owned(),
        title: format!("Kites {handle}"),
        group: None,
        protected: false,
    };
    profiles::add(desk, owner, &new).await.expect("a new profile")
}

async fn sees(desk: &Desk, person: PersonId) -> Vec<(String, Level)> {
    let actor = cast::actor(desk, person).await;
    let seen = profiles::visible(desk, &actor, &ProfilesFilter::default()).await.expect("a list");
    seen.into_iter().map(|(profile, level)| (profile.handle, level)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_reaches_a_person_directly_by_team_by_role_and_by_role_of_a_team() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        let team = rights::create_team(desk, &owner, "Care").await.expect("a team");
        rights::add_member(desk, &owner, team, ann).await.expect("a member");
        let by_person = rights::create_role(desk, &owner, "Searcher", "").await.expect("a role");
        let by_team = rights::create_role(desk, &owner, "Reporter", "").await.expect("a role");
        for (holder, right) in [
            (Holder::Person(ann), Right::Cases),
            (Holder::Team(team), Right::Assets),
            (Holder::Role(by_person), Right::Search),
            (Holder::Role(by_team), Right::Reports),
        ] {
            rights::give(desk, &owner, give(holder, Given::Right(right), Scope::Workspace)).await.expect("a grant");
        }
        rights::assign(desk, &owner, by_person, Holder::Person(ann), None).await.expect("an assignment");
        rights::assign(desk, &owner, by_team, Holder::Team(team), None).await.expect("an assignment");

        let explanation = rights::explain(desk, &owner, ann).await.expect("an explanation");
        let mut ways: Vec<_> = explanation
            .grants
            .iter()
            .map(|grant| {
                let way: Vec<_> = grant
                    .via
                    .iter()
                    .map(|via| match via {
                        Via::Team { name, .. } => format!("team {name}"),
                        Via::Role { name, .. } => format!("role {name}"),
                    })
                    .collect();
                format!("{} by [{}]", grant.given.id(), way.join(", "))
            })
            .collect();
        ways.sort();
        assert_eq!(
            ways,
            ["assets by [team Care]", "cases by []", "reports by [team Care, role Reporter]", "search by [role Searcher]"]
        );
        let held: Vec<_> = explanation.effective.rights().collect();
        assert_eq!(held, [Right::Assets, Right::Cases, Right::Search, Right::Reports]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_without_access_is_invisible_and_an_explicit_no_access_hides_it_again() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        let (one, two) = (profile(desk, &owner, "one").await, profile(desk, &owner, "two").await);
        assert_eq!(sees(desk, ann).await, []);
        let actor = cast::actor(desk, ann).await;
        assert!(
            matches!(profiles::get(desk, &actor, one).await, Err(Error::NotFound("profile"))),
            "not even its existence is told"
        );

        let read = Given::Level(Level::ReadOnly);
        rights::give(desk, &owner, give(Holder::Person(ann), read, Scope::Profile(one))).await.expect("a grant");
        assert_eq!(sees(desk, ann).await, [("one".to_owned(), Level::ReadOnly)]);

        let publish = Given::Level(Level::FullPublishing);
        rights::give(desk, &owner, give(Holder::Person(ann), publish, Scope::Workspace)).await.expect("a grant");
        rights::give(desk, &owner, give(Holder::Person(ann), Given::Level(Level::NoAccess), Scope::Profile(two)))
            .await
            .expect("a grant");
        assert_eq!(sees(desk, ann).await, [("one".to_owned(), Level::FullPublishing)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_and_a_role_end_when_they_expire() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        let role = rights::create_role(desk, &owner, "Searcher", "").await.expect("a role");
        rights::give(desk, &owner, give(Holder::Role(role), Given::Right(Right::Search), Scope::Workspace))
            .await
            .expect("a grant");
        let end = desk.now().plus_ms(60_000);
        rights::assign(desk, &owner, role, Holder::Person(ann), Some(end)).await.expect("an assignment");
        let mut direct = give(Holder::Person(ann), Given::Right(Right::Cases), Scope::Workspace);
        direct.expires_at = Some(end);
        rights::give(desk, &owner, direct).await.expect("a grant");
        assert_eq!(cast::actor(desk, ann).await.rights.rights().count(), 2);
        test.clock.set(end);
        assert_eq!(cast::actor(desk, ann).await.rights.rights().count(), 0);

        let mut past = give(Holder::Person(ann), Given::Right(Right::Cases), Scope::Workspace);
        past.expires_at = Some(Time(end.0 - 1));
        // The owner proved who they are too long ago by now.
        let owner = cast::actor(desk, owner.person().expect("a person")).await;
        assert!(matches!(rights::give(desk, &owner, past).await, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_right_for_one_profile_is_refused_not_widened() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        let one = profile(desk, &owner, "one").await;
        let narrow = give(Holder::Person(ann), Given::Right(Right::Export), Scope::Profile(one));
        assert!(matches!(rights::give(desk, &owner, narrow).await, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_right_in_the_table_counts_as_nothing_and_is_shown() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        rights::give(desk, &owner, give(Holder::Person(ann), Given::Right(Right::Cases), Scope::Workspace))
            .await
            .expect("a grant");
        let mut tx = desk.db().begin().await.expect("begins");
        desk::db::sql("UPDATE grants SET what = 'everything' WHERE holder_id = $1")
            .bind(ann)
            .execute(&mut tx)
            .await
            .expect("updates");
        tx.commit().await.expect("commits");
        let explanation = rights::explain(desk, &owner, ann).await.expect("an explanation");
        assert_eq!(explanation.effective.rights().count(), 0);
        assert_eq!(explanation.unknown, ["everything"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_keeper_of_rights_cannot_be_lost_by_any_way() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let owner_id = owner.person().expect("a person");
        let role = rights::roles(desk, &owner).await.expect("roles").into_iter().find(|role| role.name == rights::OWNER_ROLE);
        let role = role.expect("the owner role").id;
        let (_, assignments) = rights::role(desk, &owner, role).await.expect("the role");
        let grants = rights::grants_of_holder(desk, &owner, Holder::Role(role)).await.expect("grants");
        let rights_grant = grants.iter().find(|grant| grant.given == Some(Given::Right(Right::Rights))).expect("the right").id;

        assert!(matches!(rights::unassign(desk, &owner, assignments[0].id).await, Err(Error::Conflict(_))));
        assert!(matches!(rights::take(desk, &owner, rights_grant).await, Err(Error::Conflict(_))));
        assert!(matches!(rights::remove_role(desk, &owner, role).await, Err(Error::Conflict(_))));
        let soon = Some(desk.now().plus_ms(1_000));
        assert!(matches!(rights::assign(desk, &owner, role, Holder::Person(owner_id), soon).await, Err(Error::Conflict(_))));

        // With a second keeper the first may go.
        let ann = cast::colleague(desk, "Ann Example").await;
        rights::assign(desk, &owner, role, Holder::Person(ann), None).await.expect("an assignment");
        let ann = cast::actor(desk, ann).await;
        people::suspend(desk, &ann, owner_id).await.expect("the other keeper is left");
        assert!(matches!(people::suspend(desk, &ann, ann.person().expect("a person")).await, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keepers_who_suspend_each_other_at_once_do_not_both_succeed() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let role = rights::roles(desk, &owner).await.expect("roles").into_iter().find(|role| role.name == rights::OWNER_ROLE);
        let ann = cast::colleague(desk, "Ann Example").await;
        rights::assign(desk, &owner, role.expect("the owner role").id, Holder::Person(ann), None).await.expect("an assignment");
        let ann = cast::actor(desk, ann).await;
        let (ann_id, owner_id) = (ann.person().expect("a person"), owner.person().expect("a person"));
        let (one, other) = tokio::join!(people::suspend(desk, &owner, ann_id), people::suspend(desk, &ann, owner_id));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_act_changes_nothing_and_leaves_an_entry() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let ann = cast::colleague(desk, "Ann Example").await;
        let actor = cast::actor(desk, ann).await;
        let refused = rights::create_team(desk, &actor, "Mine").await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::RightNeeded(Operation::TeamChange)))), "{refused:?}");
        assert_eq!(rights::teams(desk, &owner).await.expect("teams").len(), 0);
        let log = desk::audit_log::list(desk, &owner, &AuditFilter::default(), &PageRequest::default()).await.expect("the log");
        let entry = log.items.iter().find(|entry| entry.act == "rights.team_change").expect("an entry");
        assert_eq!((entry.outcome, entry.actor_id), (desk::audit_log::Outcome::Refused, Some(ann)));
        assert_eq!(entry.address.as_deref(), Some("192.0.2.7"));
    })
    .await;
}
