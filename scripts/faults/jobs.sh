#!/usr/bin/env bash
# Kills job workers with SIGKILL for GATEPOST_FAULT_ROUNDS rounds (default 100) on both databases, from a fresh seed each time, and
# checks that each job's effect happened exactly once. A failure is run again with the GATEPOST_FAULT_SEED it printed.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

export GATEPOST_FAULT_ROUNDS=${GATEPOST_FAULT_ROUNDS:-100}
export GATEPOST_FAULT_SEED=${GATEPOST_FAULT_SEED:-$RANDOM$RANDOM}
say "GATEPOST_FAULT_ROUNDS=$GATEPOST_FAULT_ROUNDS GATEPOST_FAULT_SEED=$GATEPOST_FAULT_SEED"
cargo test --package testkit --test it -- --exact crash::every_effect_happens_once_however_often_workers_are_killed --nocapture
