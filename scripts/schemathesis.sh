#!/usr/bin/env bash
# Checks the JSON API against its own OpenAPI document with schemathesis, all checks on: every operation with data that fits and
# data that does not, then whole sequences of calls. Ends with a line that counts operations, or with what was found.
#
# usage: scripts/schemathesis.sh [OPTION...]     (options of `schemathesis run`, for looking closer)
#
# It runs against a server of its own (crates/web/examples/api_server.rs) on a free loopback port with a fresh data folder, as an
# owner's token with every scope. scripts/schemathesis/ says how the run is bounded.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

SEED=20260301
START_SECONDS_MAX=60

work=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
}
trap stop EXIT

schemathesis=$(python_home api)/bin/schemathesis
[ -x "$schemathesis" ] || fail "schemathesis is not installed: run scripts/bootstrap.sh"
cargo build --quiet --package web --example api_server
TMPDIR=$work "$TARGET/debug/examples/api_server" >"$work/server.log" 2>&1 &
server=$!
deadline=$((SECONDS + START_SECONDS_MAX))
until grep -q '^api ' "$work/server.log"; do
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; fail "the server ended before it said its address"; }
  [ "$SECONDS" -lt "$deadline" ] || fail "the server said no address within $START_SECONDS_MAX s"
  sleep 0.1
done
read -r _ base token <"$work/server.log"

code=0
HYPOTHESIS_STORAGE_DIRECTORY=$work/hypothesis PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/scripts/schemathesis SCHEMATHESIS_HOOKS=hooks \
  "$schemathesis" --config-file scripts/schemathesis/schemathesis.toml run "$base/api/v1/openapi.json" \
  --header "Authorization: Bearer $token" --checks all --seed "$SEED" --generation-database none --no-color "$@" || code=$?
kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; fail "the server ended during the run"; }
if [ "$code" -eq 0 ]; then say "1 passed, 0 failed"; else say "0 passed, 1 failed"; fi
[ "$code" -eq 0 ]
