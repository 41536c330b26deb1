//! Stops the build in one line when the browser assets are missing, instead of letting the embed macro fail with a wall of text.

use std::path::Path;

/// The file that the asset build writes last.
const MANIFEST: &str = "../../web-ui/dist/manifest.json";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MANIFEST}");
    if !Path::new(MANIFEST).is_file() {
        println!(
            "cargo::error=the browser assets are not built yet: run `make assets` (needs Node 20 or newer), then build again"
        );
    }
}
