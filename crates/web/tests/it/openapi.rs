//! The OpenAPI document against the table of routes, and as a golden file.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;
use testkit::TestDesk;
use web::{
    api::openapi,
    problem::KINDS,
    routes::{Face, Needs, routes},
};

use crate::client::{As, Edge};

fn in_document() -> Vec<(String, String, &'static Value)> {
    let paths = openapi()["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").iter().map(|(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    operations.collect()
}

#[test]
fn the_document_has_exactly_the_routes_of_the_table() {
    let documented: BTreeSet<_> = in_document().into_iter().map(|(method, path, _)| (method, path)).collect();
    let routed: BTreeSet<_> = routes()
        .iter()
        .filter(|route| route.face == Face::Api)
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(documented, routed);
    assert!(documented.len() > 60, "only {} operations", documented.len());
}

#[test]
fn each_operation_says_what_the_table_says() {
    for route in routes().iter().filter(|route| route.face == Face::Api) {
        let operation = &openapi()["paths"][route.path][route.method.as_str().to_lowercase()];
        let answers = |status: &str| operation["responses"].get(status).is_some();
        assert!(["401", "429", "500", "503"].into_iter().all(answers), "{}", route.line());
        let Needs::Operation(needs) = route.needs else {
            assert_eq!(operation["security"], Value::Array(vec![]), "{}", route.line());
            continue;
        };
        assert!(answers("403"), "{}", route.line());
        assert_eq!(operation["x-operation"], needs.id());
        let scope = needs.token_scope().map(|scope| scope.to_string());
        assert_eq!(operation["x-scope"].as_str(), scope.as_deref(), "{}", route.line());
        let takes_tokens = operation["security"].as_array().expect("security").iter().any(|way| way.get("token").is_some());
        assert_eq!(takes_tokens, scope.is_some(), "{}", route.line());
        assert!(operation.get("x-right").is_some_and(|right| !right.is_null()), "{}", route.line());
        let needs_more = ["/thread", "/history", "/proof/{entry}", "/search"].iter().any(|end| route.path.ends_with(end));
        assert_eq!(answers("409"), route.method != http::Method::GET || needs_more, "{}", route.line());
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(openapi(), &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(openapi().pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_document_is_the_golden_one() {
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(openapi()).expect("plain data"));
}

#[tokio::test]
async fn document_and_page_are_open_and_the_page_explains_every_problem() {
    let desk = TestDesk::on(desk::db::Engine::Sqlite).await;
    let edge = Edge::new(&desk);
    let document = edge.get(&As::Nobody, "/api/v1/openapi.json").await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(&document.json(), openapi());
    let page = edge.get(&As::Nobody, "/api/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    for kind in KINDS {
        assert!(page.text.contains(&format!("id=\"problem-{}\"", kind.id)), "{} is not explained", kind.id);
    }
    for (method, path, _) in in_document() {
        assert!(page.text.contains(&format!("{method} {path}")), "{method} {path} is not on the page");
    }
}
