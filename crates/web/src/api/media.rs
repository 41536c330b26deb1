//! Files for posts: taken in piece by piece, listed, read, removed. A post names a file by the digest that finishing its upload answers.
//!
//! Invariant: the same functions as behind the composer take them in, so the same limits hold, the same is taken out of them, and the
//! same is looked for in them.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use desk::{
    ids::MediaId,
    publishing::{
        MediaDigest,
        media::{self, CHUNK_BYTES, FILE_BYTES_MAX, MediaInfo, NewMedia, Rendition},
    },
};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Done, Refused, done,
    input::{Digest, Id, JsonBody, Line, PathDigest, PathId, PathIds, Query, larger_than, whole},
    lists::{AfterId, Listing},
};
use crate::{frame::Ctx, posts::serve_file, problem::Problem};

/// Bytes of a request with a piece.
pub(super) const PIECE_BYTES_MAX: usize = CHUNK_BYTES;

/// A file about to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadNew {
    /// Its name.
    file_name: Line<200>,
    /// How many bytes it has.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 104_857_600_u32)]
    bytes: u32,
}

/// An upload that began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadBegun {
    /// The upload.
    id: Id,
    /// How many bytes each piece has, but for the last, which has the rest.
    #[schema(minimum = 1)]
    piece_bytes: usize,
}

/// A file that is here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaShape {
    /// Its upload.
    id: Id,
    /// The digest of its bytes as they are kept and sent; a post names it by this.
    digest: Digest,
    /// What its bytes say it is.
    media_type: String,
    /// Its name.
    file_name: String,
    /// How many bytes it has as it is kept.
    #[schema(minimum = 0)]
    bytes: u64,
    /// Its width, of a picture.
    width: Option<u32>,
    /// Its height, of a picture.
    height: Option<u32>,
    /// How long it plays, where it says so.
    duration_ms: Option<u64>,
    /// What was taken out of it: `place`, `author`, ….
    stripped: Vec<String>,
    /// What is written in it, of a picture that was read; null when nobody read it.
    image_text: Option<String>,
    /// When it was uploaded.
    created_at_ms: i64,
}

impl From<MediaInfo> for MediaShape {
    fn from(info: MediaInfo) -> Self {
        Self {
            id: Id(info.id.0),
            digest: Digest(info.digest.0),
            media_type: info.media_type,
            file_name: info.file_name,
            bytes: info.bytes,
            width: info.size.map(|(width, _)| width),
            height: info.size.map(|(_, height)| height),
            duration_ms: info.duration_ms,
            stripped: info.stripped,
            image_text: info.image_text,
            created_at_ms: info.created_at.0,
        }
    }
}

/// Bytes as they are, sent as such.
pub(crate) struct Octets(Bytes);

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_octets(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                "Plain bytes needed",
                "send the piece as `Content-Type: application/octet-stream`",
            ));
        }
        Bytes::from_request(request, state).await.map(Self).map_err(|_| larger_than(PIECE_BYTES_MAX))
    }
}

fn is_octets(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/octet-stream")
}

/// Begin to upload a file
#[utoipa::path(post, path = "/api/v1/uploads", tag = "media", request_body = UploadNew, responses((status = 201, body = UploadBegun)))]
pub(crate) async fn begin(ctx: Ctx, JsonBody(body): JsonBody<UploadNew>) -> Result<Response, Refused> {
    debug_assert_eq!(FILE_BYTES_MAX, 104_857_600, "the document says so");
    let new = NewMedia { file_name: body.file_name.0, bytes: u64::from(body.bytes) };
    let id = media::begin(ctx.desk(), ctx.actor(), &new).await?;
    Ok((StatusCode::CREATED, Json(UploadBegun { id: Id(id.0), piece_bytes: CHUNK_BYTES })).into_response())
}

/// Send a piece of a file; the same piece once more is fine
#[utoipa::path(put, path = "/api/v1/uploads/{id}/pieces/{number}", tag = "media", params(("id" = Id, Path, description = "The upload."), ("number" = u32, Path, description = "Which piece, from 0.")), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 204, description = "It is here")))]
pub(crate) async fn piece(ctx: Ctx, PathIds(id, number): PathIds<MediaId, u32>, Octets(bytes): Octets) -> Done {
    media::chunk(ctx.desk(), ctx.actor(), id, number, &bytes).await?;
    Ok(done())
}

/// Finish an upload: the file is looked at, place and author are taken out, and it gets its digest
#[utoipa::path(post, path = "/api/v1/uploads/{id}/finish", tag = "media", params(("id" = Id, Path, description = "The upload.")), responses((status = 200, body = MediaShape)))]
pub(crate) async fn finish(ctx: Ctx, PathId(id): PathId<MediaId>) -> Answer<MediaShape> {
    Ok(Json(media::finish(ctx.desk(), ctx.actor(), id, ctx.state.text_reader.clone()).await?.into()))
}

/// The files that the caller uploaded, the newest first
#[utoipa::path(get, path = "/api/v1/uploads", tag = "media", params(AfterId), responses((status = 200, body = Listing<MediaShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<MediaShape>> {
    Ok(Json(Listing::of(media::own(ctx.desk(), ctx.actor(), &query.request()).await?, MediaShape::from)))
}

/// Remove an own upload that no post names
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", tag = "media", params(("id" = Id, Path, description = "The upload.")), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(ctx: Ctx, PathId(id): PathId<MediaId>) -> Done {
    media::remove(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// What is known of a file that the caller uploaded or sees on a post
#[utoipa::path(get, path = "/api/v1/media/{digest}", tag = "media", params(("digest" = Digest, Path, description = "Its digest.")), responses((status = 200, body = MediaShape)))]
pub(crate) async fn read(ctx: Ctx, PathDigest(digest): PathDigest) -> Answer<MediaShape> {
    Ok(Json(media::info(ctx.desk(), ctx.actor(), MediaDigest(digest)).await?.into()))
}

/// How large a file is wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RenditionName {
    /// As it is sent.
    #[default]
    Whole,
    /// A small picture of it where there is one, else the file.
    Small,
}

/// How a file is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BytesQuery {
    /// How large.
    #[serde(default)]
    #[param(required = false)]
    size: RenditionName,
}

/// The bytes of a file that the caller uploaded or sees on a post
#[utoipa::path(get, path = "/api/v1/media/{digest}/bytes", tag = "media", params(("digest" = Digest, Path, description = "Its digest."), BytesQuery), responses((status = 200, description = "The file", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"), (Vec<u8> = "video/mp4"), (Vec<u8> = "video/quicktime"), (Vec<u8> = "video/webm"), (Vec<u8> = "audio/mpeg")))))]
pub(crate) async fn bytes(
    ctx: Ctx,
    PathDigest(digest): PathDigest,
    Query(query): Query<BytesQuery>,
) -> Result<Response, Refused> {
    let rendition = match query.size {
        RenditionName::Whole => Rendition::Whole,
        RenditionName::Small => Rendition::Small,
    };
    let (info, bytes) = media::read(ctx.desk(), ctx.actor(), MediaDigest(digest), rendition).await?;
    Ok(serve_file(&info, bytes))
}
