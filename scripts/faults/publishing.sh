#!/usr/bin/env bash
# Kills `gatepost serve` with SIGKILL while it publishes to the sandbox, snac, Bluesky's server, Synapse and the Slack stand-in, for
# GATEPOST_FAULT_ROUNDS kills (default 100; about a second and a half each), and checks that nothing is there twice and nothing is lost. A
# season of a hundred kills that fails is repeated with the seed that it names. Then the simulation with a fresh seed, for
# GATEPOST_SIMULATION_STEPS steps (default 20,000: some 2,500 posts).
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

export GATEPOST_FAULT_ROUNDS=${GATEPOST_FAULT_ROUNDS:-100}
export GATEPOST_FAULT_SEED=${GATEPOST_FAULT_SEED:-$RANDOM$RANDOM}
export GATEPOST_SIMULATION_STEPS=${GATEPOST_SIMULATION_STEPS:-20000}
export GATEPOST_SIMULATION_SEED=$GATEPOST_FAULT_SEED
say "GATEPOST_FAULT_ROUNDS=$GATEPOST_FAULT_ROUNDS GATEPOST_FAULT_SEED=$GATEPOST_FAULT_SEED GATEPOST_SIMULATION_STEPS=$GATEPOST_SIMULATION_STEPS"
cargo test --package gatepost --test it -- --exact publishing_crash::a_server_killed_while_it_publishes_posts_nothing_twice_and_loses_nothing --nocapture
cargo test --package desk --test it -- --exact publishing::simulation::whatever_happens_nothing_is_there_twice_and_nothing_is_lost --nocapture
