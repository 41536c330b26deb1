//! A ledger in a folder of its own, and events to put into it.

use std::{path::Path, sync::Arc};

use desk::{
    Desk,
    capture::{Examiner, Intake},
};
use ledger::{
    engine::{Environment, Ledger, OnFatal, Options, create},
    keys::master::LocalMasterKey,
};
use networks::{
    Event,
    event::{Attachment, Content, Party, Place, PlaceKind, Raw, What},
};

/// The write-ahead ring of a test's ledger.
const RING_BYTES: u64 = 32 * 1024 * 1024;

/// Opens the ledger in a folder, and makes it at the first time. A failure stops it instead of the test process.
///
/// # Panics
/// When it cannot be opened.
pub fn ledger_in(folder: &Path) -> Ledger {
    ledger_with(folder, Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() })
}

/// The same with options of one's own.
///
/// # Panics
/// When it cannot be opened.
pub fn ledger_with(folder: &Path, options: Options) -> Ledger {
    let master = LocalMasterKey::from_hex(&"07".repeat(32), "the test").expect("a key");
    let environment = Environment::default();
    if !folder.join("log.toml").exists() {
        create(&environment, folder, "desk.example.test/ledger", &master, &[], RING_BYTES).expect("a new ledger");
    }
    Ledger::open(environment, folder, &master, options).expect("the ledger opens")
}

/// A way in for a desk, with a ledger in the folder.
///
/// # Panics
/// When the ledger cannot be opened.
pub fn intake_in(desk: &Desk, folder: &Path) -> Intake {
    let examiner = Arc::new(Examiner::new().expect("the inspector compiles"));
    Intake::new(desk.clone(), Arc::new(ledger_in(folder)), examiner)
}

/// A post in the channel `general`, as a network would hand it over.
pub fn post(native_id: &str, author: &str, text: &str) -> Event {
    event(native_id, "", author, What::Posted(Box::new(Content { text: text.to_owned(), ..Content::default() })))
}

/// A post with attachments that can be fetched from these sources.
pub fn post_with(native_id: &str, text: &str, sources: &[&str]) -> Event {
    let attachment = |source: &&str| Attachment {
        native_id: format!("F-{source}"),
        file_name: Some(format!("{source}.txt")),
        media_type: Some("text/plain".to_owned()),
        source: Some((*source).to_owned()),
        ..Attachment::default()
    };
    let attachments = sources.iter().map(attachment).collect();
    event(native_id, "", "ann", What::Posted(Box::new(Content { text: text.to_owned(), attachments, ..Content::default() })))
}

/// A post with one attachment, which calls itself by this file name and media type.
pub fn post_with_file(native_id: &str, text: &str, source: &str, (file_name, media_type): (&str, &str)) -> Event {
    let mut event = post_with(native_id, text, &[source]);
    if let What::Posted(content) = &mut event.what {
        content.attachments[0].file_name = Some(file_name.to_owned());
        content.attachments[0].media_type = Some(media_type.to_owned());
    }
    event
}

/// Any event in the channel `general`. Its time is the number that the native id ends with, in seconds after the tests begin.
pub fn event(native_id: &str, revision: &str, author: &str, what: What) -> Event {
    let digits: String = native_id.chars().filter(char::is_ascii_digit).collect();
    let seconds: i64 = digits.parse().unwrap_or(0);
    let raw = serde_json::json!({ "id": native_id, "revision": revision, "by": author, "what": what });
    Event {
        native_id: native_id.to_owned(),
        revision: revision.to_owned(),
        what,
        source_time_ms: Some(crate::context::TESTS_BEGIN.0 + seconds * 1_000),
        posted_at_ms: None,
        place: Place { native_id: "C-general".to_owned(), name: Some("general".to_owned()), kind: PlaceKind::Workspace },
        by: Some(Party { native_id: format!("U-{author}"), handle: Some(author.to_owned()), name: None, bot: false }),
        raw: Raw { media_type: "application/json".to_owned(), bytes: raw.to_string().into_bytes() },
    }
}

/// An edit at a second of its own.
pub fn edit(native_id: &str, second: i64, author: &str, text: &str) -> Event {
    let what = What::Edited(Box::new(Content { text: text.to_owned(), ..Content::default() }));
    let mut event = event(native_id, &format!("edit:{second}"), author, what);
    event.source_time_ms = Some(crate::context::TESTS_BEGIN.0 + second * 1_000);
    event
}

/// Every file below a folder.
///
/// # Panics
/// When a folder cannot be read.
pub fn every_file(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            every_file(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Event number `n` of a feed that is the same in every process: every fifth changes the message before it, every seventh reacts to it.
pub fn feed_event(n: usize) -> Event {
    let second = i64::try_from(n).expect("a short feed");
    match n {
        n if n % 5 == 4 => {
            edit(&format!("m{}", n - 1), second, "ann", &format!("text {n}, changed; write to ann{n}@example.test"))
        }
        n if n % 7 == 6 && n % 5 != 0 => {
            let what = What::Reacted { key: "+1".to_owned(), added: true };
            event(&format!("m{}", n - n % 5), &format!("react:{n}"), &format!("reader{n}"), what)
        }
        n => post(&format!("m{n}"), "ann", &format!("text {n}")),
    }
}
