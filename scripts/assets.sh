#!/usr/bin/env bash
# Builds the browser side (web-ui) into web-ui/dist, which the server embeds. Does nothing when dist is newer than its sources.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

cd web-ui
has npm || fail "npm is not installed: install Node.js 20 or newer with npm"

# npm writes this file last, so it is the stamp of a whole install.
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ] || [ package.json -nt "$installed" ]; then
  say "installing the browser side's packages"
  npm ci --no-audit --no-fund --loglevel=error
  touch "$installed"
fi

built=dist/manifest.json
changed=$built
if [ -f "$built" ]; then
  changed=$(find . \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f -newer "$built" -print -quit)
fi
[ -n "$changed" ] || exit 0
npm run --silent build
[ -f "$built" ] || fail "the build left no web-ui/$built"
touch "$built"
