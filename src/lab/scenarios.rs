//! What the lab can show: a URL, what is wrong behind it, and what a trace must find.
//!
//! A table. `urltrace lab` lists it; tests hold every trace to it.

use super::scenario::{
    EVERY_STAGE_DNS, EVERY_STAGE_PAUSE, EVERY_STAGE_PIECES, EVERY_STAGE_TLS, EVERY_STAGE_WAIT,
    SLOW_AUTHORITATIVE, SLOW_PROXY, SLOW_TLS, STUB_DELAY, Scenario, VERY_SLOW_AUTHORITATIVE, millis,
};
use super::scenarios_http::HTTP_SCENARIOS;
use super::scenarios_quic::QUIC_SCENARIOS;
use crate::plan::STAGGER;

const DNS: u8 = 4;
const TCP: u8 = 5;
const TLS: u8 = 6;
const HTTP: u8 = 7;

/// Every scenario, in the order of the stages.
pub const SCENARIOS: &[Scenario] =
    &all::<{ BEFORE_HTTP.len() + QUIC_SCENARIOS.len() + HTTP_SCENARIOS.len() }>();

const fn all<const N: usize>() -> [Scenario; N] {
    let mut all = [BEFORE_HTTP[0]; N];
    let (before, by_quic) = (BEFORE_HTTP.len(), BEFORE_HTTP.len() + QUIC_SCENARIOS.len());
    let mut at = 0;
    while at < N {
        all[at] = if at < before {
            BEFORE_HTTP[at]
        } else if at < by_quic {
            QUIC_SCENARIOS[at - before]
        } else {
            HTTP_SCENARIOS[at - by_quic]
        };
        at += 1;
    }
    all
}

/// Those that end before HTTP, or are of what comes before it.
const BEFORE_HTTP: &[Scenario] = &[
    Scenario::new(
        "normal",
        "https://www.example.test/",
        "everything works: root, TLD, name server, TLS 1.3, HTTP/2",
    ),
    Scenario::new(
        "every-stage",
        "https://www.every-stage.test/",
        "a known delay in every stage that can have one",
    )
    .injected(&[
        ("dns", millis(EVERY_STAGE_DNS)),
        ("tls", millis(EVERY_STAGE_TLS)),
        ("wait", millis(EVERY_STAGE_WAIT)),
        ("receive", EVERY_STAGE_PIECES as u64 * millis(EVERY_STAGE_PAUSE)),
    ]),
    // URL
    Scenario::new(
        "secrets-in-url",
        "https://ann:hunter2@www.example.test/?access_token=4711",
        "a password and a token in the URL, where histories and logs keep them",
    ),
    Scenario::new(
        "ambiguous-host",
        "https://www%2Eexample.test/",
        "a host in which programs read different names",
    ),
    Scenario::new(
        "port-speaks-tls",
        "http://www.example.test:443/",
        "an http URL with the port of https: the scheme and the port do not fit",
    )
    .fails(HTTP, "not-http"),
    // DNS
    Scenario::new(
        "cname-across-zones",
        "https://www.cname.test/",
        "a CNAME into a CDN's zone under another TLD",
    ),
    Scenario::new(
        "aliases-of-aliases",
        "https://www.aliases.test/",
        "three CNAMEs through two other zones before there is an address",
    ),
    Scenario::new("low-ttl", "https://www.low-ttl.test/", "an alias that may be kept for 20 seconds only"),
    Scenario::new(
        "glueless",
        "https://www.glueless.test/",
        "a name server whose address must be looked up first",
    ),
    Scenario::new(
        "lame-server-first",
        "https://www.lame.test/",
        "the first name server refuses: it does not have the zone",
    ),
    Scenario::new(
        "servfail-server-first",
        "https://www.servfail.test/",
        "the first name server answers SERVFAIL",
    ),
    Scenario::new("silent-server", "https://www.silent.test/", "the first of two name servers never answers"),
    Scenario::new(
        "no-edns",
        "https://www.no-edns.test/",
        "a name server so old that EDNS is a format error to it",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "truncated-answer",
        "https://www.truncated.test/",
        "answers by UDP are cut short and must be asked for by TCP",
    ),
    Scenario::new("slow-authoritative", "https://www.slow.test/", "a name server that takes 80 ms to answer")
        .injected(&[("dns", millis(SLOW_AUTHORITATIVE))]),
    Scenario::new(
        "very-slow-authoritative",
        "https://www.very-slow.test/",
        "the only name server takes 1.6 s to answer: slow, not dead",
    )
    .injected(&[("dns", millis(VERY_SLOW_AUTHORITATIVE))]),
    Scenario::new("nxdomain", "https://missing.example.test/", "a name that does not exist")
        .fails(DNS, "nxdomain"),
    Scenario::new("nodata", "https://nodata.example.test/", "a name that exists without an address")
        .fails(DNS, "nodata"),
    Scenario::new("cname-loop", "https://loop.example.test/", "two CNAMEs that point at each other")
        .fails(DNS, "cname-loop")
        .dnssec(Some("indeterminate")),
    Scenario::new("all-servers-refuse", "https://www.refused.test/", "no name server of the zone has it")
        .fails(DNS, "no-usable-server")
        .dnssec(Some("indeterminate")),
    Scenario::new(
        "upward-referral",
        "https://www.upward.test/",
        "the first name server does not have the zone and refers to the root",
    ),
    Scenario::new(
        "glue-mismatch",
        "https://www.glue.test/",
        "the parent's glue is not the address that the zone itself gives",
    ),
    Scenario::new(
        "parent-child",
        "https://www.moved.test/",
        "the parent does not know all the name servers of the zone",
    ),
    Scenario::new(
        "false-glue",
        "https://www.trapped.test/",
        "an address for a server elsewhere: not the parent's to give, not used",
    ),
    Scenario::new("glue-loop", "https://www.loop-a.test/", "two zones whose servers are named in each other")
        .fails(DNS, "glue-loop")
        .dnssec(Some("indeterminate")),
    Scenario::new("cname-chain", "https://chain1.example.test/", "twelve CNAMEs in a row")
        .fails(DNS, "cname-chain-too-long")
        .dnssec(Some("indeterminate")),
    Scenario::new("dname", "https://www.old.dname.test/", "a whole subtree that has moved (DNAME)"),
    Scenario::new(
        "case-changed",
        "https://www.case.test/",
        "a name server that does not keep the case of a question",
    ),
    Scenario::new(
        "case-sensitive",
        "https://www.case-sensitive.test/",
        "a name server that knows names in lower case only, and denies all others",
    ),
    Scenario::new(
        "https-type-not-served",
        "https://www.no-https-type.test/",
        "a name server that answers NOTIMP to type HTTPS, and is well otherwise",
    ),
    Scenario::new(
        "truncated-without-tcp",
        "https://www.no-tcp.test/",
        "the first name server cuts answers short and has no TCP",
    ),
    Scenario::new(
        "udp-only",
        "https://www.udp-only.test/",
        "a name server without TCP: no answer needs it, but --all-ns shows it",
    ),
    Scenario::new(
        "alias-at-apex",
        "https://aliased.test/",
        "a zone's own name that is an alias: it hides the zone's other records",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "intercepted",
        "https://www.shop.intercepted/",
        "a top-level server that answers as a resolver: an interceptor",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "https-service",
        "https://service.https.test/",
        "an HTTPS record for HTTP/3 only, and one whose target and port are used",
    ),
    Scenario::new(
        "https-alias",
        "https://alias.https.test/",
        "a host without an address: its HTTPS record leads to a CDN",
    ),
    Scenario::new(
        "https-upgrade",
        "http://upgrade.https.test/",
        "an http URL that goes by https, as the host has an HTTPS record",
    ),
    Scenario::new(
        "https-endpoint-dead",
        "https://dead-endpoint.https.test/",
        "an HTTPS record whose port refuses: the next endpoint is the host's own",
    ),
    Scenario::new(
        "https-endpoint-clear",
        "https://clear-endpoint.https.test/",
        "an HTTPS record whose port speaks no TLS: the host's own endpoint is next",
    ),
    Scenario::new(
        "resolver-caps-ttl",
        "https://www.capped.test/",
        "a resolver that cuts TTLs to 30 s: how old its copy is cannot be known",
    ),
    Scenario::new("name-only", "dns://www.example.test", "a name and its addresses: nothing is connected to")
        .without_http(),
    // DNSSEC
    Scenario::new(
        "dnssec-expired",
        "https://www.dnssec-expired.test/",
        "signatures that expired three days ago: validating resolvers refuse",
    )
    .dnssec(Some("bogus")),
    Scenario::new(
        "dnssec-wrong-ds",
        "https://www.dnssec-wrong-ds.test/",
        "a DS of another key than the zone has, as after a botched rollover",
    )
    .dnssec(Some("bogus")),
    Scenario::new(
        "dnssec-unsigned-answer",
        "https://www.dnssec-unsigned-answer.test/",
        "a signed zone whose A records came without their signature",
    )
    .dnssec(Some("bogus")),
    Scenario::new(
        "dnssec-one-server",
        "https://www.dnssec-one-server.test/",
        "one of two servers was never signed: who validates asks the other",
    ),
    Scenario::new(
        "dnssec-insecure",
        "https://www.dnssec-insecure.test/",
        "an unsigned zone; that it has no DS is proven",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "dnssec-island",
        "https://www.dnssec-island.test/",
        "a signed zone that its parent has no DS of: nothing leads to its keys",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "dnssec-small-key",
        "https://www.dnssec-small-key.test/",
        "a key of RSA with 768 bits, which is allowed and cannot be checked here",
    )
    .dnssec(Some("indeterminate")),
    Scenario::new(
        "dnssec-crowded",
        "https://www.dnssec-crowded.test/",
        "nine signatures by keys that the zone does not have before each good one",
    ),
    Scenario::new(
        "dnssec-opt-out",
        "https://www.unsigned.dnssec-opt-out.test/",
        "an unsigned zone below one with NSEC3 opt-out",
    )
    .dnssec(Some("insecure")),
    Scenario::new(
        "dnssec-wildcard",
        "https://any.dnssec-wildcard.test/",
        "an answer made from a wildcard, with the proof that it may be",
    ),
    Scenario::new(
        "dnssec-nsec3",
        "https://missing.dnssec-nsec3.test/",
        "a name that NSEC3 proves not to exist",
    )
    .fails(DNS, "nxdomain"),
    Scenario::new(
        "dnssec-nsec3-nodata",
        "https://text.dnssec-nsec3.test/",
        "a name that NSEC3 proves to have no address",
    )
    .fails(DNS, "nodata"),
    // TCP
    Scenario::new(
        "dead-ipv6",
        "https://www.ipv6.test/",
        "an IPv6 address that nothing answers at, and an IPv4 one that works",
    )
    .injected(&[("connect", millis(STAGGER))]),
    Scenario::new(
        "all-addresses",
        "https://pool.tls.test/",
        "three addresses: one serves, one has an old certificate, one is closed",
    )
    .options(&["--all-addresses=http"]),
    Scenario::new(
        "route",
        "tcp://www.example.test:443",
        "the path to a server by TCP probes: on loopback it is one hop",
    )
    .options(&["--route"])
    .without_http(),
    Scenario::new(
        "fast-open",
        "https://www.example.test/",
        "TCP Fast Open is asked for, and the server has no cookie to give",
    )
    .options(&["--tcp-fastopen"]),
    Scenario::new(
        "port-only",
        "tcp://www.example.test:443",
        "a port that takes connections: no more is asked",
    )
    .without_http(),
    // Proxies
    Scenario::new(
        "proxy-tunnel",
        "https://www.example.test/",
        "an HTTP proxy that takes 40 ms to open a tunnel, and resolves the name",
    )
    .options(&["-x", "http://proxy.http.test:3128"])
    .dnssec(None)
    .injected(&[("connect", millis(STUB_DELAY)), ("proxy", millis(SLOW_PROXY))]),
    Scenario::new(
        "proxy-forward",
        "http://clear-endpoint.https.test/",
        "an http URL by an HTTP proxy, which is sent the request itself",
    )
    .options(&["-x", "http://proxy.http.test:3128"])
    .dnssec(None),
    Scenario::new(
        "proxy-over-tls",
        "https://www.example.test/",
        "an HTTP proxy that is spoken to over TLS of its own",
    )
    .options(&["-x", "https://proxy-tls.http.test:3128"])
    .dnssec(None)
    .injected(&[("connect", millis(STUB_DELAY)), ("proxy", millis(SLOW_PROXY))]),
    Scenario::new(
        "proxy-407",
        "https://www.example.test/",
        "an HTTP proxy that wants credentials (it takes -U lab:secret)",
    )
    .options(&["-x", "http://proxy-407.http.test:3128"])
    .dnssec(None)
    .fails(TCP, "proxy-authentication"),
    Scenario::new(
        "proxy-refuses",
        "https://www.example.test/",
        "an HTTP proxy whose rules forbid the tunnel: the server is not asked",
    )
    .options(&["-x", "http://proxy-403.http.test:3128"])
    .dnssec(None)
    .fails(TCP, "proxy-refused"),
    Scenario::new(
        "proxy-cannot",
        "https://www.example.test/",
        "an HTTP proxy that says 504: it did not reach the server",
    )
    .options(&["-x", "http://proxy-504.http.test:3128"])
    .dnssec(None)
    .fails(TCP, "proxy-target-failed"),
    Scenario::new(
        "proxy-dead",
        "https://www.example.test/",
        "a proxy that nobody runs: the connection to it is refused",
    )
    .options(&["-x", "http://127.53.2.200:3128"])
    .dnssec(None)
    .fails(TCP, "proxy-unreachable"),
    Scenario::new(
        "socks5",
        "https://www.example.test/",
        "a SOCKS 5 proxy that is told an address: the walk is done here",
    )
    .options(&["-x", "socks5://socks.http.test:3128"]),
    Scenario::new(
        "socks5h",
        "https://www.example.test/",
        "a SOCKS 5 proxy that is told the name, and resolves it",
    )
    .options(&["-x", "socks5h://socks.http.test:3128"])
    .dnssec(None),
    // TLS
    Scenario::new("tls12-only", "https://tls12-only.tls.test/", "a server that speaks TLS 1.2 at most"),
    Scenario::new(
        "slow-tls",
        "https://slow-tls.tls.test/",
        "a server that takes 150 ms to answer the ClientHello",
    )
    .injected(&[("tls", millis(SLOW_TLS))]),
    Scenario::new("expired", "https://expired.tls.test/", "a certificate that expired three days ago")
        .fails(TLS, "certificate-expired"),
    Scenario::new(
        "not-yet-valid",
        "https://not-yet-valid.tls.test/",
        "a certificate that becomes valid in three days",
    )
    .fails(TLS, "certificate-not-yet-valid"),
    Scenario::new("wrong-host", "https://wrong-host.tls.test/", "a certificate for other names")
        .fails(TLS, "certificate-wrong-host"),
    Scenario::new("self-signed", "https://self-signed.tls.test/", "a certificate that signed itself")
        .fails(TLS, "certificate-self-signed"),
    Scenario::new(
        "missing-intermediate",
        "https://missing-intermediate.tls.test/",
        "a server that does not send its intermediate certificate",
    )
    .fails(TLS, "certificate-chain-incomplete"),
    Scenario::new(
        "unknown-issuer",
        "https://unknown-issuer.tls.test/",
        "a chain that ends at a CA nobody trusts",
    )
    .fails(TLS, "certificate-unknown-issuer"),
    Scenario::new(
        "client-certificate",
        "https://client-certificate.tls.test/",
        "a server that wants a client certificate, told after the handshake only",
    )
    .fails(TLS, "client-certificate-required"),
    Scenario::new(
        "client-certificate-given",
        "https://client-certificate.tls.test/",
        "the same server, shown the lab's own client certificate",
    )
    .options(&["--cert", "lab:client"]),
    Scenario::new(
        "large-hello",
        "https://large-hello.tls.test/",
        "a box that resets a ClientHello of more than one packet (post-quantum keys)",
    )
    .fails(TLS, "tls-closed"),
    Scenario::new(
        "x509-v1",
        "https://x509-v1.tls.test/",
        "a certificate of X.509 version 1, which has no place for host names",
    )
    .fails(TLS, "certificate-unchecked"),
    Scenario::new(
        "stapled",
        "https://stapled.tls.test/",
        "a server that staples its issuer's word that the certificate is good (OCSP)",
    ),
    Scenario::new("revoked", "https://revoked.tls.test/", "a certificate that is revoked, by its own staple"),
    Scenario::new(
        "must-staple",
        "https://must-staple.tls.test/",
        "a certificate that demands a staple, on a server that sends none",
    ),
    Scenario::new(
        "weak-key",
        "https://weak-key.tls.test/",
        "an intermediate certificate with an RSA key of 1024 bits",
    )
    .fails(TLS, "certificate-unchecked"),
    Scenario::new("sha1", "https://sha1.tls.test/", "a certificate signed with SHA-1")
        .fails(TLS, "certificate-invalid"),
    Scenario::new(
        "bloated-chain",
        "https://bloated-chain.tls.test/",
        "a server that sends its root, too, and the intermediate twice",
    ),
    Scenario::new(
        "cross-signed",
        "https://cross-signed.tls.test/",
        "a chain that also leads to another root, for clients that lack the first",
    ),
    Scenario::new(
        "out-of-order",
        "https://out-of-order.tls.test/",
        "a chain in which an issuer comes before what it has issued",
    ),
    Scenario::new(
        "other-authority",
        "https://other-authority.tls.test/",
        "CAA records that name another authority than the certificate's issuer",
    ),
    Scenario::new(
        "resumption",
        "https://www.example.test/",
        "a ticket that makes the second handshake shorter",
    )
    .options(&["--resume"]),
    Scenario::new("early-data", "https://early-data.tls.test/", "a ticket that even allows 0-RTT")
        .options(&["--resume"]),
    Scenario::new(
        "early-data-refused",
        "https://late.http3.test/",
        "a ticket that allows 0-RTT, which the server then turns down",
    )
    .options(&["--resume"]),
    Scenario::new(
        "no-tickets",
        "https://no-tickets.tls.test/",
        "a server without tickets: every visit makes a full handshake",
    )
    .options(&["--resume"]),
    Scenario::new(
        "forgetful",
        "https://forgetful.tls.test/",
        "a server that gives tickets and does not know them later",
    )
    .options(&["--resume"]),
    Scenario::new(
        "tls-scan",
        "https://old-versions.tls.test/",
        "all that a server takes of TLS: old versions, 3DES and RC4 among it",
    )
    .options(&["--tls-scan"]),
    Scenario::new(
        "certificate-only",
        "tls://www.example.test",
        "a handshake and its certificate, without HTTP",
    )
    .without_http(),
    Scenario::new(
        "certificate-only-expired",
        "tls://expired.tls.test:443",
        "a certificate that has expired, whatever is spoken behind it",
    )
    .fails(TLS, "certificate-expired"),
    Scenario::new(
        "ticket-flood",
        "https://ticket-flood.tls.test/",
        "a server that sends a thousand session tickets before any response",
    )
    .fails(TLS, "tls-flood"),
    Scenario::new("legacy-tls", "https://legacy-tls.tls.test/", "a server that stopped at TLS 1.0")
        .fails(TLS, "legacy-protocol"),
];
