//! Which crate may depend on which (ARCHITECTURE.md, "Rooms"), and what each must never pull in, read from the manifests.

use toml::{Table, Value};

use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// One crate's row: what it may depend on of ours, and what it must never depend on of others'.
struct Room {
    name: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
}

const ALL: &[&str] = &["inspect", "ledger", "networks", "search", "desk", "web", "gatepost"];
const HTTP_SERVERS: &[&str] = &["axum", "maud", "tower", "tower-http", "hyper"];
const EFFECTS: &[&str] = &["tokio", "reqwest", "sqlx", "object_store", "axum", "hyper", "jiff"];

const ROOMS: [Room; 8] = [
    Room { name: "inspect", ours: &[], never: EFFECTS },
    Room { name: "ledger", ours: &[], never: HTTP_SERVERS },
    Room { name: "networks", ours: &[], never: &["sqlx", "axum", "maud"] },
    Room { name: "search", ours: &[], never: &["tokio", "reqwest", "sqlx", "object_store", "axum", "hyper"] },
    Room { name: "desk", ours: &["inspect", "ledger", "networks", "search"], never: HTTP_SERVERS },
    Room { name: "web", ours: &["desk"], never: &["sqlx", "reqwest"] },
    Room { name: "gatepost", ours: ALL, never: &["sqlx", "maud"] },
    Room { name: "testkit", ours: ALL, never: &[] },
];

/// What only tests may use.
const TEST_ONLY: [&str; 4] = ["testkit", "insta", "proptest", "tempfile"];

fn violations(manifest: &TextFile) -> Vec<Finding> {
    let table: Table = match manifest.text.parse() {
        Ok(table) => table,
        Err(error) => return vec![Finding::new(&manifest.path, 1, format!("not TOML: {error}"))],
    };
    let Some(name) = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(Finding::new(&manifest.path, 1, what));
    // A crate that is a workspace of its own (fuzz targets) cannot inherit ours.
    let is_apart = table.contains_key("workspace");
    if !is_apart && table.get("lints").and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
        find("say `[lints] workspace = true`: the lint table is one for all".to_owned());
    }
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        // A crate inside another crate's folder (its training recipe, its fuzz targets) serves that one only.
        let owner = manifest.path.split('/').nth(1).unwrap_or_default();
        for dependency in ours(&table, &["dependencies", "build-dependencies", "dev-dependencies"]) {
            if dependency != owner && dependency != "testkit" {
                find(format!("`{name}` lies in crates/{owner} and may not depend on `{dependency}`"));
            }
        }
        return findings;
    };
    for dependency in names(&table, &["dependencies", "build-dependencies"]) {
        if ALL.contains(&dependency.as_str()) && !room.ours.contains(&dependency.as_str()) {
            find(format!("`{name}` may not depend on `{dependency}`: {}", allowed(room)));
        }
        if room.never.contains(&dependency.as_str()) {
            find(format!("`{name}` may never depend on `{dependency}`"));
        }
        if name != "testkit" && TEST_ONLY.contains(&dependency.as_str()) {
            find(format!("`{dependency}` is for tests: move it to [dev-dependencies]"));
        }
    }
    findings
}

fn allowed(room: &Room) -> String {
    if room.ours.is_empty() { "it depends on nothing of ours".to_owned() } else { format!("only on {}", room.ours.join(", ")) }
}

/// Dependencies of the named tables, and of the same tables of every target.
fn names(manifest: &Table, tables: &[&str]) -> Vec<String> {
    let targets =
        manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let places = std::iter::once(manifest).chain(targets);
    let found = places.flat_map(|place| tables.iter().filter_map(|table| place.get(*table)?.as_table()));
    found.flat_map(|table| table.iter().map(|(name, about)| package(name, about))).collect()
}

fn ours(manifest: &Table, tables: &[&str]) -> Vec<String> {
    names(manifest, tables).into_iter().filter(|name| ALL.contains(&name.as_str()) || name == "testkit").collect()
}

/// A dependency's real name, whatever it was renamed to.
fn package(name: &str, about: &Value) -> String {
    about.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
}

#[test]
fn crates_depend_only_where_the_arrows_go() {
    let manifests = tree::files().into_iter().filter(|file| file.name() == "Cargo.toml" && file.path.starts_with("crates/"));
    assert_none(&manifests.flat_map(|file| violations(&file)).collect::<Vec<_>>());
}

#[test]
fn every_crate_of_the_first_floor_has_a_room() {
    let homeless = tree::files().into_iter().filter(|file| {
        let parts: Vec<_> = file.path.split('/').collect();
        matches!(parts[..], ["crates", name, "Cargo.toml"] if !ROOMS.iter().any(|room| room.name == name))
    });
    let findings: Vec<_> = homeless.map(|file| Finding::new(&file.path, 1, "add it to ROOMS and to ARCHITECTURE.md")).collect();
    assert_none(&findings);
}

#[cfg(test)]
fn check(name: &str, dependencies: &str) -> Vec<String> {
    let text = format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{dependencies}\n");
    violations(&TextFile::sample(&format!("crates/{name}/Cargo.toml"), &text)).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn an_arrow_against_the_order_is_noticed() {
    assert_eq!(
        check("desk", "[dependencies]\nweb.workspace = true"),
        ["`desk` may not depend on `web`: only on inspect, ledger, networks, search"]
    );
    assert_eq!(check("ledger", "[build-dependencies]\ninspect.workspace = true").len(), 1);
    assert_eq!(check("inspect", "[target.'cfg(unix)'.dependencies]\nledger.workspace = true").len(), 1);
    assert_eq!(check("web", "[dependencies]\nlog = { package = \"ledger\", path = \"../ledger\" }").len(), 1);
    assert!(check("desk", "[dependencies]\ninspect.workspace = true").is_empty());
}

#[test]
fn what_a_crate_must_never_pull_in_is_noticed() {
    assert_eq!(check("inspect", "[dependencies]\ntokio.workspace = true"), ["`inspect` may never depend on `tokio`"]);
    assert_eq!(check("web", "[dependencies]\nsqlx.workspace = true").len(), 1);
    assert!(check("inspect", "[dev-dependencies]\ntokio.workspace = true").is_empty());
}

#[test]
fn test_tools_in_the_product_are_noticed() {
    assert_eq!(check("web", "[dependencies]\ntestkit.workspace = true").len(), 1);
    assert!(check("web", "[dev-dependencies]\ntestkit.workspace = true").is_empty());
    assert!(check("testkit", "[dependencies]\ntempfile.workspace = true").is_empty());
}

#[test]
fn a_crate_without_the_lint_table_is_noticed() {
    let manifest = TextFile::sample("crates/web/Cargo.toml", "[package]\nname = \"web\"\n");
    assert_eq!(violations(&manifest).len(), 1);
    let apart = TextFile::sample("crates/ledger/fuzz/Cargo.toml", "[workspace]\n[package]\nname = \"ledger-fuzz\"\n");
    assert_eq!(violations(&apart), []);
}

#[test]
fn a_crate_inside_another_serves_only_that_one() {
    let of = |dependency: &str| {
        let text = format!(
            "[package]\nname = \"inspect-train\"\n[lints]\nworkspace = true\n[dependencies]\n{dependency}.path = \"..\"\n"
        );
        violations(&TextFile::sample("crates/inspect/train/Cargo.toml", &text)).len()
    };
    assert_eq!(of("inspect"), 0);
    assert_eq!(of("desk"), 1);
}
