//! What a post on its way says of itself: the attempt that is open, when somebody has to look at it next; and how it is held and ended.

use super::{CALL_MAX_MS, LOOK_AFTER_MS, PREPARE_MS};
use crate::{
    ids::Time,
    publishing::model::{Attempt, HeldFor, Outcome, Target, TargetState},
};

impl Target {
    /// A draft for a profile.
    pub fn draft(slot: Option<Time>, parts: u32, uploads_left: u32) -> Self {
        Self {
            state: TargetState::Draft,
            held_for: None,
            reason: None,
            slot,
            cleared: None,
            next_try: None,
            cancel_wanted: false,
            confirmed_at: None,
            looks: 0,
            uploads_left,
            parts,
            parts_there: 0,
            attempts: Vec::new(),
            native_id: None,
        }
    }

    /// The attempt whose outcome is not known; nothing when all are.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| matches!(attempt.ended, None | Some((_, Outcome::Unknown { .. }))))
    }

    /// When a worker has to look at it next.
    pub fn due(&self) -> Option<Time> {
        match self.state {
            TargetState::Scheduled => {
                let at = self.next_try.or(self.slot)?;
                Some(if self.uploads_left > 0 && self.next_try.is_none() { at.plus_ms(-PREPARE_MS) } else { at })
            }
            TargetState::Sending => self.open_attempt().map(|attempt| match &attempt.ended {
                Some((at, _)) => at.plus_ms(LOOK_AFTER_MS),
                // A slow call of a process that lives must never be repeated.
                None => attempt.called_at.plus_ms(CALL_MAX_MS + LOOK_AFTER_MS),
            }),
            TargetState::Pending => self.slot,
            _ => None,
        }
    }

    pub(super) fn hold(&mut self, why: HeldFor, reason: impl Into<String>) {
        (self.state, self.held_for, self.reason) = (TargetState::Held, Some(why), Some(reason.into()));
        self.next_try = None;
    }

    pub(super) fn end(&mut self, state: TargetState, reason: Option<String>) {
        let reason = match (self.parts_there, state) {
            (there, TargetState::Failed | TargetState::Cancelled) if there > 0 => {
                let said = reason.unwrap_or_default();
                Some(format!("{said}; {there} of {} posts of the thread are on the network", self.parts))
            }
            _ => reason,
        };
        (self.state, self.held_for, self.reason, self.next_try) = (state, None, reason, None);
    }

    /// Whether its content may still change: nothing of it is out, on its way out, or ended by a decision.
    pub fn is_open(&self) -> bool {
        use TargetState as S;
        let before_sending = matches!(self.state, S::Draft | S::Pending | S::Scheduled | S::Held | S::Expired);
        before_sending && !self.may_be_there()
    }

    /// Whether anything of it is or may be on the network.
    pub fn may_be_there(&self) -> bool {
        self.parts_there > 0 || self.open_attempt().is_some()
    }
}
