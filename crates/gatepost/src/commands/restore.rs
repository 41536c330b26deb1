//! `gatepost restore`: a data folder from a backup, proven before it is put in place.
//!
//! Nothing of an existing folder is touched: the restore is built beside it and renamed at the end, or not at all.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::Context as _;
use desk::{Actor, Object, audit_log::Outcome, rights::Operation, sealed::Sealer};
use ledger::{
    engine::OnFatal,
    keys::{keystore::Opener, master::LocalMasterKey},
    verify::{Settings, verify},
};

use super::backup::{DATABASE_FILE, DUMP_FILE, FORMAT, KEY_CHECK, KEY_FILE, MANIFEST_FILE, Manifest, describe_files};
use crate::{
    config::Config,
    data::{DataFolder, MASTER_KEY_VARIABLE},
    output,
    record::Place,
    wiring::{CommonArgs, Schema, block_on, open_desk},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup folder.
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// File with the master key, when the backup does not hold it.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let target = &common.data;
    if target.exists() {
        let empty = std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
        anyhow::ensure!(empty, "{} is not empty; restore into a new folder, so that nothing is overwritten", target.display());
    }
    let manifest = read_manifest(&args.from)?;
    check_files(&args.from, &manifest)?;
    let partial = target.with_extension("restoring");
    if partial.exists() {
        std::fs::remove_dir_all(&partial)
            .with_context(|| format!("failed to clear an unfinished restore at {}", partial.display()))?;
    }
    let folder = DataFolder::open_or_create(&partial)?;
    for file in &manifest.files {
        if file.name != DUMP_FILE {
            anyhow::ensure!(is_plain(&file.name), "the manifest names {}, which is not a place in a backup", file.name);
            if let Some(below) = partial.join(&file.name).parent() {
                std::fs::create_dir_all(below)?;
            }
            std::fs::copy(args.from.join(&file.name), partial.join(&file.name))
                .with_context(|| format!("failed to copy {}", file.name))?;
        }
    }
    place_key(args, &folder, &config)?;
    check_key(&folder, &config, &manifest)?;
    if manifest.engine == "postgres" {
        restore_postgres(&config, &args.from.join(DUMP_FILE))?;
    }
    let ledger_entries = check_ledger(&folder, &config)?;
    let mut proven = block_on(prove(&folder, &config, &manifest))?;
    proven["ledger_entries"] = ledger_entries.into();
    if target.exists() {
        std::fs::remove_dir(target)?;
    }
    std::fs::rename(&partial, target)?;
    let text = format!(
        "Restored to {} from the backup of {}.\nProven: every file has its recorded digest, the master key opens it, the database is \
         undamaged, the audit log is gapless, and the ledger verifies.\nSessions, API tokens and pending links were ended: what was revoked since the backup must not come back.\n",
        target.display(),
        manifest.made_at
    );
    output::answer(common.json, &proven, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn read_manifest(from: &Path) -> anyhow::Result<Manifest> {
    let path = from.join(MANIFEST_FILE);
    let text = std::fs::read(&path).with_context(|| format!("failed to read {}; is this a backup folder?", path.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    anyhow::ensure!(
        manifest.format == FORMAT,
        "this backup has format {}, this gatepost knows format {FORMAT}; use the version {} that made it, or a newer one",
        manifest.format,
        manifest.gatepost
    );
    Ok(manifest)
}

fn check_files(from: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let found = describe_files(from)?;
    for file in &manifest.files {
        let same = found.iter().find(|other| other.name == file.name);
        let same = same.with_context(|| format!("the backup lacks {}; take another one", file.name))?;
        anyhow::ensure!(
            same.sha256 == file.sha256 && same.bytes == file.bytes,
            "{} is not the file that was backed up (its digest differs); take another backup",
            file.name
        );
    }
    Ok(())
}

/// Whether a name stays below its folder.
fn is_plain(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Verifies every hash, root and signature of the restored ledger, and answers with its size; 0 when there is none.
fn check_ledger(folder: &DataFolder, config: &Config) -> anyhow::Result<u64> {
    let place = Place::of(folder, config)?;
    if !place.exists()? {
        return Ok(0);
    }
    let master = LocalMasterKey::derive(&*folder.master_key(config)?);
    let unopened = "the restored ledger does not open";
    // In a folder, opening it for writing replays what was not yet in its files.
    let written = if place.is_shared() { None } else { Some(place.write(&master, OnFatal::Stop, None).context(unopened)?) };
    let reader = match &written {
        Some(opened) => opened.ledger.reader(),
        None => place.read(Some(&Opener::Master(&master))).context(unopened)?,
    };
    let report = verify(&reader, Settings { deep: true, bodies: true }, &mut |_| true)?;
    let first = report.first().unwrap_or_default();
    anyhow::ensure!(report.findings == 0, "the restored ledger is damaged: {first}; take another backup");
    if let Some(opened) = written {
        opened.ledger.end()?;
    }
    Ok(report.entries)
}

fn place_key(args: &Args, folder: &DataFolder, config: &Config) -> anyhow::Result<()> {
    let place = folder.path().join(KEY_FILE);
    if let Some(file) = &args.key_file {
        std::fs::copy(file, &place).with_context(|| format!("failed to copy the master key from {}", file.display()))?;
    }
    if folder.own_key_file(config).is_some() {
        anyhow::ensure!(
            place.exists(),
            "the backup does not hold the master key; give it with --key-file FILE or in {MASTER_KEY_VARIABLE}"
        );
        std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(())
}

fn check_key(folder: &DataFolder, config: &Config, manifest: &Manifest) -> anyhow::Result<()> {
    let sealer = Sealer::new(&*folder.master_key(config)?);
    let sealed = hex::decode(&manifest.key_check).context("the manifest's key check is damaged")?;
    let opened = sealer.open(KEY_CHECK.0, &sealed).context("this master key does not belong to this backup")?;
    anyhow::ensure!(opened.as_slice() == KEY_CHECK.1, "this master key does not belong to this backup");
    Ok(())
}

fn restore_postgres(config: &Config, dump: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !config.database_url.is_empty(),
        "this backup is of a PostgreSQL database; set database.url to an empty database to restore into"
    );
    let status = Command::new("pg_restore")
        .args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname"])
        .arg(&config.database_url)
        .arg(dump)
        .stdin(Stdio::null())
        .status()
        .context("failed to run pg_restore; install the PostgreSQL client of the server's version")?;
    anyhow::ensure!(status.success(), "pg_restore ended with {status}; the database has to be empty");
    Ok(())
}

async fn prove(folder: &DataFolder, config: &Config, manifest: &Manifest) -> anyhow::Result<serde_json::Value> {
    if manifest.engine == "sqlite" {
        anyhow::ensure!(folder.path().join(DATABASE_FILE).exists(), "the backup lacks its database");
        anyhow::ensure!(config.database_url.is_empty(), "this backup is of a SQLite database, but database.url is set; unset it");
    }
    let desk = open_desk(folder, config, Schema::Migrate).await?;
    let problems = desk.db().problems().await?;
    anyhow::ensure!(problems.is_empty(), "the restored database is damaged: {}; take another backup", problems.join("; "));
    // What was revoked after the backup must not come back to life with it.
    let ended = desk::sign_in::end_everything(&desk, &Actor::operator()).await?;
    let details = serde_json::json!({ "backup_made_at": manifest.made_at });
    let details = details.as_object().cloned().unwrap_or_default();
    desk.note(&Actor::operator(), Operation::BackupRestore, Object::all("workspace"), Outcome::Done, details).await?;
    desk.db().close().await;
    Ok(serde_json::json!({
        "restored": true,
        "backup_made_at": manifest.made_at,
        "sessions_ended": ended.sessions,
        "tokens_revoked": ended.tokens,
        "links_revoked": ended.links,
    }))
}
