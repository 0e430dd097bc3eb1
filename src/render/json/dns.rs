//! Views of name resolution, without its packets.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::dnssec::DnssecView;
use super::micros::us;
use super::packet::PacketView;
use super::record::{NameServerView, NegativeView, RecordView};
use super::service::ServiceView;
use super::survey::{PropagationView, ServerCheckView, SystemView, UnfoundServerView};
use crate::trace::{ChildSide, Cut, Dns, Rcode, RootHints, Stub};

/// Name resolution for one host. Names end in a dot.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct DnsView<'a> {
    /// The name asked.
    name: &'a str,
    /// The types asked, in the order asked.
    types: Vec<Cow<'static, str>>,
    /// Which lane is counted.
    #[cfg_attr(test, schemars(extend("enum" = ["walk", "resolver", "stub-fallback", "given", "special"])))]
    lane: &'static str,
    /// Start of the counted lane.
    start_us: u64,
    /// How long it took.
    duration_us: u64,
    /// When this program saw what ended it; null where no packet did.
    noticed_us: Option<u64>,
    /// The final response code by its IANA name; null when nothing usable came back.
    rcode: Option<Cow<'static, str>>,
    /// The final answer: the CNAME chain in order, then the records.
    answers: Vec<RecordView<'a>>,
    /// Who said that the name or its type does not exist.
    negative: Option<NegativeView<'a>>,
    /// The addresses to connect to.
    addresses: Vec<String>,
    /// The zone cuts on the way, from the root down.
    cuts: Vec<CutView<'a>>,
    /// Every packet of every lane, in the order sent.
    packets: Vec<PacketView<'a>>,
    /// Ids of the packets that the counted time was spent on, in order.
    critical_path: &'a [usize],
    /// The root hints that the walk began with.
    root_hints: RootHintsView<'a>,
    /// What the machine's own resolver said meanwhile; null when it was not asked.
    stub: Option<StubView<'a>>,
    /// The host's HTTPS records (RFC 9460); null when there are none or nobody asked.
    service: Option<ServiceView<'a>>,
    /// Limits that were hit and facts that changed the walk, for people.
    notes: &'a [String],
    /// Every address of every server of the last zone, with `--all-ns`; null without.
    all_servers: Option<Vec<ServerCheckView<'a>>>,
    /// With `--all-ns`: servers of the last zone whose addresses were not found.
    unfound_servers: Vec<UnfoundServerView<'a>>,
    /// Who has which copy, with `--propagation`; null without.
    propagation: Option<PropagationView<'a>>,
    /// What this machine's own files say of the name; null when they were not looked at.
    system: Option<SystemView<'a>>,
    /// What DNSSEC says of the answer, or of the way to where a walk was lost; null with a reason.
    dnssec: Option<DnssecView<'a>>,
    /// Why `dnssec` is null; null when it is not.
    dnssec_reason: Option<&'a str>,
    /// Whether the resolver that was asked in the counted lane set AD in all its answers: it says to
    /// have validated them, which is not checked here. Null when no resolver answered in that lane.
    authenticated: Option<bool>,
}

impl<'a> From<&'a Dns> for DnsView<'a> {
    fn from(dns: &'a Dns) -> Self {
        Self {
            name: &dns.name,
            types: dns.types.iter().map(|rtype| rtype.mnemonic()).collect(),
            lane: dns.lane.as_str(),
            start_us: dns.start.0,
            duration_us: us(dns.end.since(dns.start)),
            noticed_us: dns.noticed.map(|at| at.0),
            rcode: dns.rcode.map(Rcode::mnemonic),
            answers: dns.answers.iter().map(Into::into).collect(),
            negative: dns.negative.as_ref().map(Into::into),
            addresses: dns.addresses.iter().map(IpAddr::to_string).collect(),
            cuts: dns.cuts.iter().map(Into::into).collect(),
            packets: dns.packets.iter().enumerate().map(|(id, packet)| PacketView::new(id, packet)).collect(),
            critical_path: &dns.critical_path,
            root_hints: (&dns.hints).into(),
            stub: dns.stub.as_ref().map(Into::into),
            service: dns.service.as_ref().map(Into::into),
            notes: &dns.notes,
            propagation: dns.propagation.as_ref().map(Into::into),
            system: dns.system.as_ref().map(Into::into),
            all_servers: dns.all_servers.as_ref().map(|checks| checks.iter().map(Into::into).collect()),
            unfound_servers: dns.unfound_servers.iter().map(Into::into).collect(),
            dnssec: dns.dnssec.as_ref().map(Into::into),
            dnssec_reason: dns.unvalidated.as_deref().filter(|_| dns.dnssec.is_none()),
            authenticated: dns.authenticated,
        }
    }
}

/// A zone and the servers that were said to serve it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CutView<'a> {
    /// The zone.
    zone: &'a str,
    /// Its name servers as the parent gave them.
    servers: Vec<NameServerView<'a>>,
    /// Addresses of them that nobody on the Internet can be asked at, such as 127.0.0.1: no packet went there.
    not_asked: Vec<NameServerView<'a>>,
    /// Id of the packet that told of it; null for the root hints.
    learned_from: Option<usize>,
    /// Whether an earlier question of this run had found it already.
    cached: bool,
    /// Time to live of the parent's NS records, in seconds; null for the root.
    ttl: Option<u32>,
    /// What the zone itself says of its servers; null when no reply told it.
    child: Option<ChildView<'a>>,
}

/// The zone's own word about its servers.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ChildView<'a> {
    /// Id of the packet whose reply told it; null when an earlier question had.
    told_by: Option<usize>,
    /// Names of the servers.
    servers: &'a [String],
    /// Their addresses that came along.
    addresses: Vec<ChildAddressView<'a>>,
    /// Time to live of the NS records, in seconds.
    ttl: u32,
}

/// A server's address by the zone itself.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ChildAddressView<'a> {
    /// The server.
    name: &'a str,
    /// Its address.
    address: String,
}

impl<'a> From<&'a ChildSide> for ChildView<'a> {
    fn from(child: &'a ChildSide) -> Self {
        let view =
            |(name, address): &'a (String, IpAddr)| ChildAddressView { name, address: address.to_string() };
        Self {
            told_by: child.told_by,
            servers: &child.servers,
            addresses: child.addresses.iter().map(view).collect(),
            ttl: child.ttl,
        }
    }
}

impl<'a> From<&'a Cut> for CutView<'a> {
    fn from(cut: &'a Cut) -> Self {
        Self {
            zone: &cut.zone,
            servers: cut.servers.iter().map(Into::into).collect(),
            not_asked: cut.not_asked.iter().map(Into::into).collect(),
            learned_from: cut.learned_from,
            cached: cut.cached,
            ttl: cut.ttl,
            child: cut.child.as_ref().map(Into::into),
        }
    }
}

/// The root hints.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RootHintsView<'a> {
    /// `built-in`, a file's name, or `lab`.
    source: &'a str,
    /// The date in the file, `YYYY-MM-DD`.
    date: Option<&'a str>,
    /// What the root itself said otherwise; null when it was not asked or did not answer in time.
    drift: Option<&'a [String]>,
}

impl<'a> From<&'a RootHints> for RootHintsView<'a> {
    fn from(hints: &'a RootHints) -> Self {
        Self { source: &hints.source, date: hints.date.as_deref(), drift: hints.drift.as_deref() }
    }
}

/// What the machine's configured resolver said. Not counted, except as fallback.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct StubView<'a> {
    /// The configured servers, as `address:port`.
    servers: Vec<String>,
    /// The one that answered.
    server: Option<String>,
    /// Start of its first question.
    start_us: u64,
    /// Until its last answer.
    duration_us: u64,
    /// Its response code.
    rcode: Option<Cow<'static, str>>,
    /// Its answers.
    answers: Vec<RecordView<'a>>,
    /// The least TTL left in its answers, in seconds.
    ttl: Option<u32>,
    /// How old its copy is, in seconds: the TTL that the walk was given, less what is left. Null where the
    /// resolver may have cut that TTL short when it learned the records, as many do: nobody knows then.
    age: Option<u32>,
    /// How old its copy is at most: the same, where the TTL may have been cut short, too. Null when there is
    /// nothing to compare.
    age_at_most: Option<u32>,
    /// Whether its addresses are those of the walk; null when there is nothing to compare.
    agrees: Option<bool>,
    /// Why there is no answer.
    error: Option<&'a str>,
    /// Whether it set AD in all its answers: it says to have validated them. Null when it said
    /// nothing of use.
    authenticated: Option<bool>,
}

impl<'a> From<&'a Stub> for StubView<'a> {
    fn from(stub: &'a Stub) -> Self {
        Self {
            servers: stub.servers.iter().map(SocketAddr::to_string).collect(),
            server: stub.server.map(|server| server.to_string()),
            start_us: stub.start.0,
            duration_us: us(stub.end.since(stub.start)),
            rcode: stub.rcode.map(Rcode::mnemonic),
            answers: stub.answers.iter().map(Into::into).collect(),
            ttl: stub.ttl,
            age: stub.age,
            age_at_most: stub.age_at_most,
            agrees: stub.agrees,
            error: stub.error.as_deref(),
            authenticated: stub.authenticated,
        }
    }
}
