#!/bin/sh
# Makes crates/inspect/model/heads.bin from the labelled texts in ../shared/data (or $GATEPOST_TRAINING_DATA).
# Deterministic; about a minute on two cores. Data, licences and limits: docs/model-card.md.
set -eu
cd "$(dirname "$0")/.."
data="${GATEPOST_TRAINING_DATA:-../shared/data}"
if [ ! -d "$data" ]; then
    echo "train: no labelled texts in $data; set GATEPOST_TRAINING_DATA to the folder that holds them" >&2
    exit 2
fi
cargo build --quiet --release -p inspect-train
exec nice -n 10 "${CARGO_TARGET_DIR:-target}/release/inspect-train" "$data" crates/inspect/train/templates crates/inspect/model/heads.bin
