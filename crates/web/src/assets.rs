//! The browser files, embedded and served by content hash.
//!
//! Invariant: a page links only to names from the manifest, and a hashed name never changes its bytes, so browsers may keep it for ever.
//! Not here: building the files (`web-ui/`), compressing (done at build time, `.br` and `.gz` lie beside each file).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

/// Where the router of this module is mounted; part of every asset address.
pub const PREFIX: &str = "/assets";

/// A year: the name changes when the bytes do.
const FOREVER: &str = "public, max-age=31536000, immutable";

#[derive(RustEmbed)]
#[folder = "../../web-ui/dist"]
struct Dist;

/// A file of the browser build, by its plain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// All scripts.
    Script,
    /// All styles.
    Style,
    /// Every icon as a `<symbol>`.
    Icons,
    /// The gate.
    Favicon,
}

impl Asset {
    /// All of them, for tests and for the page head.
    pub const ALL: [Self; 4] = [Self::Script, Self::Style, Self::Icons, Self::Favicon];

    /// The name before hashing, as it stands in the manifest.
    pub const fn plain_name(self) -> &'static str {
        match self {
            Self::Script => "app.js",
            Self::Style => "app.css",
            Self::Icons => "icons.svg",
            Self::Favicon => "favicon.svg",
        }
    }

    /// The address to put into a page.
    pub fn href(self) -> Cow<'static, str> {
        self.address(manifest())
    }

    fn address(self, manifest: Cow<'static, Manifest>) -> Cow<'static, str> {
        const MISSING: &str = "the asset build writes every name of `Asset` into the manifest";
        match manifest {
            Cow::Borrowed(known) => Cow::Borrowed(known.get(self.plain_name()).expect(MISSING).as_str()),
            Cow::Owned(mut read) => Cow::Owned(read.remove(self.plain_name()).expect(MISSING)),
        }
    }
}

/// Plain name → address.
type Manifest = BTreeMap<String, String>;

/// Release builds read the embedded manifest once. Debug builds read it from the folder each time, so that a rebuild of the browser
/// files shows on the next reload without a new executable.
fn manifest() -> Cow<'static, Manifest> {
    static ONCE: OnceLock<Manifest> = OnceLock::new();
    if cfg!(debug_assertions) { Cow::Owned(read_manifest()) } else { Cow::Borrowed(ONCE.get_or_init(read_manifest)) }
}

fn read_manifest() -> Manifest {
    let file = Dist::get("manifest.json").expect("build.rs refuses to build without the manifest");
    let names: Manifest = serde_json::from_slice(&file.data).expect("the asset build writes the manifest as JSON text pairs");
    names.into_iter().map(|(plain, hashed)| (plain, format!("{PREFIX}/{hashed}"))).collect()
}

/// Serves `/assets/{file}`; needs no sign-in because nothing here is anybody's data.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&format!("{PREFIX}/{{file}}"), get(serve))
}

async fn serve(Path(file): Path<String>, request: HeaderMap) -> Response {
    respond(&file, request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

fn respond(file: &str, accepted: &str) -> Response {
    let Some(kind) = content_type(file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let stored = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, suffix)| Some((Some(encoding), Dist::get(&format!("{file}{suffix}"))?)))
        .or_else(|| Some((None, Dist::get(file)?)));
    let Some((encoding, stored)) = stored else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = stored.data.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Only what the build makes has a type; everything else (the manifest, stored encodings) is not found.
fn content_type(file: &str) -> Option<&'static str> {
    match file.rsplit_once('.')?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// `Accept-Encoding` lists the coding and does not refuse it with `q=0` (RFC 9110, section 12.5.3).
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let refused =
            parameters.trim().strip_prefix("q=").is_some_and(|quality| quality.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

/// Replaces hashed names by plain ones, so that snapshots of pages do not change with every edit of a style sheet.
#[cfg(test)]
pub(crate) fn without_hashes(html: &str) -> String {
    Asset::ALL
        .into_iter()
        .fold(html.to_owned(), |page, asset| page.replace(asset.href().as_ref(), &format!("{PREFIX}/{}", asset.plain_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(asset: Asset) -> String {
        asset.href().strip_prefix("/assets/").expect("assets live below their prefix").to_owned()
    }

    #[test]
    fn every_asset_is_served_for_ever_and_with_its_type() {
        for asset in Asset::ALL {
            let response = respond(&file_of(asset), "");
            assert_eq!(response.status(), StatusCode::OK, "{asset:?}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], FOREVER);
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        }
    }

    #[test]
    fn the_best_stored_encoding_is_chosen_and_a_refused_one_is_not() {
        let script = file_of(Asset::Script);
        let coding = |accepted| {
            respond(&script, accepted).headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(coding("gzip, deflate, br").as_deref(), Some("br"));
        assert_eq!(coding("gzip;q=1.0, br;q=0").as_deref(), Some("gzip"));
        assert_eq!(coding("identity"), None);
    }

    #[test]
    fn nothing_but_built_files_is_reachable() {
        for file in ["manifest.json", "app.js", "../build.mjs", "..%2fbuild.mjs", "", "app.js.gz", "no-such.0123.js"] {
            assert_eq!(respond(file, "gzip, br").status(), StatusCode::NOT_FOUND, "{file}");
        }
    }

    #[test]
    fn names_carry_the_hash_of_their_bytes() {
        for asset in Asset::ALL {
            let (stem, extension) = asset.plain_name().rsplit_once('.').unwrap();
            let file = file_of(asset);
            let hash = file.strip_prefix(&format!("{stem}.")).unwrap().strip_suffix(&format!(".{extension}")).unwrap();
            assert!(hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file}");
        }
    }
}
