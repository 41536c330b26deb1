//! A form with or without files, as a browser sends it: URL-encoded while scripts save, multipart when a button sends it.
//!
//! Invariants: the number of fields and the bytes of each are bounded; files are kept apart from fields, and an empty file field (a
//! browser sends one for every field that nothing was chosen in) is none.

use axum::{
    extract::{FromRequest, Multipart, Request},
    response::IntoResponse,
};
use http::{StatusCode, header};

use crate::{frame::Fields, problem::Problem};

/// Fields of one form: fifty profiles with a version each, twenty-five parts in each, is beyond what anybody writes.
const FIELDS_MAX: usize = 4_000;

/// A file that came with a form.
pub(crate) struct FormFile {
    /// The field.
    pub(crate) field: String,
    /// Its name on the sender's machine.
    pub(crate) file_name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// A form's fields and files.
pub(crate) struct Received {
    /// The fields in order.
    pub(crate) fields: Fields,
    /// The files in order.
    pub(crate) files: Vec<FormFile>,
}

impl<S: Send + Sync> FromRequest<S> for Received {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("multipart/form-data") {
            return Ok(Self { fields: Fields::from_request(request, state).await?, files: Vec::new() });
        }
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(rejection.status(), rejection.body_text()))?;
        let mut received = Self { fields: Fields::default(), files: Vec::new() };
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(error.status(), error.body_text()))? {
            if received.fields.0.len() + received.files.len() >= FIELDS_MAX {
                return Err(unreadable(StatusCode::PAYLOAD_TOO_LARGE, format!("the form has more than {FIELDS_MAX} fields")));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|error| unreadable(error.status(), error.body_text()))?;
            match file_name {
                Some(file_name) if !bytes.is_empty() => {
                    received.files.push(FormFile { field: name, file_name, bytes: bytes.to_vec() });
                }
                Some(_) => {}
                None => {
                    let text = String::from_utf8(bytes.to_vec())
                        .map_err(|_| unreadable(StatusCode::BAD_REQUEST, format!("the field `{name}` is not UTF-8")))?;
                    received.fields.0.push((name, text));
                }
            }
        }
        Ok(received)
    }
}

fn unreadable(status: StatusCode, text: String) -> Problem {
    Problem::new(status, "form", "The form could not be read", text)
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received").field("fields", &self.fields.0.len()).field("files", &self.files.len()).finish()
    }
}

/// JSON for the page's own scripts: not the API.
pub(crate) fn said(status: StatusCode, name: &str, text: &str) -> axum::response::Response {
    (status, axum::Json(serde_json::json!({ name: text }))).into_response()
}
