//! Receiving a file from a form.

use std::time::Duration;

use axum::extract::{Multipart, multipart::Field};
use desk::{
    Error, Invalid,
    capture::uploads::{NewUpload, Receiving},
    ids::UploadId,
};
use http::{HeaderMap, header};

use super::{BY_FILE, list_page, uploads_of};
use crate::{
    frame::{Ctx, Fields},
    problem::PageResult,
};

/// A sender from whom nothing comes for so long has gone away.
const PIECE_WAIT: Duration = Duration::from_mins(1);
/// The longest text of a field of the form.
const TEXT_MAX: usize = 1_000;
/// The most fields before the file.
const FIELDS_MAX: usize = 10;

/// `POST /import/files`: a file with what it is and what to do with it.
pub(crate) async fn upload(ctx: Ctx, headers: HeaderMap, form: Multipart) -> PageResult {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    let mut typed = Fields::default();
    match receive(&ctx, announced, form, &mut typed).await {
        Ok(id) if typed.get("then") == "import" => {
            let run = uploads_of(&ctx)?.import(ctx.desk(), ctx.actor(), id, None).await?;
            Ok(ctx.done(&format!("/import/{}", run.id), "The file is here; its import has begun"))
        }
        Ok(id) => {
            uploads_of(&ctx)?.count(ctx.desk(), ctx.actor(), id).await?;
            Ok(ctx.done(&format!("/import/files/{id}"), "The file is here and is being counted"))
        }
        Err(Error::Invalid(invalid)) => list_page(&ctx, &typed, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

fn broken() -> Error {
    Invalid::field("file", "it broke off on its way; send it again")
}

/// Within the time of one piece.
async fn in_time<T, E>(step: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    tokio::time::timeout(PIECE_WAIT, step).await.map_err(|_| broken())?.map_err(|_| broken())
}

async fn receive(ctx: &Ctx, announced: Option<u64>, mut form: Multipart, typed: &mut Fields) -> Result<UploadId, Error> {
    while let Some(mut field) = in_time(form.next_field()).await? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            if typed.0.len() >= FIELDS_MAX {
                break;
            }
            typed.0.push((name, text(&mut field).await?));
            continue;
        }
        let file_name = field.file_name().map(bare_name).unwrap_or_default();
        if file_name.is_empty() {
            return Err(Invalid::field("file", "choose a file"));
        }
        let profile = match typed.some("profile") {
            None | Some(BY_FILE) => None,
            Some(_) => Some(typed.id("profile")?),
        };
        let new = NewUpload { format: typed.get("format").to_owned(), file_name, profile, announced };
        let mut receiving: Receiving = uploads_of(ctx)?.receive(ctx.desk(), ctx.actor(), new).await?;
        while let Some(piece) = in_time(field.chunk()).await? {
            receiving.write(&piece).await?;
        }
        return Ok(receiving.finish(ctx.desk(), ctx.actor()).await?.id);
    }
    Err(Invalid::field("file", "choose a file"))
}

async fn text(field: &mut Field<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = in_time(field.chunk()).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > TEXT_MAX {
            return Err(Invalid::field("format", "a field of the form is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Invalid::field("format", "a field of the form is no text"))
}

/// A file's name without the folders that some senders put before it.
fn bare_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned()
}
