//! What a cold walk costs over its ideal: three glued cuts, each server 20 ms away, and the same with
//! one dead server of two at each cut.
//!
//! The servers are in this process, on loopback, on a thread of their own. Prints ratios, medians of
//! several runs; judges nothing unless `--check` (or `URLTRACE_BENCH_CHECK=1`) is given.
//! `cargo bench --bench walk -- [--check] [--runs N]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::rdata::{A, AAAA, NS};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use urltrace::clock::Clock;
use urltrace::dns::Resolver;
use urltrace::plan::{DnsPlan, HintsText};
use urltrace::stop::Stop;
use urltrace::trace::Scheme;

/// What each server waits before it answers.
const DELAY: Duration = Duration::from_millis(20);
/// Zones on the way.
const CUTS: u32 = 3;
/// How long a server is given before the next is asked beside it, at each cut: nothing is known of any
/// server at the root.
const HEDGES: [Duration; 3] =
    [Duration::from_millis(400), Duration::from_millis(150), Duration::from_millis(150)];
/// A hedge waits on a timer of the runtime, which counts whole milliseconds and rounds up.
const TIMER: Duration = Duration::from_millis(2);
/// The most that a walk may take of its ideal.
const MAX_RATIO: f64 = 1.05;
const RUNS: usize = 11;
const HOST: &str = "www.example.test";
/// The servers' addresses end in the zone's number; those of the dead ones have 100 more.
const DEAD: u8 = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|word| word == "--check")
        || std::env::var_os("URLTRACE_BENCH_CHECK").is_some_and(|value| value == "1");
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1);
    let runs = value("--runs").map_or(RUNS, |text| text.parse().expect("--runs takes a number"));

    let ideal = DELAY * CUTS;
    let (well, dead) = (serve(Servers::AllWell), serve(Servers::FirstDead));
    let mut good = true;
    let hedged = ideal.mul_f64(MAX_RATIO) + HEDGES.iter().sum::<Duration>() + TIMER * CUTS;
    for (what, port, servers, most) in [
        ("all servers well", well, Servers::AllWell, ideal.mul_f64(MAX_RATIO)),
        ("one dead server of two at each cut", dead, Servers::FirstDead, hedged),
    ] {
        let mut times: Vec<Duration> = (0..runs).map(|_| walk(port, servers)).collect();
        times.sort();
        let median = times[times.len() / 2];
        let within = median <= most;
        good &= within;
        println!(
            "{what}: {:.2} ms, {:.3} of the ideal {} ms; at most {:.2} ms: {}",
            median.as_secs_f64() * 1e3,
            median.as_secs_f64() / ideal.as_secs_f64(),
            ideal.as_millis(),
            most.as_secs_f64() * 1e3,
            if within { "kept" } else { "BROKEN" }
        );
    }
    if check && !good { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Servers {
    AllWell,
    FirstDead,
}

/// A cold walk, by the record's own times.
fn walk(port: u16, servers: Servers) -> Duration {
    let first = if servers == Servers::FirstDead { "a.root. 1 A 127.53.9.101\n" } else { "" };
    let text = format!("{first}b.root. 1 A 127.53.9.1\n");
    let plan = DnsPlan {
        root_hints: Some(HintsText { source: "bench".to_owned(), text }),
        server_port: port,
        ..DnsPlan::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let resolver = Resolver::new(plan).unwrap();
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let protocols = vec!["h2", "http/1.1"];
        let (dns, result, _side) =
            resolver.resolve_origin(Scheme::Https, HOST, 443, protocols, 0, &clock, &stop).await;
        assert_eq!(result.unwrap().len(), 2, "{:#?}", dns.packets);
        dns.end.since(dns.start)
    })
}

/// Starts a server for each zone, on one port, and a silent one beside it.
fn serve(servers: Servers) -> u16 {
    'port: loop {
        let first = UdpSocket::bind((Ipv4Addr::new(127, 53, 9, 1), 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut sockets = vec![(1, first)];
        for last in [2, 3, 1 + DEAD, 2 + DEAD, 3 + DEAD] {
            match UdpSocket::bind((Ipv4Addr::new(127, 53, 9, last), port)) {
                Ok(socket) => sockets.push((last, socket)),
                Err(_) => continue 'port,
            }
        }
        for (last, socket) in sockets {
            // The dead ones keep their sockets and never read them.
            std::thread::spawn(
                move || if last < DEAD { answer(last, &socket, servers) } else { hold(&socket) },
            );
        }
        return port;
    }
}

fn hold(socket: &UdpSocket) {
    let _keep = socket;
    loop {
        std::thread::park();
    }
}

/// Each question is answered [`DELAY`] after it came, whatever came meanwhile.
fn answer(last: u8, socket: &UdpSocket, servers: Servers) {
    let mut buffer = [0; 1024];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).unwrap();
        let due = Instant::now() + DELAY;
        let reply = reply(last, &buffer[..length], servers);
        let socket = socket.try_clone().unwrap();
        std::thread::spawn(move || {
            // Sleeping alone ends late: the last stretch is waited for awake.
            std::thread::sleep((due - Instant::now()).saturating_sub(Duration::from_millis(1)));
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let _ = socket.send_to(&reply, peer);
        });
    }
}

fn reply(last: u8, question: &[u8], servers: Servers) -> Vec<u8> {
    let asked = Message::from_vec(question).unwrap();
    let query = asked.queries[0].clone();
    let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
    reply.add_query(query.clone());
    let cuts = ["test.", "example.test."];
    let Some(cut) = cuts.get(usize::from(last) - 1).filter(|_| !query.name.is_root()) else {
        reply.metadata.authoritative = true;
        let data = match query.query_type {
            RecordType::A => Some(RData::A(A(Ipv4Addr::new(192, 0, 2, 1)))),
            RecordType::AAAA => Some(RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))),
            _ => None,
        };
        reply.answers.extend(data.map(|data| Record::from_rdata(query.name.clone(), 60, data)));
        return reply.to_vec().unwrap();
    };
    let cut = Name::from_str(cut).unwrap();
    let dead = (servers == Servers::FirstDead).then_some(("ns1", last + 1 + DEAD));
    for (label, last) in dead.into_iter().chain([("ns2", last + 1)]) {
        let server = cut.prepend_label(label).unwrap();
        reply.authorities.push(Record::from_rdata(cut.clone(), 60, RData::NS(NS(server.clone()))));
        let address = RData::A(A(Ipv4Addr::new(127, 53, 9, last)));
        reply.additionals.push(Record::from_rdata(server, 60, address));
    }
    reply.to_vec().unwrap()
}
