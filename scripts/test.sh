#!/usr/bin/env bash
# Everything that must hold before a change lands: installs what is missing, then lints, runs the tests on both databases,
# the documentation's examples, the API against its document, the browser tests, and checks the sample configurations.
#
# usage: scripts/test.sh [STEP...]     (default: all steps, in the order of STEPS)
#
# Every step runs even when an earlier one failed, except that nothing runs without its installs. The end lists each
# step's time and outcome, the test runner's own summary, and one line that counts all tests. Each step's output is kept
# in target/steps/STEP.log.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

STEPS=(install assets lint tests doc-tests api packaging browser)
LOGS=$TARGET/steps
# A step that takes longer than this hangs; the whole has to fit a 90 minute run.
STEP_TIME_MAX=45m

step_install() { scripts/bootstrap.sh test; }
step_assets() { scripts/assets.sh; }
step_lint() { scripts/lint.sh; }
step_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --no-fail-fast
  else
    cargo test --workspace --no-fail-fast --lib --bins --tests
  fi
}
step_api() { scripts/schemathesis.sh; }
step_packaging() { scripts/packaging.sh; }
step_browser() { scripts/e2e.sh; }
step_doc-tests() { cargo test --workspace --no-fail-fast --doc; }

# counts STEP: "passed failed skipped", read from the closing lines of whatever runner the step used.
counts() {
  awk -v nextest="$(grep -ci 'nextest run' "$LOGS/$1.log")" '
    function number(word,   found) { return match($0, "[0-9]+ " word) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
    # A failed test prints its own "test result:" inside the output of nextest, whose Summary alone counts then.
    nextest > 0 && /^ *Summary \[/ { passed = number("passed"); failed = number("failed") + number("timed out"); skipped = number("skipped") }
    nextest == 0 && /^test result: / { passed += number("passed"); failed += number("failed"); skipped += number("ignored") }
    /^([a-z-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { passed += number("passed"); failed += number("failed"); skipped += number("skipped") }
    END { print passed + 0, failed + 0, skipped + 0 }
  ' "$LOGS/$1.log"
}

chosen=("$@")
[ "${#chosen[@]}" -gt 0 ] || chosen=("${STEPS[@]}")
for step in "${chosen[@]}"; do
  declare -F "step_$step" >/dev/null || fail "unknown step \`$step\`: one of ${STEPS[*]}"
done

rm -rf "$LOGS"
mkdir -p "$LOGS"
trap 'scripts/postgres.sh stop >/dev/null' EXIT
table=() failed_steps=() passed=0 failed=0 skipped=0
for step in "${chosen[@]}"; do
  say ""
  say "════ $step"
  started=$SECONDS
  code=0
  # A shell of its own, so that `timeout` can end the whole step.
  { timeout --kill-after=30s "$STEP_TIME_MAX" bash -c "$(declare -f "step_$step"); set -e; step_$step" </dev/null 2>&1 | tee "$LOGS/$step.log"; } || code=$?
  outcome=ok
  [ "$code" -eq 0 ] || { outcome="FAILED (exit $code)"; failed_steps+=("$step"); }
  read -r p f s < <(counts "$step")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  table+=("$(printf '%-10s %5d s   %6d passed %4d failed   %s' "$step" $((SECONDS - started)) "$p" "$f" "$outcome")")
  if [ "$code" -ne 0 ] && [[ $step == install || $step == assets ]]; then break; fi
done

say ""
say "════ summary after $SECONDS s"
printf '%s\n' "${table[@]}"
[ ! -f "$LOGS/tests.log" ] || grep -a '^ *Summary \[' "$LOGS/tests.log" || true
if [ "${#failed_steps[@]}" -gt 0 ]; then
  say "failed steps: ${failed_steps[*]}; their output is in $LOGS"
fi
say "$passed passed, $failed failed, $skipped skipped"
[ "${#failed_steps[@]}" -eq 0 ] || exit 1
[ "$failed" -eq 0 ] || fail "tests failed although every step ended well: its runner's exit code is lost somewhere"
