#!/usr/bin/env bash
# The other peer of the ledger's bench: PostgreSQL, synced, plain rows in transactions of 1,000; its own throw-away server.
#
# usage: scripts/bench/postgres_batches.sh FOLDER PROGRAMS
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

programs=$2
folder=$(mktemp -d "$1/gatepost-bench-pg-XXXXXX")
as_owner=()
if [ "$(id -u)" = 0 ]; then
  # The server refuses to run as root, and its owner has to be able to walk down to the folder.
  rm -rf "$folder"
  folder=$(mktemp -d /var/tmp/gatepost-bench-pg-XXXXXX)
  chown postgres: "$folder"
  as_owner=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)
fi
stop() {
  (cd / && "${as_owner[@]}" "$programs/pg_ctl" stop --silent --mode immediate --pgdata "$folder/data") || true
  rm -rf "$folder"
}
trap stop EXIT
port=$(free_port)
cd /
"${as_owner[@]}" "$programs/initdb" --pgdata "$folder/data" --auth trust --username postgres >/dev/null
"${as_owner[@]}" "$programs/pg_ctl" start --silent --wait --pgdata "$folder/data" --log "$folder/log" \
  --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c synchronous_commit=on"
run() { "$programs/psql" --host 127.0.0.1 --port "$port" --username postgres --quiet --no-psqlrc --tuples-only "$@"; }
run --command "CREATE TABLE chain (seq bigint PRIMARY KEY, body bytea NOT NULL, hash bytea NOT NULL)"
batches=100
for ((n = 0; n < batches; n++)); do
  echo "INSERT INTO chain SELECT n, convert_to(repeat('my parcel has not arrived ', 32) || n, 'UTF8'), sha256(n::text::bytea) FROM generate_series($((n * 1000)), $((n * 1000 + 999))) n;"
done >"$folder/batches.sql"
start=$(date +%s.%N)
run --file "$folder/batches.sql"
awk -v rows="$((batches * 1000))" -v start="$start" -v end="$(date +%s.%N)" 'BEGIN {
  printf "%-56s %11.0f /s   plaintext, no chain\n", "PostgreSQL, transactions of 1000 composed by the server", rows / (end - start) }'
