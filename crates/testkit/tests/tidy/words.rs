//! Words that stay out of the repository: one machine's paths, a package registry's host, and names people cannot look up.
//!
//! The list is written in halves, so that it does not find itself.

use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// Beginnings of paths that exist on one machine only.
const PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/home/us", "er/")];

/// Hosts of package registries: a mirror may stand in for each of them, so nothing may name one.
const HOSTS: [&str; 7] = [
    concat!("crates", ".io"),
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("deb.deb", "ian.org"),
    concat!("proxy.gol", "ang.org"),
];

/// Files that a package manager writes.
const GENERATED: [&str; 1] = ["Cargo.lock"];

fn words(file: &TextFile) -> Vec<Finding> {
    if GENERATED.contains(&file.name()) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let path = PATHS.iter().find(|path| holds_path(line, path)).map(|path| (path, "a path of one machine"));
        let host = HOSTS.iter().find(|host| line.contains(*host)).map(|host| (host, "a package registry's host"));
        for (word, why) in path.into_iter().chain(host) {
            findings.push(Finding::new(&file.path, number, format!("`{word}` is {why}: leave it out")));
        }
    }
    findings
}

/// Whether the path begins here, and is not the end of a longer one.
fn holds_path(line: &str, path: &str) -> bool {
    let begins_a_path = |before: &str| before.ends_with(|last: char| last.is_whitespace() || "\"'`(=:<>|,".contains(last));
    line.match_indices(path).any(|(at, _)| at == 0 || begins_a_path(&line[..at]))
}

#[test]
fn words_that_stay_out_are_out() {
    assert_none(&tree::files().iter().flat_map(words).collect::<Vec<_>>());
}

#[test]
fn a_path_of_one_machine_is_noticed() {
    let count = |text: &str| words(&TextFile::sample("docs/a.md", text)).len();
    for path in PATHS {
        assert_eq!(count(&format!("see `{path}x`")), 1, "{path}");
        assert_eq!(count(&format!("{path}x")), 1, "{path}");
        assert_eq!(count(&format!("https://example.test{path}x and ${{dir}}{path}x")), 0, "{path}");
    }
}

#[test]
fn a_registry_host_is_noticed_except_in_a_lock_file() {
    for host in HOSTS {
        let text = format!("fetched from https://{host}/x");
        assert_eq!(words(&TextFile::sample("docs/a.md", &text)).len(), 1, "{host}");
        assert_eq!(words(&TextFile::sample("Cargo.lock", &text)).len(), 0, "{host}");
    }
}
