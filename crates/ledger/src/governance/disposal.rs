//! Disposing of what has outlived its rule.
//!
//! Invariants: the count that somebody confirmed is the count that goes; the first removal under a rule needs two people; what a hold
//! covers stays; nothing is disposed of while an export runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::policy::{PolicyChange, PolicyInForce, expired};
use super::removal::{RANGES_MAX, Removed, empty_tombstone, ranges};
use super::state::State;
use super::{GovernanceError, Responsible, Tombstone};
use crate::engine::Ledger;
use crate::entry::EntryKind;
use crate::keys::master::MasterKey;
use crate::store::SegmentName;

/// What disposal would remove now, by class and rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisposalPlan {
    /// One lot per class and rule.
    pub lots: Vec<Lot>,
    /// Records whose time is over but which a hold keeps.
    pub held: u64,
}

/// Records of one class that go under one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The class.
    pub class: u16,
    /// Seq of the rule's entry.
    pub policy: u64,
    /// Segments that go as a whole.
    pub segments: Vec<u64>,
    /// Single records in segments that stay, as ranges of seq.
    pub records: Vec<(u64, u64)>,
    /// Records altogether.
    pub count: u64,
}

/// While one of these lives, nothing is disposed of.
pub struct ExportGuard(Arc<AtomicUsize>);

impl Drop for ExportGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Exports running in this process.
fn exports() -> &'static Arc<AtomicUsize> {
    static RUNNING: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    RUNNING.get_or_init(Arc::default)
}

impl Ledger {
    /// Announces an export: disposal is refused until the guard is dropped.
    pub fn begin_export(&self) -> ExportGuard {
        let _order = self.governing();
        exports().fetch_add(1, Ordering::AcqRel);
        ExportGuard(exports().clone())
    }

    /// What disposal would remove now.
    pub fn plan_disposal(&self) -> Result<DisposalPlan, GovernanceError> {
        let state = self.governance()?;
        self.plan(&state, &state.policies)
    }

    /// Disposes of everything whose time is over and that no hold keeps. `confirmed` is the count of the plan
    /// that was looked at. The first removal under a rule needs two people.
    pub fn dispose(
        &self,
        confirmed: u64,
        responsible: &Responsible,
        master: &dyn MasterKey,
    ) -> Result<Vec<Removed>, GovernanceError> {
        responsible.check()?;
        let _order = self.governing();
        if exports().load(Ordering::Acquire) > 0 {
            return Err(GovernanceError::ExportRunning);
        }
        self.end_open_segments()?;
        let state = self.governance()?;
        let plan = self.plan(&state, &state.policies)?;
        let found = plan.lots.iter().map(|lot| lot.count).sum();
        if found != confirmed {
            return Err(GovernanceError::CountChanged { confirmed, found });
        }
        let purged = |policy: u64| state.removals.tombstones().iter().any(|(_, t)| t.policy == Some(policy));
        if !responsible.are_two() && plan.lots.iter().any(|lot| !purged(lot.policy)) {
            return Err(GovernanceError::SecondPerson("the first removal under a rule"));
        }
        let mut removed = Vec::new();
        for lot in plan.lots {
            let base = Tombstone {
                policy: Some(lot.policy),
                class: Some(lot.class),
                responsible: responsible.clone(),
                ..empty_tombstone()
            };
            // What goes as a whole and what goes one by one are two acts.
            let single: u64 = lot.records.iter().map(|(first, last)| last - first + 1).sum();
            let whole = Tombstone { segments: lot.segments, count: lot.count - single, ..base.clone() };
            let rest = Tombstone { ranges: lot.records, count: single, ..base };
            for tombstone in [whole, rest].into_iter().filter(|tombstone| tombstone.count > 0) {
                removed.push(self.carry_out(EntryKind::DisposalTombstone, tombstone, master, |_| Ok(()))?);
            }
        }
        Ok(removed)
    }

    pub(super) fn count_removable(&self, change: Option<&PolicyChange>) -> Result<u64, GovernanceError> {
        let state = self.governance()?;
        let mut policies = state.policies.clone();
        policies.extend(change.map(|change| PolicyInForce { seq: self.size(), change: change.clone() }));
        Ok(self.plan(&state, &policies)?.lots.iter().map(|lot| lot.count).sum())
    }

    fn plan(&self, state: &State, policies: &[PolicyInForce]) -> Result<DisposalPlan, GovernanceError> {
        let now = self.environment().clock.now_ms();
        let mut plan = DisposalPlan::default();
        for name in self.store().segments()? {
            if !policies.iter().any(|policy| policy.change.class == name.class) {
                continue;
            }
            let (mut going, mut staying) = (Vec::new(), false);
            self.each_in(name, |entry, subjects| {
                if state.removals.of(entry, subjects).is_some() {
                    return;
                }
                match expired(policies, entry, now) {
                    None => staying = true,
                    Some(_) if state.holds.values().any(|hold| hold.covers(entry, subjects)) => {
                        staying = true;
                        plan.held += 1;
                    }
                    Some(policy) => going.push((policy, entry.seq)),
                }
            })?;
            // A whole segment goes under one rule; otherwise its records go one by one.
            let one_rule = going.windows(2).all(|pair| pair[0].0 == pair[1].0);
            let whole = !staying && one_rule;
            while let Some((policy, _)) = going.first().copied() {
                let (now_going, later): (Vec<_>, Vec<_>) = going.into_iter().partition(|(p, _)| *p == policy);
                going = later;
                plan.add(name, policy, whole, &now_going);
            }
        }
        Ok(plan)
    }
}

impl DisposalPlan {
    fn add(&mut self, name: SegmentName, policy: u64, whole: bool, going: &[(u64, u64)]) {
        let index = self.lots.iter().position(|lot| lot.class == name.class && lot.policy == policy);
        let index = index.unwrap_or_else(|| {
            let lot = Lot { class: name.class, policy, segments: Vec::new(), records: Vec::new(), count: 0 };
            self.lots.push(lot);
            self.lots.len() - 1
        });
        let lot = &mut self.lots[index];
        if whole {
            lot.segments.push(name.segment);
            lot.count += going.len() as u64;
            return;
        }
        for range in ranges(going.iter().map(|(_, seq)| *seq).collect()) {
            if lot.records.len() < RANGES_MAX {
                lot.count += range.1 - range.0 + 1;
                lot.records.push(range);
            }
        }
    }
}
