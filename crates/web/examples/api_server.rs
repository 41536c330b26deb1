//! Serves the edge over a fresh workspace for `scripts/schemathesis.sh`, and prints the address and an owner's token with every scope.
//!
//! The workspace lies in a temporary folder and has a few captured messages; the clock stands still, so that the run is the same however long it takes; there is no
//! limit of rate, which has tests of its own. Never for people.
#![expect(clippy::print_stdout, reason = "the script reads it")]

use std::{net::SocketAddr, sync::Arc};

use desk::{db::Engine, rights::TokenScope, sign_in};
use testkit::{
    Captured, TestDesk,
    records::{edit, post},
};
use web::{WebOptions, WebState, api::RateLimits};

/// How long the token works.
const TOKEN_MS: i64 = 24 * 60 * 60 * 1_000;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = desk.workspace().await;
    let new = sign_in::NewToken {
        name: "schemathesis".to_owned(),
        scopes: TokenScope::all(),
        expires_at: desk.desk.now().plus_ms(TOKEN_MS),
        agent: false,
    };
    let (_, token) = sign_in::create_token(&desk.desk, &owner.actor, &new).await.map_err(std::io::Error::other)?;
    let metrics: web::MetricsText = Arc::new(String::new);
    let limits = RateLimits::new(u32::MAX, u32::MAX);
    let captured = Captured::on(&desk.desk);
    let shop = captured.profile("shop").await;
    let messages = (0..5).map(|n| post(&format!("m{n}"), "ann", &format!("parcel {n}; write to ann{n}@example.test")));
    captured.take(shop, messages.chain([edit("m1", 60, "ann", "the parcel came")]).collect()).await;
    captured.sign();
    let state = WebState::new(desk.desk.clone(), WebOptions::default(), metrics)
        .with_api_limits(limits)
        .with_record(captured.record.clone())
        .with_search(captured.search());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("api http://{} {}", listener.local_addr()?, token.reveal());
    axum::serve(listener, web::app(state).into_make_service_with_connect_info::<SocketAddr>()).await
}
