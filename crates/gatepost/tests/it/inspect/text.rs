//! Text in, findings out: formats, marks in place, masks, exit codes.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use super::{file, kinds, lines};
use crate::program::{Answer, Place};

const CARD: &str = "4111 1111 1111 1111";

/// Runs a command that reads this from standard input.
fn piped(place: &Place, arguments: &[&str], input: &[u8]) -> Answer {
    let mut command = place.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("an input").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Answer { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn every_line_gets_a_line_with_places_in_characters() {
    let place = Place::new();
    let answer = piped(&place, &["inspect"], format!("nothing here\n\u{e9}\u{1f600} {CARD}\n").as_bytes());
    let lines = lines(&answer);
    assert_eq!((answer.code, lines.len()), (1, 2), "{answer:?}");
    assert_eq!((lines[0]["id"].clone(), lines[0]["findings"].clone()), (json!(1), json!([])));
    let card = &lines[1]["findings"][0];
    assert_eq!((card["kind"].clone(), card["start"].clone(), card["end"].clone()), (json!("CREDIT_CARD"), json!(3), json!(22)));
    assert_eq!(card["level"], "high");
    assert!(["detector", "version", "score", "reason"].iter().all(|field| !card[field].is_null()), "{card}");
    assert!(lines[1]["heads"]["offensive"].is_number() && lines[1]["sentiment"]["neutral"].is_number(), "{}", lines[1]);
    assert!(!answer.out.contains("4111"), "the output holds the value");
}

#[test]
fn exit_codes_tell_clean_from_found_from_wrong() {
    let place = Place::new();
    let code = |arguments: &[&str], input: &str| piped(&place, arguments, input.as_bytes()).code;
    assert_eq!(code(&["inspect"], "good morning\n"), 0);
    assert_eq!(code(&["inspect"], ""), 0);
    assert_eq!(code(&["inspect"], CARD), 1, "a last line without its end counts");
    assert_eq!(code(&["inspect", "--fail-level", "high"], "is 10.1.2.3 up\n"), 0);
    assert_eq!(code(&["inspect", "--only", "secret"], CARD), 0);
    assert_eq!(code(&["inspect", "--only", "no-such-kind"], CARD), 2);
    assert_eq!(code(&["inspect", "no-such-file"], ""), 2);
    assert_eq!(code(&["inspect", "--jsonl"], "not JSON\n"), 2);
    assert_eq!(code(&["inspect", "--min-level", "high"], "is 10.1.2.3 up\n"), 0);
}

#[test]
fn json_lines_keep_their_id_and_all_their_parts() {
    let place = Place::new();
    let line = json!({ "id": "p-7", "text": "look", "alt_texts": ["x", CARD], "links": ["https://ann:hunter2@example.com/"] });
    let answer = piped(&place, &["inspect", "--jsonl", "--no-heads"], format!("{line}\n\n").as_bytes());
    let out = &lines(&answer)[0];
    assert_eq!(out["id"], "p-7");
    let card = out["findings"].as_array().expect("findings").iter().find(|f| f["kind"] == "CREDIT_CARD").expect("the card");
    assert_eq!((card["zone"].clone(), card["part"].clone()), (json!("alt_text"), json!(1)));
    assert!(kinds(out).contains(&"SECRET"), "{out}");
}

#[test]
fn masks_hide_and_explanations_mark() {
    let place = Place::new();
    let posts = file(&place, "posts.txt", format!("pay with {CARD} now\n"));
    let masked = place.gatepost(&["inspect", "--redact", &posts]);
    assert_eq!((masked.code, masked.out.as_str()), (1, "pay with [CREDIT_CARD] now\n"));
    let told = place.gatepost(&["inspect", "--explain", &posts]);
    assert!(told.out.starts_with(&format!("1: pay with [{CARD}] now\n    high   CREDIT_CARD: ")), "{told:?}");
    let painted = place.gatepost(&["inspect", "--explain", "--color", "always", &posts]);
    assert!(painted.out.contains(&format!("\x1b[97;41m{CARD}\x1b[0m")), "{painted:?}");
    let hostile = piped(&place, &["inspect", "--explain"], b"\x1b[2Jann@example.com\n");
    assert!(!hostile.out.contains('\x1b'), "a message steers the terminal");
}

#[test]
fn threads_change_neither_order_nor_output() {
    let place = Place::new();
    let text: String =
        (0..60_000).map(|n| format!("line {n} of {}\n", if n % 7 == 0 { "ann@example.com" } else { "many" })).collect();
    let posts = file(&place, "posts.txt", text);
    let one = place.gatepost(&["inspect", "--no-heads", "--threads", "1", &posts]);
    let four = place.gatepost(&["inspect", "--no-heads", "--threads", "4", &posts]);
    assert_eq!(one.out.lines().count(), 60_000);
    assert!(one.out == four.out, "the order or the content differs");
}

#[test]
fn every_kind_is_listed_with_its_examples() {
    let place = Place::new();
    let all = place.gatepost(&["inspect", "--list"]).done();
    assert!(all.contains("IBAN_CODE — International bank account number") && all.contains("    found:     "), "{all}");
    let few = place.gatepost(&["inspect", "--list", "--only", "financial"]).done();
    assert!(few.len() < all.len() && few.contains("CREDIT_CARD") && !few.contains("EMAIL_ADDRESS"));
}

#[test]
fn lists_and_packs_are_looked_for_and_wrong_ones_refused() {
    let place = Place::new();
    let list = file(&place, "ours.list", "list ours \"Ours\" version 1\nproject condor\n");
    let answer = piped(&place, &["inspect", "--no-heads", "--lists", &list], b"Project Condor starts\n");
    assert_eq!((answer.code, kinds(&lines(&answer)[0])), (1, vec!["LISTED_TERM"]));
    let packs = piped(&place, &["inspect", "--no-heads", "--packs"], b"we had a data breach\n");
    assert_eq!(kinds(&lines(&packs)[0]), ["LISTED_TERM"]);
    let wrong = file(&place, "wrong.list", "list ours \"Ours\" version 1\nlevel loud\n");
    let error = place.gatepost(&["inspect", "--lists", &wrong]);
    assert!(error.code == 2 && error.err.contains("loud"), "{error:?}");
    assert!(error.err.contains("wrong.list:2") || error.err.contains("line 2"), "{error:?}");
}

#[test]
fn files_are_kept_apart_and_named() {
    let place = Place::new();
    let first = file(&place, "first.txt", "nothing\ncard 4111 1111");
    let second = file(&place, "second.txt", " 1111 1111 and ann@example.com\n");
    let answer = place.gatepost(&["inspect", "--no-heads", &first, &second]);
    let lines = lines(&answer);
    assert_eq!(lines.len(), 3, "{answer:?}");
    assert_eq!((lines[1]["file"].clone(), lines[1]["id"].clone()), (json!(first), json!(2)));
    assert_eq!((lines[2]["file"].clone(), lines[2]["id"].clone()), (json!(second), json!(1)));
    assert_eq!((kinds(&lines[1]), kinds(&lines[2])), (vec![], vec!["EMAIL_ADDRESS"]), "two files make no card together");
    let told = place.gatepost(&["inspect", "--no-heads", "--explain", &first, &second]);
    assert!(told.out.contains(&format!("{second}:1: ")), "{told:?}");
    let piped = piped(&place, &["inspect", "--no-heads", &first, "-"], b"ann@example.com\n");
    assert!(piped.code == 1 && piped.out.contains("standard input"), "{piped:?}");
}

#[test]
fn what_would_go_unread_is_an_error() {
    let place = Place::new();
    let utf_16: Vec<u8> = "\u{feff}card 4111111111111111\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (input, arguments, said) in [
        (&utf_16[..], &["inspect"][..], "UTF-16"),
        (b"%PDF\0\0 4111111111111111\n", &["inspect"], "not text"),
        (br#"{"text":"x","alt_texts":"card 4111111111111111"}"#, &["inspect", "--jsonl"], "alt_texts"),
        (br#"{"text":"x","links":[7]}"#, &["inspect", "--jsonl"], "links"),
        (b"x", &["inspect", "--list", "--only", "no-such-kind"], "no-such-kind"),
        (b"x", &["inspect", "--explain", "--json"], "--json"),
        (b"x", &["inspect", "--images"], "names"),
    ] {
        let answer = piped(&place, arguments, input);
        assert!(answer.code == 2 && answer.err.contains(said) && answer.out.is_empty(), "{answer:?}");
    }
    let marked = piped(&place, &["inspect", "--no-heads"], b"\xef\xbb\xbfcard 4111111111111111\n");
    assert_eq!(lines(&marked)[0]["findings"][0]["start"], 5, "a byte order mark is no character of the text");
}

#[test]
fn masked_text_is_clean_whatever_it_was() {
    let place = Place::new();
    let many: String = (0..5_000).map(|n| format!("p{n}@example.com ")).collect();
    let input = format!("password: hunter2x\r\npay with {CARD}\r\n{many}\n");
    let masked = piped(&place, &["inspect", "--no-heads", "--redact"], input.as_bytes());
    assert!(
        masked.code == 1 && masked.out.starts_with("password: [SECRET]\r\npay with [CREDIT_CARD]\r\n"),
        "{:.200}",
        masked.out
    );
    assert_eq!(masked.out.matches("[EMAIL_ADDRESS]").count(), 5_000);
    let again = piped(&place, &["inspect", "--no-heads"], masked.out.as_bytes());
    assert_eq!((again.code, lines(&again).iter().flat_map(kinds).count()), (0, 0), "masks are findings");
    let full = piped(&place, &["inspect", "--no-heads"], many.as_bytes());
    assert_eq!(lines(&full)[0]["truncated"], true, "findings are missing and nobody says so");
    let line = json!({ "text": "x", "alt_texts": [CARD], "links": ["mailto:ann@example.com"] });
    let parts = piped(&place, &["inspect", "--no-heads", "--jsonl", "--redact"], line.to_string().as_bytes());
    assert_eq!(lines(&parts)[0]["alt_texts"], json!(["[CREDIT_CARD]"]));
    assert!(parts.out.contains("EMAIL_ADDRESS") && !parts.out.contains("ann@"), "{parts:?}");
}

#[test]
fn programs_get_the_list_of_kinds_as_json() {
    let place = Place::new();
    let answer = place.gatepost(&["inspect", "--list", "--only", "financial", "--json"]);
    let kinds = lines(&answer);
    assert!(kinds.iter().any(|kind| kind["kind"] == "IBAN_CODE" && kind["found"].is_array()), "{answer:?}");
}
