"""Scores per kind, per rewriting and per head with 95 % intervals, for Gatepost and its peers, as Markdown."""

import collections
import json
import pathlib
import random
import subprocess
import sys

import rewrites
import spans

KINDS = ["CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER", "EMAIL_ADDRESS", "IP_ADDRESS", "URL"]
EXTRA = ["DATE_TIME", "US_DRIVER_LICENSE", "AGE", "PERSON", "STREET_ADDRESS"]
FILES = ["generated_large.train.json", "synth_dataset_v2.train.json"]
ORDINARY = [
    "tweeteval/sentiment/val.tsv", "tweeteval/offensive/val.tsv", "tweeteval/emotion/val.tsv", "senti4sd/train.tsv",
    "edos/dev.tsv", "github-incivility/train.tsv",
]  # fmt: skip
STRICT = ["CREDIT_CARD", "IBAN_CODE", "US_SSN", "SECRET"]
# Files whose labels are those of a head: (head, file, labels that count as yes).
HEADS = [
    ("offensive", "tweeteval/offensive/val.tsv", {"1"}),
    ("identity_hate", "tweeteval/hate/val.tsv", {"1"}),
    ("identity_hate", "hatemoji-build/validation.tsv", {"1"}),
    ("identity_hate", "dynahate/dev_500.tsv", {"1"}),
]
PEER_NAMES = {"IBAN": "IBAN_CODE", "DOMAIN_NAME": "URL", "IPV4": "IP_ADDRESS", "IPV6": "IP_ADDRESS"}


def run_peer(command, texts):
    stdin = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts))
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = [[(PEER_NAMES.get(k, k), a, b, s) for k, a, b, s in row["findings"]] for row in rows]
    return found, float(done.stderr.split()[-1])


def read_tsv(path):
    lines = path.read_text(encoding="utf-8").split("\n")[1:]
    return [(line.split("\t")[0], line.rsplit("\t", 1)[1]) for line in lines if "\t" in line]


def interval(hits, total):
    low, high = spans.wilson(hits, total)
    return f"{hits / total:.3f} ({low:.3f}–{high:.3f})" if total else "–"


def span_tables(out, systems, data):
    for name in FILES:
        rows = spans.load(data / "presidio-research" / name)
        golds, texts = [spans.gold(r) for r in rows], [r["full_text"] for r in rows]
        out.append(f"\n## Spans on {name} ({len(rows)} messages)\n")
        out.append("Right kind and overlap of at least half. F1, and for Gatepost precision and recall with intervals.\n")
        out.append("| kind | spans | precision | recall | F1 | " + " | ".join(f"{s} F1" for s in list(systems)[1:]) + " |")
        out.append("|---|---|---|---|---|" + "---|" * (len(systems) - 1))
        tables = {s: spans.count(golds, run(texts), KINDS + EXTRA)[0] for s, run in systems.items()}
        total = {s: [0, 0, 0] for s in systems}
        for kind in KINDS + EXTRA:
            tp, fp, fn = tables["Gatepost"][kind]
            if tp + fn == 0:
                continue
            cells = [f"{spans.scores(*tables[s][kind])[2]:.3f}" for s in systems]
            row = [kind, str(tp + fn), interval(tp, tp + fp), interval(tp, tp + fn), *cells]
            out.append("| " + " | ".join(row) + " |")
            if kind in KINDS:
                for s in systems:
                    total[s] = [a + b for a, b in zip(total[s], tables[s][kind])]
        cells = [f"**{spans.scores(*total[s])[2]:.3f}**" for s in systems]
        out.append(f"| **the first seven together** | {total['Gatepost'][0] + total['Gatepost'][2]} | | | " + " | ".join(cells) + " |")


def rewrite_table(out, systems, data):
    rows = [r for name in FILES for r in spans.load(data / "presidio-research" / name)]
    out.append("\n## Recall when the value is rewritten\n")
    out.append("| rewriting | values | " + " | ".join(systems) + " |\n|---|---|" + "---|" * len(systems))
    for name, (rewrite, kinds) in rewrites.REWRITES.items():
        items = []
        for row in rows:
            text = row["full_text"]
            for kind, start, end in spans.gold(row):
                if kind in kinds:
                    value = rewrite(text[start:end])
                    items.append((text[:start] + value + text[end:], (kind, start, start + len(value))))
        cells = []
        for run in systems.values():
            found = run([t for t, _ in items])
            hits = sum(any(f[0] == g[0] and spans.overlap(g, f) >= 0.5 for f in fs) for (_, g), fs in zip(items, found))
            cells.append(interval(hits, len(items)))
        out.append(f"| {name} | {len(items)} | " + " | ".join(cells) + " |")


def ordinary_table(out, systems, data):
    texts = []
    for name in ORDINARY:
        rows = [t for _, t in read_tsv(data / name)]
        random.Random(1).shuffle(rows)
        texts += rows[:1500]
    out.append(f"\n## Findings per 1,000 ordinary posts ({len(texts)} posts)\n")
    out.append("The posts hold few real values, so almost all of these are false. Links and dates are not counted.\n")
    out.append("| kind | " + " | ".join(systems) + " |\n|---|" + "---|" * len(systems))
    counts = {s: collections.Counter(f[0] for fs in run(texts) for f in fs) for s, run in systems.items()}
    for kind in STRICT + ["PHONE_NUMBER", "EMAIL_ADDRESS", "IP_ADDRESS", "PERSON"]:
        out.append(f"| {kind} | " + " | ".join(f"{counts[s][kind] / len(texts) * 1000:.2f}" for s in systems) + " |")


def head_table(out, binary, data):
    out.append("\n## Text heads at their published thresholds\n")
    out.append("| head | file | rows | precision | recall | F1 | macro-F1 |\n|---|---|---|---|---|---|---|")
    for head, name, yes in HEADS:
        if not (data / name).is_file():
            continue
        rows = read_tsv(data / name)
        stdin = "".join(json.dumps({"text": t}) + "\n" for _, t in rows)
        done = subprocess.run([binary, "inspect", "--jsonl"], input=stdin, capture_output=True, text=True, check=False)
        flags = [head in json.loads(line)["flags"] for line in done.stdout.splitlines()]
        tp = sum(f and l in yes for f, (l, _) in zip(flags, rows))
        fp = sum(f and l not in yes for f, (l, _) in zip(flags, rows))
        fn = sum(not f and l in yes for f, (l, _) in zip(flags, rows))
        tn = len(rows) - tp - fp - fn
        f1, rest = spans.scores(tp, fp, fn)[2], spans.scores(tn, fn, fp)[2]
        cells = [head, name, str(len(rows)), interval(tp, tp + fp), interval(tp, tp + fn), f"{f1:.3f}", f"{(f1 + rest) / 2:.3f}"]
        out.append("| " + " | ".join(cells) + " |")


def main():
    binary, data, cache, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
    here = pathlib.Path(__file__).parent
    presidio = [str(cache / "presidio/bin/python"), str(here / "presidio.py")]
    redact = [str(cache / "redact-peer/target/release/redact-peer")]
    systems = {
        "Gatepost": lambda texts: spans.run_gatepost(binary, texts, ["--no-heads"]),
        "Presidio": lambda texts: run_peer(presidio, texts)[0],
        "redact-core": lambda texts: run_peer(redact, texts)[0],
    }
    out = [
        "# Accuracy",
        "",
        "Made by `make accuracy` (`scripts/accuracy/run.sh`) on the training and validation data; do not edit. These sets",
        "were used for tuning, so they show what the detectors do, not what they would do on other people's data. Presidio",
        "runs its pattern recognisers without a language model (`scripts/accuracy/presidio.py`), redact-core its default",
        "engine. Shares come with 95 % Wilson intervals.",
    ]
    span_tables(out, systems, data)
    rewrite_table(out, systems, data)
    ordinary_table(out, systems, data)
    head_table(out, binary, data)
    text = "\n".join(out) + "\n"
    pathlib.Path(target).write_text(text, encoding="utf-8")
    print(text)


main()
