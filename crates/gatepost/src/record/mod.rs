//! The record of this installation: where its ledger lies, and how it is opened for reading and for writing.
//!
//! Without `database.url` it is a folder, with one writer by its lock. Beside PostgreSQL it is in the database, with one writer by its
//! lease; what this machine holds of it is an index, which is derived. Invariant: nothing but the master key and the configuration is
//! needed to open it on another node.

mod authorities;
mod keeper;
mod seat;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use desk::records::WriterState;
use ledger::{
    context::SystemClock,
    engine::{self, Environment, Ledger, OnFatal, OpenError, Options, Reader},
    keys::{keystore::Opener, master::LocalMasterKey},
    objects::Bucket,
    store::{
        Description, Store, StoreError,
        postgres::{ArchiveTo, PgStore},
    },
};
use zeroize::Zeroizing;

pub(crate) use self::{
    authorities::{authorities, watched},
    keeper::Keeper,
    seat::Seat,
};
use crate::{
    config::{ArchiveConfig, Config},
    data::DataFolder,
    http_out::{HttpOut, OBJECT_TIME_MAX},
};

/// The ledger's write-ahead ring: sixteen of its largest batches.
const RING_BYTES: u64 = 32 * 1024 * 1024;
/// What the one log of an installation is called in its database.
const LOG: &str = "record";
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Where the ledger lies.
pub(crate) struct Place {
    /// The ledger's folder: everything, or only what is derived.
    pub(crate) folder: PathBuf,
    /// The name a new log gets.
    origin: String,
    database: Option<Database>,
}

/// What is needed to reach a ledger in PostgreSQL.
struct Database {
    url: String,
    owner: String,
    lease: Duration,
    archive: Option<ArchiveTo>,
}

impl Database {
    /// Its store, for reading beside whoever writes.
    fn beside(&self) -> Result<Arc<PgStore>, StoreError> {
        PgStore::open_read_only(&self.url, LOG, self.archive.clone()).map(Arc::new)
    }
}

/// A ledger that is open for writing.
pub(crate) struct Opened {
    pub(crate) ledger: Arc<Ledger>,
    /// The store behind it, when it is a database.
    pub(crate) database: Option<Arc<PgStore>>,
}

impl Place {
    /// As configured.
    pub(crate) fn of(folder: &DataFolder, config: &Config) -> anyhow::Result<Self> {
        let url = config.public_url();
        let host = url.split("://").nth(1).unwrap_or("localhost");
        let archive = archive_of(&config.archive)?;
        let database = (!config.database_url.is_empty()).then(|| Database {
            url: config.database_url.clone(),
            owner: format!("{}/{}", node_name(config), std::process::id()),
            lease: Duration::from_secs(config.lease_seconds.into()),
            archive: archive.clone(),
        });
        anyhow::ensure!(
            archive.is_none() || database.is_some(),
            "archive.endpoint needs database.url: a ledger in the data folder keeps its segments there; unset one or set the other"
        );
        Ok(Self { folder: folder.path().join("ledger"), origin: format!("{host}/log"), database })
    }

    /// Whether it is in a database.
    pub(crate) fn is_shared(&self) -> bool {
        self.database.is_some()
    }

    /// Whether there is a ledger yet.
    pub(crate) fn exists(&self) -> Result<bool, StoreError> {
        let Some(database) = &self.database else { return Ok(self.folder.join("log.toml").exists()) };
        match PgStore::open_read_only(&database.url, LOG, None).and_then(|store| store.description()) {
            Ok(description) => Ok(description != Description::NotYet),
            Err(StoreError::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens it for reading, beside whoever writes. In a database, what is derived lies in the seat's folder.
    pub(crate) fn read(&self, opener: Option<&Opener<'_>>) -> Result<Reader, OpenError> {
        let environment = Environment::default();
        let Some(database) = &self.database else { return Reader::open(&environment, &self.folder, opener) };
        let seat = seat::first(&self.folder).map_err(OpenError::Index)?;
        Reader::open_in(&environment, &seat, database.beside()?, opener)
    }

    /// Opens it for writing, and makes it at the first time. [`StoreError::Locked`] while another process writes.
    pub(crate) fn write(&self, master: &LocalMasterKey, on_fatal: OnFatal, seat: Option<&Seat>) -> Result<Opened, OpenError> {
        let environment = Environment::default();
        let options = Options { on_fatal, ..Options::default() };
        let Some(database) = &self.database else {
            if !self.folder.join("log.toml").exists() {
                self.make(&environment, master)?;
            }
            let ledger = Ledger::open(environment, &self.folder, master, options)?;
            return Ok(Opened { ledger: Arc::new(ledger), database: None });
        };
        let own = if seat.is_none() { Some(Seat::take(&self.folder).map_err(OpenError::Index)?) } else { None };
        let seat = seat.or(own.as_ref()).expect("one was taken when none was given");
        PgStore::create_if_missing(&database.url, LOG)?;
        let (store, recovered) =
            PgStore::open_for(&database.url, LOG, &database.owner, database.lease, database.archive.clone())?;
        let store = Arc::new(store);
        if recovered.tree.size() == 0 && store.description()? == Description::NotYet {
            engine::create_in(&environment, seat.path(), &self.origin, master, &[], &*store)?;
        }
        let opener = Opener::Master(master);
        let ledger = Ledger::open_in(environment, seat.path(), store.clone(), recovered, &opener, options)?;
        Ok(Opened { ledger: Arc::new(ledger), database: Some(store) })
    }

    /// Makes the ledger beside its place and moves it there when it is whole: a start that is killed leaves nothing half made.
    fn make(&self, environment: &Environment, master: &LocalMasterKey) -> Result<(), OpenError> {
        let failed = |doing| {
            let path = self.folder.clone();
            move |source| StoreError::Io { doing, path, source }
        };
        let making = self.folder.with_extension("making");
        if making.exists() {
            // Nothing was ever recorded in it.
            std::fs::remove_dir_all(&making).map_err(failed("clear what an interrupted first start left beside"))?;
        }
        engine::create(environment, &making, &self.origin, master, &[], RING_BYTES)?;
        std::fs::rename(&making, &self.folder).map_err(failed("move the new ledger to"))?;
        if let Some(parent) = self.folder.parent() {
            std::fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed("make lasting the new ledger in"))?;
        }
        Ok(())
    }

    /// Who writes it now, as far as that can be told from outside.
    pub(crate) fn writer(&self) -> Result<WriterState, StoreError> {
        let Some(database) = &self.database else { return Ok(WriterState::Unknown) };
        let holder = database.beside()?.holder()?;
        Ok(if holder.is_free { WriterState::Nobody } else { WriterState::Elsewhere(holder.owner) })
    }
}

fn archive_of(config: &ArchiveConfig) -> anyhow::Result<Option<ArchiveTo>> {
    if config.endpoint.is_empty() {
        return Ok(None);
    }
    for (value, key) in [
        (&config.bucket, "archive.bucket"),
        (&config.access_key, "archive.access_key"),
        (&config.secret_key, "archive.secret_key"),
    ] {
        anyhow::ensure!(!value.is_empty(), "archive.endpoint is set but {key} is not; set it too");
    }
    let secret = Zeroizing::new(config.secret_key.clone());
    let bucket = Bucket::new(&config.endpoint, &config.region, &config.bucket, &config.access_key, secret)
        .context("archive.endpoint cannot be used")?;
    Ok(Some(ArchiveTo {
        bucket: Arc::new(bucket),
        http: Arc::new(HttpOut::new(OBJECT_TIME_MAX)?),
        clock: Arc::new(SystemClock),
        lock_ms: i64::from(config.lock_days) * DAY_MS,
    }))
}

/// Asks the object storage whether it locks; nothing when none is configured.
pub(crate) fn check_archive(config: &Config) -> anyhow::Result<Option<String>> {
    let Some(to) = archive_of(&config.archive)? else { return Ok(None) };
    to.bucket.check_object_lock(&*to.http, to.clock.now_ms())?;
    Ok(Some(format!("{} locks objects", config.archive.bucket)))
}

pub(crate) fn node_name(config: &Config) -> String {
    if !config.node.is_empty() {
        return config.node.clone();
    }
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "node".to_owned() } else { name.to_owned() }
}
