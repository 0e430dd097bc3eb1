//! A table of traces, each with the verdict on it: the cause, the stage, what the sentence must say and
//! what it must not.

use std::time::Duration;

use super::parts::parts;
use super::{Cause, verdict};
use crate::finding::{check, sample};
use crate::timeline::phases_of_all;
use crate::trace::{
    At, Attempt, AttemptOutcome, CertificateFault, CheckLimit, Choice, Connect, DnssecVerdict,
    EndpointSource, Failure, FailureCode, Meaning, Redirect, RedirectChange, Stage, StageName, Trace,
    Verification,
};

/// A run by how long its phases took, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// Each name server on the way.
    pub(super) dns: [u64; 3],
    pub(super) connect: u64,
    /// The network round trip to the web server.
    pub(super) trip: u64,
    pub(super) tls: u64,
    pub(super) wait: u64,
    pub(super) receive: u64,
}

/// Everything 20 ms away, and nothing slow.
pub(super) const FAR: Run = Run { dns: [20, 20, 20], connect: 20, trip: 20, tls: 22, wait: 22, receive: 1 };

impl Run {
    pub(super) fn trace(self) -> Trace {
        let mut trace = sample::sound();
        let mut now = 0;
        let mut pass = |millis: u64| {
            now += millis * 1_000;
            (At(now - millis * 1_000), At(now))
        };
        let dns = sample::dns(&mut trace);
        for (packet, millis) in dns.packets.iter_mut().zip(self.dns) {
            (packet.sent, packet.end) = pass(millis);
            packet.received = Some(packet.end);
        }
        dns.end = dns.packets[2].end;
        let connect = sample::connect(&mut trace);
        (connect.start, connect.end) = pass(self.connect);
        (connect.attempts[0].start, connect.attempts[0].end) = (connect.start, connect.end);
        let info = connect.tcp_info.as_mut().unwrap();
        let trip = Duration::from_millis(self.trip);
        (info.rtt, info.min_rtt, info.mss) = (trip, Some(trip), 1_460);
        let tls = sample::tls(&mut trace);
        (tls.start, tls.end) = pass(self.tls);
        tls.verification.as_mut().unwrap().cpu = Duration::from_micros(300);
        (tls.flights[0].start, tls.flights[0].end) = (tls.start, tls.start);
        (tls.flights[1].start, tls.flights[1].end) = (tls.end, tls.end);
        (tls.flights[2].start, tls.flights[2].end) = (tls.end, tls.end);
        let http = sample::http(&mut trace);
        (http.start, _) = pass(0);
        http.sent = Some(http.start);
        let (_, first) = pass(self.wait);
        (http.first_byte, http.head_end) = (Some(first), Some(first));
        (_, http.end) = pass(self.receive);
        trace.requests[0].end = At(now);
        trace.total = Duration::from_micros(now);
        trace
    }

    pub(super) fn bent(self, bend: impl FnOnce(&mut Trace)) -> Trace {
        let mut trace = self.trace();
        bend(&mut trace);
        trace
    }
}

struct Case {
    name: &'static str,
    trace: Trace,
    cause: Cause,
    stage: Option<StageName>,
    says: &'static str,
    never: &'static str,
}

fn case(
    name: &'static str,
    trace: Trace,
    (cause, stage): (Cause, impl Into<Option<StageName>>),
    says: &'static str,
    never: &'static str,
) -> Case {
    Case { name, trace, cause, stage: stage.into(), says, never }
}

fn failed(trace: &mut Trace, stage: StageName, code: FailureCode, message: &str) {
    trace.requests[0].failure =
        Some(Failure { stage, code, message: message.into(), hint: None, running: Duration::ZERO });
}

fn attempt(outcome: AttemptOutcome, address: &str, start: u64, end: u64) -> Attempt {
    Attempt {
        address: address.parse().unwrap(),
        start: At(start),
        end: At(end),
        outcome,
        syn_retransmits: None,
        answered: None,
        source: EndpointSource::Host,
        transport: crate::trace::Carrier::Tcp,
    }
}

/// Another address that was tried before the one that won.
fn tried_first(trace: &mut Trace, outcome: AttemptOutcome, address: &str) {
    let connect: &mut Connect = sample::connect(trace);
    let (start, end) = (connect.start.0, connect.end.0);
    connect.attempts[0].start = At(end - 20_000);
    connect.attempts.insert(0, attempt(outcome, address, start, end - 20_000));
    connect.winner = Some(1);
}

fn fault(trace: &mut Trace, fault: CertificateFault) {
    let verification: &mut Verification = sample::tls(trace).verification.as_mut().unwrap();
    verification.overridden = true;
    verification.faults = vec![fault];
}

/// The last packet of the lookup failed like this; the same went to another server, or again to this one.
fn packet_failed(trace: &mut Trace, meaning: Meaning, same_server: bool, lost: u64) {
    let dns = sample::dns(trace);
    let mut good = dns.packets[2].clone();
    let failed = &mut dns.packets[2];
    (failed.meaning, failed.received) = (meaning, None);
    failed.end = At(failed.sent.0 + lost);
    good.sent = failed.end;
    good.chosen = if same_server { Choice::Again } else { Choice::NextAfterFailure };
    if !same_server {
        good.server = "198.51.100.77:53".parse().unwrap();
    }
    dns.packets.push(good);
    dns.critical_path = vec![0, 1, 2, 3];
}

fn followed(trace: &mut Trace) {
    sample::http(trace).redirect = Some(Redirect {
        location: "/b".into(),
        target: Some("https://www.example.test/b".into()),
        changes: vec![RedirectChange::Path],
        followed: true,
        next_method: None,
    });
    let (end, total) = (trace.requests[0].end, trace.total);
    let mut again = trace.requests[0].clone();
    let shift = |at: At| At(at.0 + end.0);
    (again.start, again.end) = (shift(again.start), shift(again.end));
    let http = again.http.ran_mut().unwrap();
    http.redirect = None;
    for at in [&mut http.start, &mut http.end] {
        *at = shift(*at);
    }
    for at in [&mut http.sent, &mut http.first_byte, &mut http.head_end] {
        *at = at.map(shift);
    }
    again.lookup = Stage::Skipped("the connection was open");
    again.start = http.start;
    trace.total = total + again.end.since(again.start);
    let gap = again.start.since(end);
    let back = |at: At| At(at.0 - u64::try_from(gap.as_micros()).unwrap());
    let http = again.http.ran_mut().unwrap();
    (http.start, http.end) = (back(http.start), back(http.end));
    (http.sent, http.first_byte) = (http.sent.map(back), http.first_byte.map(back));
    (again.start, again.end) = (back(again.start), back(again.end));
    trace.requests.push(again);
}

use AttemptOutcome::{Lost, Refused, TimedOut};
use Cause::{Distance, Error, Loss, Queue, Retry, Server, Us};
use StageName::{Dns, Http, Tcp, Tls, Url};

/// What fails or is wrong, whatever took the time.
fn wrong() -> Vec<Case> {
    let slow = Run { wait: 900, ..FAR };
    let status = |status| slow.bent(|trace| sample::http(trace).status = Some(status));
    let distrusted = |it| slow.bent(|trace| fault(trace, it));
    let no_way = |stage, code, message| slow.bent(|trace| failed(trace, stage, code, message));
    let failure = Cause::Failure;
    vec![
        case(
            "nxdomain",
            no_way(Dns, FailureCode::NxDomain, "www does not exist"),
            (failure, Dns),
            "dns failed: www does not",
            "thought",
        ),
        case(
            "refused",
            no_way(Tcp, FailureCode::ConnectionRefused, "192.0.2.1 refused"),
            (failure, Tcp),
            "tcp failed: 192.0.2.1",
            "%",
        ),
        case(
            "not tls",
            no_way(Tls, FailureCode::NotTls, "it speaks no TLS"),
            (failure, Tls),
            "tls failed: it",
            "thought",
        ),
        case(
            "not http",
            no_way(Http, FailureCode::NotHttp, "SSH answered"),
            (failure, Http),
            "http failed: SSH",
            "thought",
        ),
        case(
            "not saved",
            no_way(Http, FailureCode::OutputFailed, "/x: no space"),
            (failure, Http),
            "/x: no space",
            "failed:",
        ),
        case(
            "a failure is stronger than an error",
            slow.bent(|trace| {
                sample::http(trace).status = Some(503);
                failed(trace, Http, FailureCode::NotHttp, "cut off");
            }),
            (failure, Http),
            "http failed",
            "503",
        ),
        case("503", status(503), (Error, Http), "503 Service Unavailable", "nothing"),
        case("500 names the host", status(500), (Error, Http), "(www.example.test). ", "nothing"),
        case("404", status(404), (Error, Http), "404 Not Found", "nothing"),
        case("429", status(429), (Error, Http), "429", "nothing"),
        case("401", status(401), (Error, Http), "401", "nothing"),
        case(
            "an error has its time behind it",
            status(502),
            (Error, Http),
            "thought for 880 ms of",
            "distance",
        ),
        case("304 is none", status(304), (Server, Http), "thought for 880 ms", "304"),
        case(
            "bogus",
            slow.bent(|trace| sample::dns(trace).dnssec = Some(sample::dnssec(DnssecVerdict::Bogus))),
            (Error, Dns),
            "bogus",
            "nothing",
        ),
        case(
            "insecure is none",
            slow.bent(|trace| sample::dns(trace).dnssec = Some(sample::dnssec(DnssecVerdict::Insecure))),
            (Server, Http),
            "thought",
            "insecure",
        ),
        case(
            "expired under -k",
            distrusted(CertificateFault::Expired { index: 0, not_after: std::time::UNIX_EPOCH }),
            (Error, Tls),
            "expired",
            "nothing",
        ),
        case(
            "self-signed under -k",
            distrusted(CertificateFault::SelfSigned),
            (Error, Tls),
            "www.example.test",
            "nothing",
        ),
        case(
            "what cannot be checked is no error",
            distrusted(CertificateFault::Unchecked { index: 0, limit: CheckLimit::Version(1) }),
            (Server, Http),
            "thought",
            "X.509",
        ),
        case(
            "a refusing family",
            Run { connect: 40, ..slow }.bent(|trace| tried_first(trace, Refused, "[2001:db8::1]:443")),
            (Server, Http),
            "thought for",
            "IPv6",
        ),
        case(
            "a URL that is none",
            {
                let mut trace = Trace::new("https://a b/".into(), std::time::UNIX_EPOCH, Duration::ZERO);
                trace.no_request = Some(Failure {
                    stage: Url,
                    code: FailureCode::InvalidHost,
                    message: "a space".into(),
                    hint: None,
                    running: Duration::ZERO,
                });
                trace
            },
            (failure, Url),
            "url failed: a space",
            "took",
        ),
        case(
            "nothing at all",
            Trace::new("https://a/".into(), std::time::UNIX_EPOCH, Duration::ZERO),
            (Cause::None, None),
            "nothing was measured",
            "took",
        ),
    ]
}

/// Where the time of a name's resolution goes.
fn names() -> Vec<Case> {
    let far = |dns| Run { dns, ..FAR };
    let alone = |dns| Run { dns, connect: 1, trip: 1, tls: 2, wait: 2, receive: 0 };
    vec![
        case(
            "all far",
            FAR.trace(),
            (Distance, Dns),
            "are distance: 6 round trips of 20.0 ms; 3 of them are DNS",
            "thought",
        ),
        case(
            "name servers far, web server near",
            alone([80, 80, 80]).trace(),
            (Distance, Dns),
            "distance: 6 round trips of",
            "thought",
        ),
        case(
            "one slow name server",
            far([20, 20, 400]).trace(),
            (Server, Dns),
            "ns1.example.test. (198.51.100.3) of zone example.test. took 400 of 505 ms",
            "thought",
        ),
        case(
            "a slow name server beside quick ones",
            far([1, 1, 80]).trace(),
            (Server, Dns),
            "no other server on the way took more than 1.00 ms",
            "thought",
        ),
        case("a slow root", far([500, 20, 20]).trace(), (Server, Dns), "the root server", "thought"),
        case(
            "a server that never answered",
            far([20, 20, 820]).bent(|trace| packet_failed(trace, Meaning::Timeout, false, 800_000)),
            (Retry, Dns),
            "800 of 925 ms",
            "distance",
        ),
        case(
            "a silent server is named",
            far([20, 20, 820]).bent(|trace| packet_failed(trace, Meaning::Timeout, false, 800_000)),
            (Retry, Dns),
            "which did not answer",
            "lost",
        ),
        case(
            "a refusing server",
            far([20, 20, 320]).bent(|trace| packet_failed(trace, Meaning::Refused, false, 300_000)),
            (Retry, Dns),
            "which refused the question",
            "lost",
        ),
        case(
            "a lost question",
            far([20, 20, 820]).bent(|trace| packet_failed(trace, Meaning::Timeout, true, 800_000)),
            (Loss, Dns),
            "was lost on the way",
            "did not answer",
        ),
        case(
            "our own work in DNS",
            alone([20, 20, 20]).bent(|trace| {
                let dns = sample::dns(trace);
                for (place, packet) in dns.packets.iter_mut().enumerate() {
                    let place = u64::try_from(place).unwrap();
                    (packet.sent, packet.end) = (At(place * 20_000), At(place * 20_000 + 100));
                    packet.received = Some(packet.end);
                }
            }),
            (Us, Dns),
            "this machine's own work, most of it during name resolution",
            "server",
        ),
        case(
            "a resolver alone is who was waited for",
            alone([0, 0, 90]).bent(|trace| {
                let dns = sample::dns(trace);
                (dns.packets[2].zone, dns.packets[2].server_name) = (String::new(), None);
                dns.critical_path = vec![2];
            }),
            (Server, Dns),
            "the resolver 198.51.100.3 took 90.0 of",
            "thought",
        ),
    ]
}

/// Where the time of a connection goes, and that of a response.
fn connections() -> Vec<Case> {
    let dead =
        |outcome, address, connect| Run { connect, ..FAR }.bent(|trace| tried_first(trace, outcome, address));
    let lost_syn = |connect| {
        Run { connect, ..FAR }.bent(|trace| {
            sample::connect(trace).attempts[0].syn_retransmits = Some(1);
            sample::connect(trace).tcp_info.as_mut().unwrap().min_rtt = None;
        })
    };
    vec![
        case(
            "a lost SYN",
            lost_syn(1_020),
            (Loss, Tcp),
            "998 ms of 1.13 s: the first SYN to www.example.test (192.0.2.10), or the answer to it, was lost",
            "thought",
        ),
        case(
            "a lost SYN in a slow run is not the verdict",
            Run { connect: 220, wait: 2_000, ..FAR }.bent(|trace| {
                sample::connect(trace).attempts[0].syn_retransmits = Some(1);
            }),
            (Server, Http),
            "thought",
            "SYN",
        ),
        case(
            "a silent address first",
            dead(Lost, "[2001:db8::1]:443", 270),
            (Retry, Tcp),
            "went by on 2001:db8::1",
            "thought",
        ),
        case(
            "an address that timed out",
            dead(TimedOut, "192.0.2.66:443", 10_020),
            (Retry, Tcp),
            "went by on 192.0.2.66",
            "thought",
        ),
        case(
            "a loser that cost nothing",
            Run { wait: 600, ..FAR }.bent(|trace| {
                let connect = sample::connect(trace);
                let late = attempt(Lost, "[2001:db8::1]:443", connect.end.0 - 1_000, connect.end.0);
                connect.attempts.push(late);
            }),
            (Server, Http),
            "thought for 580 of",
            "2001",
        ),
        case(
            "a queue on the way",
            Run { connect: 400, ..FAR }.trace(),
            (Queue, Tcp),
            "later than the way explains",
            "thought",
        ),
        case(
            "a slow handshake",
            Run { tls: 500, ..FAR }.trace(),
            (Server, Tls),
            "www.example.test (192.0.2.10) took 480 of",
            "thought",
        ),
        case(
            "two round trips of TLS are distance",
            Run { tls: 42, ..FAR }.bent(|trace| sample::tls(trace).round_trips = 2),
            (Distance, Dns),
            "7 round trips of 20",
            "thought",
        ),
        case(
            "our own cryptography",
            Run { tls: 300, ..FAR }.bent(|trace| {
                sample::tls(trace).verification.as_mut().unwrap().cpu = Duration::from_millis(270);
            }),
            (Us, Tls),
            "most of it cryptography for TLS",
            "took",
        ),
        case(
            "our own work beside the way",
            Run { tls: 62, ..FAR }.bent(|trace| {
                sample::tls(trace).verification.as_mut().unwrap().cpu = Duration::from_millis(40);
            }),
            (Distance, Dns),
            "; 40.0 ms are this machine's own work",
            "thought",
        ),
        case(
            "a thinking server",
            Run { wait: 632, dns: [0, 0, 0], connect: 1, trip: 1, tls: 2, receive: 0 }.trace(),
            (Server, Http),
            "the server www.example.test (192.0.2.10) thought for 631 of 635 ms",
            "distance",
        ),
        case(
            "a wait that is the way",
            Run { wait: 200, trip: 200, connect: 200, tls: 201, dns: [0, 0, 1], ..FAR }.trace(),
            (Distance, Tcp),
            "4 round trips of 1.00 to 200 ms; 1 of them is DNS",
            "thought",
        ),
        case(
            "a slow body",
            Run { receive: 900, ..FAR }.trace(),
            (Server, Http),
            "the body of www.example.test (4.1 kB) took 900 ms",
            "thought",
        ),
        case(
            "a body by slow start",
            Run { receive: 62, ..FAR }.bent(|trace| sample::http(trace).body.wire_bytes = 110_000),
            (Distance, Dns),
            "distance: 9 round trips",
            "body",
        ),
        case(
            "a body in rounds that are seen",
            sample::slow_start(),
            (Distance, Http),
            "distance: 9 round trips of 10.1 ms; 3 of them are DNS and gone when the answer is cached; 30.6 of 90.6 ms: \
             the body came in 4 rounds of slow start",
            "thought",
        ),
        case(
            "a body of pieces that only look like it",
            {
                let mut trace = sample::slow_start();
                sample::http(&mut trace).bursts[1].bytes = 14_480;
                trace
            },
            (Distance, Dns),
            "distance: ",
            "slow start",
        ),
        case(
            "a loopback",
            Run { dns: [0, 0, 0], connect: 0, trip: 0, tls: 1, wait: 1, receive: 1 }.trace(),
            (Cause::None, Http),
            "nothing stands out in 3.00 ms",
            "%",
        ),
        case(
            "a round trip of nothing",
            Run { dns: [0, 0, 0], connect: 0, trip: 0, tls: 1, wait: 150, receive: 1 }.trace(),
            (Server, Http),
            "thought for 150",
            "distance",
        ),
        case(
            "a redirect",
            Run { wait: 400, ..FAR }.bent(followed),
            (Server, Http),
            "went by in 1 redirect",
            "distance",
        ),
    ]
}

#[test]
fn verdicts_hold_and_none_blames_what_did_not_cost() {
    let cases: Vec<Case> = wrong().into_iter().chain(names()).chain(connections()).collect();
    assert!(cases.len() >= 40, "{}", cases.len());
    let mut wrong = Vec::new();
    for Case { name, trace, cause, stage, says, never } in cases {
        let verdict = verdict(&trace, &check(&trace));
        let (summary, culprit) = (&verdict.summary, &verdict.culprit);
        let fits = (culprit.cause, culprit.stage) == (cause, stage);
        if !(fits && summary.contains(says) && !summary.contains(never)) {
            wrong.push(format!("{name}: {:?} {:?}: {summary}", culprit.cause, culprit.stage));
        }
        if let Some(saving) = &verdict.saving {
            assert!(saving.amount <= trace.total && saving.low <= saving.high, "{name}: {saving:?}");
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_parts_of_a_trace_are_all_of_its_time() {
    let own = wrong().into_iter().chain(names()).chain(connections()).map(|case| (case.name, case.trace));
    for (name, trace) in sample::all().into_iter().chain(own) {
        let sum: Duration = parts(&trace).iter().map(|part| part.time).sum();
        assert_eq!(sum, Duration::from_micros(phases_of_all(&trace).total), "{name}");
    }
}
