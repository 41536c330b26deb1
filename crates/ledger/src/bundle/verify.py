#!/usr/bin/env python3
"""Checks a proof bundle, or a whole exported log, without any of the software that made it.

    verify.py RECORD.proof.json --key KEY [--tsa-root [NAME=]ROOT.pem ...] [--attachment FILE] [--save FOLDER] [--json]
    verify.py --log FOLDER --key KEY

It needs Python 3.9 or newer and, for signatures, the openssl program (3.0 or newer). It opens no network connection.

KEY is the log's public key, one line of the form name+8 hex digits+base64, or the path of a file that holds it. Get it from the
company or from someone who kept it, not from the bundle: a bundle that names its own key proves nothing.
ROOT.pem is the root certificate of a time stamp authority; give NAME= when two authorities are used. Without it the time stamps are
listed as not checked.
--attachment compares a file with the digest and length that the record's plaintext gives of its attachment.
--save writes what is in the bundle as separate files, with the openssl commands that check them by hand.

What is checked, in this order: the checkpoint's signature; that the entry is in the log at its place (RFC 6962); that the plaintext is
the one that the entry commits to; that the entry that removed the record, when there is one, is in the same log; the time stamps.

Exit code: 0 accepted, 1 refused, 2 wrong usage, 3 could not be checked (openssl is missing).
"""

import argparse
import base64
import datetime
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FORMAT = "gatepost-proof-1"
ENTRY_BYTES = 168
TILE_WIDTH = 256
COMMITMENT_LABEL = b"gatepost ledger commitment v1"
FIELDS = {"format", "entry", "proof", "salt", "body", "removed_by", "timestamps", "timestamps_left_out"}
BUNDLE_BYTES_MAX = 8 * 1024 * 1024
OPENSSL_SECONDS_MAX = 60
KINDS = {
    1: "capture", 2: "revision", 3: "source-deletion", 4: "reaction", 5: "attachment", 6: "membership", 7: "heartbeat", 8: "gap",
    9: "import", 10: "audit-act", 11: "hold-set", 12: "hold-released", 13: "policy-change", 14: "disposal-tombstone",
    15: "erasure-tombstone", 16: "sealed-access", 17: "export", 18: "key-rotation", 19: "timestamp-anchored", 20: "timestamp-failed",
    21: "scrub-result", 22: "removal-refused",
}
REMOVALS = {14: "DISPOSED", 15: "ERASED"}


class Refused(Exception):
    """The bundle or log is not what it claims to be."""


class Unchecked(Exception):
    """Something needed for the check is missing on this computer."""


def require(holds, otherwise):
    if not holds:
        raise Refused(otherwise)


def decode(text, what):
    """Strict base64: one text for one value, so that a changed character is always noticed."""
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Refused(f"{what} is not base64") from None
    require(base64.b64encode(value).decode() == text, f"{what} is not base64 in its one canonical form")
    return value


def only_fields(part, allowed, what):
    require(isinstance(part, dict), f"{what} is not an object")
    for field in part:
        require(field in allowed, f"{what} has a field {field!r}; a newer verifier is needed")


def no_duplicates(pairs):
    require(len(pairs) == len(dict(pairs)), "a field appears twice")
    return dict(pairs)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- the signed checkpoint (C2SP signed-note and tlog-checkpoint) ---


class Key:
    def __init__(self, line):
        try:
            self.name, identifier, material = line.strip().split("+", 2)
            material = base64.b64decode(material, validate=True)
        except ValueError:
            raise Refused("the key is not of the form name+8 hex digits+base64") from None
        require(len(material) == 33 and material[0] == 1, "the key is not an Ed25519 key of type 1")
        self.id = sha256(self.name.encode(), b"\n", material)[:4]
        require(self.id.hex() == identifier, "the key's id does not match its name and content")
        self.public = material[1:]

    def pem(self):
        der = bytes.fromhex("302a300506032b6570032100") + self.public
        return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


class Checkpoint:
    """A signed note whose text is a checkpoint; `text` is what was signed, bytes and all."""

    def __init__(self, note):
        require("\n\n" in note and note.endswith("\n"), "the checkpoint has no signatures")
        text, lines = note.rsplit("\n\n", 1)
        self.text = text + "\n"
        self.lines = lines.rstrip("\n").split("\n")
        fields = self.text.split("\n")
        require(len(fields) >= 4, "the checkpoint has fewer than three lines")
        self.origin = fields[0]
        require(re.fullmatch(r"0|[1-9][0-9]*", fields[1]), "the checkpoint's size is not a number")
        self.size = int(fields[1])
        self.root = decode(fields[2], "the checkpoint's root")
        require(len(self.root) == 32, "the checkpoint's root has not 32 bytes")

    def signature_by(self, key):
        for line in self.lines:
            match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
            require(match, "a signature line is malformed")
            payload = decode(match.group(2), "a signature")
            if match.group(1) == key.name and payload[:4] == key.id:
                require(len(payload) == 4 + 64, "the log's signature has the wrong length")
                return payload[4:]
        raise Refused(f"the checkpoint is not signed by {key.name}")

    def verify(self, key):
        require(self.origin == key.name, f"the checkpoint is of log {self.origin}, the key of {key.name}")
        signature = self.signature_by(key)
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "key.pem").write_text(key.pem())
            (folder / "text").write_bytes(self.text.encode())
            (folder / "signature").write_bytes(signature)
            done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", folder / "key.pem", "-rawin", "-in", folder / "text",
                           "-sigfile", folder / "signature")
            require(done.returncode == 0, "the checkpoint's signature is not valid")


def openssl(*arguments):
    try:
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=OPENSSL_SECONDS_MAX, check=False)
    except FileNotFoundError:
        raise Unchecked("the openssl program is not installed; signatures cannot be checked without it") from None
    except subprocess.TimeoutExpired:
        raise Unchecked("the openssl program did not finish") from None


# --- the tree (RFC 6962) ---


def leaf_hash(entry):
    return sha256(b"\0", entry)


def root_of(hashes):
    """The root over a list of leaf hashes, level by level: an odd last node moves up unchanged."""
    if not hashes:
        return sha256()
    while len(hashes) > 1:
        paired = [sha256(b"\1", hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0]


def check_inclusion(index, size, leaf, path, root):
    """RFC 9162 section 2.1.3.2: walk from the leaf to the root."""
    require(0 <= index < size, "the entry's place is outside of the log")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        require(last != 0, "the inclusion proof is too long")
        if node % 2 == 1 or node == last:
            value = sha256(b"\1", sibling, value)
            while node % 2 == 0 and node != 0:
                node, last = node // 2, last // 2
        else:
            value = sha256(b"\1", value, sibling)
        node, last = node // 2, last // 2
    require(last == 0 and value == root, "the inclusion proof leads to another root: the entry or the log was altered")


# --- entries and bodies (docs/ledger-format.md) ---


class Entry:
    def __init__(self, raw):
        require(len(raw) == ENTRY_BYTES, f"an entry has {len(raw)} bytes, not {ENTRY_BYTES}")
        require(raw[0] == 1, f"an entry has version {raw[0]}; a newer verifier is needed")
        require(raw[1] in KINDS, f"an entry has kind {raw[1]}; a newer verifier is needed")
        self.raw = raw
        self.kind = raw[1]
        self.body_length = int.from_bytes(raw[4:8], "big")
        self.seq = int.from_bytes(raw[8:16], "big")
        self.captured_at_ms = int.from_bytes(raw[16:24], "big", signed=True)
        self.record_id = raw[24:40]
        self.segment = int.from_bytes(raw[72:80], "big")
        self.refers_to = raw[88:104]
        self.commitment = raw[104:136]

    def captured_at(self):
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=self.captured_at_ms)
        return moment.isoformat(timespec="milliseconds") + "Z"


def check_body(entry, part):
    """The plaintext and its salt against the commitment in the entry. Returns the plaintext, or None when it is not in the bundle."""
    if "body" not in part and "salt" not in part:
        return None
    require("body" in part and "salt" in part, "the bundle has a plaintext without its salt or the reverse")
    salt, body = decode(part["salt"], "the salt"), decode(part["body"], "the plaintext")
    require(len(salt) == 32, "the salt has not 32 bytes")
    require(len(body) == entry.body_length, "the plaintext has another length than the entry says")
    require(sha256(COMMITMENT_LABEL, salt, body) == entry.commitment, "the plaintext is not the one that the entry commits to")
    return body


def parse_proof(text):
    """C2SP tlog-proof: index, path, checkpoint."""
    require("\n\n" in text, "the proof has no checkpoint")
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1", "the proof is not of the form c2sp.org/tlog-proof@v1")
    if len(lines) > 1 and lines[1].startswith("extra "):
        del lines[1]
    require(len(lines) > 1 and re.fullmatch(r"index (0|[1-9][0-9]*)", lines[1]), "the proof has no index")
    return int(lines[1][6:]), parse_path(lines[2:]), Checkpoint(note)


def parse_path(lines):
    path = [decode(line, "a hash of the proof") for line in lines]
    require(len(path) <= 64 and all(len(value) == 32 for value in path), "a hash of the proof has not 32 bytes")
    return path


# --- time stamps (RFC 3161), by openssl ---


def check_timestamp(stamp, text, roots):
    """What openssl says of the token at the token's own time, so that a proof outlives the authority's certificate."""
    only_fields(stamp, {"authority", "response"}, "a time stamp")
    root = roots.get(stamp["authority"], roots.get(None))
    if root is None:
        return {"authority": stamp["authority"], "checked": False}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "answer.tsr").write_bytes(decode(stamp["response"], "a time stamp"))
        (folder / "text").write_bytes(text.encode())
        shown = openssl("ts", "-reply", "-in", folder / "answer.tsr", "-text").stdout.decode("utf-8", "replace")
        found = re.search(r"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(\.\d+)? (\d{4}) GMT$", shown, re.MULTILINE)
        require(found, f"the time stamp by {stamp['authority']} cannot be read")
        moment = datetime.datetime.strptime(" ".join(f"{found.group(1)} {found.group(3)}".split()), "%b %d %H:%M:%S %Y")
        seconds = int((moment - datetime.datetime(1970, 1, 1)).total_seconds())
        done = openssl("ts", "-verify", "-in", folder / "answer.tsr", "-data", folder / "text", "-CAfile", root, "-attime", seconds)
        require(done.returncode == 0, f"the time stamp by {stamp['authority']} does not verify")
    return {"authority": stamp["authority"], "checked": True, "time": moment.isoformat() + (found.group(2) or "") + "Z"}


# --- a bundle ---


def check_bundle(bundle, key, roots):
    require(isinstance(bundle, dict) and bundle.get("format") == FORMAT, f"the file is not a proof of format {FORMAT}")
    only_fields(bundle, FIELDS, "the bundle")
    index, path, checkpoint = parse_proof(bundle["proof"])
    checkpoint.verify(key)
    entry = Entry(decode(bundle["entry"], "the entry"))
    require(entry.seq == index, "the entry is not the one at the proof's index")
    check_inclusion(index, checkpoint.size, leaf_hash(entry.raw), path, checkpoint.root)
    body = check_body(entry, bundle)
    verdict, removed_by = "PRESENT" if body is not None else "WITHHELD", None
    if "removed_by" in bundle:
        removed_by, verdict = check_removal(bundle["removed_by"], entry, checkpoint)
        require(body is None, "the record is said to be removed but its plaintext is here")
    return {
        "verdict": verdict,
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "entry": index,
        "kind": KINDS[entry.kind],
        "record_id": entry.record_id.hex(),
        "captured_at": entry.captured_at(),
        "body_bytes": entry.body_length,
        "attachment": attachment_of(body),
        "removed_by_entry": removed_by,
        "timestamps": [check_timestamp(stamp, checkpoint.text, roots) for stamp in bundle.get("timestamps", [])],
        "timestamps_left_out": bundle.get("timestamps_left_out", []),
    }


def attachment_of(body):
    """Digest and length of the attachment, from a plaintext of form 2: after form, time, name and key."""
    if body is None or body[:1] != b"\x02":
        return None
    require(len(body) >= 113, "the plaintext is cut short")
    return {"sha256": body[73:105].hex(), "bytes": int.from_bytes(body[105:113], "big")}


def check_attachment(attachment, path):
    require(attachment is not None, "the bundle says nothing of an attachment: ask for one with the record's text")
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            length += len(part)
    same = (digest.hexdigest(), length) == (attachment["sha256"], attachment["bytes"])
    require(same, "the file is not the record's attachment")


def check_removal(part, entry, checkpoint):
    only_fields(part, {"entry", "path", "salt", "body"}, "the removing entry")
    tombstone = Entry(decode(part["entry"], "the removing entry"))
    require(tombstone.kind in REMOVALS, "the removing entry is not a tombstone")
    require(tombstone.seq > entry.seq, "the removing entry is older than the record")
    check_inclusion(tombstone.seq, checkpoint.size, leaf_hash(tombstone.raw), parse_path(part["path"]), checkpoint.root)
    body = check_body(tombstone, part)
    named = tombstone.refers_to == entry.record_id or (body is not None and names_record(body, entry))
    require(named, "the removing entry does not name this record")
    return tombstone.seq, REMOVALS[tombstone.kind]


def names_record(body, entry):
    """A tombstone lists the places of its records as [first, last], or their segments, after nine bytes of head."""
    try:
        covered = json.loads(body if body.startswith(b"{") else body[9:])
        listed = any(first <= entry.seq <= last for first, last in covered.get("ranges", []))
        return listed or entry.segment in covered.get("segments", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


# --- a whole exported log (C2SP tlog-tiles) ---


def check_log(folder, key):
    checkpoint = Checkpoint((folder / "checkpoint").read_text(encoding="utf-8"))
    checkpoint.verify(key)
    leaves = []
    for first in range(0, checkpoint.size, TILE_WIDTH):
        width = min(TILE_WIDTH, checkpoint.size - first)
        name = tile_name(first // TILE_WIDTH, width)
        bundle = (folder / "tile" / "entries" / name).read_bytes()
        hashes = (folder / "tile" / "0" / name).read_bytes()
        before = len(leaves)
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            raw, bundle = bundle[2 : 2 + length], bundle[2 + length :]
            require(Entry(raw).seq == len(leaves), f"entry {len(leaves)} says that it is entry {Entry(raw).seq}")
            leaves.append(leaf_hash(raw))
        require(len(leaves) - before == width, f"tile/entries/{name} has {len(leaves) - before} entries")
        require(hashes == b"".join(leaves[before:]), f"tile/0/{name} does not belong to its entries")
    require(root_of(leaves) == checkpoint.root, "the entries lead to another root: the log was altered")
    return {"verdict": "COMPLETE", "log": checkpoint.origin, "size": checkpoint.size}


def tile_name(index, width):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups) + ("" if width == TILE_WIDTH else f".p/{width}")


# --- the command ---


def save(bundle, key, folder):
    """The parts of the bundle as files, for openssl by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    _, _, checkpoint = parse_proof(bundle["proof"])
    (folder / "record.tlog-proof").write_bytes(bundle["proof"].encode())
    (folder / "entry").write_bytes(decode(bundle["entry"], "the entry"))
    (folder / "checkpoint.text").write_bytes(checkpoint.text.encode())
    (folder / "checkpoint.signature").write_bytes(checkpoint.signature_by(key))
    (folder / "log-key.pem").write_text(key.pem())
    commands = ["openssl pkeyutl -verify -pubin -inkey log-key.pem -rawin -in checkpoint.text -sigfile checkpoint.signature"]
    if "body" in bundle:
        (folder / "body").write_bytes(decode(bundle["body"], "the plaintext"))
    for number, stamp in enumerate(bundle.get("timestamps", []), 1):
        (folder / f"timestamp-{number}.tsr").write_bytes(decode(stamp["response"], "a time stamp"))
        commands.append(f"openssl ts -verify -in timestamp-{number}.tsr -data checkpoint.text -CAfile ROOT.pem")
    (folder / "commands.txt").write_text("\n".join(commands) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", type=Path)
    parser.add_argument("--log", type=Path, metavar="FOLDER")
    parser.add_argument("--key", required=True)
    parser.add_argument("--tsa-root", action="append", default=[], metavar="[NAME=]PEM")
    parser.add_argument("--attachment", type=Path, metavar="FILE")
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if (given.bundle is None) == (given.log is None):
        parser.error("give a bundle or --log FOLDER")
    return given


def run(given):
    key = Key(given.key if "+" in given.key else Path(given.key).read_text(encoding="utf-8"))
    if given.log is not None:
        return check_log(given.log, key)
    require(given.bundle.stat().st_size <= BUNDLE_BYTES_MAX, "the bundle is larger than any honest one")
    bundle = json.loads(given.bundle.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)
    roots = {}
    for root in given.tsa_root:
        name, separator, path = root.partition("=")
        roots[name if separator else None] = path if separator else name
    outcome = check_bundle(bundle, key, roots)
    if given.attachment is not None:
        check_attachment(outcome["attachment"], given.attachment)
        outcome["attachment"]["checked"] = True
    if given.save is not None:
        save(bundle, key, given.save)
    return outcome


def describe(outcome):
    lines = [f"{outcome['verdict']}: log {outcome['log']} with {outcome['size']} entries"]
    if outcome["verdict"] == "COMPLETE":
        return lines
    lines.append(f"entry {outcome['entry']} ({outcome['kind']}), taken in {outcome['captured_at']}, record {outcome['record_id']}")
    if outcome["removed_by_entry"] is not None:
        lines.append(f"its content was removed; entry {outcome['removed_by_entry']} says so")
    elif outcome["verdict"] == "WITHHELD":
        lines.append("its content is not in this bundle")
    if outcome["attachment"] is not None:
        said = "the file is that one" if outcome["attachment"].get("checked") else "not checked: give --attachment"
        lines.append(f"attachment of {outcome['attachment']['bytes']} bytes with SHA-256 {outcome['attachment']['sha256']}: {said}")
    for stamp in outcome["timestamps"]:
        said = f"existed at {stamp['time']}" if stamp["checked"] else "not checked: give --tsa-root"
        lines.append(f"time stamp by {stamp['authority']}: {said}")
    for name in outcome["timestamps_left_out"]:
        lines.append(f"time stamp by {name}: kept beside the checkpoint, not in this bundle")
    return lines


def main():
    given = arguments()
    try:
        outcome = run(given)
    except Unchecked as problem:
        print(f"could not be checked: {problem}", file=sys.stderr)
        return 3
    except Refused as problem:
        print(f"REFUSED: {problem}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as problem:
        print(f"REFUSED: not readable as a proof: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(outcome, indent=1) if given.json else "\n".join(describe(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
