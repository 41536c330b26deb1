#!/usr/bin/env bash
# Makes crates/ledger/vectors/timestamp afresh: one query and the answers that openssl's responder gives to it.
# The private keys are thrown away; run it only when a new case is needed, since every file changes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../crates/ledger/vectors/timestamp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

printf 'example.test/log\n42\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n' > "$out/message"
imprint=$(openssl dgst -sha256 -r "$out/message" | cut -d' ' -f1)
# The query of Request::over(message, [0x42; 16], None); a unit test compares the two.
nonce=42424242424242424242424242424242
printf '%s' "304b0201013031300d060960864801650304020105000420${imprint}0210${nonce}0101ff" |
  python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' > "$out/query.tsq"

for kind in rsa ec ed25519 two-purposes; do
  digits=0
  [ "$kind" = ec ] && digits=6
  "$here/timestamp-authority.sh" "$work/$kind" "$kind" "$digits"
  cp "$work/$kind/root.pem" "$out/$kind-root.pem"
  openssl ts -reply -config "$work/$kind/tsa.cnf" -queryfile "$out/query.tsq" -out "$out/$kind.tsr" 2>/dev/null || true
done
mv "$out/ed25519.tsr" "$out/rejected.tsr"
rm -f "$out/ed25519-root.pem"
printf 'not a query' > "$work/garbage"
openssl ts -reply -config "$work/rsa/tsa.cnf" -queryfile "$work/garbage" -out "$out/bad-format.tsr" 2>/dev/null || true

# openssl will not stamp with the wrong kind of certificate, so its CMS command signs the statement of the RSA authority.
openssl ts -reply -in "$out/rsa.tsr" -token_out -out "$work/token.der" 2>/dev/null
openssl cms -verify -noverify -inform DER -in "$work/token.der" -out "$work/statement.der" 2>/dev/null
openssl cms -sign -nodetach -binary -cades -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 \
  -signer "$work/two-purposes/signer.pem" -inkey "$work/two-purposes/signer.key" \
  -in "$work/statement.der" -outform DER -out "$work/wrong.der"
python3 - "$work/wrong.der" "$out/two-purposes.tsr" <<'PY'
import sys
token = open(sys.argv[1], "rb").read()
body = bytes.fromhex("3003020100") + token
open(sys.argv[2], "wb").write(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
PY
rm -f "$out"/*.srl
ls -l "$out"
