#!/usr/bin/env bash
# One throw-away PostgreSQL server with full durability, on a socket in FOLDER and on no port.
#
# usage: postgres.sh FOLDER     runs until it is killed (SIGTERM); prints "ready" once it answers
#
# FOLDER must not exist yet; everything in it is the server's. Its address is postgres:///postgres?host=FOLDER&user=postgres
# The server refuses to run as root, so root starts it as user `postgres`.
set -euo pipefail

folder=${1:?usage: postgres.sh FOLDER}
programs=
for candidate in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
  [ ! -x "$candidate/initdb" ] || programs=$candidate
done
[ -n "$programs" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 69; }

mkdir -m 700 "$folder"
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres: "$folder"
  as=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)
fi
cd "$folder"
"${as[@]}" "$programs/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync > /dev/null
"${as[@]}" "$programs/postgres" -D "$folder/data" -c listen_addresses='' -c unix_socket_directories="$folder" -c timezone=UTC \
  -c shared_buffers=32MB > /dev/null 2> "$folder/log" &
server=$!
trap 'kill -INT "$server" 2>/dev/null || true; wait "$server" || true; exit 0' INT TERM EXIT
for ((tries = 0; tries < 300; tries++)); do
  if "${as[@]}" "$programs/pg_isready" --quiet --host="$folder"; then
    echo ready
    wait "$server" || true
    exit 0
  fi
  sleep 0.1
done
echo "the server did not answer; see $folder/log" >&2
exit 1
