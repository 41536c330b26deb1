"""Span scores: the right kind and an overlap of at least half (intersection over union), greedy one to one."""

import collections
import json
import math
import subprocess

ALIASES = {"DOMAIN_NAME": "URL", "ADDRESS": "STREET_ADDRESS"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def gold(row):
    return [
        (ALIASES.get(s["entity_type"], s["entity_type"]), s["start_position"], s["end_position"]) for s in row["spans"]
    ]


def run_gatepost(binary, texts, extra=()):
    """The findings of `gatepost inspect` for every text, as (kind, start, end, score)."""
    stdin = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts))
    done = subprocess.run([binary, "inspect", "--jsonl", *extra], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [[(f["kind"], f["start"], f["end"], f["score"]) for f in row["findings"]] for row in rows]


def overlap(a, b):
    inter = min(a[2], b[2]) - max(a[1], b[1])
    union = max(a[2], b[2]) - min(a[1], b[1])
    return inter / union if union > 0 else 0.0


def count(golds, founds, kinds):
    """Per kind: true positives, false positives, false negatives, and samples of the errors."""
    table = {k: [0, 0, 0] for k in kinds}
    errors = collections.defaultdict(list)
    for i, (want, have) in enumerate(zip(golds, founds)):
        for kind in kinds:
            w = [g for g in want if g[0] == kind]
            h = [f for f in have if f[0] == kind]
            used = set()
            for g in w:
                best = max(((overlap(g, f), j) for j, f in enumerate(h) if j not in used), default=(0, None))
                if best[0] >= 0.5:
                    used.add(best[1])
                    table[kind][0] += 1
                else:
                    table[kind][2] += 1
                    errors[kind].append(("missed", i, g))
            for j, f in enumerate(h):
                if j not in used:
                    table[kind][1] += 1
                    errors[kind].append(("extra", i, f))
    return table, errors


def scores(tp, fp, fn):
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
    return precision, recall, f1


def wilson(hits, total, z=1.96):
    """95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    p = hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)
