#!/usr/bin/env bash
# Makes the files of a time stamp authority that is not ours: a root, and a signer for `openssl ts -reply`.
#
# usage: timestamp-authority.sh DIR [rsa|ec|ed25519|two-purposes] [FRACTION_DIGITS]
#
# `ed25519` answers every request with a rejection (this openssl cannot sign tokens with it); `two-purposes` has a certificate that
# a time stamp authority must not use (openssl refuses to stamp with it).
# DIR receives root.pem, signer.pem, keys, serial and tsa.cnf. Stamp with
#   openssl ts -reply -config DIR/tsa.cnf -queryfile q.tsq -out r.tsr
# The keys live as long as DIR: use a temporary folder.
set -euo pipefail

dir=${1:?usage: timestamp-authority.sh DIR [rsa|ec|ed25519|two-purposes] [FRACTION_DIGITS]}
kind=${2:-rsa}
digits=${3:-0}
command -v openssl >/dev/null || { echo "openssl is not installed: apt-get install openssl" >&2; exit 69; }

mkdir -p "$dir"
cd "$dir"
dir=$PWD

purpose='critical,timeStamping'
case $kind in
  rsa) algorithm=(-newkey rsa:2048) ;;
  ec) algorithm=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) ;;
  ed25519) algorithm=(-newkey ed25519) ;;
  two-purposes) algorithm=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) purpose='critical,timeStamping,codeSigning' ;;
  *) echo "unknown kind of authority: $kind" >&2; exit 64 ;;
esac

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout root.key -out root.pem -days 36500 \
  -subj '/O=Example Time/CN=Example Time Root' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
openssl req -new "${algorithm[@]}" -nodes -keyout signer.key -out signer.csr -subj '/O=Example Time/CN=Example Time Stamps' 2>/dev/null
cat > signer.ext <<EOF
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=$purpose
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
EOF
openssl x509 -req -in signer.csr -CA root.pem -CAkey root.key -CAcreateserial -days 36500 -sha384 \
  -extfile signer.ext -out signer.pem 2>/dev/null
echo 01 > serial
cat > tsa.cnf <<EOF
[tsa]
default_tsa = authority
[authority]
dir = $dir
serial = $dir/serial
signer_cert = $dir/signer.pem
certs = $dir/root.pem
signer_key = $dir/signer.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256,sha384,sha512
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = $digits
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
EOF
