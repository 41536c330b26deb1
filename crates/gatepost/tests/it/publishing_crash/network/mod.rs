//! The networks of the campaign: how a fresh account on each is connected, and how often each text stands there.
//!
//! What stands there is asked past the connectors, as somebody else would ask, wherever the server can be asked so. A network more is a file here and a
//! line in [`Servers::start`].

mod bluesky;
mod mastodon;
mod matrix;
mod sandbox;
mod slack;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    pin::Pin,
};

use desk::{
    Actor, Desk,
    capture::{
        Connectors,
        connections::{self, Begun, NewConnection},
    },
    ids::ProfileId,
};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What will be there later.
pub(super) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// How often each text stands on a network.
pub(super) type Standing = HashMap<String, u32>;

/// A server of a network that takes accounts, for the whole campaign.
pub(super) trait Server: Send + Sync {
    /// A fresh account, connected to a desk.
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>>;
}

/// An account of a season.
pub(super) trait Account: Send + Sync {
    /// The network's name.
    fn network(&self) -> &'static str;
    /// The profile that it is here.
    fn profile(&self) -> ProfileId;
    /// Where on the network posts go, where it has to be said.
    fn place(&self) -> Option<&str> {
        None
    }
    /// What stands there.
    fn standing(&self) -> Later<'_, Standing>;
}

/// Every server of the campaign.
pub(super) struct Servers(Vec<Box<dyn Server>>);

impl Servers {
    /// Starts them all at once: the slowest takes ten seconds.
    pub(super) fn start(runtime: &Runtime) -> Self {
        let starting = [
            runtime.spawn_blocking(|| Box::new(sandbox::Sandbox) as Box<dyn Server>),
            runtime.spawn_blocking(|| Box::new(mastodon::Mastodon::start()) as Box<dyn Server>),
            runtime.spawn_blocking(|| Box::new(matrix::Matrix::start()) as Box<dyn Server>),
            runtime.spawn_blocking(|| Box::new(slack::Slack) as Box<dyn Server>),
            runtime.spawn_blocking(|| Box::new(bluesky::Bluesky::start()) as Box<dyn Server>),
        ];
        Self(starting.into_iter().map(|one| runtime.block_on(one).expect("it starts")).collect())
    }

    /// A fresh account on each.
    pub(super) async fn accounts(&self, connecting: &Connecting<'_>) -> Vec<Box<dyn Account>> {
        let mut all = Vec::new();
        for server in &self.0 {
            all.push(server.account(connecting).await);
        }
        all
    }
}

/// A desk that accounts are connected to.
pub(super) struct Connecting<'a> {
    pub(super) desk: &'a Desk,
    pub(super) owner: &'a Actor,
    /// Its data folder.
    pub(super) data: &'a Path,
    /// What every account is called.
    pub(super) name: String,
}

impl Connecting<'_> {
    async fn begin(&self, network: &str, method: &str, fields: &[(&str, &str)]) -> Begun {
        let new = NewConnection {
            network: network.to_owned(),
            method: method.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            profile: None,
            title: format!("Kites on {network}"),
            group: None,
            protected: false,
        };
        connections::begin(self.desk, &Connectors::all(), self.owner, new).await.expect("it begins")
    }

    /// Connects where a form is enough.
    async fn connected(&self, network: &str, method: &str, fields: &[(&str, &str)]) -> ProfileId {
        match self.begin(network, method, fields).await {
            Begun::Connected(profile) => profile,
            Begun::Redirect(_) => panic!("{network} needs no round trip"),
        }
    }

    /// Connects by a round trip: `agree` is sent to the network's page and answers what comes back.
    async fn agreed(
        &self,
        network: &str,
        fields: &[(&str, &str)],
        agree: impl AsyncFnOnce(String) -> BTreeMap<String, String>,
    ) -> ProfileId {
        let Begun::Redirect(page) = self.begin(network, "oauth", fields).await else { panic!("the person has to agree first") };
        let query = agree(page).await;
        connections::finish(self.desk, &Connectors::all(), self.owner, &query).await.expect("connected")
    }
}

/// Asks a server as somebody else would; its answer has to be a success.
async fn asked(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("the server answers");
    let (status, body) = (answer.status(), answer.bytes().await.expect("the whole answer"));
    assert!(status.is_success(), "{status} {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}
