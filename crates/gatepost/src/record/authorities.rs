//! The time authorities of the configuration.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use desk::records::Watched;
use ledger::timestamp::{Authorities, Authority, Trust};

use crate::config::{AuthorityConfig, Config};

/// Longest file with root certificates.
const ROOTS_BYTES_MAX: u64 = 1024 * 1024;

/// Those that are configured, with their certificates.
pub(crate) fn authorities(config: &Config) -> anyhow::Result<Authorities> {
    let mut list = Vec::new();
    for (authority, key) in [(&config.first_authority, "timestamps.first"), (&config.second_authority, "timestamps.second")] {
        if !authority.url.is_empty() {
            list.push(of(authority).with_context(|| format!("{key}_* cannot be used"))?);
        }
    }
    Authorities::new(list).context("timestamps.* cannot be used")
}

fn of(authority: &AuthorityConfig) -> anyhow::Result<Authority> {
    let AuthorityConfig { name, url, roots, policy } = authority;
    anyhow::ensure!(!roots.is_empty(), "the file with its root certificates is not named");
    let path = Path::new(roots);
    let length = std::fs::metadata(path).with_context(|| format!("failed to read {roots}"))?.len();
    anyhow::ensure!(length <= ROOTS_BYTES_MAX, "{roots} is longer than {ROOTS_BYTES_MAX} bytes");
    let pem = std::fs::read_to_string(path).with_context(|| format!("failed to read {roots}"))?;
    let trust = Trust::from_pem(&pem, "").with_context(|| format!("{roots} cannot be used"))?;
    Ok(Authority::new(name, url, Some(policy.as_str()).filter(|policy| !policy.is_empty()), trust)?)
}

/// What is expected to happen to the record.
pub(crate) fn watched(config: &Config) -> Watched {
    let configured =
        [&config.first_authority, &config.second_authority].into_iter().filter(|authority| !authority.url.is_empty());
    Watched {
        authorities: configured.map(|authority| authority.name.clone()).collect(),
        stamp_interval: Duration::from_secs(config.stamp_interval_seconds.into()),
        scrub_interval: Duration::from_secs(config.scrub_interval_seconds.into()),
    }
}
