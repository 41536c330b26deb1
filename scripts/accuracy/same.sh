#!/usr/bin/env bash
# Does this code report what another commit reports? For changes that are to make inspection faster and nothing else.
# Usage: scripts/accuracy/same.sh [COMMIT] (default: the merge base with main). DATA names the folder with the data sets.
# Compares findings, reasons and language on every text of the sets and on random texts (crates/inspect/examples/reports.rs);
# with HEADS=1 the text heads as well, which differ after training.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${DATA:-../shared/data}
commit=${1:-$(git merge-base HEAD main)}
if [ ! -d "$data" ]; then
    echo "same: no data at $data; set DATA to the folder with the data sets" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 - "$data" "$work/texts" <<'PYTHON'
import json, pathlib, random, sys
data, pick, texts = pathlib.Path(sys.argv[1]), random.Random(5), []
for path in sorted(data.glob("**/*.tsv")):
    rows = [l.rsplit("\t", 1)[-1] for l in path.read_text(encoding="utf-8", errors="replace").split("\n")[1:] if l]
    texts += pick.sample(rows, min(len(rows), 6000))
for path in sorted(data.glob("presidio-research/*.json")):
    texts += [row["full_text"] for row in json.loads(path.read_text(encoding="utf-8"))]
plain = (t.replace("\\", "/").replace("\r", " ").replace("\n", "\\n") for t in texts)
pathlib.Path(sys.argv[2]).write_text("\n".join(plain), encoding="utf-8")
PYTHON
git worktree add --quiet --detach "$work/tree" "$commit"
cp crates/inspect/examples/reports.rs "$work/tree/crates/inspect/examples/"
cp crates/inspect/tests/inspect/pieces.rs "$work/tree/crates/inspect/tests/inspect/"
cargo build --quiet --release -p inspect --example reports
target/release/examples/reports "$work/texts" > "$work/new"
(cd "$work/tree" && CARGO_TARGET_DIR="$work/target" cargo build --quiet --release -p inspect --example reports)
"$work/target/release/examples/reports" "$work/texts" > "$work/old"
python3 - "$work/old" "$work/new" <<'PYTHON'
import os, re, sys
heads = re.compile(r"(?:[0-9a-f]{8} \[[^\]]*\] ){8}(?:[0-9a-f]{8} ?){3}")
read = lambda path: open(path, encoding="utf-8").read().split("\n")
bare = (lambda line: line) if os.environ.get("HEADS") else (lambda line: heads.sub("", line))
old, new = read(sys.argv[1]), read(sys.argv[2])
differ = [(a, b) for a, b in zip(old, new) if bare(a) != bare(b)]
for a, b in differ[:10]:
    print("-", a[:400]), print("+", b[:400])
print(f"{len(old) - 1} texts, {len(differ)} reports differ")
sys.exit(len(old) != len(new) or bool(differ))
PYTHON
