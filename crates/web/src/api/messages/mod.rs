//! Captured messages: the stream, a feed to follow, one message in its thread with history and proof, and unmasking.
//!
//! Invariants: what a reader may not see on a page is masked here too; a message on a profile that the caller may not read is not found,
//! however it is asked for. The stream has no total: counting would take as long as reading it.

mod shapes;

use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error,
    capture::{self, StreamFilter, masking::Cover},
    ids::{MessageId, PlaceId, ProfileId},
};
use http::{HeaderMap, HeaderValue, header};

pub(crate) use self::shapes::{AttachmentStateName, MessageShape};

use self::shapes::{ChangesQuery, HistoryShape, StreamQuery, StreamShape, ThreadQuery, ThreadShape, UnmaskReason};
use super::{
    Answer, Refused,
    feed::{FeedLimit, Seq, Waiting, lines},
    input::{Id, JsonBody, Line, PathId, Query},
};
use crate::{evidence::record_of, frame::Ctx};

/// Stretches of changes that a feed's answer looks through for something that is for its reader: a second's work at most. An answer that
/// ends there is empty and has moved on.
const LOOKS_MAX: u32 = 200;

fn filter(profile: Option<Id>, network: Option<Line<120>>, place: Option<Id>) -> StreamFilter {
    StreamFilter {
        profile: profile.map(|id| ProfileId(id.0)),
        network: network.map(|network| network.0),
        place: place.map(|id| PlaceId(id.0)),
    }
}

/// Captured messages, newest first
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(StreamQuery), responses((status = 200, body = StreamShape)))]
pub(crate) async fn stream(ctx: Ctx, Query(query): Query<StreamQuery>) -> Answer<StreamShape> {
    let filter = filter(query.profile, query.network, query.place);
    let page = capture::stream(ctx.desk(), ctx.actor(), &filter, query.after.map(|seq| seq.0), query.limit.0).await?;
    let items = page.messages.into_iter().map(MessageShape::masked).collect();
    Ok(Json(StreamShape { items, next: page.next.map(|next| next.to_string()) }))
}

/// Follow captured messages
///
/// One message a line, in the order of their changes: each as it stands now, once however often it changed meanwhile. Ask again with the
/// header `Gatepost-Next` as `after`. With `wait_s` an answer without messages waits until there is one.
#[utoipa::path(get, path = "/api/v1/messages/feed", tag = "messages", params(ChangesQuery),
    responses((status = 200, description = "Messages, one a line; empty when there is nothing new, or nothing yet for this reader in what was looked through", content_type = "application/jsonl", body = String)))]
pub(crate) async fn feed(ctx: Ctx, headers: HeaderMap, Query(query): Query<ChangesQuery>) -> Result<Response, Refused> {
    let filter = filter(query.profile, query.network, query.place);
    let limit = query.limit.map_or(FeedLimit::MAX, |limit| limit.0);
    let mut next = query.after.map_or(0, |seq| seq.0);
    let mut waiting = Waiting::begin(&ctx, headers, query.wait_s);
    let mut looks = 0;
    let changed = loop {
        let (changed, last) = capture::news(ctx.desk(), waiting.actor(), &filter, next, limit).await?;
        // What is not for this reader, or not of this filter, is behind us all the same.
        let is_end = last == next;
        (next, looks) = (last, looks + 1);
        if (is_end || !changed.is_empty() || looks >= LOOKS_MAX) && waiting.is_over(!changed.is_empty() || !is_end).await? {
            break changed;
        }
    };
    let line = |message| serde_json::to_string(&MessageShape::masked(message)).map(|line| line + "\n");
    let body: Result<String, _> = changed.into_iter().map(line).collect();
    Ok(lines(body.map_err(|error| Error::Internal(error.to_string()))?, next))
}

/// One message
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = Id, Path, description = "The message.")), responses((status = 200, body = MessageShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<MessageId>) -> Answer<MessageShape> {
    Ok(Json(MessageShape::masked(capture::message(ctx.desk(), ctx.actor(), id).await?)))
}

/// The thread that a message is in, oldest first
#[utoipa::path(get, path = "/api/v1/messages/{id}/thread", tag = "messages", params(("id" = Id, Path, description = "The message."), ThreadQuery),
    responses((status = 200, body = ThreadShape), (status = 409, description = "This server has no record open")))]
pub(crate) async fn thread(ctx: Ctx, PathId(id): PathId<MessageId>, Query(query): Query<ThreadQuery>) -> Answer<ThreadShape> {
    let thread = match query.as_of {
        None => capture::thread(ctx.desk(), ctx.actor(), id).await?,
        Some(entry) => capture::thread_as_of(ctx.desk(), ctx.actor(), &record(&ctx)?, id, entry.0).await?,
    };
    let items = thread.messages.into_iter().map(MessageShape::masked).collect();
    Ok(Json(ThreadShape { root_id: Id(thread.root.0), items, cut: thread.cut }))
}

/// What the record says of a message, oldest first
#[utoipa::path(get, path = "/api/v1/messages/{id}/history", tag = "messages", params(("id" = Id, Path, description = "The message.")),
    responses((status = 200, body = HistoryShape), (status = 409, description = "This server has no record open")))]
pub(crate) async fn history(ctx: Ctx, PathId(id): PathId<MessageId>) -> Answer<HistoryShape> {
    // Whether it is there is said before whether the record is.
    capture::message(ctx.desk(), ctx.actor(), id).await?;
    let record = record(&ctx)?;
    let (message, revisions) = capture::history(ctx.desk(), ctx.actor(), &record, id).await?;
    let position = match message.first_entry.or(message.text_entry) {
        Some(entry) => Some(record.position(entry).await?.into()),
        None => None,
    };
    Ok(Json(HistoryShape { items: revisions.into_iter().map(Into::into).collect(), position }))
}

fn record(ctx: &Ctx) -> Result<capture::RecordReader, Error> {
    record_of(ctx).ok_or_else(|| Error::Conflict("this server has no record open; ask one that has".to_owned()))
}

/// The proof of one entry of a message
///
/// A file that `verify.py` checks without this server. The recorded text is in it unless something in the message is masked.
#[utoipa::path(get, path = "/api/v1/messages/{id}/proof/{entry}", tag = "messages",
    params(("id" = Id, Path, description = "The message."), ("entry" = Seq, Path, description = "The entry, as its history names it.")),
    responses((status = 200, body = Object, description = "The proof"), (status = 409, description = "The entry is not signed yet")))]
pub(crate) async fn proof(ctx: Ctx, Path((id, entry)): Path<(String, String)>) -> Result<Response, Refused> {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound("message"))?;
    capture::message(ctx.desk(), ctx.actor(), id).await?;
    let entry = entry.parse().ok().filter(|entry| *entry >= 0).ok_or(Error::NotFound("entry of this message"))?;
    let proof = capture::prove(ctx.desk(), ctx.actor(), &record(&ctx)?, id, entry).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], proof.file).into_response())
}

/// See what is masked in a message
#[utoipa::path(post, path = "/api/v1/messages/{id}/unmask", tag = "messages", params(("id" = Id, Path, description = "The message.")), request_body = UnmaskReason, responses((status = 200, body = MessageShape)))]
pub(crate) async fn unmask(
    ctx: Ctx,
    PathId(id): PathId<MessageId>,
    JsonBody(body): JsonBody<UnmaskReason>,
) -> Answer<MessageShape> {
    let message = capture::unmask(ctx.desk(), ctx.actor(), id, &body.reason.0).await?;
    Ok(Json(MessageShape::shown(message, Cover::Lifted)))
}
