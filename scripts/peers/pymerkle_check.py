"""Checks an exported log with PyPI's pymerkle, which knows nothing of ours.

usage: pymerkle_check.py DIR OLD_SIZE OLD_ROOT_BASE64 [FILE.tlog-proof ...]

DIR holds the files of C2SP tlog-tiles. Every entry goes into a pymerkle tree; its root must be the one in DIR/checkpoint, its root at
OLD_SIZE the old one (with pymerkle's consistency proof between the two), and its inclusion path for the index of each proof file
the path in that file. Exit code 0 means accepted, 1 refused, 69 that pymerkle is not installed.
"""

import base64
import sys
from pathlib import Path

try:
    from pymerkle import InmemoryTree, verify_consistency, verify_inclusion
except ImportError:
    sys.exit("pymerkle is not installed: pip install pymerkle in the environment `proofs` (make test does it)")

WIDTH = 256


def require(holds, otherwise):
    if not holds:
        raise ValueError(otherwise)


def index_path(number):
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    return "/".join(parts)


def entries(folder, size):
    for first in range(0, size, WIDTH):
        width = min(WIDTH, size - first)
        name = index_path(first // WIDTH) + ("" if width == WIDTH else f".p/{width}")
        bundle = (folder / "tile" / "entries" / name).read_bytes()
        count = 0
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            require(len(bundle) >= 2 + length, f"{name} ends inside an entry")
            yield bundle[2 : 2 + length]
            bundle = bundle[2 + length :]
            count += 1
        require(count == width, f"{name} has {count} entries")


def main(folder, old_size, old_root, proof_files):
    lines = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")
    size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries(folder, size):
        tree.append_entry(entry)
    require(tree.get_size() == size, "pymerkle counts another size")
    require(tree.get_root() == root, "the entries give another root than the checkpoint")
    require(tree.get_root(old_size) == old_root, "the first entries give another root than the old checkpoint")
    growth = tree.prove_consistency(old_size, size)
    verify_consistency(old_root, root, growth)

    for proof_file in proof_files:
        head, signed = proof_file.read_text(encoding="utf-8").split("\n\n", 1)
        proof_lines = [line for line in head.split("\n")[1:] if not line.startswith("extra ")]
        index = int(proof_lines[0].removeprefix("index "))
        path = [base64.b64decode(line, validate=True) for line in proof_lines[1:]]
        signed_lines = signed.split("\n")
        proof_size, proof_root = int(signed_lines[1]), base64.b64decode(signed_lines[2], validate=True)
        ours = tree.prove_inclusion(index + 1, proof_size)
        ours.path = ours.path[:1] + path
        verify_inclusion(tree.get_leaf(index + 1), proof_root, ours)
    print(f"ok {size} entries, {len(proof_files)} proofs")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), base64.b64decode(sys.argv[3]), [Path(name) for name in sys.argv[4:]])
    except Exception as problem:  # whatever is wrong with the log, the answer is "refused"
        print(f"refused: {type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(1)
