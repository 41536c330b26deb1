//! Every post that the reader may see: drafts, waiting, scheduled, published, with filters and saved views.

use std::collections::{BTreeMap, HashMap};

use desk::{
    Error,
    ids::{PersonId, ProfileId},
    people,
    profiles::{self, Profile, ProfilesFilter},
    publishing::{self, PostFilter, PostGlance, PostOrder, TargetState},
};
use maud::{Markup, Render, html};

use super::{preview::media_href, states};
use crate::{
    frame::{Ctx, Fields, QueryFields, room_tabs},
    lists::{ListAddress, Names, stack},
    problem::PageResult,
    profiles::network_tag,
    ui::{
        Icon,
        button::{Button, Weight},
        feedback::Empty,
        layout::Room,
        nav::PageHead,
        preview::small,
        results::Facet,
        table::{Column, ColumnKind, Row},
    },
};

/// What narrows lists and calendars of posts.
pub(crate) const NAMES: &[&str] = &["state", "profile", "author", "tag", "campaign", "undated", "discarded"];
/// States that have a switch of their own; the others are rare and found through their posts.
const OFFERED: &[TargetState] = &[
    TargetState::Draft,
    TargetState::Pending,
    TargetState::Scheduled,
    TargetState::Held,
    TargetState::Published,
    TargetState::Failed,
];

/// Authors that get a switch: a team; others are found through their posts.
const AUTHORS_MAX: usize = 8;
/// Tags that get a switch: a line of them.
const TAGS_MAX: usize = 12;

/// The readable profiles by their id.
pub(crate) async fn profiles_by_id(ctx: &Ctx) -> Result<BTreeMap<ProfileId, Profile>, Error> {
    let visible = profiles::visible(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await?;
    Ok(visible.into_iter().map(|(profile, _)| (profile.id, profile)).collect())
}

/// Reads the filter of an address. What is no id narrows nothing.
pub(crate) fn filter_of(query: &Fields) -> PostFilter {
    PostFilter {
        profiles: query.all("profile").filter_map(|id| id.parse().ok()).collect(),
        network: None,
        text: None,
        states: query.all("state").filter_map(TargetState::parse).collect(),
        author: query.some("author").and_then(|id| id.parse().ok()),
        tag: query.some("tag").map(str::to_lowercase),
        campaign: query.some("campaign").and_then(|id| id.parse().ok()),
        from: None,
        until: None,
        undated: query.has("undated"),
        discarded: query.has("discarded"),
    }
}

/// The switches above lists and calendars of posts: states, profiles, and the authors and tags of what is shown, the most frequent first.
pub(crate) async fn facets(
    ctx: &Ctx,
    address: &ListAddress<'_>,
    query: &Fields,
    profiles: &BTreeMap<ProfileId, Profile>,
    shown: &[&PostGlance],
) -> Result<Vec<Facet>, Error> {
    let mut facets: Vec<Facet> = OFFERED.iter().map(|state| address.facet(state.title(), "state", state.id())).collect();
    let me = ctx.actor().person();
    if let Some(person) = me {
        facets.push(address.facet("Mine", "author", &person.to_string()));
    }
    // What is narrowed to can be switched off, also when nothing is left to show.
    let chosen = query.some("author").and_then(|id| id.parse::<PersonId>().ok());
    let mut authors = most_frequent(shown.iter().map(|post| post.author), AUTHORS_MAX);
    authors.extend(chosen.filter(|author| !authors.contains(author)));
    authors.retain(|author| Some(*author) != me);
    let known = names(ctx, authors.iter().copied()).await?;
    let by = |author: &PersonId| {
        let name = known.get(author).map_or("somebody", String::as_str);
        address.facet(&format!("By {name}"), "author", &author.to_string())
    };
    facets.extend(authors.iter().map(by));
    facets.extend(profiles.values().map(|profile| address.facet(&profile.title, "profile", &profile.id.to_string())));
    let mut tags = most_frequent(shown.iter().flat_map(|post| &post.tags).cloned(), TAGS_MAX);
    let chosen = query.some("tag").map(str::to_lowercase);
    tags.extend(chosen.filter(|tag| !tags.contains(tag)));
    facets.extend(tags.iter().map(|tag| address.facet(&format!("#{tag}"), "tag", tag)));
    if let Some(campaign) = query.some("campaign") {
        facets.push(address.facet("One campaign", "campaign", campaign));
    }
    Ok(facets)
}

/// What occurs most often, at most so many of it; in its own order where it occurs equally often.
fn most_frequent<T: Ord + Clone>(all: impl Iterator<Item = T>, max: usize) -> Vec<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let mut counted: Vec<_> = counts.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().take(max).map(|(one, _)| one).collect()
}

/// The names of people.
pub(crate) async fn names(ctx: &Ctx, ids: impl Iterator<Item = PersonId>) -> Result<HashMap<PersonId, String>, Error> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(people::names(ctx.desk(), ctx.actor(), &ids).await?.into_iter().collect())
}

/// `GET /posts`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let address = ListAddress::new("/posts", &query, NAMES);
    let profiles = profiles_by_id(&ctx).await?;
    let filter = PostFilter { text: query.some("q").map(str::to_owned), ..filter_of(&query) };
    let page = publishing::list(ctx.desk(), ctx.actor(), &filter, PostOrder::Changed, &address.page()).await?;
    let authors = names(&ctx, page.items.iter().map(|post| post.author)).await?;
    let times = ctx.times();
    let columns = vec![
        Column::new(ColumnKind::Title, "Post"),
        Column::new(ColumnKind::Text, "Where"),
        Column::new(ColumnKind::Tight, "State"),
        Column::new(ColumnKind::Tight, "When"),
        Column::new(ColumnKind::Text, "Author"),
        Column::new(ColumnKind::Tight, "Changed"),
    ];
    let empty = Empty::new(Icon::Send, "No posts yet", "What you write here goes out when everybody who has to agree did.")
        .with_action(Button::link("Write a post", "/posts/new").with_weight(Weight::Primary));
    let words = Names { caption: "Posts", one: "post", many: "posts" };
    let table = address.table("list-posts", words, columns, &page, empty, |post: &PostGlance| Row {
        id: post.id.to_string(),
        name: states::name(post),
        cells: vec![
            title_cell(post),
            where_cell(post, &profiles),
            html! { div.row { @for (state, count) in states::summary(post) { (states::badge(state)) @if post.targets.len() > 1 { span.muted { (count) } } } } },
            html! { @if let Some(at) = post.at { (times.exact(at)) } @else { span.muted { "No time" } } },
            html! { (authors.get(&post.author).map_or("Somebody", String::as_str)) },
            times.relative(post.changed_at).render(),
        ],
    });
    let shown: Vec<_> = page.items.iter().collect();
    let switches = facets(&ctx, &address, &query, &profiles, &shown).await?;
    let mut filter = address.filter("list-posts", "Filter posts", switches);
    filter.facets.push(address.facet("Without a time", "undated", "yes"));
    filter.facets.push(address.facet("Discarded", "discarded", "yes"));
    let dialog = crate::views::tabs(&ctx, "/posts", &query, &mut filter).await?;
    let mut head = PageHead::new("Posts");
    head.lead = Some("Everything that is written, waits, is scheduled or out.".to_owned());
    head.actions = vec![
        Button::link("Write a post", "/posts/new").with_icon(Icon::Plus).with_weight(Weight::Primary),
        Button::link("Calendar", "/calendar").with_icon(Icon::Calendar),
        Button::link("Import", "/posts/import").with_icon(Icon::Upload),
    ];
    ctx.page("Posts", Room::Publish).live("posts").show(&stack(&[
        &head,
        &room_tabs(&ctx, Room::Publish, "/posts"),
        &filter,
        &dialog,
        &table,
    ]))
}

fn title_cell(post: &PostGlance) -> Markup {
    html! {
        a.row-title href={ "/posts/" (post.id) } data-opens { (states::name(post)) }
        @if !post.title.is_empty() && !post.excerpt.is_empty() { " " span.muted { (desk::publishing::bulk::title_of(&post.excerpt)) } }
        @if let Some(picture) = post.picture { " " img.row-picture src=(small(&media_href(picture))) alt="" loading="lazy" decoding="async"; }
        @else if post.media { " " (Icon::Paperclip) }
        @if post.media { span.unseen { "with files" } }
        @for tag in &post.tags { " " a.cell-tag href={ "/posts?tag=" (crate::problem::encode_query(tag)) } { "#" (tag) } }
    }
}

fn where_cell(post: &PostGlance, profiles: &BTreeMap<ProfileId, Profile>) -> Markup {
    html! {
        div.stack-s { @for profile in post.targets.iter().filter_map(|target| profiles.get(&target.profile)) {
            (network_tag(&profile.network, Some(profile.title.clone())))
        } }
    }
}
