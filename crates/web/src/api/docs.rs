//! The API's documentation as a page, made from the OpenAPI document and the list of problems.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::openapi::openapi;
use crate::{
    problem::KINDS,
    ui::{
        badge::Code,
        layout::{DoorFrame, DoorWidth, door},
    },
};

/// `GET /api/docs`
pub(crate) async fn page() -> Response {
    let document = openapi();
    let frame = DoorFrame {
        title: "API".to_owned(),
        lead: document["info"]["description"].as_str().map(str::to_owned),
        workspace: "Gatepost".to_owned(),
        width: DoorWidth::Wide,
        ..DoorFrame::default()
    };
    let content = html! {
        p { "The same as a document for programs: " a href="/api/v1/openapi.json" { "OpenAPI 3.1" } "." }
        h2 { "Rules" }
        ul {
            li { "Send a token as " (Code("Authorization: Bearer gp_…".to_owned())) ". Tokens are made on the page of the own account." }
            li { "A token does what its scopes " em { "and" } " its person’s rights allow at that moment." }
            li { "Follow " (Code("next".to_owned())) " as " (Code("after".to_owned())) " until it is null; " (Code("limit".to_owned())) " is 1 to 200." }
            li { "Send " (Code("Idempotency-Key".to_owned())) " with changes: the same request again within 24 hours gets the same answer and changes nothing." }
            li { (Code("RateLimit-Remaining".to_owned())) " says how many requests are left in this minute." }
        }
        h2 { "Operations" }
        @for (path, methods) in entries(&document["paths"]) {
            @for (method, operation) in entries(methods) { (operation_card(path, method, operation)) }
        }
        h2 { "Problems" }
        dl {
            @for kind in KINDS {
                dt id={ "problem-" (kind.id) } { (kind.title) " " (Code(kind.id.to_owned())) " " (kind.status) }
                dd { (kind.about) }
            }
        }
    };
    door(&frame, &content).into_response()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn operation_card(path: &str, method: &str, operation: &Value) -> Markup {
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    let right = match &operation["x-right"] {
        Value::Array(levels) => levels.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.as_str().unwrap_or("nothing").to_owned(),
    };
    let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["name"].is_string());
    let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
    html! {
        details id=(text("operationId")) {
            summary { (Code(format!("{} {path}", method.to_uppercase()))) " " (text("summary")) }
            @if !text("description").is_empty() { p { (text("description")) } }
            dl {
                dt { "Needs" } dd { (right) }
                dt { "Token scope" } dd { (operation["x-scope"].as_str().unwrap_or("no token may call it")) }
                @for parameter in parameters {
                    dt { (Code(parameter["name"].as_str().unwrap_or_default().to_owned())) " " (parameter["in"].as_str().unwrap_or_default()) }
                    dd { (parameter["description"].as_str().unwrap_or_default()) }
                }
                @if let Some(shape) = body { dt { "Body" } dd { (shape_fields(shape)) } }
                dt { "Answers" }
                dd { @for (status, _) in entries(&operation["responses"]) { (Code(status.clone())) " " } }
            }
        }
    }
}

fn shape_fields(reference: &str) -> Markup {
    let name = reference.rsplit('/').next().unwrap_or_default();
    let shape = &openapi()["components"]["schemas"][name];
    let required: Vec<&str> = shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    html! {
        dl {
            @for (field, about) in entries(&shape["properties"]) {
                dt { (Code(field.clone())) @if required.contains(&field.as_str()) { " required" } }
                dd { (about["description"].as_str().unwrap_or_default()) }
            }
        }
    }
}
