#!/usr/bin/env bash
# Import of a generated Slack export: parsing alone, then everything from the file to the record and the database.
# MESSAGES sets its size (default 1,000,000; the file is about 90 bytes a message).
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/../common.sh"

messages=${MESSAGES:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet --release --package networks --example slack_export --example bench_parse
cargo build --quiet --release --package gatepost --bin gatepost
"$TARGET/release/examples/slack_export" "$messages" "$work/export.zip"
"$TARGET/release/examples/bench_parse" slack "$work/export.zip" >"$work/parse"
"$TARGET/release/gatepost" init --data "$work/data" --owner bench@example.test >/dev/null
python3 - "$TARGET/release/gatepost" "$work" "$messages" <<'PYTHON'
import json, os, resource, subprocess, sys, time
program, work, messages = sys.argv[1], sys.argv[2], int(sys.argv[3])
parse = json.load(open(f"{work}/parse", encoding="utf-8"))
size = os.path.getsize(f"{work}/export.zip") / 1e6
parse_us = parse["cpu_us"] / parse["items"]
print(f"export of {messages:,} messages, {size:.0f} MB packed")
print(f"parse alone       {parse_us:8.2f} us/message of processor time (goal 8), {parse['peak_kib'] / 1024:.0f} MB at most")
began = time.monotonic()
done = subprocess.run([program, "--json", "import", "slack", f"{work}/export.zip", "--data", f"{work}/data"], stdout=subprocess.PIPE)
took = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
run = json.loads(done.stdout)["import"]
assert run["position"] == run["recorded"] + run["duplicates"] + run["refused"] == messages, run
cpu_us = (used.ru_utime + used.ru_stime) * 1e6 / messages
print(f"file to database  {messages / took:8.0f} messages/s (goal 20,000), {took:.1f} s")
print(f"                  {cpu_us:8.2f} us/message of processor time, {used.ru_maxrss / 1024:.0f} MB at most (goal 400)")
print(f"share of parsing  {100 * parse_us / cpu_us:8.0f} %")
PYTHON
