#!/usr/bin/env bash
# How exactly posts go out, a thousand due in one instant and a thousand over one minute, and how many steps a second the simulation makes
# (in the debug build of the tests, with every invariant looked at after each step).
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

cargo build --quiet --release --package testkit --bin publishing_bench
"$TARGET/release/publishing_bench"
GATEPOST_SIMULATION_STEPS=${GATEPOST_SIMULATION_STEPS:-3000} cargo test --quiet --package desk --test it -- \
    --exact publishing::simulation::whatever_happens_nothing_is_there_twice_and_nothing_is_lost --nocapture 2>&1 | grep --line-regexp 'simulation: .*'
