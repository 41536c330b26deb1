//! A post with files on its way: the network has them before its time, once, and again when it forgot them.

use desk::publishing::{Outcome, PREPARE_MS, Part, PostForm, TargetState};
use testkit::{fickle::Fate, on_both, picture};

use super::{form, sending::Stage};

const HOUR: i64 = 3_600_000;

/// A thread of two parts with a picture each.
async fn with_pictures(stage: &Stage) -> PostForm {
    let mut form = form("", &[stage.profile]);
    form.draft.common.parts.clear();
    for text in ["one", "two"] {
        let medium = picture::on_desk(stage.desk(), &stage.publisher).await;
        form.draft.common.parts.push(Part { text: text.to_owned(), media: vec![medium] });
    }
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_given_before_the_time_and_once_however_often_the_post_is_tried() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(with_pictures(&stage).await).await;
        stage.later(HOUR - PREPARE_MS).await;
        assert_eq!((stage.network.calls(), stage.life(key).await.uploads_left), ((2, 0), 0), "before its time");
        stage.network.next([Fate::BadMoment]);
        stage.later(PREPARE_MS).await;
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.state, TargetState::Published);
        assert_eq!((stage.network.calls(), stage.texts()), ((2, 3), vec!["one".to_owned(), "two".to_owned()]));
        assert!(stage.network.there().iter().all(|there| there.post.media.len() == 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_network_forgot_are_given_to_it_again() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(with_pictures(&stage).await).await;
        stage.network.next([Fate::Takes, Fate::Forgot]);
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.state, TargetState::Published);
        assert_eq!(stage.texts(), ["one", "two"]);
        let (uploads, _) = stage.network.calls();
        assert_eq!(uploads, 3, "not those of the part that is there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_on_missing_something_is_not_given_the_files_for_ever() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(with_pictures(&stage).await).await;
        stage.network.next([Fate::Forgot, Fate::Forgot, Fate::Forgot]);
        stage.later(HOUR).await;
        let life = stage.life(key).await;
        assert_eq!((life.state, life.attempts.len()), (TargetState::Failed, 2), "{life:?}");
        assert!(matches!(life.attempts[1].ended, Some((_, Outcome::NoEffect { .. }))));
        assert!(stage.texts().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_given_by_a_process_that_died_before_it_said_so_holds_nothing_up() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(with_pictures(&stage).await).await;
        stage.later(HOUR - PREPARE_MS).await;
        // As the tables are between the two.
        let mut tx = stage.desk().db().begin().await.expect("begins");
        desk::db::sql("UPDATE targets SET uploads_left = 1").execute(&mut tx).await.expect("writes");
        tx.commit().await.expect("commits");
        stage.later(PREPARE_MS).await;
        let life = stage.life(key).await;
        assert_eq!((life.state, stage.network.calls().0), (TargetState::Published, 2), "{life:?}");
    })
    .await;
}
