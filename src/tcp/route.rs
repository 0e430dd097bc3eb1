//! The path to an address, by SYNs to its own port that leave with rising TTL (RFC 1812 §5.3.1), or by datagrams where
//! QUIC was used: each router that a TTL ends at sends ICMP time exceeded, and the address itself SYN and ACK, or RST,
//! or the versions of QUIC that it speaks. No raw sockets: the kernel hands ICMP to the socket that it is about
//! (ip(7), IP_RECVERR), for TCP since Linux 5.18. Names are the caller's matter.
//!
//! Three probes a TTL, a few milliseconds apart, the next TTL behind them: no more of them meet the server than are
//! under way when its first answer comes. A probe is one packet, as the kernel's second SYN would leave after a second.

#[cfg(target_os = "linux")]
mod datagram;
#[cfg(target_os = "linux")]
mod heard;
mod outcome;
#[cfg(target_os = "linux")]
mod probe;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use self::outcome::{Answer, Outcome};
use crate::clock::Clock;
use crate::plan::TcpPlan;
use crate::stop::Stop;
use crate::trace::{Carrier, Route, RouteAnswer, RouteEnd, RouteHop};

/// The most hops that are tried.
pub const MOST_HOPS: u8 = 30;
/// Probes of one TTL.
const PROBES: u8 = 3;
/// From one probe to the next.
const PACE: Duration = Duration::from_millis(20);

/// Finds the path to an address that was connected to, by what it was connected to by.
pub async fn route(to: SocketAddr, by: Carrier, plan: &TcpPlan, clock: &Clock, stop: &Stop) -> Route {
    let mut survey = Survey::default();
    let whole = stop.within(None, survey.run((to, by), plan, clock)).await.is_ok();
    survey.into_route(whole)
}

/// The probes so far.
#[derive(Default)]
struct Survey {
    outcomes: Vec<(u8, Outcome)>,
    /// The TTL that nothing has to go beyond.
    last: Option<u8>,
    failed: Option<String>,
}

impl Survey {
    async fn run(&mut self, to: (SocketAddr, Carrier), plan: &TcpPlan, clock: &Clock) {
        let mut due = (1..=MOST_HOPS).flat_map(|ttl| (0..PROBES).map(move |_| ttl)).peekable();
        let mut running = FuturesUnordered::new();
        // How many of each TTL are under way.
        let mut awaited = [0_u8; MOST_HOPS as usize + 1];
        let mut next = clock.now();
        loop {
            let last = self.last.unwrap_or(MOST_HOPS);
            let more = self.failed.is_none() && due.peek().is_some_and(|ttl| *ttl <= last);
            if !more && awaited[..=usize::from(last)].iter().all(|count| *count == 0) {
                return;
            }
            let pause = async {
                if more {
                    tokio::time::sleep_until(clock.instant(next).into()).await; // the pace of the probes
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                Some((ttl, outcome)) = running.next(), if !running.is_empty() => {
                    awaited[usize::from(ttl)] -= 1;
                    self.settle(ttl, outcome);
                }
                () = pause => if let Some(ttl) = due.next() {
                    awaited[usize::from(ttl)] += 1;
                    running.push(async move { (ttl, one(to, ttl, plan, clock).await) });
                    next = clock.now().after(PACE);
                }
            }
        }
    }

    fn settle(&mut self, ttl: u8, outcome: Outcome) {
        match &outcome {
            Outcome::Answered(Answer { what: RouteAnswer::Reached | RouteAnswer::Unreachable, .. }) => {
                self.last = Some(self.last.map_or(ttl, |last| last.min(ttl)));
            }
            Outcome::Failed(words) => self.failed = Some(words.clone()),
            Outcome::Answered(_) | Outcome::Silent => {}
        }
        self.outcomes.push((ttl, outcome));
    }

    fn into_route(self, whole: bool) -> Route {
        let last = self.last.or_else(|| self.outcomes.iter().map(|(ttl, _)| *ttl).max()).unwrap_or(0);
        let hops: Vec<RouteHop> = (1..=last).filter_map(|ttl| self.hop(ttl)).collect();
        let end = match (hops.last().and_then(|hop| hop.answer), self.failed) {
            (Some(RouteAnswer::Reached), _) => RouteEnd::Reached,
            (Some(RouteAnswer::Unreachable), _) => RouteEnd::Unreachable,
            (_, Some(words)) => RouteEnd::Failed(words),
            (_, None) if whole => RouteEnd::TooFar,
            (_, None) => RouteEnd::Stopped,
        };
        Route { hops, end }
    }

    /// What came of one TTL; `None` where nothing was waited for.
    fn hop(&self, ttl: u8) -> Option<RouteHop> {
        let of_ttl = || self.outcomes.iter().filter(move |(of, _)| *of == ttl).map(|(_, outcome)| outcome);
        let sent = of_ttl().filter(|outcome| !matches!(outcome, Outcome::Failed(_))).count();
        if sent == 0 {
            return None;
        }
        let answers: Vec<&Answer> = of_ttl()
            .filter_map(|outcome| if let Outcome::Answered(answer) = outcome { Some(answer) } else { None })
            .collect();
        let answer = answers.iter().map(|answer| answer.what).max();
        // Whoever ended the path comes first, then who answered most.
        let mut from: Vec<(RouteAnswer, usize, IpAddr)> = Vec::new();
        for answer in &answers {
            let Some(address) = answer.from else { continue };
            match from.iter_mut().find(|(_, _, known)| *known == address) {
                Some((what, count, _)) => (*what, *count) = ((*what).max(answer.what), *count + 1),
                None => from.push((answer.what, 1, address)),
            }
        }
        from.sort_by_key(|(what, count, _)| std::cmp::Reverse((*what, *count)));
        let mut from = from.into_iter().map(|(.., address)| address);
        Some(RouteHop {
            ttl,
            address: from.next(),
            others: from.collect(),
            name: None,
            rtt: answers.iter().map(|answer| answer.rtt).min(),
            sent: u8::try_from(sent).unwrap_or(u8::MAX),
            answered: u8::try_from(answers.len()).unwrap_or(u8::MAX),
            answer,
        })
    }
}

#[cfg(target_os = "linux")]
async fn one((to, by): (SocketAddr, Carrier), ttl: u8, plan: &TcpPlan, clock: &Clock) -> Outcome {
    match by {
        Carrier::Tcp => probe::send(to, ttl, plan, clock).await,
        Carrier::Quic => datagram::send(to, ttl, plan, clock).await,
    }
}

#[cfg(not(target_os = "linux"))]
async fn one(_: (SocketAddr, Carrier), _: u8, _: &TcpPlan, _: &Clock) -> Outcome {
    Outcome::Failed("this system hands no ICMP to the program it is about".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(last: u8, what: RouteAnswer, us: u64) -> Outcome {
        let from = Some(IpAddr::from([192, 0, 2, last]));
        Outcome::Answered(Answer { from, what, rtt: Duration::from_micros(us) })
    }

    #[test]
    fn the_probes_of_a_hop_become_one_and_nothing_goes_beyond_the_end() {
        use RouteAnswer::{Reached, TimeExceeded};
        let mut survey = Survey::default();
        for (ttl, outcome) in [
            (1, answer(1, TimeExceeded, 300)),
            (1, answer(7, TimeExceeded, 900)),
            (1, answer(1, TimeExceeded, 200)),
            (2, Outcome::Silent),
            (3, answer(9, Reached, 700)),
            (4, answer(9, Reached, 500)),
            // A path that is one hop longer: the end is still where the address has answered.
            (3, answer(8, TimeExceeded, 400)),
            (2, Outcome::Silent),
        ] {
            survey.settle(ttl, outcome);
        }
        let route = survey.into_route(true);
        assert_eq!((route.end.clone(), route.hops.len()), (RouteEnd::Reached, 3));
        let [first, second, third] = &route.hops[..] else { panic!("{route:?}") };
        assert_eq!(
            (first.address, &first.others[..]),
            (Some([192, 0, 2, 1].into()), &[[192, 0, 2, 7].into()][..])
        );
        assert_eq!((first.rtt, first.sent, first.answered), (Some(Duration::from_micros(200)), 3, 3));
        assert_eq!((second.address, second.sent, second.answered), (None, 2, 0));
        assert_eq!((third.address, third.answer), (Some([192, 0, 2, 9].into()), Some(Reached)));
        assert_eq!(route.target(), Some(third));
    }

    #[test]
    fn what_was_not_waited_for_was_not_lost() {
        let mut survey = Survey::default();
        survey.settle(1, answer(1, RouteAnswer::TimeExceeded, 300));
        let route = survey.into_route(false);
        assert_eq!((route.end, route.hops[0].sent, route.hops[0].answered), (RouteEnd::Stopped, 1, 1));
        let mut survey = Survey::default();
        survey.settle(1, Outcome::Failed("no socket".to_owned()));
        assert_eq!(
            survey.into_route(true),
            Route { hops: vec![], end: RouteEnd::Failed("no socket".to_owned()) }
        );
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_open_port_and_a_closed_one_are_reached_at_the_first_hop() {
        let listener = tokio::net::TcpListener::bind("127.0.0.6:0").await.unwrap();
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(5));
        for to in [listener.local_addr().unwrap(), "127.0.0.6:1".parse().unwrap()] {
            let route = route(to, Carrier::Tcp, &TcpPlan::default(), &clock, &stop).await;
            assert_eq!((&route.end, route.hops.len()), (&RouteEnd::Reached, 1), "{route:?}");
            let hop = &route.hops[0];
            assert_eq!((hop.address, hop.sent, hop.answered), (Some(to.ip()), 3, 3), "{route:?}");
        }
        assert!(clock.now().0 < 1_000_000, "nobody is waited for in vain");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_server_of_quic_answers_with_its_versions_and_a_closed_port_by_icmp() {
        let server = tokio::net::UdpSocket::bind("127.0.0.6:0").await.unwrap();
        let open = server.local_addr().unwrap();
        let answering = tokio::spawn(async move {
            let mut probe = [0; 2000];
            loop {
                let (length, from) = server.recv_from(&mut probe).await.unwrap();
                // RFC 9000 §6.1: what is shorter is not answered; §17.2.1: version 0 is the answer.
                assert!(length >= 1200 && probe[0] & 0xc0 == 0xc0 && probe[1..5] == [0x1a, 0x2a, 0x3a, 0x4a]);
                server.send_to(b"\x80\0\0\0\0", from).await.unwrap();
            }
        });
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(5));
        for to in [open, "127.0.0.6:1".parse().unwrap()] {
            let route = route(to, Carrier::Quic, &TcpPlan::default(), &clock, &stop).await;
            assert_eq!((&route.end, route.hops.len()), (&RouteEnd::Reached, 1), "{route:?}");
            let hop = &route.hops[0];
            assert_eq!((hop.address, hop.sent, hop.answered), (Some(to.ip()), 3, 3), "{route:?}");
        }
        answering.abort();
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_port_that_is_silent_is_a_star() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.6:0").await.unwrap();
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(2));
        let to = silent.local_addr().unwrap();
        let route = route(to, Carrier::Quic, &TcpPlan::default(), &clock, &stop).await;
        assert_eq!(route.end, RouteEnd::Stopped, "{route:?}");
        assert!(route.hops.iter().all(|hop| hop.answered == 0 && hop.address.is_none()), "{route:?}");
    }
}
