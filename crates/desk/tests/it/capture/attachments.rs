//! Attachments: stored once with an entry of their own, whatever is interrupted; what cannot be had is on record with its reason.

use std::{io::Read as _, path::Path};

use desk::{
    Actor, Error,
    capture::{
        self, AttachmentSeen, AttachmentState, Connectors, Fetcher, ImportState, Intake, RecordReader,
        connections::{self, Begun},
        import_file::{self, ExportFile, Watch},
        stream_of,
    },
    db::sql,
    ids::{MessageId, ProfileId},
    rights::{Given, Level, Right},
};
use ledger::{
    engine::{OnFatal, Options},
    entry::EntryKind,
};
use networks::{Class, NetworkError, import};
use testkit::{
    Scripted, TestDesk, eventually, on_both,
    records::{intake_in, ledger_with, post_with},
};
use tokio_util::sync::CancellationToken;

use super::{
    cast::{number, pulled},
    connections::token_form,
};

struct Setting {
    network: &'static Scripted,
    connectors: Connectors,
    owner: Actor,
    profile: ProfileId,
    folder: tempfile::TempDir,
}

async fn connected(test: &TestDesk) -> Setting {
    test.workspace().await;
    let given = [Given::Right(Right::Profiles), Given::Right(Right::Unmask), Given::Level(Level::ReadOnly)];
    let owner = test.person_with(&given).await.actor;
    let network = Scripted::new();
    let connectors = Connectors::of(vec![network]);
    let begun = connections::begin(&test.desk, &connectors, &owner, token_form("token", None)).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip is needed") };
    Setting { network, connectors, owner, profile, folder: tempfile::tempdir().expect("a folder") }
}

impl Setting {
    fn intake(&self, test: &TestDesk) -> Intake {
        intake_in(&test.desk, self.folder.path())
    }

    /// Tries what is due, once.
    async fn fetch(&self, intake: &Intake) -> usize {
        let fetcher = Fetcher::new(intake.clone(), self.connectors.clone());
        fetcher.step(self.profile, &CancellationToken::new()).await.expect("our own side is well")
    }

    /// The only message.
    async fn message(&self, test: &TestDesk) -> capture::Message {
        let page = capture::stream(&test.desk, &self.owner, &capture::StreamFilter::default(), None, 10).await.expect("reads");
        page.messages.into_iter().next_back().expect("a message")
    }

    async fn seen(&self, test: &TestDesk) -> Vec<AttachmentSeen> {
        self.message(test).await.attachments
    }
}

fn entries_of(intake: &Intake, profile: ProfileId) -> usize {
    let reader = intake.ledger().reader();
    reader.stream(stream_of(profile), 0).filter(|entry| entry.as_ref().expect("an entry").kind == EntryKind::Attachment).count()
}

async fn bytes_of(test: &TestDesk, intake: &Intake, actor: &Actor, id: MessageId, part: i64) -> Vec<u8> {
    let record = RecordReader::new(intake.ledger());
    let (_, found) = capture::attachment(&test.desk, actor, &record, id, part).await.expect("on record");
    let mut found = found.expect("nothing is masked");
    let mut bytes = Vec::new();
    found.source.read_to_end(&mut bytes).expect("the bytes are what the record says");
    assert_eq!(found.bytes, bytes.len() as u64);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_message_is_fetched_and_stored_with_an_entry_of_its_own() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        // Longer than a chunk of the ledger's blobs.
        let long: Vec<u8> = (0..1_500_000u32).flat_map(u32::to_be_bytes).collect();
        setting.network.hang("long", long.clone());
        let changed = {
            let lot = pulled(vec![post_with("m1", "look", &["short", "long"])], "c1");
            intake.take(setting.profile, lot).await.expect("taken");
            assert!(setting.seen(&test).await.iter().all(|seen| seen.state == AttachmentState::Pending));
            setting.message(&test).await.changed
        };
        assert_eq!(setting.fetch(&intake).await, 2);
        let message = setting.message(&test).await;
        assert!(message.changed > changed, "whoever follows the changes hears of it");
        let [short, stored] = &message.attachments[..] else { panic!("two attachments") };
        assert_eq!((short.state, stored.state), (AttachmentState::Stored, AttachmentState::Stored));
        assert_eq!(stored.bytes, Some(6_000_000));
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &long);
        assert_eq!(stored.digest.as_deref(), Some(digest.as_ref()));
        assert_eq!(bytes_of(&test, &intake, &setting.owner, message.id, 1).await, long);
        assert_eq!(bytes_of(&test, &intake, &setting.owner, message.id, 0).await, b"F-short");
        // Its entry points to the text it hangs on and is about the same person.
        let reader = intake.ledger().reader();
        let entry = |seq: Option<i64>| reader.entry(seq.expect("a position").unsigned_abs()).expect("an entry");
        let (text, own) = (entry(message.text_entry), entry(stored.stored_entry));
        assert_eq!((own.kind, own.refers_to), (EntryKind::Attachment, text.record_id));
        assert_eq!(reader.subjects(&own).expect("read"), reader.subjects(&text).expect("read"));
        assert_eq!(setting.fetch(&intake).await, 0, "nothing is due any more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_moment_is_waited_for_and_what_is_gone_is_on_record_as_missing() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        intake.take(setting.profile, pulled(vec![post_with("m1", "look", &["a", "b"])], "c1")).await.expect("taken");
        setting.network.fail_fetch(NetworkError::retry("come back later"));
        setting.network.fail_fetch(NetworkError::new(Class::Gone, "it was taken away"));
        assert_eq!(setting.fetch(&intake).await, 2);
        let seen = setting.seen(&test).await;
        assert_eq!((seen[0].state, seen[1].state), (AttachmentState::Pending, AttachmentState::Failed));
        assert_eq!((seen[0].error.as_deref(), seen[1].error.as_deref()), (Some("come back later"), Some("it was taken away")));
        assert_eq!((entries_of(&intake, setting.profile), setting.fetch(&intake).await), (1, 0), "not before its time");
        test.clock.advance_ms(7 * 60 * 60 * 1_000);
        assert_eq!(setting.fetch(&intake).await, 1);
        let message = setting.message(&test).await;
        // What broke off in its middle was no attachment.
        assert_eq!(bytes_of(&test, &intake, &setting.owner, message.id, 0).await, b"F-a");
        // A network that never gives it is not asked for ever.
        intake.take(setting.profile, pulled(vec![post_with("m2", "look", &["c"])], "c2")).await.expect("taken");
        let mut tries = 0;
        while number(&test.desk, "SELECT COUNT(*) AS n FROM attachments WHERE state = 'pending'").await > 0 {
            setting.network.fail_fetch(NetworkError::retry("come back later"));
            tries += setting.fetch(&intake).await;
            test.clock.advance_ms(7 * 60 * 60 * 1_000);
            assert!(tries < 50, "it is given up in the end");
        }
        assert!(tries > 3, "a bad moment is no reason to give up at once");
        assert_eq!(entries_of(&intake, setting.profile), 3, "two missing, one stored");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_asked_for_again_by_somebody_with_the_right() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        let gone = || NetworkError::new(Class::Gone, "it was taken away");
        intake.take(setting.profile, pulled(vec![post_with("m1", "look", &["a"])], "c1")).await.expect("taken");
        setting.network.fail_fetch(gone());
        setting.fetch(&intake).await;
        let message = setting.message(&test).await;
        let again = async |who: &Actor, part| capture::attachment_again(&test.desk, who, message.id, part).await;
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let stranger = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
        assert!(matches!(again(&reader, 0).await, Err(Error::Refused(_))), "reading is not enough");
        assert!(matches!(again(&stranger, 0).await, Err(Error::NotFound(_))), "they may not know of the message");
        assert!(matches!(again(&setting.owner, 1).await, Err(Error::NotFound(_))));
        again(&setting.owner, 0).await.expect("it waits again");
        assert!(setting.message(&test).await.changed > message.changed, "whoever follows the changes hears of it");
        assert!(matches!(again(&setting.owner, 0).await, Err(Error::Conflict(_))), "it waits already");
        // Given up a second time it is on record a second time.
        setting.network.fail_fetch(gone());
        assert_eq!(setting.fetch(&intake).await, 1);
        assert_eq!((setting.seen(&test).await[0].state, entries_of(&intake, setting.profile)), (AttachmentState::Failed, 2));
        again(&setting.owner, 0).await.expect("it waits again");
        assert_eq!(setting.fetch(&intake).await, 1);
        assert_eq!((setting.seen(&test).await[0].state, entries_of(&intake, setting.profile)), (AttachmentState::Stored, 3));
        assert!(matches!(again(&setting.owner, 0).await, Err(Error::Conflict(_))), "it is here");
        let noted = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'capture.attachment_again' AND outcome = 'done'";
        assert_eq!(number(&test.desk, noted).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ran_out_is_renewed_and_a_withdrawn_one_waits_for_somebody() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        intake.take(setting.profile, pulled(vec![post_with("m1", "look", &["a"])], "c1")).await.expect("taken");
        setting.network.expire_token();
        setting.fetch(&intake).await;
        assert_eq!(setting.seen(&test).await[0].state, AttachmentState::Stored);
        assert_eq!(setting.network.refreshes(), 1);
        intake.take(setting.profile, pulled(vec![post_with("m2", "look", &["b"])], "c2")).await.expect("taken");
        setting.network.revoke_token();
        setting.fetch(&intake).await;
        assert_eq!(number(&test.desk, "SELECT tries AS n FROM attachments WHERE state = 'pending'").await, 1);
        setting.network.allow_token();
        let form = token_form("another", Some(setting.profile));
        connections::begin(&test.desk, &setting.connectors, &setting.owner, form).await.expect("authorised again");
        test.clock.advance_ms(60_000);
        setting.fetch(&intake).await;
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM attachments WHERE state = 'stored'").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_step_fetching_dies_at_an_attachment_is_on_record_once() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        intake.take(setting.profile, pulled(vec![post_with("m1", "look", &["a"])], "c1")).await.expect("taken");
        drop(intake);
        // The ledger takes nothing: no blob, no entry, the row waits.
        let full = Options { on_fatal: OnFatal::Stop, reserve_bytes: u64::MAX, ..Options::default() };
        let ledger = std::sync::Arc::new(ledger_with(setting.folder.path(), full));
        let examiner = std::sync::Arc::new(capture::Examiner::new().expect("compiles"));
        let refusing = Intake::new(test.desk.clone(), ledger, examiner);
        let fetcher = Fetcher::new(refusing, setting.connectors.clone());
        fetcher.step(setting.profile, &CancellationToken::new()).await.expect_err("no space");
        assert_eq!(setting.seen(&test).await[0].state, AttachmentState::Pending);
        drop(fetcher);
        // It works again; then the process dies after the entry is durable and before the tables have it.
        let intake = setting.intake(&test);
        assert_eq!(setting.fetch(&intake).await, 1);
        drop(intake);
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("UPDATE attachments SET state = 'pending', digest = NULL, stored_entry = NULL")
            .execute(&mut tx)
            .await
            .expect("forgotten");
        sql("UPDATE capture_streams SET applied = applied - 1").execute(&mut tx).await.expect("forgotten");
        tx.commit().await.expect("commits");
        let intake = setting.intake(&test);
        // Somebody else's work is done first: the fetcher is faster than reading back, and asks the network once more.
        let fetches = setting.network.fetches();
        assert_eq!(setting.fetch(&intake).await, 1);
        assert_eq!(setting.network.fetches(), fetches + 1);
        assert_eq!((setting.seen(&test).await[0].state, entries_of(&intake, setting.profile)), (AttachmentState::Stored, 1));
        let message = setting.message(&test).await;
        assert_eq!(bytes_of(&test, &intake, &setting.owner, message.id, 0).await, b"F-a");
        assert_eq!(setting.fetch(&intake).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_following_attachments_are_fetched_by_themselves() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        let stop = CancellationToken::new();
        let running = tokio::spawn(Fetcher::new(intake.clone(), setting.connectors.clone()).run(stop.clone()));
        intake.take(setting.profile, pulled(vec![post_with("m1", "look", &["a"])], "c1")).await.expect("taken");
        eventually("it is stored", async || setting.seen(&test).await[0].state == AttachmentState::Stored).await;
        stop.cancel();
        running.await.expect("ends");
    })
    .await;
}

/// An export with `count` messages, each with a file in the archive, and one whose file is missing there.
fn archive(folder: &Path, count: usize) -> ExportFile {
    use std::io::Write as _;
    let path = folder.join("export.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).expect("made"));
    let options = zip::write::SimpleFileOptions::default();
    let mut lines = String::new();
    for number in 0..=count {
        let time = 1_700_000_000_000 + number;
        lines.push_str(&format!(
            "{{\"id\":\"m{number}\",\"channel\":\"c\",\"author\":\"u\",\"time\":{time},\"text\":\"message {number}\",\"attachments\":\
             [{{\"id\":\"a\",\"name\":\"a.txt\",\"path\":\"files/{number}.txt\"}},{{\"id\":\"b\",\"name\":\"named only\"}}]}}\n"
        ));
    }
    archive.start_file("messages.jsonl", options).expect("begins");
    archive.write_all(lines.as_bytes()).expect("written");
    for number in 0..count {
        archive.start_file(format!("files/{number}.txt"), options).expect("begins");
        archive.write_all(format!("content {number}").as_bytes()).expect("written");
    }
    archive.finish().expect("ends");
    ExportFile { format: import::format("jsonl").expect("known"), path, name: "export.zip".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_of_an_export_file_are_stored_with_its_import_also_when_it_was_stopped() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        let operator = Actor::operator();
        let file = archive(setting.folder.path(), 100);
        let run = with_stops(&test, &intake, &setting, &file).await;
        assert_eq!((run.state, run.recorded, run.refused), (ImportState::Done, 101, 0));
        let count = async |text: &'static str| number(&test.desk, text).await;
        assert_eq!(count("SELECT COUNT(*) AS n FROM attachments WHERE state = 'stored'").await, 100);
        assert_eq!(count("SELECT COUNT(*) AS n FROM attachments WHERE state = 'failed'").await, 1);
        assert_eq!(count("SELECT COUNT(*) AS n FROM attachments WHERE state = 'named'").await, 101);
        assert_eq!(entries_of(&intake, setting.profile), 101, "each once, the missing one too");
        let message = capture::stream(&test.desk, &setting.owner, &capture::StreamFilter::default(), None, 2).await;
        let message = message.expect("reads").messages.remove(1);
        assert_eq!(bytes_of(&test, &intake, &setting.owner, message.id, 0).await, b"content 99");
        // The same file again: nothing waits, nothing is stored twice.
        import_file::run(&intake, &operator, setting.profile, &file, &Watch::default()).await.expect("imported");
        assert_eq!(entries_of(&intake, setting.profile), 101);
        assert_eq!(setting.network.fetches(), 0, "the network is not asked for what a file holds");
    })
    .await;
}

/// Imports a file, stopping whenever some attachments were taken, with others left at least once.
async fn with_stops(test: &TestDesk, intake: &Intake, setting: &Setting, file: &ExportFile) -> capture::ImportRun {
    let mut left = 0;
    for _ in 0..20 {
        let watch = Watch::default();
        let stopper = tokio::spawn({
            let watch = watch.clone();
            async move {
                while watch.attachments() == 0 {
                    tokio::task::yield_now().await;
                }
                watch.stop();
            }
        });
        let run = import_file::run(intake, &Actor::operator(), setting.profile, file, &watch).await.expect("imported");
        stopper.abort();
        if run.state == ImportState::Done {
            assert!(left > 0, "it was stopped between attachments at least once");
            return run;
        }
        left = left.max(number(&test.desk, "SELECT COUNT(*) AS n FROM attachments WHERE state = 'pending'").await);
    }
    panic!("it goes on whenever it is run again")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_read_by_those_who_may_and_covered_with_its_message() {
    on_both(|test| async move {
        let setting = connected(&test).await;
        let intake = setting.intake(&test);
        let masked = post_with("m1", "my card is 4111 1111 1111 1111", &["a"]);
        intake.take(setting.profile, pulled(vec![masked], "c1")).await.expect("taken");
        setting.fetch(&intake).await;
        let record = RecordReader::new(intake.ledger());
        let id = setting.message(&test).await.id;
        let (desk, owner) = (&test.desk, &setting.owner);
        let stranger = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
        assert!(matches!(capture::attachment(desk, &stranger, &record, id, 0).await, Err(Error::NotFound("message"))));
        let (_, bytes) = capture::attachment(desk, owner, &record, id, 0).await.expect("there is one");
        assert!(bytes.is_none(), "nobody looked into it, so it is as covered as the text");
        assert!(matches!(capture::attachment(desk, owner, &record, id, 1).await, Err(Error::NotFound(_))));
        assert!(matches!(capture::attachment_unmasked(desk, owner, &record, (id, 0), " ").await, Err(Error::Invalid(_))));
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let refused = capture::attachment_unmasked(desk, &reader, &record, (id, 0), "because").await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        let found = capture::attachment_unmasked(desk, owner, &record, (id, 0), "case 7").await.expect("with a reason");
        assert_eq!(found.bytes, 3);
        let looks = "SELECT COUNT(*) AS n FROM audit_entries WHERE act = 'messages.unmask'";
        assert_eq!(number(desk, looks).await, 2, "the refusal and the look");
    })
    .await;
}
