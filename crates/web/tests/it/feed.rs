//! The audit log's feed: nothing is missed and nothing comes twice, also while entries are written.

use desk::{
    Actor, people,
    rights::{self, Given, Right},
};
use http::StatusCode;
use serde_json::Value;
use testkit::on_both;

use crate::client::{As, Edge, scopes, token};

/// Entries written while the feed is read.
const WRITES: usize = 24;
/// Questions a reader asks at most before the test has failed.
const QUESTIONS_MAX: usize = 500;

fn seqs(text: &str) -> Vec<i64> {
    text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON a line")["seq"].as_i64().expect("a seq")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_has_no_gap_while_entries_are_written() {
    on_both(|desk| async move {
        desk.workspace().await;
        let auditor = desk.person_with(&[Given::Right(Right::AuditLog)]).await;
        let (_, auditor) = token(&desk, &auditor, scopes(&["audit_log:read"])).await;
        let edge = Edge::new(&desk);
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let desk = desk.desk.clone();
                tokio::spawn(async move {
                    for n in 0..WRITES / 3 {
                        let actor = Actor::desk("test");
                        rights::create_team(&desk, &actor, &format!("Team {writer}.{n}")).await.expect("a team");
                    }
                })
            })
            .collect();
        let (mut seen, mut after) = (Vec::new(), 0);
        let mut finished = false;
        for _ in 0..QUESTIONS_MAX {
            let all_written = writers.iter().all(tokio::task::JoinHandle::is_finished);
            let answer = edge.get(&auditor, &format!("/api/v1/audit-log/feed?after={after}&limit=5&wait_s=1")).await;
            assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jsonl"));
            let new = seqs(&answer.text);
            assert_eq!(answer.header("gatepost-next"), new.last().copied().unwrap_or(after).to_string());
            after = new.last().copied().unwrap_or(after);
            finished = all_written && new.is_empty();
            seen.extend(new);
            if finished {
                break;
            }
        }
        assert!(finished, "the feed did not end");
        let expected: Vec<i64> = (1..=i64::try_from(seen.len()).expect("few")).collect();
        assert_eq!(seen, expected);
        assert!(seen.len() >= WRITES);
        for writer in writers {
            writer.await.expect("a writer");
        }
    })
    .await;
}

#[tokio::test]
async fn a_waiting_feed_answers_when_something_happens() {
    on_both(|desk| async move {
        desk.workspace().await;
        let auditor = desk.person_with(&[Given::Right(Right::AuditLog)]).await;
        let (_, auditor) = token(&desk, &auditor, scopes(&["audit_log:read"])).await;
        let edge = Edge::new(&desk);
        let after = seqs(&edge.get(&auditor, "/api/v1/audit-log/feed").await.text).pop().expect("entries");
        let path = format!("/api/v1/audit-log/feed?after={after}&wait_s=25");
        let waiting = tokio::spawn({
            let (edge, auditor) = (edge.clone(), auditor.clone());
            async move { edge.get(&auditor, &path).await }
        });
        tokio::task::yield_now().await;
        rights::create_team(&desk.desk, &Actor::desk("test"), "Day shift").await.expect("a team");
        assert_eq!(seqs(&waiting.await.expect("an answer").text), [after + 1]);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_suspended_while_waiting_is_told_nothing_more() {
    on_both(|desk| async move {
        let owner = desk.workspace().await;
        let auditor = desk.person_with(&[Given::Right(Right::AuditLog)]).await;
        let (_, program) = token(&desk, &auditor, scopes(&["audit_log:read"])).await;
        let edge = Edge::new(&desk);
        let after = seqs(&edge.get(&program, "/api/v1/audit-log/feed").await.text).pop().expect("entries");
        let path = format!("/api/v1/audit-log/feed?after={after}&wait_s=25");
        let waiting = tokio::spawn({
            let (edge, program) = (edge.clone(), program.clone());
            async move { edge.get(&program, &path).await }
        });
        // Until it listens; if it has not begun yet, the gate refuses it, which is the same answer.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        people::suspend(&desk.desk, &owner.actor, auditor.person).await.expect("suspended");
        let told = waiting.await.expect("an answer");
        assert_eq!((told.status, told.problem().as_str()), (StatusCode::UNAUTHORIZED, "sign-in-needed"));
    })
    .await;
}

#[tokio::test]
async fn reading_the_feed_leaves_no_entry_and_reading_the_list_leaves_one() {
    on_both(|desk| async move {
        desk.workspace().await;
        let auditor = As::from(&desk.person_with(&[Given::Right(Right::AuditLog)]).await);
        let edge = Edge::new(&desk);
        let count = seqs(&edge.get(&auditor, "/api/v1/audit-log/feed").await.text).len();
        assert_eq!(seqs(&edge.get(&auditor, "/api/v1/audit-log/feed").await.text).len(), count);
        assert_eq!(edge.get(&auditor, "/api/v1/audit-log").await.status, StatusCode::OK);
        assert_eq!(seqs(&edge.get(&auditor, "/api/v1/audit-log/feed").await.text).len(), count + 1);
    })
    .await;
}

#[tokio::test]
async fn filters_and_export_say_the_same() {
    on_both(|desk| async move {
        desk.workspace().await;
        let auditor = As::from(&desk.person_with(&[Given::Right(Right::AuditLog)]).await);
        let edge = Edge::new(&desk);
        let listed = edge.get(&auditor, "/api/v1/audit-log?act=people.&limit=200").await.json();
        let total = listed["total"].as_u64().expect("a number");
        assert!(total > 0);
        let file = edge.get(&auditor, "/api/v1/audit-log/export?format=jsonl&act=people.").await;
        assert_eq!(file.text.lines().count() as u64, total);
        let file = edge.get(&auditor, "/api/v1/audit-log/export?format=csv&act=people.").await;
        assert_eq!((file.header("content-type"), file.text.lines().count() as u64), ("text/csv; charset=utf-8", total + 1));
        let zipped = [("accept-encoding", "gzip")];
        let zipped = edge.send_raw(&auditor, "/api/v1/audit-log/export?format=csv&act=nothing.", &zipped).await;
        assert_eq!(zipped.get(..2), Some([0x1f, 0x8b].as_slice()), "a compressed export ends as a whole");
        assert_eq!(edge.get(&auditor, "/api/v1/audit-log/export").await.json()["errors"][0]["field"], "format");
    })
    .await;
}
