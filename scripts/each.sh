#!/usr/bin/env bash
# Runs each script given, one after the other at low priority, and fails at the end when one failed or none was there.
#
# usage: scripts/each.sh SCRIPT...
#
# A name that matches nothing is passed over, so that a Makefile can name a folder's scripts before there are any.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

ran=0 failed=()
for script in "$@"; do
  [ -x "$script" ] || continue
  ran=$((ran + 1))
  say "── $script"
  nice -n 10 "$script" || failed+=("$script")
done
[ "$ran" -gt 0 ] || fail "none of these is there: $*"
[ "${#failed[@]}" -eq 0 ] || fail "failed: ${failed[*]}"
