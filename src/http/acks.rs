//! When the peer has acknowledged the last byte of a request: the kernel is asked now and then, while an answer is
//! waited for anyway. Sends nothing, and holds nothing up.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::Sleep;

use crate::clock::Clock;
use crate::timestamp::Stamped;
use crate::trace::At;

/// The first pause between two looks; a later one is a part of what has passed, so that a long wait costs nothing.
const FIRST: Duration = Duration::from_millis(1);
const PART: u32 = 16;
const LONGEST: Duration = Duration::from_millis(100);

/// The looks of one connection.
#[derive(Debug, Default)]
pub(super) struct Acks {
    begun: Option<At>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Acks {
    /// Looks, if it is time for that, and has the caller woken for the next look. Gives the moment at which all was
    /// seen to be acknowledged, which may be later than it was by as much as a pause.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, stream: &impl Stamped, clock: &Clock) -> Option<At> {
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_pending()
        {
            return None;
        }
        self.timer = None;
        let is_acknowledged = stream.is_acknowledged()?;
        let now = clock.now();
        if is_acknowledged {
            return Some(now);
        }
        let passed = now.since(*self.begun.get_or_insert(now));
        let mut timer = Box::pin(tokio::time::sleep((passed / PART).clamp(FIRST, LONGEST))); // until the kernel is asked again
        // Ready at once it is not: the next poll looks again.
        let _ = timer.as_mut().poll(cx);
        self.timer = Some(timer);
        None
    }
}
