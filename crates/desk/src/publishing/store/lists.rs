//! SQL of lists and calendars of posts: only what lies on profiles that the asker may read.

use std::collections::HashMap;

use uuid::Uuid;

use super::{json, named, places, targets};
use crate::{
    approvals::Hand,
    db::{Connection, Query, Row, Value, sql},
    error::{Invalid, Result},
    ids::{PostId, ProfileId, Time},
    paging::{Page, PageRequest},
    people::escape_like,
    publishing::{
        content::Draft,
        post::{PostFilter, PostGlance, PostOrder},
    },
};

/// Characters of a text in a list.
const EXCERPT_MAX: usize = 140;

/// The profiles that a list is about.
pub(in crate::publishing) struct Sight {
    /// Those that the asker may read.
    pub readable: Vec<ProfileId>,
    /// Those of them that are asked for.
    pub wanted: Vec<ProfileId>,
}

/// The conditions of a filter, with their parameters from `$1` on.
fn conditions(filter: &PostFilter, sight: &Sight) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = sight.wanted.iter().map(|&profile| profile.into()).collect();
    let mut on_target = format!("t.profile_id IN ({})", places(1, values.len()));
    if !filter.states.is_empty() {
        on_target += &format!(" AND t.state IN ({})", places(values.len() + 1, filter.states.len()));
        values.extend(filter.states.iter().map(|state| Value::from(state.id())));
    }
    let mut text = format!("EXISTS (SELECT 1 FROM targets t WHERE t.post_id = p.id AND {on_target})");
    let words = filter.text.as_deref().map(str::trim).filter(|words| !words.is_empty());
    if let Some(words) = words {
        // A post that goes to profiles the asker may not read is found by its title only: its words may be theirs.
        let list = places(values.len() + 1, sight.readable.len());
        values.extend(sight.readable.iter().map(|&profile| Value::from(profile)));
        values.push(format!("%{}%", escape_like(&words.to_lowercase())).into());
        let pattern = format!("${} ESCAPE '!'", values.len());
        text += &format!(
            " AND ((p.words LIKE {pattern} AND NOT EXISTS (SELECT 1 FROM targets h WHERE h.post_id = p.id AND h.profile_id NOT IN ({list}))) \
             OR lower(p.title) LIKE {pattern})"
        );
    }
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        text.push_str(" AND ");
        text.push_str(&condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(author) = filter.author {
        add("p.author_id = ?", author.into());
    }
    if let Some(campaign) = filter.campaign {
        add("p.campaign_id = ?", campaign.into());
    }
    if let Some(tag) = &filter.tag {
        add("EXISTS (SELECT 1 FROM post_tags g WHERE g.post_id = p.id AND g.tag = ?)", tag.into());
    }
    if let Some(from) = filter.from {
        add("p.calendar_ms >= ?", from.into());
    }
    if let Some(until) = filter.until {
        add("p.calendar_ms < ?", until.into());
    }
    if filter.undated {
        text.push_str(" AND p.calendar_ms IS NULL");
    }
    text.push_str(if filter.discarded { " AND p.discarded_at_ms IS NOT NULL" } else { " AND p.discarded_at_ms IS NULL" });
    (text, values)
}

fn bind_all(query: Query, values: &[Value]) -> Query {
    values.iter().cloned().fold(query, Query::bind)
}

/// Where a page ended: the value it is ordered by and the post.
fn cursor(text: &str) -> Result<(i64, Uuid)> {
    let read = || {
        let (at, id) = text.split_once('.')?;
        Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
    };
    read().ok_or_else(|| Invalid::field("after", "not a cursor that a page gave out"))
}

/// A page of posts.
pub(in crate::publishing) async fn page(
    on: &mut dyn Connection,
    filter: &PostFilter,
    order: PostOrder,
    sight: &Sight,
    page: &PageRequest,
) -> Result<Page<PostGlance>> {
    if sight.wanted.is_empty() {
        return Ok(Page { items: Vec::new(), next: None, total: 0 });
    }
    let (mut text, mut values) = conditions(filter, sight);
    let (column, direction, after) = match order {
        PostOrder::Changed => ("p.changed_at_ms", "DESC", "<"),
        PostOrder::Calendar => ("p.calendar_ms", "ASC", ">"),
    };
    if order == PostOrder::Calendar {
        text.push_str(" AND p.calendar_ms IS NOT NULL");
    }
    let count = sql(format!("SELECT COUNT(*) AS n FROM posts p WHERE {text}"));
    let total: i64 = bind_all(count, &values).one(on).await?.get("n")?;
    if let Some(last) = &page.after {
        let (at, id) = cursor(last)?;
        let n = values.len();
        text += &format!(" AND ({column} {after} ${a} OR ({column} = ${a} AND p.id {after} ${b}))", a = n + 1, b = n + 2);
        values.extend([Value::from(at), Value::Bytes(Some(id.as_bytes().to_vec()))]);
    }
    let limit = format!("${}", values.len() + 1);
    let rows =
        sql(format!("SELECT {GLANCE} FROM posts p WHERE {text} ORDER BY {column} {direction}, p.id {direction} LIMIT {limit}"));
    let rows = bind_all(rows, &values).bind(page.limit()).all(on).await?;
    let items = glances(on, &rows, &sight.wanted).await?;
    Ok(Page::cut(items, page, total, |post| {
        let at = match order {
            PostOrder::Changed => Some(post.changed_at),
            PostOrder::Calendar => post.at,
        };
        format!("{}.{}", at.map_or(0, |at| at.0), post.id)
    }))
}

/// What a glance is made from; a draft is long, and so is a row.
const GLANCE: &str =
    "p.id, p.title, p.draft, p.author_id, p.hand, p.revision, p.calendar_ms, p.slot_zone, p.campaign_id, p.changed_at_ms";

/// What is due within a stretch of a calendar and when, in that order, at most `limit`.
pub(in crate::publishing) async fn due(
    on: &mut dyn Connection,
    filter: &PostFilter,
    sight: &Sight,
    limit: i64,
) -> Result<Vec<(PostId, Time)>> {
    if sight.wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (text, values) = conditions(filter, sight);
    let query = sql(format!(
        "SELECT p.id, p.calendar_ms FROM posts p WHERE {text} AND p.calendar_ms IS NOT NULL ORDER BY p.calendar_ms, p.id LIMIT ${}",
        values.len() + 1
    ));
    let rows = bind_all(query, &values).bind(limit).all(on).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("calendar_ms")?))).collect()
}

/// These posts; one that is not there any more is left out. `profiles` are those that may be looked at.
pub(in crate::publishing) async fn of_ids(
    on: &mut dyn Connection,
    ids: &[PostId],
    profiles: &[ProfileId],
) -> Result<Vec<PostGlance>> {
    let mut posts = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let query = sql(format!("SELECT {GLANCE} FROM posts p WHERE p.id IN ({})", places(1, some.len())));
        let rows = some.iter().fold(query, |query, &id| query.bind(id)).all(on).await?;
        posts.extend(glances(on, &rows, profiles).await?);
    }
    Ok(posts)
}

/// Parameters of one statement: SQLite takes 32,766.
const IDS_AT_ONCE: usize = 500;

async fn glances(on: &mut dyn Connection, rows: &[Row], profiles: &[ProfileId]) -> Result<Vec<PostGlance>> {
    let mut posts = rows.iter().map(|row| glance(row, profiles)).collect::<Result<Vec<_>>>()?;
    let at: HashMap<PostId, usize> = posts.iter().enumerate().map(|(place, post)| (post.id, place)).collect();
    let ids: Vec<Value> = posts.iter().map(|post| post.id.into()).collect();
    for some in ids.chunks(IDS_AT_ONCE) {
        let list = places(1, some.len());
        let query = sql(format!(
            "SELECT post_id, profile_id, state, held_for, slot_ms FROM targets WHERE post_id IN ({list}) ORDER BY profile_id"
        ));
        for row in bind_all(query, some).all(on).await? {
            let (post, target) = targets::glance(&row)?;
            if profiles.contains(&target.profile) {
                posts[at[&post]].targets.push(target);
            }
        }
        let query = sql(format!("SELECT post_id, tag FROM post_tags WHERE post_id IN ({list}) ORDER BY tag"));
        for row in bind_all(query, some).all(on).await? {
            let post: PostId = row.get("post_id")?;
            posts[at[&post]].tags.push(row.get("tag")?);
        }
    }
    Ok(posts)
}

fn glance(row: &Row, profiles: &[ProfileId]) -> Result<PostGlance> {
    let mut draft: Draft = json(row, "draft")?;
    draft.keep_only(|profile| profiles.contains(&profile));
    let content = std::iter::once(&draft.common).chain(draft.targets.values().flatten());
    let said = content.clone().find_map(|content| content.parts.iter().find(|part| !part.text.trim().is_empty()));
    let excerpt = said.map_or_else(String::new, |part| part.text.chars().take(EXCERPT_MAX).collect());
    let mut files = content.flat_map(|content| &content.parts).flat_map(|part| &part.media);
    let media = files.clone().next().is_some();
    let picture = files.find(|medium| medium.media_type.starts_with("image/")).map(|medium| medium.digest);
    let at: Option<Time> = row.get("calendar_ms")?;
    Ok(PostGlance {
        id: row.get("id")?,
        title: row.get("title")?,
        excerpt,
        author: row.get("author_id")?,
        hand: named(row, "hand", Hand::parse)?,
        revision: row.get("revision")?,
        at,
        zone: row.get("slot_zone")?,
        campaign: row.get("campaign_id")?,
        tags: Vec::new(),
        media,
        picture,
        changed_at: row.get("changed_at_ms")?,
        targets: Vec::new(),
    })
}

/// What posts on some profiles say that have a time within a stretch: to compare with.
pub(in crate::publishing) async fn drafts(
    on: &mut dyn Connection,
    profiles: &[ProfileId],
    from: Time,
    until: Time,
    limit: i64,
) -> Result<Vec<(PostId, Option<Time>, Draft)>> {
    if profiles.is_empty() {
        return Ok(Vec::new());
    }
    let sight = Sight { readable: profiles.to_vec(), wanted: profiles.to_vec() };
    let (text, values) = conditions(&PostFilter { from: Some(from), until: Some(until), ..PostFilter::default() }, &sight);
    let query = sql(format!(
        "SELECT p.id, p.calendar_ms, p.draft FROM posts p WHERE {text} ORDER BY p.calendar_ms LIMIT ${}",
        values.len() + 1
    ));
    let rows = bind_all(query, &values).bind(limit).all(on).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("calendar_ms")?, json(row, "draft")?))).collect()
}
