//! The API's behaviour: who is let in, what is refused and how, pages, limits of rate, and each subject once through.

use desk::{
    db::Engine,
    people,
    rights::{self, Given, Level, Right, TokenScope},
    sign_in,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{TestDesk, on_both};
use web::{
    api::RateLimits,
    routes::{Face, Needs, routes},
};

use crate::client::{As, Edge, scopes, token};

const NOBODYS_ID: &str = "01960000-0000-7000-8000-000000000000";

fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { NOBODYS_ID } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_asks_nobody_to_sign_in() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    desk.workspace().await;
    let edge = Edge::new(&desk);
    let suspended = As::from(&desk.suspended().await);
    let made_up = As::Token("gp_made-up".to_owned());
    let mut walked = 0;
    for route in routes().iter().filter(|route| route.face == Face::Api && matches!(route.needs, Needs::Operation(_))) {
        for who in [&As::Nobody, &suspended, &made_up] {
            let answer = edge.send(who, route.method.clone(), &filled(route.path), &[], Some("{}")).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} as {who:?}", route.line());
            assert_eq!(answer.problem(), "sign-in-needed");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        walked += 1;
    }
    assert!(walked > 60);
}

#[tokio::test]
async fn every_route_that_needs_a_right_refuses_a_person_without_it_and_a_token_without_its_scope() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = desk.workspace().await;
    let edge = Edge::new(&desk);
    let without = As::from(&desk.person_with(&[]).await);
    for route in routes().iter().filter(|route| route.face == Face::Api) {
        let Needs::Operation(needs) = route.needs else { continue };
        if needs.need().is_right() {
            let answer = edge.send(&without, route.method.clone(), &filled(route.path), &[], Some("{}")).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "not-allowed"), "{}", route.line());
        }
    }
    // Every scope but the one that is needed.
    for area in TokenScope::all() {
        let others = TokenScope::all().into_iter().filter(|scope| *scope != area).collect();
        let (id, program) = token(&desk, &owner, others).await;
        for route in routes().iter().filter(|route| route.face == Face::Api) {
            let Needs::Operation(needs) = route.needs else { continue };
            if needs.token_scope() == Some(area) {
                let answer = edge.send(&program, route.method.clone(), &filled(route.path), &[], Some("{}")).await;
                assert_eq!(
                    (answer.status, answer.problem().as_str()),
                    (StatusCode::FORBIDDEN, "scope-needed"),
                    "{}",
                    route.line()
                );
            }
        }
        sign_in::revoke_token(&desk.desk, &owner.actor, id).await.expect("revoked");
    }
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_revocation_and_its_person() {
    on_both(|desk| async move {
        let owner = desk.workspace().await;
        let edge = Edge::new(&desk);
        let ann = desk.person_with(&[Given::Right(Right::People)]).await;
        let (id, first) = token(&desk, &ann, scopes(&["account:read", "account:write"])).await;
        assert_eq!(edge.get(&first, "/api/v1/account").await.json()["id"], ann.person.to_string());
        let path = format!("/api/v1/account/tokens/{id}");
        assert_eq!(edge.send(&first, Method::DELETE, &path, &[], None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(edge.get(&first, "/api/v1/account").await.problem(), "sign-in-needed");

        let (_, second) = token(&desk, &ann, scopes(&["account:read"])).await;
        people::suspend(&desk.desk, &owner.actor, ann.person).await.expect("suspended");
        assert_eq!(edge.get(&second, "/api/v1/account").await.status, StatusCode::UNAUTHORIZED);

        let (_, third) = token(&desk, &owner, scopes(&["account:read"])).await;
        assert_eq!(edge.get(&third, "/api/v1/account").await.status, StatusCode::OK);
        desk.clock.advance_ms(25 * 60 * 60 * 1_000);
        assert_eq!(edge.get(&third, "/api/v1/account").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_person_is_asked_for_a_fresh_proof_and_a_token_is_not() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = desk.workspace().await;
    let (_, program) = token(&desk, &owner, scopes(&["people:write"])).await;
    let edge = Edge::new(&desk);
    desk.clock.advance_ms(rights::STEP_UP_WINDOW_MS + 1);
    let invite = |email: &str| json!({"email": email, "name": "Ann"});
    let refused = edge.post(&As::from(&owner), "/api/v1/people", &invite("a@example.test")).await;
    assert_eq!(refused.problem(), "step-up-needed");
    assert_eq!(edge.post(&program, "/api/v1/people", &invite("a@example.test")).await.status, StatusCode::CREATED);
    let person_only = edge.post(&program, "/api/v1/account/sessions/end-others", &json!({})).await;
    assert_eq!((person_only.status, person_only.problem().as_str()), (StatusCode::FORBIDDEN, "not-allowed"));
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = As::from(&desk.workspace().await);
    let edge = Edge::new(&desk);
    let send = |body: &'static str, kind: &'static str| {
        let (edge, owner) = (edge.clone(), owner.clone());
        async move { edge.send(&owner, Method::POST, "/api/v1/people", &[("content-type", kind)], Some(body)).await }
    };
    let json_kind = "application/json; charset=utf-8";
    let field = |answer: &crate::client::Answer| answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();

    let unknown = send(r#"{"email":"a@example.test","name":"A","admin":true}"#, json_kind).await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
    assert_eq!(field(&unknown), "admin");
    assert_eq!(field(&send(r#"{"name":"A"}"#, json_kind).await), "email");
    assert_eq!(field(&send(r#"{"email":"a@example.test","name":"A","roles":[7]}"#, json_kind).await), "roles[0]");
    assert_eq!(send("{", json_kind).await.problem(), "json");
    let form = send("email=a%40example.test", "application/x-www-form-urlencoded").await;
    assert_eq!((form.status, form.problem().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type"));
    let large = "x".repeat(web::BODY_MAX + 1);
    let large = edge.send(&owner, Method::POST, "/api/v1/people", &[], Some(&large)).await;
    assert_eq!((large.status, large.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));

    for (path, name) in [
        ("/api/v1/people?limit=0", "limit"),
        ("/api/v1/people?limit=201", "limit"),
        ("/api/v1/people?limit=many", "limit"),
        ("/api/v1/people?state=gone", "state"),
        ("/api/v1/people?after=x", "after"),
        ("/api/v1/people?colour=red", "colour"),
        ("/api/v1/audit-log?from_ms=-1", "from_ms"),
        ("/api/v1/grants?holder_kind=person", "holder_id"),
    ] {
        let answer = edge.get(&owner, path).await;
        assert_eq!((answer.status, field(&answer).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, name), "{path}: {}", answer.text);
    }
    for path in ["/api/v1/people/7", "/api/v1/people/%FF", "/api/v1/nothing", &format!("/api/v1/people/{NOBODYS_ID}")] {
        let answer = edge.get(&owner, path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "not-found"), "{path}");
    }
    let wrong = edge.send(&owner, Method::PATCH, "/api/v1/people", &[], Some("{}")).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method"));
    let allowed: Vec<_> = wrong.header("allow").split(',').collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{wrong:?}");
}

#[tokio::test]
async fn what_fits_but_not_now_is_a_conflict_with_its_field() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = As::from(&desk.workspace().await);
    let edge = Edge::new(&desk);
    let taken = edge.post(&owner, "/api/v1/people", &json!({"email": "owner@example.test", "name": "Ann"})).await;
    assert_eq!((taken.status, taken.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    assert_eq!(taken.json()["errors"][0]["field"], "email");
}

/// Follows `next` to the end and collects what `id` finds in the items.
async fn all_pages(edge: &Edge, who: &As, path: &str, id: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..50 {
        let answer = edge.get(who, &format!("{path}?limit=3{after}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let page = answer.json();
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 3);
        found.extend(items.iter().map(|item| item.pointer(id).expect("an id").to_string()));
        let Some(next) = page["next"].as_str() else {
            assert_eq!(page["total"], found.len());
            return found;
        };
        after = format!("&after={}", next.replace(' ', "%20"));
    }
    panic!("{path} does not end");
}

#[tokio::test]
async fn pages_have_no_gap_and_nothing_twice() {
    on_both(|desk| async move {
        let owner = desk.workspace().await;
        for n in 0..7 {
            desk.person_with(&[]).await;
            rights::create_team(&desk.desk, &owner.actor, &format!("Team {}", 9 - n)).await.expect("a team");
        }
        let (owner, edge) = (As::from(&owner), Edge::new(&desk));
        for (path, id, count) in [("/api/v1/people", "/id", 8), ("/api/v1/teams", "/id", 7)] {
            let found = all_pages(&edge, &owner, path, id).await;
            let mut distinct = found.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!((found.len(), distinct.len()), (count, count), "{path}");
        }
        // Reading the log adds to its beginning, which moves nothing behind a cursor.
        let first = edge.get(&owner, "/api/v1/audit-log?limit=3").await.json();
        let next = first["next"].as_str().expect("more").to_owned();
        let second = edge.get(&owner, &format!("/api/v1/audit-log?limit=3&after={next}")).await.json();
        let seq = |page: &Value, at: usize| page["items"][at]["seq"].as_i64().expect("a seq");
        assert_eq!(seq(&second, 0), seq(&first, 2) - 1);
    })
    .await;
}

#[tokio::test]
async fn a_request_too_many_is_told_when_to_come_back() {
    let desk = TestDesk::on(Engine::Sqlite).await;
    let owner = desk.workspace().await;
    let (_, program) = token(&desk, &owner, scopes(&["account:read"])).await;
    let edge = Edge::limited(&desk, RateLimits::new(2, 1));
    let first = edge.get(&program, "/api/v1/account").await;
    let left = |answer: &crate::client::Answer| {
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name).to_owned())
    };
    assert_eq!(left(&first), ["2", "1", "60"]);
    desk.clock.advance_ms(20_000);
    assert_eq!(left(&edge.get(&program, "/api/v1/account").await), ["2", "0", "40"]);
    let refused = edge.get(&program, "/api/v1/account").await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate-limited"));
    assert_eq!((refused.header("retry-after"), left(&refused)), ("40", ["2", "0", "40"].map(str::to_owned)));
    // Another way in has its own count; guessing tokens has the address's.
    assert_eq!(edge.get(&As::from(&owner), "/api/v1/account").await.status, StatusCode::OK);
    assert_eq!(edge.get(&As::Token("gp_guess".to_owned()), "/api/v1/account").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(edge.get(&As::Nobody, "/api/v1/account").await.status, StatusCode::TOO_MANY_REQUESTS);
    desk.clock.advance_ms(40_000);
    assert_eq!(edge.get(&program, "/api/v1/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_profile_without_access_does_not_exist() {
    on_both(|desk| async move {
        let owner = As::from(&desk.workspace().await);
        let edge = Edge::new(&desk);
        let new = json!({"network": "mastodon", "handle": "@works@example.test", "title": "Works"});
        let made = edge.post(&owner, "/api/v1/profiles", &new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let place = made.header("location").to_owned();
        let stranger = As::from(&desk.person_with(&[]).await);
        let reader = As::from(&desk.person_with(&[Given::Level(Level::ReadOnly)]).await);
        assert_eq!(edge.get(&stranger, &place).await.status, StatusCode::NOT_FOUND);
        assert_eq!(edge.get(&stranger, "/api/v1/profiles").await.json()["total"], 0);
        assert_eq!(edge.get(&reader, &place).await.json()["title"], "Works");
        let seen = edge.get(&reader, "/api/v1/profiles").await.json();
        assert_eq!(seen["items"][0]["level"], "read_only");
        let paused = edge.send(&owner, Method::POST, &format!("{place}/pause"), &[], None).await;
        assert_eq!(paused.status, StatusCode::NO_CONTENT);
        assert_eq!(edge.get(&owner, &place).await.json()["state"], "paused");
    })
    .await;
}

#[tokio::test]
async fn rights_can_be_given_explained_and_taken() {
    on_both(|desk| async move {
        let owner = As::from(&desk.workspace().await);
        let edge = Edge::new(&desk);
        let ann = desk.person_with(&[]).await.person.to_string();
        let made = edge.post(&owner, "/api/v1/roles", &json!({"name": "Reader", "description": "Reads"})).await;
        let role = made.json()["id"].as_str().expect("an id").to_owned();
        let grant = json!({"holder": {"kind": "role", "id": role}, "what": {"right": "jobs"}, "reason": "to look"});
        let grant = edge.post(&owner, "/api/v1/grants", &grant).await;
        assert_eq!(grant.status, StatusCode::CREATED, "{}", grant.text);
        let assignment = json!({"role_id": role, "holder": {"kind": "person", "id": ann}});
        let assignment =
            edge.post(&owner, "/api/v1/assignments", &assignment).await.json()["id"].as_str().expect("an id").to_owned();
        let explained = edge.get(&owner, &format!("/api/v1/people/{ann}/rights")).await.json();
        assert_eq!(explained["rights"], json!(["jobs"]));
        assert_eq!(explained["grants"][0]["via"], json!([{"kind": "role", "id": role, "name": "Reader"}]));
        let carried = edge.get(&owner, &format!("/api/v1/roles/{role}")).await.json();
        assert_eq!(carried["assignments"][0]["id"], assignment.as_str());
        let taken = edge.send(&owner, Method::DELETE, &format!("/api/v1/assignments/{assignment}"), &[], None).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT);
        assert_eq!(edge.get(&owner, &format!("/api/v1/people/{ann}/rights")).await.json()["rights"], json!([]));
        let gone = edge.send(&owner, Method::DELETE, &format!("/api/v1/roles/{role}"), &[], None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(edge.get(&owner, &format!("/api/v1/roles/{role}")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn an_act_through_the_api_is_on_record_with_its_token() {
    on_both(|desk| async move {
        let owner = desk.workspace().await;
        let (id, program) = token(&desk, &owner, scopes(&["rights:write", "audit_log:read"])).await;
        let edge = Edge::new(&desk);
        assert_eq!(edge.post(&program, "/api/v1/teams", &json!({"name": "Night"})).await.status, StatusCode::CREATED);
        let entries = edge.get(&program, "/api/v1/audit-log?act=rights.team_change").await.json();
        assert_eq!((&entries["total"], &entries["items"][0]["token_id"]), (&json!(1), &json!(id.to_string())));
        assert_eq!(entries["items"][0]["actor_kind"], "token");
    })
    .await;
}

#[tokio::test]
async fn the_rest_of_the_house_answers() {
    on_both(|desk| async move {
        let owner = desk.workspace().await;
        let who = As::from(&owner);
        let edge = Edge::new(&desk);
        let ok = async |method: Method, path: String, body: Option<Value>| {
            let text = body.map(|body| body.to_string());
            let answer = edge.send(&who, method.clone(), &path, &[], text.as_deref()).await;
            assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
            answer
        };
        let account = json!({"name": "Olive Example", "time_zone": "Europe/Berlin", "theme": "dark"});
        ok(Method::PUT, "/api/v1/account".into(), Some(account)).await;
        ok(Method::PUT, "/api/v1/account/theme".into(), Some(json!({"theme": "light"}))).await;
        ok(Method::PUT, "/api/v1/account/letter-keys".into(), Some(json!({"on": false}))).await;
        let own = ok(Method::GET, "/api/v1/account".into(), None).await.json();
        assert_eq!((&own["name"], &own["theme"], &own["letter_keys"]), (&json!("Olive Example"), &json!("light"), &json!(false)));
        ok(Method::GET, "/api/v1/account/sessions".into(), None).await;
        let expires = desk.desk.now().0 + 1_000_000;
        let new = json!({"name": "backup", "scopes": ["people:read"], "expires_at_ms": expires});
        let made = ok(Method::POST, "/api/v1/account/tokens".into(), Some(new)).await.json();
        let program = As::Token(made["token"].as_str().expect("a token").to_owned());
        assert_eq!(edge.get(&program, "/api/v1/people").await.json()["total"], 1);
        let tokens = ok(Method::GET, "/api/v1/tokens".into(), None).await.json();
        assert_eq!(tokens["items"][0]["id"], made["id"]);
        ok(Method::DELETE, format!("/api/v1/tokens/{}", made["id"].as_str().expect("an id")), None).await;
        assert_eq!(edge.get(&program, "/api/v1/people").await.status, StatusCode::UNAUTHORIZED);

        let settings = json!({"name": "Works", "time_zone": "UTC", "second_factor": "everybody"});
        ok(Method::PUT, "/api/v1/settings".into(), Some(settings)).await;
        assert_eq!(ok(Method::GET, "/api/v1/settings".into(), None).await.json()["second_factor"], "everybody");
        let view = json!({"page": "/people", "name": "Suspended", "query": "state=suspended", "shared": true});
        let view = ok(Method::POST, "/api/v1/views".into(), Some(view)).await.json();
        assert_eq!(ok(Method::GET, "/api/v1/views?page=%2Fpeople".into(), None).await.json()["items"][0]["shared"], true);
        ok(Method::DELETE, format!("/api/v1/views/{}", view["id"].as_str().expect("an id")), None).await;

        let ann = desk.person_with(&[]).await.person;
        ok(Method::PATCH, format!("/api/v1/people/{ann}"), Some(json!({"name": "Ann Other"}))).await;
        let link = ok(Method::POST, format!("/api/v1/people/{ann}/links"), None).await.json();
        assert_eq!(link["kind"], "reset");
        let links = ok(Method::GET, format!("/api/v1/people/{ann}/links"), None).await.json();
        ok(Method::DELETE, format!("/api/v1/links/{}", links["items"][0]["id"].as_str().expect("an id")), None).await;
        assert_eq!(ok(Method::POST, format!("/api/v1/people/{ann}/end-sessions"), None).await.json()["ended"], 1);
        ok(Method::POST, format!("/api/v1/people/{ann}/suspend"), None).await;
        ok(Method::GET, format!("/api/v1/people/{ann}/belongings"), None).await;
        ok(Method::POST, format!("/api/v1/people/{ann}/restore"), None).await;
        let team = ok(Method::POST, "/api/v1/teams".into(), Some(json!({"name": "Night"}))).await;
        let team = team.header("location").to_owned();
        ok(Method::PUT, format!("{team}/members/{ann}"), None).await;
        assert_eq!(ok(Method::GET, format!("{team}/members"), None).await.json()["items"][0]["name"], "Ann Other");
        ok(Method::DELETE, format!("{team}/members/{ann}"), None).await;
        ok(Method::PUT, team.clone(), Some(json!({"name": "Day"}))).await;
        ok(Method::DELETE, team, None).await;
        ok(Method::GET, "/api/v1/rights".into(), None).await;
        ok(Method::GET, "/api/v1/operations".into(), None).await;
        ok(Method::POST, "/api/v1/profile-groups".into(), Some(json!({"name": "Shops"}))).await;
        assert_eq!(ok(Method::GET, "/api/v1/profile-groups".into(), None).await.json()["total"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_dead_job_can_be_looked_at_and_run_again() {
    on_both(|desk| async move {
        let who = As::from(&desk.workspace().await);
        let edge = Edge::new(&desk);
        let mut tx = desk.desk.db().begin().await.expect("begins");
        let job =
            desk::jobs::enqueue::<desk::jobs::ForgetIdempotencyKeys>(&desk.desk, &mut tx, &(), desk::jobs::When::default()).await;
        let id = job.expect("enqueued").id();
        tx.commit().await.expect("commits");
        assert_eq!(edge.get(&who, "/api/v1/jobs/counts").await.json()[0]["queued"], 1);
        let early = edge.send(&who, Method::POST, &format!("/api/v1/jobs/{id}/retry"), &[], None).await;
        assert_eq!((early.status, early.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
        let cancelled = edge.send(&who, Method::POST, &format!("/api/v1/jobs/{id}/cancel"), &[], None).await;
        assert_eq!(cancelled.json()["at_once"], true);
        assert_eq!(edge.get(&who, "/api/v1/jobs?state=cancelled").await.json()["items"][0]["id"], id.to_string());
        assert_eq!(edge.get(&who, &format!("/api/v1/jobs/{id}")).await.json()["state"], "cancelled");
    })
    .await;
}
