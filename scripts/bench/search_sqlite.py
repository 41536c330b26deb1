"""One peer of the search bench: SQLite FTS5 with its porter stemmer, contentless, rows in the order of time.

usage: search_sqlite.py FOLDER (with corpus.tsv and questions.tsv in it)
"""

import pathlib
import sqlite3
import sys
import time

folder = pathlib.Path(sys.argv[1])
db = sqlite3.connect(folder / "peer.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = NORMAL")
db.execute("PRAGMA cache_size = -262144")
db.execute("CREATE VIRTUAL TABLE m USING fts5(text, content='', tokenize=\"porter unicode61 remove_diacritics 2\")")


def rows():
    with open(folder / "corpus.tsv", encoding="utf-8") as corpus:
        for line in corpus:
            number, _, text = line.rstrip("\n").split("\t", 2)
            yield int(number), text


begin, cpu = time.monotonic(), time.process_time()
count = 0
batch = []
for row in rows():
    batch.append(row)
    if len(batch) == 10_000:
        db.execute("BEGIN")
        db.executemany("INSERT INTO m (rowid, text) VALUES (?, ?)", batch)
        db.execute("COMMIT")
        count += len(batch)
        batch.clear()
db.executemany("INSERT INTO m (rowid, text) VALUES (?, ?)", batch)
count += len(batch)
cpu = time.process_time() - cpu
print(f"\nSQLite {sqlite3.sqlite_version} FTS5: {count} messages, {cpu / count * 1e6:.1f} us of processor time each (reading the file included), {time.monotonic() - begin:.0f} s")
print(f"{'ms, median of 5':34} {'matches':>9} | {'top 20':>13} | {'newest, count':>13}")


def timed(*statements):
    times = []
    for _ in range(5):
        begin = time.monotonic()
        for statement, words in statements:
            answer = db.execute(statement, (words,)).fetchall()
        times.append((time.monotonic() - begin) * 1e3)
        if times[0] > 5_000:
            break
    return sorted(times)[len(times) // 2], answer


TOP = "SELECT rowid FROM m WHERE m MATCH ? ORDER BY rank LIMIT 20"
NEWEST = "SELECT rowid FROM m WHERE m MATCH ? ORDER BY rowid DESC LIMIT 20"
COUNT = "SELECT COUNT(*) FROM m WHERE m MATCH ?"
for line in (folder / "questions.tsv").read_text(encoding="utf-8").splitlines():
    name, words = line.split("\t")
    top, _ = timed((TOP, words))
    newest, answer = timed((NEWEST, words), (COUNT, words))
    print(f"{name:34} {answer[0][0]:9} | {top:13.2f} | {newest:13.2f}", flush=True)
db.close()
for left in folder.glob("peer.db*"):
    left.unlink()
