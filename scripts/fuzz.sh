#!/usr/bin/env bash
# Fuzzes every target of every crates/*/fuzz folder for FUZZ_SECONDS each (default 60), starting from its corpus.
# A crash leaves its input under that folder's artifacts/ and fails the run. The corpora themselves run in `make test`.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

CARGO_FUZZ_VERSION=0.13.2
seconds=${FUZZ_SECONDS:-60}

scripts/bootstrap.sh build
if ! has cargo-fuzz; then
  say "building cargo-fuzz $CARGO_FUZZ_VERSION"
  cargo install --quiet --locked --debug --root "$GATEPOST_CACHE/cargo-tools" "cargo-fuzz@$CARGO_FUZZ_VERSION"
fi

# The coverage counters need no nightly compiler; the address sanitizer would, and code without unsafe has little use for it.
ran=0 failed=()
for folder in crates/*/fuzz; do
  [ -f "$folder/Cargo.toml" ] || continue
  for target in $(cargo fuzz list --fuzz-dir "$folder"); do
    ran=$((ran + 1))
    say "── $folder $target, $seconds s"
    # What it finds goes to the first folder; the committed corpus is only read.
    found=$TARGET/fuzz-corpus/$target
    mkdir -p "$found"
    nice -n 10 cargo fuzz run --sanitizer none --fuzz-dir "$folder" "$target" "$found" "$folder/corpus/$target" -- \
      -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 || failed+=("$folder:$target")
  done
done
[ "$ran" -gt 0 ] || fail "there is no crates/*/fuzz folder"
[ "${#failed[@]}" -eq 0 ] || fail "failed: ${failed[*]}"
