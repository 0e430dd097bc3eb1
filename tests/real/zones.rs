//! The names and addresses of the test internet, and its zone files.
//!
//! Root servers have their real addresses, taken from the same file as urltrace's built-in hints;
//! everything below them lives in documentation networks (RFC 5737, RFC 3849).

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

pub(crate) const fn v6(net: u16, host: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, net, 0, 0, 0, 0, host))
}

/// The recursive resolver of the clients' resolv.conf.
pub(crate) const RESOLVER: [IpAddr; 2] = [v4(192, 0, 2, 53), v6(0x53, 0x53)];
/// `site.`: ns1.nic.site, ns2.nic.site.
pub(crate) const TLD: [IpAddr; 4] = [v4(192, 0, 2, 11), v6(0x11, 1), v4(192, 0, 2, 12), v6(0x12, 1)];
/// `com.` and `net.`: a.gtld-servers.net, b.gtld-servers.net.
pub(crate) const GTLD: [IpAddr; 4] = [v4(192, 0, 2, 21), v6(0x21, 1), v4(192, 0, 2, 22), v6(0x22, 1)];
/// `example.site.` and what hangs on it: ns1.example.site, ns2.example.site.
pub(crate) const AUTH: [IpAddr; 4] = [v4(198, 51, 100, 1), v6(0xa1, 1), v4(198, 51, 100, 2), v6(0xa2, 1)];
/// The only server of `sixns.site.`; the same process as [`AUTH`].
pub(crate) const AUTH_IPV6_ONLY: IpAddr = v6(0xa6, 6);
/// `dnshost.com.`, `cdn.com.`, `glueless.site.`: ns1.dnshost.com.
pub(crate) const HOSTER: [IpAddr; 2] = [v4(198, 51, 100, 11), v6(0xb1, 1)];
/// An address where nobody listens: the kernel refuses.
pub(crate) const STOPPED: [IpAddr; 2] = [v4(198, 51, 100, 66), v6(0x66, 1)];
/// An address that is not there: packets to it are dropped.
pub(crate) const SILENT: [IpAddr; 2] = [v4(198, 51, 100, 67), v6(0x67, 1)];

/// The web server: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
pub(crate) const WEB: [IpAddr; 2] = [v4(203, 0, 113, 80), v6(0x80, 0x80)];
/// A web server without HTTP/2.
pub(crate) const WEB_HTTP1: IpAddr = v4(203, 0, 113, 11);
/// A web server without TLS 1.3.
pub(crate) const WEB_TLS12: IpAddr = v4(203, 0, 113, 12);
/// A machine without a web server.
pub(crate) const WEB_STOPPED: IpAddr = v4(203, 0, 113, 66);
/// A web address that is not there.
pub(crate) const WEB_SILENT: IpAddr = v6(0x67, 0x80);

/// The networks of the resolver and the web, which a client may reach that cannot reach the roots.
pub(crate) const NEAR: [&str; 4] =
    ["192.0.2.53/32", "203.0.113.0/24", "2001:db8:53::/48", "2001:db8:80::/48"];

/// IANA's hints file, the one that is built into urltrace.
const HINTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/dns/named.root"));

/// Lines of the hints file that hold records, lower case.
pub(crate) fn hint_records() -> impl Iterator<Item = String> {
    HINTS.lines().filter(|line| !line.starts_with(';')).map(str::to_ascii_lowercase)
}

/// The addresses of the root servers, 13 of each family.
pub(crate) fn roots() -> Vec<IpAddr> {
    hint_records().filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect()
}

/// The hints as a file for other programs.
pub(crate) fn hints() -> &'static str {
    HINTS
}

/// Every address that has to exist.
pub(crate) fn present() -> Vec<IpAddr> {
    let mut all = roots();
    for group in [&RESOLVER[..], &TLD, &GTLD, &AUTH, &HOSTER, &STOPPED, &WEB] {
        all.extend(group);
    }
    all.extend([AUTH_IPV6_ONLY, WEB_HTTP1, WEB_TLS12, WEB_STOPPED]);
    all
}

/// One server: where it listens, and its zones with their files' text.
pub(crate) struct NameServer {
    pub(crate) role: &'static str,
    pub(crate) software: Software,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) zones: Vec<(&'static str, String)>,
}

/// What a server runs.
pub(crate) enum Software {
    Named,
    Nsd,
    /// Knot, which signs some of its zones by itself.
    Knot {
        signs: Vec<KnotPolicy>,
    },
}

/// How Knot signs a zone: always by one ECDSA key, with NSEC3.
#[derive(Clone, Copy)]
pub(crate) struct KnotPolicy {
    pub(crate) zone: &'static str,
    pub(crate) iterations: u16,
    pub(crate) opt_out: bool,
}

/// All of them.
pub(crate) fn name_servers() -> Vec<NameServer> {
    let named = |role, addresses, zones| NameServer { role, software: Software::Named, addresses, zones };
    vec![
        named("root", roots(), vec![(".", root_zone())]),
        named("tld", TLD.into(), vec![("site", test_zone())]),
        named("gtld", GTLD.into(), vec![("com", com_zone()), ("net", net_zone())]),
        named(
            "auth",
            AUTH.into_iter().chain([AUTH_IPV6_ONLY]).collect(),
            vec![
                ("example.site", example_zone()),
                ("lame.site", half_dead_zone("a.lame.site.", &HOSTER)),
                ("stopped.site", half_dead_zone("a.stopped.site.", &STOPPED)),
                ("silent.site", half_dead_zone("a.silent.site.", &SILENT)),
                (
                    "sixns.site",
                    plain_zone("ns.sixns.site.", &format!("{WWW}{}", addresses("ns", &[AUTH_IPV6_ONLY]))),
                ),
            ],
        ),
        named(
            "hoster",
            HOSTER.into(),
            vec![
                ("dnshost.com", plain_zone("ns1.dnshost.com.", &addresses("ns1", &HOSTER))),
                ("cdn.com", plain_zone("ns1.cdn.com.", &cdn_records())),
                ("glueless.site", plain_zone("ns1.dnshost.com.", WWW)),
            ],
        ),
    ]
}

/// A and AAAA records of one owner.
pub(crate) fn addresses(owner: &str, all: &[IpAddr]) -> String {
    all.iter().fold(String::new(), |mut text, address| {
        let rtype = if address.is_ipv4() { "A" } else { "AAAA" };
        let _ = writeln!(text, "{owner} IN {rtype} {address}");
        text
    })
}

/// A zone with one name server and some records.
fn plain_zone(server: &str, records: &str) -> String {
    format!("$TTL 300\n@ IN SOA {server} hostmaster {SOA_NUMBERS}\n@ IN NS {server}\n{records}")
}

/// A zone with two name servers, of which only `z` serves it.
fn half_dead_zone(dead: &str, addresses_of_dead: &[IpAddr]) -> String {
    let living = format!("@ IN NS z\n{}{}", addresses("z", &AUTH[..2]), addresses(dead, addresses_of_dead));
    plain_zone(dead, &format!("{WWW}{living}"))
}

const WWW: &str = "www 120 IN A 203.0.113.80\nwww 120 IN AAAA 2001:db8:80::80\n";
pub(crate) const SOA_NUMBERS: &str = "2026010101 3600 600 86400 60";

fn root_zone() -> String {
    let mut text =
        format!("$TTL 86400\n. IN SOA a.root-servers.net. nstld.verisign-grs.com. {SOA_NUMBERS}\n");
    // The names and, as glue, the addresses: what a resolver gets when it primes (RFC 9609).
    for line in hint_records() {
        let _ = writeln!(text, "{line}");
    }
    let delegations = [
        ("site.", "ns1.nic.site.", &TLD[..2]),
        ("site.", "ns2.nic.site.", &TLD[2..]),
        ("com.", "a.gtld-servers.net.", &GTLD[..2]),
        ("com.", "b.gtld-servers.net.", &GTLD[2..]),
        ("net.", "a.gtld-servers.net.", &[]),
        ("net.", "b.gtld-servers.net.", &[]),
    ];
    for (zone, server, glue) in delegations {
        let _ = write!(text, "{zone} 172800 IN NS {server}\n{}", addresses(server, glue));
    }
    text
}

fn net_zone() -> String {
    let mut text = plain_zone("a.gtld-servers.net.", "@ IN NS b.gtld-servers.net.\n");
    text += &addresses("a.gtld-servers.net.", &GTLD[..2]);
    text += &addresses("b.gtld-servers.net.", &GTLD[2..]);
    // In the world this zone is the root servers' own; here its parent has it.
    for line in hint_records().filter(|line| !line.contains(" ns ")) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn com_zone() -> String {
    let mut text = plain_zone("a.gtld-servers.net.", "@ IN NS b.gtld-servers.net.\n");
    text += &format!("dnshost IN NS ns1.dnshost\n{}", addresses("ns1.dnshost", &HOSTER));
    text + &format!("cdn IN NS ns1.cdn\n{}", addresses("ns1.cdn", &HOSTER))
}

fn test_zone() -> String {
    let mut text = plain_zone("ns1.nic.site.", "@ IN NS ns2.nic.site.\n");
    text += &addresses("ns1.nic", &TLD[..2]);
    text += &addresses("ns2.nic", &TLD[2..]);
    let delegations: [(&str, &str, &[IpAddr]); 11] = [
        ("example", "ns1.example.site.", &AUTH[..2]),
        ("example", "ns2.example.site.", &AUTH[2..]),
        ("glueless", "ns1.dnshost.com.", &[]),
        ("sixns", "ns.sixns.site.", &[AUTH_IPV6_ONLY]),
        ("lame", "a.lame.site.", &HOSTER),
        ("lame", "z.lame.site.", &AUTH[..2]),
        ("stopped", "a.stopped.site.", &STOPPED),
        ("stopped", "z.stopped.site.", &AUTH[..2]),
        ("silent", "a.silent.site.", &SILENT),
        ("silent", "z.silent.site.", &AUTH[..2]),
        // Every server of this one is dead.
        ("dead", "a.dead.site.", &STOPPED),
    ];
    for (zone, server, glue) in delegations {
        let _ = write!(text, "{zone} 7200 IN NS {server}\n{}", addresses(server, glue));
    }
    text
}

fn example_zone() -> String {
    let mut text = format!(
        "$TTL 300\n@ 3600 IN SOA ns1 hostmaster {SOA_NUMBERS}\n@ 3600 IN NS ns1\n@ 3600 IN NS ns2\n{}{}{}{}",
        addresses("ns1", &AUTH[..2]),
        addresses("ns2", &AUTH[2..]),
        addresses("@", &WEB),
        addresses("www 600", &WEB),
    );
    for owner in ["xn--bcher-kva", "*.wild", "a.ent"] {
        text += &addresses(owner, &WEB);
    }
    for (owner, at) in [("http1", WEB_HTTP1), ("tls12", WEB_TLS12), ("stopped", WEB_STOPPED)] {
        text += &addresses(owner, &[at]);
    }
    text += &addresses("dead6", &[WEB[0], WEB_SILENT]);
    text += &addresses("resolver", &RESOLVER);
    text += r#"
v4only   IN A 203.0.113.80
@        IN MX 10 mail
@        IN MX 20 mail.cdn.com.
mail     IN A 203.0.113.25
@        IN TXT "v=spf1 -all"
@        IN TXT "quote \" backslash \\ semicolon ; tab \009 bytes \195\169" "second string" ""
inner    IN CNAME hop
hop  60  IN CNAME www
alias 30 IN CNAME edge.cdn.com.
three    IN CNAME via.cdn.com.
dangling IN CNAME nothing.cdn.com.
loop     IN CNAME back.cdn.com.
legacy   IN DNAME cdn.com.
_https._tcp IN SRV 10 5 443 www
@        IN CAA 0 issue "ca.example; account=1"
@        IN CAA 128 iodef "mailto:security@example.site"
www      IN HTTPS 1 . alpn=h2,http/1.1 ipv4hint=203.0.113.80
_443._tcp.www IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
www      IN SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
@        IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.site!" .
www      IN TYPE65280 \# 4 0a000001
odd\.label IN A 203.0.113.80
to-odd   IN CNAME odd\.label.example.site.
"#;
    for number in 0..13 {
        let _ = writeln!(text, "big IN TXT \"{number:02} {}\"", "x".repeat(150));
    }
    text
}

fn cdn_records() -> String {
    format!(
        "{}{}mail IN A 203.0.113.26\nvia 45 IN CNAME www.glueless.site.\nback IN CNAME loop.example.site.\n",
        addresses("ns1", &HOSTER),
        addresses("edge 20", &WEB),
    )
}
