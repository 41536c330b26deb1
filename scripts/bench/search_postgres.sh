#!/usr/bin/env bash
# The other peer of the search bench: PostgreSQL full text, English, a GIN index, its own throw-away server without syncing.
#
# usage: scripts/bench/search_postgres.sh FOLDER PROGRAMS
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

corpus=$1 programs=$2
folder=$(mktemp -d /var/tmp/gatepost-bench-pg-XXXXXX)
as_owner=()
if [ "$(id -u)" = 0 ]; then
  chown postgres: "$folder"
  as_owner=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)
fi
stop() {
  (cd / && "${as_owner[@]}" "$programs/pg_ctl" stop --silent --mode immediate --pgdata "$folder/data") || true
  rm -rf "$folder"
}
trap stop EXIT
port=$(free_port)
corpus=$(realpath "$corpus")
cd /
"${as_owner[@]}" "$programs/initdb" --pgdata "$folder/data" --auth trust --username postgres >/dev/null
"${as_owner[@]}" "$programs/pg_ctl" start --silent --wait --pgdata "$folder/data" --log "$folder/log" \
  --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off -c shared_buffers=512MB -c work_mem=64MB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c jit=off"
run() { "$programs/psql" --host 127.0.0.1 --port "$port" --username postgres --quiet --no-psqlrc --no-align --tuples-only "$@"; }

start=$(date +%s.%N)
run --command "CREATE UNLOGGED TABLE m (id bigint PRIMARY KEY, at bigint NOT NULL, text text NOT NULL)"
run --command "\copy m FROM '$corpus/corpus.tsv'"
run --command "ALTER TABLE m ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED" \
  --command "CREATE INDEX m_words ON m USING gin (words)" --command "VACUUM ANALYZE m"
awk -v start="$start" -v end="$(date +%s.%N)" -v count="$SEARCH_BENCH_MESSAGES" 'BEGIN {
  printf "\nPostgreSQL full text: %d messages, %.1f us of time each, %.0f s\n", count, (end - start) / count * 1e6, end - start
  printf "%-34s %9s | %13s | %13s\n", "ms, median of 5", "matches", "top 20", "newest, count" }'

# Milliseconds of one statement, the middle of five; one is enough when it takes long.
timed() {
  local one
  one=$(time_of "$1")
  if awk -v one="$one" 'BEGIN { exit !(one > 5000) }'; then
    echo "$one"
    return
  fi
  for _ in 1 2 3 4 5; do time_of "$1"; done | sort -n | sed -n 3p
}
time_of() {
  run --command '\timing on' --command "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -1
}

while IFS=$'\t' read -r name words; do
  query="websearch_to_tsquery('english', '$words')"
  matches=$(run --command "SELECT count(*) FROM m WHERE words @@ $query")
  top=$(timed "SELECT id FROM m WHERE words @@ $query ORDER BY ts_rank(words, $query) DESC LIMIT 20")
  newest=$(timed "SELECT id FROM m WHERE words @@ $query ORDER BY id DESC LIMIT 20")
  count=$(timed "SELECT count(*) FROM m WHERE words @@ $query")
  awk -v name="$name" -v matches="$matches" -v top="$top" -v newest="$newest" -v count="$count" \
    'BEGIN { printf "%-34s %9d | %13.2f | %13.2f\n", name, matches, top, newest + count }'
done <"$corpus/questions.tsv"
