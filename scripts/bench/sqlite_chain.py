"""The peer of the ledger's bench: SQLite, synced, a hash chain over plaintext rows, batches of 1,000.

usage: sqlite_chain.py FOLDER
"""

import hashlib
import os
import sqlite3
import sys
import tempfile
import time

ROWS, BATCH = 200_000, 1_000


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        database = sqlite3.connect(os.path.join(folder, "chain.db"), isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE chain (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL)")
        bodies = [b'{"id":"%d","text":"%s"}' % (n, b"my parcel has not arrived " * 32) for n in range(BATCH)]
        head, start = bytes(32), time.perf_counter()
        for first in range(0, ROWS, BATCH):
            rows = []
            for offset, body in enumerate(bodies):
                head = hashlib.sha256(head + body).digest()
                rows.append((first + offset, body, head))
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO chain VALUES (?, ?, ?)", rows)
            database.execute("COMMIT")
        rate = ROWS / (time.perf_counter() - start)
        print(f"{'SQLite, synced hash chain in batches of 1000 (Python)':<56} {rate:>11.0f} /s   plaintext, {len(bodies[0])} B a row")


main()
