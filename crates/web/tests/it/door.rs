//! The door as a browser meets it: cookies, ways back, forms that survive a step-up.

use desk::{
    Actor,
    db::Engine,
    people,
    rights::{Given, Right, STEP_UP_WINDOW_MS},
    sign_in,
};
use http::{Method, StatusCode, header};
use testkit::{SoftPasskey, TestDesk};

use crate::browser::{Answer, edge, get, post, send_with};

const PASSWORD: &str = "unhurried tapir glass";
const SITE: &str = "https://desk.example.test";

/// The value of a cookie that an answer sets.
fn cookie_of(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut found = lines.filter_map(|line| line.split(';').next()?.strip_prefix(&format!("{name}=")).map(str::to_owned));
    found.find(|value| !value.is_empty())
}

fn session_of(answer: &Answer) -> String {
    cookie_of(answer, web::gate::SESSION_COOKIE).unwrap_or_else(|| panic!("no session was opened: {}", answer.text))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A person who chose [`PASSWORD`] by an invitation, through the pages.
async fn invited(test: &TestDesk, edge: &axum::Router, email: &str) -> String {
    let (_, code) = people::create(&test.desk, &Actor::operator(), email, "Ann Example", &[]).await.expect("made");
    let path = format!("/door/{}", code.reveal());
    let page = get(edge, &path, None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Ann Example") && page.text.contains(email));
    let weak = post(edge, &path, None, "password=password1234").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.text.contains("tried first") && !weak.text.contains("password1234"), "says why, without the password");
    let used = post(edge, &path, None, &format!("password={}", encoded(PASSWORD))).await;
    assert_eq!((used.status, used.location()), (StatusCode::SEE_OTHER, "/"));
    let again = get(edge, &path, None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    session_of(&used)
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_sets_a_host_cookie_and_goes_on_to_where_one_wanted_and_nowhere_else() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    invited(&test, &edge, "ann@example.test").await;
    let turned_away = get(&edge, "/profiles?q=a", None).await;
    assert_eq!(turned_away.location(), "/sign-in?then=%2Fprofiles%3Fq%3Da");
    let page = get(&edge, turned_away.location(), None).await;
    assert!(page.text.contains("value=\"/profiles?q=a\"") && page.text.contains("Example Works"));
    let credentials = format!("email=ann%40example.test&password={}", encoded(PASSWORD));
    let signed_in = post(&edge, "/sign-in", None, &format!("{credentials}&then=%2Fprofiles%3Fq%3Da")).await;
    assert_eq!(signed_in.location(), "/profiles?q=a");
    let line = signed_in.headers.get(header::SET_COOKIE).expect("a cookie").to_str().expect("text");
    for part in ["__Host-gatepost=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(line.contains(part), "{line}");
    }
    for elsewhere in ["https%3A%2F%2Fevil.test", "%2F%2Fevil.test", "%2F%5Cevil.test"] {
        let answer = post(&edge, "/sign-in", None, &format!("{credentials}&then={elsewhere}")).await;
        assert_eq!(answer.location(), "/", "{elsewhere}");
    }
    assert_eq!(get(&edge, "/profiles", Some(&session_of(&signed_in))).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_keeps_the_address_and_says_the_same_for_an_unknown_one() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    invited(&test, &edge, "ann@example.test").await;
    let wrong = post(&edge, "/sign-in", None, "email=ann%40example.test&password=hidden-typed").await;
    let unknown = post(&edge, "/sign-in", None, "email=bob%40example.test&password=hidden-typed").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"ann@example.test\"") && !wrong.text.contains("hidden-typed"));
    assert_eq!(wrong.text.replace("ann@", "bob@"), unknown.text);
    for _ in 0..8 {
        post(&edge, "/sign-in", None, "email=ann%40example.test&password=hidden-typed").await;
    }
    let waits = post(&edge, "/sign-in", None, "email=ann%40example.test&password=hidden-typed").await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waits.text.contains("Too many attempts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_set_up_by_its_pages_and_asked_for_at_the_next_sign_in() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    let session = invited(&test, &edge, "ann@example.test").await;
    let scan = post(&edge, "/account/totp", Some(&session), "name=Telephone").await;
    assert_eq!(scan.status, StatusCode::OK);
    assert!(scan.text.contains("<svg") && !scan.text.contains("style="), "a picture to scan");
    let id = between(&scan.text, "name=\"id\" value=\"", "\"");
    let secret = between(&scan.text, "role=\"group\">", "<");
    let wrong = post(&edge, "/account/totp/confirm", Some(&session), &format!("id={id}&code=000000")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains(secret), "the same secret, to try again");
    let code = sign_in::totp_code(secret, test.desk.now()).expect("base32");
    let on = post(&edge, "/account/totp/confirm", Some(&session), &format!("id={id}&code={code}")).await;
    assert!(on.text.contains("Recovery codes") || on.text.contains("recovery-codes"), "{}", on.text);
    test.clock.advance_ms(30_000);

    let first =
        post(&edge, "/sign-in", None, &format!("email=ann%40example.test&password={}&then=%2Fprofiles", encoded(PASSWORD))).await;
    assert_eq!(first.location(), "/sign-in/second-factor?then=%2Fprofiles");
    assert!(cookie_of(&first, web::gate::SESSION_COOKIE).is_none(), "not through yet");
    let ceremony = cookie_of(&first, "__Host-ceremony").expect("the half-finished sign-in");
    let cookies = format!("__Host-ceremony={ceremony}");
    let page = send_with(&edge, Method::GET, first.location(), &cookies, "").await;
    assert!(page.text.contains("Code from your authenticator app") && page.text.contains("recovery code"));
    let code = sign_in::totp_code(secret, test.desk.now()).expect("base32");
    let form = format!("kind=totp&code={code}&then=%2Fprofiles");
    let through = send_with(&edge, Method::POST, "/sign-in/second-factor", &cookies, &form).await;
    assert_eq!(through.location(), "/profiles");
    let home = get(&edge, "/account", Some(&session_of(&through))).await;
    assert!(home.text.contains("Telephone") && home.text.contains("10 unused"), "{}", home.text);
    let without = get(&edge, "/sign-in/second-factor", None).await;
    assert_eq!(without.status, StatusCode::CONFLICT);
    assert!(without.text.contains("Start again"));
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap_or_else(|| panic!("no `{from}` in {text}")) + from.len();
    let end = text[start..].find(to).expect("an end") + start;
    &text[start..end]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_through_the_pages() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    let session = invited(&test, &edge, "ann@example.test").await;
    let mut key = SoftPasskey::new(SITE);
    let started = post(&edge, "/account/passkeys/start", Some(&session), "").await;
    assert_eq!(started.headers[header::CONTENT_TYPE], "application/json");
    let options = serde_json::from_str(&started.text).expect("options");
    let cookies = format!(
        "{}={session}; __Host-passkey={}",
        web::gate::SESSION_COOKIE,
        cookie_of(&started, "__Host-passkey").expect("the ceremony")
    );
    let form = format!("credential={}", encoded(&key.register(&options)));
    let added = send_with(&edge, Method::POST, "/account/passkeys", &cookies, &form).await;
    assert!(added.text.contains("recovery-codes"), "{}", added.text);

    let started = post(&edge, "/sign-in/passkey/start", None, "").await;
    let options = serde_json::from_str(&started.text).expect("options");
    let cookies = format!("__Host-passkey={}", cookie_of(&started, "__Host-passkey").expect("the ceremony"));
    let form = format!("credential={}&then=%2Faccount", encoded(&key.sign_in(&options)));
    let through = send_with(&edge, Method::POST, "/sign-in/passkey", &cookies, &form).await;
    assert_eq!(through.location(), "/account");
    let replayed = send_with(&edge, Method::POST, "/sign-in/passkey", &cookies, &form).await;
    assert!(replayed.status.is_client_error() && cookie_of(&replayed, web::gate::SESSION_COOKIE).is_none());
    assert_eq!(get(&edge, "/account", Some(&session_of(&through))).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_comes_too_late_is_kept_through_the_step_up_and_sent_only_by_the_person() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    let session = invited(&test, &edge, "ann@example.test").await;
    let actor = test.resume(&session).await;
    let give = desk::rights::Give {
        holder: desk::rights::Holder::Person(actor.person().expect("ann")),
        given: Given::Right(Right::People),
        scope: desk::rights::Scope::Workspace,
        expires_at: None,
        reason: String::new(),
    };
    desk::rights::give(&test.desk, &Actor::desk("test"), give).await.expect("given");
    let rule = desk::workspace::SecondFactorRule::Nobody;
    desk::workspace::change(&test.desk, &Actor::desk("test"), "Example Works", "UTC", rule).await.expect("changed");
    test.clock.advance_ms(STEP_UP_WINDOW_MS);

    let form = "email=new%40example.test&name=Zo%C3%AB+Typed&password=never-kept";
    let asked = post(&edge, "/people/invite", Some(&session), form).await;
    assert!(asked.text.contains("Is it still you?") && asked.text.contains("what you typed is kept"), "{}", asked.text);
    assert!(!asked.text.contains("never-kept"), "a secret does not go back into the page");
    let kept = between(&asked.text, "name=\"kept_body\" value=\"", "\"").replace("&amp;", "&");
    let wrong = post(
        &edge,
        "/step-up",
        Some(&session),
        &format!("password=wrong&kept_action=%2Fpeople%2Finvite&kept_body={}", encoded(&kept)),
    )
    .await;
    assert!(wrong.text.contains("name=\"kept_body\""), "kept through a mistake too");
    let proof = format!("password={}&kept_action=%2Fpeople%2Finvite&kept_body={}", encoded(PASSWORD), encoded(&kept));
    let proven = post(&edge, "/step-up", Some(&session), &proof).await;
    assert_eq!(proven.status, StatusCode::OK, "{}", proven.text);
    assert!(proven.text.contains("action=\"/people/invite\"") && proven.text.contains("value=\"Zoë Typed\""));
    let elsewhere = format!("password={}&kept_action=%2F%2Fevil.test&kept_body=a%3Db&then=%2Faccount", encoded(PASSWORD));
    let answer = post(&edge, "/step-up", Some(&session), &elsewhere).await;
    assert_eq!(answer.location(), "/account", "a form that is not of this desk is dropped");
    let made = post(&edge, "/people/invite", Some(&session), form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_page_too_late_leads_through_the_step_up_and_back() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    let session = invited(&test, &edge, "ann@example.test").await;
    test.clock.advance_ms(STEP_UP_WINDOW_MS);
    let asked = get(&edge, "/account/password", Some(&session)).await;
    assert_eq!(asked.location(), "/step-up?then=%2Faccount%2Fpassword");
    let page = get(&edge, asked.location(), Some(&session)).await;
    assert!(page.text.contains("value=\"/account/password\""));
    let proof = format!("password={}&then=%2Faccount%2Fpassword", encoded(PASSWORD));
    assert_eq!(post(&edge, "/step-up", Some(&session), &proof).await.location(), "/account/password");
    assert_eq!(get(&edge, "/account/password", Some(&session)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_on_its_page_and_shown_once() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let edge = edge(&test);
    let refused = post(&edge, "/account/tokens", Some(&owner.cookie), "name=&expires_at=90").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = post(&edge, "/account/tokens", Some(&owner.cookie), "name=Sync&scopes=people%3Aread&expires_at=90").await;
    let token = between(&made.text, "role=\"group\">", "<").to_owned();
    assert!(token.starts_with("gp_"));
    let shown = get(&edge, "/account", Some(&owner.cookie)).await;
    assert!(shown.text.contains("Sync") && !shown.text.contains(&token) && shown.text.contains(&token[token.len() - 4..]));
    let all = get(&edge, "/tokens", Some(&owner.cookie)).await;
    assert!(all.text.contains("Olive Owner: Sync"));
    sign_in::actor_of_token(&test.desk, &token, None).await.expect("works");
    let revoke = between(&shown.text, "action=\"/account/tokens/", "\"");
    post(&edge, &format!("/account/tokens/{revoke}"), Some(&owner.cookie), "").await;
    assert!(sign_in::actor_of_token(&test.desk, &token, None).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_page_changes_what_is_ones_own_and_keeps_what_was_typed() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let person = test.person_with(&[]).await;
    let there = test.sign_in(person.person).await;
    let edge = edge(&test);
    let wrong = post(&edge, "/account", Some(&person.cookie), "name=Typed+Name&time_zone=Mars%2FOlympus&theme=dark").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"Typed Name\"") && wrong.text.contains("value=\"Mars/Olympus\""));
    post(&edge, "/account", Some(&person.cookie), "name=New+Name&time_zone=Europe%2FBerlin&theme=dark").await;
    let page = get(&edge, "/account", Some(&person.cookie)).await;
    assert!(page.text.contains("value=\"New Name\"") && page.text.contains("This browser"));
    let ended = post(&edge, &format!("/account/sessions/{}/end", there.session), Some(&person.cookie), "").await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(get(&edge, "/account", Some(&there.cookie)).await.location().starts_with("/sign-in"));
    let gone = post(&edge, "/sign-out", Some(&person.cookie), "").await;
    assert_eq!(gone.location(), "/sign-in");
    assert!(get(&edge, "/account", Some(&person.cookie)).await.location().starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_reset_says_the_same_to_everybody() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = edge(&test);
    invited(&test, &edge, "ann@example.test").await;
    let known = post(&edge, "/forgotten", None, "email=ann%40example.test").await;
    let unknown = post(&edge, "/forgotten", None, "email=bob%40example.test").await;
    assert_eq!((known.status, &known.text), (StatusCode::OK, &unknown.text));
}
