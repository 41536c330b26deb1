//! A repository on Bluesky's own server. Anybody may list its records.

use desk::ids::ProfileId;
use networks::http;
use testkit::peers::{bluesky, bluesky_people::account};

use super::{Account, Connecting, Later, Server, Standing, asked};

pub(super) struct Bluesky {
    server: bluesky::Bluesky,
}

impl Bluesky {
    pub(super) fn start() -> Self {
        // The service behind feeds and notifications is away: nothing listens there.
        Self { server: bluesky::Bluesky::start("http://localhost:9").expect("the Bluesky server") }
    }
}

impl Server for Bluesky {
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>> {
        Box::pin(async move {
            let (_, password) = account(&self.server, &connecting.name).await;
            let (server, directory) = (self.server.url(), self.server.directory_url());
            let handle = format!("{}.test", connecting.name);
            let fields = [
                ("identifier", handle.as_str()),
                ("app_password", password.as_str()),
                ("server", server.as_str()),
                ("directory", directory.as_str()),
            ];
            let profile = connecting.connected("bluesky", "app_password", &fields).await;
            Box::new(Repository { profile, server, handle }) as Box<dyn Account>
        })
    }
}

struct Repository {
    profile: ProfileId,
    server: String,
    handle: String,
}

impl Account for Repository {
    fn network(&self) -> &'static str {
        "the Bluesky server"
    }

    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn standing(&self) -> Later<'_, Standing> {
        Box::pin(async move {
            let mut standing = Standing::new();
            let mut cursor: Option<String> = None;
            loop {
                let request = http::client().get(format!("{}/xrpc/com.atproto.repo.listRecords", self.server));
                let request =
                    request.query(&[("repo", self.handle.as_str()), ("collection", "app.bsky.feed.post"), ("limit", "100")]);
                let page = asked(cursor.iter().fold(request, |request, cursor| request.query(&[("cursor", cursor)]))).await;
                for record in page["records"].as_array().expect("a list") {
                    *standing.entry(record["value"]["text"].as_str().expect("a text").to_owned()).or_default() += 1;
                }
                match page["cursor"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => return standing,
                }
            }
        })
    }
}
