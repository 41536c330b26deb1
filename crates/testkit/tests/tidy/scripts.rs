//! Every script opens with what it does and stops at the first error.

use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

fn shell_scripts() -> impl Iterator<Item = TextFile> {
    tree::files().into_iter().filter(|file| file.extension() == "sh" || file.text.starts_with("#!/usr/bin/env bash"))
}

fn faults(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let after_first = file.text.lines().nth(1).unwrap_or_default();
    if !after_first.starts_with("# ") {
        findings.push(Finding::new(&file.path, 2, "open with a comment: what this script does"));
    }
    // A plain POSIX shell has no `pipefail`.
    let strictest = if file.text.starts_with("#!/bin/sh\n") { "set -eu" } else { "set -euo pipefail" };
    let is_strict = |line: &str| line == strictest || line.starts_with("source ") && line.contains("common.sh");
    let strict = file.lines().any(|(_, line)| is_strict(line));
    if !strict {
        findings.push(Finding::new(&file.path, 3, "use `set -euo pipefail`, or source scripts/common.sh, which does"));
    }
    findings
}

#[test]
fn every_script_says_what_it_does_and_stops_at_errors() {
    assert_none(&shell_scripts().flat_map(|file| faults(&file)).collect::<Vec<_>>());
}

#[test]
fn a_careless_script_is_noticed() {
    let count = |text: &str| faults(&TextFile::sample("scripts/a.sh", text)).len();
    assert_eq!(count("#!/usr/bin/env bash\nrm -rf \"$1\"\n"), 2);
    assert_eq!(count("#!/usr/bin/env bash\n# Removes a folder.\nset -e\n"), 1);
    assert_eq!(count("#!/usr/bin/env bash\n# Removes a folder.\nset -eu\n"), 1);
    assert_eq!(count("#!/bin/sh\n# Removes a folder.\nset -eu\n"), 0);
    assert_eq!(count("#!/usr/bin/env bash\n# Removes a folder.\nset -euo pipefail\n"), 0);
    assert_eq!(count("#!/usr/bin/env bash\n# Removes a folder.\nsource \"$(dirname \"$0\")/common.sh\"\n"), 0);
}
