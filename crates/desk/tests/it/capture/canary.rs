//! Canaries: a round that takes back what it posted, and the alarm when something else arrives than before.

use std::time::Duration;

use desk::{
    Actor, Error,
    capture::{
        self, Canaries, Connectors, Follower, Intake,
        canary::{self, Canary, Change, Step, may_fly},
        connections::{self, AlarmKind, Begun},
    },
    db::sql,
    ids::{PlaceId, ProfileId},
    rights::{Given, Level, Right},
};
use networks::{Class, NetworkError};
use testkit::{
    Scripted, TestDesk, on_both,
    records::{intake_in, post},
};
use tokio_util::sync::CancellationToken;

use super::{cast::number, connections::token_form};

struct Setting {
    network: &'static Scripted,
    connectors: Connectors,
    canaries: Canaries,
    follower: Follower,
    owner: Actor,
    profile: ProfileId,
    place: PlaceId,
    intake: Intake,
    _folder: tempfile::TempDir,
}

async fn flying(test: &TestDesk) -> Setting {
    test.workspace().await;
    let owner = test.person_with(&[Given::Right(Right::Profiles), Given::Level(Level::ReadOnly)]).await.actor;
    let network = Scripted::new();
    let connectors = Connectors::of(vec![network]);
    let begun = connections::begin(&test.desk, &connectors, &owner, token_form("token", None)).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip is needed") };
    let folder = tempfile::tempdir().expect("a folder");
    let intake = intake_in(&test.desk, folder.path());
    let follower = Follower::new(intake.clone(), connectors.clone()).waiting(Duration::ZERO);
    // A canary flies where something was captured before.
    network.happen([post("m1", "ann", "hello")]);
    follower.step(profile, &CancellationToken::new()).await.expect("reads");
    let place = capture::places(&test.desk, &owner, profile).await.expect("reads").remove(0).id;
    let on = Change::On { place, hours: 24 };
    canary::change(&test.desk, &connectors, &owner, profile, &on).await.expect("on");
    let canaries = Canaries::new(intake.clone(), connectors.clone());
    Setting { network, connectors, canaries, follower, owner, profile, place, intake, _folder: folder }
}

impl Setting {
    /// Lets a whole round fly; what the network delivers is captured between two steps.
    async fn round(&self, test: &TestDesk) -> Canary {
        let rounds = self.look(test).await.rounds;
        for _ in 0..100 {
            self.canaries.step(self.profile).await.expect("our own side is well");
            let _ = self.follower.step(self.profile, &CancellationToken::new()).await.expect("reads");
            let now = self.look(test).await;
            if now.rounds > rounds {
                return now;
            }
            test.clock.advance_ms(60_000);
        }
        panic!("the round ends")
    }

    async fn look(&self, test: &TestDesk) -> Canary {
        canary::get(&test.desk, &self.owner, self.profile).await.expect("reads").expect("it flies")
    }

    async fn alarms(&self, test: &TestDesk) -> Vec<AlarmKind> {
        connections::alarms(&test.desk, &self.owner).await.expect("alarms").into_iter().map(|alarm| alarm.what).collect()
    }

    async fn next_day(&self, test: &TestDesk) -> Canary {
        test.clock.advance_ms(25 * 3_600_000);
        self.round(test).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_is_posted_changed_taken_back_and_captured_each_time() {
    on_both(|test| async move {
        let setting = flying(&test).await;
        let done = setting.round(&test).await;
        assert_eq!((done.rounds, done.has_baseline, done.problem.as_deref(), done.step), (1, true, None, Step::Idle));
        assert_eq!(setting.network.posts_left(), 0, "it takes back what it posted");
        let canaries =
            "SELECT COUNT(*) AS n FROM messages WHERE native_id LIKE 'own%' AND edits = 1 AND deleted_at_ms IS NOT NULL";
        assert_eq!(number(&test.desk, canaries).await, 1, "on record like everything that arrives");
        assert_eq!(setting.canaries.step(setting.profile).await.expect("looks"), Some(Step::Idle), "not before the next day");
        let again = setting.next_day(&test).await;
        assert_eq!((again.rounds, again.problem), (2, None));
        assert!(setting.alarms(&test).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_in_another_shape_or_not_at_all_alarms_until_it_is_well_or_accepted() {
    on_both(|test| async move {
        let setting = flying(&test).await;
        setting.round(&test).await;
        setting.network.add_field("thread_metadata");
        let changed = setting.next_day(&test).await;
        let problem = changed.problem.expect("it changed");
        assert!(problem.contains("the post has new raw.thread_metadata: bool"), "{problem}");
        assert_eq!(setting.alarms(&test).await, [AlarmKind::Canary]);
        let noted = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.state'";
        assert_eq!(number(&test.desk, noted).await, 1);
        setting.next_day(&test).await;
        assert_eq!(number(&test.desk, noted).await, 1, "said once");
        let owner = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
        canary::change(&test.desk, &setting.connectors, &owner, setting.profile, &Change::Accept).await.expect("accepted");
        let learnt = setting.round(&test).await;
        assert_eq!((learnt.problem, learnt.has_baseline), (None, true));
        assert!(setting.alarms(&test).await.is_empty());
        // Nothing of it arrives: the round ends all the same, and says so.
        setting.network.keep_own(true);
        let silent = setting.next_day(&test).await;
        assert!(silent.problem.as_deref().is_some_and(|problem| problem.contains("the post did not arrive")), "{silent:?}");
        assert_eq!(setting.network.posts_left(), 0);
        setting.network.keep_own(false);
        assert_eq!(setting.next_day(&test).await.problem, None, "well again by itself");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_is_interrupted_goes_on_and_posts_nothing_twice() {
    on_both(|test| async move {
        let setting = flying(&test).await;
        assert_eq!(setting.canaries.step(setting.profile).await.expect("begins"), Some(Step::Posting));
        // A bad moment, then the process dies after the network took it and before that was written down.
        setting.network.fail(NetworkError::retry("come back later"));
        assert_eq!(setting.canaries.step(setting.profile).await.expect("waits"), Some(Step::Posting));
        let row = sql("SELECT key FROM canaries").one(&mut test.desk.db().read().await.expect("reads")).await.expect("a row");
        let key: String = row.get("key").expect("written down before the network hears of it");
        assert_eq!(setting.canaries.step(setting.profile).await.expect("posts"), Some(Step::Posted));
        let mut tx = test.desk.db().begin().await.expect("begins");
        let back = sql("UPDATE canaries SET step = 'posting', native_id = NULL, key = $1").bind(key);
        back.execute(&mut tx).await.expect("forgotten");
        tx.commit().await.expect("commits");
        let done = setting.round(&test).await;
        assert_eq!(done.problem, None);
        assert_eq!(setting.network.posts_left(), 0);
        // What cannot be posted at all is said.
        test.clock.advance_ms(25 * 3_600_000);
        setting.canaries.step(setting.profile).await.expect("begins");
        setting.network.fail(NetworkError::new(Class::RefusedContent, "the channel is archived"));
        setting.canaries.step(setting.profile).await.expect("refused");
        let refused = setting.look(&test).await;
        assert!(refused.problem.is_some_and(|problem| problem.contains("the channel is archived")));
        drop(setting.intake);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_flies_where_somebody_with_the_right_puts_it_and_nobody_outside_reads() {
    on_both(|test| async move {
        let setting = flying(&test).await;
        let (desk, profile) = (&test.desk, setting.profile);
        let stranger = test.person_with(&[Given::Level(Level::FullPublishing)]).await.actor;
        let on = |hours| Change::On { place: setting.place, hours };
        let refused = canary::change(desk, &setting.connectors, &stranger, profile, &on(24)).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        let odd = canary::change(desk, &setting.connectors, &setting.owner, profile, &on(5)).await;
        assert!(matches!(odd, Err(Error::Invalid(_))));
        assert!(may_fly(false, "workspace") && may_fly(false, "private") && may_fly(true, "public"));
        assert!(!may_fly(false, "public") && !may_fly(false, "limited") && !may_fly(false, "direct"));
        setting.canaries.step(profile).await.expect("begins");
        let under_way = canary::change(desk, &setting.connectors, &setting.owner, profile, &Change::Off).await;
        assert!(matches!(under_way, Err(Error::Conflict(_))), "what is posted has to be taken back first");
        setting.round(&test).await;
        canary::change(desk, &setting.connectors, &setting.owner, profile, &Change::Off).await.expect("off");
        assert_eq!(canary::get(desk, &setting.owner, profile).await.expect("reads"), None);
    })
    .await;
}
