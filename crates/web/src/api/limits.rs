//! How many API requests one token, session or address may make: a count per minute.
//!
//! Invariants: the time is the desk's; memory is bounded by [`KEYS_MAX`] whoever asks; when it is full, newcomers share one count
//! instead of having none. Each server counts for itself.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
};

use axum::response::{IntoResponse, Response};
use desk::{
    Actor, Time,
    actor::Principal,
    ids::{SessionId, TokenId},
};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::problem::Problem;

/// The time that is counted in.
const WINDOW_MS: i64 = 60 * 1_000;
/// Requests of one token or session: ten a second, more than a person or a careful program makes.
pub const SIGNED_IN_MAX: u32 = 600;
/// Requests without a working token or session from one address: enough to read the documentation, few for guessing.
pub const STRANGER_MAX: u32 = 60;
/// Counts kept at once: some hundred kilobytes.
const KEYS_MAX: usize = 10_000;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Token(TokenId),
    Session(SessionId),
    Address(Option<IpAddr>),
    /// Whoever came when there was no more room.
    Crowd,
}

#[derive(Debug)]
struct Count {
    ends: Time,
    used: u32,
}

/// The counts of this server.
#[derive(Debug)]
pub struct RateLimits {
    signed_in_max: u32,
    stranger_max: u32,
    counts: Mutex<HashMap<Key, Count>>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(SIGNED_IN_MAX, STRANGER_MAX)
    }
}

impl RateLimits {
    /// Other limits than the default ones.
    pub fn new(signed_in_max: u32, stranger_max: u32) -> Self {
        Self { signed_in_max, stranger_max, counts: Mutex::default() }
    }

    /// Counts a request. `actor` is nobody when a token or cookie opened nothing.
    pub(crate) fn take(&self, actor: Option<&Actor>, address: Option<IpAddr>, now: Time) -> Allowance {
        let key = match actor.map(|actor| &actor.principal) {
            Some(Principal::Token { token, .. }) => Key::Token(*token),
            Some(Principal::Person { session, .. }) => Key::Session(*session),
            _ => Key::Address(address.map(neighbourhood)),
        };
        let limit = if matches!(key, Key::Address(_)) { self.stranger_max } else { self.signed_in_max };
        // A poisoned lock still holds counts.
        let mut counts = self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if counts.len() >= KEYS_MAX && !counts.contains_key(&key) {
            counts.retain(|_, count| count.ends > now);
        }
        let key = if counts.len() < KEYS_MAX || counts.contains_key(&key) { key } else { Key::Crowd };
        let fresh = now.plus_ms(WINDOW_MS);
        let count = counts.entry(key).or_insert(Count { ends: fresh, used: 0 });
        // A clock that was set back must not lock anybody out for longer than the window.
        if count.ends <= now || count.ends > fresh {
            *count = Count { ends: fresh, used: 0 };
        }
        let granted = count.used < limit;
        count.used = count.used.saturating_add(u32::from(granted));
        Allowance { granted, limit, remaining: limit - count.used.min(limit), reset_s: (count.ends.since_ms(now) + 999) / 1_000 }
    }
}

/// Who shares a count: an IPv4 address alone, an IPv6 network of 64 bits together, because one customer has a whole one.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// What a caller still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) granted: bool,
    limit: u32,
    remaining: u32,
    reset_s: i64,
}

impl Allowance {
    /// The answer to a request too many.
    pub(crate) fn refusal(&self) -> Response {
        let mut problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate-limited",
            "Too many requests",
            format!("at most {} requests a minute; wait as long as Retry-After says", self.limit),
        );
        problem.retry_after_s = Some(self.reset_s);
        self.on(problem.into_response())
    }

    /// An answer that says what is left.
    pub(crate) fn on(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset_s));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use desk::Time;

    use super::{KEYS_MAX, RateLimits, WINDOW_MS};

    const NOW: Time = Time(1_000_000);

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(n))
    }

    #[test]
    fn a_count_ends_and_begins_again_with_its_minute() {
        let limits = RateLimits::new(9, 2);
        let take = |from, now| limits.take(None, Some(address(from)), now).granted;
        assert_eq!([take(1, NOW), take(1, NOW), take(1, NOW), take(2, NOW)], [true, true, false, true]);
        assert!(!take(1, NOW.plus_ms(WINDOW_MS - 1)));
        assert!(take(1, NOW.plus_ms(WINDOW_MS)));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let limits = RateLimits::new(9, 1);
        assert!(limits.take(None, Some(address(1)), NOW).granted);
        assert!(limits.take(None, Some(address(1)), NOW.plus_ms(-10 * WINDOW_MS)).granted);
    }

    #[test]
    fn memory_is_bounded_and_newcomers_share() {
        let limits = RateLimits::new(9, 1);
        for n in 0..u32::try_from(KEYS_MAX).expect("small") {
            assert!(limits.take(None, Some(address(n)), NOW).granted);
        }
        assert!(limits.take(None, Some(address(1_000_000)), NOW).granted);
        assert!(!limits.take(None, Some(address(1_000_001)), NOW).granted, "it shares a count with the one before");
        assert!(limits.counts.lock().expect("whole").len() <= KEYS_MAX + 1);
        assert!(limits.take(None, Some(address(1_000_002)), NOW.plus_ms(WINDOW_MS)).granted);
    }
}
