//! The lab's name space: its name servers, what each does wrong, and the text of every zone.
//!
//! A table. The addresses of web hosts are not here: they come from the table of sites and are
//! added to the zones when they are read, so that the two cannot disagree.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;

use super::odd::ZONES as ODD_ZONES;
use super::quirk::Quirk;
use super::signer::Signing;
use crate::lab::proxies::PROXIES;
use crate::lab::scenario::{EVERY_STAGE_DNS, SLOW_AUTHORITATIVE, STUB_DELAY, VERY_SLOW_AUTHORITATIVE};
use crate::lab::web::sites::SITES;

/// An extended error (RFC 8914) that goes with REFUSED and SERVFAIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExtendedError(pub(crate) u16, pub(crate) &'static str);

/// One name server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    /// Its name, as in the zones.
    pub(crate) name: &'static str,
    pub(crate) address: IpAddr,
    /// What it says when asked for its id (NSID, RFC 5001).
    pub(crate) nsid: &'static str,
    /// The zones it serves. A lame server serves none of those that were delegated to it.
    pub(crate) zones: &'static [&'static str],
    /// How long it thinks before each answer.
    pub(crate) delay: Duration,
    /// What it does wrong.
    pub(crate) quirks: &'static [Quirk],
    /// What it adds to a refusal or failure.
    pub(crate) error: Option<ExtendedError>,
}

impl Server {
    const fn new(name: &'static str, last: u8, nsid: &'static str, zones: &'static [&'static str]) -> Self {
        let address = IpAddr::V4(Ipv4Addr::new(127, 53, 0, last));
        Self { name, address, nsid, zones, delay: Duration::ZERO, quirks: &[], error: None }
    }

    const fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    const fn quirks(self, quirks: &'static [Quirk]) -> Self {
        Self { quirks, ..self }
    }

    const fn error(self, code: u16, text: &'static str) -> Self {
        Self { error: Some(ExtendedError(code, text)), ..self }
    }
}

/// RFC 8914: Not Authoritative.
const NOT_AUTHORITATIVE: u16 = 20;
/// RFC 8914: Network Error.
const NETWORK_ERROR: u16 = 23;

/// The authoritative servers, the roots first.
pub(crate) const SERVERS: &[Server] = &[
    Server::new("a.root-servers.test.", 1, "root-a.lab", &["."]),
    Server::new("b.root-servers.test.", 2, "root-b.lab", &["."]),
    Server::new("a.nic.test.", 11, "test-a.lab", &["test."]),
    Server::new("b.nic.test.", 12, "test-b.lab", &["test."]),
    Server::new("a.nic.example.", 13, "example-a.lab", &["example."]),
    Server::new("ns1.example.test.", 21, "ns1.example.lab", &["example.test."]),
    Server::new("ns2.example.test.", 22, "ns2.example.lab", &["example.test."]),
    Server::new("ns1.hosting.test.", 23, "ns1.hosting.lab", HOSTED),
    Server::new("ns2.hosting.test.", 24, "ns2.hosting.lab", HOSTED),
    Server::new(
        "ns1.hosting.example.",
        31,
        "ns1.hosting-example.lab",
        &["hosting.example.", "glueless.test.", "trapped.test."],
    ),
    Server::new("ns1.cdn.example.", 32, "ns1.cdn.lab", &["cdn.example."]),
    Server::new("ns1.lame.test.", 41, "ns1.lame.lab", &[])
        .error(NOT_AUTHORITATIVE, "zone lame.test is not loaded"),
    Server::new("ns2.lame.test.", 42, "ns2.lame.lab", &["lame.test."]),
    Server::new("ns1.truncated.test.", 43, "ns1.truncated.lab", &["truncated.test."])
        .quirks(&[Quirk::Truncate]),
    Server::new("ns1.slow.test.", 44, "ns1.slow.lab", &["slow.test."]).delay(SLOW_AUTHORITATIVE),
    Server::new("ns1.silent.test.", 45, "ns1.silent.lab", &["silent.test."]).quirks(&[Quirk::Silent]),
    Server::new("ns2.silent.test.", 46, "ns2.silent.lab", &["silent.test."]),
    Server::new("ns1.refused.test.", 47, "ns1.refused.lab", &[]).error(NOT_AUTHORITATIVE, ""),
    Server::new("ns2.refused.test.", 48, "ns2.refused.lab", &[]).error(NOT_AUTHORITATIVE, ""),
    Server::new("ns1.no-edns.test.", 49, "ns1.no-edns.lab", &["no-edns.test."]).quirks(&[Quirk::NoEdns]),
    Server::new("ns1.servfail.test.", 50, "ns1.servfail.lab", &["servfail.test."])
        .quirks(&[Quirk::Rcode(ResponseCode::ServFail)])
        .error(NETWORK_ERROR, "the back end does not answer"),
    Server::new("ns2.servfail.test.", 51, "ns2.servfail.lab", &["servfail.test."]),
    Server::new("ns1.dnssec-nsec3.test.", 91, "ns1.dnssec.lab", DNSSEC),
    Server::new("ns1.every-stage.test.", 52, "ns1.every-stage.lab", &["every-stage.test."])
        .delay(EVERY_STAGE_DNS),
    Server::new("ns1.upward.test.", 101, "ns1.upward.lab", &["upward.test."]).quirks(&[Quirk::Upward]),
    Server::new("ns2.upward.test.", 102, "ns2.upward.lab", &["upward.test."]),
    Server::new("former.glue.test.", 103, "former.glue.lab", &["glue.test."]).quirks(&[Quirk::TellsServers]),
    Server::new("ns1.glue.test.", 104, "ns1.glue.lab", &["glue.test."]).quirks(&[Quirk::TellsServers]),
    Server::new("ns1.moved.test.", 105, "ns1.moved.lab", &["moved.test."]).quirks(&[Quirk::TellsServers]),
    Server::new("ns2.moved.test.", 106, "ns2.moved.lab", &["moved.test."]).quirks(&[Quirk::TellsServers]),
    Server::new("trap.hosting.test.", 107, "trap.lab", &["trapped.test."]),
    Server::new("ns1.case.test.", 108, "ns1.case.lab", &["case.test."]).quirks(&[Quirk::LowerCase]),
    Server::new("ns1.no-tcp.test.", 109, "ns1.no-tcp.lab", &["no-tcp.test."])
        .quirks(&[Quirk::Truncate, Quirk::NoTcp]),
    Server::new("ns2.no-tcp.test.", 110, "ns2.no-tcp.lab", &["no-tcp.test."]),
    Server::new("ns1.udp-only.test.", 112, "ns1.udp-only.lab", &["udp-only.test."]).quirks(&[Quirk::NoTcp]),
    Server::new("ns1.case-sensitive.test.", 113, "ns1.case-sensitive.lab", &["case-sensitive.test."])
        .quirks(&[Quirk::CaseSensitive]),
    Server::new("ns1.no-https-type.test.", 114, "ns1.no-https-type.lab", &["no-https-type.test."])
        .quirks(&[Quirk::RcodeFor(RecordType::HTTPS, ResponseCode::NotImp)]),
    Server::new("ns1.very-slow.test.", 115, "ns1.very-slow.lab", &["very-slow.test."])
        .delay(VERY_SLOW_AUTHORITATIVE),
    Server::new("ns1.dnssec-one-server.test.", 116, "ns1.one-server.lab", &["dnssec-one-server.test."])
        .quirks(&[Quirk::Unsigned]),
    Server::new("ns2.dnssec-one-server.test.", 117, "ns2.one-server.lab", &["dnssec-one-server.test."]),
    Server::new("a.nic.intercepted.", 111, "interceptor.lab", &["intercepted."]).quirks(&[Quirk::Resolves]),
];

/// How each zone is signed; those that are not named here are, with NSEC.
const SIGNED: &[(&str, Signing)] = &[
    // A server without EDNS cannot send signatures.
    ("no-edns.test.", Signing::None),
    // What DNSSEC would say of an alias at a zone's own name is for every validator to choose.
    ("aliased.test.", Signing::None),
    // Whoever answers in the place of a zone's servers has no signatures of it.
    ("intercepted.", Signing::None),
    ("shop.intercepted.", Signing::None),
    ("dnssec-insecure.test.", Signing::None),
    ("unsigned.dnssec-opt-out.test.", Signing::None),
    ("dnssec-nsec3.test.", Signing::Nsec3),
    ("dnssec-opt-out.test.", Signing::Nsec3OptOut),
    ("dnssec-expired.test.", Signing::Expired),
    ("dnssec-wrong-ds.test.", Signing::WrongDs),
    ("dnssec-unsigned-answer.test.", Signing::MissingSignature),
    ("dnssec-island.test.", Signing::Island),
    ("dnssec-small-key.test.", Signing::SmallKey),
    ("dnssec-crowded.test.", Signing::Crowded),
];

/// How a zone is signed.
pub(crate) fn signing(origin: &str) -> Signing {
    SIGNED.iter().find(|(zone, _)| *zone == origin).map_or_else(Signing::default, |(_, signing)| *signing)
}

/// The zones that show DNSSEC, all on one server.
const DNSSEC: &[&str] = &[
    "dnssec-insecure.test.",
    "dnssec-nsec3.test.",
    "dnssec-opt-out.test.",
    "unsigned.dnssec-opt-out.test.",
    "dnssec-expired.test.",
    "dnssec-wrong-ds.test.",
    "dnssec-unsigned-answer.test.",
    "dnssec-island.test.",
    "dnssec-small-key.test.",
    "dnssec-crowded.test.",
    "dnssec-wildcard.test.",
];

/// The zones of the hosting company.
const HOSTED: &[&str] = &[
    "hosting.test.",
    "shop.test.",
    "cname.test.",
    "ipv6.test.",
    "tls.test.",
    "http.test.",
    "http3.test.",
    "https.test.",
    "dname.test.",
    "aliased.test.",
    "capped.test.",
    "aliases.test.",
    "low-ttl.test.",
];

/// The machine's resolver, which knows every zone and is never slow.
pub(crate) const STUB: Server = Server::new("resolver.lab.", 53, "stub.lab", &[]).delay(STUB_DELAY);

/// Every server with an address of its own.
pub(crate) fn all_servers() -> impl Iterator<Item = &'static Server> {
    SERVERS.iter().chain(std::iter::once(&STUB))
}

/// The root hints: zone text, each address with its port.
pub(crate) fn hints(port: u16) -> String {
    let mut text = String::from("; the root servers of the lab\n");
    for server in SERVERS.iter().filter(|server| server.zones.contains(&".")) {
        let (name, address) = (server.name, server.address);
        text.push_str(&format!(". 3600000 NS {name}\n{name} 3600000 A {address}:{port}\n"));
    }
    text
}

/// The text of every zone, by apex.
pub(crate) fn zone_texts() -> Vec<(&'static str, String)> {
    let mut zones: Vec<(&str, String)> =
        ZONES.iter().chain(ODD_ZONES).map(|(origin, text)| (*origin, (*text).to_owned())).collect();
    for site in SITES {
        let owner = format!("{}.", site.dns_name);
        let holding = |origin: &str| {
            owner.strip_suffix(origin).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let deepest = zones.iter_mut().filter(|(origin, _)| holding(origin)).max_by_key(|zone| zone.0.len());
        // A site outside every zone would be unreachable by name; a test holds that there is none.
        let Some((_, text)) = deepest else { continue };
        site.ipv4_addresses().for_each(|address| text.push_str(&format!("{owner} 300 IN A {address}\n")));
        if site.has_dead_ipv6() {
            text.push_str(&format!("{owner} 300 IN AAAA ::1\n"));
        }
    }
    for (_, text) in zones.iter_mut().filter(|(origin, _)| *origin == "http.test.") {
        for proxy in PROXIES {
            text.push_str(&format!("{}. 300 IN A {}\n", proxy.host, proxy.address()));
        }
    }
    // Larger than any UDP payload that is usual today, to show truncation by size.
    for (_, text) in zones.iter_mut().filter(|(origin, _)| *origin == "example.test.") {
        (0..12).for_each(|line| text.push_str(&format!("big IN TXT \"{line:0200}\"\n")));
    }
    // One alias more than resolvers follow.
    for (_, text) in zones.iter_mut().filter(|(origin, _)| *origin == "example.test.") {
        (1..=CHAIN).for_each(|link| {
            text.push_str(&format!("chain{link} IN CNAME chain{}.example.test.\n", link + 1));
        });
    }
    zones
}

/// Aliases of `chain1.example.test.`, whose last target does not exist.
const CHAIN: u32 = 12;

/// Zone texts without web hosts. `refused.test.` is delegated and loaded nowhere.
const ZONES: &[(&str, &str)] = &[
    (
        ".",
        "$TTL 86400
. IN SOA a.root-servers.test. hostmaster.nic.test. 2026010100 1800 900 604800 86400
. IN NS a.root-servers.test.
. IN NS b.root-servers.test.
a.root-servers.test. IN A 127.53.0.1
b.root-servers.test. IN A 127.53.0.2
test. IN NS a.nic.test.
test. IN NS b.nic.test.
a.nic.test. IN A 127.53.0.11
b.nic.test. IN A 127.53.0.12
example. IN NS a.nic.example.
a.nic.example. IN A 127.53.0.13
intercepted. IN NS a.nic.intercepted.
a.nic.intercepted. IN A 127.53.0.111
",
    ),
    (
        "test.",
        "$TTL 3600
@ IN SOA a.nic.test. hostmaster.nic.test. 2026010100 1800 900 604800 900
@ IN NS a.nic.test.
@ IN NS b.nic.test.
a.nic IN A 127.53.0.11
b.nic IN A 127.53.0.12
a.root-servers IN A 127.53.0.1
b.root-servers IN A 127.53.0.2
example IN NS ns1.example.test.
example IN NS ns2.example.test.
ns1.example IN A 127.53.0.21
ns2.example IN A 127.53.0.22
hosting IN NS ns1.hosting.test.
hosting IN NS ns2.hosting.test.
ns1.hosting IN A 127.53.0.23
ns2.hosting IN A 127.53.0.24
shop IN NS ns1.hosting.test.
shop IN NS ns2.hosting.test.
cname IN NS ns1.hosting.test.
cname IN NS ns2.hosting.test.
ipv6 IN NS ns1.hosting.test.
ipv6 IN NS ns2.hosting.test.
tls IN NS ns1.hosting.test.
tls IN NS ns2.hosting.test.
http IN NS ns1.hosting.test.
http IN NS ns2.hosting.test.
https IN NS ns1.hosting.test.
https IN NS ns2.hosting.test.
glueless IN NS ns1.hosting.example.
lame IN NS ns1.lame.test.
lame IN NS ns2.lame.test.
ns1.lame IN A 127.53.0.41
ns2.lame IN A 127.53.0.42
truncated IN NS ns1.truncated.test.
ns1.truncated IN A 127.53.0.43
slow IN NS ns1.slow.test.
ns1.slow IN A 127.53.0.44
silent IN NS ns1.silent.test.
silent IN NS ns2.silent.test.
ns1.silent IN A 127.53.0.45
ns2.silent IN A 127.53.0.46
refused IN NS ns1.refused.test.
refused IN NS ns2.refused.test.
ns1.refused IN A 127.53.0.47
ns2.refused IN A 127.53.0.48
no-edns IN NS ns1.no-edns.test.
ns1.no-edns IN A 127.53.0.49
servfail IN NS ns1.servfail.test.
servfail IN NS ns2.servfail.test.
ns1.servfail IN A 127.53.0.50
ns2.servfail IN A 127.53.0.51
ns1.dnssec-nsec3 IN A 127.53.0.91
dnssec-nsec3 IN NS ns1.dnssec-nsec3.test.
dnssec-insecure IN NS ns1.dnssec-nsec3.test.
dnssec-opt-out IN NS ns1.dnssec-nsec3.test.
dnssec-expired IN NS ns1.dnssec-nsec3.test.
dnssec-wrong-ds IN NS ns1.dnssec-nsec3.test.
dnssec-unsigned-answer IN NS ns1.dnssec-nsec3.test.
dnssec-island IN NS ns1.dnssec-nsec3.test.
dnssec-small-key IN NS ns1.dnssec-nsec3.test.
dnssec-crowded IN NS ns1.dnssec-nsec3.test.
dnssec-wildcard IN NS ns1.dnssec-nsec3.test.
dnssec-one-server IN NS ns1.dnssec-one-server.test.
dnssec-one-server IN NS ns2.dnssec-one-server.test.
ns1.dnssec-one-server IN A 127.53.0.116
ns2.dnssec-one-server IN A 127.53.0.117
every-stage IN NS ns1.every-stage.test.
ns1.every-stage IN A 127.53.0.52
dname IN NS ns1.hosting.test.
dname IN NS ns2.hosting.test.
upward IN NS ns1.upward.test.
upward IN NS ns2.upward.test.
ns1.upward IN A 127.53.0.101
ns2.upward IN A 127.53.0.102
glue IN NS ns1.glue.test.
ns1.glue IN A 127.53.0.103
moved IN NS ns1.moved.test.
ns1.moved IN A 127.53.0.105
trapped IN NS ns2.hosting.example.
ns2.hosting.example. IN A 127.53.0.107
loop-a IN NS ns.loop-b.test.
loop-b IN NS ns.loop-a.test.
case IN NS ns1.case.test.
ns1.case IN A 127.53.0.108
no-tcp IN NS ns1.no-tcp.test.
no-tcp IN NS ns2.no-tcp.test.
ns1.no-tcp IN A 127.53.0.109
ns2.no-tcp IN A 127.53.0.110
udp-only IN NS ns1.udp-only.test.
ns1.udp-only IN A 127.53.0.112
case-sensitive IN NS ns1.case-sensitive.test.
ns1.case-sensitive IN A 127.53.0.113
no-https-type IN NS ns1.no-https-type.test.
ns1.no-https-type IN A 127.53.0.114
very-slow IN NS ns1.very-slow.test.
ns1.very-slow IN A 127.53.0.115
aliased IN NS ns1.hosting.test.
aliased IN NS ns2.hosting.test.
capped IN NS ns1.hosting.test.
capped IN NS ns2.hosting.test.
http3 IN NS ns1.hosting.test.
http3 IN NS ns2.hosting.test.
aliases IN NS ns1.hosting.test.
aliases IN NS ns2.hosting.test.
low-ttl IN NS ns1.hosting.test.
low-ttl IN NS ns2.hosting.test.
",
    ),
    (
        "example.",
        "$TTL 3600
@ IN SOA a.nic.example. hostmaster.nic.example. 2026010100 1800 900 604800 900
@ IN NS a.nic.example.
a.nic IN A 127.53.0.13
hosting IN NS ns1.hosting.example.
ns1.hosting IN A 127.53.0.31
cdn IN NS ns1.cdn.example.
ns1.cdn IN A 127.53.0.32
",
    ),
    (
        "example.test.",
        "$TTL 300
@ IN SOA ns1.example.test. hostmaster.example.test. 2026010100 3600 600 604800 60
@ IN NS ns1.example.test.
@ IN NS ns2.example.test.
@ IN MX 10 mail.example.test.
@ IN TXT \"v=spf1 mx -all\"
@ IN CAA 0 issue \"ca.test\"
ns1 IN A 127.53.0.21
ns2 IN A 127.53.0.22
mail IN A 127.53.1.250
nodata IN TXT \"this name has a text and no address\"
loop IN CNAME loop-back.example.test.
loop-back IN CNAME loop.example.test.
web IN CNAME www.example.test.
",
    ),
    (
        "hosting.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
ns1 IN A 127.53.0.23
ns2 IN A 127.53.0.24
trap IN A 127.53.0.107
shop7 IN CNAME www-aliases-test.cdn.example.
",
    ),
    ("shop.test.", HOSTED_TEXT),
    ("ipv6.test.", HOSTED_TEXT),
    (
        "tls.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
other-authority IN CAA 0 issue \"letsencrypt.org\"
",
    ),
    ("http.test.", HOSTED_TEXT),
    (
        "http3.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
offered IN HTTPS 1 . alpn=h3,h2
unheard IN HTTPS 1 . alpn=h3,h2
alone IN HTTPS 1 . alpn=h3 no-default-alpn
alone-unheard IN HTTPS 1 . alpn=h3 no-default-alpn
",
    ),
    (
        "cname.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
www IN CNAME www-cname-test.cdn.example.
",
    ),
    (
        "hosting.example.",
        "$TTL 300
@ IN SOA ns1.hosting.example. hostmaster.hosting.example. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.example.
ns1 IN A 127.53.0.31
ns2 IN A 127.53.0.31
",
    ),
    (
        "cdn.example.",
        "$TTL 60
@ IN SOA ns1.cdn.example. hostmaster.cdn.example. 2026010100 3600 600 604800 60
@ IN NS ns1.cdn.example.
ns1 IN A 127.53.0.32
alias-https-test IN HTTPS 1 . alpn=h2
www-cname-test IN CNAME edge7.cdn.example.
www-aliases-test IN CNAME edge8.cdn.example.
",
    ),
    (
        "lame.test.",
        "$TTL 300
@ IN SOA ns2.lame.test. hostmaster.lame.test. 2026010100 3600 600 604800 60
@ IN NS ns1.lame.test.
@ IN NS ns2.lame.test.
ns1 IN A 127.53.0.41
ns2 IN A 127.53.0.42
",
    ),
    (
        "truncated.test.",
        "$TTL 300
@ IN SOA ns1.truncated.test. hostmaster.truncated.test. 2026010100 3600 600 604800 60
@ IN NS ns1.truncated.test.
ns1 IN A 127.53.0.43
",
    ),
    (
        "slow.test.",
        "$TTL 300
@ IN SOA ns1.slow.test. hostmaster.slow.test. 2026010100 3600 600 604800 60
@ IN NS ns1.slow.test.
ns1 IN A 127.53.0.44
",
    ),
    (
        "silent.test.",
        "$TTL 300
@ IN SOA ns2.silent.test. hostmaster.silent.test. 2026010100 3600 600 604800 60
@ IN NS ns1.silent.test.
@ IN NS ns2.silent.test.
ns1 IN A 127.53.0.45
ns2 IN A 127.53.0.46
",
    ),
    (
        "no-edns.test.",
        "$TTL 300
@ IN SOA ns1.no-edns.test. hostmaster.no-edns.test. 2026010100 3600 600 604800 60
@ IN NS ns1.no-edns.test.
ns1 IN A 127.53.0.49
",
    ),
    (
        "servfail.test.",
        "$TTL 300
@ IN SOA ns2.servfail.test. hostmaster.servfail.test. 2026010100 3600 600 604800 60
@ IN NS ns1.servfail.test.
@ IN NS ns2.servfail.test.
ns1 IN A 127.53.0.50
ns2 IN A 127.53.0.51
",
    ),
    (
        "dnssec-nsec3.test.",
        "$TTL 300
@ IN SOA ns1.dnssec-nsec3.test. hostmaster.dnssec-nsec3.test. 2026010100 3600 600 604800 60
@ IN NS ns1.dnssec-nsec3.test.
ns1 IN A 127.53.0.91
text IN TXT \"this name has a text and no address\"
a.b.deep IN TXT \"below two names that hold nothing\"
*.wild IN A 127.53.1.250
",
    ),
    ("dnssec-insecure.test.", DNSSEC_TEXT),
    (
        "dnssec-opt-out.test.",
        "$TTL 300
@ IN SOA ns1.dnssec-nsec3.test. hostmaster.dnssec-nsec3.test. 2026010100 3600 600 604800 60
@ IN NS ns1.dnssec-nsec3.test.
unsigned IN NS ns1.dnssec-nsec3.test.
",
    ),
    ("unsigned.dnssec-opt-out.test.", DNSSEC_TEXT),
    ("dnssec-expired.test.", DNSSEC_TEXT),
    ("dnssec-wrong-ds.test.", DNSSEC_TEXT),
    ("dnssec-unsigned-answer.test.", DNSSEC_TEXT),
    ("dnssec-island.test.", DNSSEC_TEXT),
    ("dnssec-small-key.test.", DNSSEC_TEXT),
    ("dnssec-crowded.test.", DNSSEC_TEXT),
    ("dnssec-wildcard.test.", DNSSEC_TEXT),
    (
        "dnssec-one-server.test.",
        "$TTL 300
@ IN SOA ns1.dnssec-one-server.test. hostmaster.dnssec-one-server.test. 2026010100 3600 600 604800 60
@ IN NS ns1.dnssec-one-server.test.
@ IN NS ns2.dnssec-one-server.test.
ns1 IN A 127.53.0.116
ns2 IN A 127.53.0.117
",
    ),
    (
        "every-stage.test.",
        "$TTL 300
@ IN SOA ns1.every-stage.test. hostmaster.every-stage.test. 2026010100 3600 600 604800 60
@ IN NS ns1.every-stage.test.
ns1 IN A 127.53.0.52
",
    ),
];

const DNSSEC_TEXT: &str = "$TTL 300
@ IN SOA ns1.dnssec-nsec3.test. hostmaster.dnssec-nsec3.test. 2026010100 3600 600 604800 60
@ IN NS ns1.dnssec-nsec3.test.
";

const HOSTED_TEXT: &str = "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
";
