#!/usr/bin/env bash
# Checks the sample proxy configurations and the systemd unit with the programs that will read them.
#
# usage: scripts/packaging.sh
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0 failed=()

# check NAME PROGRAM COMMAND...: quiet when it passes; says what the program said when it does not.
check() {
  local name=$1 program=$2
  shift 2
  has "$program" || fail "$program is not installed: as root, run scripts/bootstrap.sh test"
  ran=$((ran + 1))
  "$@" >"$work/said" 2>&1 || { cat "$work/said"; failed+=("$name"); }
}

# The certificate and the executable of the samples are not on this machine: stand-ins take their places.
PATH=$PATH:/usr/sbin
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=desk.example.test -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>/dev/null
sed "s#/etc/gatepost/tls/#$work/#" packaging/nginx/gatepost.conf >"$work/site.conf"
printf 'events {}\npid %s/pid;\nerror_log stderr;\nhttp {\n access_log off;\n include %s/site.conf;\n}\n' "$work" "$work" >"$work/nginx.conf"
check nginx nginx nginx -t -q -p "$work" -c "$work/nginx.conf"

HOME=$work check caddy caddy caddy validate --adapter caddyfile --config packaging/caddy/Caddyfile

sed 's#/usr/bin/gatepost#/bin/true#' packaging/systemd/gatepost.service >"$work/gatepost.service"
# It warns of a setting it does not know and still ends well: anything it says is a fault.
silent() {
  local said
  if ! said=$("$@" 2>&1) || [ -n "$said" ]; then
    say "$said"
    return 1
  fi
}
check "systemd unit" systemd-analyze silent systemd-analyze verify --man=no "$work/gatepost.service"
check "systemd sandbox" systemd-analyze systemd-analyze security --offline=true --threshold=20 "$work/gatepost.service"

[ "${#failed[@]}" -eq 0 ] || fail "failed: ${failed[*]}"
say "$ran passed, 0 failed"
