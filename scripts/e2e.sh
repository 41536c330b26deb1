#!/usr/bin/env bash
# Looks at every page with a real Chromium (web-ui/e2e): light, dark and 360 px, with axe-core, failing on any finding, console
# error or policy violation; then runs the flows. Pictures are kept in artifacts/.
#
# usage: scripts/e2e.sh [gallery | desk]     (default: both)
#
# `gallery` is every component in every state; `desk` is the real server with its demo company in a throw-away data folder:
# the pages listed in web-ui/e2e/desk-pages.txt, and each web-ui/e2e/flows/*.mjs, called with the server's address.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

START_SECONDS_MAX=120

work=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  server=""
}
trap 'stop; rm -rf "$work"' EXIT

passed=0 failed=0

# counted COMMAND...: runs it; its "N passed, M failed" goes into the sum instead of being said, so that no test counts twice.
counted() {
  local code=0 p f
  "$@" >"$work/said" 2>&1 || code=$?
  grep -Ev '^[0-9]+ passed, [0-9]+ failed$' "$work/said" || true
  read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/said" | tail -n 1) || p=0 f=0
  # What ends badly without a sum, or with one that knows of no failure, is a failure of its own.
  if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  passed=$((passed + p)) failed=$((failed + f))
}

# looks NAME BASE ARGUMENT...: the pages named by the arguments.
looks() {
  local name=$1 base=$2
  shift 2
  counted node web-ui/e2e/run.mjs --base "$base" --out "artifacts/$name" "$@"
}

# serve WHAT ADDRESS PATH COMMAND...: starts a server and waits until it answers at the path.
serve() {
  local what=$1 address=$2 path=$3
  shift 3
  "$@" >"$work/$what.log" 2>&1 &
  server=$!
  wait_for "http://$address$path" "$server" "$START_SECONDS_MAX" || { cat "$work/$what.log"; exit 1; }
}

gallery() {
  local address pages
  cargo build --quiet --workspace --example gallery
  mapfile -t pages < <("$TARGET/debug/examples/gallery" --paths)
  [ "${#pages[@]}" -gt 0 ] || fail "the gallery has no pages"
  address=127.0.0.1:$(free_port)
  serve gallery "$address" "${pages[0]}" "$TARGET/debug/examples/gallery" "$address"
  looks gallery "http://$address" "${pages[@]}"
  # By name: passkeys are bound to one and refuse addresses.
  counted node web-ui/e2e/behaviour.mjs --base "http://${address/127.0.0.1/localhost}" --out artifacts/gallery
  stop
}

# fresh_desk: a server with a demo company that nobody has touched; sets `base` and `data`.
fresh_desk() {
  local address
  stop
  data=$(mktemp -d "$work/data.XXXXXX")
  address=127.0.0.1:$(free_port)
  serve desk "$address" /readyz "$TARGET/debug/gatepost" serve --demo --data "$data" --listen "$address"
  base=http://${address/127.0.0.1/localhost}
}

# A flow that fails is walked once more from the start: a busy machine can be slower than a step's patience. What fails twice, fails.
flow() {
  local before_passed=$passed before_failed=$failed
  say "── $1"
  fresh_desk
  # The folder, for the flows that let time pass in the database.
  counted env GATEPOST_DATA="$data" node "$1" "$base"
  [ "$failed" -gt "$before_failed" ] || return 0
  say "── $1 failed; once more on a fresh desk"
  passed=$before_passed failed=$before_failed
  fresh_desk
  counted env GATEPOST_DATA="$data" node "$1" "$base"
}

desk() {
  local script base="" data=""
  cargo build --quiet --workspace --bin gatepost
  fresh_desk
  looks desk "$base" --session web-ui/e2e/desk-session.mjs --paths-from web-ui/e2e/desk-pages.txt
  for script in web-ui/e2e/flows/*.mjs; do
    [ -f "$script" ] || continue
    flow "$script"
  done
  stop
}

# What the browser decides by itself, against the tables that the server's tests write.
units() {
  local script
  for script in web-ui/tests/*.mjs; do counted node "$script"; done
}

scripts/assets.sh
units
case "${1:-both}" in
  gallery) gallery ;;
  desk) desk ;;
  both)
    gallery
    desk
    ;;
  *) fail "unknown part \`$1\`: gallery or desk" ;;
esac
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
