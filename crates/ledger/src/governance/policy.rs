//! Retention rules: how long a class is kept. Lengthening applies to everything; shortening applies to what
//! is captured afterwards, and to what is there already only when two people said so after a dry run.

use serde::{Deserialize, Serialize};

use super::{Act, GovernanceError, Responsible};
use crate::engine::{CLASS_MAX, LEDGER_CLASS, Ledger, Receipt};
use crate::entry::{Entry, EntryKind};
use crate::ids::RecordId;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A new period for a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// Which retention class.
    pub class: u16,
    /// Days to keep, or for ever.
    pub keep_days: Option<u32>,
    /// Whether a shorter period also applies to what is there already.
    pub shortens_existing: bool,
}

/// A change and the entry that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInForce {
    /// Seq of its entry.
    pub seq: u64,
    /// The change.
    pub change: PolicyChange,
}

/// The period and rule that apply to an entry: days (none is for ever) and seq of the rule's entry.
/// Without any rule, everything is kept.
pub fn rule_for(policies: &[PolicyInForce], class: u16, entry_seq: u64) -> (Option<u32>, Option<u64>) {
    let mut current: (Option<u32>, Option<u64>) = (None, None);
    for policy in policies.iter().filter(|policy| policy.change.class == class) {
        let at_capture = policy.seq < entry_seq;
        let longer = is_longer(policy.change.keep_days, current.0);
        if at_capture || longer || policy.change.shortens_existing {
            current = (policy.change.keep_days, Some(policy.seq));
        }
    }
    current
}

/// Whether the time of an entry is over at `now_ms`, and under which rule.
pub fn expired(policies: &[PolicyInForce], entry: &Entry, now_ms: i64) -> Option<u64> {
    let (days, rule) = rule_for(policies, entry.retention_class, entry.seq);
    let end = entry.captured_at_ms.saturating_add(i64::from(days?).saturating_mul(DAY_MS));
    rule.filter(|_| end <= now_ms)
}

fn is_longer(new: Option<u32>, old: Option<u32>) -> bool {
    match (new, old) {
        (None, Some(_)) => true,
        (Some(new), Some(old)) => new > old,
        (_, None) => false,
    }
}

impl Ledger {
    /// Changes a retention rule. `confirmed` is the number of records that the dry run
    /// ([`Ledger::dry_run_policy`]) said would become removable; it has to be right when existing records are
    /// concerned, and two people have to be responsible.
    pub fn change_policy(
        &self,
        change: PolicyChange,
        responsible: Responsible,
        confirmed: u64,
    ) -> Result<Receipt, GovernanceError> {
        responsible.check()?;
        if change.class == LEDGER_CLASS || change.class > CLASS_MAX {
            return Err(GovernanceError::NotFound(format!("retention class {} to set a rule for", change.class)));
        }
        let _order = self.governing();
        if change.shortens_existing {
            if !responsible.are_two() {
                return Err(GovernanceError::SecondPerson("shortening a rule for records that are there"));
            }
            let found = self.count_removable(Some(&change))?;
            if found != confirmed {
                return Err(GovernanceError::CountChanged { confirmed, found });
            }
        }
        self.act(EntryKind::PolicyChange, RecordId::NONE, &Act::PolicyChanged { change, responsible })
    }

    /// How many records would be removable at this moment if the rule were changed like this.
    pub fn dry_run_policy(&self, change: &PolicyChange) -> Result<u64, GovernanceError> {
        self.count_removable(Some(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(seq: u64, keep_days: Option<u32>, shortens_existing: bool) -> PolicyInForce {
        PolicyInForce { seq, change: PolicyChange { class: 1, keep_days, shortens_existing } }
    }

    #[test]
    fn lengthening_applies_to_everything_and_shortening_only_to_later_records() {
        let rules = [policy(10, Some(30), false), policy(20, Some(90), false), policy(30, Some(60), false)];
        assert_eq!(rule_for(&rules, 1, 5), (None, None), "captured before any rule: kept");
        assert_eq!(rule_for(&rules, 1, 15), (Some(90), Some(20)));
        assert_eq!(rule_for(&rules, 1, 25), (Some(90), Some(20)));
        assert_eq!(rule_for(&rules, 1, 35), (Some(60), Some(30)));
        assert_eq!(rule_for(&rules, 2, 35), (None, None), "another class");
    }

    #[test]
    fn shortening_that_two_people_confirmed_applies_to_what_is_there() {
        let rules = [policy(10, Some(90), false), policy(20, Some(30), true)];
        assert_eq!(rule_for(&rules, 1, 5), (Some(30), Some(20)));
        assert_eq!(rule_for(&rules, 1, 15), (Some(30), Some(20)));
        let forever = [rules[0].clone(), rules[1].clone(), policy(30, None, false)];
        assert_eq!(rule_for(&forever, 1, 15), (None, Some(30)));
    }

    #[test]
    fn time_is_over_only_when_the_whole_period_has_passed() {
        let mut entry = crate::entry::tests::sample();
        (entry.retention_class, entry.seq) = (1, 15);
        let rules = [policy(10, Some(2), false)];
        assert_eq!(expired(&rules, &entry, entry.captured_at_ms + 2 * DAY_MS - 1), None);
        assert_eq!(expired(&rules, &entry, entry.captured_at_ms + 2 * DAY_MS), Some(10));
        assert_eq!(expired(&[], &entry, i64::MAX), None);
    }
}
