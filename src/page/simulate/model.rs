//! The requests of a page as they are simulated: who finds what, and how long each part of it takes.

use crate::trace::{Blocking, InitiatorKind, PageProfile, Priority, RequestId, ResourceKind};

/// A page's requests. Times are microseconds.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The requests' own ids, in the order of the nodes.
    pub(super) ids: Vec<RequestId>,
    /// The document's chain first, and then what it asks for, in order of discovery.
    pub(super) nodes: Vec<Node>,
    pub(super) hosts: Vec<HostModel>,
    /// How many of the nodes are the document's chain.
    pub(super) chain: usize,
    /// When the head is read; `None` where it never was.
    pub(super) head: Option<Moment>,
    /// When the document is first seen to ask for something: what its head says is known from then on.
    pub(super) first_found: Moment,
    pub(super) profile: PageProfile,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Whose response names it; `None` for the typed URL.
    pub(super) asker: Option<usize>,
    /// When, in that.
    pub(super) found: Moment,
    pub(super) by: InitiatorKind,
    pub(super) kind: ResourceKind,
    pub(super) priority: Priority,
    pub(super) blocking: Blocking,
    /// It waits until all that the page needs is there.
    pub(super) is_later: bool,
    pub(super) host: usize,
    /// What opening its connection took, where it opened one.
    pub(super) opening: Option<u64>,
    /// This machine's own work for it.
    pub(super) own: u64,
    pub(super) send: u64,
    pub(super) wait: u64,
    pub(super) receive: u64,
    pub(super) leaves: Leaves,
    /// It is not asked for.
    pub(super) is_gone: bool,
}

/// What a request leaves of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// It can be used again.
    Open,
    /// It has ended.
    Closed,
    /// There was none.
    Unopened,
}

/// A moment in a request's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) anchor: Anchor,
    /// Microseconds behind that.
    pub(super) lag: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It is known of.
    Found,
    /// Its exchange begins.
    Begun,
    /// Its first byte is there.
    FirstByte,
    /// It has ended.
    End,
}

/// When what happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) found: u64,
    /// Its turn has come.
    pub(super) turn: u64,
    /// Its connection is open.
    pub(super) begun: u64,
    pub(super) first_byte: u64,
    pub(super) end: u64,
}

/// Where requests go to, with or without credentials.
#[derive(Clone, Debug)]
pub(super) struct HostModel {
    /// By which a mend names it.
    pub(super) origin: String,
    pub(super) is_clear: bool,
    /// Many requests go over one connection.
    pub(super) is_shared: bool,
    /// What opening a connection takes, where a request's own time is not known.
    pub(super) opening: u64,
    /// A connection is opened as soon as the document's head names it.
    pub(super) is_connected_ahead: bool,
}

impl Times {
    /// A request's times, from its turn on.
    pub(super) const fn of(node: &Node, found: u64, turn: u64, opening: u64) -> Self {
        let begun = turn + opening + node.own;
        let first_byte = begun + node.send + node.wait;
        Self { found, turn, begun, first_byte, end: first_byte + node.receive }
    }

    /// A moment in them.
    pub(super) const fn at(&self, moment: Moment) -> u64 {
        let anchor = match moment.anchor {
            Anchor::Found => self.found,
            Anchor::Begun => self.begun,
            Anchor::FirstByte => self.first_byte,
            Anchor::End => self.end,
        };
        anchor + moment.lag
    }

    /// Which moment of them a time is.
    pub(super) const fn moment(&self, at: u64) -> Moment {
        let (anchor, from) = if at >= self.end {
            (Anchor::End, self.end)
        } else if at >= self.first_byte {
            (Anchor::FirstByte, self.first_byte)
        } else if at >= self.begun {
            (Anchor::Begun, self.begun)
        } else {
            (Anchor::Found, self.found)
        };
        Moment { anchor, lag: at.saturating_sub(from) }
    }
}

impl Model {
    /// The document itself, behind its redirects.
    pub(super) const fn document(&self) -> usize {
        self.chain.saturating_sub(1)
    }

    /// A node and all that is found only because of it.
    pub(super) fn family(&self, node: usize) -> Vec<usize> {
        let mut family = vec![node];
        for (other, one) in self.nodes.iter().enumerate().skip(node + 1) {
            if one.asker.is_some_and(|asker| family.contains(&asker)) {
                family.push(other);
            }
        }
        family
    }
}
