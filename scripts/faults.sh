#!/usr/bin/env bash
# The ledger's fault campaign: errors at every call to the disk, torn writes, power cuts, kills, full and read-only disks, two writers,
# clock jumps, every byte of a small ledger flipped in turn. Prints counts; the same seed gives the same faults.
#
# usage: scripts/faults.sh [FAULTS] [SEED]     (default 10000 and 1)
#
# Power cuts of a real file system mount images, which only root can.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

export LEDGER_FAULTS=${1:-10000} LEDGER_FAULTS_SEED=${2:-1}
say "fault campaign: $LEDGER_FAULTS faults, seed $LEDGER_FAULTS_SEED"
# One test after the other, so that the counts stand apart.
cargo test --quiet -p ledger --test it -- --nocapture --test-threads=1 faults:: processes::
