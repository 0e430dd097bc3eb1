//! The persistent connection of a run to its resolver (RFC 7766 §6.2.1): opened once, shared, opened anew when
//! it has ended.
//!
//! Every opening is on record, with the question it was made for. Whoever comes while it is being
//! opened waits; when that fails they fail with it. What is asked on it is decided elsewhere.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::timeout_at;

use crate::clock::Moment;
use crate::dns::iterate::job::Resolution;
use crate::dns::outcome::fault::Fault;
use crate::dns::outcome::words::{no_reply, show};
use crate::dns::resolvers::bootstrap;
use crate::dns::transport::ask::{Ask, NoReply, packet};
use crate::dns::transport::error::Unanswered;
use crate::dns::transport::exchange::encoded;
use crate::dns::transport::framed::Part;
use crate::dns::transport::log::{Log, Open};
use crate::dns::transport::session::{Session, Upstream};
use crate::dns::wire::padding::pad;
use crate::dns::wire::query::EncodedQuery;
use crate::trace::{Choice, Meaning, Transport};

/// The limit for a connection's set-up.
const SET_UP: Duration = Duration::from_secs(5);

/// Addresses of a resolver that are tried.
const MAX_ADDRESSES: usize = 4;

/// What a run keeps of its resolver.
#[derive(Default)]
pub(crate) struct Kept {
    current: RefCell<Option<Rc<Connection>>>,
    /// One at a time opens a connection.
    opening: Mutex<()>,
    /// Where the resolver is, the last that connected first; empty while nobody knows.
    addresses: RefCell<VecDeque<SocketAddr>>,
    failures: Cell<u64>,
    last_failure: RefCell<Option<NotTaken>>,
    /// Questions that a connection is used for, once the resolver has closed one with more on it.
    quota: Cell<Option<usize>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Kept").field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// A connection with its questions.
pub(crate) struct Connection {
    session: Session,
    address: SocketAddr,
    used: Cell<usize>,
    replies: Cell<usize>,
    /// Nobody is to be asked on it any more.
    retired: Cell<bool>,
}

impl Connection {
    pub(crate) async fn ask(
        &self,
        query: &mut EncodedQuery,
        part: &Part,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        let reply = self.session.ask(query, part, written).await;
        match &reply {
            Ok(_) => self.replies.set(self.replies.get() + 1),
            Err(Unanswered::Lost(_)) => self.retired.set(true),
            #[cfg(feature = "encrypted-dns")]
            Err(Unanswered::Unprocessed(_) | Unanswered::Odd(_)) => {}
        }
        reply
    }

    /// Messages that were nobody's reply.
    pub(crate) fn strays(&self) -> usize {
        self.session.strays()
    }

    /// What came in place of a reply since there were so many strays, in words.
    pub(crate) fn instead(&self, strays: usize) -> Option<String> {
        self.session.instead(strays)
    }

    /// The replies that came on it.
    pub(crate) fn replies(&self) -> usize {
        self.replies.get()
    }

    /// Whether only one question was ever asked on it; always so for one that is asked alone.
    pub(crate) fn is_of_one(&self) -> bool {
        self.used.get() == 1
    }

    /// Not to be used any more: it has gone silent.
    pub(crate) fn retire(&self) {
        self.retired.set(true);
    }

    fn has_ended(&self) -> bool {
        self.retired.get() || self.session.is_closed()
    }
}

/// How often a question was lost with its connection, and so where it is asked.
///
/// A resolver that closes with questions open does not always do so after the same number: a question
/// can be among those lost a second time. Then it is asked by itself: what fails with nobody else on the
/// connection would fail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Losses {
    None,
    Once,
    /// It is asked on a connection that nobody else is asked on.
    Repeated,
}

impl Losses {
    pub(crate) fn one_more(self) -> Self {
        match self {
            Self::None => Self::Once,
            Self::Once | Self::Repeated => Self::Repeated,
        }
    }
}

/// A connection that a question may be asked on, and a place among those asked at the same time.
pub(crate) struct Taken {
    pub(crate) connection: Rc<Connection>,
    /// The record and the question that it was opened for, if it was opened now.
    pub(crate) opened: Option<(Open, EncodedQuery)>,
    /// The packets of a set-up: finding the resolver, addresses that failed.
    pub(crate) path: Vec<usize>,
    _place: Option<OwnedSemaphorePermit>,
}

/// Why there is no connection.
#[derive(Clone)]
pub(crate) enum NotTaken {
    /// The resolver has no address.
    Nowhere { fault: Fault, path: Vec<usize> },
    /// None of its addresses could be connected to: why, one by one.
    Unreachable { why: Vec<String>, path: Vec<usize> },
}

impl NotTaken {
    /// Why, one by one, and the packets it took.
    pub(crate) fn reasons(self) -> (Vec<String>, Vec<usize>) {
        match self {
            Self::Nowhere { fault, path } => (vec![fault.message], path),
            Self::Unreachable { why, path } => (why, path),
        }
    }

    /// The same for another resolution, which has none of these packets.
    fn elsewhere(self) -> Self {
        match self {
            Self::Nowhere { fault, .. } => Self::Nowhere { fault, path: Vec::new() },
            Self::Unreachable { why, .. } => Self::Unreachable { why, path: Vec::new() },
        }
    }
}

impl Kept {
    /// Takes the open connection, or opens one with this question's record; `ask` learns where it
    /// goes, and why there.
    pub(crate) async fn take(
        &self,
        client: &Client,
        run: &Rc<Resolution>,
        ask: &mut Ask,
        losses: Losses,
    ) -> Result<Taken, NotTaken> {
        if losses == Losses::Repeated {
            return self.open(client, run, ask).await;
        }
        let clock = *run.log.clock();
        let mut waited_from = None;
        loop {
            let current = self.current.borrow().clone();
            if let Some(connection) = current.filter(|connection| self.has_room(connection)) {
                let place = run.context.slots.take(connection.address).await;
                if !self.has_room(&connection) {
                    continue;
                }
                connection.used.set(connection.used.get() + 1);
                ask.server = connection.address;
                let waited = waited_from.map_or(0, |from| clock.now().since(from).as_millis());
                if waited > 0 {
                    run.log.note(format!(
                        "waited {waited} ms for the connection to the resolver, which was opened for another \
                         question of this run"
                    ));
                }
                return Ok(Taken { connection, opened: None, path: Vec::new(), _place: place });
            }
            if self.quota.get() == Some(1) {
                // Nothing to share, so nothing to wait for.
                return self.open(client, run, ask).await;
            }
            let failures = self.failures.get();
            let before = clock.now();
            let _opening = match self.opening.try_lock() {
                Ok(opening) => opening,
                Err(_) => {
                    waited_from.get_or_insert(before);
                    let opening = self.opening.lock().await;
                    if self.failures.get() != failures
                        && let Some(failure) = self.last_failure.borrow().clone()
                    {
                        run.log.note(
                            "the connection to the resolver was tried for another question of this run, and \
                             failed for this one with it"
                                .to_owned(),
                        );
                        return Err(failure.elsewhere());
                    }
                    let current = self.current.borrow().clone();
                    if current.is_some_and(|connection| self.has_room(&connection))
                        || self.quota.get() == Some(1)
                    {
                        continue;
                    }
                    // Whoever was opening it has given up.
                    opening
                }
            };
            let opened = self.open(client, run, ask).await;
            match &opened {
                Ok(taken) => *self.current.borrow_mut() = Some(Rc::clone(&taken.connection)),
                Err(failure) => {
                    self.failures.set(self.failures.get() + 1);
                    *self.last_failure.borrow_mut() = Some(failure.clone());
                }
            }
            return opened;
        }
    }

    /// A question was lost with its connection: from here on none is used for more than it held.
    pub(crate) fn lost(&self, connection: &Connection) {
        if connection.used.get() > 1 {
            let held = connection.replies.get().max(1);
            self.quota.set(Some(self.quota.get().map_or(held, |quota| quota.min(held))));
        }
    }

    /// Whether there is a connection that has not ended.
    #[cfg(all(test, feature = "encrypted-dns"))]
    pub(crate) fn is_open(&self) -> bool {
        self.current.borrow().as_ref().is_some_and(|connection| !connection.has_ended())
    }

    fn has_room(&self, connection: &Connection) -> bool {
        !connection.has_ended() && self.quota.get().is_none_or(|quota| connection.used.get() < quota)
    }

    async fn open(&self, client: &Client, run: &Rc<Resolution>, ask: &mut Ask) -> Result<Taken, NotTaken> {
        let log = &run.log;
        let mut path = Vec::new();
        if self.addresses.borrow().is_empty() {
            let found = bootstrap::addresses(&client.upstream.endpoint, run).await;
            path = found.path;
            if let Some(fault) = found.fault {
                return Err(NotTaken::Nowhere { fault, path });
            }
            *self.addresses.borrow_mut() = found.addresses.into_iter().take(MAX_ADDRESSES).collect();
            ask.parent = path.last().copied();
        }
        if let Some(quota) = self.quota.get() {
            log.note(format!(
                "the resolver closes its connections with questions on them: each is used for {quota} at most"
            ));
        } else if self.current.borrow().as_ref().is_some_and(|before| before.has_ended()) {
            ask.chosen = Choice::ConnectionEnded;
        }
        let mut why = Vec::new();
        let addresses = self.addresses.borrow().clone();
        for address in addresses {
            ask.server = address;
            let place = run.context.slots.take(address).await;
            let query = query(log, ask);
            let clock = *log.clock();
            let start = clock.now();
            let open = log.open(packet(ask, start, query.bytes.len()));
            let deadline = clock.instant(start.after(SET_UP)).into();
            let connecting = Session::connect(&client.upstream, address, &clock, |at| open.tcp_done(at));
            let reason = match timeout_at(deadline, connecting).await {
                Ok(Ok((session, at))) => {
                    open.connected(at);
                    self.prefer(address);
                    let (used, replies, retired) = (Cell::new(1), Cell::new(0), Cell::new(false));
                    let connection = Rc::new(Connection { session, address, used, replies, retired });
                    return Ok(Taken { connection, opened: Some((open, query)), path, _place: place });
                }
                Ok(Err(error)) => {
                    let why = NoReply::of(&error, ask.transport, address);
                    open.close(why.meaning());
                    no_reply(&why)
                }
                Err(_) => {
                    open.close(Meaning::Timeout);
                    let has_tcp = log.with(open.id(), |packet| packet.tcp_done.is_some()) == Some(true);
                    let what =
                        if has_tcp { "was connected by TCP, and not by TLS" } else { "was not connected" };
                    format!("{what} in {} s", SET_UP.as_secs())
                }
            };
            path.push(open.id());
            (ask.parent, ask.chosen) = (Some(open.id()), Choice::NextAfterFailure);
            why.push(format!("{} {reason}", show(address)));
        }
        // It may have moved.
        self.addresses.borrow_mut().clear();
        Err(NotTaken::Unreachable { why, path })
    }

    /// The address that connected is the first to be tried again.
    fn prefer(&self, address: SocketAddr) {
        let mut addresses = self.addresses.borrow_mut();
        addresses.retain(|known| *known != address);
        addresses.push_front(address);
    }
}

/// What a run has of its resolver.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) upstream: Upstream,
    pub(crate) kept: Kept,
}

impl Client {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self { upstream, kept: Kept::default() }
    }

    /// The same resolver, without a connection to it.
    pub(crate) fn of_cold_run(&self) -> Self {
        Self::new(self.upstream.clone())
    }
}

/// The query's bytes, as the transport wants them.
pub(crate) fn query(log: &Log, ask: &Ask) -> EncodedQuery {
    let mut query = encoded(log, ask, &ask.qname);
    pad(&mut query, ask.transport);
    // RFC 8484 §4.1, so that HTTP caches work, and RFC 9250 §4.2.1: streams tell questions apart.
    if matches!(ask.transport, Transport::Https | Transport::Quic) && query.bytes.len() >= 2 {
        query.bytes[..2].fill(0);
    }
    query
}
