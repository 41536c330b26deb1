//! The JSON API under `/api/v1`: everything a page can do, with the same operations behind it.

use crate::routes::Route;

/// The routes of the API.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
