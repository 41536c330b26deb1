#!/usr/bin/env bash
# Makes the two peers ready under $GATEPOST_CACHE: Presidio in a virtual environment, redact-core as a small program
# outside the workspace. Does nothing when they are there.
set -euo pipefail
cache=${GATEPOST_CACHE:-$HOME/.cache/gatepost}
presidio_version=2.2.366
redact_version=0.12.7
mkdir -p "$cache"
if ! "$cache/presidio/bin/python" -c 'import presidio_analyzer' 2>/dev/null; then
    python3 -m venv "$cache/presidio"
    "$cache/presidio/bin/pip" install --quiet "presidio-analyzer==$presidio_version"
fi
peer=$cache/redact-peer
if [ ! -x "$peer/target/release/redact-peer" ]; then
    mkdir -p "$peer/src"
    cat > "$peer/Cargo.toml" <<TOML
[package]
name = "redact-peer"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
redact-core = "=$redact_version"
serde_json = "1"
TOML
    cat > "$peer/src/main.rs" <<'RUST'
//! Reads JSON lines {"id", "text"}, prints {"id", "findings": [[kind, start, end, score]]} with offsets in characters.
use redact_core::AnalyzerEngine;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

fn cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|s| s.parse().ok()).unwrap_or(0.0)
}

fn main() {
    let engine = AnalyzerEngine::new();
    let rows: Vec<Value> =
        std::io::stdin().lock().lines().map(|l| serde_json::from_str(&l.unwrap()).unwrap()).collect();
    let text = |row: &Value| row["text"].as_str().unwrap().to_owned();
    let texts: Vec<String> = rows.iter().map(text).collect();
    let _ = engine.analyze("warm up", None);
    let start = cpu_ns();
    let found: Vec<_> = texts.iter().map(|t| engine.analyze(t, None).unwrap().detected_entities).collect();
    let spent = cpu_ns() - start;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for ((row, text), entities) in rows.iter().zip(&texts).zip(found) {
        let chars = |byte: usize| text.get(..byte).map_or(byte, |t| t.chars().count());
        let findings: Vec<Value> = entities
            .iter()
            .map(|e| json!([e.entity_type.as_str(), chars(e.start), chars(e.end), e.score]))
            .collect();
        writeln!(out, "{}", json!({"id": row["id"], "findings": findings})).unwrap();
    }
    eprintln!("{:.1}", spent / 1e3 / rows.len().max(1) as f64);
}
RUST
    (cd "$peer" && cargo build --quiet --release)
fi
