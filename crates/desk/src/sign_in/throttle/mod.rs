//! Throttling: attempts are counted for the account and for the network address, and failures make everybody wait longer.
//!
//! Invariants: an attempt is counted before it is looked at and taken back when it succeeds, so a thousand at once are no way
//! around the count; an account that does not exist is counted like one that does; subjects are keyed digests, not addresses.

mod rules;
mod store;

use std::net::{IpAddr, Ipv6Addr};

pub(super) use rules::Kind;
pub use rules::THROTTLE_WAIT_MAX_MS;

use crate::{
    act::Act,
    actor::Actor,
    db::Tx,
    desk::Desk,
    error::{Error, Result},
    ids::{PersonId, Time},
};

/// Leading bits of an IPv6 address that one subscriber usually has to themselves (RFC 6177).
const IPV6_SUBSCRIBER_BITS: u32 = 64;

/// What is counted, by kind and keyed digest.
pub(super) struct Subject {
    kind: Kind,
    name: String,
}

impl Subject {
    pub(super) fn account(desk: &Desk, email: &str) -> Self {
        Self::new(desk, Kind::Account, "account", email.trim().to_lowercase().as_bytes())
    }

    pub(super) fn factor(desk: &Desk, person: PersonId) -> Self {
        Self::new(desk, Kind::Factor, "factor", &person.bytes())
    }

    /// Requests for a reset of one address.
    pub(super) fn reset(desk: &Desk, email: &str) -> Self {
        Self::new(desk, Kind::Account, "reset", email.trim().to_lowercase().as_bytes())
    }

    /// The caller's address; nothing for a caller without one.
    pub(super) fn address(desk: &Desk, caller: &Actor) -> Option<Self> {
        let address = match caller.address? {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => IpAddr::V4(address),
                None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - IPV6_SUBSCRIBER_BITS)))),
            },
        };
        Some(Self::new(desk, Kind::Address, "address", address.to_string().as_bytes()))
    }

    fn new(desk: &Desk, kind: Kind, prefix: &str, what: &[u8]) -> Self {
        let digest = desk.sealer().digest(&[prefix.as_bytes(), b"/", what].concat());
        Self { kind, name: format!("{prefix}:{}", hex::encode(&digest[..16])) }
    }
}

/// Counts an attempt for every subject before it is looked at.
///
/// # Errors
/// [`Error::TooMany`] when one of them has to wait; then nothing is counted.
pub(super) async fn take(desk: &Desk, subjects: &[&Subject]) -> Result<()> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    // In one order, so that two callers cannot wait for each other.
    let mut subjects = subjects.to_vec();
    subjects.sort_by(|a, b| a.name.cmp(&b.name));
    for subject in subjects {
        tx.lock(&subject.name).await?;
        let before = store::get(&mut tx, &subject.name).await?;
        let failures = rules::attempt(subject.kind, before, now).map_err(|until| Error::TooMany { until })?;
        store::put(&mut tx, &subject.name, failures, now).await?;
    }
    Ok(tx.commit().await?)
}

/// The attempt succeeded: within the act that it leads to, forget what was counted. An address only gets its one attempt back, so
/// that somebody with an account of their own cannot wipe out what they tried on others.
pub(super) async fn succeed(act: &mut Act<'_>, subjects: &[&Subject]) -> Result<()> {
    let now = act.now();
    for subject in subjects {
        match subject.kind {
            Kind::Account | Kind::Factor => store::delete(act.tx(), &subject.name).await?,
            Kind::Address => store::give_back(act.tx(), &subject.name, now).await?,
        }
    }
    Ok(())
}

pub(super) async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    store::delete_old(tx, now.plus_ms(-rules::FORGET_AFTER_MS), limit).await
}
