//! People of a Bluesky server: their accounts, their own programs' calls, and the browser in which one of them agrees to let us in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::bluesky::Bluesky;

/// The password of every account made here.
const PASSWORD: &str = "a-long-password";

/// Calls a server as a person's own program would.
///
/// # Panics
/// When the server does not do what it is asked.
pub async fn call(base: &str, token: Option<&str>, name: &str, body: &Value) -> Value {
    let request = networks::http::write_client().post(format!("{base}/xrpc/{name}")).json(body);
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let answer = request.send().await.expect("an answer");
    let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
    assert!(status.is_success(), "{name}: {status} {}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Makes the account `NAME.test`, and an app password for us: a token of the account, and the password.
///
/// # Panics
/// When the server refuses.
pub async fn account(server: &Bluesky, name: &str) -> (String, String) {
    let base = server.url();
    let made = json!({ "handle": format!("{name}.test"), "email": format!("{name}@example.test"), "password": PASSWORD });
    let opened = call(&base, None, "com.atproto.server.createAccount", &made).await;
    let token = opened["accessJwt"].as_str().expect("a token").to_owned();
    let password = call(&base, Some(&token), "com.atproto.server.createAppPassword", &json!({ "name": "gatepost" })).await;
    (token, password["password"].as_str().expect("a password").to_owned())
}

/// A browser that has the authorisation server's page open; its calls are made as its script makes them.
struct Page {
    url: String,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Page {
    async fn open(url: &str) -> Self {
        let origin = Url::parse(url).expect("an address").origin().ascii_serialization();
        let mut page = Self { url: url.to_owned(), origin, cookies: BTreeMap::new() };
        let request = networks::http::write_client().get(url);
        let request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        let answer = request.header("sec-fetch-site", "cross-site").send().await.expect("the page");
        let status = answer.status();
        page.keep(answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("text")));
        assert!(status.is_success(), "{status} {}", answer.text().await.unwrap_or_default());
        page
    }

    fn keep<'a>(&mut self, set: impl Iterator<Item = &'a str>) {
        for cookie in set {
            let pair = cookie.split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn call(&mut self, name: &str, body: &Value) -> Value {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = networks::http::write_client().post(format!("{}/@atproto/oauth-provider/~api/{name}", self.origin));
        let request = request.header("sec-fetch-mode", "same-origin").header("sec-fetch-site", "same-origin");
        let request = request.header("origin", &self.origin).header("referer", &self.url).header("cookie", cookies.join("; "));
        let answer = request.header("x-csrf-token", &self.cookies["csrf-token"]).json(body).send().await.expect("an answer");
        self.keep(answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("text")));
        let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
        assert!(status.is_success(), "{name}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// Somebody of [`account`] signs in at the address we sent them to, and agrees; what the server sends them back with.
///
/// # Panics
/// When the server does not let them.
pub async fn agree(url: &str, name: &str) -> BTreeMap<String, String> {
    let mut page = Page::open(url).await;
    let signs_in = json!({ "locale": "en", "username": format!("{name}.test"), "password": PASSWORD, "remember": true });
    let signed_in = page.call("sign-in", &signs_in).await;
    let agreed = page.call("consent", &json!({ "did": signed_in["account"]["did"] })).await;
    let back = Url::parse(agreed["url"].as_str().expect("an address")).expect("an address");
    back.query_pairs().into_owned().collect()
}
