//! The Mastodon connector: against snac, and against answers written down from Mastodon's documentation for what snac lacks.

mod faults;
mod recorded;
mod server;

use networks::{Network, Session, account::Begun, mastodon::Mastodon, network::ConnectRequest};
use testkit::peers::snac::Snac;

use crate::rig::request;

const BACK: &str = "http://127.0.0.1:9/back";

/// Somebody with an account on the server, connected as a person connects: through the form in the browser.
async fn connect(server: &Snac, base: &str, name: &str) -> Session {
    let password = server.add(name).expect("an account");
    let form = request("oauth", BACK, &[("server", base)]);
    let Begun::Redirect { url, pending } = Mastodon.begin(&form).await.expect("it begins") else {
        panic!("the person has to agree first");
    };
    let back = agree(base, &url, name, &password).await;
    finish(&form, &pending, &back).await.expect("connected")
}

async fn finish(form: &ConnectRequest, pending: &networks::Pending, back: &str) -> networks::Result<Session> {
    let query = url::Url::parse(back).expect("an address").query_pairs().into_owned().collect();
    let connected = Mastodon.finish(form, pending, &query).await?;
    Ok(Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: networks::Clock::default(),
    })
}

/// Signs in on the server's own page and answers where it leads back to.
async fn agree(base: &str, url: &str, name: &str, password: &str) -> String {
    let client = networks::http::write_client();
    let page = client.get(url).send().await.expect("the page").text().await.expect("text");
    let value = |field: &str| {
        let at = page.find(&format!("name=\"{field}\" value=\"")).unwrap_or_else(|| panic!("no field {field} in {page}"));
        page[at..].split('"').nth(3).expect("a value").to_owned()
    };
    let form = [
        ("login", name.to_owned()),
        ("passwd", password.to_owned()),
        ("redir", value("redir")),
        ("cid", value("cid")),
        ("state", value("state")),
    ];
    let answer = client.post(format!("{base}/oauth/x-snac-login")).form(&form).send().await.expect("an answer");
    answer.headers()["location"].to_str().expect("text").to_owned()
}
