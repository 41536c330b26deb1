//! The one list of networks. A new one is a folder beside this file and a line here.

use crate::{bluesky::Bluesky, mastodon::Mastodon, matrix::Matrix, network::Network, sandbox::Sandbox, slack::Slack};

static SANDBOX: Sandbox = Sandbox::new();

/// Every network there is a connector for, in the order of the connect page: real ones first, the sandbox last.
pub const NETWORKS: &[&dyn Network] = &[&Bluesky, &Mastodon, &Matrix, &Slack, &SANDBOX];

/// The network with an id.
pub fn network(id: &str) -> Option<&'static dyn Network> {
    NETWORKS.iter().copied().find(|network| network.about().id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_network_has_two_letters_of_its_own() {
        let codes: BTreeSet<_> = NETWORKS.iter().map(|network| network.about().code).collect();
        assert_eq!(codes.len(), NETWORKS.len());
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_lowercase())));
    }
}
