//! Everybody's API tokens: see and revoke.

use axum::Json;
use desk::{ids::TokenId, sign_in};

use super::{
    Answer, Done,
    account::TokenShape,
    done,
    input::{Id, PathId, Query},
    lists::{AfterId, Listing},
};
use crate::frame::Ctx;

/// Everybody's API tokens, newest first
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", params(AfterId), responses((status = 200, body = Listing<TokenShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<TokenShape>> {
    let page = sign_in::all_tokens(ctx.desk(), ctx.actor(), &query.request()).await?;
    Ok(Json(Listing::of(page, TokenShape::from)))
}

/// Revoke anybody's API token
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = Id, Path, description = "The token.")), responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke(ctx: Ctx, PathId(id): PathId<TokenId>) -> Done {
    sign_in::revoke_any_token(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}
