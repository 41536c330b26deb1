//! Export files into the record: exact accounting, also after interruptions and repetitions.

use std::path::Path;

use desk::{
    actor::Actor,
    capture::{
        ImportRun, ImportState,
        import_file::{self, ExportFile, Watch},
        imports,
    },
};
use networks::import;
use testkit::{on_both, records::intake_in};

use super::cast::{number, profile, texts};

fn file(folder: &Path, bytes: &[u8]) -> ExportFile {
    let path = folder.join("export.jsonl");
    std::fs::write(&path, bytes).expect("written");
    ExportFile { format: import::format("jsonl").expect("known"), path, name: "export.jsonl".to_owned() }
}

/// Good lines, with a bad one after every tenth.
fn lines(count: usize) -> String {
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
    text
}

#[track_caller]
fn assert_accounts(run: &ImportRun, recorded: i64, duplicates: i64, refused: i64) {
    assert_eq!((run.recorded, run.duplicates, run.refused), (recorded, duplicates, refused), "{run:?}");
    assert_eq!(run.position, recorded + duplicates + refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_of_a_file_is_recorded_a_duplicate_or_refused() {
    on_both(|test| async move {
        let (desk, actor, folder) = (&test.desk, Actor::operator(), tempfile::tempdir().expect("a folder"));
        let intake = intake_in(desk, &folder.path().join("ledger"));
        let profile = profile(desk, "acme").await;
        let file = file(folder.path(), lines(2_500).as_bytes());
        let run = import_file::run(&intake, &actor, profile, &file, &Watch::default()).await.expect("imported");
        assert_eq!(run.state, ImportState::Done);
        assert_accounts(&run, 2_500, 0, 250);
        let refusals = imports::refusals(desk, &actor, run.id, 0, 10_000).await.expect("listed");
        assert_eq!((refusals.len(), refusals[0].0, refusals[0].1.place.as_str()), (250, 10, "line 11"));
        assert!(refusals[0].1.reason.contains("`channel` is missing"), "{:?}", refusals[0]);
        assert_eq!(texts(desk).await.len(), 2_500);
        // The same file again: everything is there already.
        let again = import_file::run(&intake, &actor, profile, &file, &Watch::default()).await.expect("imported");
        assert!(again.id != run.id);
        assert_accounts(&again, 0, 2_500, 250);
        assert_eq!(number(desk, "SELECT COUNT(*) AS n FROM messages").await, 2_500);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_stopped_goes_on_where_it_was() {
    on_both(|test| async move {
        let (desk, actor, folder) = (&test.desk, Actor::operator(), tempfile::tempdir().expect("a folder"));
        let intake = intake_in(desk, &folder.path().join("ledger"));
        let profile = profile(desk, "acme").await;
        let file = file(folder.path(), lines(4_000).as_bytes());
        let mut runs = Vec::new();
        for stop_at in (500..).step_by(900) {
            let watch = Watch::default();
            let stopper = tokio::spawn({
                let watch = watch.clone();
                async move {
                    while watch.progress().2 < stop_at {
                        tokio::task::yield_now().await;
                    }
                    watch.stop();
                }
            });
            let run = import_file::run(&intake, &actor, profile, &file, &watch).await.expect("imported");
            stopper.abort();
            assert_eq!(run.position, run.recorded + run.duplicates + run.refused);
            runs.push(run.id);
            if run.state == ImportState::Done {
                assert_accounts(&run, 4_000, 0, 400);
                break;
            }
        }
        assert!(runs.len() > 1, "it was stopped at least once");
        assert!(runs.iter().all(|id| *id == runs[0]), "one import, however often it was stopped");
        assert_eq!(texts(desk).await.len(), 4_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_on_is_said_and_one_that_cannot_be_opened_begins_nothing() {
    on_both(|test| async move {
        let (desk, actor, folder) = (&test.desk, Actor::operator(), tempfile::tempdir().expect("a folder"));
        let intake = intake_in(desk, &folder.path().join("ledger"));
        let profile = profile(desk, "acme").await;
        let other = file(folder.path(), b"\xff\xfe{\0}\0");
        let run = import_file::run(&intake, &actor, profile, &other, &Watch::default()).await.expect("begun");
        assert_eq!(run.state, ImportState::Failed);
        assert!(run.error.as_deref().is_some_and(|error| error.contains("iconv")), "{run:?}");
        let missing = ExportFile { path: folder.path().join("missing"), ..other };
        let error = import_file::run(&intake, &actor, profile, &missing, &Watch::default()).await.expect_err("nothing there");
        assert!(error.to_string().contains("cannot read"), "{error}");
        assert_eq!(imports::list(desk, &actor).await.expect("listed").len(), 1);
    })
    .await;
}
