//! The bounded queue in front of the sealer: many callers in, batches out, callers wait when it is full.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Request;
use super::pending::Answer;
use crate::checkpoint::Checkpoint;

/// Something other than a record, kept in order with records.
pub(super) enum Control {
    /// Settle and sign.
    Checkpoint(Answer<Option<Checkpoint>>),
    /// Settle, sign, say so, and wait until the other side is dropped.
    Pause { quiet: Answer<()>, resumed: Receiver<LastWord> },
}

/// A record that is appended during a pause, which goes on after it.
pub(super) struct LastWord {
    pub(super) request: Box<Request>,
    /// Given when the record is durable and signed.
    pub(super) quiet: Answer<()>,
}

pub(super) enum Item {
    Append(Box<Request>),
    Control(Control),
}

pub(super) struct Queue {
    state: Mutex<State>,
    not_empty: Condvar,
    not_full: Condvar,
    records_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    waiting: usize,
    sleeping: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new(records_max: usize, bytes_max: usize) -> Self {
        let (state, not_empty, not_full) = (Mutex::default(), Condvar::new(), Condvar::new());
        Self { state, not_empty, not_full, records_max, bytes_max }
    }

    /// Adds an item, waiting for room; fails when the queue is closed.
    pub(super) fn push(&self, item: Item) -> Result<(), ()> {
        let mut state = self.lock();
        while !state.closed && self.is_full(&state) {
            state.waiting += 1;
            state = self.not_full.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        self.add(state, item)
    }

    /// Adds records in order, waiting for room before each.
    pub(super) fn push_all(&self, requests: Vec<Request>) -> Result<(), ()> {
        requests.into_iter().try_for_each(|request| self.push(Item::Append(Box::new(request))))
    }

    /// Adds an item if there is room; the error says whether the queue was full (or else closed).
    pub(super) fn try_push(&self, item: Item) -> Result<(), bool> {
        let state = self.lock();
        if !state.closed && self.is_full(&state) {
            return Err(true);
        }
        self.add(state, item).map_err(|()| false)
    }

    /// Takes records up to the limits, or one control; `None` when closed and empty.
    pub(super) fn take(&self, records_max: usize, bytes_max: usize) -> Option<Taken> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state.sleeping = true;
            state = self.not_empty.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.sleeping = false;
        let (mut requests, mut bytes) = (Vec::with_capacity(state.items.len().min(records_max)), 0);
        while requests.len() < records_max && bytes < bytes_max {
            match state.items.pop_front() {
                Some(Item::Append(request)) => {
                    bytes += request.packed.len();
                    requests.push(*request);
                }
                Some(Item::Control(control)) if requests.is_empty() => {
                    return Some(Taken::Control(control));
                }
                Some(control) => {
                    state.items.push_front(control);
                    break;
                }
                None => break,
            }
        }
        state.bytes -= bytes;
        if state.waiting > 0 {
            self.not_full.notify_all();
        }
        Some(Taken::Records(requests))
    }

    /// Refuses new items; those already there are still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.not_empty.notify_all();
        self.not_full.notify_all();
    }

    /// Whether new items are refused.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Closes and drops what nobody will take any more, so that those who wait for it get an error and not silence.
    pub(super) fn abandon(&self) {
        self.close();
        let abandoned = {
            let mut state = self.lock();
            state.bytes = 0;
            std::mem::take(&mut state.items)
        };
        drop(abandoned);
    }

    fn add(&self, mut state: MutexGuard<'_, State>, item: Item) -> Result<(), ()> {
        if state.closed {
            return Err(());
        }
        if let Item::Append(request) = &item {
            state.bytes += request.packed.len();
        }
        state.items.push_back(item);
        if std::mem::take(&mut state.sleeping) {
            self.not_empty.notify_one();
        }
        Ok(())
    }

    fn is_full(&self, state: &State) -> bool {
        state.items.len() >= self.records_max || state.bytes >= self.bytes_max
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the sealer gets.
pub(super) enum Taken {
    Records(Vec<Request>),
    Control(Control),
}
