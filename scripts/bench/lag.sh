#!/usr/bin/env bash
# Capture lag on screen: real servers (Synapse; snac, which speaks Mastodon's client API) accept messages, and the stream page of a running
# Gatepost shows them in Chromium, and its search finds them. p50 and p99 of the time between, per network.
#
# LAG_MESSAGES chooses how many (default 200), LAG_PROFILE `release` (default) or `dev` which build of Gatepost.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

messages=${LAG_MESSAGES:-200}
profile=${LAG_PROFILE:-release}
folder=$profile
[ "$profile" != dev ] || folder=debug
START_SECONDS_MAX=120

scripts/assets.sh
cargo build --quiet --profile "$profile" --package gatepost --bin gatepost
cargo build --quiet --package testkit --example peer
work=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
}
trap stop EXIT
address=127.0.0.1:$(free_port)
"$TARGET/$folder/gatepost" serve --demo --data "$work/data" --listen "$address" >"$work/gatepost.log" 2>&1 &
server=$!
wait_for "http://$address/readyz" "$server" "$START_SECONDS_MAX" || { cat "$work/gatepost.log"; exit 1; }

# measure NETWORK PEER...: the peer ends when the pipe that it reads from is closed.
measure() {
  local network=$1 line
  shift
  coproc PEER { "$TARGET/debug/examples/peer" "$@" 2>"$work/peer.log"; }
  local reads=${PEER[0]} writes=${PEER[1]} peer=$PEER_PID
  read -r -t "$START_SECONDS_MAX" line <&"$reads" || { cat "$work/peer.log"; fail "$1 did not start"; }
  node web-ui/bench/lag.mjs "http://${address/127.0.0.1/localhost}" "$network" "$line" "$messages"
  exec {writes}>&-
  wait "$peer" || true
}

say "from a server's acceptance to the stream page on screen, and to being found: $messages messages each, build \`$profile\`"
measure matrix synapse
measure mastodon snac kites
