#!/usr/bin/env bash
# Installs what building and testing need and is not there yet; a second run finds nothing to do and takes under a second.
#
# usage: scripts/bootstrap.sh [build | lint | test]     (default: test, which is everything)
#
# Debian packages (scripts/needs/apt.txt) are installed when run as root, else named. Python environments, npm packages,
# unpacked Debian packages and Rust tools go to $GATEPOST_CACHE (default ~/.cache/gatepost), never into the system.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

CARGO_DENY_VERSION=0.20.2
NODE_MAJOR_MIN=20

check_toolchains() {
  has cargo || fail "Rust is not installed: install it with rustup (this repository needs the version in Cargo.toml)"
  if ! has node || ! has npm; then fail "Node.js $NODE_MAJOR_MIN or newer with npm is not installed: install Debian's nodejs and npm, or newer ones"; fi
  local major
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge "$NODE_MAJOR_MIN" ] || fail "Node.js $NODE_MAJOR_MIN or newer is needed, this is $(node --version)"
}

missing_packages() {
  local package
  for package in $(lines scripts/needs/apt.txt); do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || printf '%s\n' "$package"
  done
}

install_packages() {
  has dpkg-query || { say "not a Debian system: make sure of $(lines scripts/needs/apt.txt | tr '\n' ' ')"; return; }
  local packages
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || fail "packages are missing; as root, run: apt-get update && apt-get install --no-install-recommends ${packages[*]}"
  say "installing ${packages[*]}"
  # Tests start their own servers; a package's daemon must not start by itself meanwhile.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    # shellcheck disable=SC2064 # the path is meant to be read now
    trap "rm -f $policy" EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 -qq update
  apt-get -o DPkg::Lock::Timeout=600 -qq -y install --no-install-recommends "${packages[@]}" >/dev/null
}

# Made anew when its list changes; the stamp is written last, so that an interrupted install is not mistaken for a whole one.
install_python() {
  local list=$1 name home stamp
  name=$(basename "$list" .txt)
  home=$(python_home "$name")
  stamp=$(sha256sum <"$list")
  [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "installing the Python environment \`$name\`"
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"
  printf '%s\n' "$stamp" >"$home/stamp"
}

# Real servers from npm, one folder per name. They need a newer Node.js than Debian's, which npm has as a package too: it is
# the folder `node24`, comes first, and runs (and compiles, hence nodedir) the others.
install_node() {
  local list=$1 name home stamp
  name=$(basename "$list")
  home=$(node_home "$name")
  stamp=$(cat "$list/package-lock.json" scripts/needs/node/node24/package-lock.json | sha256sum)
  [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "installing the npm packages \`$name\`"
  rm -rf "$home"
  mkdir -p "$home"
  cp "$list/package.json" "$list/package-lock.json" "$home"
  if [ "$name" = node24 ]; then
    (cd "$home" && npm ci --no-audit --no-fund --loglevel=error)
  else
    (cd "$home" && PATH="$NODE24/bin:$PATH" npm_config_nodedir="$NODE24" npm ci --no-audit --no-fund --loglevel=error)
  fi
  printf '%s\n' "$stamp" >"$home/stamp"
}

# install_debian PACKAGE RELEASE: apt with lists of its own, so that nothing of the system changes and nobody needs to be root.
install_debian() {
  local package=$1 release=$2 home=$GATEPOST_CACHE/debian/$1 origin own apt
  [ "$(cat "$home/stamp" 2>/dev/null)" != "$release" ] || return 0
  has apt-get || { say "not a Debian system: put $package below $home/usr"; return; }
  # shellcheck disable=SC2016 # the dollar is apt's
  origin=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1)
  [ -n "$origin" ] || fail "apt has no lists of a Debian mirror yet: run apt-get update"
  say "unpacking $package of $release"
  rm -rf "$home"
  own=$home/apt
  mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$origin" "$release" >"$own/sources.list"
  : >"$own/status"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$own/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$own"
    -o "Dir::State::status=$own/status" -o "Dir::Cache=$own/cache" -o "APT::Sandbox::User=$(id -un)")
  "${apt[@]}" update
  (cd "$own" && "${apt[@]}" download "$package")
  dpkg-deb --extract "$own/$package"_*.deb "$home"
  rm -rf "$own"
  printf '%s\n' "$release" >"$home/stamp"
}

# Unoptimised and without its network client: a third of the time to build, and just as strict.
install_cargo_deny() {
  if has cargo-deny && [ "$(cargo-deny --version)" = "cargo-deny $CARGO_DENY_VERSION" ]; then return 0; fi
  say "building cargo-deny $CARGO_DENY_VERSION"
  cargo install --quiet --locked --debug --no-default-features --root "$GATEPOST_CACHE/cargo-tools" \
    --target-dir "$GATEPOST_CACHE/cargo-tools/target" "cargo-deny@$CARGO_DENY_VERSION"
  rm -rf "$GATEPOST_CACHE/cargo-tools/target"
}

what=${1:-test}
mkdir -p "$GATEPOST_CACHE"
# Two runs side by side must not fill the same cache.
exec 9>"$GATEPOST_CACHE/bootstrap.lock"
flock 9
check_toolchains
case "$what" in
  build) ;;
  lint)
    install_packages
    install_cargo_deny
    ;;
  test)
    install_packages
    install_cargo_deny
    for list in scripts/needs/python/*.txt; do install_python "$list"; done
    lines scripts/needs/debian.txt | while read -r package release; do install_debian "$package" "$release"; done
    install_node scripts/needs/node/node24
    for list in scripts/needs/node/*/; do install_node "$list"; done
    ;;
  *) fail "unknown part \`$what\`: build, lint or test" ;;
esac
