//! The tables of a log in PostgreSQL. Every statement of this store that changes the schema is here.
//!
//! Invariant: running it again changes nothing, so that every process may do it when it opens the store.

/// Taken while the tables are created, so that two processes that start at once do not do it at once.
pub(super) const LOCK: i64 = 0x67_70_6c_65_64_67_65_72;

/// Created in this order. Bodies are stored uncompressed (they are encrypted) and out of line, so that a part of one can be read.
pub(super) const STATEMENTS: [&str; 12] = [
    "CREATE TABLE IF NOT EXISTS ledger_heads (
        log text PRIMARY KEY,
        size bigint NOT NULL,
        root bytea NOT NULL,
        next_batch_no bigint NOT NULL,
        next_segment bigint NOT NULL,
        epoch bigint NOT NULL,
        owner text NOT NULL,
        lease_until timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ledger_batches (
        log text NOT NULL,
        first_seq bigint NOT NULL,
        count integer NOT NULL,
        batch_no bigint NOT NULL,
        epoch bigint NOT NULL,
        root bytea NOT NULL,
        keys bytea NOT NULL,
        entries bytea NOT NULL,
        PRIMARY KEY (log, first_seq),
        UNIQUE (log, batch_no))",
    "CREATE TABLE IF NOT EXISTS ledger_hashes (
        log text NOT NULL,
        level smallint NOT NULL,
        position bigint NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (log, level, position))",
    "CREATE TABLE IF NOT EXISTS ledger_bodies (
        log text NOT NULL,
        class integer NOT NULL,
        segment bigint NOT NULL,
        first_seq bigint NOT NULL,
        seqs bigint[] NOT NULL,
        lengths integer[] NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (log, class, segment, first_seq))",
    "ALTER TABLE ledger_bodies ALTER COLUMN sealed SET STORAGE EXTERNAL",
    "CREATE TABLE IF NOT EXISTS ledger_archives (
        log text NOT NULL,
        class integer NOT NULL,
        segment bigint NOT NULL,
        key text NOT NULL,
        version text NOT NULL,
        sha256 bytea NOT NULL,
        bytes bigint NOT NULL,
        retain_until_ms bigint NOT NULL,
        seqs bigint[] NOT NULL,
        lengths integer[] NOT NULL,
        removed boolean NOT NULL,
        PRIMARY KEY (log, class, segment))",
    "CREATE TABLE IF NOT EXISTS ledger_wiped (
        log text NOT NULL,
        seq bigint NOT NULL,
        PRIMARY KEY (log, seq))",
    "CREATE TABLE IF NOT EXISTS ledger_checkpoints (
        log text NOT NULL,
        size bigint NOT NULL,
        note text NOT NULL,
        PRIMARY KEY (log, size))",
    "CREATE TABLE IF NOT EXISTS ledger_anchors (
        log text NOT NULL,
        size bigint NOT NULL,
        name text NOT NULL,
        bytes bytea NOT NULL,
        PRIMARY KEY (log, size, name))",
    "CREATE TABLE IF NOT EXISTS ledger_generations (
        log text NOT NULL,
        number bigint NOT NULL,
        bytes bytea NOT NULL,
        PRIMARY KEY (log, number))",
    "CREATE TABLE IF NOT EXISTS ledger_descriptions (
        log text PRIMARY KEY,
        description text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ledger_batches_with_keys ON ledger_batches (log, first_seq) WHERE length(keys) > 0",
];
