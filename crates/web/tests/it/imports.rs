//! The import page: a file sent by a form, counted or imported by a job, with its books; and what other servers say.

use std::sync::Arc;

use desk::{
    capture::{
        Connectors, Examiner, Reception,
        uploads::{CountFile, ImportFile, Uploads},
    },
    db::Engine,
    jobs::{Registry, Worker, WorkerOptions},
    records::Record,
    rights::{Given, Level, Right},
};
use http::{Method, StatusCode};
use testkit::{TestDesk, records::ledger_in};
use web::{WebOptions, WebState};

use crate::client::{Answer, As, Edge};

const BOUNDARY: &str = "the-boundary-of-the-test";

struct Setting {
    test: TestDesk,
    edge: Edge,
    record: Record,
    uploads: Uploads,
    folder: tempfile::TempDir,
}

async fn setting() -> Setting {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let folder = tempfile::tempdir().expect("a folder");
    let record = Record::of(Arc::new(ledger_in(&folder.path().join("ledger"))));
    let examiner = Arc::new(Examiner::new().expect("compiles"));
    let reception = Reception::new(test.desk.clone(), record.clone(), examiner, Connectors::all());
    let uploads = Uploads::open(folder.path().join("uploads"), "node-1".to_owned(), reception).expect("a folder");
    let state = WebState::new(test.desk.clone(), WebOptions::default(), Arc::new(String::new)).with_uploads(uploads.clone());
    Setting { edge: Edge::over(state), test, record, uploads, folder }
}

impl Setting {
    async fn work(&self) {
        let kinds = Registry::new().with(ImportFile(self.uploads.clone())).with(CountFile(self.uploads.clone()));
        let mut worker = Worker::new(self.test.desk.clone(), kinds, WorkerOptions::default());
        worker.work_until_idle().await.expect("works");
    }

    async fn send(&self, who: &As, fields: &[(&str, &str)], file: Option<&str>) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        if let Some(file) = file {
            let head = "content-disposition: form-data; name=\"file\"; filename=\"C:\\old\\export.jsonl\"";
            body.push_str(&format!("--{BOUNDARY}\r\n{head}\r\ncontent-type: application/json\r\n\r\n{file}\r\n"));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [("content-type", kind.as_str()), ("sec-fetch-site", "same-origin")];
        self.edge.send(who, Method::POST, "/import/files", &headers, Some(&body)).await
    }

    async fn press(&self, who: &As, path: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.edge.send(who, Method::POST, path, &headers, Some("")).await
    }
}

/// Good lines, with a bad one after every second.
fn lines(count: usize) -> String {
    let good = |number: usize| {
        let time = 1_700_000_000_000 + number;
        format!("{{\"id\":\"m{number}\",\"channel\":\"c\",\"author\":\"u\",\"time\":{time},\"text\":\"message {number}\"}}\n")
    };
    (0..count).map(|number| good(number) + if number % 2 == 1 { "{\"id\":\"bad\"}\n" } else { "" }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_counted_then_imported_and_every_refused_item_is_listed() {
    let setting = setting().await;
    let owner = As::from(&setting.test.person_with(&[Given::Right(Right::Profiles), Given::Level(Level::ReadOnly)]).await);
    let fields = [("format", "jsonl"), ("profile", "file"), ("then", "count")];
    let sent = setting.send(&owner, &fields, Some(&lines(240))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let file = sent.header("location").to_owned();
    assert!(file.starts_with("/import/files/"));
    let waiting = setting.edge.get(&owner, &file).await.text;
    assert!(waiting.contains("Being counted") && waiting.contains("every 2s") && waiting.contains("export.jsonl"), "{waiting}");
    assert!(!waiting.contains("C:\\old"), "folders of the sender stay out");
    setting.work().await;
    let counted = setting.edge.get(&owner, &file).await.text;
    assert!(counted.contains("Counted") && counted.contains("channel") && !counted.contains("every 2s"), "{counted}");
    let begun = setting.press(&owner, &format!("{file}/import")).await;
    let run = begun.header("location").to_owned();
    let under_way = setting.edge.get(&owner, &run).await.text;
    assert!(under_way.contains("every 2s") && under_way.contains("Stop"), "{under_way}");
    setting.work().await;
    let done = setting.edge.get(&owner, &run).await.text;
    assert!(done.contains("Done") && done.contains("<strong>120</strong> refused items") && done.contains("line 3"), "{done}");
    assert!(!done.contains("every 2s"));
    // The list of refused items goes on page by page.
    let next = done.split("?from=").nth(1).and_then(|rest| rest.split('"').next()).expect("a second page");
    let second = setting.edge.get(&owner, &format!("{run}?from={next}")).await.text;
    assert!(second.contains("line 153") && !second.contains("line 3<"), "{second}");
    let list = setting.edge.get(&owner, "/import").await.text;
    assert!(list.contains(&run) && list.contains("240"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_said_at_its_field_and_nothing_is_kept() {
    let setting = setting().await;
    let owner = As::from(&setting.test.person_with(&[Given::Right(Right::Profiles)]).await);
    for (fields, file, said) in [
        (vec![("format", "slack"), ("then", "import")], Some("no archive"), "ZIP"),
        (vec![("format", "nonsense")], Some("x"), "Choose one from the list"),
        (vec![("format", "jsonl")], None, "Choose a file"),
    ] {
        let refused = setting.send(&owner, &fields, file).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
    assert_eq!(std::fs::read_dir(setting.folder.path().join("uploads")).expect("a folder").count(), 0);
    // Who may not import, sends in vain; the page is not there for them.
    let reader = As::from(&setting.test.person_with(&[Given::Level(Level::ReadOnly)]).await);
    assert_eq!(setting.send(&reader, &[("format", "jsonl")], Some(&lines(1))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(setting.edge.get(&reader, "/import").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_write_the_record_says_where_to_go() {
    let setting = setting().await;
    let owner = As::from(&setting.test.person_with(&[Given::Right(Right::Profiles)]).await);
    setting.record.stop_writing();
    let page = setting.edge.get(&owner, "/import").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("This server takes no files now") && !page.text.contains("type=\"file\""), "{}", page.text);
    let sent = setting.send(&owner, &[("format", "jsonl")], Some(&lines(1))).await;
    assert_eq!(sent.status, StatusCode::CONFLICT, "{}", sent.text);
    // One without any uploads at all has the page too.
    let bare = Edge::new(&setting.test);
    assert!(bare.get(&owner, "/import").await.text.contains("This server takes no files now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_stopped_and_goes_on_by_the_page() {
    let setting = setting().await;
    let owner = As::from(&setting.test.person_with(&[Given::Right(Right::Profiles)]).await);
    let sent = setting.send(&owner, &[("format", "jsonl"), ("then", "import")], Some(&lines(20))).await;
    let run = sent.header("location").to_owned();
    let page = setting.edge.get(&owner, &run).await.text;
    let (before, _) = page.split_once("/stop\"").expect("a button to stop");
    let (_, file) = before.rsplit_once('"').expect("its address");
    assert_eq!(setting.press(&owner, &format!("{file}/stop")).await.status, StatusCode::SEE_OTHER);
    setting.work().await;
    let stopped = setting.edge.get(&owner, &run).await.text;
    assert!(stopped.contains("Go on") && stopped.contains("Remove the file"), "{stopped}");
    assert_eq!(setting.press(&owner, &format!("{file}/import")).await.header("location"), run, "the same import goes on");
    setting.work().await;
    assert!(setting.edge.get(&owner, &run).await.text.contains("Done"));
}
