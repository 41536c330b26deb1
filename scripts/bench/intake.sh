#!/usr/bin/env bash
# How fast messages come in: events that exist already, through ledger, inspector and database (no parsing, no index).
# Goal of the whole import pipeline: at least 20,000 messages/s on two cores, under 400 MB. INTAKE_MESSAGES chooses how many.
set -euo pipefail
cd "$(dirname "$0")/../.."

messages="${INTAKE_MESSAGES:-200000}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

cargo build --quiet --release --package desk --example intake
target/release/examples/intake "$folder/data" "$messages"
