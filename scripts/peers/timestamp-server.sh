#!/usr/bin/env bash
# Serves openssl's time stamp responder over HTTP: busybox httpd with a CGI script.
#
# usage: timestamp-server.sh DIR PORT     (DIR as timestamp-authority.sh made it; runs until it is killed)
# The address is http://127.0.0.1:PORT/cgi-bin/tsa
set -euo pipefail

dir=${1:?usage: timestamp-server.sh DIR PORT}
port=${2:?usage: timestamp-server.sh DIR PORT}
command -v busybox >/dev/null || { echo "busybox is not installed: apt-get install busybox" >&2; exit 69; }
cd "$dir"
dir=$PWD
mkdir -p www/cgi-bin
cat > www/cgi-bin/tsa <<EOF
#!/bin/sh
work=\$(mktemp -d)
cat > "\$work/query"
openssl ts -config "$dir/tsa.cnf" -reply -queryfile "\$work/query" -out "\$work/answer" 2>/dev/null
printf 'Content-Type: application/timestamp-reply\r\n\r\n'
cat "\$work/answer"
rm -r "\$work"
EOF
chmod +x www/cgi-bin/tsa
exec busybox httpd -f -p "127.0.0.1:$port" -h www
