#!/usr/bin/env bash
# Builds Gatepost and starts it on loopback with a small fictional company in it; prints the address and how to sign in.
#
# usage: scripts/run.sh [ARGUMENT of `gatepost serve` ...]
#
# GATEPOST_DATA names the data folder (default ./data, kept between runs; delete it to begin anew), GATEPOST_LISTEN the
# address (default 127.0.0.1:8080), GATEPOST_PROFILE the build profile (default dev: quick to build; `release` is quick to run).
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

profile=${GATEPOST_PROFILE:-dev}
folder=$profile
[ "$profile" != dev ] || folder=debug

scripts/bootstrap.sh build
scripts/assets.sh
cargo build --quiet --package gatepost --profile "$profile"
exec "$TARGET/$folder/gatepost" serve --demo \
  --data "${GATEPOST_DATA:-data}" --listen "${GATEPOST_LISTEN:-127.0.0.1:8080}" "$@"
