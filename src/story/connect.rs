//! From addresses to a connection: the race between them, and the three-way handshake.

use std::time::Duration;

use super::teller::{Teller, clip, list};
use crate::trace::{
    AT_ONCE, AddressCheck, AddressOutcome, Attempt, AttemptOutcome, Carrier, Connect, FastOpen, Hop, Stage,
    Trace,
};
use crate::units;

const RACE: &[&str] = &["RFC 8305 section 5", "RFC 6724"];
const HANDSHAKE: &[&str] = &["RFC 9293 section 3.5", "RFC 6298 section 2"];
const ALL_ADDRESSES: &str = "urltrace --lab --all-addresses https://pool.tls.test/";
const REUSE: &[&str] = &["RFC 9112 section 9.3", "RFC 9113 section 9.1.1"];

/// The connection of a request.
pub(super) fn put(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>) {
    match hop.connect {
        Stage::Ran(connect) => {
            if !hop.abandoned.is_empty() {
                abandoned(teller, hop);
            }
            match &connect.unix_socket {
                Some(path) => unix(teller, connect, &path.to_string_lossy()),
                None => {
                    race(teller, connect);
                    match &connect.fast_open {
                        Some(fast_open) if connect.is_deferred() => data_in_syn(teller, fast_open),
                        _ => handshake(teller, connect),
                    }
                }
            }
            if let Some(why) = connect.addresses_skipped {
                let told = format!("--all-addresses was given, and 0 were tried: {why}.");
                teller.tell("All addresses", &[told], &["RFC 8305 section 5"], ALL_ADDRESSES);
            }
            if let Some(checks) = connect.addresses.as_deref().filter(|checks| !checks.is_empty()) {
                every_address(teller, checks);
            }
        }
        Stage::Skipped(reason) => reused(teller, trace, hop, reason),
        Stage::NotReached => {}
    }
}

fn unix(teller: &mut Teller, connect: &Connect, path: &str) {
    let told = format!(
        "The server is on this machine and was reached by the file {}, a unix socket: 0 packets went over a network, and \
         the connection took {}.",
        clip(path),
        units::duration(connect.end.since(connect.start))
    );
    teller.tell(
        "A socket of this machine",
        &[told],
        &["POSIX connect()"],
        "urltrace --lab https://www.example.test/",
    );
}

/// `--all-addresses`.
fn every_address(teller: &mut Teller, checks: &[AddressCheck]) {
    let good = checks.iter().filter(|check| check.serves()).count();
    let tried = match checks.len() {
        1 => "the 1 address of the host was tried for its own sake".to_owned(),
        many => format!("{many} addresses of the host were tried for their own sake, {AT_ONCE} at a time"),
    };
    let mut told =
        vec![format!("When this was over, {tried}, which counts for nothing above: {good} served.")];
    told.extend(checks.iter().filter(|check| !check.serves()).take(4).map(|check| {
        let why = match (check.outcome, check.status) {
            (AddressOutcome::Ok, Some(status @ 500..)) => format!("it answered {status}"),
            (AddressOutcome::Ok, _) => "its certificate is not good".to_owned(),
            _ => clip(check.error.as_deref().unwrap_or(check.outcome.as_str())).to_string(),
        };
        format!("{} did not: {why}.", check.address)
    }));
    teller.tell("All addresses", &told, &["RFC 8305 section 5"], ALL_ADDRESSES);
}

/// `--tcp-fastopen`, with a cookie.
fn data_in_syn(teller: &mut Teller, fast_open: &FastOpen) {
    let told = format!(
        "To a server that has given this machine a cookie before, the first data can leave in the SYN itself, so that no \
         round trip is spent on the handshake alone (TCP Fast Open). The connection took 0 ms by itself: its round trip \
         is part of what follows. Here it was {}.",
        fast_open.words()
    );
    teller.tell(
        "Data in the SYN",
        &[told],
        &["RFC 7413 section 3"],
        "urltrace --lab --tcp-fastopen https://www.example.test/",
    );
}

/// `--route`.
pub(super) fn path(teller: &mut Teller, hop: &Hop<'_>) {
    let Some(route) = hop.dialled().and_then(|connect| connect.route.as_ref()) else { return };
    if route.hops.is_empty() {
        return;
    }
    let mut told = vec![teller
        .once(
            "Between this machine and the server stand routers, which pass each packet on to the next. Every packet \
             has a counter, its time to live (TTL; hop limit in IPv6), that each router lowers by one; at 0 the packet \
             is thrown away, and the router that does so tells its sender. Packets to the server's port with a TTL of 1, 2, 3 \
             and so on find the routers one by one.",
        )
        .to_owned()];
    let known = route.hops.iter().filter(|hop| hop.address.is_some()).count();
    told.push(match route.target() {
        Some(target) => format!(
            "The server is {} away and answered after {} at best; {known} of the {} told of themselves.",
            units::count(route.hops.len(), "hop"),
            target.rtt.map_or_else(|| "an unknown time".to_owned(), units::duration),
            route.hops.len()
        ),
        None => format!(
            "Of {} tried {known} told of themselves, none of them the server.",
            units::count(route.hops.len(), "hop")
        ),
    });
    let sparing = route.sparing().count();
    if sparing > 0 {
        told.push(format!(
            "{sparing} of them left probes unanswered that hops behind them did answer: a router forwards packets first and \
             sends ICMP when it likes to, so that is no loss.",
        ));
    }
    teller.tell(
        "The path",
        &told,
        &["RFC 1812 section 5.3.1", "RFC 792", "RFC 4443 section 3.3"],
        "urltrace --lab --route https://www.example.test/",
    );
}

fn reused(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>, reason: &str) {
    let opener = hop.reused.and_then(|id| trace.hops().nth(id.0));
    let spared = opener.and_then(|opener| {
        let connect = opener.connect.ran()?;
        let tls = opener.tls.ran().map_or(Duration::ZERO, |tls| tls.end.since(tls.start));
        Some((opener.id.0 + 1, connect.end.since(connect.start) + tls))
    });
    let told = match spared {
        Some((opener, spared)) => format!(
            "No connection was opened: {reason}. It is that of request {opener}, whose opening had taken {}; \
             this request pays none of it.",
            units::duration(spared)
        ),
        None => format!("No connection was opened for this request: {reason}. That took 0 ms."),
    };
    teller.tell("The connection", &[told], REUSE, "urltrace --lab -L http://kept-connection.http.test/");
}

fn abandoned(teller: &mut Teller, hop: &Hop<'_>) {
    let told = format!(
        "{} that an HTTPS record had named came before, and led to nothing; a browser then tries the next \
         endpoint (place to connect to), the host's own address last.",
        units::count(hop.abandoned.len(), "connection")
    );
    teller.tell(
        "Endpoints given up",
        &[told],
        &["RFC 9460 section 3"],
        "urltrace --lab https://dead-endpoint.https.test/",
    );
}

fn race(teller: &mut Teller, connect: &Connect) {
    let many = connect.attempts.len();
    let known = many + connect.untried.len();
    let mut told = vec![format!(
        "{} known, and {} tried.",
        if known == 1 { "1 address is".to_owned() } else { format!("{known} addresses are") },
        if many == 1 { "1 was".to_owned() } else { format!("{many} were") }
    )];
    told.push(
        teller
            .once(
                "Where there are several, a browser does not wait for one to fail: after a short pause (250 ms \
                 is usual) it tries the next beside it, IPv6 first, and keeps whichever connects first (a race \
                 known as happy eyeballs).",
            )
            .to_owned(),
    );
    told.extend(connect.attempts.iter().take(4).map(|attempt| attempted(connect, attempt)));
    if many > 4 {
        told.push(format!("{} more attempts followed.", many - 4));
    }
    told.extend(beside(connect));
    if !connect.untried.is_empty() {
        let untried: Vec<String> = connect.untried.iter().map(|address| address.ip().to_string()).collect();
        told.push(format!("Never tried: {}.", list(&untried)));
    }
    let command = if many > 1 {
        "urltrace --lab https://www.example.test/"
    } else {
        "urltrace --lab https://www.ipv6.test/"
    };
    teller.tell("The race between addresses", &told, RACE, command);
}

/// Why QUIC came before TCP.
const QUIC_ALONE: &str = "An HTTPS record of the host offers HTTP/3 and nothing else, so its endpoint is for QUIC alone: TCP, \
                          to the host's own address, had to wait until that had brought nothing.";

/// The other transport, which was tried at the same moment.
pub(super) fn beside(connect: &Connect) -> Vec<String> {
    let mut told: Vec<String> = connect.rivals.iter().take(4).map(rival).collect();
    if let Some(first) = connect.rivals.first() {
        let other = match first.transport {
            Carrier::Quic => "HTTP/3 was tried at the same moment, by QUIC over UDP",
            Carrier::Tcp => "TCP with TLS was tried at the same moment",
        };
        let intro = format!(
            "{other}: whichever handshake is complete first carries the request, and the other one costs 0 ms of it."
        );
        told.insert(0, if connect.is_led_by_quic() { QUIC_ALONE.to_owned() } else { intro });
    }
    told.extend(connect.udp_check.as_ref().map(asked_again));
    told
}

/// What the second try showed, when the run had ended.
fn asked_again(attempt: &Attempt) -> String {
    let took = units::duration(attempt.end.since(attempt.start));
    let what = match (&attempt.outcome, attempt.answered) {
        (_, Some(answered)) => {
            let answered = units::duration(answered.since(attempt.start));
            format!(
                "an answer came after {answered}: UDP gets through, and the first packet was late or lost"
            )
        }
        (AttemptOutcome::Refused, None) => format!("it was refused after {took}"),
        (AttemptOutcome::TimedOut | AttemptOutcome::Lost, None) => {
            format!(
                "{took} brought no answer, so UDP does not get through or nobody is there: from here the two look alike"
            )
        }
        (AttemptOutcome::Unreachable(why) | AttemptOutcome::Failed(why), None) => {
            format!("it failed ({})", clip(why))
        }
        (AttemptOutcome::Stopped | AttemptOutcome::Won, None) => "it was not waited for".to_owned(),
    };
    format!("QUIC had heard nothing, so it was tried once more when the run had ended (not counted): {what}.")
}

fn rival(attempt: &Attempt) -> String {
    let took = units::duration(attempt.end.since(attempt.start));
    let who = format!("{} to {}", attempt.transport.spoken(), attempt.address);
    match &attempt.outcome {
        AttemptOutcome::Won | AttemptOutcome::Lost => {
            format!("{who} was not complete by then, and was given up after {took}.")
        }
        AttemptOutcome::Refused => format!("{who} was refused after {took}."),
        AttemptOutcome::TimedOut => format!("{who} got no answer within {took}."),
        AttemptOutcome::Unreachable(why) => format!("{who} could not set out ({}).", clip(why)),
        AttemptOutcome::Failed(why) => format!("{who} failed ({}) after {took}.", clip(why)),
        AttemptOutcome::Stopped => format!("{who} was stopped with the run after {took}."),
    }
}

fn attempted(connect: &Connect, attempt: &Attempt) -> String {
    let begun = units::duration(attempt.start.since(connect.start));
    let took = units::duration(attempt.end.since(attempt.start));
    let outcome = match &attempt.outcome {
        AttemptOutcome::Won if connect.is_deferred() => {
            "was taken: its SYN waits for the first data".to_owned()
        }
        AttemptOutcome::Won => format!("was connected after {took}"),
        AttemptOutcome::Lost => {
            format!("had not answered when another connected, and was given up after {took}")
        }
        AttemptOutcome::Refused => {
            format!("refused after {took}: the machine is there, and nothing takes connections on this port")
        }
        AttemptOutcome::TimedOut => format!("did not answer within {took}"),
        AttemptOutcome::Unreachable(why) => format!("could not be reached ({}) after {took}", clip(why)),
        AttemptOutcome::Failed(why) => format!("failed ({}) after {took}", clip(why)),
        AttemptOutcome::Stopped => format!("was stopped with the run after {took}"),
    };
    format!("{}, begun {begun} into the race, {outcome}.", attempt.address)
}

fn handshake(teller: &mut Teller, connect: &Connect) {
    let Some(winner) = connect.winner.and_then(|winner| connect.attempts.get(winner)) else { return };
    let took = units::duration(winner.end.since(winner.start));
    let mut told = vec![
        teller
            .once(
                "TCP makes one reliable stream of bytes out of packets that may be lost or overtake each other. \
                 Both ends first agree on where they begin to count: the client sends a SYN (synchronize), the \
                 server answers with SYN and ACK (acknowledge), the client acknowledges that: a three-way \
                 handshake.",
            )
            .to_owned(),
        format!(
            "With {} it took {took}. The client has to wait for one round trip only: its own last packet can \
             carry data at once.",
            winner.address.ip()
        ),
    ];
    match winner.syn_retransmits {
        Some(0) => told.push("The first SYN was answered: 0 were sent again.".to_owned()),
        Some(again) => told.push(format!(
            "{again} SYN had to be sent again, as no answer had come; the first wait for one is 1 s and each \
             one after that is longer.",
        )),
        None => {}
    }
    if let (Some(info), Some(rtt)) = (connect.tcp_info, round_trip(connect)) {
        let rtt = units::duration(rtt);
        told.push(format!(
            "The kernel measured a round-trip time (RTT) of {rtt} and may send {} bytes in one segment (MSS, \
             maximum segment size).",
            info.mss
        ));
    }
    if let Some(from) = &connect.redirected_from {
        told.push(format!("Without this run's settings it would have gone to {}.", clip(from)));
    }
    teller.tell(
        "The three-way handshake",
        &told,
        HANDSHAKE,
        "urltrace --lab https://dead-endpoint.https.test/",
    );
}

/// The least round trip that the kernel knows of; none after a SYN that was sent again, which it takes for one.
pub(super) fn round_trip(connect: &Connect) -> Option<Duration> {
    let info = connect.tcp_info?;
    info.min_rtt.or((info.retransmits == 0).then_some(info.rtt))
}
