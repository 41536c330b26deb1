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

# looks NAME BASE ARGUMENT...: the pages named by the arguments, and what came of it added to the count.
looks() {
  local name=$1 base=$2 seen code=0
  shift 2
  node web-ui/e2e/run.mjs --base "$base" --out "artifacts/$name" "$@" 2>&1 | tee "$work/said" || code=$?
  seen=$(sed -n 's/.* looks: \([0-9]*\) looked at.*/\1/p' "$work/said" | tail -n 1)
  passed=$((passed + ${seen:-0}))
  [ "$code" -eq 0 ] || failed=$((failed + 1))
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
  stop
}

desk() {
  local address flow
  cargo build --quiet --workspace --bin gatepost
  address=127.0.0.1:$(free_port)
  serve desk "$address" /readyz "$TARGET/debug/gatepost" serve --demo --data "$work/data" --listen "$address"
  looks desk "http://$address" --session web-ui/e2e/desk-session.mjs --paths-from web-ui/e2e/desk-pages.txt
  for flow in web-ui/e2e/flows/*.mjs; do
    [ -f "$flow" ] || continue
    say "── $flow"
    if node "$flow" "http://$address"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  stop
}

scripts/assets.sh
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
