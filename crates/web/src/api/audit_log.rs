//! The audit log: a list with filters, an export, and a feed to follow.
//!
//! Invariant of the feed: `seq` is gapless and in commit order, so whoever asks again after the last `seq` they saw misses nothing and
//! sees nothing twice, also while entries are being written.

use std::borrow::Cow;

use axum::{Json, response::Response};
use desk::{
    audit_log::{self, AuditFilter, FEED_BATCH_MAX, Outcome, StoredEntry},
    ids::PersonId,
    paging::PageRequest,
};
use http::HeaderMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{
    Answer, Refused,
    feed::{FeedLimit, Seq, WaitSeconds, Waiting, lines},
    input::{Id, Moment, Query},
    lists::{Limit, Listing},
};
use crate::{
    audit_log::{Format, export_response, line},
    frame::Ctx,
};

/// An outcome.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeName {
    /// It happened.
    Done,
    /// The caller was not allowed to.
    Refused,
    /// It was tried and did not work.
    Failed,
}

impl From<OutcomeName> for Outcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Done => Self::Done,
            OutcomeName::Refused => Self::Refused,
            OutcomeName::Failed => Self::Failed,
        }
    }
}

impl From<Outcome> for OutcomeName {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Refused => Self::Refused,
            Outcome::Failed => Self::Failed,
        }
    }
}

/// An operation's id, or an area with a dot at its end.
#[derive(Debug)]
pub(crate) struct ActName(String);

impl PartialSchema for ActName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(2))
            .max_length(Some(80))
            .pattern(Some(r"^[a-z_]+\.[a-z_]*$"))
            .into()
    }
}

impl ToSchema for ActName {
    fn name() -> Cow<'static, str> {
        "ActName".into()
    }
}

impl<'de> Deserialize<'de> for ActName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let fits = text.split_once('.').is_some_and(|(area, verb)| !area.is_empty() && is_word(area) && is_word(verb));
        if fits && text.len() <= 80 {
            Ok(Self(text))
        } else {
            Err(D::Error::custom("an operation such as `people.suspend`, or an area such as `people.`"))
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryShape {
    /// Position: gapless, in commit order, from 1.
    seq: i64,
    /// Id.
    id: Id,
    /// When.
    at_ms: i64,
    /// `person`, `token`, `agent`, `operator`, `desk` or `nobody`.
    actor_kind: String,
    /// The person acting or acted for.
    actor_id: Option<Id>,
    /// The API token in use.
    token_id: Option<Id>,
    /// The signed-in browser.
    session_id: Option<Id>,
    /// The network address.
    address: Option<String>,
    /// The operation's id.
    act: String,
    /// The kind of object.
    object_kind: String,
    /// Which object.
    object_id: Option<Id>,
    /// How it ended.
    outcome: OutcomeName,
    /// Keyed digest of the state before, hexadecimal.
    before_digest: Option<String>,
    /// Keyed digest of the state after, hexadecimal.
    after_digest: Option<String>,
    /// Ids, field names, counts.
    #[schema(value_type = Object)]
    details: serde_json::Map<String, serde_json::Value>,
}

impl From<StoredEntry> for EntryShape {
    fn from(entry: StoredEntry) -> Self {
        Self {
            seq: entry.seq,
            id: Id(entry.id.0),
            at_ms: entry.at_ms.0,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id.map(|id| Id(id.0)),
            token_id: entry.token_id.map(|id| Id(id.0)),
            session_id: entry.session_id.map(|id| Id(id.0)),
            address: entry.address,
            act: entry.act,
            object_kind: entry.object_kind,
            object_id: entry.object_id.map(Id),
            outcome: entry.outcome.into(),
            before_digest: entry.before_digest,
            after_digest: entry.after_digest,
            details: entry.details,
        }
    }
}

/// Which entries. Everything given has to match.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// The person acting or acted for.
    #[param(required = false)]
    actor: Option<Id>,
    /// An operation such as `people.suspend`, or an area such as `people.`.
    #[param(required = false)]
    act: Option<ActName>,
    /// The object.
    #[param(required = false)]
    object: Option<Id>,
    /// How it ended.
    #[param(required = false)]
    outcome: Option<OutcomeName>,
    /// From this moment on.
    #[param(required = false)]
    from_ms: Option<Moment>,
    /// Before this moment.
    #[param(required = false)]
    until_ms: Option<Moment>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Seq>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Which entries to export, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// The form.
    format: FormatName,
    /// The person acting or acted for.
    #[param(required = false)]
    actor: Option<Id>,
    /// An operation such as `people.suspend`, or an area such as `people.`.
    #[param(required = false)]
    act: Option<ActName>,
    /// The object.
    #[param(required = false)]
    object: Option<Id>,
    /// How it ended.
    #[param(required = false)]
    outcome: Option<OutcomeName>,
    /// From this moment on.
    #[param(required = false)]
    from_ms: Option<Moment>,
    /// Before this moment.
    #[param(required = false)]
    until_ms: Option<Moment>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormatName {
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// From where to follow, and how long to wait for news.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// The last `seq` you have; left out from the beginning.
    #[param(required = false)]
    after: Option<Seq>,
    /// Entries wanted at most.
    #[param(required = false)]
    limit: Option<FeedLimit>,
    /// Seconds to wait when there is nothing new.
    #[param(required = false)]
    wait_s: Option<WaitSeconds>,
}

/// The audit log, newest first
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "audit log", params(LogQuery), responses((status = 200, body = Listing<EntryShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<LogQuery>) -> Answer<Listing<EntryShape>> {
    let page = PageRequest { after: query.after.map(|seq| seq.0.to_string()), size: query.limit.0 };
    let filter = filter(query.actor, query.act, query.object, query.outcome, query.from_ms, query.until_ms);
    Ok(Json(Listing::of(audit_log::list(ctx.desk(), ctx.actor(), &filter, &page).await?, EntryShape::from)))
}

fn filter(
    actor: Option<Id>,
    act: Option<ActName>,
    object: Option<Id>,
    outcome: Option<OutcomeName>,
    from: Option<Moment>,
    until: Option<Moment>,
) -> AuditFilter {
    AuditFilter {
        actor: actor.map(|id| PersonId(id.0)),
        act: act.map(|act| act.0),
        object: object.map(|id| id.0),
        outcome: outcome.map(Into::into),
        from: from.map(Into::into),
        until: until.map(Into::into),
    }
}

/// The audit log as a file, oldest first
#[utoipa::path(get, path = "/api/v1/audit-log/export", tag = "audit log", params(ExportQuery),
    responses((status = 200, description = "The file", content((String = "text/csv"), (String = "application/jsonl")))))]
pub(crate) async fn export(ctx: Ctx, Query(query): Query<ExportQuery>) -> Result<Response, Refused> {
    let filter = filter(query.actor, query.act, query.object, query.outcome, query.from_ms, query.until_ms);
    let format = match query.format {
        FormatName::Csv => Format::Csv,
        FormatName::Jsonl => Format::Jsonl,
    };
    Ok(export_response(ctx.desk().clone(), ctx.caller.actor().clone(), filter, format).await?)
}

/// Follow the audit log
///
/// One JSON object a line, oldest first. Ask again with the last `seq` (also in the header `Gatepost-Next`) as `after`. With `wait_s`
/// an answer without entries waits until there is one.
#[utoipa::path(get, path = "/api/v1/audit-log/feed", tag = "audit log", params(FeedQuery),
    responses((status = 200, description = "Entries, one a line; empty when there is nothing new", content_type = "application/jsonl", body = String)))]
pub(crate) async fn feed(ctx: Ctx, headers: HeaderMap, Query(query): Query<FeedQuery>) -> Result<Response, Refused> {
    let after = query.after.map_or(0, |seq| seq.0);
    let limit = query.limit.map_or(FEED_BATCH_MAX, |limit| limit.0);
    let mut waiting = Waiting::begin(&ctx, headers, query.wait_s);
    let entries = loop {
        let entries = audit_log::feed(ctx.desk(), waiting.actor(), after, limit).await?;
        if waiting.is_over(!entries.is_empty()).await? {
            break entries;
        }
    };
    let next = entries.last().map_or(after, |entry| entry.seq);
    Ok(lines(entries.iter().map(|entry| line(entry, Format::Jsonl)).collect(), next))
}
