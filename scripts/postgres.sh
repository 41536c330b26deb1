#!/usr/bin/env bash
# Shows or stops the throw-away PostgreSQL server that tests share (crates/testkit/src/postgres/cluster.rs starts it).
#
# usage: scripts/postgres.sh stop | status
#
# The server's place is read from the note that the tests leave in the target folder; only that server is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

note="${CARGO_TARGET_DIR:-target}/tmp/postgres/server"

# Runs a server program as the user who owns the server's folder: the programs refuse to run as root.
as_owner() {
  local owner
  owner=$(stat -c %U "$folder")
  if [ "$(id -un)" = "$owner" ]; then
    "$@"
  else
    setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups "$@"
  fi
}

case "${1:-}" in
  stop | status) ;;
  *)
    echo "usage: scripts/postgres.sh stop | status" >&2
    exit 2
    ;;
esac

if [ ! -s "$note" ]; then
  echo "no test server is on record"
  exit 0
fi
{
  read -r folder
  read -r programs
} <"$note"

if [ "$1" = status ]; then
  [ -d "$folder" ] || { echo "the test server in $folder has ended"; exit 0; }
  cd /
  as_owner "$programs/pg_ctl" status --pgdata "$folder/data"
  exit 0
fi

rm -f "$note"
if [ -e "$folder/data/postmaster.pid" ]; then
  cd /
  as_owner "$programs/pg_ctl" stop --silent --wait --mode fast --pgdata "$folder/data"
  echo "stopped the test server in $folder"
fi
# Named by us (gatepost-pg-…), so that a note gone wrong can never remove anything else.
case "$folder" in
  */gatepost-pg-??????) rm -rf "$folder" ;;
esac
