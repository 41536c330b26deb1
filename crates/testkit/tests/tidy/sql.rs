//! SQL stays where a subject's tables are: its `store.rs` (or `store/`), `desk::db`, and migrations.
//!
//! Recognised by how a statement begins, in capitals as all of ours are written. Tests may look into tables.

use crate::lex;
use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// How a statement begins; each with what must follow somewhere, so that shouted prose is not taken for SQL.
const BEGINNINGS: [(&str, &str); 18] = [
    ("SELECT ", ""),
    ("INSERT INTO ", ""),
    ("INSERT OR ", " INTO "),
    ("UPDATE ", " SET "),
    ("DELETE FROM ", ""),
    ("WITH ", " AS ("),
    ("WITH RECURSIVE ", ""),
    ("CREATE TABLE ", ""),
    ("CREATE INDEX ", ""),
    ("CREATE UNIQUE INDEX ", ""),
    ("CREATE TRIGGER ", ""),
    ("CREATE DATABASE ", ""),
    ("ALTER TABLE ", ""),
    ("DROP TABLE ", ""),
    ("PRAGMA ", ""),
    ("BEGIN IMMEDIATE", ""),
    ("VACUUM INTO ", ""),
    ("LOCK TABLE ", ""),
];

fn may_hold_sql(path: &str) -> bool {
    let is_store = path.ends_with("/store.rs") || path.contains("/store/");
    let is_database = path.starts_with("crates/desk/src/db/") || path.contains("/migrations/");
    let is_test = path.starts_with("crates/testkit/")
        || path.ends_with("/tests.rs")
        || ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder));
    is_store || is_database || is_test
}

fn statements(file: &TextFile) -> Vec<Finding> {
    if may_hold_sql(&file.path) {
        return Vec::new();
    }
    let strings = lex::parts(&file.text).strings;
    let sql = strings.iter().filter(|(_, text)| is_statement(text));
    let found = sql.map(|(line, _)| Finding::new(&file.path, *line, "SQL belongs in the subject's store.rs, or in desk::db"));
    found.collect()
}

fn is_statement(text: &str) -> bool {
    let flat = text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ") + " ";
    BEGINNINGS.iter().any(|(beginning, later)| flat.starts_with(beginning) && flat.contains(later))
}

#[test]
fn sql_is_only_where_the_tables_are() {
    assert_none(&tree::rust().iter().flat_map(statements).collect::<Vec<_>>());
}

#[test]
fn a_statement_outside_a_store_is_noticed() {
    let count = |path: &str, text: &str| statements(&TextFile::sample(path, text)).len();
    let source = "fn f() { db.all(\"SELECT id\n FROM people\"); db.run(r#\"UPDATE people\n SET name = $1\"#) }";
    assert_eq!(count("crates/desk/src/people/mod.rs", source), 2);
    assert_eq!(count("crates/web/src/inbox/list.rs", source), 2);
    for allowed in [
        "crates/desk/src/people/store.rs",
        "crates/desk/src/db/mod.rs",
        "crates/desk/tests/it/people.rs",
        "crates/ledger/src/store/postgres.rs",
    ] {
        assert_eq!(count(allowed, source), 0, "{allowed}");
    }
}

#[test]
fn prose_about_statements_is_not_noticed() {
    let count = |text: &str| statements(&TextFile::sample("crates/web/src/a.rs", text)).len();
    assert_eq!(
        count("// SELECT a profile\nlet s = \"Select a profile\"; let u = \"UPDATE your browser\"; let w = \"WITH care\";"),
        0
    );
}
