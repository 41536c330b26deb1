//! The decision: may this caller do this operation here? Pure, and the only place where it is made.

use super::{Callers, Freshness, Level, Need, Operation};
use crate::{
    actor::{Actor, Principal, SecondFactor},
    error::Refusal,
    ids::{GroupId, ProfileId, Time},
};

/// How long a shown factor counts as fresh: long enough for a piece of work, short enough for a screen left open.
pub const STEP_UP_WINDOW_MS: i64 = 10 * 60 * 1_000;

/// What an operation is about to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The workspace as a whole, or the caller's own account.
    Workspace,
    /// A profile, with its group.
    Profile(ProfileId, Option<GroupId>),
}

/// Decides.
///
/// # Errors
/// The first [`Refusal`] that applies, in this order: the kind of caller, the second factor, the right or level, the token's
/// scope, the freshness. A missing right is told before a missing step-up, so that nobody is asked for a code in vain.
pub fn decide(actor: &Actor, operation: Operation, target: Target, now: Time) -> Result<(), Refusal> {
    let need = operation.need();
    match &actor.principal {
        Principal::Nobody if need == Need::Nothing && operation.callers() != Callers::Operator => Ok(()),
        Principal::Nobody => Err(Refusal::SignInNeeded),
        Principal::Guest { .. } if operation.callers() == Callers::Guest => Ok(()),
        // To everything else an outside approver is nobody.
        Principal::Guest { .. } => decide(&Actor::nobody(actor.address), operation, target, now),
        Principal::Desk(_) => Ok(()),
        Principal::Operator => match operation.callers() {
            Callers::Operator | Callers::All => Ok(()),
            Callers::Person | Callers::PersonOrToken | Callers::Guest => Err(Refusal::PersonNeeded(operation)),
        },
        Principal::Token { .. } => {
            not_for_others_only(operation)?;
            operation.token_scope().ok_or(Refusal::PersonNeeded(operation))?;
            has_need(actor, operation, target)?;
            // A token was made by a person who stepped up; its scope and expiry stand in for freshness.
            within_scope(actor, operation)
        }
        Principal::Person { stepped_up_at, second_factor, .. } => {
            not_for_others_only(operation)?;
            if *second_factor == SecondFactor::Missing && !open_without_second_factor(operation) {
                return Err(Refusal::SecondFactorNeeded);
            }
            has_need(actor, operation, target)?;
            let fresh = stepped_up_at.is_some_and(|at| at <= now && now.since_ms(at) < STEP_UP_WINDOW_MS);
            match operation.freshness() {
                Freshness::StepUp if !fresh => Err(Refusal::StepUpNeeded(operation)),
                Freshness::StepUp | Freshness::Session => Ok(()),
            }
        }
    }
}

/// Whether a token's scopes cover an operation; always so for whoever comes without a token. For readings over many profiles, of which
/// none may be there to decide about.
///
/// # Errors
/// [`Refusal::ScopeNeeded`].
pub fn within_scope(actor: &Actor, operation: Operation) -> Result<(), Refusal> {
    let Principal::Token { scopes, .. } = &actor.principal else { return Ok(()) };
    let is_covered = operation.token_scope().is_some_and(|scope| scopes.contains(&scope));
    if is_covered { Ok(()) } else { Err(Refusal::ScopeNeeded(operation)) }
}

fn not_for_others_only(operation: Operation) -> Result<(), Refusal> {
    match operation.callers() {
        Callers::Operator => Err(Refusal::OperatorNeeded(operation)),
        Callers::Guest => Err(Refusal::GuestNeeded(operation)),
        Callers::Person | Callers::PersonOrToken | Callers::All => Ok(()),
    }
}

/// What a person may still do while the workspace waits for their second factor: set it up, look at their account, leave.
fn open_without_second_factor(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SignIn
            | Operation::UseLink
            | Operation::RequestReset
            | Operation::SignOut
            | Operation::StepUp
            | Operation::FactorAdd
            | Operation::AccountRead
    )
}

fn has_need(actor: &Actor, operation: Operation, target: Target) -> Result<(), Refusal> {
    let allowed = match (operation.need(), target) {
        (Need::Nothing | Need::SignedIn, _) => true,
        (Need::Right(right), _) => actor.rights.has(right),
        (Need::AnyRight(any), _) => any.iter().any(|right| actor.rights.has(*right)),
        (Need::Level(levels), Target::Profile(profile, group)) => {
            let level = actor.rights.level(profile, group);
            level != Level::NoAccess && levels.contains(&level)
        }
        // Asked about a profile operation without saying which profile: fail closed.
        (Need::Level(_), Target::Workspace) => false,
    };
    if allowed { Ok(()) } else { Err(Refusal::RightNeeded(operation)) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{STEP_UP_WINDOW_MS, Target, decide};
    use crate::{
        actor::{Actor, Principal, SecondFactor},
        error::Refusal,
        ids::{GrantId, GuestId, GuestSessionId, PersonId, ProfileId, SessionId, Time, TokenId},
        rights::{Callers, EffectiveRights, Freshness, Given, Grant, Level, Need, Operation, Right, Scope, TokenScope},
    };

    const NOW: Time = Time(1_700_000_000_000);

    fn rights_of(given: &[Given]) -> EffectiveRights {
        let grants: Vec<_> = given
            .iter()
            .map(|&given| Grant { id: GrantId(Uuid::nil()), given, scope: Scope::Workspace, via: vec![], expires_at: None })
            .collect();
        EffectiveRights::from_grants(&grants, NOW)
    }

    fn all_rights() -> EffectiveRights {
        let mut given: Vec<_> = Right::ALL.iter().map(|&right| Given::Right(right)).collect();
        given.push(Given::Level(Level::FullPublishing));
        rights_of(&given)
    }

    fn person(rights: EffectiveRights, stepped_up_at: Option<Time>, second_factor: SecondFactor) -> Actor {
        let principal = Principal::Person {
            person: PersonId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
            stepped_up_at,
            second_factor,
        };
        Actor { principal, address: None, rights }
    }

    fn target() -> Target {
        Target::Profile(ProfileId(Uuid::from_u128(3)), None)
    }

    #[test]
    fn nobody_may_do_nothing_but_come_in() {
        for &operation in Operation::ALL {
            let allowed = decide(&Actor::nobody(None), operation, target(), NOW).is_ok();
            assert_eq!(allowed, operation.area() == "door", "{}", operation.id());
        }
    }

    #[test]
    fn a_person_without_rights_reaches_only_their_own_account() {
        let actor = person(EffectiveRights::default(), Some(NOW), SecondFactor::NotAsked);
        for &operation in Operation::ALL {
            let for_others = matches!(operation.callers(), Callers::Operator | Callers::Guest);
            let own = matches!(operation.need(), Need::SignedIn | Need::Nothing) && !for_others;
            assert_eq!(decide(&actor, operation, target(), NOW).is_ok(), own, "{}", operation.id());
        }
    }

    #[test]
    fn every_right_opens_its_own_operations_and_no_other() {
        for &right in Right::ALL {
            let actor = person(rights_of(&[Given::Right(right)]), Some(NOW), SecondFactor::Shown);
            for &operation in Operation::ALL {
                if operation.need().is_right() {
                    let answer = decide(&actor, operation, Target::Workspace, NOW);
                    assert_eq!(answer.is_ok(), operation.need().is_opened_by(right), "{} with {}", operation.id(), right.id());
                }
            }
        }
    }

    #[test]
    fn a_missing_second_factor_leaves_only_its_set_up_open() {
        let actor = person(all_rights(), Some(NOW), SecondFactor::Missing);
        let open: Vec<_> = Operation::ALL
            .iter()
            .filter(|&&operation| decide(&actor, operation, target(), NOW).is_ok())
            .map(|operation| operation.id())
            .collect();
        insta::assert_snapshot!(open.join(" "), @"door.sign_in door.use_link door.request_reset account.sign_out account.step_up account.read account.factor_add");
    }

    #[test]
    fn step_up_runs_out_and_does_not_reach_from_the_future() {
        for &operation in Operation::ALL.iter().filter(|operation| operation.freshness() == Freshness::StepUp) {
            let at = |stepped_up_at| {
                decide(&person(all_rights(), stepped_up_at, SecondFactor::Shown), operation, Target::Workspace, NOW)
            };
            assert_eq!(at(None), Err(Refusal::StepUpNeeded(operation)));
            assert_eq!(at(Some(NOW.plus_ms(-STEP_UP_WINDOW_MS))), Err(Refusal::StepUpNeeded(operation)));
            assert_eq!(at(Some(NOW.plus_ms(1))), Err(Refusal::StepUpNeeded(operation)));
            assert_eq!(at(Some(NOW.plus_ms(1 - STEP_UP_WINDOW_MS))), Ok(()));
        }
    }

    #[test]
    fn a_token_needs_both_the_right_of_its_person_and_its_own_scope() {
        let token = |rights, scopes| Actor {
            principal: Principal::Token {
                person: PersonId(Uuid::from_u128(1)),
                token: TokenId(Uuid::from_u128(2)),
                scopes,
                agent: false,
            },
            address: None,
            rights,
        };
        let read = TokenScope::parse("people:read").expect("a scope");
        assert_eq!(decide(&token(all_rights(), vec![read]), Operation::PeopleRead, Target::Workspace, NOW), Ok(()));
        assert_eq!(
            decide(&token(all_rights(), vec![read]), Operation::PersonSuspend, Target::Workspace, NOW),
            Err(Refusal::ScopeNeeded(Operation::PersonSuspend))
        );
        assert_eq!(
            decide(&token(EffectiveRights::default(), vec![read]), Operation::PeopleRead, Target::Workspace, NOW),
            Err(Refusal::RightNeeded(Operation::PeopleRead))
        );
        assert_eq!(
            decide(&token(all_rights(), TokenScope::all()), Operation::PasswordChange, Target::Workspace, NOW),
            Err(Refusal::PersonNeeded(Operation::PasswordChange))
        );
    }

    #[test]
    fn operator_operations_are_closed_to_every_person_and_token() {
        for &operation in Operation::ALL.iter().filter(|operation| operation.callers() == Callers::Operator) {
            let owner = person(all_rights(), Some(NOW), SecondFactor::Shown);
            assert_eq!(decide(&owner, operation, Target::Workspace, NOW), Err(Refusal::OperatorNeeded(operation)));
            assert_eq!(decide(&Actor::operator(), operation, Target::Workspace, NOW), Ok(()));
        }
    }

    #[test]
    fn an_outside_approver_reaches_their_own_operations_and_the_door_and_nothing_else() {
        let principal = Principal::Guest { guest: GuestId(Uuid::from_u128(1)), session: GuestSessionId(Uuid::from_u128(2)) };
        // Not even with every right there is.
        let guest = Actor { principal, address: None, rights: all_rights() };
        for &operation in Operation::ALL {
            let theirs = operation.callers() == Callers::Guest || operation.area() == "door";
            assert_eq!(decide(&guest, operation, target(), NOW).is_ok(), theirs, "{}", operation.id());
            if operation.callers() == Callers::Guest {
                let owner = person(all_rights(), Some(NOW), SecondFactor::Shown);
                assert_eq!(decide(&owner, operation, Target::Workspace, NOW), Err(Refusal::GuestNeeded(operation)));
            }
        }
    }

    #[test]
    fn a_level_operation_without_a_profile_is_refused() {
        let actor = person(all_rights(), Some(NOW), SecondFactor::Shown);
        assert!(decide(&actor, Operation::ProfileRead, Target::Workspace, NOW).is_err());
    }
}
