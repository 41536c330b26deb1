//! When to commit: soon enough that a message is found two seconds after its capture, not so often that an import does nothing else.

/// A change is committed this long after it was taken in, when nothing is waiting behind it. With the second that the indexer may
/// sleep before it looks, and the commit itself, a message is found within two seconds.
pub const FRESH_MS_MAX: u64 = 500;
/// While more changes are waiting than fit a batch, what was taken in is committed this often: each commit makes a segment
/// that must be merged again, and what is still waiting is not findable anyway.
pub const CATCHING_UP_MS_MAX: u64 = 5_000;

/// What stands behind the changes that were taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing: the index has seen all there is.
    Nothing,
    /// More changes: an import, or a long stop, is being caught up with.
    More,
}

/// Decides when to commit; it is told the time, it has no clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommitPolicy {
    first_taken_ms: Option<u64>,
}

impl CommitPolicy {
    /// Changes were taken in at this moment (any clock that only goes forward, in milliseconds).
    pub fn taken(&mut self, now_ms: u64) {
        self.first_taken_ms.get_or_insert(now_ms);
    }

    /// Everything taken in was committed.
    pub fn committed(&mut self) {
        self.first_taken_ms = None;
    }

    /// How long the caller may wait until it must commit; 0 for now, nothing when there is nothing to commit.
    pub fn due_in_ms(&self, now_ms: u64, waiting: Waiting) -> Option<u64> {
        let age = now_ms.saturating_sub(self.first_taken_ms?);
        let limit = match waiting {
            Waiting::Nothing => FRESH_MS_MAX,
            Waiting::More => CATCHING_UP_MS_MAX,
        };
        Some(limit.saturating_sub(age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_change_decides() {
        let mut policy = CommitPolicy::default();
        assert_eq!(policy.due_in_ms(10_000, Waiting::Nothing), None);
        policy.taken(10_000);
        policy.taken(10_400);
        assert_eq!(policy.due_in_ms(10_400, Waiting::Nothing), Some(FRESH_MS_MAX - 400));
        assert_eq!(policy.due_in_ms(20_000, Waiting::Nothing), Some(0));
        policy.committed();
        assert_eq!(policy.due_in_ms(20_000, Waiting::Nothing), None);
    }

    #[test]
    fn catching_up_commits_less_often_and_ends_at_once() {
        let mut policy = CommitPolicy::default();
        policy.taken(0);
        assert_eq!(policy.due_in_ms(1_000, Waiting::More), Some(CATCHING_UP_MS_MAX - 1_000));
        assert_eq!(policy.due_in_ms(1_000, Waiting::Nothing), Some(0));
        assert_eq!(policy.due_in_ms(CATCHING_UP_MS_MAX, Waiting::More), Some(0));
    }
}
