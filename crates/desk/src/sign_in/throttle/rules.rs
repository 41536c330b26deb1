//! How long somebody waits after how many failures. Pure.

use crate::ids::Time;

/// What attempts are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sign_in) enum Kind {
    /// Passwords tried for one account, whether it exists or not.
    Account,
    /// Anything tried from one network address.
    Address,
    /// Codes tried for one person's second factor.
    Factor,
}

/// Wrong attempts for one account or factor before anybody waits: a person with two passwords in mind and a caps lock.
const ACCOUNT_FREE: i64 = 5;
/// Wrong attempts from one address before anybody waits: an office behind one address on a Monday morning.
const ADDRESS_FREE: i64 = 30;
/// The first wait; it doubles with every further failure.
const FIRST_WAIT_MS: i64 = 1_000;
/// The longest wait. Long enough to make guessing hopeless (100 attempts a day), short enough that an attacker cannot lock an
/// account out for good; a passkey gets in meanwhile.
pub const THROTTLE_WAIT_MAX_MS: i64 = 15 * 60 * 1_000;
/// Doublings after which the longest wait is reached for certain.
const DOUBLINGS_MAX: i64 = 10;
/// Failures are forgotten after this long without another.
pub(super) const FORGET_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// Failures so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failures {
    /// How many, the attempt under way included.
    pub(super) count: i64,
    /// Until when nothing is let through; without a wait, the moment of the last attempt.
    pub(super) blocked_until: Time,
}

/// Counts one more attempt as a failure, to be taken back when it succeeds; or says until when nothing is let through.
pub(super) fn attempt(kind: Kind, before: Option<Failures>, now: Time) -> Result<Failures, Time> {
    let before = before.filter(|failures| now.since_ms(failures.blocked_until) < FORGET_AFTER_MS);
    let count = match before {
        Some(failures) if failures.blocked_until > now => return Err(failures.blocked_until),
        Some(failures) => failures.count.saturating_add(1),
        None => 1,
    };
    Ok(Failures { count, blocked_until: now.plus_ms(wait_ms(kind, count)) })
}

fn wait_ms(kind: Kind, count: i64) -> i64 {
    let free = match kind {
        Kind::Account | Kind::Factor => ACCOUNT_FREE,
        Kind::Address => ADDRESS_FREE,
    };
    match count - free {
        over if over <= 0 => 0,
        over => (FIRST_WAIT_MS << (over - 1).min(DOUBLINGS_MAX)).min(THROTTLE_WAIT_MAX_MS),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FORGET_AFTER_MS, Failures, Kind, THROTTLE_WAIT_MAX_MS, attempt, wait_ms};
    use crate::ids::Time;

    const NOW: Time = Time(1_000_000_000);

    #[test]
    fn the_wait_starts_after_the_free_attempts_and_doubles_up_to_its_limit() {
        let waits: Vec<_> = (1..=18).map(|count| wait_ms(Kind::Account, count) / 1_000).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(wait_ms(Kind::Account, i64::MAX), THROTTLE_WAIT_MAX_MS);
    }

    #[test]
    fn a_blocked_subject_is_told_until_when_and_is_not_blocked_longer_for_asking() {
        let blocked = Failures { count: 9, blocked_until: NOW.plus_ms(5_000) };
        assert_eq!(attempt(Kind::Account, Some(blocked), NOW), Err(NOW.plus_ms(5_000)));
        assert_eq!(attempt(Kind::Account, Some(blocked), NOW.plus_ms(5_000)).map(|failures| failures.count), Ok(10));
    }

    #[test]
    fn failures_are_forgotten_after_a_day() {
        let old = Failures { count: 50, blocked_until: NOW.plus_ms(-FORGET_AFTER_MS) };
        assert_eq!(attempt(Kind::Account, Some(old), NOW).map(|failures| failures.count), Ok(1));
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_shorter(count in 0i64..200) {
            for kind in [Kind::Account, Kind::Address, Kind::Factor] {
                prop_assert!(wait_ms(kind, count) <= wait_ms(kind, count + 1));
                prop_assert!(wait_ms(kind, count) <= THROTTLE_WAIT_MAX_MS);
            }
        }
    }
}
