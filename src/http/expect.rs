//! `Expect: 100-continue` (RFC 9110 §10.1.1): the body waits behind its head until the server says 100, until a
//! final response makes it pointless, or for as long as was said.
//!
//! The field itself is `request`'s; what comes behind a 417 is the caller's.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Sleep;

use crate::clock::Clock;
use crate::trace::{At, Expect, ExpectOutcome};

/// Whether the body may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Go,
    /// The request has its answer.
    Withhold,
}

/// Where a body waits. One without an expectation does not.
#[derive(Debug)]
pub(super) struct Gate {
    limit: Option<Duration>,
    state: RefCell<State>,
}

#[derive(Debug)]
enum State {
    /// The head is not sent yet.
    Before,
    Waiting {
        asked: At,
        timer: Pin<Box<Sleep>>,
        waker: Option<Waker>,
    },
    Over(Expect),
}

impl Gate {
    /// `limit` is how long is waited; `None` for a request that expects nothing.
    pub(super) const fn new(limit: Option<Duration>) -> Self {
        Self { limit, state: RefCell::new(State::Before) }
    }

    /// Whether the body is to wait: then its head goes first, and alone.
    pub(super) fn is_shut(&self) -> bool {
        self.limit.is_some() && matches!(*self.state.borrow(), State::Before)
    }

    /// Waits until it is known whether the body goes; `handed` is when the head was handed to the kernel.
    pub(super) fn poll_pass(
        &self,
        cx: &mut Context<'_>,
        handed: impl FnOnce() -> At,
        clock: &Clock,
    ) -> Poll<Pass> {
        let Some(limit) = self.limit else { return Poll::Ready(Pass::Go) };
        let mut state = self.state.borrow_mut();
        if matches!(*state, State::Before) {
            let timer = Box::pin(tokio::time::sleep(limit)); // as long as a body waits for its 100 (RFC 9110 section 10.1.1)
            *state = State::Waiting { asked: handed(), timer, waker: None };
        }
        match &mut *state {
            State::Before => Poll::Pending,
            State::Over(Expect { outcome: ExpectOutcome::Final, .. }) => Poll::Ready(Pass::Withhold),
            State::Over(_) => Poll::Ready(Pass::Go),
            State::Waiting { asked, timer, waker } => {
                if timer.as_mut().poll(cx).is_pending() {
                    *waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                let (asked, end) = (*asked, clock.now());
                *state = State::Over(Expect { asked, end, limit, outcome: ExpectOutcome::TimedOut });
                Poll::Ready(Pass::Go)
            }
        }
    }

    /// The same as a future.
    pub(super) async fn pass(&self, handed: impl Fn() -> At, clock: &Clock) -> Pass {
        poll_fn(|cx| self.poll_pass(cx, &handed, clock)).await
    }

    /// A response came: a 100, or a final one. Others tell nothing.
    pub(super) fn heard(&self, status: u16, at: At) {
        let outcome = match status {
            100 => ExpectOutcome::Continue,
            101 | 200.. => ExpectOutcome::Final,
            _ => return,
        };
        self.end(outcome, at);
    }

    /// What came of it, when the exchange has ended at `end`; `None` where nothing was expected, or the head
    /// never left.
    pub(super) fn told(&self, end: At) -> Option<Expect> {
        self.end(ExpectOutcome::Unanswered, end);
        match &*self.state.borrow() {
            State::Over(expect) => Some(*expect),
            State::Before | State::Waiting { .. } => None,
        }
    }

    fn end(&self, outcome: ExpectOutcome, end: At) {
        let Some(limit) = self.limit else { return };
        let mut state = self.state.borrow_mut();
        if let State::Waiting { asked, waker, .. } = &mut *state {
            let (asked, waker) = (*asked, waker.take());
            *state = State::Over(Expect { asked, end: end.max(asked), limit, outcome });
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(gate: &Gate, clock: &Clock) -> Poll<Pass> {
        gate.poll_pass(&mut Context::from_waker(Waker::noop()), || At(5), clock)
    }

    #[tokio::test]
    async fn a_body_waits_for_its_word() {
        let clock = Clock::start();
        let open = Gate::new(None);
        assert_eq!(poll(&open, &clock), Poll::Ready(Pass::Go));
        assert_eq!(open.told(At(9)), None);
        for (status, pass, outcome) in [
            (100, Poll::Ready(Pass::Go), ExpectOutcome::Continue),
            (102, Poll::Pending, ExpectOutcome::Unanswered),
            (103, Poll::Pending, ExpectOutcome::Unanswered),
            (200, Poll::Ready(Pass::Withhold), ExpectOutcome::Final),
            (417, Poll::Ready(Pass::Withhold), ExpectOutcome::Final),
        ] {
            let limit = Duration::from_secs(3600);
            let gate = Gate::new(Some(limit));
            assert_eq!(poll(&gate, &clock), Poll::Pending);
            gate.heard(status, At(7));
            assert_eq!(poll(&gate, &clock), pass, "{status}");
            let end = if outcome == ExpectOutcome::Unanswered { At(9) } else { At(7) };
            assert_eq!(gate.told(At(9)), Some(Expect { asked: At(5), end, limit, outcome }), "{status}");
        }
    }

    #[tokio::test]
    async fn it_does_not_wait_for_ever() {
        let clock = Clock::start();
        let gate = Gate::new(Some(Duration::from_millis(1)));
        assert_eq!(gate.pass(|| At(0), &clock).await, Pass::Go);
        gate.heard(100, At(1));
        let told = gate.told(At(1)).unwrap();
        assert_eq!(told.outcome, ExpectOutcome::TimedOut, "what comes late changes nothing");
        assert!(told.end >= At(1_000));
    }
}
