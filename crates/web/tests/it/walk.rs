//! Every route, walked as nobody, as a person without the right, and as somebody suspended; and the golden lists of routes and rights.

use desk::{
    db::Engine,
    rights::{Callers, Level, Need, Operation, Right},
};
use http::{Method, StatusCode};
use testkit::TestDesk;
use web::routes::{Face, Needs, Route, routes};

use crate::browser::{edge, get, post, send};

/// A path with something in place of its parameters that does not exist.
fn filled(route: &Route) -> String {
    let mut path = String::new();
    for part in route.path.split_inclusive('/') {
        match part.strip_prefix('{') {
            Some(rest) => {
                path.push_str(&format!("00000000-0000-7000-8000-000000000000{}", if rest.ends_with('/') { "/" } else { "" }));
            }
            None => path.push_str(part),
        }
    }
    path
}

fn guarded() -> Vec<Route> {
    routes()
        .into_iter()
        .filter(|route| matches!(route.needs, Needs::Operation(operation) if operation.need() != Need::Nothing))
        .collect()
}

#[test]
fn the_table_of_routes_is_the_golden_one() {
    let mut lines: Vec<_> = routes().iter().map(Route::line).collect();
    lines.sort();
    insta::assert_snapshot!("routes", lines.join("\n"));
}

#[test]
fn the_table_of_rights_is_the_golden_one() {
    let mut lines = Vec::new();
    for &operation in Operation::ALL {
        let need = match operation.need() {
            Need::Nothing => "nobody has to be signed in".to_owned(),
            Need::SignedIn => "signed in, own account".to_owned(),
            Need::Right(right) => format!("right {} in the workspace", right.id()),
            Need::AnyRight(any) => {
                format!("right {} in the workspace", any.iter().map(|right| right.id()).collect::<Vec<_>>().join(" or "))
            }
            Need::Level(levels) => {
                format!("on the profile one of {}", levels.iter().map(|level| level.id()).collect::<Vec<_>>().join(", "))
            }
        };
        let scope = operation.token_scope().map_or_else(|| "no token".to_owned(), |scope| scope.to_string());
        lines.push(format!(
            "{:26} {need:58} {:13} {:8} {:13} {scope}",
            operation.id(),
            format!("{:?}", operation.access()),
            format!("{:?}", operation.freshness()),
            format!("{:?}", operation.callers()),
        ));
    }
    lines.push(String::new());
    lines.extend(Right::ALL.iter().map(|right| format!("right {:14} administers: {}", right.id(), right.administers())));
    lines.extend(Level::ALL.iter().map(|level| format!("level {}", level.id())));
    insta::assert_snapshot!("rights", lines.join("\n"));
}

#[test]
fn no_two_routes_are_the_same() {
    let mut seen = std::collections::HashSet::new();
    for route in routes() {
        assert!(seen.insert((route.method.clone(), route.path)), "{} {} stands twice", route.method, route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_through_any_guarded_route() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    for route in guarded() {
        // So that the API's limit of rate is not what refuses.
        test.clock.advance_ms(60_000);
        let answer = send(&edge, route.method.clone(), &filled(&route), None, "").await;
        match route.face {
            Face::Api | Face::Outside => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", route.line()),
            Face::Page | Face::Live => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", route.line());
                assert!(answer.location().starts_with("/sign-in"), "{} leads to {}", route.line(), answer.location());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_person_is_nobody_on_every_route() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let suspended = test.suspended().await;
    let edge = edge(&test);
    for route in guarded() {
        // So that the API's limit of rate is not what refuses.
        test.clock.advance_ms(60_000);
        let answer = send(&edge, route.method.clone(), &filled(&route), Some(&suspended.cookie), "").await;
        let with_status = matches!(route.face, Face::Api | Face::Outside);
        let expected = if with_status { StatusCode::UNAUTHORIZED } else { StatusCode::SEE_OTHER };
        assert_eq!(answer.status, expected, "{}", route.line());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_the_right_is_refused_on_every_route_that_needs_one() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let person = test.person_with(&[]).await;
    let edge = edge(&test);
    for route in guarded() {
        let Needs::Operation(operation) = route.needs else { continue };
        // A session of its own for each route: some of them end it.
        let person = test.sign_in(person.person).await;
        let answer = send(&edge, route.method.clone(), &filled(&route), Some(&person.cookie), "").await;
        if operation.need().is_right() || operation.callers() == Callers::Operator {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", route.line());
        } else {
            // The own account is open; nothing may break on empty input.
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{}", route.line());
            assert!(!answer.status.is_server_error(), "{} answered {}", route.line(), answer.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_right_opens_exactly_the_routes_whose_operations_need_it() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    for &right in Right::ALL {
        let person = test.person_with(&[desk::rights::Given::Right(right)]).await;
        for route in guarded().into_iter().filter(|route| route.face == Face::Page) {
            let Needs::Operation(operation) = route.needs else { continue };
            if !operation.need().is_right() {
                continue;
            }
            let answer = send(&edge, route.method.clone(), &filled(&route), Some(&person.cookie), "").await;
            assert_eq!(
                answer.status == StatusCode::FORBIDDEN,
                !operation.need().is_opened_by(right),
                "{} with {}: {}",
                route.line(),
                right.id(),
                answer.status
            );
            assert!(!answer.status.is_server_error(), "{} answered {}: {}", route.line(), answer.status, answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_post_in_somebodys_name() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    for route in routes().into_iter().filter(|route| route.method != Method::GET) {
        let request = http::Request::builder()
            .method(route.method.clone())
            .uri(filled(&route))
            .header("host", "desk.example.test")
            .header("origin", "https://evil.example.test")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", format!("{}={}", web::gate::SESSION_COOKIE, owner.cookie))
            .body(axum::body::Body::empty())
            .expect("a request");
        let answer = tower::ServiceExt::oneshot(edge.clone(), request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{}", route.line());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let icons = web::assets::Asset::Style.href();
    for (path, cookie) in
        [("/", Some(owner.cookie.as_str())), ("/nowhere", None), ("/sign-in", None), ("/healthz", None), (&icons, None)]
    {
        let answer = get(&edge, path, cookie).await;
        let policy = answer.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        let cached = answer.headers["cache-control"].to_str().expect("text");
        assert_eq!(cached.contains("immutable"), path.starts_with("/assets"), "{path}: {cached}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let answer = post(&edge, "/teams", Some(&owner.cookie), &format!("name={}", "a".repeat(web::BODY_MAX))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
