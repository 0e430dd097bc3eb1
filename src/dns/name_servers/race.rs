//! A query to the servers of one zone as it runs (knot's iteration, unbound's outgoing list): the servers left to
//! ask, the packets under way, the failures so far.
//!
//! Only the state, and what can be read from it: sending is `dispatch`'s part, other forms are `fallback`'s,
//! replies `judge`'s, and `ask` says what is due next.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OwnedSemaphorePermit;

use crate::dns::cache::network::Udp;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{Unanswered, ZoneQuery};
use crate::dns::outcome::fault::ServerFailure;
use crate::dns::response::classify::Verdict;
use crate::dns::transport::exchange::Exchanged;
use crate::trace::{At, Choice, Transport};

/// The most patience with a server that has never answered, and the least with UDP to the root.
pub(crate) const PATIENCE_UNKNOWN: Duration = Duration::from_millis(400);

/// The least patience with any server, and the whole of it while nothing is known of any.
pub(crate) const PATIENCE_LEAST: Duration = Duration::from_millis(150);

/// After the first hedge, the next one.
pub(crate) const HEDGE_STEP: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    First,
    /// Those that did not answer in time, once more.
    Retry,
    /// The one chance of a name of a zone that has failed: all at once, and not for long.
    Chance,
}

pub(crate) struct Race<'a> {
    pub(crate) query: &'a ZoneQuery,
    pub(crate) queue: VecDeque<Candidate>,
    /// Servers that did not answer in time, for a second round.
    pub(crate) timed_out: Vec<Candidate>,
    pub(crate) round: Round,
    /// Packets on their way, and those that wait for a place at their server: a race that waits for one
    /// has none but those of its packets, which end by themselves.
    pub(crate) running: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    /// When the packets on their way were sent.
    pub(crate) in_flight: HashMap<usize, At>,
    /// The places that this question has: what is sent to a server again or beside needs no other.
    pub(crate) slots: HashMap<SocketAddr, Weak<OwnedSemaphorePermit>>,
    /// Those at silent servers that will be asked again, as long as this race waits for no other place.
    pub(crate) kept: HashMap<SocketAddr, Slot>,
    /// Whose packet it is.
    pub(crate) servers: HashMap<usize, Candidate>,
    /// The packet whose failure or slowness made a packet be sent.
    pub(crate) because: HashMap<usize, usize>,
    pub(crate) failures: Vec<ServerFailure>,
    /// An answer without authority, kept in case nobody does better.
    pub(crate) spare: Option<(usize, Verdict)>,
    pub(crate) hedge_at: Option<At>,
    pub(crate) hedged: bool,
    /// The packet sent last.
    pub(crate) last: Option<usize>,
    /// Why nothing more may be sent.
    pub(crate) stopped: Option<Unanswered>,
    /// Whether root servers that are silent by UDP were asked by TCP.
    pub(crate) tcp_tried: bool,
    /// Whether any server asked here has sent a reply.
    pub(crate) replied: bool,
}

/// A place at a server, for all packets of one question to it.
pub(crate) type Slot = Rc<OwnedSemaphorePermit>;

/// A packet that is to be sent.
pub(crate) struct Dispatch {
    pub(crate) server: Candidate,
    pub(crate) chosen: Choice,
    pub(crate) parent: Option<usize>,
    pub(crate) because: Option<usize>,
    /// Transport and EDNS; `None` for what the run knows of the server when it is sent.
    pub(crate) form: Option<(Transport, bool)>,
    /// Whether it goes beside the packet that is waited for.
    pub(crate) aside: bool,
}

/// What is awaited.
pub(crate) enum Event {
    Done(Box<Exchanged>, Option<Slot>),
    /// The server of a packet has a place for it; `true` if it was known to be silent before.
    Free(Box<Dispatch>, bool, Option<Slot>),
}

impl<'a> Race<'a> {
    pub(crate) fn new(query: &'a ZoneQuery, queue: VecDeque<Candidate>, round: Round) -> Self {
        Self {
            query,
            queue,
            timed_out: Vec::new(),
            round,
            running: FuturesUnordered::new(),
            in_flight: HashMap::new(),
            slots: HashMap::new(),
            kept: HashMap::new(),
            servers: HashMap::new(),
            because: HashMap::new(),
            failures: Vec::new(),
            spare: None,
            hedge_at: None,
            hedged: false,
            last: None,
            stopped: None,
            tcp_tried: false,
            replied: false,
        }
    }

    /// How long a server is awaited before the next is asked. One that has not been asked yet is taken
    /// to be as far away as the farthest known.
    pub(crate) fn patience(&self, server: SocketAddr) -> Duration {
        let context = &self.query.context;
        match (context.infra.srtt(server), context.infra.longest_srtt()) {
            (Some(srtt), _) => (srtt * 2).max(PATIENCE_LEAST),
            (None, Some(longest)) => (longest * 2).clamp(PATIENCE_LEAST, PATIENCE_UNKNOWN),
            (None, None) => PATIENCE_LEAST,
        }
    }

    /// Another server's answer came first: those that have had their time, and have never answered in
    /// this run, are not to be asked first by the next question.
    pub(crate) fn remember_overtaken(&self) {
        let ZoneQuery { context, log, .. } = self.query;
        let now = log.clock().now();
        for (id, sent) in &self.in_flight {
            if let Some(Candidate { address, .. }) = self.servers.get(id)
                && context.infra.srtt(*address).is_none()
                && context.network.udp.get() != Udp::Blocked
                && now.since(*sent) >= self.patience(*address)
            {
                context.infra.missed(*address);
            }
        }
    }

    pub(crate) fn knows_failure(&self, server: &Candidate) -> bool {
        let named = label(server);
        self.failures.iter().any(|failure| failure.server == named)
    }

    /// From the first packet to this one: each was sent because of the one before.
    pub(crate) fn path(&self, id: usize) -> Vec<usize> {
        let mut path = vec![id];
        let mut at = id;
        while let Some(before) = self.because.get(&at) {
            path.push(*before);
            at = *before;
        }
        path.reverse();
        path
    }
}
