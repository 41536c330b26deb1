#!/usr/bin/env bash
# Builds the API documentation of our crates into target/doc; a broken link or example is an error.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

scripts/bootstrap.sh build
scripts/assets.sh
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps --document-private-items
say "open $TARGET/doc/gatepost/index.html"
