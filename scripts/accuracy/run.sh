#!/usr/bin/env bash
# Accuracy of `gatepost inspect` on the training and validation data, beside Presidio and redact-core on the same rows.
# Prints the tables and writes them to docs/accuracy.md. DATA names the folder with the data sets.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${DATA:-../shared/data}
cache=${GATEPOST_CACHE:-$HOME/.cache/gatepost}
if [ ! -d "$data" ]; then
    echo "accuracy: no data at $data; set DATA to the folder with the data sets" >&2
    exit 2
fi
scripts/accuracy/peers.sh
binary=${GATEPOST_BIN:-target/debug/gatepost}
[ -n "${GATEPOST_BIN:-}" ] || cargo build --quiet -p gatepost
exec python3 scripts/accuracy/report.py "$binary" "$data" "$cache" docs/accuracy.md
