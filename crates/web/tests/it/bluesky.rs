//! Bluesky's own authorisation server lets this server in under its public name: it fetches the document that names us from us.

use std::{net::SocketAddr, sync::Arc};

use desk::{capture::connections, db::Engine, ids::ProfileId};
use http::{Method, StatusCode};
use testkit::{
    TestDesk,
    peers::{
        bluesky::Bluesky,
        bluesky_people::{account, agree},
    },
};
use web::{WebOptions, WebState};

use crate::client::{As, Edge};

/// A name that is nobody's (RFC 8375), but not one of those that the server takes for local.
const PUBLIC_URL: &str = "https://desk.home.arpa";

/// Texts of addresses in a form.
fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A").replace('/', "%2F")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_connects_by_agreeing_in_the_browser_under_our_public_name() {
    let test = TestDesk::on(Engine::Sqlite).await;
    // The server compares our clock with its own.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    test.clock.advance_ms(i64::try_from(now).expect("fits") - test.desk.now().0);
    let owner = test.workspace().await;
    let state = WebState::new(test.at_address(PUBLIC_URL), WebOptions::default(), Arc::new(String::new));
    let edge = Edge::over(state.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let really = format!("http://{}", listener.local_addr().expect("bound"));
    let serving = tokio::spawn(async move {
        axum::serve(listener, web::app(state).into_make_service_with_connect_info::<SocketAddr>()).await.expect("serves");
    });
    let server = Bluesky::start_where("http://127.0.0.1:9", PUBLIC_URL, &really).expect("the Bluesky server");
    account(&server, "kites").await;

    let form = format!(
        "method=oauth&server={}&directory={}&title=Kites&group=none",
        encoded(&server.url()),
        encoded(&server.directory_url())
    );
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let owner = (As::from(&owner), owner.actor);
    let begun = edge.send(&owner.0, Method::POST, "/connect/bluesky", &headers, Some(&form)).await;
    assert_eq!(begun.status, StatusCode::OK, "{:?}", begun.text.split("error-summary").skip(1).collect::<String>());
    let (_, link) = begun.text.split_once(&format!("href=\"{}/oauth/authorize?", server.url())).expect("the way there");
    let link = format!("{}/oauth/authorize?{}", server.url(), link.split('"').next().expect("an address")).replace("&amp;", "&");
    assert!(link.contains("client_id=https%3A%2F%2Fdesk.home.arpa%2Foauth%2Fbluesky%2Fclient-metadata.json"), "{link}");

    let back = agree(&link, "kites").await;
    let query: Vec<String> = back.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let ended = edge.get(&owner.0, &format!("/connect/back?{}", query.join("&"))).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{:?}", ended.text.split("<main").nth(1));
    let profile: ProfileId = ended.header("location").split(['/', '?']).nth(2).expect("an id").parse().expect("an id");
    let health = connections::health(&test.desk, &owner.1).await.expect("the connections");
    let health = health.into_iter().find(|health| health.profile == profile).expect("connected");
    assert_eq!((health.account.handle.as_str(), health.missing_scopes.len()), ("@kites.test", 0));
    serving.abort();
}
