//! Connections, counted: six a host where each carries one request at a time, one where it carries many. The rules are
//! those by which a page is fetched; nothing is opened.

use super::model::{HostModel, Leaves};
use crate::page::schedule::PER_HOST;

/// Requests at a time on one connection that carries many (RFC 9113 §6.5.2).
const STREAMS: usize = 100;

/// How a request gets its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One that is idle, or that others use, too.
    Kept,
    /// One of its own.
    Open,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Speaks {
    /// Until the first connection is open: each request opens its own, and takes the first that there is.
    #[default]
    Unknown,
    One,
    Many,
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    speaks: Speaks,
    idle: usize,
    /// Those being opened included.
    open: usize,
    is_shared: bool,
    streams: usize,
    /// Connections on the way that whoever waits may take.
    coming: usize,
}

/// Every host of a page.
pub(super) struct Hosts<'m> {
    models: &'m [HostModel],
    states: Vec<Host>,
}

impl<'m> Hosts<'m> {
    pub(super) fn new(models: &'m [HostModel]) -> Self {
        Self { models, states: vec![Host::default(); models.len()] }
    }

    /// Whether a host is known to take many requests at a time.
    pub(super) fn is_told(&self, host: usize) -> bool {
        self.states[host].speaks == Speaks::Many
    }

    /// A way for a request now, if there is one.
    pub(super) fn way(&mut self, host: usize, fresh: bool) -> Option<Way> {
        let (model, state) = (&self.models[host], &mut self.states[host]);
        if state.speaks == Speaks::Unknown && model.is_clear {
            state.speaks = Speaks::One;
        }
        if !fresh && state.is_shared {
            let is_free = state.streams < STREAMS;
            state.streams += usize::from(is_free);
            return is_free.then_some(Way::Kept);
        }
        if !fresh && state.idle > 0 {
            state.idle -= 1;
            return Some(Way::Kept);
        }
        let most = if state.speaks == Speaks::Many { 1 } else { PER_HOST };
        (state.open < most).then(|| {
            state.open += 1;
            Way::Open
        })
    }

    /// A connection is open, and used.
    pub(super) fn opened(&mut self, host: usize) {
        let state = &mut self.states[host];
        if self.models[host].is_shared {
            (state.speaks, state.is_shared, state.streams) = (Speaks::Many, true, 1);
        } else {
            state.speaks = Speaks::One;
        }
    }

    /// Whether a request that has one opened takes whichever is free or open first.
    pub(super) fn binds_late(&self, host: usize) -> bool {
        self.states[host].speaks != Speaks::Many
    }

    /// One is on the way, for whoever waits.
    pub(super) fn coming(&mut self, host: usize) {
        self.states[host].coming += 1;
    }

    /// It is open. Of those that carry many requests the first is kept.
    pub(super) fn came(&mut self, host: usize) {
        let state = &mut self.states[host];
        state.coming -= 1;
        match (self.models[host].is_shared, state.is_shared) {
            (false, _) => (state.speaks, state.idle) = (Speaks::One, state.idle + 1),
            (true, false) => (state.speaks, state.is_shared, state.streams) = (Speaks::Many, true, 0),
            (true, true) => state.open = state.open.saturating_sub(1),
        }
    }

    /// Whether one that is idle, or that others use, too, was there, and is taken.
    pub(super) fn take(&mut self, host: usize) -> bool {
        let state = &mut self.states[host];
        if state.is_shared {
            let is_free = state.streams < STREAMS;
            state.streams += usize::from(is_free);
            return is_free;
        }
        let is_there = state.idle > 0;
        state.idle -= usize::from(is_there);
        is_there
    }

    /// Whether another is opened, where so many wait.
    pub(super) fn opens_for(&mut self, host: usize, waiting: usize) -> bool {
        let state = &mut self.states[host];
        let opens = !state.is_shared && waiting > state.coming && state.idle == 0 && state.open < PER_HOST;
        state.open += usize::from(opens);
        opens
    }

    /// One that the document uses is open.
    pub(super) fn lent(&mut self, host: usize) {
        self.states[host].open += 1;
        self.opened(host);
    }

    /// A request has ended.
    pub(super) fn ended(&mut self, host: usize, leaves: Leaves) {
        let state = &mut self.states[host];
        match (leaves, state.is_shared) {
            (Leaves::Open, true) => state.streams = state.streams.saturating_sub(1),
            (Leaves::Open, false) => state.idle += 1,
            (Leaves::Closed, true) => {
                (state.is_shared, state.streams) = (false, 0);
                state.open = state.open.saturating_sub(1);
            }
            (Leaves::Closed, false) => state.open = state.open.saturating_sub(1),
            (Leaves::Unopened, _) => {
                state.open = state.open.saturating_sub(1);
                if state.speaks == Speaks::Unknown {
                    state.speaks = Speaks::One;
                }
            }
        }
    }
}
