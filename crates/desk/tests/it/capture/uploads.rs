//! Uploaded export files: received whole or not at all, counted or imported by a job, which stops, goes on and tidies up.

use std::{path::Path, sync::Arc};

use desk::{
    Actor, Error,
    capture::{
        Connectors, Examiner, ImportState, Reception, imports,
        uploads::{self, CountFile, ImportFile, NewUpload, Upload, UploadState, Uploads},
    },
    jobs::{Registry, Worker, WorkerOptions},
    records::Record,
    rights::{Given, Right},
};
use testkit::{TestDesk, eventually, on_both, records::ledger_in};
use tokio_util::sync::CancellationToken;

use super::cast::number;

struct Setting {
    record: Record,
    uploads: Uploads,
    actor: Actor,
    folder: tempfile::TempDir,
}

fn uploads_in(test: &TestDesk, folder: &Path, record: &Record) -> Uploads {
    let examiner = Arc::new(Examiner::new().expect("compiles"));
    let reception = Reception::new(test.desk.clone(), record.clone(), examiner, Connectors::of(Vec::new()));
    Uploads::open(folder.join("uploads"), "node-1".to_owned(), reception).expect("a folder")
}

async fn setting(test: &TestDesk) -> Setting {
    test.workspace().await;
    let actor = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::of(Arc::new(ledger_in(&folder.path().join("ledger"))));
    Setting { uploads: uploads_in(test, folder.path(), &record), record, actor, folder }
}

impl Setting {
    fn worker(&self, test: &TestDesk) -> Worker {
        let kinds = Registry::new().with(ImportFile(self.uploads.clone())).with(CountFile(self.uploads.clone()));
        Worker::new(test.desk.clone(), kinds, WorkerOptions::default())
    }

    async fn send(&self, test: &TestDesk, format: &str, bytes: &[u8]) -> Result<Upload, Error> {
        let new = NewUpload { format: format.to_owned(), file_name: "old.jsonl".to_owned(), profile: None, announced: None };
        let mut receiving = self.uploads.receive(&test.desk, &self.actor, new).await?;
        for piece in bytes.chunks(10_000) {
            receiving.write(piece).await?;
        }
        receiving.finish(&test.desk, &self.actor).await
    }

    async fn look(&self, test: &TestDesk, upload: &Upload) -> Upload {
        self.uploads.get(&test.desk, &self.actor, upload.id).await.expect("there")
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("uploads")).expect("a folder").count()
    }
}

/// Good lines, with a bad one after every tenth.
fn lines(count: usize) -> Vec<u8> {
    let mut text = String::new();
    for number in 0..count {
        let time = 1_700_000_000_000 + number;
        text.push_str(&format!(
            "{{\"id\":\"m{number}\",\"channel\":\"c\",\"author\":\"u\",\"time\":{time},\"text\":\"message {number}\"}}\n"
        ));
        if number % 10 == 9 {
            text.push_str("{\"id\":\"bad\"}\n");
        }
    }
    text.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_file_is_counted_imported_and_removed() {
    on_both(|test| async move {
        let setting = setting(&test).await;
        let (desk, actor) = (&test.desk, &setting.actor);
        let upload = setting.send(&test, "jsonl", &lines(1_200)).await.expect("taken");
        assert_eq!((upload.state, upload.source.as_str(), upload.node.as_str()), (UploadState::Stored, "old", "node-1"));
        setting.uploads.count(desk, actor, upload.id).await.expect("begun");
        assert!(
            matches!(setting.uploads.remove(desk, actor, upload.id).await, Err(Error::Conflict(_))),
            "not while it is counted"
        );
        setting.worker(&test).work_until_idle().await.expect("works");
        let counted = setting.look(&test, &upload).await;
        let tally = counted.tally.expect("counted");
        assert_eq!((counted.state, tally.items, tally.posts, tally.refused), (UploadState::Counted, 1_320, 1_200, 120));
        assert_eq!(number(desk, "SELECT COUNT(*) AS n FROM messages").await, 0, "a dry run changes nothing");
        let run = setting.uploads.import(desk, actor, upload.id, None).await.expect("begun");
        setting.worker(&test).work_until_idle().await.expect("works");
        let run = imports::get(desk, actor, run.id).await.expect("there");
        assert_eq!((run.state, run.recorded, run.duplicates, run.refused), (ImportState::Done, 1_200, 0, 120));
        assert_eq!(run.started_by, actor.person());
        assert_eq!((setting.look(&test, &upload).await.state, setting.files()), (UploadState::Removed, 0));
        assert_eq!(uploads::of_run(desk, actor, run.id).await.expect("reads").map(|of| of.id), Some(upload.id));
        assert!(uploads::present(desk, actor).await.expect("reads").is_empty());
        let acts = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.import'";
        assert!(number(desk, acts).await >= 5, "sent, counted, begun, ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_somebody_stops_goes_on_where_it_was_with_exact_books() {
    on_both(|test| async move {
        let setting = setting(&test).await;
        let (desk, actor) = (&test.desk, &setting.actor);
        let upload = setting.send(&test, "jsonl", &lines(6_000)).await.expect("taken");
        let mut run = setting.uploads.import(desk, actor, upload.id, None).await.expect("begun");
        let mut stops = 0;
        while run.state == ImportState::Running {
            let end = CancellationToken::new();
            let working = tokio::spawn(setting.worker(&test).run(end.clone()));
            let wanted = run.position + 700;
            eventually("some of it is read", async || {
                let now = imports::get(desk, actor, run.id).await.expect("there");
                now.state != ImportState::Running
                    || setting.uploads.progress(upload.id).is_some_and(|progress| progress.2 > wanted)
            })
            .await;
            // Every second time the process ends instead, and the job goes back.
            let by_somebody = stops % 2 == 0 && setting.uploads.stop(desk, actor, upload.id).await.is_ok();
            end.cancel();
            working.await.expect("ends");
            run = imports::get(desk, actor, run.id).await.expect("there");
            assert_eq!(run.position, run.recorded + run.duplicates + run.refused);
            if run.state == ImportState::Running && by_somebody {
                assert_eq!(setting.look(&test, &upload).await.state, UploadState::Stopped);
                setting.uploads.import(desk, actor, upload.id, None).await.expect("goes on");
            }
            stops += 1;
            assert!(stops < 40, "it comes to an end");
        }
        setting.worker(&test).work_until_idle().await.expect("works");
        assert_eq!((run.recorded, run.duplicates, run.refused), (6_000, 0, 600));
        assert_eq!((setting.files(), imports::list(desk, actor).await.expect("listed").len()), (0, 1), "one import all along");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_file_is_not_kept_and_leftovers_are_removed_at_the_start() {
    on_both(|test| async move {
        let setting = setting(&test).await;
        let (desk, actor) = (&test.desk, &setting.actor);
        let error = setting.send(&test, "slack", &lines(3)).await.expect_err("no archive");
        assert!(error.to_string().contains("ZIP") || format!("{error:?}").contains("ZIP"), "{error:?}");
        assert_eq!((setting.files(), uploads::present(desk, actor).await.expect("reads").len()), (0, 0));
        // A process that died in the middle has left half a file, and a whole one that was never written down.
        let folder = setting.folder.path().join("uploads");
        let kept = setting.send(&test, "jsonl", &lines(3)).await.expect("taken");
        std::fs::write(folder.join("0190a1b2-0000-7000-8000-000000000001.part"), b"half").expect("written");
        std::fs::write(folder.join("0190a1b2-0000-7000-8000-000000000002"), b"whole").expect("written");
        assert_eq!(uploads_in(&test, setting.folder.path(), &setting.record).sweep(desk).await.expect("sweeps"), 2);
        assert_eq!(setting.files(), 1);
        setting.uploads.remove(desk, actor, kept.id).await.expect("removed");
        assert_eq!((setting.files(), setting.look(&test, &kept).await.state), (0, UploadState::Removed));
        let again = setting.uploads.import(desk, actor, kept.id, None).await.expect_err("gone");
        assert!(again.to_string().contains("send it again"), "{again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_node_that_writes_takes_files_and_works_on_them() {
    on_both(|test| async move {
        let setting = setting(&test).await;
        let (desk, actor) = (&test.desk, &setting.actor);
        let upload = setting.send(&test, "jsonl", &lines(50)).await.expect("taken");
        let run = setting.uploads.import(desk, actor, upload.id, None).await.expect("begun");
        let ledger = setting.record.writer().expect("writes");
        setting.record.stop_writing();
        setting.worker(&test).work_until_idle().await.expect("leaves the job to others");
        assert_eq!(number(desk, "SELECT COUNT(*) AS n FROM jobs WHERE state = 'queued' AND attempts = 0").await, 1);
        let error = setting.send(&test, "jsonl", &lines(1)).await.expect_err("not here");
        assert!(error.to_string().contains("another server writes the record"), "{error}");
        // The right to write came to a node that does not have the file: it says where the file lies.
        setting.record.write_with(ledger);
        std::fs::remove_file(setting.folder.path().join("uploads").join(format!("{}.jsonl", upload.id))).expect("it was there");
        setting.worker(&test).work_until_idle().await.expect("works");
        let seen = setting.look(&test, &upload).await;
        assert_eq!(seen.state, UploadState::Stopped);
        assert!(seen.trouble.as_deref().is_some_and(|trouble| trouble.contains("send it again")), "{:?}", seen.trouble);
        // Sent again, the same import goes on.
        let again = setting.send(&test, "jsonl", &lines(50)).await.expect("taken");
        let same = setting.uploads.import(desk, actor, again.id, Some(run.profile)).await;
        let same = same.expect("begun");
        assert_eq!(same.id, run.id);
        setting.worker(&test).work_until_idle().await.expect("works");
        assert_eq!(imports::get(desk, actor, run.id).await.expect("there").state, ImportState::Done);
        let stranger = test.person_with(&[]).await.actor;
        let new = NewUpload { format: "jsonl".to_owned(), file_name: "x".to_owned(), profile: None, announced: None };
        assert!(matches!(setting.uploads.receive(desk, &stranger, new).await, Err(Error::Refused(_))));
    })
    .await;
}
