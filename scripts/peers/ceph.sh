#!/usr/bin/env bash
# One-node Ceph object gateway on loopback: a real S3 server that enforces Object Lock. Nothing it holds outlives it (memory store).
#
# usage: ceph.sh FOLDER [PORT]     runs until it is killed (SIGTERM stops its three daemons); prints "ready" once S3 answers
#
# S3 is at http://127.0.0.1:PORT, access key "access", secret key "secretsecret". The monitor takes PORT+1 and PORT+2.
# No manager daemon runs, so its health warns; harmless. cephx must stay on: the gateway hangs without it.
set -euo pipefail

folder=${1:?usage: ceph.sh FOLDER [PORT]}
port=${2:-7480}
for program in ceph-mon ceph-osd radosgw; do
  command -v "$program" >/dev/null ||
    { echo "$program is not installed: apt-get install ceph-mon ceph-osd radosgw" >&2; exit 69; }
done
[ "$(id -u)" = 0 ] || { echo "the Ceph daemons are started as root here; run this as root or in a container" >&2; exit 77; }

rm -rf "$folder"
mkdir -p "$folder"/{mon,osd,rgw,log}
folder=$(cd "$folder" && pwd)
conf=$folder/ceph.conf
cluster=11111111-2222-3333-4444-555555555555
addresses="[v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]"
cat > "$conf" <<EOF
[global]
fsid = $cluster
mon host = $addresses
public addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $folder/keyring
auth allow insecure global id reclaim = false
run dir = $folder
admin socket = $folder/\$name.asok
pid file = $folder/\$name.pid
log file = $folder/log/\$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
mon max pg per osd = 1000
mon warn on pool no redundancy = false
mon allow pool size one = true
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon data = $folder/mon
osd data = $folder/osd
rgw data = $folder/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw dynamic resharding = false
EOF

pids=()
stop() {
  trap - EXIT INT TERM
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait || true
}
trap 'stop' EXIT
trap 'stop; exit 0' INT TERM

# Waits until the command succeeds, at most 60 seconds.
until_ok() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  echo "gave up waiting for: $*; see $folder/log" >&2
  return 1
}
osd_is_up() { ceph -c "$conf" osd stat | grep -q '1 up'; }
gateway_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port"); }

cd "$folder"
for name in mon. client.admin client.rgw; do
  create=()
  [ -f keyring ] || create=(--create-keyring)
  ceph-authtool "${create[@]}" keyring --gen-key -n "$name" --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
done
monmaptool --create --fsid "$cluster" --addv a "$addresses" monmap >/dev/null
{
  ceph-mon -c "$conf" --mkfs -i a --monmap monmap --keyring keyring
  ceph-mon -c "$conf" -i a -f &
  pids+=($!)
  until_ok ceph -c "$conf" --connect-timeout 2 -s
  id=$(ceph -c "$conf" osd create)
  ceph -c "$conf" auth get-or-create osd.0 mon 'allow profile osd' osd 'allow *' >> keyring
  ceph-osd -c "$conf" -i "$id" --mkfs
  ceph -c "$conf" osd crush add "osd.$id" 1.0 host=h root=default
  ceph-osd -c "$conf" -i "$id" -f &
  pids+=($!)
  until_ok osd_is_up
  radosgw-admin -c "$conf" user create --uid=ledger --display-name=ledger --access-key=access --secret-key=secretsecret
  radosgw -c "$conf" -n client.rgw -f &
  pids+=($!)
  until_ok gateway_answers
} > log/start.log 2>&1
echo ready
wait -n || true
