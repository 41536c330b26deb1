//! The one list of networks. A new one is a folder beside this file and a line here.

use crate::{network::Network, slack::Slack};

/// Every network there is a connector for, in the order of the connect page.
pub const NETWORKS: &[&dyn Network] = &[&Slack];

/// The network with an id.
pub fn network(id: &str) -> Option<&'static dyn Network> {
    NETWORKS.iter().copied().find(|network| network.about().id == id)
}
