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
    let back = Snac::agree(base, &url, name, &password).await.expect("agreed");
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
