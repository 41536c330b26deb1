//! Pages, live updates, JSON API, sign-in at the edge. No SQL, no network calls, no business decisions.

pub mod assets;
pub mod gallery;
pub mod ui;
