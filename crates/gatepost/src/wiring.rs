//! Putting the parts together: from configuration and data folder to a [`Desk`].

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use desk::{
    Desk, DeskParts, SystemClock, SystemIds,
    db::{Db, DbOptions, SchemaState},
    mail,
    sealed::{MASTER_KEY_LEN, Sealer},
};

use crate::{
    config::{Config, MailConfig},
    data::DataFolder,
};

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct CommonArgs {
    /// The data folder.
    #[arg(long, env = "GATEPOST_DATA", default_value = "data", global = true, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The configuration file; gatepost.toml in the data folder when not given.
    #[arg(long, env = "GATEPOST_CONFIG", global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl CommonArgs {
    /// Reads the configuration: file, then environment.
    pub(crate) fn load_config(&self) -> anyhow::Result<Config> {
        let file = self.config.clone().unwrap_or_else(|| self.data.join("gatepost.toml"));
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(Config::load(&file, self.config.is_some(), environment)?)
    }
}

/// What a command wants of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Bring it up to date.
    Migrate,
    /// It has to be current already; change nothing.
    MustBeCurrent,
}

/// Opens the database of a folder.
pub(crate) async fn open_db(folder: &DataFolder, config: &Config) -> anyhow::Result<Db> {
    let options = DbOptions { connections_max: config.connections_max };
    Ok(if config.database_url.is_empty() {
        Db::open_sqlite(&folder.database(), options).await?
    } else {
        Db::open_postgres(&config.database_url, options).await?
    })
}

/// Opens the desk of a folder.
pub(crate) async fn open_desk(folder: &DataFolder, config: &Config, schema: Schema) -> anyhow::Result<Desk> {
    // The key first: a folder without its key is told before the database is touched.
    let master = folder.master_key(config)?;
    let db = open_db(folder, config).await?;
    match schema {
        Schema::Migrate => db.migrate().await?,
        Schema::MustBeCurrent => {
            let state = db.schema_state().await.context("failed to look at the schema")?;
            match state {
                SchemaState::Current => {}
                SchemaState::Empty => anyhow::bail!("the database is empty; run `gatepost init --owner EMAIL` first"),
                SchemaState::Behind(count) => {
                    anyhow::bail!("the database lacks {count} migrations; start `gatepost serve` once to bring it up to date")
                }
                SchemaState::Ahead(version) => {
                    anyhow::bail!("the database was written by a newer gatepost (migration {version}); use that version")
                }
            }
        }
    }
    desk_on(db, &master, config)
}

/// A desk on a database that is open already.
pub(crate) fn desk_on(db: Db, master: &[u8; MASTER_KEY_LEN], config: &Config) -> anyhow::Result<Desk> {
    Ok(Desk::new(DeskParts {
        db,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(master),
        public_url: config.public_url(),
        mail: mail_server(config)?,
    }))
}

/// The mail server of the configuration; nothing when none is set.
fn mail_server(config: &Config) -> anyhow::Result<Option<mail::Server>> {
    let MailConfig { host, port, security, user, password, from, roots } = &config.mail;
    if host.is_empty() {
        return Ok(None);
    }
    let security = mail::Security::parse(security).context("mail.security is not one of starttls, tls, none")?;
    let mut server = mail::Server::new(host, *port, security, from)?;
    if !user.is_empty() {
        server = server.with_user(user, password);
    }
    if !roots.is_empty() {
        let pem = std::fs::read(roots).with_context(|| format!("failed to read mail.roots ({roots})"))?;
        server = server.with_roots(&pem)?;
    }
    Ok(Some(server))
}

/// The search index's folder in a data folder.
pub(crate) fn search_folder(folder: &DataFolder) -> PathBuf {
    folder.path().join("search")
}

/// A runtime for a command that is not a server.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start the runtime")?.block_on(work)
}
