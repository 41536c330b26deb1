//! Child processes of a shell, which can be told to do anything a server does.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;

use super::*;

/// Only stops a test that hangs.
const LIMIT: Duration = Duration::from_mins(1);

fn shell(script: &str) -> Process {
    Process::start(Command::new("sh").args(["-c", script])).expect("sh starts")
}

#[test]
fn a_line_is_found_on_either_stream_and_everything_is_kept() {
    let mut process = shell("echo starting; echo 'listening on 127.0.0.1:4711' >&2; exec sleep 1000");
    assert_eq!(process.line_with("listening on", LIMIT).expect("said"), "listening on 127.0.0.1:4711");
    process.line_with("starting", LIMIT).expect("said before");
    assert_eq!(process.said().lines().count(), 2);
}

#[test]
fn a_process_that_ends_too_early_is_reported_with_what_it_said() {
    let mut process = shell("echo 'no such folder: x' >&2; exit 3");
    let error = process.line_with("listening", LIMIT).expect_err("it never listens");
    assert!(matches!(&error, ProcessError::Ended { status, .. } if status.code() == Some(3)), "{error}");
    assert!(error.to_string().contains("no such folder: x"), "{error}");
}

#[test]
fn waiting_ends_when_nothing_happens() {
    let mut process = shell("echo quiet; exec sleep 1000");
    let error = process.line_with("never", Duration::from_millis(50)).expect_err("never said");
    assert!(matches!(error, ProcessError::TooLong { .. }), "{error}");
}

#[test]
fn asked_to_end_it_can_say_goodbye_but_killed_it_cannot() {
    let script = "trap 'echo goodbye; exit 5' TERM; echo ready; while :; do sleep 0.01; done";
    let mut asked = shell(script);
    asked.line_with("ready", LIMIT).expect("ready");
    asked.ask_to_end().expect("signalled");
    assert_eq!(asked.ends(LIMIT).expect("ends").code(), Some(5));
    assert!(asked.said().contains("goodbye"));

    let mut killed = shell(script);
    killed.line_with("ready", LIMIT).expect("ready");
    let said = killed.said.clone();
    assert_eq!(killed.kill().expect("killed").signal(), Some(9));
    assert!(!said.all().contains("goodbye"));
}

#[test]
fn a_dropped_process_is_gone() {
    let process = shell("exec sleep 1000");
    let place = format!("/proc/{}", process.id());
    assert!(std::path::Path::new(&place).exists());
    drop(process);
    assert!(!std::path::Path::new(&place).exists(), "killed and reaped");
}

#[test]
fn a_talkative_process_is_not_stopped_by_its_own_output() {
    let mut process = shell("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; echo finished");
    assert!(process.ends(LIMIT).expect("ends").success());
    let said = process.said();
    assert!(said.ends_with("line 29999\nfinished\n"), "the end is kept");
    assert_eq!(said.lines().count(), KEPT_LINES_MAX);
}

#[test]
fn an_answer_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let address = listener.local_addr().expect("address");
    let server = std::thread::spawn(move || {
        // Not ready the first time; a connection that breaks is not counted.
        let mut statuses = ["503 Service Unavailable", "200 OK"].into_iter().peekable();
        while let Some(status) = statuses.peek() {
            let (mut stream, _) = listener.accept().expect("asked");
            let mut question = Vec::new();
            let mut byte = [0];
            while !question.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                question.push(byte[0]);
            }
            if write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nready").is_ok() {
                statuses.next();
            }
        }
    });
    let answer = shell("exec sleep 1000").answers(address, "/readyz", LIMIT).expect("answers in the end");
    assert_eq!(answer, Answer { status: 200, body: "ready".to_owned() });
    server.join().expect("asked twice");
}

#[test]
fn the_same_seed_draws_the_same_moments_below_the_limit() {
    let limit = Duration::from_millis(200);
    let draw = |seed| Moments::new(seed, limit).take(200).collect::<Vec<_>>();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert!(draw(1).iter().all(|moment| *moment < limit));
    let short = draw(1).iter().filter(|moment| **moment < limit / 8).count();
    assert!((80..160).contains(&short), "about half and an eighth of the rest are short, not {short} of 200");
}

#[test]
fn a_campaign_reports_the_round_whose_check_failed() {
    let moments = Moments::new(3, Duration::from_millis(5)).take(10);
    let check = |round| if round == 4 { Err("a post was lost".to_owned()) } else { Ok(()) };
    let report = crash_campaign(moments, |_| Ok(shell("exec sleep 1000")), check).expect_err("round 4 fails");
    assert!(report.starts_with("round 4, ") && report.ends_with("a post was lost"), "{report}");
}

#[test]
fn a_grandchild_that_holds_the_pipe_does_not_hold_the_wait() {
    let mut process = shell("sleep 30 & echo started it; exit 0");
    assert!(process.ends(LIMIT).expect("ends").success());
    assert!(process.said().contains("started it"));
}
