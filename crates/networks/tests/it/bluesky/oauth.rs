//! OAuth against the real authorisation server: the page's own calls are made as its script makes them.

use std::collections::BTreeMap;

use networks::{Class, Clock, Network, Pending, Session, account::Begun, bluesky::Bluesky};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use super::{Rig, account, key, rig};
use crate::rig::{post, request};

/// Nobody listens there; the address is only compared.
const BACK: &str = "http://127.0.0.1:9/back";

/// A browser that has the page open.
struct Page {
    url: String,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Page {
    async fn open(url: &str) -> Self {
        let origin = url::Url::parse(url).expect("an address").origin().ascii_serialization();
        let mut page = Self { url: url.to_owned(), origin, cookies: BTreeMap::new() };
        let request = networks::http::write_client().get(url);
        let request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        let answer = request.header("sec-fetch-site", "cross-site").send().await.expect("the page");
        assert!(answer.status().is_success(), "{}", answer.status());
        page.keep(&answer);
        page
    }

    fn keep(&mut self, answer: &reqwest::Response) {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn call(&mut self, name: &str, body: &Value) -> Value {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = networks::http::write_client().post(format!("{}/@atproto/oauth-provider/~api/{name}", self.origin));
        let request = request.header("sec-fetch-mode", "same-origin").header("sec-fetch-site", "same-origin");
        let request = request.header("origin", &self.origin).header("referer", &self.url).header(COOKIE, cookies.join("; "));
        let answer = request.header("x-csrf-token", &self.cookies["csrf-token"]).json(body).send().await.expect("an answer");
        self.keep(&answer);
        let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
        assert!(status.is_success(), "{name}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// Signs in and agrees; what the server sends the person back with.
async fn agree(url: &str, name: &str) -> BTreeMap<String, String> {
    let mut page = Page::open(url).await;
    let signs_in = json!({ "locale": "en", "username": format!("{name}.test"), "password": "a-long-password", "remember": true });
    let signed_in = page.call("sign-in", &signs_in).await;
    let agreed = page.call("consent", &json!({ "did": signed_in["account"]["did"] })).await;
    let back = url::Url::parse(agreed["url"].as_str().expect("an address")).expect("an address");
    back.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_profile_connects_by_the_browser_and_every_call_is_proved() {
    let Rig { server, app_view: _app_view } = rig().await;
    account(&server, "kites").await;
    let (base, directory) = (server.url(), server.directory_url());
    let mut form = request("oauth", BACK, &[("server", &base), ("directory", &directory)]);
    form.now_ms = Clock::default().now_ms();
    let Begun::Redirect { url, pending } = Bluesky.begin(&form).await.expect("it begins") else { panic!("a round trip") };
    assert!(url.starts_with(&format!("{base}/oauth/authorize?client_id=http%3A%2F%2Flocalhost")), "{url}");
    let back = agree(&url, "kites").await;

    for (name, value) in [("state", "x"), ("iss", "https://evil.example.test")] {
        let mut forged = back.clone();
        forged.insert(name.to_owned(), value.to_owned());
        assert_eq!(Bluesky.finish(&form, &pending, &forged).await.map(drop).unwrap_err().class, Class::Reauthorise, "{name}");
    }
    let denied = BTreeMap::from([("state".to_owned(), pending.state.clone()), ("iss".to_owned(), base.clone())]);
    assert_eq!(Bluesky.finish(&form, &pending, &denied).await.map(drop).unwrap_err().class, Class::Reauthorise);
    let other_verifier =
        Pending { state: pending.state.clone(), secrets: pending.secrets.clone().with("verifier", "x".repeat(43)) };
    let connected = Bluesky.finish(&form, &pending, &back).await.expect("connected");
    let spent = Bluesky.finish(&form, &other_verifier, &back).await.map(drop).unwrap_err();
    assert_eq!(spent.class, Class::Reauthorise, "a code works once: {spent}");

    // That attempt with a spent code took the tokens back; a second round gives new ones. Nothing random is used twice.
    form.random.reverse();
    let first = connected.standing.account.clone();
    let Begun::Redirect { url, pending } = Bluesky.begin(&form).await.expect("it begins") else { panic!("a round trip") };
    let back = agree(&url, "kites").await;
    let connected = Bluesky.finish(&form, &pending, &back).await.expect("connected again");
    assert_eq!((&connected.standing.account, connected.standing.missing_scopes.len()), (&first, 0));
    let mut session = Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: Clock::default(),
    };
    assert_eq!(Bluesky.check(&session).await.expect("standing").account, session.account);
    let sent = Bluesky.send(&session, &post(&key(1), "kites")).await.expect("posted");
    assert!(Bluesky.read_back(&session, &sent.native_id).await.expect("a look").is_some());

    let old = session.secrets.clone();
    session.secrets = Bluesky.refresh(&session, form.now_ms).await.expect("renewed");
    assert_ne!(session.secrets.get("access_token"), old.get("access_token"));
    assert_ne!(session.secrets.get("refresh_token"), old.get("refresh_token"));
    Bluesky.check(&session).await.expect("it opens");

    // The token is of no use without the key.
    let thief = networks::Secrets::default().with("access_token", session.secrets.get("access_token").expect("a token"));
    let stolen = Session { secrets: thief, ..session.clone() };
    assert!(Bluesky.send(&stolen, &post(&key(2), "not ours")).await.is_err());

    // A renewing token that was used before: whoever used it, the person has to agree again.
    let replay = Session { secrets: old, ..session };
    assert_eq!(Bluesky.refresh(&replay, form.now_ms).await.unwrap_err().class, Class::Reauthorise);
}
