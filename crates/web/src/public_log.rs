//! The public log at its C2SP paths under `/log/`: checkpoint and tiles, for whoever wants to watch it.
//!
//! It holds hashes and signatures only, so nobody has to be signed in; the answers say how long they may be kept.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use desk::{Error, records::PublicLog};
use http::{HeaderValue, StatusCode, header};

use crate::{problem::Problem, state::WebState};

/// `GET /log/{*path}`
pub(crate) async fn resource(State(state): State<WebState>, Path(path): Path<String>) -> Response {
    match PublicLog::new(state.record.clone()).resource(&path).await {
        Ok(Some(resource)) => {
            let kept = resource.cache_control();
            let mut response = resource.bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(resource.media_type));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_str(&kept).unwrap_or(HeaderValue::from_static("no-store")));
            response
        }
        Ok(None) => (StatusCode::NOT_FOUND, "nothing at this path of the log\n").into_response(),
        Err(error) => Problem::from(Error::Internal(error.to_string())).into_response(),
    }
}
