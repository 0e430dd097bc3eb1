//! Stage 3: the connection race of RFC 8305 (Happy Eyeballs), every attempt on record.
//!
//! Takes addresses, gives a connected socket. Families are interleaved, the next attempt starts
//! 250 ms after the last or at once when that one failed. Does not resolve, and does not speak.

mod info;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::fault::Fault;
use crate::os;
use crate::plan::{Family, TcpPlan};
use crate::stop::{Stop, Stopped};
use crate::trace::{At, Attempt, AttemptOutcome, Connect, Failure, FailureCode, StageName};
use crate::units;

/// Connects to the first of `addresses` that answers.
///
/// The record holds every attempt, also when all failed. Its `end` is the winner's connect, or the
/// end of the last attempt.
pub async fn connect(
    addresses: &[IpAddr],
    port: u16,
    plan: &TcpPlan,
    clock: &Clock,
    stop: &Stop,
) -> (Connect, Result<TcpStream, Failure>) {
    let real_port = plan.port_map.iter().find(|(from, _)| *from == port).map_or(port, |(_, to)| *to);
    let queue = interleave(addresses, plan.family, real_port);
    let mut race = Race { plan, clock, stop, start: clock.now(), runners: Vec::new() };
    let outcome = if queue.is_empty() { Ok(None) } else { race.run(&queue).await };
    let won = outcome.ok().flatten();
    let end = match won {
        Some(index) => race.runners[index].attempt.end,
        None => race.runners.iter().map(|runner| runner.attempt.end).max().unwrap_or(race.start),
    };
    let mut connect = Connect {
        start: race.start,
        end,
        attempts: Vec::new(),
        winner: won,
        local: None,
        tcp_info: None,
        untried: queue.get(race.runners.len()..).unwrap_or_default().to_vec(),
        redirected_from: (real_port != port).then(|| format!("port {port}")),
    };
    let mut stream = None;
    for (index, runner) in race.runners.into_iter().enumerate() {
        let socket = runner.socket.and_then(|socket| Rc::try_unwrap(socket).ok());
        if won == Some(index) {
            connect.local = socket.as_ref().and_then(|socket| socket.local_addr().ok());
            connect.tcp_info = socket.as_ref().and_then(info::read);
            stream = socket;
        }
        connect.attempts.push(runner.attempt);
    }
    match stream {
        Some(stream) => (connect, Ok(stream)),
        None => {
            let fault = explain(&connect, addresses, plan, outcome.err().map(|why| (why, stop.max_time())));
            let running = connect.end.since(connect.start);
            (connect, Err(fault.after(running)))
        }
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
    async fn run(&mut self, queue: &[SocketAddr]) -> Result<Option<usize>, Stopped> {
        let (clock, limit) = (*self.clock, self.plan.connect_timeout);
        let mut running = FuturesUnordered::new();
        let mut waiting = queue.iter();
        let mut next_start = Some(self.start);
        loop {
            let stagger = async {
                match next_start {
                    // The runtime's timers round up to a millisecond: what is due does not sleep.
                    Some(at) if at <= clock.now() => {}
                    Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await,
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
                    let Some(address) = waiting.next() else {
                        next_start = None;
                        continue;
                    };
                    let index = self.runners.len();
                    match self.launch(*address) {
                        Ok(socket) => {
                            let start = self.runners[index].attempt.start;
                            running.push(attempt(index, socket, start.after(limit), clock));
                            next_start = Some(start.after(self.plan.stagger));
                        }
                        // Failed on the spot (no route): the next one at once.
                        Err(error) => {
                            self.settle(index, clock.now(), outcome_of(&error));
                            next_start = Some(clock.now());
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
                    if waiting.len() > 0 {
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
    fn launch(&mut self, address: SocketAddr) -> io::Result<Rc<TcpStream>> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
        let start = self.clock.now();
        let result = socket.and_then(|socket| {
            socket.set_nonblocking(true)?;
            // Small writes must not wait for each other: the first request byte is a measured event.
            socket.set_tcp_nodelay(true)?;
            match socket.connect(&address.into()) {
                Ok(()) => {}
                Err(error) if in_progress(&error) => {}
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
            },
            socket: result.as_ref().ok().cloned(),
        });
        result
    }

    fn settle(&mut self, index: usize, end: At, outcome: AttemptOutcome) {
        let runner = &mut self.runners[index];
        runner.attempt.end = end;
        runner.attempt.syn_retransmits = runner.socket.as_deref().and_then(info::retransmits);
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

/// What to try when no address is of the family asked for.
const FAMILY_HINT: &str = "leave the family option out";

enum Step {
    Start,
    Done((usize, At, Option<AttemptOutcome>)),
}

/// Waits for one connect to end; `None` is success.
async fn attempt(
    index: usize,
    socket: Rc<TcpStream>,
    limit: At,
    clock: Clock,
) -> (usize, At, Option<AttemptOutcome>) {
    let writable = tokio::time::timeout_at(clock.instant(limit).into(), socket.writable()).await;
    let end = clock.now();
    let outcome = match writable {
        Err(_) => Some(AttemptOutcome::TimedOut),
        Ok(Err(error)) => Some(outcome_of(&error)),
        Ok(Ok(())) => match socket.take_error() {
            Ok(None) => None,
            Ok(Some(error)) | Err(error) => Some(outcome_of(&error)),
        },
    };
    (index, end, outcome)
}

fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::EINPROGRESS)
}

fn outcome_of(error: &io::Error) -> AttemptOutcome {
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

/// The failure that says what happened to each address. `stopped` is what ended the race early, and
/// the time that the whole trace was given.
fn explain(
    connect: &Connect,
    addresses: &[IpAddr],
    plan: &TcpPlan,
    stopped: Option<(Stopped, Duration)>,
) -> Fault {
    let fault = |code, message: String| Fault::new(StageName::Tcp, code, message);
    let Some(last) = connect.attempts.last() else {
        let (wanted, hint) = match plan.family {
            Family::Ipv4 => ("IPv4", Some(FAMILY_HINT)),
            Family::Ipv6 => ("IPv6", Some(FAMILY_HINT)),
            Family::Any => ("usable", None),
        };
        let message = format!("none of the {} addresses found is an {wanted} address", addresses.len());
        return fault(FailureCode::NoAddress, message).hint_if(hint);
    };
    if let Some((why, max_time)) = stopped {
        let mut running =
            connect.attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Stopped);
        let attempt = running.next().unwrap_or(last);
        let took = units::duration(attempt.end.since(attempt.start));
        let doing = match running.count() {
            0 => format!("connecting to {} ({took} so far)", attempt.address),
            more => format!("connecting: {} addresses silent, the first for {took}", more + 1),
        };
        return Fault::stopped(StageName::Tcp, why, max_time, &doing);
    }
    let has =
        |wanted: fn(&AttemptOutcome) -> bool| connect.attempts.iter().any(|attempt| wanted(&attempt.outcome));
    let (code, hint) = if has(|outcome| *outcome == AttemptOutcome::Refused) {
        (
            FailureCode::ConnectionRefused,
            "nothing listens on that port: is the service up, is the port right?",
        )
    } else if has(|outcome| *outcome == AttemptOutcome::TimedOut) {
        (
            FailureCode::ConnectTimeout,
            "the address is silent: a firewall that drops packets, or a host that is down",
        )
    } else if has(|outcome| matches!(outcome, AttemptOutcome::Failed(_))) {
        (FailureCode::ConnectFailed, "the operating system refused the connection")
    } else {
        (
            FailureCode::Unreachable,
            "there is no route to that address: is this machine connected to a network?",
        )
    };
    let message = if connect.attempts.len() == 1 {
        format!("connect to {} {}", last.address, phrase(last))
    } else {
        let each = by_outcome(&connect.attempts);
        format!("none of {} addresses could be connected: {}", connect.attempts.len(), each.join("; "))
    };
    fault(code, message).hint(hint)
}

/// What became of the addresses. Of many that ended alike the first is named.
fn by_outcome(attempts: &[Attempt]) -> Vec<String> {
    const NAMED: usize = 3;
    let mut groups: Vec<(&Attempt, usize)> = Vec::new();
    for attempt in attempts {
        let alike = |first: &Attempt| match (&first.outcome, &attempt.outcome) {
            (AttemptOutcome::TimedOut, AttemptOutcome::TimedOut) => true,
            (one, other) => one == other,
        };
        match groups.iter_mut().find(|(first, _)| attempts.len() > NAMED && alike(first)) {
            Some((_, count)) => *count += 1,
            None => groups.push((attempt, 1)),
        }
    }
    let told = |(first, count): (&Attempt, usize)| match count {
        1 => format!("{} {}", first.address, phrase(first)),
        _ => {
            format!("{} and {} more {}", first.address, count - 1, phrase(first).replacen("was ", "were ", 1))
        }
    };
    groups.into_iter().map(told).collect()
}

fn phrase(attempt: &Attempt) -> String {
    match &attempt.outcome {
        AttemptOutcome::Won => "connected".to_owned(),
        AttemptOutcome::Lost => "was given up".to_owned(),
        AttemptOutcome::Refused => "was refused".to_owned(),
        AttemptOutcome::TimedOut => {
            format!("timed out after {}", units::duration(attempt.end.since(attempt.start)))
        }
        AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => format!("failed: {words}"),
        AttemptOutcome::Stopped => "was stopped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        connect(&v(addresses), port, plan, &clock, &Stop::after(clock, max)).await
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
