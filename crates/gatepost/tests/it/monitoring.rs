//! The monitoring page lists the metrics that the desk reports.

#[test]
fn the_committed_table_of_metrics_is_the_table_in_code() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations/monitoring.md"));
    let begin = "<!-- metrics: what desk::metric_names::markdown() says -->\n\n";
    let table = page.split_once(begin).and_then(|(_, rest)| rest.split_once("\n## "));
    assert_eq!(table.expect("the page has the table").0, desk::metric_names::markdown());
}
