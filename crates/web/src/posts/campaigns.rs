//! Campaigns: what posts belong to.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    publishing::{self, Campaign},
};
use maud::{Render, html};

use crate::{
    frame::{Ctx, Fields, room_tabs},
    lists::{link, stack},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Size, Weight},
        facts::Card,
        feedback::Empty,
        field::TextField,
        form::Form,
        layout::Room,
        nav::PageHead,
        results::{Count, Pager},
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// `GET /campaigns`
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    page(&ctx, "", &Invalid::new()).await
}

async fn page(ctx: &Ctx, typed: &str, invalid: &Invalid) -> PageResult {
    let campaigns = publishing::campaigns(ctx.desk(), ctx.actor()).await?;
    let times = ctx.times();
    let row = |campaign: &Campaign| {
        let ended = campaign.ended_at.is_some();
        let (label, state) = if ended { ("Open again", "open") } else { ("End", "ended") };
        Row {
            id: campaign.id.to_string(),
            name: campaign.name.clone(),
            cells: vec![
                link(&format!("/posts?campaign={}", campaign.id), &campaign.name),
                if ended { Badge::new(Tone::Neutral, "Ended").render() } else { Badge::new(Tone::Good, "Open").render() },
                times.relative(campaign.created_at).render(),
                html! {
                    form.row method="post" action={ "/campaigns/" (campaign.id) } {
                        input type="hidden" name="name" value=(campaign.name);
                        input type="hidden" name="state" value=(state);
                        (Button::new(label, Does::Submit).with_size(Size::Small).with_weight(Weight::Quiet))
                    }
                },
            ],
        }
    };
    let rows = if campaigns.is_empty() {
        Rows::Empty(Empty::new(Icon::Flag, "No campaigns", "A campaign gathers the posts of one occasion, on all profiles."))
    } else {
        Rows::Some(campaigns.iter().map(row).collect())
    };
    let table = Table {
        id: "list-campaigns".to_owned(),
        caption: "Campaigns".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Title, "Campaign"),
            Column::new(ColumnKind::Tight, "State"),
            Column::new(ColumnKind::Tight, "Begun"),
            Column::new(ColumnKind::Actions, "Actions"),
        ],
        rows,
        count: Some(Count { matching: campaigns.len() as u64, of: None, one: "campaign", many: "campaigns" }),
        bulk: None,
        pager: Pager::default(),
    };
    let name = TextField {
        frame: field(invalid, "name", "Name"),
        value: typed.to_owned(),
        length_max: Some(100),
        autocomplete: Some("off"),
        ..TextField::default()
    };
    let mut form = Form::new("add-campaign", "/campaigns", vec![name.render()], "Begin the campaign");
    form.errors = summary(invalid);
    let card = Card { title: "Begin a campaign".to_owned(), actions: vec![], body: form.render() };
    let mut head = PageHead::new("Campaigns");
    head.lead = Some("What posts belong to: a launch, a season, an occasion.".to_owned());
    ctx.page("Campaigns", Room::Publish).status(status_of(invalid)).show(&stack(&[
        &head,
        &room_tabs(ctx, Room::Publish, "/campaigns"),
        &table,
        &card,
    ]))
}

/// `POST /campaigns`
pub(crate) async fn create(ctx: Ctx, fields: Fields) -> PageResult {
    match publishing::create_campaign(ctx.desk(), ctx.actor(), fields.get("name")).await {
        Ok(_) => Ok(ctx.done("/campaigns", "Begun")),
        Err(Error::Invalid(invalid)) => page(&ctx, fields.get("name"), &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /campaigns/{id}`: renames, ends, opens again.
pub(crate) async fn change(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("campaign"))?;
    let ended = fields.get("state") == "ended";
    publishing::change_campaign(ctx.desk(), ctx.actor(), id, fields.get("name"), ended).await?;
    Ok(ctx.done("/campaigns", if ended { "Ended" } else { "Open" }))
}
