#!/usr/bin/env bash
# Import of a generated Slack export: parsing alone, then everything from the file to the record, the database and the search index, which work
# side by side; then the index alone, built again. Says where the time goes. MESSAGES sets its size (default 1,000,000; the file is about 90 bytes a message).
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

def run(*arguments):
    """Seconds, processor microseconds a message, peak of resident memory in MB, output."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen([program, "--json", *arguments, "--data", f"{work}/data"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, _, used = os.wait4(process.pid, 0)
    cpu_us = (used.ru_utime + used.ru_stime) * 1e6 / messages
    return time.monotonic() - began, cpu_us, used.ru_maxrss / 1024, json.loads(out)

parse = json.load(open(f"{work}/parse", encoding="utf-8"))
size = os.path.getsize(f"{work}/export.zip") / 1e6
parse_us = parse["cpu_us"] / parse["items"]
print(f"export of {messages:,} messages, {size:.0f} MB packed")
print(f"parse alone        {parse_us:8.2f} us/message of processor time (goal 8), {parse['peak_kib'] / 1024:.0f} MB at most")
took, cpu_us, peak_mb, said = run("import", "slack", f"{work}/export.zip")
books = said["import"]
assert books["position"] == books["recorded"] + books["duplicates"] + books["refused"] == messages, books
print(f"file to index      {messages / took:8.0f} messages/s (goal 20,000), {took:.1f} s, {cpu_us:.2f} us/message of processor time, {peak_mb:.0f} MB at most (goal 400)")
index_took, index_us, index_mb, _ = run("search", "--rebuild")
print(f"index from nothing {messages / index_took:8.0f} messages/s, {index_took:.1f} s, {index_us:.2f} us/message of processor time, {index_mb:.0f} MB at most")
# Each stage's share is of the time that all of them worked; the index's is that of building it alone.
intake = said["worked"]["intake"]
stages = {"parse": said["worked"]["read_ms"], "ledger": intake["record_ms"], "inspect": intake["inspect_ms"],
          "database": intake["store_ms"], "index": index_took * 1000}
total = sum(stages.values())
print("share of the time that stages worked: " + ", ".join(f"{name} {100 * ms / total:.0f} %" for name, ms in stages.items()))
PYTHON
