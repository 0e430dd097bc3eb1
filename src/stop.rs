//! What may end a trace early: `--max-time`, an interrupt, the limit of one of its parts, and each
//! stage's own limit.
//!
//! A stage runs every wait through [`Stop::within`], so that whatever ends it, the stage still
//! returns its record with what it saw. Nothing here decides what a limit should be.
//!
//! Work that always has something to do must not keep an end from being seen: the runtime lets a task do
//! so much before all that it waits for reads as not ready, timers included. So the ends are looked at
//! outside that allowance, and by the clock. Long work of a stage's own lets go with
//! `tokio::task::yield_now`; what is read from a socket does so by itself ([`crate::stream`]).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::unconstrained;

use crate::clock::Clock;
use crate::trace::At;

/// Why a wait ended without its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The stage's own limit passed.
    Limit,
    /// The limit of a part of the trace passed: what [`Stop::child`] was given.
    Part(Duration),
    /// `--max-time` passed.
    MaxTime,
    /// The user interrupted the trace (Ctrl-C).
    Interrupted,
}

/// The ends that hold for a whole trace, or for a part of it.
#[derive(Clone, Debug)]
pub struct Stop {
    clock: Clock,
    max_time: Duration,
    /// The nearest end of the parts that this one lies in, and the limit that was set.
    part: Option<(At, Duration)>,
    interrupted: watch::Receiver<bool>,
}

impl Stop {
    /// A stop at `max_time` after t0, or when `interrupted` turns true.
    #[must_use]
    pub fn new(clock: Clock, max_time: Duration, interrupted: watch::Receiver<bool>) -> Self {
        Self { clock, max_time, part: None, interrupted }
    }

    /// A stop that only `max_time` can cause; for tests and library users without a signal handler.
    #[must_use]
    pub fn after(clock: Clock, max_time: Duration) -> Self {
        let (_, interrupted) = watch::channel(false);
        Self::new(clock, max_time, interrupted)
    }

    /// The stop of a part of the trace that begins now and has a limit of its own. What ends the whole
    /// ends the part; its limit ends nothing else.
    #[must_use]
    pub fn child(&self, limit: Duration) -> Self {
        let own = (self.clock.now().after(limit), limit);
        let part = Some(self.part.map_or(own, |above| above.min(own)));
        Self { part, ..self.clone() }
    }

    /// The same with another interrupt in place of the user's: what ends one of several that run side by side.
    #[must_use]
    pub fn ended_by(&self, interrupted: watch::Receiver<bool>) -> Self {
        Self { interrupted, ..self.clone() }
    }

    /// The limit of the whole trace, as configured.
    #[must_use]
    pub fn max_time(&self) -> Duration {
        self.max_time
    }

    /// How much time the part of the trace has that this is for.
    #[must_use]
    pub fn left(&self) -> Duration {
        let whole = At(u64::try_from(self.max_time.as_micros()).unwrap_or(u64::MAX / 2));
        self.part.map_or(whole, |(end, _)| end.min(whole)).since(self.clock.now())
    }

    /// Runs `work` until it is done, `limit` (an offset from t0) passes, or the trace is stopped.
    ///
    /// # Errors
    /// Says which end came first; `work` is dropped then.
    pub async fn within<F: Future>(&self, limit: Option<At>, work: F) -> Result<F::Output, Stopped> {
        let whole = At(u64::try_from(self.max_time.as_micros()).unwrap_or(u64::MAX / 2));
        let part = self.part.map(|(end, limit)| (end, Stopped::Part(limit)));
        let own = limit.map(|end| (end, Stopped::Limit));
        // Of two at the same time the wider one is told.
        let nearer = |one: (At, Stopped), other: (At, Stopped)| if other.0 < one.0 { other } else { one };
        let (at, why) = [part, own].into_iter().flatten().fold((whole, Stopped::MaxTime), nearer);
        let mut interrupted = self.interrupted.clone();
        let mut timer = pin!(unconstrained(tokio::time::sleep_until(self.clock.instant(at).into()))); // the limit itself
        let flag = self.interrupted.clone();
        let mut interrupt = pin!(unconstrained(async move {
            // The sender may be gone (no signal handler): then only the timer can stop the work.
            if interrupted.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        let mut work = pin!(work);
        poll_fn(|cx| {
            // Done work counts as done, even when its limit passes in the same instant.
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            if timer.as_mut().poll(cx).is_ready() || self.clock.now() >= at {
                return Poll::Ready(Err(why));
            }
            if interrupt.as_mut().poll(cx).is_ready() || *flag.borrow() {
                return Poll::Ready(Err(Stopped::Interrupted));
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_nearest_end_wins_and_is_named() {
        let clock = Clock::start();
        let never = || std::future::pending::<()>();
        let stop = Stop::after(clock, Duration::from_millis(20));
        assert_eq!(stop.within(None, async { 7 }).await, Ok(7));
        assert_eq!(stop.within(Some(At(1_000)), never()).await, Err(Stopped::Limit));
        assert_eq!(stop.within(None, never()).await, Err(Stopped::MaxTime));
        let (send, receive) = watch::channel(false);
        let stop = Stop::new(clock, Duration::from_secs(60), receive);
        send.send(true).unwrap();
        assert_eq!(stop.within(None, never()).await, Err(Stopped::Interrupted));
    }

    /// Work that is never out of work: it reads what is always there until the runtime's allowance is spent.
    async fn busy() {
        let (mut near, mut far) = tokio::io::duplex(1 << 16);
        loop {
            tokio::io::AsyncWriteExt::write_all(&mut far, &[0; 64]).await.unwrap();
            tokio::io::AsyncReadExt::read_exact(&mut near, &mut [0; 64]).await.unwrap();
        }
    }

    #[tokio::test]
    async fn work_that_is_never_done_waiting_ends_as_well() {
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_millis(30));
        assert_eq!(stop.within(None, busy()).await, Err(Stopped::MaxTime));
        let late = clock.now().since(At(30_000));
        assert!(late < Duration::from_millis(100), "{late:?} late");

        let (send, receive) = watch::channel(false);
        let stop = Stop::new(clock, Duration::from_secs(60), receive);
        let interrupt = async {
            tokio::task::yield_now().await;
            send.send(true).unwrap();
        };
        let (ended, ()) = tokio::join!(stop.within(None, busy()), interrupt);
        assert_eq!(ended, Err(Stopped::Interrupted));
    }

    #[tokio::test]
    async fn a_part_ends_by_its_own_limit_or_with_the_whole() {
        let clock = Clock::start();
        let never = || std::future::pending::<()>();
        let (send, receive) = watch::channel(false);
        let whole = Stop::new(clock, Duration::from_secs(60), receive);
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(30));
        let part = whole.child(short);
        assert_eq!(part.within(None, never()).await, Err(Stopped::Part(short)));
        assert_eq!(part.within(Some(At(1_000)), never()).await, Err(Stopped::Limit), "a stage's own");
        assert_eq!(part.child(long).within(None, never()).await, Err(Stopped::Part(short)), "of two");
        let soon = Some(clock.now().after(short));
        assert_eq!(whole.within(soon, never()).await, Err(Stopped::Limit), "the whole goes on");
        assert_eq!(whole.child(long).child(short).within(None, never()).await, Err(Stopped::Part(short)));

        let brief = Stop::after(clock, clock.now().after(short).since(At(0)));
        assert_eq!(brief.child(long).within(None, never()).await, Err(Stopped::MaxTime));
        let part = whole.child(long);
        send.send(true).unwrap();
        assert_eq!(part.within(None, never()).await, Err(Stopped::Interrupted));
    }
}
