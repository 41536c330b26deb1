//! The workspace's settings.

use axum::Json;
use desk::workspace::{self, SecondFactorRule, Workspace};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Done, done,
    input::{JsonBody, Line, named},
};
use crate::frame::Ctx;

named! {
    /// From whom the workspace asks a second factor.
    SecondFactorRuleName of SecondFactorRule;
}

/// The workspace's settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsShape {
    /// Its name, shown on every page.
    name: String,
    /// IANA time zone for people who chose none.
    time_zone: String,
    /// From whom a second factor is asked.
    second_factor: SecondFactorRuleName,
    /// Whether it holds the fictional demo company.
    demo: bool,
    /// Since when it exists.
    created_at_ms: i64,
}

impl From<Workspace> for SettingsShape {
    fn from(workspace: Workspace) -> Self {
        Self {
            name: workspace.name,
            time_zone: workspace.time_zone,
            second_factor: SecondFactorRuleName(workspace.second_factor),
            demo: workspace.demo,
            created_at_ms: workspace.created_at.0,
        }
    }
}

/// New settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    /// Its name, shown on every page.
    name: Line<80>,
    /// IANA time zone for people who chose none, for example `Europe/Berlin`.
    time_zone: Line<64>,
    /// From whom a second factor is asked.
    second_factor: SecondFactorRuleName,
}

/// The workspace's settings
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses((status = 200, body = SettingsShape)))]
pub(crate) async fn read(ctx: Ctx) -> Answer<SettingsShape> {
    Ok(Json(workspace::settings(ctx.desk(), ctx.actor()).await?.into()))
}

/// Change the workspace's settings
#[utoipa::path(put, path = "/api/v1/settings", tag = "settings", request_body = SettingsChange, responses((status = 204, description = "Changed")))]
pub(crate) async fn change(ctx: Ctx, JsonBody(body): JsonBody<SettingsChange>) -> Done {
    workspace::change(ctx.desk(), ctx.actor(), &body.name.0, &body.time_zone.0, body.second_factor.0).await?;
    Ok(done())
}
