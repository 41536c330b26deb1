//! Senders without one of their rules, each played from outside: by a network that deceives, or by a world that undoes what the desk did. No
//! branch of the product is for this. Each has to be noticed, and by what it breaks.

use testkit::fickle::Deceit;

use super::simulate;

/// Steps within which a world shows what is broken in it, and worlds that are tried: a rule may happen not to matter in one.
const STEPS: u64 = 250;
const WORLDS: u64 = 5;

/// Which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// Tries again without asking whether it is there: the network always says that it is not.
    NeverLooksUp,
    /// Asks too early: what a call did shows long after the wait for it.
    LooksUpAtOnce,
    /// Takes a lost answer for a refusal: the network says that a call without an answer had no effect.
    TrustsSilence,
    /// Sends something else than what was approved: the network has another text.
    SendsOtherContent,
    /// Sends what nobody approved: those who are asked say that they did not.
    SendsUnapproved,
    /// Says that something is published that is not: the network says so and forgets it.
    LosesSilently,
    /// Calls before its intent is durable: a dead sender leaves no attempt, and another one claims the same.
    ForgetsIntents,
    /// Does not heed the stop switch: the desk hears in the same moment that the pause is over.
    ForgetsPauses,
    /// Leaves what is due: there is no sender at the end.
    NeverComesBack,
}

impl Mutation {
    const ALL: [Self; 9] = [
        Self::NeverLooksUp,
        Self::LooksUpAtOnce,
        Self::TrustsSilence,
        Self::SendsOtherContent,
        Self::SendsUnapproved,
        Self::LosesSilently,
        Self::ForgetsIntents,
        Self::ForgetsPauses,
        Self::NeverComesBack,
    ];

    /// What the network has to do for it.
    pub(super) fn deceit(self) -> Option<Deceit> {
        match self {
            Self::NeverLooksUp => Some(Deceit::FindsNothing),
            Self::LooksUpAtOnce => Some(Deceit::ShowsLate),
            Self::TrustsSilence => Some(Deceit::DeniesEffects),
            Self::SendsOtherContent => Some(Deceit::Twists),
            Self::LosesSilently => Some(Deceit::Pretends),
            Self::SendsUnapproved | Self::ForgetsIntents | Self::ForgetsPauses | Self::NeverComesBack => None,
        }
    }

    /// What is said of it when it is noticed: one of these.
    fn noticed_by(self) -> &'static [&'static str] {
        match self {
            Self::NeverLooksUp | Self::LooksUpAtOnce | Self::TrustsSilence | Self::ForgetsIntents => {
                &["is there twice", "parts are there, and we say"]
            }
            Self::SendsOtherContent | Self::LosesSilently => &["parts are there, and we say"],
            Self::SendsUnapproved => &["no version that was cleared"],
            Self::ForgetsPauses => &["after a hard pause"],
            Self::NeverComesBack => &["past their time and neither out nor held"],
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_without_one_of_its_rules_is_noticed() {
    for mutation in Mutation::ALL {
        let mut said = None;
        for seed in 1..=WORLDS {
            if let Err(broken) = simulate(seed, STEPS, Some(mutation)).await {
                said = Some(broken);
                break;
            }
        }
        let said = said.unwrap_or_else(|| panic!("{mutation:?} is not noticed in {WORLDS} worlds"));
        let by = mutation.noticed_by();
        assert!(by.iter().any(|what| said.contains(what)), "{mutation:?} is noticed by something else: {said}");
    }
}
