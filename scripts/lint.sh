#!/usr/bin/env bash
# Format, lints as errors, licences and sources of dependencies, shell scripts, TypeScript types.
#
# usage: scripts/lint.sh
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

failed=()
check() {
  say "── $1"
  shift
  "$@" || failed+=("$*")
}

types() { (cd web-ui && npm run --silent check); }

# Licences, bans and sources are decided by files at hand. Advisories need a database that is fetched: when it cannot be
# had the check is not made, and that is said; an advisory that is found fails.
dependencies() {
  cargo-deny --log-level error check --hide-inclusion-graph licenses bans sources
}
advisories() {
  local told code=0
  told=$(timeout 120 cargo-deny --log-level error check --hide-inclusion-graph advisories 2>&1) || code=$?
  if [ "$code" -eq 0 ]; then
    say "$told"
  elif grep -q 'failed to fetch advisory database\|failed to clone\|unable to load advisory' <<<"$told" || [ "$code" -eq 124 ]; then
    say "advisories NOT checked: the advisory database could not be fetched"
  else
    say "$told"
    return 1
  fi
}

# Ours by their name or by their first line; nothing that was installed or built.
scripts() {
  local file files=()
  while read -r file; do
    if [[ $file == *.sh ]] || head -c 64 "$file" | head -n 1 | grep -qa '^#!.*sh$'; then files+=("$file"); fi
  done < <(find . \( -name target -o -name node_modules -o -name .git \) -prune -o -type f -size -64k \( -name '*.sh' -o ! -name '*.*' \) -print)
  shellcheck --external-sources "${files[@]}"
}

scripts/bootstrap.sh lint
scripts/assets.sh
check "cargo fmt" cargo fmt --all --check
check "cargo clippy" cargo clippy --quiet --keep-going --workspace --all-targets -- -D warnings
check "cargo deny: licences, bans, sources" dependencies
check "cargo deny: advisories" advisories
check "shellcheck" scripts
check "tsc" types
[ "${#failed[@]}" -eq 0 ] || fail "failed: ${failed[*]}"
