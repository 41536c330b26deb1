//! Mastodon's client API on snac, which takes the same post twice.

use std::collections::BTreeMap;

use desk::ids::ProfileId;
use networks::{Network as _, Session, account::Begun, network::ConnectRequest};
use testkit::peers::snac::Snac;

use super::{Account, Connecting, Later, Server, Standing, asked};

/// Posts that are asked for at once.
const PAGE: usize = 200;

pub(super) struct Mastodon {
    server: Snac,
}

impl Mastodon {
    pub(super) fn start() -> Self {
        Self { server: Snac::start().expect("snac") }
    }

    /// A session of our own to look at the server with.
    async fn session(&self, name: &str, password: &str) -> Session {
        let url = self.server.url();
        let request = ConnectRequest {
            method: "oauth".to_owned(),
            fields: BTreeMap::from([("server".to_owned(), url.clone())]),
            redirect_uri: "http://127.0.0.1:9/back".to_owned(),
            random: [7; 64],
            now_ms: networks::Clock::default().now_ms(),
        };
        let network = networks::mastodon::Mastodon;
        let Begun::Redirect { url: page, pending } = network.begin(&request).await.expect("it begins") else {
            panic!("the person has to agree first")
        };
        let back = Snac::agree(&url, &page, name, password).await.expect("agreed");
        let connected = network.finish(&request, &pending, &query(&back)).await.expect("connected");
        Session {
            account: connected.standing.account,
            secrets: connected.secrets,
            settings: connected.settings,
            clock: networks::Clock::default(),
        }
    }
}

fn query(back: &str) -> BTreeMap<String, String> {
    let (_, query) = back.split_once('?').expect("a query");
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Server for Mastodon {
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>> {
        Box::pin(async move {
            let (name, url) = (connecting.name.as_str(), self.server.url());
            let password = self.server.add(name).expect("an account");
            let fields = [("server", url.as_str())];
            let agree = async |page: String| query(&Snac::agree(&url, &page, name, &password).await.expect("agreed"));
            let profile = connecting.agreed("mastodon", &fields, agree).await;
            let session = self.session(name, &password).await;
            let statuses = format!("{url}/api/v1/accounts/{}/statuses", session.settings["account_id"]);
            let token = session.secrets.get("access_token").expect("a token").to_owned();
            Box::new(Feed { profile, statuses, token }) as Box<dyn Account>
        })
    }
}

struct Feed {
    profile: ProfileId,
    statuses: String,
    token: String,
}

impl Account for Feed {
    fn network(&self) -> &'static str {
        "snac"
    }

    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn standing(&self) -> Later<'_, Standing> {
        Box::pin(async move {
            let mut standing = Standing::new();
            let mut before: Option<String> = None;
            loop {
                let request = networks::http::client().get(&self.statuses).bearer_auth(&self.token);
                let request = request.query(&[("limit", PAGE)]);
                let page = asked(before.iter().fold(request, |request, id| request.query(&[("max_id", id)]))).await;
                let page = page.as_array().expect("a list");
                for status in page {
                    let text = status["content"].as_str().expect("a text").trim_end_matches("<br>").to_owned();
                    *standing.entry(text).or_default() += 1;
                }
                match page.last() {
                    Some(last) if page.len() == PAGE => before = last["id"].as_str().map(str::to_owned),
                    _ => return standing,
                }
            }
        })
    }
}
