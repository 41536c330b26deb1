//! Stops the build in one line when the browser assets are missing, instead of letting the embed macro fail with a wall of text; and a
//! release build when they are older than what they are made from: an executable whose pages and scripts differ in age misbehaves quietly.

use std::{env, fs, path::Path, time::SystemTime};

/// The file that the asset build writes last.
const MANIFEST: &str = "../../web-ui/dist/manifest.json";
/// What the assets are made from.
const SOURCES: &str = "../../web-ui/src";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MANIFEST}");
    println!("cargo::rerun-if-changed={SOURCES}");
    let Some(built) = changed_at(Path::new(MANIFEST)) else {
        println!(
            "cargo::error=the browser assets are not built yet: run `make assets` (needs Node 20 or newer), then build again"
        );
        return;
    };
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && newest(Path::new(SOURCES)).is_some_and(|changed| changed > built) {
        println!("cargo::error=the browser assets are older than web-ui/src: run `make assets`, then build again");
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

/// When the newest file below a folder was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries.filter_map(|entry| if entry.path().is_dir() { newest(&entry.path()) } else { changed_at(&entry.path()) }).max()
}
