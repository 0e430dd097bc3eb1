//! Stage 2: from a host name to addresses, by a walk from the root servers.
//!
//! # Layout
//! - `message`, `presentation`: the codec's messages as plain replies, records as text
//! - `exchange`, `log`: one packet each, with its stamps; the record of all of them
//! - `reply`: what a reply means, without I/O
//! - `hints`, `cut`: where a walk begins, and what a run has learned
//! - `race`, `servers`, `walk`: one zone's servers; servers without glue; zone after zone
//! - `ends`, `fault`: how a name ended, and why, in words
//! - `dnssec/`: the chain of trust, beside the counted lane
//! - `stub`: recursive resolvers
//! - `lane`: the counted lane and those beside it, put together into one record
//!
//! Nothing here opens a connection to what the name stands for.

mod cut;
mod dnssec;
mod ends;
mod exchange;
mod fault;
mod hints;
mod lane;
mod log;
mod message;
mod presentation;
mod race;
mod reply;
mod servers;
mod stub;
mod walk;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod lane_tests;
#[cfg(test)]
mod reply_tests;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod testserver;
#[cfg(test)]
mod walk_tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use crate::clock::Clock;
use crate::plan::{DnsPlan, DnssecPlan, Family, Question, ResolverChoice};
use crate::stop::Stop;
use crate::trace::{At, Dns, DnsLane, Failure, FailureCode, RecordType, RootHints, StageName};

use cut::Shared;
use fault::Fault;
use hints::Hints;
use lane::Counted;
pub use lane::SideLanes;
use message::parse_name;
use presentation::name_text;
use walk::Aliases;

const DS: RecordType = RecordType(43);

/// The resolver of one run: its cuts, servers and answers are shared by all hops.
#[derive(Debug)]
pub struct Resolver {
    shared: Rc<Shared>,
}

impl Resolver {
    /// Reads the hints, and the hosts file if the plan uses it. Before t0.
    ///
    /// # Errors
    /// A hints file that has no usable root server, or trust anchors that cannot be read; the text
    /// says why.
    pub fn new(plan: DnsPlan) -> Result<Self, String> {
        let hints = Hints::load(plan.root_hints.as_ref(), plan.server_port)?;
        let hosts = match (&plan.lane, &plan.hosts_file) {
            // A machine without a hosts file is a machine with an empty one.
            (ResolverChoice::System, Some(path)) => std::fs::read(path)
                .map(|bytes| parse_hosts(&String::from_utf8_lossy(&bytes)))
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let anchors = match &plan.dnssec {
            DnssecPlan::Off => dnssec::Anchors::default(),
            DnssecPlan::On { anchors } => dnssec::Anchors::load(anchors.as_ref())?,
        };
        let mut shared = Shared::new(plan, hints, hosts);
        shared.dnssec = dnssec::Store::new(anchors);
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Finds the addresses of a host. The name is as in `Url::host_ascii`; `port` is for `--resolve`.
    ///
    /// The record is whole also when there is a failure.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        hop: usize,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<Vec<IpAddr>, Failure>, SideLanes) {
        let types = match self.shared.plan.family {
            Family::Any => vec![RecordType::A, RecordType::AAAA],
            Family::Ipv4 => vec![RecordType::A],
            Family::Ipv6 => vec![RecordType::AAAA],
        };
        let start = clock.now();
        let mut dns = self.record(host, types.clone(), start);
        if let Some((lane, addresses)) = self.without_asking(host, port) {
            dns.lane = lane;
            dns.addresses.clone_from(&addresses);
            return (dns, Ok(addresses), SideLanes::none());
        }
        let name = match parse_name(host) {
            Ok(name) => name,
            Err(reason) => {
                let failure = failure(&invalid(reason), hop, start, clock);
                return (dns, Err(failure), SideLanes::none());
            }
        };
        dns.name = name_text(&name);
        if let Some(addresses) = self.in_hosts(host) {
            dns.lane = DnsLane::Resolver;
            dns.addresses.clone_from(&addresses);
            dns.notes.push(format!("{} is in the hosts file: nobody was asked", dns.name));
            dns.end = clock.now();
            return (dns, Ok(addresses), SideLanes::none());
        }
        let counted = Counted { shared: &self.shared, name, types, clock, stop };
        let (result, side) = counted.addresses(&mut dns).await;
        let result = match result {
            Ok(()) => Ok(dns.addresses.clone()),
            Err(fault) => Err(failure(&fault, hop, start, clock)),
        };
        (dns, result, side)
    }

    /// Answers one question of `urltrace dns`. A name or type that does not exist is a failure,
    /// with the whole record.
    pub async fn ask(
        &self,
        question: &Question,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<(), Failure>, SideLanes) {
        let start = clock.now();
        let mut types: Vec<RecordType> = Vec::new();
        for rtype in &question.types {
            if !types.contains(rtype) {
                types.push(*rtype);
            }
        }
        let mut dns = self.record(&question.name, types.clone(), start);
        let name = match parse_name(&question.name) {
            Ok(name) => name,
            Err(reason) => {
                return (dns, Err(failure(&invalid(reason), 0, start, clock)), SideLanes::none());
            }
        };
        dns.name = name_text(&name);
        let counted = Counted { shared: &self.shared, name, types, clock, stop };
        let (result, side) = counted.records(&mut dns).await;
        (dns, result.map_err(|fault| failure(&fault, 0, start, clock)), side)
    }

    fn record(&self, name: &str, types: Vec<RecordType>, start: At) -> Dns {
        let hints = &self.shared.hints;
        Dns {
            name: if name.ends_with('.') { name.to_owned() } else { format!("{name}.") },
            types,
            lane: match self.shared.plan.lane {
                ResolverChoice::Walk => DnsLane::Walk,
                ResolverChoice::System | ResolverChoice::Server(_) => DnsLane::Resolver,
            },
            start,
            end: start,
            rcode: None,
            answers: Vec::new(),
            negative: None,
            addresses: Vec::new(),
            cuts: Vec::new(),
            packets: Vec::new(),
            critical_path: Vec::new(),
            hints: RootHints { source: hints.source.clone(), date: hints.date.clone(), drift: None },
            stub: None,
            notes: Vec::new(),
            dnssec: None,
        }
    }

    /// Addresses that need no question: given by the user, or special by RFC 6761 §6.3.
    fn without_asking(&self, host: &str, port: u16) -> Option<(DnsLane, Vec<IpAddr>)> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let plan = &self.shared.plan;
        let given = plan.overrides.iter().find(|given| {
            given.port == port && (given.host == "*" || given.host.eq_ignore_ascii_case(&host))
        });
        if let Some(given) = given {
            return Some((DnsLane::Given, given.addresses.clone()));
        }
        if host != "localhost" && !host.ends_with(".localhost") {
            return None;
        }
        let both = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
        Some((DnsLane::Special, both.into_iter().filter(|address| plan.family.admits(*address)).collect()))
    }

    fn in_hosts(&self, host: &str) -> Option<Vec<IpAddr>> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let family = self.shared.plan.family;
        let named = self
            .shared
            .hosts
            .iter()
            .filter(|(address, names)| family.admits(*address) && names.contains(&host));
        let addresses: Vec<IpAddr> = named.map(|(address, _)| *address).collect();
        (!addresses.is_empty()).then_some(addresses)
    }
}

fn invalid(reason: String) -> Fault {
    Fault::new(FailureCode::InvalidName, format!("the name cannot be asked for: {reason}"))
        .hint("a name has at most 253 characters, in labels of at most 63 between its dots")
}

fn failure(fault: &Fault, hop: usize, start: At, clock: &Clock) -> Failure {
    Failure {
        stage: StageName::Dns,
        code: fault.code,
        message: fault.message.clone(),
        hint: fault.hint.clone(),
        hop,
        running: clock.now().since(start),
    }
}

/// `address name name ...` a line, `#` begins a comment; lines that are no such thing are nothing.
fn parse_hosts(text: &str) -> Vec<(IpAddr, Vec<String>)> {
    let line = |line: &str| {
        let mut fields = line.split('#').next()?.split_whitespace();
        let address = fields.next()?.parse().ok()?;
        let names: Vec<String> =
            fields.map(|name| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()).collect();
        Some((address, names))
    };
    text.lines().filter_map(line).collect()
}

/// Questions that can be asked along one walk, and those that need a walk of their own.
fn walks(types: &[RecordType]) -> Vec<(Vec<RecordType>, Aliases)> {
    let alone = |rtype: RecordType| rtype == RecordType::CNAME || rtype == DS;
    let together: Vec<RecordType> = types.iter().copied().filter(|rtype| !alone(*rtype)).collect();
    let mut walks = Vec::new();
    if !together.is_empty() {
        walks.push((together, Aliases::Follow));
    }
    for rtype in types.iter().copied().filter(|rtype| alone(*rtype)) {
        let aliases = if rtype == RecordType::CNAME { Aliases::Keep } else { Aliases::Follow };
        walks.push((vec![rtype], aliases));
    }
    walks
}
