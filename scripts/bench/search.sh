#!/usr/bin/env bash
# Prints the search index's figures beside SQLite FTS5 and PostgreSQL full text: the same generated messages, one run, one machine.
#
# SEARCH_BENCH_MESSAGES (default 1000000) sets the size, SEARCH_BENCH_DIR the folder (default target). Ten million need about 20 GB there.
# The three engines are asked one after the other, on an index that was just built and lies in memory as far as it fits.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

export SEARCH_BENCH_MESSAGES=${SEARCH_BENCH_MESSAGES:-1000000}
export SEARCH_BENCH_DIR=${SEARCH_BENCH_DIR:-$TARGET}
mkdir -p "$SEARCH_BENCH_DIR"
corpus=$(mktemp -d "$SEARCH_BENCH_DIR/search-bench-XXXXXX")
trap 'rm -rf "$corpus"' EXIT
nice -n 10 cargo bench --quiet --package search --bench search
SEARCH_BENCH_WRITE_CORPUS=$corpus nice -n 10 cargo bench --quiet --package search --bench search
nice -n 10 python3 scripts/bench/search_sqlite.py "$corpus"
programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
if [ -n "$programs" ]; then
  nice -n 10 bash scripts/bench/search_postgres.sh "$corpus" "$programs"
else
  say "PostgreSQL: not installed, not measured"
fi
