//! The one throw-away PostgreSQL server that all test processes of a `target` folder share.
//!
//! Started under a file lock by whoever needs it first, in a temporary folder that only the server's user may enter
//! (so its socket needs no password), and never on a network port. Invariant: at most one server per `target`
//! folder. Durability is off; nothing in it is worth keeping. It stops when `scripts/postgres.sh stop` says so or
//! when no test asked for it for [`IDLE_MINUTES_MAX`] minutes, so that an interrupted run leaves nothing running.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::PostgresError;

/// Longer than any test holds a database without asking for another, shorter than someone's patience with a stray server.
const IDLE_MINUTES_MAX: u32 = 20;

/// How long a server that is starting up or shutting down is waited for, in steps of [`SETTLE_STEP`].
const SETTLE_STEPS_MAX: u32 = 100;
const SETTLE_STEP: Duration = Duration::from_millis(100);

/// A socket's path may be 107 bytes on Linux; the server adds `/.s.PGSQL.5432` and we add `/gatepost-pg-` and a random part.
const TEMPORARY_FOLDER_BYTES_MAX: usize = 70;

/// Test processes run side by side and each may hold two pools.
const CONNECTIONS_MAX: u32 = 400;

/// Stops the server when it was not used for a while, and clears up after it however it ended.
/// Arguments: server folder, program folder, idle minutes.
const WATCHDOG: &str = r#"
while [ -e "$1/data/postmaster.pid" ] && [ -z "$(find "$1/used" -mmin "+$3")" ]; do sleep 20; done
[ ! -e "$1/data/postmaster.pid" ] || "$2/pg_ctl" stop --pgdata "$1/data" --mode smart --wait --timeout 3600
rm -rf "$1"
"#;

/// Where the running server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
}

impl Cluster {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The server's own database, from which others are made.
    pub(super) fn admin_url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", percent_encoded(&self.folder))
    }

    /// Tells the watchdog that tests are still running.
    pub(super) fn mark_used(&self) {
        // Without the mark the server stops early and the next test starts another.
        let _not_marked = File::create(self.folder.join("used"));
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Waits until the server either answers or is gone; true when it answers.
    fn settles(&self) -> Result<bool, PostgresError> {
        for _ in 0..SETTLE_STEPS_MAX {
            let mut probe = Command::new(self.program("pg_isready"));
            probe.args(["--quiet", "--dbname", &self.admin_url()]);
            match output_of(&mut probe)?.status.code() {
                Some(0) => return Ok(true),
                Some(1) => std::thread::sleep(SETTLE_STEP),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    fn start(programs: PathBuf) -> Result<Self, PostgresError> {
        let user = ServerUser::choose()?;
        let temporary = std::env::temp_dir();
        let fits = temporary.as_os_str().len() <= TEMPORARY_FOLDER_BYTES_MAX;
        let parent = if fits { temporary } else { PathBuf::from("/tmp") };
        let folder = tempfile::Builder::new()
            .prefix("gatepost-pg-")
            // Whoever reaches the socket is the server's superuser: only the server's user (and root) may.
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(io(format!("failed to make a folder in {}", parent.display())))?
            .keep();
        let cluster = Self { folder, programs };
        user.give(&cluster.folder)?;
        cluster.mark_used();
        cluster.initialise(&user)?;
        cluster.launch(&user)?;
        cluster.watch(&user)?;
        Ok(cluster)
    }

    fn initialise(&self, user: &ServerUser) -> Result<(), PostgresError> {
        let mut command = user.command(&self.program("initdb"));
        command.args(["--username=postgres", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync"]);
        command.arg("--pgdata").arg(self.data());
        self.expect_success(&mut command)
    }

    fn launch(&self, user: &ServerUser) -> Result<(), PostgresError> {
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections={CONNECTIONS_MAX} \
             -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
             -c autovacuum=off -c jit=off -c shared_buffers=64MB -c timezone=UTC",
            self.folder.display()
        );
        let mut command = user.command(&self.program("pg_ctl"));
        command.args(["start", "--silent", "--wait", "--timeout=60", "--options", &settings]);
        command.arg("--pgdata").arg(self.data()).arg("--log").arg(self.folder.join("log"));
        self.expect_success(&mut command)
    }

    fn watch(&self, user: &ServerUser) -> Result<(), PostgresError> {
        let mut command = user.command(Path::new("sh"));
        command.args(["-c", WATCHDOG, "gatepost-postgres-watchdog"]);
        command.arg(&self.folder).arg(&self.programs).arg(IDLE_MINUTES_MAX.to_string());
        // Its own process group and no pipes: a test runner neither waits for it nor ends it with the test.
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(drop).map_err(io("failed to start the test server's watchdog"))
    }

    fn expect_success(&self, command: &mut Command) -> Result<(), PostgresError> {
        // Not a pipe: the server inherits it, and reading a pipe would then last as long as the server does.
        let said = self.folder.join("said");
        let file = File::create(&said).map_err(io(format!("failed to write {}", said.display())))?;
        let copy = file.try_clone().map_err(io("failed to share a file"))?;
        let status = without_surroundings(command).stdout(file).stderr(copy).status();
        let status = status.map_err(io(format!("failed to run {}", command.get_program().display())))?;
        if status.success() {
            return Ok(());
        }
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let reason = format!("{} {}", read("said").trim(), read("log").trim());
        Err(PostgresError::NotStarted { folder: self.folder.display().to_string(), reason })
    }
}

/// The shared server: the one on record, or a new one. With `doubted`, the one on record did not answer the caller and is looked at
/// closely before it is used or replaced.
pub(super) fn current_or_start(doubted: bool) -> Result<Cluster, PostgresError> {
    Record::of_target_folder()?.current_or_start(doubted)
}
/// The note in the target folder that tells every test process, and `scripts/postgres.sh`, where the server is:
/// server folder and program folder, a line each.
struct Record {
    folder: PathBuf,
}

impl Record {
    fn of_target_folder() -> Result<Self, PostgresError> {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from);
        let folder = target.join("tmp").join("postgres");
        fs::create_dir_all(&folder).map_err(io(format!("failed to make {}", folder.display())))?;
        Ok(Self { folder })
    }

    fn current_or_start(&self, doubted: bool) -> Result<Cluster, PostgresError> {
        if !doubted && let Some(cluster) = self.read() {
            return Ok(cluster);
        }
        let _lock = self.lock()?;
        if let Some(cluster) = self.read() {
            if cluster.settles()? {
                return Ok(cluster);
            }
            // The folder is ours: the record lies in our own target folder and nobody else writes it.
            let _gone_already = fs::remove_dir_all(&cluster.folder);
        }
        let cluster = Cluster::start(server_programs().ok_or(PostgresError::NotInstalled)?)?;
        self.write(&cluster)?;
        Ok(cluster)
    }

    fn read(&self) -> Option<Cluster> {
        let text = fs::read_to_string(self.folder.join("server")).ok()?;
        let (folder, programs) = text.trim_end().split_once('\n')?;
        Some(Cluster { folder: folder.into(), programs: programs.into() })
    }

    fn write(&self, cluster: &Cluster) -> Result<(), PostgresError> {
        let text = format!("{}\n{}\n", cluster.folder.display(), cluster.programs.display());
        // Renamed into place: readers take no lock and must never see half a note.
        let draft = self.folder.join("server.new");
        let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, self.folder.join("server")));
        written.map_err(io(format!("failed to write {}", draft.display())))
    }

    fn lock(&self) -> Result<File, PostgresError> {
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(io(format!("failed to open {}", path.display())))?;
        file.lock().map_err(io(format!("failed to lock {}", path.display())))?;
        Ok(file)
    }
}

/// The user the server runs as: the one running the tests, or `postgres` where that is root.
struct ServerUser {
    ids: Option<(u32, u32)>,
}

impl ServerUser {
    fn choose() -> Result<Self, PostgresError> {
        if id(&["-u"])? != Some(0) {
            return Ok(Self { ids: None });
        }
        match (id(&["-u", "postgres"])?, id(&["-g", "postgres"])?) {
            (Some(user), Some(group)) => Ok(Self { ids: Some((user, group)) }),
            _ => Err(PostgresError::NoServerUser),
        }
    }

    fn give(&self, folder: &Path) -> Result<(), PostgresError> {
        let Some((user, group)) = self.ids else {
            return Ok(());
        };
        chown(folder, Some(user), Some(group)).map_err(io(format!("failed to hand {} over", folder.display())))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

/// Asks `id` for a number; `None` when it knows no such user.
fn id(arguments: &[&str]) -> Result<Option<u32>, PostgresError> {
    let output = output_of(Command::new("id").args(arguments))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// The folder with the server's programs: the newest that Debian installed, else where PATH's `initdb` really lies
/// (a link into one of several installations is common, and the others must come from the same one).
fn server_programs() -> Option<PathBuf> {
    let program = newest_debian("initdb").or_else(|| fs::canonicalize(on_path("initdb")?).ok())?;
    let folder = program.parent()?;
    let complete = ["initdb", "pg_ctl", "pg_isready", "psql"].iter().all(|name| folder.join(name).is_file());
    complete.then(|| folder.to_owned())
}

/// A client program for an existing server. The versioned one first: Debian's `psql` on PATH is a slow wrapper.
pub(super) fn client_program(name: &str) -> Option<PathBuf> {
    newest_debian(name).or_else(|| on_path(name))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn newest_debian(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let numbered = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let installed =
        numbered.map(|(version, folder)| (version, folder.join("bin").join(name))).filter(|(_, program)| program.is_file());
    installed.max_by_key(|(version, _)| *version).map(|(_, program)| program)
}

/// Runs a program with nobody's PostgreSQL settings and collects what it says.
pub(super) fn output_of(command: &mut Command) -> Result<Output, PostgresError> {
    let output = without_surroundings(command).stdin(Stdio::null()).output();
    output.map_err(io(format!("failed to run {}", command.get_program().display())))
}

/// A developer's own `PGHOST`, `PGOPTIONS`, `PGSERVICE` … must not reach the tests' server.
fn without_surroundings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command
}

fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    encoded
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> PostgresError {
    let what = what.into();
    move |source| PostgresError::Io { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_odd_characters_survives_the_url() {
        assert_eq!(percent_encoded(Path::new("/tmp/a b&c?d%é")), "/tmp/a%20b%26c%3Fd%25%C3%A9");
        assert_eq!(percent_encoded(Path::new("/tmp/gatepost-pg-Ab1.x_y~")), "/tmp/gatepost-pg-Ab1.x_y~");
    }

    /// Ends the server as a crash would, and waits until it is gone.
    fn end_at_once(cluster: &Cluster) {
        let user = ServerUser::choose().expect("user");
        let mut command = user.command(&cluster.program("pg_ctl"));
        command.args(["stop", "--silent", "--wait", "--mode=immediate", "--pgdata"]).arg(cluster.data());
        assert!(output_of(&mut command).expect("pg_ctl runs").status.success());
    }

    #[test]
    fn a_server_that_died_is_replaced_and_cleared_away() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let record = Record { folder: folder.path().to_owned() };
        let first = record.current_or_start(false).expect("first server");
        assert_eq!(record.current_or_start(true).expect("still answers"), first, "a living server is kept");
        end_at_once(&first);
        let second = record.current_or_start(true).expect("second server");
        assert_ne!(second, first);
        assert!(!first.folder.exists(), "the dead server's folder is gone");
        assert!(second.settles().expect("answers"));
        end_at_once(&second);
        let _the_watchdog_may_be_first = fs::remove_dir_all(&second.folder);
    }

    #[test]
    fn only_the_servers_user_may_enter_its_folder() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let cluster = Record { folder: folder.path().to_owned() }.current_or_start(false).expect("server");
        let mode = fs::metadata(&cluster.folder).expect("exists").permissions().mode();
        end_at_once(&cluster);
        let _the_watchdog_may_be_first = fs::remove_dir_all(&cluster.folder);
        assert_eq!(mode & 0o777, 0o700, "anyone who enters is the server's superuser");
    }
}
