//! Pure decisions about fetching: what a failure leads to.
//!
//! Invariant: fetching ends. However a network fails, after a bounded number of tries the attachment is given up, with the reason.

use std::time::Duration;

use networks::{Class, NetworkError};

use crate::jobs::Backoff;

/// Tries while the network has bad moments: with the waits below, more than a day.
const BAD_MOMENTS_MAX: i64 = 12;
/// Tries while the profile is not allowed to: renewing, or somebody who authorises it again, may mend that.
const NOT_ALLOWED_MAX: i64 = 6;
/// Tries when the network answers what it should not: once more could have been a fault on the way, four times is no accident.
const BROKEN_MAX: i64 = 4;
/// Waits between tries.
const WAITS: Backoff = Backoff { first_ms: 15_000, longest_ms: 6 * 60 * 60 * 1_000 };

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Not before this time has passed.
    Again(Duration),
    /// Never: it is on record that it is missing.
    GiveUp,
}

/// Decides what follows a failure. `tries` counts those in vain, this one not.
pub(crate) fn after_failure(error: &NetworkError, tries: i64, random: u64) -> Next {
    let tries_max = match error.class {
        Class::Gone | Class::RefusedContent => 1,
        Class::RetryLater => BAD_MOMENTS_MAX,
        Class::Expired | Class::Reauthorise => NOT_ALLOWED_MAX,
        Class::Bug => BROKEN_MAX,
    };
    let done = tries + 1;
    if done >= tries_max {
        return Next::GiveUp;
    }
    let own = Duration::from_millis(WAITS.wait_ms(done, random).unsigned_abs());
    Next::Again(error.retry_after.map_or(own, |asked| asked.max(own)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use networks::{Class, NetworkError};
    use proptest::prelude::*;

    use super::{Next, after_failure};

    fn any_class() -> impl Strategy<Value = Class> {
        prop_oneof![
            Just(Class::RetryLater),
            Just(Class::Expired),
            Just(Class::Reauthorise),
            Just(Class::RefusedContent),
            Just(Class::Gone),
            Just(Class::Bug),
        ]
    }

    proptest! {
        #[test]
        fn fetching_ends_however_a_network_fails(classes in proptest::collection::vec((any_class(), any::<u64>()), 12)) {
            let given_up = (0..).zip(classes).any(|(tries, (class, random))| {
                after_failure(&NetworkError::new(class, "x"), tries, random) == Next::GiveUp
            });
            prop_assert!(given_up);
        }

        #[test]
        fn no_try_comes_before_the_network_allows_it(tries in 0..11i64, random: u64, asked in 0..100_000u64) {
            let error = NetworkError::retry("x").after(Duration::from_secs(asked));
            let Next::Again(wait) = after_failure(&error, tries, random) else { panic!("a bad moment passes") };
            prop_assert!(wait >= Duration::from_secs(asked) && wait <= Duration::from_secs(asked.max(6 * 3_600)));
        }
    }

    #[test]
    fn what_is_gone_or_refused_is_given_up_at_once() {
        for class in [Class::Gone, Class::RefusedContent] {
            assert_eq!(after_failure(&NetworkError::new(class, "x"), 0, 7), Next::GiveUp);
        }
    }
}
