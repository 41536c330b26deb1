//! Mails as programs write them, mailboxes of both kinds, damaged ones.

use super::FORMAT;
use crate::import::{
    Limits,
    testing::{content, read, read_within, survives, zip},
};

const PLAIN: &str = "From: Ada Example <ada@example.test>\r\nTo: \"Bo, the Builder\" <Bo@example.test>, cy@example.test\r\nDate: Tue, 14 Nov 2023 23:13:20 +0100\r\nMessage-ID: <m1@example.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?q?_caf=E9?=\r\n\r\nHello,\r\nsee https://example.test/x\r\n";

const MULTI: &str = "From: bo@example.test\nTo: ada@example.test\nDate: Tue, 14 Nov 2023 22:14:20 +0000\nMessage-ID: <m2@example.test>\nIn-Reply-To: <m1@example.test>\nReferences: <m0@example.test> <m1@example.test>\nSubject: Re: plan\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b1\"\n\n--b1\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\nContent-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64\n\ngrGC8YLJgr+CzQ==\n--b2\nContent-Type: text/html; charset=utf-8\n\n<p>konnichiwa</p>\n--b2--\n--b1\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-8''%C3%BCber; filename*1=sicht.pdf\nContent-Transfer-Encoding: base64\n\ncGRm\n--b1--\n";

const HTML: &str = "From: cy@example.test\nMessage-ID: <m3@example.test>\nContent-Type: text/html; charset=windows-1252\nContent-Transfer-Encoding: quoted-printable\n\n<p>price: 5 =80</p><script>x</script><p><a href=3D\"https://example.test/y\">here</a></p>\n";

#[test]
fn headers_charsets_and_parts_are_read() {
    let all = read(&FORMAT, PLAIN.as_bytes());
    let mail = all.event("m1@example.test", "");
    let said = content(mail).unwrap();
    assert_eq!((said.text.as_str(), said.subject.as_deref()), ("Hello,\r\nsee https://example.test/x", Some("Grüße café")));
    assert_eq!((mail.source_time_ms, said.links[0].as_str()), (Some(1_700_000_000_000), "https://example.test/x"));
    let by = mail.by.as_ref().unwrap();
    assert_eq!((by.native_id.as_str(), by.name.as_deref()), ("ada@example.test", Some("Ada Example")));
    assert_eq!(said.mentions.iter().map(|party| &*party.native_id).collect::<Vec<_>>(), ["bo@example.test", "cy@example.test"]);
    assert_eq!(mail.raw.bytes, PLAIN.as_bytes());

    let all = read(&FORMAT, MULTI.as_bytes());
    let mail = all.event("m2@example.test", "");
    let said = content(mail).unwrap();
    assert_eq!(said.text, "こんにちは");
    assert_eq!((said.thread.as_deref(), said.reply_to.as_deref()), (Some("m0@example.test"), Some("m1@example.test")));
    let file = &said.attachments[0];
    assert_eq!(
        (file.file_name.as_deref(), file.media_type.as_deref(), file.bytes),
        (Some("übersicht.pdf"), Some("application/pdf"), Some(3))
    );
    assert_eq!(all.attached[0].1, Ok(b"pdf".to_vec()));

    let all = read(&FORMAT, HTML.as_bytes());
    let said = content(all.event("m3@example.test", "")).unwrap();
    assert_eq!((said.text.as_str(), said.links[0].as_str()), ("price: 5 €\n\nhere", "https://example.test/y"));
}

fn mailbox() -> String {
    let date = "Tue Nov 14 22:13:20 2023";
    let quoted = "From: x@example.test\nMessage-ID: <q@example.test>\n\n>From here\n>>From there\n> From no\nFrom mid\n";
    format!(
        "From ada {date}\n{}\nFrom bo {date}\n{MULTI}\nFrom x {date}\n{quoted}\nFrom cy {date}\n{HTML}",
        PLAIN.replace("\r\n", "\n")
    )
}

#[test]
fn a_mailbox_is_cut_into_its_mails_and_quoting_is_undone() {
    let all = read(&FORMAT, mailbox().as_bytes());
    let ids: Vec<_> = all.events.iter().map(|event| &*event.native_id).collect();
    assert_eq!(ids, ["m1@example.test", "m2@example.test", "q@example.test", "m3@example.test"]);
    assert_eq!(content(&all.events[2]).unwrap().text, "From here\n>From there\n> From no\nFrom mid");
    assert!(all.refused.is_empty() && mailbox().contains(std::str::from_utf8(&all.events[1].raw.bytes).unwrap()));
    // The attachment is found again after other mails were read.
    assert_eq!(all.attached, [("part:4".to_owned(), Ok(b"pdf".to_vec()))]);
}

#[test]
fn a_zip_of_mailboxes_and_messages_keeps_their_folders() {
    let all = read(
        &FORMAT,
        &zip(&[("Mail/Inbox.mbox", mailbox().as_bytes()), ("Mail/Old/1.eml", PLAIN.as_bytes()), ("Mail/Old/x.pdf", b"x")]),
    );
    let places: Vec<_> = all.events.iter().map(|event| &*event.place.native_id).collect();
    assert_eq!(places, ["Mail/Inbox.mbox", "Mail/Inbox.mbox", "Mail/Inbox.mbox", "Mail/Inbox.mbox", "Mail/Old"]);
    assert_eq!((all.attached.len(), all.attached[0].1.as_deref()), (1, Ok(&b"pdf"[..])));
    assert_eq!(all.left_out[0].count, 1);
}

#[test]
fn a_large_mail_is_recorded_without_its_attachments_contents_and_those_are_kept_apart() {
    use base64::Engine as _;
    let file = base64::engine::general_purpose::STANDARD.encode(vec![b'x'; 9000]);
    let large = MULTI.replace("cGRm", &file);
    let all = read_within(&FORMAT, large.as_bytes(), Limits { item_bytes_max: 4000, ..Limits::default() });
    let mail = all.event("m2@example.test", "");
    assert_eq!(mail.raw.media_type, "message/rfc822; attachments=cut");
    let raw = std::str::from_utf8(&mail.raw.bytes).unwrap();
    assert!(raw.contains("filename*1=sicht.pdf") && raw.ends_with("--b1--\n") && raw.len() < 1500, "{raw}");
    assert_eq!(all.attached[0].1, Ok(vec![b'x'; 9000]));
    let text = format!("From: a@example.test\n\n{}", "long ".repeat(2000));
    let all = read_within(&FORMAT, text.as_bytes(), Limits { item_bytes_max: 4000, ..Limits::default() });
    assert!(all.events.is_empty() && all.refused[0].reason.contains("larger"));
}

#[test]
fn a_mail_without_an_id_is_named_by_its_bytes() {
    let all = read(&FORMAT, b"From: a@example.test\n\nhi\n");
    assert!(all.events[0].native_id.starts_with("sha256:"));
    assert_eq!(all.events[0].source_time_ms, None);
}

#[test]
fn what_is_no_mail_is_refused_and_damaged_mail_never_panics() {
    for wrong in [&b"hello world"[..], b"", b"{\"a\": 1}", b"\x00\x01"] {
        assert!(read(&FORMAT, wrong).failed.unwrap().contains("mail"));
    }
    survives(&FORMAT, mailbox().as_bytes(), 600);
    survives(&FORMAT, &zip(&[("Inbox.mbox", mailbox().as_bytes())]), 150);
}

#[test]
fn a_sentence_that_begins_with_from_parts_no_mails() {
    let head =
        |id: u8| format!("From ada@example.test Tue Nov 14 22:13:20 2023\nMessage-ID: <m{id}@x>\nFrom: ada@example.test\n\n");
    let mbox = format!("{}first\n\nFrom the start of a line, unquoted\nsecond\n\n{}third\n", head(1), head(2));
    let all = read(&FORMAT, mbox.as_bytes());
    let texts: Vec<_> = all.texts().iter().map(|(_, _, text)| (*text).to_owned()).collect();
    assert_eq!(texts, ["first\n\nFrom the start of a line, unquoted\nsecond", "third"]);
    assert!(all.refused.is_empty(), "{:?}", all.refused);
}

#[test]
fn a_mail_of_an_odd_or_no_date_stands_where_it_was_written_or_received() {
    let time = |header: &str| read(&FORMAT, format!("{header}\nFrom: ada@example.test\n\nx").as_bytes()).events[0].source_time_ms;
    assert_eq!(time("Date: 14 Nov 23 22:13 EST"), Some(1_700_017_980_000));
    assert_eq!(time("Received: by x; Tue, 14 Nov 2023 22:13:20 +0000"), Some(1_700_000_000_000));
    assert_eq!(time("Date: nonsense"), None);
}

#[test]
fn the_text_of_a_mail_that_was_cut_off_is_read() {
    let mail = |kind: &str, body: &str| format!("From: ada@example.test\nContent-Type: {kind}\n\n{body}");
    for (kind, body) in
        [("multipart/mixed; boundary=\"X\"", "--X\nContent-Type: text/plain\n\ntapir\n"), ("multipart/mixed", "tapir\n")]
    {
        let all = read(&FORMAT, mail(kind, body).as_bytes());
        assert_eq!(all.texts()[0].2.trim(), "tapir", "{kind}");
    }
}
