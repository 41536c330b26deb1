//! The caller's own account: preferences, sessions, tokens.

use axum::{Json, response::Response};
use desk::{
    ids::{SessionId, TokenId},
    people::{self, Person, PersonState, Preference, Theme},
    rights::TokenScope,
    sign_in::{self, ApiToken, Method, NewToken, SessionRow},
};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{
    Answer, Done, Refused, done,
    input::{Id, JsonBody, Line, Moment, PathId, Query, named},
    lists::{AfterId, Listing},
};
use crate::frame::Ctx;

named! {
    /// How the desk looks.
    ThemeName of Theme;
    /// Where an account stands.
    PersonStateName of PersonState;
    /// How a session was opened.
    SignInMethod of Method;
}

/// A person with an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonShape {
    /// Who.
    id: Id,
    /// The address as it was typed.
    email: String,
    /// The name colleagues see.
    name: String,
    /// IANA time zone; null follows the workspace's.
    time_zone: Option<String>,
    /// Light, dark, or as the system says.
    theme: ThemeName,
    /// Whether single letters act as keys.
    letter_keys: bool,
    /// Where the account stands.
    state: PersonStateName,
    /// Since when the account exists.
    created_at_ms: i64,
    /// Since when it is in this state.
    state_changed_at_ms: i64,
}

impl From<Person> for PersonShape {
    fn from(person: Person) -> Self {
        Self {
            id: Id(person.id.0),
            email: person.email,
            name: person.name,
            time_zone: person.time_zone,
            theme: ThemeName(person.theme),
            letter_keys: person.letter_keys,
            state: PersonStateName(person.state),
            created_at_ms: person.created_at.0,
            state_changed_at_ms: person.state_changed_at.0,
        }
    }
}

/// What the caller changes about the own account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    /// The name colleagues see.
    name: Line<120>,
    /// IANA time zone, for example `Europe/Berlin`; null or left out follows the workspace's.
    time_zone: Option<Line<64>>,
    /// Light, dark, or as the system says.
    theme: ThemeName,
}

/// The look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThemeChange {
    /// Light, dark, or as the system says.
    theme: ThemeName,
}

/// Whether single letters act as keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LetterKeysChange {
    /// Whether they do.
    on: bool,
}

/// A running session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionShape {
    /// The session.
    id: Id,
    /// How it was opened.
    method: SignInMethod,
    /// Whether a second factor was shown in it.
    second_factor: bool,
    /// The network address last seen.
    address: Option<String>,
    /// What the browser said about itself.
    user_agent: String,
    /// When it was opened.
    created_at_ms: i64,
    /// When it was last used, to the minute.
    last_seen_at_ms: i64,
    /// When it ends at the latest.
    expires_at_ms: i64,
}

impl From<SessionRow> for SessionShape {
    fn from(row: SessionRow) -> Self {
        Self {
            id: Id(row.id.0),
            method: SignInMethod(row.method),
            second_factor: row.second_factor,
            address: row.address,
            user_agent: row.user_agent,
            created_at_ms: row.created_at.0,
            last_seen_at_ms: row.last_seen_at.0,
            expires_at_ms: row.expires_at.0,
        }
    }
}

/// How many ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ended {
    /// Sessions that ended.
    #[schema(minimum = 0)]
    pub(crate) ended: u64,
}

/// An API token: everything but the token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenShape {
    /// The token.
    id: Id,
    /// For whom it acts.
    person_id: Id,
    /// Their name.
    person_name: String,
    /// What its owner calls it.
    name: String,
    /// Its last characters.
    hint: String,
    /// What it is limited to.
    scopes: Vec<String>,
    /// Whether it is an agent's, which can draft and never approve.
    agent: bool,
    /// When it was made.
    created_at_ms: i64,
    /// Until when it works.
    expires_at_ms: i64,
    /// When it was last used, to the minute.
    last_used_at_ms: Option<i64>,
    /// From which address.
    last_used_address: Option<String>,
    /// When it was revoked.
    revoked_at_ms: Option<i64>,
}

impl From<ApiToken> for TokenShape {
    fn from(token: ApiToken) -> Self {
        Self {
            id: Id(token.id.0),
            person_id: Id(token.person.0),
            person_name: token.person_name,
            name: token.name,
            hint: token.hint,
            scopes: token.scopes,
            agent: token.agent,
            created_at_ms: token.created_at.0,
            expires_at_ms: token.expires_at.0,
            last_used_at_ms: token.last_used_at.map(|at| at.0),
            last_used_address: token.last_used_address,
            revoked_at_ms: token.revoked_at.map(|at| at.0),
        }
    }
}

/// One scope of a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScopeName(TokenScope);

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        let names = TokenScope::all().into_iter().map(|scope| scope.to_string());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for ScopeName {
    fn name() -> std::borrow::Cow<'static, str> {
        "ScopeName".into()
    }
}

impl<'de> Deserialize<'de> for ScopeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        TokenScope::parse(&text).map(Self).ok_or_else(|| D::Error::custom(format!("there is no scope `{text}`")))
    }
}

/// A token about to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenNew {
    /// What it is for.
    name: Line<80>,
    /// What it is limited to; each needs the person's right as well.
    #[schema(min_items = 1)]
    #[serde(deserialize_with = "some_scopes")]
    scopes: Vec<ScopeName>,
    /// Until when; at most a year ahead.
    expires_at_ms: Moment,
    /// Whether it is an agent's, which can draft and never approve.
    #[serde(default)]
    agent: bool,
}

fn some_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ScopeName>, D::Error> {
    let scopes = Vec::<ScopeName>::deserialize(deserializer)?;
    if scopes.is_empty() { Err(D::Error::custom("choose at least one scope")) } else { Ok(scopes) }
}

/// A token just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenMade {
    /// Its id.
    id: Id,
    /// The token: shown only here.
    token: String,
}

/// The own account
#[utoipa::path(get, path = "/api/v1/account", tag = "account", responses((status = 200, body = PersonShape)))]
pub(crate) async fn read(ctx: Ctx) -> Answer<PersonShape> {
    Ok(Json(people::own(ctx.desk(), ctx.actor()).await?.into()))
}

/// Change name, time zone and look
#[utoipa::path(put, path = "/api/v1/account", tag = "account", request_body = AccountChange, responses((status = 204, description = "Changed")))]
pub(crate) async fn change(ctx: Ctx, JsonBody(body): JsonBody<AccountChange>) -> Done {
    let zone = body.time_zone.as_ref().map(|zone| zone.0.as_str());
    people::change_own(ctx.desk(), ctx.actor(), &body.name.0, zone, body.theme.0).await?;
    Ok(done())
}

/// Change the look
#[utoipa::path(put, path = "/api/v1/account/theme", tag = "account", request_body = ThemeChange, responses((status = 204, description = "Changed")))]
pub(crate) async fn theme(ctx: Ctx, JsonBody(body): JsonBody<ThemeChange>) -> Done {
    people::prefer(ctx.desk(), ctx.actor(), Preference::Theme(body.theme.0)).await?;
    Ok(done())
}

/// Switch letter keys on or off
#[utoipa::path(put, path = "/api/v1/account/letter-keys", tag = "account", request_body = LetterKeysChange, responses((status = 204, description = "Changed")))]
pub(crate) async fn letter_keys(ctx: Ctx, JsonBody(body): JsonBody<LetterKeysChange>) -> Done {
    people::prefer(ctx.desk(), ctx.actor(), Preference::LetterKeys(body.on)).await?;
    Ok(done())
}

/// Own running sessions
#[utoipa::path(get, path = "/api/v1/account/sessions", tag = "account", params(AfterId), responses((status = 200, body = Listing<SessionShape>)))]
pub(crate) async fn sessions(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<SessionShape>> {
    let rows = sign_in::sessions(ctx.desk(), ctx.actor()).await?;
    Ok(Json(Listing::by_id(rows, |row| row.id.0, &query, SessionShape::from)))
}

/// End an own session
#[utoipa::path(delete, path = "/api/v1/account/sessions/{id}", tag = "account", params(("id" = Id, Path, description = "The session.")), responses((status = 204, description = "Ended")))]
pub(crate) async fn end_session(ctx: Ctx, PathId(id): PathId<SessionId>) -> Done {
    sign_in::revoke_session(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// End all own sessions but this one
#[utoipa::path(post, path = "/api/v1/account/sessions/end-others", tag = "account", responses((status = 200, body = Ended)))]
pub(crate) async fn end_other_sessions(ctx: Ctx) -> Answer<Ended> {
    Ok(Json(Ended { ended: sign_in::revoke_other_sessions(ctx.desk(), ctx.actor()).await? }))
}

/// Own API tokens
#[utoipa::path(get, path = "/api/v1/account/tokens", tag = "account", params(AfterId), responses((status = 200, body = Listing<TokenShape>)))]
pub(crate) async fn tokens(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<TokenShape>> {
    let rows = sign_in::tokens(ctx.desk(), ctx.actor()).await?;
    Ok(Json(Listing::by_id(rows, |row| row.id.0, &query, TokenShape::from)))
}

/// Make an API token
///
/// The token is shown only in this answer.
#[utoipa::path(post, path = "/api/v1/account/tokens", tag = "account", request_body = TokenNew, responses((status = 201, body = TokenMade)))]
pub(crate) async fn create_token(ctx: Ctx, JsonBody(body): JsonBody<TokenNew>) -> Result<Response, Refused> {
    use axum::response::IntoResponse as _;
    let new = NewToken {
        name: body.name.0,
        scopes: body.scopes.iter().map(|scope| scope.0).collect(),
        expires_at: body.expires_at_ms.into(),
        agent: body.agent,
    };
    let (id, secret) = sign_in::create_token(ctx.desk(), ctx.actor(), &new).await?;
    Ok((StatusCode::CREATED, Json(TokenMade { id: Id(id.0), token: secret.reveal().to_owned() })).into_response())
}

/// Revoke an own API token
#[utoipa::path(delete, path = "/api/v1/account/tokens/{id}", tag = "account", params(("id" = Id, Path, description = "The token.")), responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_token(ctx: Ctx, PathId(id): PathId<TokenId>) -> Done {
    sign_in::revoke_token(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}
