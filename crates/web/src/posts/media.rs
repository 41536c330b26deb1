//! Files for posts at the edge: taken in piece by piece by the page's script, or with a form without it; shown to whoever may see them.
//!
//! Invariants: what a file is, the desk says by its bytes, and it is served as that and nothing else, in a sandbox of its own; a file is
//! named by the digest of its bytes, so a browser may keep it for as long as its reader is signed in.

use axum::{
    body::Bytes,
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error,
    ids::MediaId,
    publishing::{
        MediaDigest,
        media::{self, CHUNK_BYTES, MediaInfo, NewMedia, Rendition},
    },
};
use http::{HeaderValue, StatusCode, header};

use super::{
    received::{FormFile, said},
    typed::{PartName, digest_of, digest_text, part_name},
};
use crate::{
    frame::{Ctx, Fields, QueryFields},
    people::sentence,
    problem::{PageError, PageResult},
};

/// Bytes of a form with files: for pages without scripts; with them a file comes in pieces.
pub(super) const FORM_BYTES_MAX: usize = 24 * 1024 * 1024;
/// A piece and nothing else.
pub(super) const PIECE_BYTES_MAX: usize = CHUNK_BYTES;

/// What became of a file that came with a form.
pub(super) enum Taken {
    /// It is here, for this part.
    On(PartName, MediaDigest),
    /// It is not, and why.
    Refused(String),
}

/// Takes in a file that came with a form.
pub(super) async fn take_form_file(ctx: &Ctx, file: FormFile) -> Result<Taken, PageError> {
    let Some(part) = file.field.strip_suffix(".file").and_then(part_name) else {
        return Ok(Taken::Refused("a file came with no text to put it on".to_owned()));
    };
    match take(ctx, &file).await {
        Ok(info) => Ok(Taken::On(part, info.digest)),
        Err(Error::Invalid(invalid)) => Ok(Taken::Refused(format!("{}: {invalid}", file.file_name))),
        Err(error) => Err(error.into()),
    }
}

async fn take(ctx: &Ctx, file: &FormFile) -> Result<MediaInfo, Error> {
    let new = NewMedia { file_name: file.file_name.clone(), bytes: file.bytes.len() as u64 };
    let id = media::begin(ctx.desk(), ctx.actor(), &new).await?;
    for (number, piece) in (0..).zip(file.bytes.chunks(CHUNK_BYTES)) {
        media::chunk(ctx.desk(), ctx.actor(), id, number, piece).await?;
    }
    media::finish(ctx.desk(), ctx.actor(), id, ctx.state.text_reader.clone()).await
}

/// An answer for the script: what it asked for, or why not.
fn answer(made: Result<serde_json::Value, Error>) -> PageResult {
    match made {
        Ok(value) => Ok(axum::Json(value).into_response()),
        Err(Error::Invalid(invalid)) => {
            let what = invalid.fields.iter().map(|(_, what)| sentence(what)).collect::<Vec<_>>().join(" ");
            Ok(said(StatusCode::UNPROCESSABLE_ENTITY, "problem", &what))
        }
        Err(Error::Conflict(what)) => Ok(said(StatusCode::CONFLICT, "problem", &sentence(&what))),
        Err(error) => Err(error.into()),
    }
}

/// `POST /media`: begins.
pub(crate) async fn begin(ctx: Ctx, fields: Fields) -> PageResult {
    let new = NewMedia { file_name: fields.get("file_name").to_owned(), bytes: fields.get("bytes").parse().unwrap_or(0) };
    let begun = media::begin(ctx.desk(), ctx.actor(), &new).await;
    answer(begun.map(|id| serde_json::json!({ "upload": id.to_string(), "piece_bytes": CHUNK_BYTES })))
}

fn upload(id: &str) -> Result<MediaId, Error> {
    id.parse().map_err(|_| Error::NotFound("upload"))
}

/// `POST /media/{id}/pieces/{number}`
pub(crate) async fn piece(ctx: Ctx, Path((id, number)): Path<(String, String)>, bytes: Bytes) -> PageResult {
    let number = number.parse().map_err(|_| Error::NotFound("piece"))?;
    let taken = media::chunk(ctx.desk(), ctx.actor(), upload(&id)?, number, &bytes).await;
    answer(taken.map(|()| serde_json::json!({})))
}

/// `POST /media/{id}/finish`
pub(crate) async fn finish(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let finished = media::finish(ctx.desk(), ctx.actor(), upload(&id)?, ctx.state.text_reader.clone()).await;
    answer(finished.map(|info| serde_json::json!({ "media": digest_text(info.digest) })))
}

/// What an address asks for: the small picture of a file, or the file.
pub(crate) fn rendition(query: &Fields) -> Rendition {
    if query.get("size") == "small" { Rendition::Small } else { Rendition::Whole }
}

/// `GET /media/{id}`: a file, by its digest.
pub(crate) async fn show(ctx: Ctx, Path(id): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let digest = digest_of(&id).ok_or(Error::NotFound("file"))?;
    let (info, bytes) = media::read(ctx.desk(), ctx.actor(), digest, rendition(&query)).await?;
    Ok(serve_file(&info, bytes))
}

/// A file as an answer: as what its bytes are, and able to do nothing.
pub(crate) fn serve_file(info: &MediaInfo, bytes: Vec<u8>) -> Response {
    let mut response: Response = bytes.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&info.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    // Opened by itself it can do nothing, whatever its bytes hold.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600, immutable"));
    response
}
