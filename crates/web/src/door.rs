//! The door: sign-in, links, second factor, step-up, sign-out.

use axum::{
    extract::Request,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use desk::{
    rights::Operation,
    sign_in::{self, Visit},
};
use http::{HeaderValue, header};

use crate::{
    frame::Ctx,
    gate::SESSION_COOKIE,
    problem::{PageError, PageResult, encode_query},
    routes::{Route, form},
    state::WebState,
};

/// The routes of the door.
pub(crate) fn routes() -> Vec<Route> {
    vec![form("/sign-out", Operation::SignOut, post(sign_out))]
}

/// `POST /sign-out`
async fn sign_out(ctx: Ctx) -> PageResult {
    sign_in::sign_out(ctx.desk(), ctx.actor()).await.map_err(PageError::from)?;
    let mut response = Redirect::to("/sign-in").into_response();
    let gone = format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&gone).expect("plain ASCII"));
    Ok(response)
}

/// What a request gets whose operation asks for a fresh proof of identity: the way to give one, and back.
pub(crate) async fn step_up_instead(_: &WebState, _: &Visit, request: Request) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    Redirect::to(&format!("/step-up?then={}", encode_query(wanted))).into_response()
}
