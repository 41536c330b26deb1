//! The code that proves an address: how it looks, how long it works, how often it may be tried. Pure.

use thiserror::Error;

use crate::ids::Time;

/// Digits of a code: with five tries a guess comes true once in twenty million.
pub const CODE_DIGITS: u8 = 8;
/// How long a code works: a look into the mailbox.
pub const CODE_LIFE_MS: i64 = 10 * 60 * 1_000;
/// How often one code may be tried: a typing slip or two.
pub const CODE_TRIES_MAX: u32 = 5;

/// A code on its way to being given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) struct Awaited {
    /// Until when it works.
    pub(in crate::approvals) expires_at: Time,
    /// How often it was tried.
    pub(in crate::approvals) tries: u32,
}

/// Why a code does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Wrong {
    /// Another one was sent.
    #[error("this is not the code that was sent; look at the newest mail")]
    Other,
    /// Too late or too often.
    #[error("this code works no more; ask for a new one")]
    Spent,
}

/// Whether a code opens, given whether it is the one that was sent.
pub(super) fn judge(awaited: Awaited, matches: bool, now: Time) -> Result<(), Wrong> {
    if awaited.tries >= CODE_TRIES_MAX || now >= awaited.expires_at {
        return Err(Wrong::Spent);
    }
    if matches { Ok(()) } else { Err(Wrong::Other) }
}

/// A code from random bytes, without a bias that would matter: 2^64 is far above 10^8.
pub(super) fn digits(random: u64) -> String {
    format!("{:0width$}", random % 10u64.pow(u32::from(CODE_DIGITS)), width = usize::from(CODE_DIGITS))
}

/// What somebody typed, without the spaces and dashes that people put in; nothing when it cannot be a code.
pub(super) fn typed(text: &str) -> Option<String> {
    let digits: String =
        text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').take(usize::from(CODE_DIGITS) + 1).collect();
    (digits.len() == usize::from(CODE_DIGITS) && digits.chars().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

/// A code as a letter shows it: in two halves.
pub(super) fn shown(code: &str) -> String {
    let (first, second) = code.split_at(code.len() / 2);
    format!("{first} {second}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Awaited, CODE_DIGITS, CODE_TRIES_MAX, Wrong, digits, judge, shown, typed};
    use crate::ids::Time;

    proptest! {
        #[test]
        fn a_code_reads_back_as_it_is_shown(random in any::<u64>()) {
            let code = digits(random);
            prop_assert_eq!(code.len(), usize::from(CODE_DIGITS));
            prop_assert_eq!(typed(&shown(&code)), Some(code));
        }

        #[test]
        fn it_opens_only_in_time_within_its_tries_and_when_it_is_the_one(tries in 0..8u32, matches in any::<bool>(), now in 0..200i64) {
            let opens = judge(Awaited { expires_at: Time(100), tries }, matches, Time(now)).is_ok();
            prop_assert_eq!(opens, matches && tries < CODE_TRIES_MAX && now < 100);
        }

        #[test]
        fn whatever_is_typed_is_a_code_or_nothing(text in ".{0,40}") {
            if let Some(code) = typed(&text) {
                prop_assert!(code.len() == usize::from(CODE_DIGITS) && code.bytes().all(|digit| digit.is_ascii_digit()));
            }
        }
    }

    #[test]
    fn after_its_tries_even_the_right_code_opens_nothing() {
        let awaited = Awaited { expires_at: Time(100), tries: CODE_TRIES_MAX };
        assert_eq!(judge(awaited, true, Time(0)), Err(Wrong::Spent));
        assert_eq!(typed("1234-5678 "), Some("12345678".to_owned()));
        assert_eq!(typed("123456789"), None);
    }
}
