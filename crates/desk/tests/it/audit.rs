//! The audit log on both engines: gapless under load, in commit order, exported whole.

use std::collections::BTreeSet;

use desk::{
    audit_log::{self, AuditFilter},
    paging::PageRequest,
    rights,
};
use testkit::on_both;

use crate::cast;

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_gapless_under_concurrent_acts_and_an_aborted_act_leaves_none() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let mut acts = tokio::task::JoinSet::new();
        for n in 0..40 {
            let (desk, owner) = (desk.clone(), owner.clone());
            // Every name comes twice: the second act fails and must not take a number with it.
            acts.spawn(async move { rights::create_team(&desk, &owner, &format!("Team {}", n / 2)).await.is_ok() });
        }
        let mut done = 0;
        while let Some(result) = acts.join_next().await {
            done += usize::from(result.expect("no act panics"));
        }
        assert_eq!(done, 20);
        let mut export = audit_log::export(desk.clone(), &owner, AuditFilter::default()).await.expect("an export");
        let mut seqs = Vec::new();
        loop {
            let batch = export.next().await.expect("a batch");
            if batch.is_empty() {
                break;
            }
            seqs.extend(batch.into_iter().map(|entry| entry.seq));
        }
        assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap in {seqs:?}");
        assert_eq!(seqs.first(), Some(&1));
        let teams = AuditFilter { act: Some("rights.team_change".to_owned()), ..AuditFilter::default() };
        let page = audit_log::list(desk, &owner, &teams, &PageRequest::default()).await.expect("a page");
        assert_eq!(page.total, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_the_log_is_itself_recorded_and_the_feed_has_no_gap() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        audit_log::list(desk, &owner, &AuditFilter::default(), &PageRequest::default()).await.expect("a page");
        let mut after = 0;
        let mut seen = BTreeSet::new();
        loop {
            let batch = audit_log::feed(desk, &owner, after, 7).await.expect("a batch");
            let Some(last) = batch.last() else { break };
            after = last.seq;
            seen.extend(batch.iter().map(|entry| entry.seq));
        }
        assert_eq!(seen, (1..=after).collect());
        let reads = AuditFilter { act: Some("audit_log.".to_owned()), ..AuditFilter::default() };
        assert!(audit_log::list(desk, &owner, &reads, &PageRequest::default()).await.expect("a page").total >= 1);
    })
    .await;
}
