#!/usr/bin/env bash
# Prints the ledger's figures beside the disk's sync time, the seal-only rate, SQLite and PostgreSQL, all on one disk.
#
# LEDGER_BENCH_RECORDS (default 1000000) sets the size of the log, LEDGER_BENCH_PEOPLE (default 997) how many persons it is about,
# LEDGER_BENCH_DIR the folder (default target).
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

export LEDGER_BENCH_DIR=${LEDGER_BENCH_DIR:-$TARGET}
mkdir -p "$LEDGER_BENCH_DIR"
nice -n 10 cargo bench --quiet --package ledger --bench ledger
nice -n 10 python3 scripts/bench/sqlite_chain.py "$LEDGER_BENCH_DIR"
programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
if [ -n "$programs" ]; then
  nice -n 10 scripts/bench/postgres_batches.sh "$LEDGER_BENCH_DIR" "$programs"
else
  say "PostgreSQL: not installed, not measured"
fi
