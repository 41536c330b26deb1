//! What a network's refusal means for an attempt. Pure.

use networks::{Class, NetworkError, error::Effect};

use crate::{
    jobs::Backoff,
    publishing::model::{Next, Outcome},
};

/// Waits between attempts: half a minute at first, two hours at last; ten attempts take about four hours.
const WAITS: Backoff = Backoff { first_ms: 30_000, longest_ms: 2 * 60 * 60 * 1_000 };
/// Longest message of a failure that is kept, in bytes.
const MESSAGE_MAX: usize = 500;

/// How an attempt ended that the network did not take. `attempts` counts those before it.
pub(super) fn outcome(error: &NetworkError, attempts: usize, random: u64) -> Outcome {
    let message = error.message[..error.message.floor_char_boundary(MESSAGE_MAX)].to_owned();
    if error.effect == Effect::Unknown {
        return Outcome::Unknown { message };
    }
    Outcome::NoEffect { next: next(error, attempts, random), message }
}

/// What is to be done about it.
pub(super) fn next(error: &NetworkError, attempts: usize, random: u64) -> Next {
    match error.class {
        Class::RetryLater => {
            let own = WAITS.wait_ms(i64::try_from(attempts).unwrap_or(i64::MAX).saturating_add(1), random);
            let asked = error.retry_after.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            Next::Again { after_ms: own.max(asked) }
        }
        Class::Expired | Class::Reauthorise => Next::Reconnect,
        Class::RefusedContent | Class::Gone | Class::Bug => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use networks::{Class, NetworkError};
    use proptest::prelude::*;

    use super::outcome;
    use crate::publishing::model::{Next, Outcome};

    proptest! {
        #[test]
        fn what_may_have_happened_is_never_tried_again_at_once(class in 0..6usize, attempts in 0..20usize, random: u64) {
            let class = [Class::RetryLater, Class::Expired, Class::Reauthorise, Class::RefusedContent, Class::Gone, Class::Bug][class];
            let error = NetworkError::new(class, "x").effect_unknown();
            let is_unknown = matches!(outcome(&error, attempts, random), Outcome::Unknown { .. });
            prop_assert!(is_unknown);
        }

        #[test]
        fn a_network_is_not_asked_sooner_than_it_said(attempts in 0..20usize, random: u64, asked in 0..10_000u64) {
            let error = NetworkError::retry("busy").after(Duration::from_millis(asked));
            let Outcome::NoEffect { next: Next::Again { after_ms }, .. } = outcome(&error, attempts, random) else {
                panic!("it is tried again")
            };
            prop_assert!(after_ms >= i64::try_from(asked).unwrap());
        }
    }
}
