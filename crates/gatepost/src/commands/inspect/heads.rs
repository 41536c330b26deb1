//! The text heads' part of the output: probabilities, flags, sentiment, language.

use std::io::{self, Write};

use inspect::Report;
use inspect::heads::Head;
use serde_json::{Map, Value, json};

/// Four decimals: more is noise, and shorter lines.
fn rounded(probability: f32) -> Value {
    ((f64::from(probability) * 10_000.0).round() / 10_000.0).into()
}

/// Adds `heads`, `flags`, `sentiment` and `language` to a line; a language that the heads do not know leaves them empty.
pub(super) fn add(line: &mut Value, report: &Report<'_>) {
    let Some(language) = report.language() else { return };
    let heads: Map<String, Value> = report
        .assessment()
        .map(|a| Head::ALL.iter().map(|head| (head.id().to_owned(), rounded(a.probability(*head)))).collect())
        .unwrap_or_default();
    line["heads"] = Value::Object(heads);
    line["flags"] = report.flags().map(Head::id).collect();
    line["sentiment"] = report.assessment().map_or(Value::Null, |a| {
        let s = a.sentiment;
        json!({ "negative": rounded(s.negative), "neutral": rounded(s.neutral), "positive": rounded(s.positive) })
    });
    line["language"] = language.id().into();
    if report.assessment().is_none() {
        line["not_assessed"] = "the text heads are not trained on this language".into();
    }
}

/// The flagged heads with their strongest words, for people.
pub(super) fn explain(out: &mut Vec<u8>, text: &str, report: &Report<'_>) -> io::Result<()> {
    let Some(assessment) = report.assessment() else { return Ok(()) };
    for head in report.flags() {
        let words: Vec<&str> = report.head_reasons(head).filter_map(|range| text.get(range)).collect();
        writeln!(out, "    head   {} {:.2}: {}", head.id(), assessment.probability(head), words.join(", "))?;
    }
    Ok(())
}
