//! `gatepost check`: a doctor. Every finding says what to do.

use std::{path::Path, process::ExitCode};

use desk::{
    Actor, Clock as _, SystemClock,
    capture::connections,
    db::{Db, SchemaState},
    publishing,
    records::{self, WriterState},
};
use ledger::keys::{keystore::Opener, master::LocalMasterKey};
use serde::Serialize;

use crate::{
    config::Config,
    data::{DataFolder, is_open_to_others},
    output,
    record::{self, Place},
    wiring::{CommonArgs, block_on, desk_on, open_db},
};

/// Free space below which capture is in danger.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;
/// A clock before this moment (2026-01-01) was never set.
const EARLIEST_PLAUSIBLE_MS: i64 = 1_767_225_600_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also read the whole database for damage; takes minutes on a large one.
    #[arg(long)]
    deep: bool,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

fn good(what: &'static str, found: impl Into<String>) -> Finding {
    Finding { what, ok: true, found: found.into(), remedy: None }
}

fn bad(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { what, ok: false, found: found.into(), remedy: Some(remedy.into()) }
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match common.load_config() {
        Err(error) => findings.push(bad("configuration", error.to_string(), "correct it; nothing else was looked at")),
        Ok(config) => {
            findings.push(good("configuration", format!("valid; people reach it at {}", config.public_url())));
            findings.push(transport(&config.public_url()));
            match DataFolder::open(&common.data) {
                Err(error) => findings.push(bad("data folder", error.to_string(), "create or name the right one with --data")),
                Ok(folder) => {
                    findings.push(folder_finding(folder.path()));
                    findings.push(free_space(folder.path()));
                    // Asking for the key of a folder that has none would make one; a doctor changes nothing.
                    let own_key = folder.own_key_file(&config);
                    if own_key.as_ref().is_some_and(|path| !path.exists()) {
                        findings.push(bad(
                            "master key",
                            "there is none",
                            "run `gatepost init`, or restore master.key from your backup",
                        ));
                    } else {
                        findings.push(match folder.master_key(&config) {
                            Ok(_) => good("master key", format!("readable, from {}", folder.key_place(&config))),
                            Err(error) => {
                                bad("master key", error.to_string(), "restore the key that belongs to this data folder")
                            }
                        });
                    }
                    if config.database_url.is_empty() && !folder.database().exists() {
                        findings.push(bad("database", "there is none", "run `gatepost init --owner EMAIL`"));
                    } else {
                        findings.extend(block_on(async { Ok(database(&folder, &config, args.deep).await) })?);
                        findings.extend(record_findings(&folder, &config));
                    }
                }
            }
        }
    }
    findings.push(clock());
    let healthy = findings.iter().all(|finding| finding.ok);
    let mut text = String::new();
    for finding in &findings {
        text.push_str(&format!("{} {:<14} {}\n", if finding.ok { "ok  " } else { "BAD " }, finding.what, finding.found));
        if let Some(remedy) = &finding.remedy {
            text.push_str(&format!("     {:<14} → {remedy}\n", ""));
        }
    }
    output::answer(common.json, &serde_json::json!({ "healthy": healthy, "findings": findings }), &text)?;
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn transport(public_url: &str) -> Finding {
    let host = public_url.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
    if public_url.starts_with("https://") || host == "localhost" || host.starts_with("127.") {
        good("transport", if public_url.starts_with("https://") { "encrypted (https)" } else { "this machine only" })
    } else {
        bad(
            "transport",
            format!("{public_url} is not encrypted"),
            "put a TLS proxy in front and set server.public_url to its https address",
        )
    }
}

fn folder_finding(path: &Path) -> Finding {
    if is_open_to_others(path) {
        bad("data folder", format!("{} can be read by others", path.display()), format!("run `chmod 700 {}`", path.display()))
    } else {
        good("data folder", format!("{}, private", path.display()))
    }
}

fn free_space(path: &Path) -> Finding {
    let stat = match rustix::fs::statvfs(path) {
        Ok(stat) => stat,
        Err(error) => return bad("free space", error.to_string(), "check that the disk is mounted"),
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    // Tenths of a GiB, in whole numbers.
    let tenths = free.saturating_mul(10) >> 30;
    let found = format!("{}.{} GiB free", tenths / 10, tenths % 10);
    if free < FREE_BYTES_MIN {
        bad("free space", found, "free or add space: below 1 GiB new records are at risk")
    } else {
        good("free space", found)
    }
}

async fn database(folder: &DataFolder, config: &Config, deep: bool) -> Vec<Finding> {
    let db = match open_db(folder, config).await {
        Ok(db) => db,
        Err(error) => return vec![bad("database", error.to_string(), "start it, or correct database.url")],
    };
    let mut findings = vec![match db.schema_state().await {
        Ok(SchemaState::Current) => good("database", "answers, schema current"),
        Ok(SchemaState::Empty) => bad("database", "empty", "run `gatepost init --owner EMAIL`"),
        Ok(SchemaState::Behind(count)) => bad("database", format!("{count} migrations behind"), "start `gatepost serve` once"),
        Ok(SchemaState::Ahead(version)) => {
            bad("database", format!("written by a newer gatepost (migration {version})"), "install that version")
        }
        Err(error) => bad("database", error.to_string(), "restore it from a backup if it is damaged"),
    }];
    if deep && findings[0].ok {
        findings.push(match db.problems().await {
            Ok(problems) if problems.is_empty() => good("integrity", "no damage found, audit log gapless"),
            Ok(problems) => bad("integrity", problems.join("; "), "stop the server and restore the newest good backup"),
            Err(error) => bad("integrity", error.to_string(), "stop the server and restore the newest good backup"),
        });
    }
    if findings[0].ok {
        findings.extend(captures(folder, config, &db).await);
        findings.extend(posts(folder, config, &db).await);
    }
    db.close().await;
    findings
}

/// Whether connected profiles are captured. A folder without connections has nothing to say.
async fn captures(folder: &DataFolder, config: &Config, db: &Db) -> Option<Finding> {
    // A missing key is a finding of its own already, and asking for it would make one.
    if folder.own_key_file(config).is_some_and(|path| !path.exists()) {
        return None;
    }
    let desk = desk_on(db.clone(), &*folder.master_key(config).ok()?, config).ok()?;
    Some(match connections::alarms(&desk, &Actor::operator()).await {
        Ok(alarms) if alarms.is_empty() => good("capture", "no connected profile is silent, broken or without authorisation"),
        Ok(alarms) => {
            let say = |alarm: &connections::Alarm| {
                format!("{}: {} since {}", alarm.title, alarm.what.title().to_lowercase(), alarm.since.rfc3339())
            };
            let found = alarms.iter().map(say).collect::<Vec<_>>().join("; ");
            bad("capture", found, alarms.iter().map(|alarm| alarm.remedy.as_str()).collect::<Vec<_>>().join("; "))
        }
        Err(error) => bad("capture", error.to_string(), "start the database, or restore it from a backup"),
    })
}

/// Whether any post is past its time although nothing holds it.
async fn posts(folder: &DataFolder, config: &Config, db: &Db) -> Option<Finding> {
    if folder.own_key_file(config).is_some_and(|path| !path.exists()) {
        return None;
    }
    let desk = desk_on(db.clone(), &*folder.master_key(config).ok()?, config).ok()?;
    Some(match publishing::look(&desk).await {
        Ok((0, 0)) => good("publishing", "no post is past its time, none is held"),
        Ok((0, held)) => good("publishing", format!("no post is past its time; {held} are held and wait for a person")),
        Ok((overdue, _)) => bad(
            "publishing",
            format!("{overdue} posts are past their time and neither out nor held"),
            "start `gatepost serve` (with --worker, if roles are divided) and look at the publishing page",
        ),
        Err(error) => bad("publishing", error.to_string(), "start the database, or restore it from a backup"),
    })
}

/// The record: whether it opens, and what somebody has to act on.
fn record_findings(folder: &DataFolder, config: &Config) -> Vec<Finding> {
    let place = match Place::of(folder, config) {
        Ok(place) => place,
        Err(error) => return vec![bad("record", format!("{error:#}"), "correct the configuration")],
    };
    let mut findings = Vec::new();
    if let Err(error) = record::authorities(config) {
        findings.push(bad("time stamps", format!("{error:#}"), "correct timestamps.* in the configuration"));
    }
    match record::check_archive(config) {
        Ok(None) => {}
        Ok(Some(words)) => findings.push(good("archive", words)),
        Err(error) => findings.push(bad(
            "archive",
            format!("{error:#}"),
            "check archive.* in the configuration; segments stay in the database until it answers",
        )),
    }
    match place.exists() {
        Ok(true) => findings.extend(record_state(folder, config, &place)),
        Ok(false) => findings.push(good("record", "none yet; `gatepost serve` makes it at its first start")),
        Err(error) => findings.push(bad("record", error.to_string(), "start its database, or restore it from a backup")),
    }
    findings
}

fn record_state(folder: &DataFolder, config: &Config, place: &Place) -> Vec<Finding> {
    let damaged =
        |error: String| vec![bad("record", error, "run `gatepost ledger verify`; it says what is wrong and what to do")];
    let master = match folder.master_key(config) {
        Ok(key) => LocalMasterKey::derive(&key),
        // Told as a finding of its own already.
        Err(_) => return Vec::new(),
    };
    // A server that is stopped, as for an upgrade, is no finding.
    let writer = match place.writer() {
        Ok(WriterState::Elsewhere(name)) => WriterState::Elsewhere(name),
        _ => WriterState::Unknown,
    };
    let looked = place.read(Some(&Opener::Master(&master))).map_err(|error| error.to_string());
    let looked = looked.and_then(|reader| {
        records::look(&reader, &record::watched(config), writer, SystemClock.now()).map_err(|error| error.to_string())
    });
    let state = match looked {
        Ok(state) => state,
        Err(error) => return damaged(error),
    };
    let problems = records::problems(&state);
    if problems.is_empty() {
        let written = match &state.writer {
            WriterState::Elsewhere(name) => format!(", written by {name}"),
            _ => String::new(),
        };
        let stamped = state.stamps.iter().filter_map(|stamp| stamp.stamped_at).max();
        let stamped = stamped.map_or_else(|| ", no time stamps".to_owned(), |at| format!(", stamped {}", at.rfc3339()));
        return vec![good("record", format!("{} entries, {} signed{stamped}{written}", state.entries, state.signed))];
    }
    problems.into_iter().map(|problem| bad("record", problem.what, problem.remedy)).collect()
}

fn clock() -> Finding {
    let now = SystemClock.now();
    if now.0 < EARLIEST_PLAUSIBLE_MS {
        bad(
            "clock",
            now.rfc3339(),
            "set the clock and keep it set (systemd-timesyncd or chrony): time stamps and codes depend on it",
        )
    } else {
        good("clock", now.rfc3339())
    }
}
