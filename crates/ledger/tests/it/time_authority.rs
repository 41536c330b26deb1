//! A time stamp authority that is not ours: openssl's responder behind busybox's web server.

use crate::loopback::Loopback;
use crate::programs::{accepted, free_port, peer, run};
use ledger::timestamp::{Authorities, Authority, Trust, UnverifiedStamp, verify_response};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running authority; stops when dropped.
pub struct Responder {
    pub folder: PathBuf,
    pub authority: Authority,
    server: Child,
}

impl Responder {
    pub fn start(folder: &Path, name: &str, kind: &str, fraction_digits: &str) -> Self {
        let folder = folder.join(name);
        accepted(&run(peer("timestamp-authority.sh"), [folder.as_os_str(), kind.as_ref(), fraction_digits.as_ref()]));
        let port = free_port();
        let server = Command::new(peer("timestamp-server.sh"))
            .arg(&folder)
            .arg(port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("the script can be started");
        let root = std::fs::read_to_string(folder.join("root.pem")).expect("a root");
        let trust = Trust::from_pem(&root, "").expect("a root");
        let url = format!("http://127.0.0.1:{port}/cgi-bin/tsa");
        let mut responder = Self { folder, authority: Authority::new(name, &url, None, trust).expect("an authority"), server };
        responder.wait_until_it_answers(port);
        responder
    }

    fn wait_until_it_answers(&mut self, port: u16) {
        for _ in 0..300 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return;
            }
            if let Some(status) = self.server.try_wait().expect("our own child") {
                panic!("the responder did not start ({status}): apt-get install busybox openssl");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the responder did not answer");
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _reaped = self.server.wait();
    }
}

#[test]
fn two_real_authorities_stamp_and_one_that_is_down_does_not_stop_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Responder::start(folder.path(), "first", "rsa", "0");
    let mut second = Responder::start(folder.path(), "second", "ec", "6");
    let both = Authorities::new(vec![first.authority.clone(), second.authority.clone()]).expect("two authorities");
    let message = b"log.example.test\n1\nAAAA\n";
    let mut counter = 0_u8;
    let mut random = || {
        counter += 1;
        [counter; 16]
    };
    for (name, stamp) in both.stamp_all(&Loopback, message, &mut random) {
        let stamp = stamp.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(stamp.verified.accuracy_us, Some(1_500_100));
    }
    second.server.kill().expect("our own child");
    second.server.wait().expect("our own child");
    let answers = both.stamp_all(&Loopback, message, &mut random);
    assert!(answers[0].1.is_ok());
    let error = answers[1].1.as_ref().expect_err("it is down").to_string();
    assert!(error.starts_with("the authority could not be reached"), "{error}");
}

#[test]
fn a_real_authoritys_refusals_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let responder = Responder::start(folder.path(), "first", "rsa", "0");
    let trust = responder.authority.trust().clone();
    let ask = |path: &str, policy: Option<&str>| {
        let url = responder.authority.url().replace("/cgi-bin/tsa", path);
        let authority = Authority::new("asked", &url, policy, trust.clone()).expect("an authority");
        authority.stamp(&Loopback, b"message", [7; 16])
    };
    assert!(ask("/cgi-bin/tsa", Some("1.3.6.1.4.1.99999.2")).is_ok(), "another policy that it serves");
    let refused = ask("/cgi-bin/tsa", Some("1.2.3")).expect_err("a policy that it does not serve").to_string();
    assert!(refused.contains("it does not serve the configured policy"), "{refused}");
    let missing = ask("/cgi-bin/elsewhere", None).expect_err("no such path").to_string();
    assert!(missing.contains("HTTP status 404"), "{missing}");
}

/// openssl and this crate judge the same token: both accept it, both refuse it over other data.
#[test]
fn openssl_accepts_the_token_that_was_accepted_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let responder = Responder::start(folder.path(), "first", "ec", "3");
    let message = folder.path().join("message");
    std::fs::write(&message, "what was said").expect("written");
    let stamp = responder.authority.stamp(&Loopback, b"what was said", [9; 16]).expect("a stamp");
    let token = folder.path().join("token.tsr");
    std::fs::write(&token, &stamp.response).expect("written");
    let verify = || {
        run(
            "openssl",
            [
                "ts".as_ref(),
                "-verify".as_ref(),
                "-in".as_ref(),
                token.as_os_str(),
                "-data".as_ref(),
                message.as_os_str(),
                "-CAfile".as_ref(),
                responder.root().as_os_str(),
            ],
        )
    };
    accepted(&verify());
    let _flipped = crate::programs::Flipped::at(&message, 3);
    crate::programs::refused(&verify(), "a token over other data");
    let changed = std::fs::read(&message).expect("read");
    assert_eq!(verify_response(&stamp.response, &changed, responder.authority.trust()), Err(UnverifiedStamp::Imprint));
}
