//! Bulk import: what rows become, and that a hostile file harms nothing.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use super::bulk::*;
use crate::ids::{ProfileId, Time};

fn context() -> Context {
    let names = ["kites", "@kites@social.example.test", "care"];
    let profile = |byte: u8| ProfileId(Uuid::from_bytes([byte; 16]));
    let ids = [profile(1), profile(1), profile(2)];
    Context {
        profiles: names.into_iter().map(str::to_owned).zip(ids).collect(),
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        now: Time(1_767_225_600_000), // 2026-01-01T00:00:00Z
    }
}

fn rows(text: &str) -> Vec<Row> {
    read(text.as_bytes(), &context()).expect("a readable file")
}

fn mistakes(text: &str) -> Vec<(Option<Column>, String)> {
    let rows = rows(text);
    let wrong = rows.into_iter().filter_map(|row| row.outcome.err());
    wrong.flatten().map(|mistake| (mistake.column, mistake.what)).collect()
}

#[test]
fn a_row_becomes_a_draft_with_its_time_in_its_zone() {
    let file = "\u{feff}Profiles;Text;Date;Time;Zone;Tags\r\n\
        Kites|CARE;\"Hello; \"\"all\"\"\nof you\";2026-06-01;9:30;America/New_York;spring;\r\n";
    let found = rows(file);
    let post = found[0].outcome.as_ref().expect("a draft");
    assert_eq!(post.draft.common.parts[0].text, "Hello; \"all\"\nof you");
    assert_eq!(post.draft.targets.len(), 2);
    assert_eq!(post.slot.map(Time::rfc3339).as_deref(), Some("2026-06-01T13:30:00.000Z"));
    assert_eq!((post.title.as_str(), &post.tags[..]), ("Hello; \"all\"", &["spring".to_owned()][..]));
}

#[test]
fn every_mistake_of_a_row_is_told_and_harms_no_other() {
    let found = rows("profiles,text,date,time,language\nnobody,,2026-13-01,25:00,english language\nkites,fine,,,de\n");
    let columns: Vec<_> = found[0].outcome.as_ref().expect_err("wrong").iter().map(|mistake| mistake.column).collect();
    assert_eq!(columns, [Some(Column::Profiles), Some(Column::Text), Some(Column::Date), Some(Column::Language)]);
    assert!(found[1].outcome.is_ok());
    assert_eq!((found[0].line, found[1].line), (2, 3));
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_a_mistake_of_its_row_and_swallows_nothing_unseen() {
    let found = rows("profiles,text\nkites,fine\nkites,\"open\nkites,swallowed\nkites,too\n");
    assert_eq!(found.iter().map(|row| row.outcome.is_ok()).collect::<Vec<_>>(), [true, false]);
    let mistakes = found[1].outcome.as_ref().expect_err("wrong");
    assert!(mistakes[0].what.contains("on line 3 is never closed"), "{mistakes:?}");
    for whole in ["\"a \"\"word\"\"\"", "5\" wide", "\"closed\" and on"] {
        assert!(rows(&format!("profiles,text\nkites,{whole}\n"))[0].outcome.is_ok(), "{whole}");
    }
}

#[test]
fn times_that_cannot_be_kept_are_refused_and_doubtful_ones_noted() {
    let at = |date: &str, time: &str| format!("profiles,text,date,time\nkites,x,{date},{time}\n");
    assert_eq!(mistakes(&at("2026-03-29", "02:30"))[0].0, Some(Column::Time));
    assert_eq!(mistakes(&at("2025-12-31", "09:00"))[0].1, "is in the past");
    assert_eq!(mistakes(&at("2026-03-30", ""))[0].1, "is missing beside the date");
    let twice = rows(&at("2026-10-25", "02:30"));
    assert_eq!(twice[0].outcome.as_ref().expect("a draft").notes.len(), 1);
}

#[test]
fn what_is_not_such_a_file_is_refused_with_what_to_do() {
    let refused = |bytes: &[u8]| read(bytes, &context()).expect_err("unreadable");
    assert_eq!(refused(b""), Unreadable::Empty);
    assert_eq!(refused(b"PK\x03\x04rest"), Unreadable::OtherFormat("a spreadsheet"));
    assert_eq!(refused(b"\xff\xfep\x00"), Unreadable::Encoding { line: 1 });
    assert_eq!(refused(b"profiles,text\nkites,ok\nkites,Gr\xfc\xdfe"), Unreadable::Encoding { line: 3 });
    assert_eq!(refused(b"text,date\n"), Unreadable::Missing(Column::Profiles));
    assert_eq!(refused(b"profiles,text,Text\n"), Unreadable::Twice("text".to_owned()));
    assert_eq!(refused(b"profiles,text,=cmd()\n"), Unreadable::Unknown("=cmd()".to_owned()));
    assert_eq!(refused(&vec![b'x'; FILE_BYTES_MAX + 1]), Unreadable::TooLarge(FILE_BYTES_MAX + 1));
    let many = format!("profiles,text\n{}", "kites,x\n".repeat(ROWS_MAX + 1));
    assert_eq!(refused(many.as_bytes()), Unreadable::TooManyRows);
}

#[test]
fn a_quote_that_is_never_closed_takes_one_row_with_it_and_no_more() {
    let found = rows("profiles,text\nkites,\"never closed\nkites,fine\n");
    assert_eq!(found.len(), 1);
    assert!(mistakes(&format!("profiles,text\nkites,\"{}\n", "x".repeat(TEXT_BYTES_MAX + 1)))[0].1.contains("longer"));
    assert!(mistakes("profiles,text\nkites,a text, with commas\n")[0].1.contains("more cells"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &context());
    }

    #[test]
    fn any_cells_end_in_a_report_of_every_row(cells in prop::collection::vec(("\\PC{0,20}", "\\PC{0,12}", "[0-9:-]{0,10}", "[0-9:]{0,6}"), 1..12)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "profiles", "date", "time"]).expect("in memory");
        let mut written = 0;
        for (text, profiles, date, time) in &cells {
            writer.write_record([text, profiles, date, time]).expect("in memory");
            written += usize::from([text, profiles, date, time].iter().any(|cell| !cell.trim().is_empty()));
        }
        let file = writer.into_inner().expect("in memory");
        prop_assume!(!file.contains(&0));
        let report = read(&file, &context()).expect("a readable file");
        prop_assert_eq!(report.len(), written);
        for row in report {
            match row.outcome {
                Ok(post) => prop_assert!(!post.draft.targets.is_empty()),
                Err(mistakes) => prop_assert!(!mistakes.is_empty()),
            }
        }
    }
}
