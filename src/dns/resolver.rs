//! Stage 2's API: from a host name to addresses, or to the records that were asked for (RFC 1034 §5).
//!
//! What needs no question (given addresses, RFC 6761 names, the hosts file) is answered here; everything else
//! is the lanes' part. Nothing here opens a connection to what the name stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Clock;
use crate::dns::cache::root_hints::Hints;
use crate::dns::context::{Context, Memory, StubUse};
use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::key_cache::KeyCache;
use crate::dns::iterate::wish::Wish;
use crate::dns::lanes::counted::Counted;
use crate::dns::lanes::uncounted::UncountedLanes;
use crate::dns::outcome::fault::Fault;
use crate::dns::outcome::words::address_hint;
use crate::dns::resolvers::connection::Client;
use crate::dns::special::Asked;
use crate::dns::transport::session::Upstream;
use crate::dns::wire::name::{asked_name, is_of_url, name_text};
use crate::hosts::Hosts;
use crate::plan::{DnsPlan, DnssecPlan, HttpsRecords, Question, ResolverChoice};
use crate::stop::Stop;
use crate::timestamp::Stamping;
use crate::trace::{
    At, Dns, DnsLane, Failure, FailureCode, Rcode, Record, RecordType, RootHints, Scheme, StageName,
};

/// What a name may be.
const NAME_LIMITS: &str = "a name has at most 253 characters, in labels of at most 63 between its dots";

/// Why there is nothing to validate.
const NOBODY_ASKED: &str = "nobody was asked";

/// The resolver of one run: its cuts, servers and answers are shared by all hops. Of further runs,
/// [`of_another_run`](Self::of_another_run).
#[derive(Debug)]
pub struct Resolver {
    pub(crate) context: Rc<Context>,
    /// The resolver of the plan, if it is asked on a connection.
    pub(crate) client: Option<Rc<Client>>,
    stamping: Rc<Stamping>,
}

impl Resolver {
    /// Reads the hints, and the hosts file if the plan uses it. Before t0.
    ///
    /// # Errors
    /// A hints file that has no usable root server, or trust anchors that cannot be read; the text
    /// says why.
    pub fn new(plan: DnsPlan) -> Result<Self, String> {
        // First: the kernel needs a moment for it.
        let stamping = Stamping::begin();
        let hints = Hints::load(plan.root_hints.as_ref(), plan.server_port)?;
        let hosts = match (&plan.lane, &plan.hosts_file) {
            (ResolverChoice::System, Some(path)) => Hosts::read(path, plan.nsswitch.as_deref()),
            _ => Hosts::default(),
        };
        let client = match &plan.lane {
            ResolverChoice::Endpoint(endpoint) => {
                Some(Rc::new(Client::new(Upstream::new(endpoint, &plan.roots)?)))
            }
            _ => None,
        };
        let anchors = match &plan.dnssec {
            DnssecPlan::Off => Anchors::default(),
            // IANA's keys are not those of a root that somebody else runs.
            DnssecPlan::On { anchors: None } if !hints.are_of_the_internet() => Anchors::default(),
            DnssecPlan::On { anchors: None } => Anchors::built_in(),
            DnssecPlan::On { anchors: Some(given) } => Anchors::parse(&given.text)
                .map_err(|reason| format!("trust anchors {}: {reason}", given.source))?,
        };
        let mut context = Context::new(plan, hints, hosts);
        context.dnssec = Rc::new(KeyCache::new(anchors));
        Ok(Self { context: Rc::new(context), client, stamping: Rc::new(stamping) })
    }

    /// The resolver of one more run, later or at the same time: it shares what was answered, as long as its
    /// TTL lasts, what failed a moment ago, and the connection to a resolver. What this run has found of
    /// servers and of the network it finds itself.
    #[must_use]
    pub fn of_another_run(&self) -> Self {
        let (context, client) = (Rc::new(self.context.of_another_run()), self.client.clone());
        Self { context, client, stamping: Rc::clone(&self.stamping) }
    }

    /// The resolver of one more run that begins with no more than `memory` says. What it learns it keeps to itself;
    /// see [`learn_registries`](Self::learn_registries).
    #[must_use]
    pub fn of_run(&self, memory: Memory) -> Self {
        if memory == Memory::Answers {
            return self.of_another_run();
        }
        let client = self.client.as_ref().map(|client| Rc::new(client.of_cold_run()));
        let context = Rc::new(self.context.of_cold_run(memory));
        Self { context, client, stamping: Rc::clone(&self.stamping) }
    }

    /// The resolver of one more URL of many: a run as [`of_another_run`](Self::of_another_run) begins it, that asks
    /// nobody to compare: neither the root whom it consists of, nor this machine's resolvers.
    #[must_use]
    pub fn of_one_of_many(&self) -> Self {
        let resolver = self.of_another_run();
        resolver.context.priming.begun.set(true);
        resolver.context.stub_use.set(StubUse::InNeed);
        resolver
    }

    /// Takes over what the servers of registries have told another run, for the runs that come.
    pub fn learn_registries(&self, other: &Self) {
        self.context.learn_registries(&other.context);
    }

    /// Finds the addresses of a host. The name is as in `Url::host_ascii`; `port` is for `--resolve`.
    ///
    /// The record is whole also when there is a failure.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
        self.resolve_with(host, port, None, clock, stop).await
    }

    /// The same for an origin: asks for its HTTPS records beside the addresses (RFC 9460), if the
    /// plan does not leave them out. `protocols` is what the caller
    /// can speak, by ALPN id; `port` is that of the URL.
    #[allow(clippy::too_many_arguments)] // an origin is three things
    pub async fn resolve_origin(
        &self,
        scheme: Scheme,
        host: &str,
        port: u16,
        protocols: Vec<&'static str>,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
        let plan = &self.context.plan;
        let wanted = plan.https_records == HttpsRecords::Use;
        // RFC 9460 §9.5: the origin that an http URL would be upgraded to.
        let secure_port = if (scheme, port) == (Scheme::Http, 80) { 443 } else { port };
        let wish = wanted.then(|| Rc::new(Wish::new(secure_port, protocols)));
        self.resolve_with(host, port, wish, clock, stop).await
    }

    async fn resolve_with(
        &self,
        host: &str,
        port: u16,
        wish: Option<Rc<Wish>>,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
        let types = self.context.plan.family.address_types();
        let start = clock.now();
        let mut dns = self.record(host, types.clone(), start);
        if let Some((lane, addresses)) = self.without_asking(host, port) {
            return unasked(dns, lane, addresses);
        }
        let name = match read_name(host, &mut dns) {
            Ok(name) => name,
            Err(failure) => return (dns, Err(failure), UncountedLanes::none()),
        };
        if let Some(addresses) = self.in_hosts(host) {
            dns.notes.extend(self.context.hosts.note());
            dns.notes.push(format!("{} is in the hosts file: nobody was asked", dns.name));
            dns.end = clock.now();
            return unasked(dns, DnsLane::Resolver, addresses);
        }
        if let Err(failure) = self.refuse(&name, &mut dns) {
            return (dns, Err(failure), UncountedLanes::none());
        }
        let client = self.client.as_ref();
        let counted = Counted { context: &self.context, client, name, typed: host, types, clock, stop, wish };
        let (result, uncounted) = counted.addresses(&mut dns).await;
        if let Some(note) = self.context.hosts.note() {
            if let Some(log) = &uncounted.log {
                // All of its notes are told once more when the other lanes are over.
                log.note(note.clone());
            }
            dns.notes.push(note);
        }
        let result = match result {
            Ok(()) => Ok(dns.addresses.clone()),
            Err(fault) => Err(failure(&fault, &dns)),
        };
        (dns, result, uncounted)
    }

    /// Answers one question of `urltrace dns`. A name or type that does not exist is a failure,
    /// with the whole record.
    pub async fn ask(
        &self,
        question: &Question,
        clock: &Clock,
        stop: &Stop,
    ) -> (Dns, Result<(), Failure>, UncountedLanes) {
        let start = clock.now();
        let mut types: Vec<RecordType> = Vec::new();
        for rtype in &question.types {
            if !types.contains(rtype) {
                types.push(*rtype);
            }
        }
        let mut dns = self.record(&question.name, types.clone(), start);
        let name = match read_name(&question.name, &mut dns) {
            Ok(name) => name,
            Err(failure) => return (dns, Err(failure), UncountedLanes::none()),
        };
        if let Err(failure) = self.refuse(&name, &mut dns) {
            return (dns, Err(failure), UncountedLanes::none());
        }
        if let Some(result) = self.answer_here(&name, &types, &mut dns) {
            return (dns, result, UncountedLanes::none());
        }
        let client = self.client.as_ref();
        let typed = question.name.as_str();
        let counted = Counted { context: &self.context, client, name, typed, types, clock, stop, wish: None };
        let (result, uncounted) = counted.records(&mut dns).await;
        let result = result.map_err(|fault| failure(&fault, &dns));
        (dns, result, uncounted)
    }

    /// Refuses a name that nobody may hear of.
    fn refuse(&self, name: &Name, dns: &mut Dns) -> Result<(), Failure> {
        let special = self.context.special(name).filter(|special| special.asked == Asked::Nobody);
        special.map_or(Ok(()), |special| {
            dns.unvalidated = Some(NOBODY_ASKED.to_owned());
            let message = format!("{}: nobody was asked for it", special.sentence(name));
            let fault = Fault::new(FailureCode::SpecialName, message)
                .hint("it is reached through Tor only, as by curl --socks5-hostname 127.0.0.1:9050");
            Err(failure(&fault, dns))
        })
    }

    /// Answers for the names of this machine (RFC 6761 §6.3), of which there are addresses only.
    fn answer_here(&self, name: &Name, types: &[RecordType], dns: &mut Dns) -> Option<Result<(), Failure>> {
        let special = self.context.special(name).filter(|special| special.asked == Asked::Itself)?;
        (dns.lane, dns.rcode) = (DnsLane::Special, Some(Rcode::NOERROR));
        dns.unvalidated = Some(NOBODY_ASKED.to_owned());
        for (rtype, address) in [
            (RecordType::A, IpAddr::V4(Ipv4Addr::LOCALHOST)),
            (RecordType::AAAA, IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ] {
            if types.contains(&rtype) {
                let name = dns.name.clone();
                dns.answers.push(Record { name, rtype, ttl: 0, data: address.to_string() });
                dns.addresses.push(address);
            }
        }
        dns.notes.push(format!("{}: nobody was asked", special.sentence(name)));
        Some(if dns.answers.is_empty() {
            let message = format!("{} has addresses only: it is this machine itself", dns.name);
            Err(failure(&Fault::new(FailureCode::NoData, message), dns))
        } else {
            Ok(())
        })
    }

    /// The record of a question that is not asked, with the reason.
    pub(crate) fn refused(&self, question: &Question, why: &str, clock: &Clock) -> (Dns, Failure) {
        let mut dns = self.record(&question.name, question.types.clone(), clock.now());
        dns.unvalidated = Some(NOBODY_ASKED.to_owned());
        let fault = Fault::new(FailureCode::InvalidName, format!("it was not asked for: {why}"));
        let failure = failure(&fault, &dns);
        (dns, failure)
    }

    /// From here on the machine's resolver is asked in need only, and not to compare: for questions after a trace.
    pub fn compare_no_more(&self) {
        self.context.stub_use.set(StubUse::InNeed);
    }

    fn record(&self, name: &str, types: Vec<RecordType>, start: At) -> Dns {
        let hints = &self.context.hints;
        let lane = match self.context.plan.lane {
            ResolverChoice::Walk => DnsLane::Walk,
            _ => DnsLane::Resolver,
        };
        let name = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
        let hints = RootHints { source: hints.source.clone(), date: hints.date.clone(), drift: None };
        Dns {
            unvalidated: self.unvalidated().map(str::to_owned),
            ..Dns::begun(name, types, lane, start, hints)
        }
    }

    /// Why nothing is validated, as far as that is known before anybody is asked.
    fn unvalidated(&self) -> Option<&'static str> {
        (self.context.plan.dnssec == DnssecPlan::Off).then_some("--no-dnssec")
    }

    /// Addresses that need no question: given by the user, or special by RFC 6761 §6.3.
    fn without_asking(&self, host: &str, port: u16) -> Option<(DnsLane, Vec<IpAddr>)> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let plan = &self.context.plan;
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
        let mut addresses = self.context.hosts.addresses_of(host);
        addresses.retain(|address| self.context.plan.family.admits(*address));
        (!addresses.is_empty()).then_some(addresses)
    }
}

/// The record of a host whose addresses are known without a question.
fn unasked(
    mut dns: Dns,
    lane: DnsLane,
    addresses: Vec<IpAddr>,
) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
    dns.lane = lane;
    dns.addresses.clone_from(&addresses);
    dns.unvalidated = Some(NOBODY_ASKED.to_owned());
    (dns, Ok(addresses), UncountedLanes::none())
}

/// The name to ask for, which the record has from here on as it is written.
fn read_name(text: &str, dns: &mut Dns) -> Result<Name, Failure> {
    let name = asked_name(text).map_err(|reason| {
        dns.unvalidated = Some(NOBODY_ASKED.to_owned());
        let message = format!("the name cannot be asked for: {reason}");
        let of_url = is_of_url(text).then_some("give the host alone; `urltrace URL` traces a URL");
        let address = address_hint(text);
        let fault = Fault::new(FailureCode::InvalidName, message)
            .hint(address.as_deref().or(of_url).unwrap_or(NAME_LIMITS));
        failure(&fault, dns)
    })?;
    dns.name = name_text(&name);
    Ok(name)
}

fn failure(fault: &Fault, dns: &Dns) -> Failure {
    Failure {
        stage: StageName::Dns,
        code: fault.code,
        message: fault.message.clone(),
        hint: fault.hint.clone(),
        running: dns.end.since(dns.start),
    }
}
