#!/usr/bin/env bash
# The house's figures: time of a signed-in page over 100,000 rows beside a static route of the same server, memory, start, size.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

scripts/assets.sh
cargo build --quiet --release --package gatepost --package testkit --bin gatepost --bin house_bench
"$TARGET/release/house_bench" "$TARGET/release/gatepost"
