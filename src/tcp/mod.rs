//! Stage 3: the connection race of RFC 8305 (Happy Eyeballs), every attempt on record.
//!
//! Takes addresses, gives a connected socket. Families are interleaved, the next attempt starts
//! 250 ms after the last or at once when that one failed. Does not resolve, and does not speak.
//!
//! - `bind`: where connections leave from; `unix`: sockets of this machine, in place of addresses
//! - `fast_open`: data in the SYN
//! - `failure`: what happened to each address, worded
//! - `route`: the path to an address, by SYNs of its own
//! - `icmp`: whose word ended a connect
//! - `info`: TCP_INFO; `watch`: a hold on a connection for a later look at it

mod bind;
mod failure;
mod fast_open;
mod icmp;
mod info;
mod route;
mod unix;
mod watch;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::os;
use crate::plan::{AddressChoice, Family, Preferred, TcpPlan};
use crate::stop::{Stop, Stopped};
use crate::timestamp;
use crate::trace::{
    At, Attempt, AttemptOutcome, Carrier, Connect, EndpointSource, Failure, FastOpen, FastOpenStart,
    StampedBy,
};

pub use self::bind::{bind, check as check_source};
pub(crate) use self::failure::OWN_ROUTE_HINT;
pub use self::fast_open::has_cookie;
pub use self::info::is_acknowledged;
pub use self::route::{MOST_HOPS, route};
pub use self::unix::connect as connect_unix;
pub use self::watch::Watch;

/// Where a server may be reached: its addresses, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As DNS gives them.
    pub addresses: Vec<IpAddr>,
    /// As it stands in the URL or in the record.
    pub port: u16,
    /// Who names it.
    pub source: EndpointSource,
    /// When it is tried.
    pub turn: Turn,
}

/// When an endpoint is tried, if there are others before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As a further address of the one before.
    Next,
    /// When all before it have failed (RFC 9460 §3), or have been silent for [`FALLBACK_PATIENCE`].
    Fallback,
}

/// One address that can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    address: SocketAddr,
    /// The port before the lab's port map.
    named_port: u16,
    source: EndpointSource,
    turn: Turn,
}

impl Candidate {
    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who has named it.
    #[must_use]
    pub const fn source(&self) -> EndpointSource {
        self.source
    }

    /// Whether it is kept for when all before it have failed.
    #[must_use]
    pub fn is_last_resort(&self) -> bool {
        self.turn == Turn::Fallback
    }

    /// The port of the URL or of a record, where another one is really used: the lab's.
    #[must_use]
    pub fn mapped_from(&self) -> Option<String> {
        (self.named_port != self.address.port()).then(|| format!("port {}", self.named_port))
    }
}

/// How long silent endpoints are awaited before that of last resort is tried beside them: a SYN that was
/// lost is sent again after one second (RFC 6298 §2).
pub const FALLBACK_PATIENCE: Duration = Duration::from_secs(2);

/// The candidates of all endpoints in the order in which they are tried, each once.
#[must_use]
pub fn line_up(endpoints: &[Endpoint], plan: &TcpPlan) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for Endpoint { addresses, port, source, turn } in endpoints {
        let real_port = plan.port_map.iter().find(|(from, _)| from == port).map_or(*port, |(_, to)| *to);
        for address in interleave(addresses, plan.family, real_port) {
            if !all.iter().any(|known| known.address == address) {
                all.push(Candidate { address, named_port: *port, source: *source, turn: *turn });
            }
        }
    }
    if let AddressChoice::One(preferred) = plan.choice {
        let is_preferred = |one: &Candidate| one.address.is_ipv6() == (preferred == Preferred::Ipv6);
        let first = all.iter().position(is_preferred).unwrap_or_default();
        all = all.into_iter().skip(first).take(1).collect();
    }
    all
}

/// What is left of the candidates when a connection to one of them was made, and could not be used.
#[must_use]
pub fn after(candidates: &[Candidate], connect: &Connect) -> Vec<Candidate> {
    let tried = |one: &Candidate| connect.attempts.iter().any(|attempt| attempt.address == one.address);
    let used = connect.winner.and_then(|winner| candidates.get(winner));
    let is_other = |one: &Candidate| used.is_none_or(|used| used.source != one.source);
    candidates.iter().filter(|one| !tried(one) && is_other(one)).copied().collect()
}

/// Connects to the first of the candidates that answers. Of `found` addresses DNS knows, whatever their
/// family.
///
/// The record holds every attempt, also when all failed. Its `end` is the winner's connect, or the
/// end of the last attempt.
pub async fn connect(
    queue: &[Candidate],
    found: usize,
    plan: &TcpPlan,
    clock: &Clock,
    stop: &Stop,
) -> (Connect, Result<TcpStream, Failure>) {
    let mut race = Race { plan, clock, stop, start: clock.now(), runners: Vec::new() };
    let outcome = if queue.is_empty() { Ok(None) } else { race.run(queue).await };
    let won = outcome.ok().flatten();
    let end = match won {
        Some(index) => race.runners[index].attempt.end,
        None => race.runners.iter().map(|runner| runner.attempt.end).max().unwrap_or(race.start),
    };
    let untried = queue.get(race.runners.len()..).unwrap_or_default();
    let mut connect = Connect {
        start: race.runners.first().map_or(race.start, |first| first.attempt.start),
        end,
        attempts: Vec::new(),
        winner: won,
        local: None,
        tcp_info: None,
        noticed: won.map(|_| end),
        stamped_by: won.map(|_| StampedBy::Program),
        untried: untried.iter().map(|one| one.address).collect(),
        redirected_from: queue.get(won.unwrap_or_default()).and_then(Candidate::mapped_from),
        ..Connect::default()
    };
    let mut stream = None;
    for (index, runner) in race.runners.into_iter().enumerate() {
        let socket = runner.socket.and_then(|socket| Rc::try_unwrap(socket).ok());
        if won == Some(index) {
            connect.local = socket.as_ref().and_then(|socket| socket.local_addr().ok());
            connect.fast_open = runner.fast_open.map(FastOpen::begun);
            // What was put off has nothing to tell yet.
            connect.tcp_info = socket.as_ref().filter(|_| !connect.is_deferred()).and_then(info::read);
            stream = socket;
        }
        connect.attempts.push(runner.attempt);
    }
    end_with_the_kernel(&mut connect);
    match stream {
        Some(stream) => (connect, Ok(stream)),
        None => {
            let fault =
                failure::explain(&connect, found, plan, outcome.err().map(|why| (why, stop.max_time())));
            let running = connect.end.since(connect.start);
            (connect, Err(fault.after(running)))
        }
    }
}

/// A busy machine wakes this program late: the winner's connect ends with the round trip of its SYN, as the kernel
/// has measured it. After a retransmission that could be anybody's (Karn's algorithm, RFC 6298 §3).
fn end_with_the_kernel(connect: &mut Connect) {
    let winner = connect.winner.and_then(|winner| connect.attempts.get_mut(winner));
    let (Some(winner), Some(info)) = (winner, &connect.tcp_info) else { return };
    let end = winner.start.after(info.rtt);
    if winner.syn_retransmits == Some(0) && end < winner.end {
        (winner.end, connect.end) = (end, end);
        connect.stamped_by = Some(StampedBy::Kernel);
    }
}

/// RFC 8305 §4: the families take turns, IPv6 first; within a family the order is that of DNS.
fn interleave(addresses: &[IpAddr], family: Family, port: u16) -> Vec<SocketAddr> {
    let of = |six: bool| {
        addresses.iter().copied().filter(move |address| family.admits(*address) && address.is_ipv6() == six)
    };
    let (mut six, mut four) = (of(true), of(false));
    let mut queue: Vec<SocketAddr> = Vec::new();
    loop {
        let pair = [six.next(), four.next()];
        if pair == [None, None] {
            return queue;
        }
        for address in pair.into_iter().flatten().map(|address| SocketAddr::new(address, port)) {
            if !queue.contains(&address) {
                queue.push(address);
            }
        }
    }
}

/// One attempt and its socket.
struct Runner {
    attempt: Attempt,
    /// Kept until the end of the race, so that the kernel can be asked about losers too.
    socket: Option<Rc<TcpStream>>,
    fast_open: Option<FastOpenStart>,
}

struct Race<'a> {
    plan: &'a TcpPlan,
    clock: &'a Clock,
    stop: &'a Stop,
    start: At,
    runners: Vec<Runner>,
}

impl Race<'_> {
    /// Runs the race and returns the winner's index, `None` when every address failed.
    ///
    /// # Errors
    /// What stopped it.
    async fn run(&mut self, queue: &[Candidate]) -> Result<Option<usize>, Stopped> {
        let (clock, limit) = (*self.clock, self.plan.connect_timeout);
        let mut running = FuturesUnordered::new();
        let mut waiting = queue.iter();
        // The first of last resort, if there are others before it.
        let resort = queue.iter().position(|one| one.turn == Turn::Fallback).filter(|place| *place > 0);
        let mut next_start = Some(self.start);
        loop {
            let stagger = async {
                match next_start {
                    // The runtime's timers round up to a millisecond: what is due does not sleep.
                    Some(at) if at <= clock.now() => {}
                    Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await, // the next attempt's turn (RFC 8305 section 5)
                    None => std::future::pending().await,
                }
            };
            let step = self
                .stop
                .within(None, async {
                    tokio::select! {
                        biased;
                        Some(done) = running.next(), if !running.is_empty() => Step::Done(done),
                        () = stagger => Step::Start,
                    }
                })
                .await;
            match step {
                Ok(Step::Start) => {
                    let Some(candidate) = waiting.next() else {
                        next_start = None;
                        continue;
                    };
                    let index = self.runners.len();
                    let before_resort = resort == Some(index + 1);
                    match self.launch(*candidate) {
                        Ok(socket) => {
                            let start = self.runners[index].attempt.start;
                            let socket = (socket, candidate.address.ip());
                            running.push(attempt(index, socket, start.after(limit), clock));
                            let patience = if before_resort { FALLBACK_PATIENCE } else { self.plan.stagger };
                            next_start = Some(start.after(patience));
                        }
                        // Failed on the spot (no route): the next one at once.
                        Err(error) => {
                            self.settle(index, clock.now(), self.unsent(index, &error));
                            let waits = before_resort && !running.is_empty();
                            let patience = if waits { FALLBACK_PATIENCE } else { Duration::ZERO };
                            next_start = Some(clock.now().after(patience));
                        }
                    }
                    if waiting.len() == 0 {
                        next_start = None;
                    }
                }
                Ok(Step::Done((index, end, None))) => {
                    self.settle(index, end, AttemptOutcome::Won);
                    drop(running);
                    self.abandon(end, &AttemptOutcome::Lost);
                    return Ok(Some(index));
                }
                Ok(Step::Done((index, end, Some(outcome)))) => {
                    self.settle(index, end, outcome);
                    let before_resort = resort == Some(self.runners.len());
                    if waiting.len() > 0 && (!before_resort || running.is_empty()) {
                        next_start = Some(end);
                    }
                }
                Err(why) => {
                    drop(running);
                    self.abandon(clock.now(), &AttemptOutcome::Stopped);
                    return Err(why);
                }
            }
            if running.is_empty() && next_start.is_none() {
                return Ok(None);
            }
        }
    }

    /// Calls `connect()` without waiting for it.
    fn launch(&mut self, candidate: Candidate) -> io::Result<Rc<TcpStream>> {
        let Candidate { address, source, .. } = candidate;
        let (mut start, mut fast_open) = (self.clock.now(), None);
        let result = self.ready_socket(address).and_then(|socket| {
            fast_open = fast_open::prepare(&socket, self.plan);
            start = self.clock.now();
            match socket.connect(&address.into()) {
                Ok(()) => fast_open = fast_open.map(|_| FastOpenStart::Deferred),
                Err(error) if os::is_in_progress(&error) => {}
                Err(error) => return Err(error),
            }
            TcpStream::from_std(socket.into()).map(Rc::new)
        });
        self.runners.push(Runner {
            attempt: Attempt {
                address,
                start,
                end: start,
                outcome: AttemptOutcome::Stopped,
                syn_retransmits: None,
                answered: None,
                source,
                transport: Carrier::Tcp,
            },
            socket: result.as_ref().ok().cloned(),
            fast_open,
        });
        result
    }

    /// A socket with all that can be set before its connect.
    fn ready_socket(&self, address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        bind::bind(&socket, address, &self.plan.source)?;
        // Small writes must not wait for each other: the first request byte is a measured event.
        socket.set_tcp_nodelay(true)?;
        timestamp::stamp_arrivals(&socket);
        icmp::keep(&socket, address.ip(), icmp::Keep::Yes);
        Ok(socket)
    }

    /// What this machine itself says of an address that it sends nothing to.
    fn unsent(&self, index: usize, error: &io::Error) -> AttemptOutcome {
        // With a source that does not fit, that is another story.
        let barred = os::barred(error, self.runners[index].attempt.address.ip());
        let barred = barred.filter(|_| self.plan.source.address.is_none());
        barred.map_or_else(|| outcome_of(error), AttemptOutcome::Unreachable)
    }

    fn settle(&mut self, index: usize, end: At, outcome: AttemptOutcome) {
        let runner = &mut self.runners[index];
        runner.attempt.end = end;
        let sent = runner.socket.as_deref().filter(|_| runner.fast_open != Some(FastOpenStart::Deferred));
        runner.attempt.syn_retransmits = sent.and_then(info::retransmits);
        runner.attempt.outcome = outcome;
    }

    /// Ends every attempt that has no outcome of its own.
    fn abandon(&mut self, end: At, outcome: &AttemptOutcome) {
        for index in 0..self.runners.len() {
            let attempt = &self.runners[index].attempt;
            if attempt.outcome == AttemptOutcome::Stopped {
                self.settle(index, end, outcome.clone());
            }
        }
    }
}

enum Step {
    Start,
    Done((usize, At, Option<AttemptOutcome>)),
}

/// Waits for one connect to end; `None` is success.
async fn attempt(
    index: usize,
    (socket, to): (Rc<TcpStream>, IpAddr),
    limit: At,
    clock: Clock,
) -> (usize, At, Option<AttemptOutcome>) {
    let writable = tokio::time::timeout_at(clock.instant(limit).into(), socket.writable()).await;
    let end = clock.now();
    let outcome = match writable {
        Err(_) => Some(AttemptOutcome::TimedOut),
        Ok(Err(error)) => Some(outcome_of(&error)),
        Ok(Ok(())) => match socket.take_error() {
            Ok(None) => {
                icmp::keep(&*socket, to, icmp::Keep::No);
                None
            }
            Ok(Some(error)) => failure::came_late(&error, &socket).or_else(|| Some(outcome_of(&error))),
            Err(error) => Some(outcome_of(&error)),
        },
    };
    (index, end, outcome)
}

/// What an error of the system's says of an address.
pub fn outcome_of(error: &io::Error) -> AttemptOutcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => AttemptOutcome::Refused,
        io::ErrorKind::TimedOut => AttemptOutcome::TimedOut,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => AttemptOutcome::Unreachable(os::words(error)),
        _ => AttemptOutcome::Failed(os::words(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::FailureCode;

    fn v(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    async fn race(
        addresses: &[&str],
        port: u16,
        plan: &TcpPlan,
        max: Duration,
    ) -> (Connect, Result<TcpStream, Failure>) {
        let clock = Clock::start();
        let addresses = v(addresses);
        let endpoint =
            Endpoint { addresses: addresses.clone(), port, source: EndpointSource::Host, turn: Turn::Next };
        let queue = line_up(&[endpoint], plan);
        connect(&queue, addresses.len(), plan, &clock, &Stop::after(clock, max)).await
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn families_take_turns_and_ipv6_goes_first() {
        let order = interleave(&v(&["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.2"]), Family::Any, 80);
        let order: Vec<_> = order.iter().map(ToString::to_string).collect();
        assert_eq!(order, ["[2001:db8::1]:80", "192.0.2.1:80", "192.0.2.2:80"]);
        assert_eq!(interleave(&v(&["192.0.2.1", "2001:db8::1"]), Family::Ipv4, 80).len(), 1);
    }

    #[tokio::test]
    async fn a_refused_address_is_followed_at_once_and_stays_on_record() {
        let listener = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connect, stream) = race(&["127.0.0.3", "127.0.0.2"], port, &TcpPlan::default(), LONG).await;
        stream.unwrap();
        assert_eq!(connect.winner, Some(1));
        assert_eq!(connect.attempts[0].outcome, AttemptOutcome::Refused);
        assert!(connect.attempts[1].start.since(connect.attempts[0].end) < Duration::from_millis(50));
        assert_eq!(connect.end, connect.attempts[1].end);
        assert!(connect.local.is_some());
        #[cfg(target_os = "linux")]
        assert!(connect.tcp_info.unwrap().mss > 500);
    }

    /// A record's endpoint, another's, and the host's own.
    async fn race_of(ports: &[(&str, u16, Option<usize>)]) -> (Connect, Result<TcpStream, Failure>) {
        let endpoint = |(address, port, record): &(&str, u16, Option<usize>)| Endpoint {
            addresses: v(&[address]),
            port: *port,
            source: record.map_or(EndpointSource::Host, EndpointSource::Record),
            turn: if record.is_some() { Turn::Next } else { Turn::Fallback },
        };
        let (plan, clock) = (TcpPlan::default(), Clock::start());
        let queue = line_up(&ports.iter().map(endpoint).collect::<Vec<_>>(), &plan);
        connect(&queue, ports.len(), &plan, &clock, &Stop::after(clock, LONG)).await
    }

    #[tokio::test]
    async fn endpoints_are_tried_in_their_order_and_each_address_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let ports = [("127.0.0.2", 1, Some(0)), ("127.0.0.3", 1, Some(1)), ("127.0.0.2", port, None)];
        let (connect, stream) = race_of(&ports).await;
        stream.unwrap();
        let tried: Vec<_> =
            connect.attempts.iter().map(|one| (one.source.record(), one.outcome.as_str())).collect();
        assert_eq!(tried, [(Some(0), "refused"), (Some(1), "refused"), (None, "won")]);
        assert!(
            connect.end.since(connect.start) < Duration::from_millis(100),
            "nobody is waited for in vain"
        );
        let (connect, _) = race_of(&[("127.0.0.3", 1, Some(0)), ("127.0.0.3", 1, None)]).await;
        assert_eq!(connect.attempts.len(), 1, "the host's own is the record's");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_hosts_own_endpoint_waits_for_a_silent_record_no_longer_than_a_lost_syn_takes() {
        let (_listener, _fill, port) = black_hole();
        let good = tokio::net::TcpListener::bind("127.0.0.5:0").await.unwrap();
        let own = good.local_addr().unwrap().port();
        let (connect, stream) = race_of(&[("127.0.0.4", port, Some(0)), ("127.0.0.5", own, None)]).await;
        stream.unwrap();
        let gap = connect.attempts[1].start.since(connect.attempts[0].start);
        assert!(gap >= FALLBACK_PATIENCE && gap < FALLBACK_PATIENCE + Duration::from_millis(200), "{gap:?}");
    }

    #[tokio::test]
    async fn every_address_failing_names_each() {
        let (connect, result) = race(&["127.0.0.1", "127.0.0.2"], 1, &TcpPlan::default(), LONG).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.code, FailureCode::ConnectionRefused);
        assert!(
            failure.message.contains("127.0.0.1:1 was refused; 127.0.0.2:1 was refused"),
            "{}",
            failure.message
        );
        assert_eq!(connect.attempts.len(), 2);
        assert_eq!(connect.winner, None);
    }

    #[tokio::test]
    async fn no_address_of_the_family_is_a_failure_of_its_own() {
        let plan = TcpPlan { family: Family::Ipv6, ..TcpPlan::default() };
        let failure = race(&["127.0.0.1"], 1, &plan, LONG).await.1.unwrap_err();
        assert_eq!(failure.code, FailureCode::NoAddress);
    }

    /// A listener whose queue is full: the kernel drops further SYNs, as a dead host would.
    #[cfg(target_os = "linux")]
    fn black_hole() -> (Socket, Vec<Socket>, u16) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&"127.0.0.4:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let fill = (0..4)
            .map(|_| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                socket.set_nonblocking(true).unwrap();
                let _ = socket.connect(&address);
                socket
            })
            .collect();
        let port = address.as_socket().unwrap().port();
        (listener, fill, port)
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_silent_address_costs_one_stagger_and_is_marked_as_loser() {
        let (_listener, _fill, port) = black_hole();
        let good = tokio::net::TcpListener::bind(("127.0.0.5", port)).await.unwrap();
        let (connect, stream) = race(&["127.0.0.4", "127.0.0.5"], port, &TcpPlan::default(), LONG).await;
        stream.unwrap();
        drop(good);
        assert_eq!(connect.attempts[0].outcome, AttemptOutcome::Lost);
        let gap = connect.attempts[1].start.since(connect.attempts[0].start);
        assert!(gap >= Duration::from_millis(250) && gap < Duration::from_millis(350), "{gap:?}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_silent_address_times_out_and_max_time_is_told_apart() {
        let (_listener, _fill, port) = black_hole();
        let plan = TcpPlan { connect_timeout: Duration::from_millis(120), ..TcpPlan::default() };
        let (connect, result) = race(&["127.0.0.4"], port, &plan, LONG).await;
        assert_eq!(result.unwrap_err().code, FailureCode::ConnectTimeout);
        let took = connect.end.since(connect.start);
        assert!(took >= Duration::from_millis(120) && took < Duration::from_millis(200), "{took:?}");
        let (connect, result) =
            race(&["127.0.0.4"], port, &TcpPlan::default(), Duration::from_millis(60)).await;
        assert_eq!(result.unwrap_err().code, FailureCode::MaxTime);
        assert_eq!(connect.attempts[0].outcome, AttemptOutcome::Stopped);
    }
}
