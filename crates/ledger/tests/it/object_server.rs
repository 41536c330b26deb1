//! Object Lock on a server that enforces it: a one-node Ceph gateway, which knows nothing of ours.

use crate::loopback::Loopback;
use crate::programs::{free_port, peer};
use ledger::objects::{Bucket, ObjectError};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// A running gateway with one bucket that locks; its daemons stop when this is dropped.
pub struct Gateway {
    server: Child,
    pub address: String,
}

impl Gateway {
    pub fn start(folder: &Path) -> Self {
        let port = free_port();
        let mut server = Command::new(peer("ceph.sh"))
            .arg(folder.join("ceph"))
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script can be started");
        let mut said = String::new();
        let output = server.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut said).expect("readable");
        let gateway = Self { server, address: format!("http://127.0.0.1:{port}") };
        assert_eq!(said, "ready\n", "Ceph did not start: apt-get install ceph-mon ceph-osd radosgw ceph-common");
        gateway
    }

    pub fn bucket(&self, name: &str, secret: &str) -> Bucket {
        let secret = Zeroizing::new(secret.to_owned());
        Bucket::new(&self.address, "us-east-1", name, "access", secret).expect("an address")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The script stops its three daemons when it is asked to end; a kill would leave them.
        let _asked = Command::new("kill").arg(self.server.id().to_string()).status();
        let _reaped = self.server.wait();
    }
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("in range")
}

#[test]
fn a_real_object_server_keeps_what_was_locked() {
    let folder = tempfile::tempdir().expect("a folder");
    let gateway = Gateway::start(folder.path());
    let (bucket, open) = (gateway.bucket("archive", "secretsecret"), gateway.bucket("open", "secretsecret"));
    let now = now_ms();
    bucket.create_with_object_lock(&Loopback, now).expect("created");
    bucket.check_object_lock(&Loopback, now).expect("it locks");
    assert_eq!(open.check_object_lock(&Loopback, now), Err(ObjectError::NoObjectLock));

    let sealed: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let until = now + 3_600_000;
    let stored = bucket.put_locked(&Loopback, now, "bodies/1/ä 2.seg", &sealed, until).expect("stored and locked");
    assert_eq!(bucket.get(&Loopback, now, &stored).expect("read"), sealed);
    assert_eq!(bucket.delete(&Loopback, now, &stored), Err(ObjectError::Locked(stored.key.clone())));

    let other = bucket.put_locked(&Loopback, now, "bodies/1/ä 2.seg", b"other", until).expect("another version");
    assert_ne!(other.version, stored.version);
    assert_eq!(bucket.get(&Loopback, now, &stored).expect("the first version is still read"), sealed);

    let now = now_ms();
    let soon = bucket.put_locked(&Loopback, now, "bodies/1/3.seg", b"short-lived", now + 5000).expect("stored");
    assert_eq!(bucket.delete(&Loopback, now, &soon), Err(ObjectError::Locked(soon.key.clone())));
    for _ in 0..100 {
        if bucket.delete(&Loopback, now_ms(), &soon).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(bucket.get(&Loopback, now_ms(), &soon), Err(ObjectError::Missing(soon.key.clone())), "its date has passed");

    let wrong = gateway.bucket("archive", "another-secret").get(&Loopback, now, &stored).expect_err("refused");
    assert!(wrong.to_string().contains("SignatureDoesNotMatch"), "{wrong}");
}
