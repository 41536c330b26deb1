//! Search over what was captured, in the query language of `docs/search.md`.
//!
//! Invariants: the same question finds the same as on the page, and leaves the same entry; what matches inside something masked is found
//! and not marked.

use axum::Json;
use desk::{
    Error,
    search::{Answer as Told, Counting, Found, Order, PageCursor, Question, time_zone},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Refused,
    input::{Id, Line, Note, Query, misfit},
    lists::Limit,
    messages::MessageShape,
    shown::{MarkShape, marks},
};
use crate::frame::Ctx;

/// Which results come first.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderName {
    /// The newest.
    #[default]
    Newest,
    /// The best match.
    Relevance,
}

/// A message that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitShape {
    /// The message as it stands now.
    message: MessageShape,
    /// Stretches of its text that the query matches.
    marks: Vec<MarkShape>,
}

/// How many matches one thing has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountShape {
    /// Which: a network, a kind of finding, a profile's title.
    name: String,
    /// The profile, for profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    /// How many.
    count: u64,
}

/// How many matches there are of each kind, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsShape {
    /// Per network.
    networks: Vec<CountShape>,
    /// Per profile.
    profiles: Vec<CountShape>,
    /// Per kind of finding.
    findings: Vec<CountShape>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundShape {
    /// The results of this page.
    items: Vec<HitShape>,
    /// What to send as `after` for the next page; null on the last one.
    next: Option<String>,
    /// How many there are in all, exactly; null by relevance when no counts were asked for.
    total: Option<u64>,
    /// Counts, when asked for.
    counts: Option<CountsShape>,
    /// Changes of messages that are not findable yet: 0 within two seconds of quiet.
    waiting: i64,
}

/// A question.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// The query; left out, or empty, it finds everything.
    #[serde(default)]
    #[param(required = false)]
    q: Note<2000>,
    /// Which results come first.
    #[serde(default)]
    #[param(required = false)]
    order: OrderName,
    /// Whether to count by network, profile and kind of finding.
    #[serde(default)]
    #[param(required = false)]
    counts: bool,
    /// The time zone in which days begin; UTC when left out.
    #[param(required = false)]
    zone: Option<Line<64>>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Line<120>>,
    /// Rows wanted; 100 are given at most.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Search captured messages
///
/// The question is on record: that it was asked, by whom, of which parts it was and how much it found, not its words. A query that is not
/// understood is answered with where and what to write instead.
#[utoipa::path(get, path = "/api/v1/search", tag = "messages", params(SearchQuery),
    responses((status = 200, body = FoundShape), (status = 409, description = "This server has no index, or the page is of another one")))]
pub(crate) async fn search(ctx: Ctx, Query(query): Query<SearchQuery>) -> Answer<FoundShape> {
    let search = ctx.state.search.as_ref();
    let search = search.ok_or_else(|| Error::Conflict("this server has no search index; ask one that has".to_owned()))?;
    let question = question(query)?;
    match search.ask(ctx.desk(), ctx.actor(), &question).await? {
        Told::NotUnderstood(error) => Err(misfit("q", &error.to_string()).into()),
        Told::Found(found) => Ok(Json((*found).into())),
    }
}

fn question(query: SearchQuery) -> Result<Question, Refused> {
    let after = query.after.map(|after| after.0.parse::<PageCursor>());
    let zone = query.zone.map(|zone| time_zone(&zone.0)).transpose();
    let zone = zone.map_err(|_| misfit("zone", "no such time zone; write one such as Europe/Vienna or UTC"))?;
    let asked = Question::new(query.q.0);
    Ok(Question {
        order: match query.order {
            OrderName::Newest => Order::Newest,
            OrderName::Relevance => Order::Relevance,
        },
        counting: if query.counts { Counting::Everything } else { Counting::Total },
        limit: query.limit.0 as usize,
        after: after.transpose().map_err(|_| misfit("after", "not the `next` of a page"))?,
        zone: zone.unwrap_or_else(|| asked.zone.clone()),
        ..asked
    })
}

impl From<Found> for FoundShape {
    fn from(found: Found) -> Self {
        let count = |(name, count): (String, u64)| CountShape { name, id: None, count };
        let hit = |hit: desk::search::Hit| HitShape {
            marks: marks(&hit.message, &hit.marks),
            message: MessageShape::masked(hit.message),
        };
        Self {
            items: found.results.into_iter().map(hit).collect(),
            next: found.next.map(|next| next.to_string()),
            total: found.total,
            counts: found.counts.map(|counts| CountsShape {
                networks: counts.networks.into_iter().map(count).collect(),
                findings: counts.findings.into_iter().map(count).collect(),
                profiles: counts
                    .profiles
                    .into_iter()
                    .map(|(id, name, count)| CountShape { name, id: Some(Id(id.0)), count })
                    .collect(),
            }),
            waiting: found.waiting,
        }
    }
}
