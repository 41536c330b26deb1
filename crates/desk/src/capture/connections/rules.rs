//! Pure decisions about connections: what a failure leads to, when capture is silent, which stretch was missed.

use std::time::Duration;

use networks::{Class, NetworkError};

use super::ConnectionState;
use crate::{ids::Time, jobs::Backoff};

/// Waits after a bad moment of the network: quick at first, gentle to a server that is down.
const BAD_MOMENT: Backoff = Backoff { first_ms: 2_000, longest_ms: 5 * 60 * 1_000 };
/// Waits after something that waiting does not mend; tried again all the same, because the other side may mend it.
const BROKEN: Backoff = Backoff { first_ms: 60_000, longest_ms: 60 * 60 * 1_000 };
/// No contact for this long is a stretch worth an entry of its own when contact is back.
const STRETCH_MS: i64 = 10 * 60 * 1_000;

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Consequence {
    /// Where the connection stands now.
    pub(crate) state: ConnectionState,
    /// When to try again; nothing when somebody has to do something first.
    pub(crate) wait: Option<Duration>,
}

/// Decides what a failure leads to. `failures` counts those before it without success between. An expired token comes here only when
/// renewing it did not help.
pub(crate) fn consequence(error: &NetworkError, failures: i64, random: u64) -> Consequence {
    let wait = |backoff: Backoff| {
        let own = Duration::from_millis(backoff.wait_ms(failures + 1, random).unsigned_abs());
        Some(error.retry_after.map_or(own, |asked| asked.max(own)))
    };
    match error.class {
        Class::RetryLater => Consequence { state: ConnectionState::Failing, wait: wait(BAD_MOMENT) },
        Class::Expired | Class::Reauthorise => Consequence { state: ConnectionState::NeedsAuthorisation, wait: None },
        Class::Bug => Consequence { state: ConnectionState::Broken, wait: wait(BROKEN) },
        Class::Gone => Consequence { state: ConnectionState::Gone, wait: wait(BROKEN) },
        Class::RefusedContent => Consequence { state: ConnectionState::Refused, wait: wait(BROKEN) },
    }
}

/// Whether capture is silent: no answer from the network for longer than it may be. `since` is the last contact, or when capture
/// began if there was none.
pub(crate) fn is_silent(since: Time, silent_after_ms: i64, now: Time) -> bool {
    now.since_ms(since) > silent_after_ms
}

/// The stretch without contact that just ended, if it is long enough to say so.
pub(crate) fn stretch(last_contact: Option<Time>, now: Time) -> Option<(Time, Time)> {
    last_contact.filter(|last| now.since_ms(*last) >= STRETCH_MS).map(|last| (last, now))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use networks::{Class, NetworkError};
    use proptest::prelude::*;

    use super::{ConnectionState, consequence, is_silent, stretch};
    use crate::ids::Time;

    proptest! {
        #[test]
        fn a_network_is_never_asked_sooner_than_it_said(failures in 0..100i64, random: u64, asked in 0..7_200u64) {
            for class in [Class::RetryLater, Class::Bug, Class::Gone, Class::RefusedContent] {
                let error = NetworkError::new(class, "x").after(Duration::from_secs(asked));
                let wait = consequence(&error, failures, random).wait.expect("is tried again");
                prop_assert!(wait >= Duration::from_secs(asked));
                prop_assert!(wait <= Duration::from_secs(asked.max(3_600)));
            }
        }

        #[test]
        fn what_a_person_has_to_mend_is_not_tried_again(failures in 0..100i64, random: u64) {
            for class in [Class::Expired, Class::Reauthorise] {
                let done = consequence(&NetworkError::new(class, "x"), failures, random);
                prop_assert_eq!((done.state, done.wait), (ConnectionState::NeedsAuthorisation, None));
            }
        }
    }

    #[test]
    fn what_is_gone_refused_or_broken_is_told_apart() {
        let state = |class| consequence(&NetworkError::new(class, "x"), 0, 0).state;
        let states = [Class::RetryLater, Class::Bug, Class::Gone, Class::RefusedContent].map(state);
        use ConnectionState::{Broken, Failing, Gone, Refused};
        assert_eq!(states, [Failing, Broken, Gone, Refused]);
    }

    #[test]
    fn silence_begins_after_its_time_and_only_a_long_stretch_is_worth_an_entry() {
        assert!(!is_silent(Time(0), 1_000, Time(1_000)));
        assert!(is_silent(Time(0), 1_000, Time(1_001)));
        assert_eq!(stretch(Some(Time(0)), Time(599_999)), None);
        assert_eq!(stretch(Some(Time(0)), Time(600_000)), Some((Time(0), Time(600_000))));
        assert_eq!(stretch(None, Time(600_000)), None);
    }
}
