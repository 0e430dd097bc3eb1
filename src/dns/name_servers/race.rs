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
use crate::dns::name_servers::zone_query::{Answered, Unanswered, ZoneQuery};
use crate::dns::outcome::fault::ServerFailure;
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::Exchanged;
use crate::trace::{At, Choice, Edns, Spelling, Transport};

/// The most patience with a server that has never answered, and the least with UDP to the root.
pub(crate) const PATIENCE_UNKNOWN: Duration = Duration::from_millis(400);

/// The least patience with any server, and the whole of it while nothing is known of any.
pub(crate) const PATIENCE_LEAST: Duration = Duration::from_millis(150);

/// After the first hedge, the next one.
pub(crate) const HEDGE_STEP: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// As long as it takes.
    Whole,
    /// The one chance of a name of a zone that has failed: all at once, and not for long.
    Chance,
}

pub(crate) struct Race<'a> {
    pub(crate) query: &'a ZoneQuery,
    pub(crate) queue: VecDeque<Candidate>,
    /// Servers that were asked, in order.
    pub(crate) tried: Vec<Tried>,
    pub(crate) round: Round,
    pub(crate) started: At,
    /// When it is over.
    pub(crate) limit: At,
    /// Packets on their way, and those that wait for a place at their server: a race that waits for one
    /// has none but those of its packets, which end by themselves.
    pub(crate) running: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    /// When the packets on their way were sent.
    pub(crate) in_flight: HashMap<usize, At>,
    /// The places that this question has: what is sent to a server again or beside needs no other.
    pub(crate) slots: HashMap<SocketAddr, Weak<OwnedSemaphorePermit>>,
    /// Whose packet it is.
    pub(crate) servers: HashMap<usize, Candidate>,
    /// The packet whose failure or slowness made a packet be sent.
    pub(crate) because: HashMap<usize, usize>,
    pub(crate) failures: Vec<ServerFailure>,
    /// An answer without authority, kept in case nobody does better.
    pub(crate) spare: Option<(usize, Verdict)>,
    /// Failures in answer to a name in drawn case, which nobody has done better than.
    pub(crate) doubted: Vec<Doubted>,
    /// What a packet that asks in plain case is to check.
    pub(crate) checked: HashMap<usize, Doubted>,
    /// An answer to a question in another form than the usual one.
    pub(crate) held: Option<Held>,
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
    /// Packets sent again in the usual form, and the other forms that were tried beside them.
    pub(crate) again: usize,
    pub(crate) forms_tried: usize,
}

/// A server that was asked in its usual form, and when.
#[derive(Clone)]
pub(crate) struct Tried {
    pub(crate) server: Candidate,
    pub(crate) first: At,
    pub(crate) last: At,
    pub(crate) times: u32,
    /// By what it was asked last.
    pub(crate) transport: Transport,
    /// It had answered a question before this one: its forms are known. What a question beside this one
    /// finds in the meantime may still be held back there.
    pub(crate) was_known: bool,
    /// A reply has come, or an error.
    pub(crate) heard: bool,
}

/// A reply to a name in drawn case that is not believed yet.
#[derive(Clone)]
pub(crate) struct Doubted {
    pub(crate) id: usize,
    pub(crate) ask: Ask,
    pub(crate) server: Candidate,
    pub(crate) verdict: Verdict,
}

/// An answer that is held back until it is seen whether the usual form of the question, sent right behind it, has
/// one, too.
pub(crate) struct Held {
    pub(crate) answered: Answered,
    pub(crate) ask: Ask,
    /// Another form of it was answered, too.
    pub(crate) is_one_of_many: bool,
}

/// A place at a server, for all packets of one question to it.
pub(crate) type Slot = Rc<OwnedSemaphorePermit>;

/// In which form a packet goes, where it is not what the run knows of its server.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) transport: Transport,
    pub(crate) edns: Edns,
    pub(crate) spelling: Spelling,
}

/// A packet that is to be sent.
pub(crate) struct Dispatch {
    pub(crate) server: Candidate,
    pub(crate) chosen: Choice,
    pub(crate) parent: Option<usize>,
    pub(crate) because: Option<usize>,
    /// `None` for what the run knows of the server when it is sent.
    pub(crate) form: Option<Form>,
    /// Whether it goes beside the packet that is waited for.
    pub(crate) aside: bool,
}

/// What is awaited.
pub(crate) enum Event {
    /// With its place, unless that was given up.
    Done(Box<Exchanged>, Option<Slot>),
    /// The server of a packet has a place for it; `true` if it was known to be silent before.
    Free(Box<Dispatch>, bool, Option<Slot>),
    /// What other questions show of a server's treatment of case is known.
    Settled(Box<Doubted>, Option<Slot>),
    /// The answer that is held back was held long enough.
    Lingered,
}

impl<'a> Race<'a> {
    pub(crate) fn new(query: &'a ZoneQuery, queue: VecDeque<Candidate>, round: Round) -> Self {
        let started = query.log.clock().now();
        let limit = if round == Round::Chance { query.chance() } else { query.limit() };
        Self {
            query,
            queue,
            tried: Vec::new(),
            round,
            started,
            limit: started.after(limit),
            running: FuturesUnordered::new(),
            in_flight: HashMap::new(),
            slots: HashMap::new(),
            servers: HashMap::new(),
            because: HashMap::new(),
            failures: Vec::new(),
            spare: None,
            doubted: Vec::new(),
            checked: HashMap::new(),
            held: None,
            hedge_at: None,
            hedged: false,
            last: None,
            stopped: None,
            tcp_tried: false,
            replied: false,
            again: 0,
            forms_tried: 0,
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

    /// Servers of which nothing was heard yet.
    pub(crate) fn silent(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|one| !one.heard)
    }

    /// Something came back from a server.
    pub(crate) fn heard(&mut self, server: SocketAddr) {
        self.tried.iter_mut().filter(|one| one.server.address == server).for_each(|one| one.heard = true);
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
