//! Servers that we did not write, started from `scripts/peers` for one test.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use testkit::{
    ports,
    process::{Process, ProcessError},
};

/// Ceph takes a quarter of a minute on an idle machine; only a hang takes longer than this.
const START_MAX: Duration = Duration::from_mins(3);

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/peers").join(name)
}

/// openssl's time stamp responder behind busybox's web server.
pub(crate) struct TimeAuthority {
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    _server: Process,
}

impl TimeAuthority {
    /// Its path at its address.
    pub(crate) const PATH: &'static str = "/cgi-bin/tsa";

    pub(crate) fn start(folder: &Path, kind: &str) -> Self {
        let made = Command::new(script("timestamp-authority.sh")).arg(folder).arg(kind).stdin(Stdio::null()).status();
        assert!(made.expect("the script runs").success(), "openssl is needed: apt-get install openssl");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free().expect("a free port")));
        let mut command = Command::new(script("timestamp-server.sh"));
        let mut server = Process::start(command.arg(folder).arg(address.port().to_string())).expect("it starts");
        // It answers a GET with 200 once it is up: the script answers anything.
        server.answers(address, Self::PATH, START_MAX).expect("busybox is needed: apt-get install busybox");
        Self { folder: folder.to_owned(), address, _server: server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, Self::PATH)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }
}

/// A one-node Ceph gateway, which enforces Object Lock.
pub(crate) struct ObjectServer {
    server: Option<Process>,
    pub(crate) address: String,
}

impl ObjectServer {
    pub(crate) const ACCESS_KEY: &'static str = "access";
    pub(crate) const SECRET_KEY: &'static str = "secretsecret";

    pub(crate) fn start(folder: &Path) -> Self {
        let port = ports::free().expect("a free port");
        let mut command = Command::new(script("ceph.sh"));
        let mut server = Process::start(command.arg(folder).arg(port.to_string())).expect("it starts");
        server.line_with("ready", START_MAX).expect("Ceph is needed: apt-get install ceph-mon ceph-osd radosgw ceph-common");
        Self { server: Some(server), address: format!("http://127.0.0.1:{port}") }
    }

    /// Stops it; the script stops its three daemons when it is asked to end, a kill would leave them.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let ended = server.ask_to_end().and_then(|()| server.ends(START_MAX));
            drop::<Result<_, ProcessError>>(ended);
        }
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        self.stop();
    }
}
