//! `gatepost inspect` from the outside: formats, order, exit codes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn inspect(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatepost"))
        .arg("inspect")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("the executable ends");
    writer.join().expect("written");
    output
}

fn lines(output: &Output) -> Vec<serde_json::Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("every line is JSON")).collect()
}

#[test]
fn offsets_count_characters_and_ids_are_kept() {
    let output = inspect(&["--jsonl"], "{\"id\": \"a7\", \"text\": \"é😀 mail ann@example.org\"}\n\n{\"text\":\"hello\"}\n");
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((&lines[0]["id"], &lines[1]["id"]), (&"a7".into(), &3.into()));
    let finding = &lines[0]["findings"][0];
    assert_eq!(finding["kind"], "EMAIL_ADDRESS");
    assert_eq!((finding["start"].as_u64(), finding["end"].as_u64()), (Some(8), Some(23)));
    for key in ["detector", "version", "level", "score", "reason"] {
        assert!(!finding[key].is_null(), "{key}");
    }
    for key in ["heads", "flags", "sentiment", "language"] {
        assert!(!lines[1][key].is_null(), "{key}");
    }
    assert!(!String::from_utf8_lossy(&output.stdout).contains("ann@"), "the report does not repeat the value");
}

#[test]
fn exit_codes_tell_clean_from_found_from_broken() {
    assert_eq!(inspect(&[], "good morning\n").status.code(), Some(0));
    assert_eq!(inspect(&[], "card 4111 1111 1111 1111\n").status.code(), Some(1));
    assert_eq!(inspect(&["--fail-level", "high"], "see www.example.org in 1999\n").status.code(), Some(1));
    assert_eq!(inspect(&["--fail-level", "high", "--only", "DATE_TIME"], "since 1999\n").status.code(), Some(0));
    let broken = inspect(&["--jsonl"], "not json\n");
    assert_eq!(broken.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("line 1"), "{broken:?}");
    let unknown = inspect(&["--only", "credit_crad"], "");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("CREDIT_CARD"), "{unknown:?}");
    assert_eq!(inspect(&["/nonexistent/file"], "").status.code(), Some(2));
}

#[test]
fn many_lines_on_many_threads_keep_their_order() {
    let input: Vec<String> = (0..40_000).map(|i| format!("line {i} of a long file, write to a{i}@example.org")).collect();
    let input = input.join("\n");
    let output = inspect(&["--threads", "3", "--no-heads", "--only", "EMAIL_ADDRESS"], &input);
    let lines = lines(&output);
    assert_eq!(lines.len(), 40_000);
    assert!(
        lines.iter().zip(1u64..).all(|(line, id)| line["id"] == id && line["findings"].as_array().is_some_and(|f| f.len() == 1))
    );
}

#[test]
fn redaction_and_explanation_are_for_people() {
    let masked = inspect(&["--redact"], "write to ann@example.org\nhello\n");
    assert_eq!(String::from_utf8_lossy(&masked.stdout), "write to [EMAIL_ADDRESS]\nhello\n");
    let explained = inspect(&["--explain", "--color", "never"], "write to ann@example.org \u{1b}[31m\n");
    let text = String::from_utf8_lossy(&explained.stdout);
    assert!(text.contains("[ann@example.org]") && text.contains("EMAIL_ADDRESS: "), "{text}");
    assert!(!text.contains('\u{1b}'), "control characters of a message do not reach the terminal");
}

#[test]
fn the_list_shows_every_kind_once() {
    let output = inspect(&["--list"], "");
    let text = String::from_utf8_lossy(&output.stdout);
    for kind in inspect::kinds::all() {
        assert_eq!(text.matches(&format!("{} — ", kind.id)).count(), 1, "{}", kind.id);
    }
}
