//! A channel on the Slack stand-in, which remembers nothing beyond its process and so is started for each season.

use std::collections::BTreeMap;

use desk::ids::ProfileId;
use serde_json::{Value, json};
use testkit::{fault_proxy::FaultProxy, peers::slack::Slack as StandIn};

use super::{Account, Connecting, Later, Server, Standing, asked};

const SCOPES: &str = "channels:history,channels:read,channels:manage,chat:write,files:read,files:write,groups:history,groups:read,\
                      im:history,im:read,mpim:history,mpim:read,reactions:read,reactions:write,team:read,users:read";

pub(super) struct Slack;

impl Server for Slack {
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>> {
        Box::pin(async move {
            let seed = json!({
                "signing_secret": "s3cret", "strict_scopes": true, "team": {"name": "Kites", "domain": "kites"},
                "users": [{"name": "desk", "email": "desk@example.test"}, {"name": "ada", "email": "ada@example.test"}],
                "channels": [{"name": "launch"}],
                "tokens": [{"token": "xoxb-desk", "user": "desk", "scopes": SCOPES}, {"token": "xoxp-ada", "user": "ada", "scopes": SCOPES}],
            });
            // Nobody listens to what it pushes: servers that are killed all the time have no lasting address.
            let (before, nobody) = (FaultProxy::alone().await.expect("a port"), FaultProxy::alone().await.expect("a port"));
            let (url, events) = (before.url(), nobody.url());
            let started = tokio::task::spawn_blocking(move || StandIn::start(&seed, &url, &events));
            let server = started.await.expect("it ends").expect("the Slack stand-in");
            before.point_to(server.address());
            let url = before.url();
            let fields = [("access_token", "xoxb-desk"), ("signing_secret", "s3cret"), ("server", url.as_str())];
            let profile = connecting.connected("slack", "token", &fields).await;
            let mut channel = Channel { profile, id: String::new(), server, _before: before, _nobody: nobody };
            let channels = channel.ask("conversations.list", &[]).await;
            let launch = channels["channels"].as_array().into_iter().flatten().find(|channel| channel["name"] == "launch");
            launch.and_then(|launch| launch["id"].as_str()).expect("the seeded channel").clone_into(&mut channel.id);
            Box::new(channel) as Box<dyn Account>
        })
    }
}

struct Channel {
    profile: ProfileId,
    id: String,
    server: StandIn,
    _before: FaultProxy,
    _nobody: FaultProxy,
}

impl Channel {
    /// What somebody else sees.
    async fn ask(&self, method: &str, fields: &[(&str, &str)]) -> Value {
        let url = format!("http://{}/api/{method}", self.server.address());
        let answer = asked(networks::http::client().post(url).bearer_auth("xoxp-ada").form(fields)).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer
    }

    /// Every message of a list, by its time stamp.
    async fn list(&self, method: &str, more: &[(&str, &str)]) -> BTreeMap<String, Value> {
        let (mut all, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let mut fields = vec![("channel", self.id.as_str()), ("limit", "500"), ("cursor", cursor.as_str())];
            fields.extend(more);
            let page = self.ask(method, &fields).await;
            for message in page["messages"].as_array().expect("a list") {
                all.insert(message["ts"].as_str().expect("a time stamp").to_owned(), message.clone());
            }
            match page["response_metadata"]["next_cursor"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => next.clone_into(&mut cursor),
                None => return all,
            }
        }
    }
}

impl Account for Channel {
    fn network(&self) -> &'static str {
        "the Slack stand-in"
    }

    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn place(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn standing(&self) -> Later<'_, Standing> {
        Box::pin(async move {
            let mut all = self.list("conversations.history", &[]).await;
            let threads = all.iter().filter(|(_, message)| message["reply_count"].as_u64().is_some_and(|count| count > 0));
            let threads: Vec<String> = threads.map(|(ts, _)| ts.clone()).collect();
            for ts in threads {
                all.extend(self.list("conversations.replies", &[("ts", &ts)]).await);
            }
            let mut standing = Standing::new();
            for message in all.values() {
                *standing.entry(message["text"].as_str().expect("a text").to_owned()).or_default() += 1;
            }
            standing
        })
    }
}
