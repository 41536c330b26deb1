#!/usr/bin/env bash
# Kills `gatepost serve` with SIGKILL under a load of acts for GATEPOST_FAULT_ROUNDS rounds (default 50), from a fresh seed, and checks
# that no acknowledged act and no audit entry is lost and that the ledger holds each entry once. Repeat with the seed it prints.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

export GATEPOST_FAULT_ROUNDS=${GATEPOST_FAULT_ROUNDS:-50}
export GATEPOST_FAULT_SEED=${GATEPOST_FAULT_SEED:-$RANDOM$RANDOM}
say "GATEPOST_FAULT_ROUNDS=$GATEPOST_FAULT_ROUNDS GATEPOST_FAULT_SEED=$GATEPOST_FAULT_SEED"
cargo test --package gatepost --test it -- --exact crash::a_server_killed_under_load_keeps_every_acknowledged_act_and_its_entry --nocapture
