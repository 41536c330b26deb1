//! The answer that is not there yet: can be waited for by a thread or awaited by a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::AppendError;

/// An answer to come. Dropping it changes nothing about what was asked for.
#[must_use = "an append is durable only when its answer says so"]
pub struct Pending<T>(Arc<Shared<T>>);

/// The other side: gives the answer. When it is dropped without one, the answer is "stopped".
pub(super) struct Answer<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

enum State<T> {
    Waiting(Option<Waker>),
    Ready(Result<T, AppendError>),
    Taken,
}

/// Both sides of an answer.
pub(super) fn pending<T>() -> (Answer<T>, Pending<T>) {
    let shared = Arc::new(Shared { state: Mutex::new(State::Waiting(None)), ready: Condvar::new() });
    (Answer(shared.clone()), Pending(shared))
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Pending<T> {
    /// Waits for the answer.
    pub fn wait(self) -> Result<T, AppendError> {
        let mut state = self.0.lock();
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Ready(answer) => return answer,
                waiting => *state = waiting,
            }
            state = self.0.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let State::Ready(answer) = std::mem::replace(&mut *state, State::Taken) {
            return Poll::Ready(answer);
        }
        *state = State::Waiting(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl<T> Answer<T> {
    pub(super) fn give(self, answer: Result<T, AppendError>) {
        self.set(answer);
    }

    fn set(&self, answer: Result<T, AppendError>) {
        let mut state = self.0.lock();
        if let State::Waiting(waker) = &mut *state {
            let waker = waker.take();
            *state = State::Ready(answer);
            drop(state);
            match waker {
                Some(waker) => waker.wake(),
                None => self.0.ready.notify_one(),
            }
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.set(Err(AppendError::Stopped("the ledger was closed".to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reaches_a_thread_and_a_task() {
        let (answer, pending) = pending();
        let thread = std::thread::spawn(move || pending.wait());
        answer.give(Ok(1));
        assert_eq!(thread.join().expect("no panic"), Ok(1));

        let (answer, mut pending) = super::pending();
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut pending).poll(&mut context).is_pending());
        answer.give(Ok(2));
        assert_eq!(Pin::new(&mut pending).poll(&mut context), Poll::Ready(Ok(2)));
    }

    #[test]
    fn a_dropped_answer_is_an_error_and_not_a_hang() {
        let (answer, pending) = pending::<u8>();
        drop(answer);
        assert!(matches!(pending.wait(), Err(AppendError::Stopped(_))));
    }
}
