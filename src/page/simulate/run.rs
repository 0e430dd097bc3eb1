//! The time axis of a simulated page: what is found when, whose turn it is, what ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::hosts::{Hosts, Way};
use super::model::{Leaves, Model, Times};
use crate::page::schedule::{Pending, Progress, Schedule, can_wait};
use crate::trace::{Blocking, InitiatorKind, PageProfile, Priority};

/// Something that happens. Of what happens at once, what ends goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ended(usize),
    /// The connection of a request is open.
    Opened(usize),
    /// A connection that was opened for a request is there for whoever waits.
    Ready(usize),
    HeadRead,
    Found(usize),
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// `None` for what was never asked for.
    pub(super) times: Vec<Option<Times>>,
    pub(super) head_read: Option<u64>,
}

/// A request that has one opened, and takes any connection to its host that is there first.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    node: usize,
    /// What was opened for it is there.
    is_ready: bool,
}

struct Axis<'m> {
    model: &'m Model,
    hosts: Hosts<'m>,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    found: Vec<u64>,
    times: Vec<Option<Times>>,
    ways: Vec<Option<Way>>,
    pending: Vec<usize>,
    /// Those that wait for a connection.
    waiting: Vec<Waiting>,
    running: Vec<usize>,
    head_read: Option<u64>,
    document_ended: bool,
}

/// Runs a page.
pub(super) fn run(model: &Model) -> Run {
    let number = model.nodes.len();
    let mut axis = Axis {
        model,
        hosts: Hosts::new(&model.hosts),
        events: BinaryHeap::new(),
        found: vec![0; number],
        times: vec![None; number],
        ways: vec![None; number],
        pending: Vec::new(),
        waiting: Vec::new(),
        running: Vec::new(),
        head_read: None,
        document_ended: false,
    };
    let roots = (0..number).filter(|node| model.nodes[*node].asker.is_none());
    axis.events.extend(roots.map(|node| Reverse((model.nodes[node].found.lag, Event::Found(node)))));
    while let Some(Reverse((now, event))) = axis.events.pop() {
        axis.happen(now, event);
        while let Some(Reverse((at, event))) = axis.events.peek().copied() {
            if at > now {
                break;
            }
            axis.events.pop();
            axis.happen(now, event);
        }
        axis.bind(now);
        while let Some((node, way)) = axis.next() {
            axis.start(node, way, now);
            axis.bind(now);
        }
    }
    Run { times: axis.times, head_read: axis.head_read }
}

impl Axis<'_> {
    fn happen(&mut self, now: u64, event: Event) {
        let of_chain = |node: usize| node < self.model.chain;
        match event {
            Event::HeadRead => self.head_read = Some(now),
            Event::Found(node) if self.model.nodes[node].is_gone => {}
            Event::Found(node) => {
                self.found[node] = now;
                if of_chain(node) {
                    let opening = self.model.nodes[node].opening.unwrap_or(0);
                    self.lay(node, now, opening);
                } else {
                    self.pending.push(node);
                }
            }
            Event::Opened(node) if of_chain(node) => self.hosts.lent(self.model.nodes[node].host),
            Event::Opened(node) => self.hosts.opened(self.model.nodes[node].host),
            Event::Ready(node) => {
                self.hosts.came(self.model.nodes[node].host);
                let own = self.waiting.iter_mut().find(|one| one.node == node);
                own.into_iter().for_each(|one| one.is_ready = true);
            }
            Event::Ended(node) if of_chain(node) => {
                if node == self.model.document() {
                    self.document_ended = true;
                    // What the chain had opened is free only now.
                    for hop in (0..self.model.chain).filter(|hop| self.model.nodes[*hop].opening.is_some()) {
                        let hop = &self.model.nodes[hop];
                        self.hosts.ended(hop.host, hop.leaves);
                    }
                }
            }
            Event::Ended(node) => {
                self.running.retain(|other| *other != node);
                let ended = &self.model.nodes[node];
                self.hosts.ended(ended.host, ended.leaves);
            }
        }
    }

    /// A request's turn has come.
    fn start(&mut self, node: usize, way: Way, now: u64) {
        self.pending.retain(|other| *other != node);
        self.running.push(node);
        let opening = match way {
            Way::Kept => 0,
            Way::Open => self.opening(node, now),
        };
        let one = &self.model.nodes[node];
        let is_sole = one.leaves == Leaves::Unopened || one.by == InitiatorKind::Retry;
        if way == Way::Open && !is_sole && self.hosts.binds_late(one.host) {
            self.waiting.push(Waiting { node, is_ready: false });
            return self.open(node, now + opening);
        }
        self.ways[node] = Some(way);
        self.lay(node, now, opening);
    }

    fn open(&mut self, node: usize, ready: u64) {
        self.hosts.coming(self.model.nodes[node].host);
        self.events.push(Reverse((ready, Event::Ready(node))));
    }

    /// Connections that are free go to those that wait for one: to the most wanted, and of these to whose own it is.
    fn bind(&mut self, now: u64) {
        let nodes = &self.model.nodes;
        let by_priority = self.model.profile == PageProfile::Chrome;
        let rank = |node: usize| if by_priority { nodes[node].priority } else { Priority::VeryLow };
        let mut order = self.waiting.clone();
        order.sort_by_key(|one| (Reverse(rank(one.node)), !one.is_ready, one.node));
        for Waiting { node, .. } in order {
            let host = nodes[node].host;
            let is_first = |other: &usize| {
                nodes[*other].host == host && rank(*other) > rank(node) && self.would_take(*other)
            };
            if self.pending.iter().any(is_first) || !self.hosts.take(host) {
                continue;
            }
            self.waiting.retain(|other| other.node != node);
            self.ways[node] = Some(Way::Kept);
            self.lay(node, now, 0);
        }
        for Waiting { node, .. } in self.waiting.clone() {
            let host = nodes[node].host;
            let waiting = self.waiting.iter().filter(|other| nodes[other.node].host == host).count();
            if self.hosts.opens_for(host, waiting) {
                self.open(node, now + self.model.hosts[host].opening);
            }
        }
    }

    /// Whether something that waits for its turn would take a connection that is free.
    fn would_take(&self, node: usize) -> bool {
        let one = &self.model.nodes[node];
        let pending = Pending { number: node, priority: one.priority, is_told: false };
        let is_bound = one.is_later || one.by == InitiatorKind::Retry;
        !is_bound && Schedule(self.model.profile).may_start(pending, self.progress())
    }

    fn progress(&self) -> Progress {
        let nodes = &self.model.nodes;
        let waited_for = |node: &&usize| nodes[**node].blocking == Blocking::Render;
        Progress {
            head_is_read: self.head_read.is_some() || self.document_ended,
            blocking_left: self.running.iter().chain(&self.pending).filter(waited_for).count(),
            under_way: self.running.len(),
            delayable: self.running.iter().filter(|node| can_wait(nodes[**node].priority)).count(),
        }
    }

    /// What opening a connection takes now.
    fn opening(&self, node: usize, now: u64) -> u64 {
        let (node, host) = (&self.model.nodes[node], &self.model.hosts[self.model.nodes[node].host]);
        let whole = node.opening.unwrap_or(host.opening);
        let others = self.running.iter().filter(|other| self.model.nodes[**other].host == node.host);
        let is_first = others.count() <= 1
            && !self
                .times
                .iter()
                .zip(&self.model.nodes)
                .any(|(times, other)| times.is_some() && other.host == node.host);
        let document = self.times.get(self.model.document()).copied().flatten();
        match document.filter(|_| host.is_connected_ahead && is_first) {
            Some(document) => {
                let ready = document.at(self.model.first_found) + whole;
                ready.saturating_sub(now).min(whole)
            }
            None => whole,
        }
    }

    /// Its times are known from its turn on, and with them when what it asks for is found.
    fn lay(&mut self, node: usize, turn: u64, opening: u64) {
        let times = Times::of(&self.model.nodes[node], self.found[node], turn, opening);
        self.times[node] = Some(times);
        let opens = node < self.model.chain && self.model.nodes[node].opening.is_some()
            || self.ways[node] == Some(Way::Open) && self.model.nodes[node].leaves != Leaves::Unopened;
        if opens {
            self.events.push(Reverse((times.begun, Event::Opened(node))));
        }
        self.events.push(Reverse((times.end, Event::Ended(node))));
        for (other, asked) in self.model.nodes.iter().enumerate() {
            if asked.asker == Some(node) {
                self.events.push(Reverse((times.at(asked.found), Event::Found(other))));
            }
        }
        if let Some(head) = self.model.head.filter(|_| node == self.model.document()) {
            self.events.push(Reverse((times.at(head), Event::HeadRead)));
        }
    }

    /// The next to start, by the rules by which a page is fetched.
    fn next(&mut self) -> Option<(usize, Way)> {
        let schedule = Schedule(self.model.profile);
        let nodes = &self.model.nodes;
        let mut order: Vec<Pending> = self
            .pending
            .iter()
            .map(|node| Pending {
                number: *node,
                priority: nodes[*node].priority,
                is_told: self.hosts.is_told(nodes[*node].host),
            })
            .collect();
        schedule.order(&mut order);
        let progress = self.progress();
        let needed = |node: &usize| !nodes[*node].is_later;
        let is_quiet = self.document_ended && !self.running.iter().chain(&self.pending).any(needed);
        for one in order {
            let node = &nodes[one.number];
            if !schedule.may_start(one, progress) || node.is_later && !is_quiet {
                continue;
            }
            if let Some(way) = self.hosts.way(node.host, node.by == InitiatorKind::Retry) {
                return Some((one.number, way));
            }
        }
        None
    }
}
