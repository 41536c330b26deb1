//! Connections: credentials that never show, failures that lead to the right thing, silence that alarms.

use std::{collections::BTreeMap, time::Duration};

use desk::{
    Actor, Desk, Error,
    capture::{
        self, Connectors, Follower,
        connections::{self, AlarmKind, Begun, ConnectionState, HookError, NewConnection},
    },
    ids::ProfileId,
    profiles::{self, ProfileState},
    rights::{Given, Level, Right},
};
use networks::{
    Class, NetworkError,
    network::{Delivery, Gap},
};
use testkit::{
    Scripted, TestDesk, eventually, on_both,
    records::{edit, intake_in, post},
};
use tokio_util::sync::CancellationToken;

use super::cast::{number, texts};

const TOKEN: &str = "planted-token-5f0c1e";

struct Setting {
    network: &'static Scripted,
    connectors: Connectors,
    follower: Follower,
    intake: capture::Intake,
    owner: Actor,
    profile: ProfileId,
    folder: tempfile::TempDir,
}

pub(super) fn token_form(token: &str, profile: Option<ProfileId>) -> NewConnection {
    NewConnection {
        network: "scripted".to_owned(),
        method: "token".to_owned(),
        fields: BTreeMap::from([("token".to_owned(), token.to_owned()), ("account".to_owned(), "ours".to_owned())]),
        profile,
        title: "Our account".to_owned(),
        group: None,
        protected: false,
    }
}

async fn connected(test: &TestDesk) -> Setting {
    let folder = tempfile::tempdir().expect("a folder");
    test.workspace().await;
    let owner = test.person_with(&[Given::Right(Right::Profiles), Given::Level(Level::ReadOnly)]).await.actor;
    let network = Scripted::new();
    let connectors = Connectors::of(vec![network]);
    let begun = connections::begin(&test.desk, &connectors, &owner, token_form(TOKEN, None)).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip is needed") };
    let intake = intake_in(&test.desk, folder.path());
    let follower = Follower::new(intake.clone(), connectors.clone()).waiting(Duration::ZERO);
    Setting { network, connectors, follower, intake, owner, profile, folder }
}

impl Setting {
    async fn step(&self) -> String {
        let stop = CancellationToken::new();
        format!("{:?}", self.follower.step(self.profile, &stop).await.expect("our own side is well"))
    }

    async fn health(&self, desk: &Desk) -> connections::Health {
        connections::health(desk, &self.owner).await.expect("health").remove(0)
    }

    async fn alarms(&self, desk: &Desk) -> Vec<AlarmKind> {
        connections::alarms(desk, &self.owner).await.expect("alarms").into_iter().map(|alarm| alarm.what).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_profile_is_read_page_by_page_and_beats_when_there_is_nothing() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.happen((1..=7).map(|n| post(&format!("m{n}"), "ann", &format!("text {n}"))));
        let steps = [setting.step().await, setting.step().await, setting.step().await, setting.step().await];
        assert_eq!(steps, ["Again", "Again", "Busy", "Idle"]);
        assert_eq!(texts(&test.desk).await.len(), 7);
        let health = setting.health(&test.desk).await;
        assert_eq!((health.state, health.failures, health.open_gaps), (ConnectionState::Connected, 0, 0));
        assert!(health.heartbeat_at.is_some() && health.last_contact_at.is_some() && health.last_message_at.is_some());
        // Nothing new soon after: neither an entry nor a write.
        let size = setting.intake.ledger().size();
        setting.step().await;
        assert_eq!(setting.intake.ledger().size(), size);
        // A gap that the network admits is on record.
        setting.network.miss(Gap { place: Some("C1".into()), from_ms: Some(1), until_ms: None, reason: "limited".into() });
        setting.step().await;
        assert_eq!(setting.health(&test.desk).await.open_gaps, 1);
        // Reading the past again records nothing twice and closes it.
        connections::back_fill(&test.desk, &setting.owner, setting.profile).await.expect("asked for");
        test.clock.advance_ms(1);
        for _ in 0..5 {
            setting.step().await;
        }
        let health = setting.health(&test.desk).await;
        assert_eq!((health.open_gaps, health.back_fill.as_deref()), (0, Some("done")));
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM messages").await, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_moment_is_waited_out_as_long_as_the_network_asks() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.happen([post("m1", "ann", "one")]);
        setting.network.fail(NetworkError::retry("too many calls (429)").after(Duration::from_secs(90)));
        assert!(setting.step().await.starts_with("Wait(90"));
        assert_eq!(setting.health(&test.desk).await.state, ConnectionState::Failing);
        let pulls = setting.network.pulls();
        test.clock.advance_ms(89_000);
        assert!(setting.step().await.starts_with("Wait("), "it is not asked before its time");
        assert_eq!(setting.network.pulls(), pulls);
        test.clock.advance_ms(2_000);
        assert_eq!(setting.step().await, "Busy");
        let health = setting.health(&test.desk).await;
        assert_eq!((health.state, health.error_class), (ConnectionState::Connected, None));
        assert_eq!(texts(&test.desk).await, ["one"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_renewed_once_and_a_revoked_one_asks_for_a_person() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.happen([post("m1", "ann", "one")]);
        setting.network.expire_token();
        assert_eq!(setting.step().await, "Busy");
        assert_eq!((setting.network.refreshes(), texts(&test.desk).await.len()), (1, 1));
        assert_eq!(setting.step().await, "Idle", "the renewed token was stored");
        assert_eq!(setting.network.refreshes(), 1);

        setting.network.revoke_token();
        assert_eq!(setting.step().await, "Stop");
        assert_eq!(setting.health(&test.desk).await.state, ConnectionState::NeedsAuthorisation);
        assert_eq!(setting.alarms(&test.desk).await, [AlarmKind::NeedsAuthorisation]);
        let noted = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.state'";
        assert_eq!(number(&test.desk, noted).await, 1);
        assert_eq!(setting.step().await, "Stop", "nobody asks until somebody has connected it again");
        // A platform that still calls us does not hide that.
        let headers = [("x-signature".to_owned(), "signing-renewed".to_owned())];
        let delivery = Delivery { method: "POST", path: "", query: "", headers: &headers, body: b"pushed", now_ms: 0 };
        connections::deliver(&setting.intake, &setting.connectors, setting.profile, delivery).await.expect("received");
        assert_eq!(setting.health(&test.desk).await.state, ConnectionState::NeedsAuthorisation);

        // As another account it cannot be connected again; as the same one nothing is lost.
        setting.network.happen([post("m2", "ann", "two")]);
        setting.network.allow_token();
        let mut other = token_form("fresh-token", Some(setting.profile));
        other.fields.insert("account".to_owned(), "theirs".to_owned());
        let refused = connections::begin(&test.desk, &setting.connectors, &setting.owner, other).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        let again = token_form("fresh-token", Some(setting.profile));
        let begun = connections::begin(&test.desk, &setting.connectors, &setting.owner, again).await.expect("connects");
        assert_eq!(begun, Begun::Connected(setting.profile));
        setting.step().await;
        assert_eq!(texts(&test.desk).await, ["one", "pushed", "two"]);
        assert!(setting.alarms(&test.desk).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_should_not_answer_alarms_and_is_tried_again_slowly() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.fail(NetworkError::malformed("the answer is not the JSON it documents"));
        assert!(setting.step().await.starts_with("Wait("));
        assert_eq!(setting.alarms(&test.desk).await, [AlarmKind::Broken]);
        test.clock.advance_ms(60 * 60 * 1_000);
        assert_eq!(setting.step().await, "Idle");
        assert!(setting.alarms(&test.desk).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_gone_or_refused_is_told_from_a_broken_answer_and_may_come_back() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        for (class, state, alarm) in [
            (Class::Gone, ConnectionState::Gone, AlarmKind::Gone),
            (Class::RefusedContent, ConnectionState::Refused, AlarmKind::Refused),
        ] {
            setting.network.fail(NetworkError::new(class, "said the network"));
            assert!(setting.step().await.starts_with("Wait("), "tried again slowly");
            assert_eq!(setting.health(&test.desk).await.state, state);
            assert_eq!(setting.alarms(&test.desk).await, [alarm]);
            test.clock.advance_ms(60 * 60 * 1_000);
            setting.step().await;
            assert!(setting.alarms(&test.desk).await.is_empty());
        }
        let noted = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.state'";
        assert_eq!(number(&test.desk, noted).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_capture_alarms_by_itself_and_its_end_is_on_record() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.step().await;
        assert!(setting.alarms(&test.desk).await.is_empty());
        test.clock.advance_ms(connections::SILENT_AFTER_MS + 1);
        // Nobody has to run for this to be seen.
        assert_eq!(setting.alarms(&test.desk).await, [AlarmKind::Silent]);
        setting.follower.look_for_silence().await.expect("looks");
        setting.follower.look_for_silence().await.expect("looks");
        let noted = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.state'";
        assert_eq!(number(&test.desk, noted).await, 1, "said once");
        let stranger = test.person_with(&[]).await.actor;
        assert!(connections::alarms(&test.desk, &stranger).await.expect("alarms").is_empty());
        setting.network.happen([post("m1", "ann", "one")]);
        setting.step().await;
        assert!(setting.alarms(&test.desk).await.is_empty());
        let gaps = connections::gaps(&test.desk, &setting.owner, setting.profile).await.expect("gaps");
        assert!(gaps.len() == 1 && gaps[0].back_filled_at.is_some(), "{gaps:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_and_disconnecting_stop_capture_and_disconnecting_forgets_the_credentials() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.happen([post("m1", "ann", "one")]);
        let stop = CancellationToken::new();
        let running = tokio::spawn(setting.follower.clone().run(stop.clone()));
        let desk = &test.desk;
        eventually("the first message", async || number(desk, "SELECT COUNT(*) AS n FROM messages").await == 1).await;
        profiles::set_state(desk, &setting.owner, setting.profile, ProfileState::Paused).await.expect("paused");
        eventually("the last question", async || {
            let pulls = setting.network.pulls();
            tokio::time::sleep(Duration::from_millis(100)).await;
            pulls == setting.network.pulls()
        })
        .await;
        setting.network.happen([post("m2", "ann", "two")]);
        assert_eq!(setting.step().await, "Stop");
        profiles::set_state(desk, &setting.owner, setting.profile, ProfileState::Active).await.expect("resumed");
        eventually("the second message", async || number(desk, "SELECT COUNT(*) AS n FROM messages").await == 2).await;
        profiles::set_state(desk, &setting.owner, setting.profile, ProfileState::Disconnected).await.expect("disconnected");
        assert_eq!(number(desk, "SELECT CAST(LENGTH(sealed_secrets) AS BIGINT) AS n FROM connections").await, 0);
        assert_eq!(number(desk, "SELECT COUNT(*) AS n FROM messages").await, 2, "the record stays");
        let resumed = profiles::set_state(desk, &setting.owner, setting.profile, ProfileState::Active).await;
        assert!(matches!(resumed, Err(Error::Conflict(_))));
        stop.cancel();
        running.await.expect("ends");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_works_once_for_the_person_who_began_it() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let form =
            || NewConnection { method: "oauth".to_owned(), fields: BTreeMap::new(), ..token_form("", Some(setting.profile)) };
        let begin = async || {
            let begun = connections::begin(&test.desk, &setting.connectors, &setting.owner, form()).await.expect("begins");
            let Begun::Redirect(url) = begun else { panic!("a round trip") };
            let state = url.split("state=").nth(1).expect("a state").to_owned();
            BTreeMap::from([("state".to_owned(), state), ("code".to_owned(), "c0de".to_owned())])
        };
        let query = begin().await;
        let finish = async |actor: &Actor, query: &BTreeMap<String, String>| {
            connections::finish(&test.desk, &setting.connectors, actor, query).await
        };
        let other = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
        assert!(matches!(finish(&other, &query).await, Err(Error::Conflict(_))));
        assert!(matches!(finish(&setting.owner, &query).await, Err(Error::Conflict(_))), "it was used up by the attempt");
        let query = begin().await;
        assert_eq!(finish(&setting.owner, &query).await.expect("connects"), setting.profile);
        assert!(matches!(finish(&setting.owner, &query).await, Err(Error::Conflict(_))));
        let late = begin().await;
        test.clock.advance_ms(15 * 60 * 1_000);
        assert!(finish(&setting.owner, &late).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_manage_profiles_and_just_proved_it_connect() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let reader = test.person_with(&[Given::Level(Level::FullPublishing)]).await.actor;
        for actor in [&reader, &Actor::nobody(None)] {
            let refused = connections::begin(&test.desk, &setting.connectors, actor, token_form("x", None)).await;
            assert!(matches!(refused, Err(Error::Refused(_))));
            assert!(connections::health(&test.desk, actor).await.is_err());
            assert!(connections::back_fill(&test.desk, actor, setting.profile).await.is_err());
        }
        test.clock.advance_ms(11 * 60 * 1_000);
        let stale = connections::begin(&test.desk, &setting.connectors, &setting.owner, token_form("x", None)).await;
        assert!(matches!(stale, Err(Error::Refused(desk::Refusal::StepUpNeeded(_)))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_call_is_answered_when_it_is_on_record_and_a_forged_one_is_not() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let signature = format!("signing-{TOKEN}");
        let call = async |signature: &str, body: &str, profile: ProfileId| {
            let headers = [("x-signature".to_owned(), signature.to_owned())];
            let delivery = Delivery { method: "POST", path: "", query: "", headers: &headers, body: body.as_bytes(), now_ms: 0 };
            connections::deliver(&setting.intake, &setting.connectors, profile, delivery).await
        };
        let received = call(&signature, "one\ntwo", setting.profile).await.expect("received");
        assert_eq!((received.status, received.body.as_slice()), (200, b"ok".as_slice()));
        assert_eq!(setting.intake.ledger().size(), 2);
        call(&signature, "one\ntwo", setting.profile).await.expect("a repetition is received");
        assert_eq!((setting.intake.ledger().size(), texts(&test.desk).await.len()), (2, 2));
        assert!(matches!(call("forged", "three", setting.profile).await, Err(HookError::NotTheirs)));
        let nobody = ProfileId(test.desk.ids().uuid(test.desk.now()));
        assert!(matches!(call(&signature, "three", nobody).await, Err(HookError::Unknown)));
        profiles::set_state(&test.desk, &setting.owner, setting.profile, ProfileState::Paused).await.expect("paused");
        assert!(matches!(call(&signature, "three", setting.profile).await, Err(HookError::Later)));
        assert_eq!(texts(&test.desk).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_in_no_table_no_entry_and_no_answer() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        setting.network.happen([post("m1", "ann", "one"), edit("m1", 4, "ann", "two")]);
        setting.step().await;
        setting.network.fail(NetworkError::new(Class::Bug, "broken"));
        setting.step().await;
        let wrong = connections::begin(&test.desk, &setting.connectors, &setting.owner, token_form("wrong", None)).await;
        let mut said = format!("{wrong:?}{:?}", setting.health(&test.desk).await);
        said.push_str(&serde_json::to_string(&setting.health(&test.desk).await).expect("JSON"));
        said.push_str(&format!("{:?}{:?}", setting.follower, connections::alarms(&test.desk, &setting.owner).await));
        let mut reader = test.desk.db().read().await.expect("reads");
        for row in desk::db::sql("SELECT details FROM audit_entries").all(&mut reader).await.expect("rows") {
            said.push_str(&row.get::<String>("details").expect("a text"));
        }
        for row in desk::db::sql("SELECT settings, account, error_message FROM connections").all(&mut reader).await.expect("rows")
        {
            said.push_str(&row.get::<String>("settings").expect("a text"));
            said.push_str(&row.get::<String>("account").expect("a text"));
            said.push_str(&row.get::<Option<String>>("error_message").expect("a text").unwrap_or_default());
        }
        drop(reader);
        assert!(!said.contains("planted-token"), "{said}");
        // Every byte of the database's files and of the ledger.
        let mut files = Vec::new();
        let folders =
            [test.sqlite_path().map(|path| path.parent().expect("a folder").to_owned()), Some(setting.folder.path().into())];
        for folder in folders.into_iter().flatten() {
            testkit::records::every_file(&folder, &mut files);
        }
        assert!(!files.is_empty());
        for file in files {
            let bytes = std::fs::read(&file).expect("reads");
            let found = bytes.windows(13).any(|window| window == b"planted-token");
            assert!(!found, "{}", file.display());
        }
    })
    .await;
}
