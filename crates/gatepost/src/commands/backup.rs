//! `gatepost backup`: a consistent copy of everything, while the server runs.
//!
//! The folder holds the database copy, the ledger when there is one, and `manifest.json` with the length and SHA-256 of every file.
//! The master key is left out unless asked for: who steals a backup without the key cannot open what is sealed in it.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::Context as _;
use desk::{Actor, Object, SystemIds, audit_log::Outcome, rights::Operation, sealed::Sealer};
use serde::{Deserialize, Serialize};

use crate::{
    data::DataFolder,
    output,
    record::Place,
    stable_copy,
    wiring::{CommonArgs, Schema, block_on, open_desk},
};

/// The format of the manifest; a restore refuses what it does not know.
pub(crate) const FORMAT: u32 = 1;
/// What is sealed to tell whether a key belongs to a backup.
pub(crate) const KEY_CHECK: (&str, &[u8]) = ("backup/key-check", b"this key belongs to this backup");
pub(crate) const DATABASE_FILE: &str = "gatepost.db";
pub(crate) const DUMP_FILE: &str = "gatepost.dump";
pub(crate) const KEY_FILE: &str = "master.key";
pub(crate) const MANIFEST_FILE: &str = "manifest.json";
pub(crate) const LEDGER_FOLDER: &str = "ledger";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to write; must not exist yet.
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// Put the master key into the backup. Whoever has such a backup can read everything in it.
    #[arg(long)]
    with_key: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) gatepost: String,
    pub(crate) made_at: String,
    pub(crate) engine: String,
    pub(crate) key_check: String,
    pub(crate) files: Vec<ManifestFile>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ManifestFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let folder = DataFolder::open(&common.data)?;
    anyhow::ensure!(!args.to.exists(), "{} exists already; name a folder that does not", args.to.display());
    let partial = args.to.with_extension("partial");
    if partial.exists() {
        std::fs::remove_dir_all(&partial)
            .with_context(|| format!("failed to clear an unfinished backup at {}", partial.display()))?;
    }
    DataFolder::open_or_create(&partial)?;
    block_on(async {
        let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
        // On record before the copy is made, so that the copy itself says that it was made.
        desk.note(&Actor::operator(), Operation::BackupMake, Object::all("workspace"), Outcome::Done, serde_json::Map::new())
            .await?;
        let engine = if config.database_url.is_empty() {
            desk.db().copy_to(&partial.join(DATABASE_FILE)).await?;
            "sqlite"
        } else {
            dump_postgres(&config.database_url, &partial.join(DUMP_FILE))?;
            "postgres"
        };
        // After the database: the ledger may then hold more of the audit log than the database copy says, never less, and what it
        // holds already is not taken twice.
        let place = Place::of(&folder, &config)?;
        // Beside PostgreSQL the ledger is in the dump, and what lies in the folder is derived.
        if !place.is_shared() && place.folder.exists() {
            stable_copy::copy(&place.folder, &partial.join(LEDGER_FOLDER))?;
        }
        if args.with_key {
            let own = folder.own_key_file(&config);
            let from = own.context("the master key does not lie in the data folder; back it up where it is kept")?;
            std::fs::copy(from, partial.join(KEY_FILE)).context("failed to copy the master key")?;
        }
        let sealer = Sealer::new(&*folder.master_key(&config)?);
        let manifest = Manifest {
            format: FORMAT,
            gatepost: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: desk.now().rfc3339(),
            engine: engine.to_owned(),
            key_check: hex::encode(sealer.seal(&SystemIds::new(), KEY_CHECK.0, KEY_CHECK.1)),
            files: describe_files(&partial)?,
        };
        std::fs::write(partial.join(MANIFEST_FILE), serde_json::to_vec_pretty(&manifest)?)?;
        for file in &manifest.files {
            File::open(partial.join(&file.name))?.sync_all()?;
        }
        File::open(partial.join(MANIFEST_FILE))?.sync_all()?;
        std::fs::rename(&partial, &args.to)?;
        desk.db().close().await;
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        let text = format!(
            "Backup written to {} ({bytes} bytes in {} files).\n{}{}",
            args.to.display(),
            manifest.files.len(),
            if args.with_key {
                "It holds the master key: keep it as safe as the desk itself.\n"
            } else {
                "The master key is not in it: keep a copy of the key in another safe place, or nobody can restore this.\n"
            },
            if config.archive.endpoint.is_empty() {
                ""
            } else {
                "Segments of the record that were moved to object storage are not in it: they stay there, locked, and a restore reads them there.\n"
            }
        );
        output::answer(common.json, &manifest, &text)?;
        Ok(ExitCode::SUCCESS)
    })
}

fn dump_postgres(url: &str, to: &Path) -> anyhow::Result<()> {
    let status = Command::new("pg_dump")
        .args(["--format=custom", "--no-owner", "--no-privileges", "--file"])
        .arg(to)
        .arg(url)
        .stdin(Stdio::null())
        .status()
        .context("failed to run pg_dump; install the PostgreSQL client of the server's version")?;
    anyhow::ensure!(status.success(), "pg_dump ended with {status}; its message stands above");
    Ok(())
}

/// Length and SHA-256 of every file in a folder and below, by name.
pub(crate) fn describe_files(folder: &Path) -> anyhow::Result<Vec<ManifestFile>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let relative = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(relative);
            } else if relative != Path::new(MANIFEST_FILE) {
                let (bytes, sha256) = describe(&entry.path())?;
                files.push(ManifestFile { name: relative.to_string_lossy().into_owned(), bytes, sha256 });
            }
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn describe(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex::encode(digest.finish().as_ref())));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}
