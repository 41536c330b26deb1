//! The gate of every request: who comes, and may they take this route at all?
//!
//! Invariant: no handler of the table in [`crate::routes`] runs before this module has resolved the caller and decided, from the
//! operation that the table names, whether the route is open to them. The operation behind the handler decides again, with its target.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use desk::{
    Actor, Error, Refusal,
    approvals::outside,
    rights::{Need, Operation, Target, decide, within_scope},
    sign_in::{self, Visit},
};
use http::{HeaderMap, header, request::Parts};

use crate::{
    address::client_address,
    problem::{PageError, Problem},
    routes::{Face, Route},
    state::WebState,
};

/// The session cookie. The `__Host-` prefix makes browsers refuse it without `Secure`, with a domain, or below the root path.
pub const SESSION_COOKIE: &str = "__Host-gatepost";
/// The cookie of an outside approver. It opens their own pages and no page of the desk.
pub const GUEST_COOKIE: &str = "__Host-outside";
/// Bytes of a cookie or token value that are looked at; ours are far shorter.
const SECRET_MAX: usize = 256;

/// Who comes with the request, for handlers.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Visit>);

impl Caller {
    /// The actor.
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Absent only when a route was mounted outside the table: fail closed.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::from(Error::Refused(Refusal::SignInNeeded)))
    }
}

/// Decides for one route of the table.
pub(crate) async fn pass(State((state, route)): State<(WebState, Arc<Route>)>, request: Request, next: Next) -> Response {
    // A body cannot be looked at from two places, so what is waited for works with the head alone.
    let (parts, body) = request.into_parts();
    let address = address_of(&state, &parts);
    let visit = identify(&state, &parts.headers, route.face, address).await;
    if route.face != Face::Api {
        return let_through(&state, &route, parts, body, visit, next).await;
    }
    let allowance = state.api_limits.take(visit.as_ref().ok().map(|visit| &visit.actor), address, state.desk.now());
    if allowance.granted {
        allowance.on(let_through(&state, &route, parts, body, visit, next).await)
    } else {
        allowance.refusal()
    }
}

async fn let_through(
    state: &WebState,
    route: &Route,
    mut parts: Parts,
    body: Body,
    visit: Result<Visit, Error>,
    next: Next,
) -> Response {
    let visit = match visit {
        Ok(visit) => visit,
        Err(error) => return refuse(state, route.face, error, &parts).await,
    };
    if let Some(operation) = route.needs.operation()
        && let Err(refusal) = decide_early(&visit.actor, operation, state)
    {
        // Asked through the desk, so that a refusal of a known person is on record like any other.
        if let Err(error) = state.desk.view(&visit.actor, operation, Target::Workspace).await {
            if refusal == Refusal::StepUpNeeded(operation) && route.face == Face::Page {
                return crate::door::step_up_instead(state, &visit, Request::from_parts(parts, body)).await;
            }
            // A token without the scope hears of that, whatever its person lacks besides.
            let error = if matches!(refusal, Refusal::ScopeNeeded(_)) { Error::Refused(refusal) } else { error };
            return refuse(state, route.face, error, &parts).await;
        }
    }
    parts.extensions.insert(Caller(Arc::new(visit)));
    next.run(Request::from_parts(parts, body)).await
}

/// What can be decided before the target is known: everything but levels on a profile, which the operation
/// itself decides.
fn decide_early(actor: &Actor, operation: Operation, state: &WebState) -> Result<(), Refusal> {
    match (operation.need(), decide(actor, operation, Target::Workspace, state.desk.now())) {
        (Need::Level(_), Err(Refusal::RightNeeded(_))) => within_scope(actor, operation),
        (_, decision) => decision,
    }
}

fn address_of(state: &WebState, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    peer.map(|peer| client_address(peer, &parts.headers, &state.options.trusted_proxies))
}

/// Who is behind a request's headers at this moment. An answer that waits asks again before it tells anything.
pub(crate) async fn identify(state: &WebState, headers: &HeaderMap, face: Face, address: Option<IpAddr>) -> Result<Visit, Error> {
    let user_agent = user_agent(headers);
    if face == Face::Api
        && let Some(token) = bearer(headers)
    {
        let actor = sign_in::actor_of_token(&state.desk, token, address).await?;
        return Ok(Visit { actor, signed_in: None });
    }
    if face == Face::Outside {
        let actor = match cookie(headers, GUEST_COOKIE) {
            Some(value) => outside::resume(&state.desk, value, address).await?,
            None => Actor::nobody(address),
        };
        return Ok(Visit { actor, signed_in: None });
    }
    match cookie(headers, SESSION_COOKIE) {
        Some(value) => sign_in::resume(&state.desk, value, address, user_agent).await,
        None => Ok(Visit { actor: Actor::nobody(address), signed_in: None }),
    }
}

/// The value of a cookie, when there is exactly one of that name: two mean that somebody planted one.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = found.next()?;
    (found.next().is_none() && !value.is_empty() && value.len() <= SECRET_MAX).then_some(value)
}

/// What the browser says about itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= SECRET_MAX).then_some(token.trim())
}

async fn refuse(state: &WebState, face: Face, error: Error, request: &Parts) -> Response {
    match face {
        Face::Outside => crate::outside::closed(state).await.into_response(),
        Face::Api => Problem::from(error).into_response(),
        Face::Page | Face::Live => PageError::at(error, request).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::{bearer, cookie};

    fn headers(name: &header::HeaderName, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_counts_only_when_it_stands_once() {
        let one = headers(&header::COOKIE, &["theme=dark; __Host-gatepost=abc"]);
        assert_eq!(cookie(&one, "__Host-gatepost"), Some("abc"));
        let two = headers(&header::COOKIE, &["__Host-gatepost=abc; __Host-gatepost=def"]);
        assert_eq!(cookie(&two, "__Host-gatepost"), None);
        let split = headers(&header::COOKIE, &["__Host-gatepost=abc", "__Host-gatepost=def"]);
        assert_eq!(cookie(&split, "__Host-gatepost"), None);
        assert_eq!(cookie(&one, "Host-gatepost"), None);
    }

    #[test]
    fn a_bearer_token_has_its_scheme() {
        assert_eq!(bearer(&headers(&header::AUTHORIZATION, &["Bearer gp_x"])), Some("gp_x"));
        assert_eq!(bearer(&headers(&header::AUTHORIZATION, &["bearer gp_x"])), Some("gp_x"));
        assert_eq!(bearer(&headers(&header::AUTHORIZATION, &["Basic gp_x"])), None);
    }
}
