#!/usr/bin/env bash
# Builds the Go program that checks a log with golang.org/x/mod/sumdb (Debian's packages, no network) and prints where it is.
#
# usage: go-verify-log.sh FOLDER      (FOLDER keeps the program; it is built again when the source is newer)
set -euo pipefail

folder=${1:?usage: go-verify-log.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
gopath=/usr/share/gocode
if ! command -v go >/dev/null || [ ! -d "$gopath/src/golang.org/x/mod/sumdb/tlog" ]; then
  echo "the Go log library is not installed: apt-get install golang-go golang-golang-x-mod-dev" >&2
  exit 69
fi
mkdir -p "$folder"
program=$folder/verify_log
if [ ! -x "$program" ] || [ "$here/go/verify_log.go" -nt "$program" ]; then
  export GO111MODULE=off GOPATH=$gopath GOCACHE=$folder/go-cache GOFLAGS=-buildvcs=false CGO_ENABLED=0
  go build -o "$program.new.$$" "$here/go/verify_log.go"
  mv "$program.new.$$" "$program"
fi
printf '%s\n' "$program"
