//! A Markdown file's links to other files of the repository lead somewhere.

use std::path::Path;

use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// Each relative link with its line, the part before `#` only.
fn relative_links(file: &TextFile) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') && !target.starts_with('/') {
                links.push((number, target.to_owned()));
            }
        }
    }
    links
}

fn broken(file: &TextFile, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let dead = relative_links(file).into_iter().filter(|(_, target)| !exists(&folder.join(target)));
    dead.map(|(line, target)| Finding::new(&file.path, line, format!("there is no `{target}`"))).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = tree::root();
    let documents = tree::files().into_iter().filter(|file| file.extension() == "md");
    assert_none(&documents.flat_map(|file| broken(&file, |path| root.join(path).exists())).collect::<Vec<_>>());
}

#[test]
fn a_dead_link_is_noticed() {
    let text = "[a](there.md) [b](gone.md#part) [c](https://example.test/x) [d](#here)\n```\n[e](code.md)\n```\n";
    let file = TextFile::sample("docs/a.md", text);
    let findings = broken(&file, |path| path == Path::new("docs/there.md"));
    assert_eq!(findings, [Finding::new("docs/a.md", 1, "there is no `gone.md`")]);
}
