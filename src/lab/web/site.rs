//! The lab's web sites: host, address, and how each behaves.
//!
//! A table. Each site has an address of its own, so that what a server does never depends on what
//! a client says it came for.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::legacy::Script;
use crate::lab::scenario::{
    BEHIND_CACHE, DRIP_PAUSE, DRIP_PIECES, EARLY_HINTS, EVERY_STAGE_PAUSE, EVERY_STAGE_PIECES,
    EVERY_STAGE_TLS, EVERY_STAGE_WAIT, LARGEST_HELLO, SLOW_FIRST_BYTE, SLOW_TLS, SLOW_UPSTREAM,
};

/// The validator of every page: weak, as it is the same in all encodings.
pub(crate) const ETAG: &str = "W/\"lab\"";

/// One web site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Its host name, without final dot: what its certificate is for.
    pub(crate) host: &'static str,
    /// The name that holds its address: the host, or where the host's CNAMEs end.
    pub(crate) dns_name: &'static str,
    /// The last byte of its address.
    pub(crate) last: u8,
    /// What it has besides its IPv4 address.
    pub(crate) ipv6: Ipv6,
    /// The last bytes of further IPv4 addresses that DNS gives for it: other sites', or nobody's.
    pub(crate) beside: &'static [u8],
    /// What it does on port 80; `None` when nothing listens there.
    pub(crate) plain: Option<Conduct>,
    /// What it does on port 443; `None` when nothing listens there.
    pub(crate) secure: Option<Secure>,
}

/// An IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ipv6 {
    /// None.
    None,
    /// One that nothing answers at.
    Dead,
}

/// What a site does on its TLS port.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Secure {
    /// It speaks TLS.
    Tls(Tls),
    /// It speaks versions before TLS 1.3 by a table, as far as that goes without keys.
    Legacy(&'static Script),
}

/// How a site speaks TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: Certificate,
    pub(crate) versions: Versions,
    pub(crate) protocols: Protocols,
    /// What it does by UDP on the same port.
    pub(crate) http3: Http3,
    /// The largest ClientHello record that it bears; a longer one is answered by a reset.
    pub(crate) largest_hello: usize,
    pub(crate) clients: Clients,
    pub(crate) tickets: Tickets,
    /// Who answers ClientHellos of the old style in its place.
    pub(crate) beside: Option<&'static Script>,
    /// From the ClientHello's arrival to the ServerHello.
    pub(crate) delay: Duration,
    /// What it does inside.
    pub(crate) conduct: Conduct,
}

/// The certificate a site shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    Expired,
    NotYetValid,
    WrongHost,
    SelfSigned,
    WithoutIntermediate,
    UnknownIssuer,
    Version1,
    /// Good, with a demand for stapled OCSP responses and no such response.
    MustStaple,
    /// Good, with a stapled OCSP response that says so.
    Stapled,
    /// Revoked, by its own staple.
    Revoked,
    /// Good, by an intermediate whose own key is too short.
    WeakIntermediate,
    /// Signed with SHA-1.
    Sha1,
    /// Good, with the root and the intermediate once more behind it.
    Bloated,
    /// Good, with the root's name and key signed by the unknown root, too.
    CrossSigned,
    /// The same, with that before the intermediate.
    OutOfOrder,
}

/// What a site does for those who come back (RFC 8446 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tickets {
    /// It gives tickets, and takes them.
    Taken,
    /// It takes 0-RTT with them, too.
    TakenEarly,
    /// Its tickets allow 0-RTT, and it never takes it.
    TakenNotEarly,
    /// It gives none.
    None,
    /// It gives them, and knows nothing of them later.
    Forgotten,
}

/// Whom a site lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    Anybody,
    /// Those with a certificate only; in TLS 1.3 the others are told after the handshake.
    ByCertificate,
}

/// The TLS versions a site speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    Both,
    Tls12,
}

/// The HTTP versions a site takes by ALPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocols {
    Http2And1,
    Http1,
}

/// What a site does by UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http3 {
    /// Nothing listens.
    None,
    /// It speaks HTTP/3.
    Spoken,
    /// The same, for those whose address it has proved by a Retry packet.
    Retry,
    /// It refuses every connection.
    Refuse,
    /// What comes vanishes, as behind a firewall.
    Silent,
}

/// What a site does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conduct {
    /// It answers.
    Page(Page),
    /// It answers in another protocol.
    Garbage,
    /// It closes without a byte.
    Empty,
    /// It sends header fields for as long as they are read.
    EndlessHeaders,
    /// It promises a longer body than it sends.
    ClosedEarly,
    /// It never answers.
    Silent,
    /// It redirects, keeps the connection, and ends it under the next request.
    EndsKept(Page),
    /// It redirects by a field that begins with a blank.
    LeadingBlank(Page),
    /// It opens a WebSocket.
    Socket(Socket),
    /// It ends the connection behind the third response, and does not say so before.
    EndsThird(Page),
    /// It refuses the first request of each connection for a second (503), and has its page then.
    Busy(Page),
    /// It redirects to itself until the cookie comes back that it sets, and has its page then.
    CookieWall(Page),
}

impl Conduct {
    /// The page it has, if it has one.
    pub(crate) const fn page(self) -> Option<Page> {
        match self {
            Self::Page(page)
            | Self::EndsKept(page)
            | Self::LeadingBlank(page)
            | Self::EndsThird(page)
            | Self::Busy(page)
            | Self::CookieWall(page) => Some(page),
            Self::Garbage
            | Self::Empty
            | Self::EndlessHeaders
            | Self::ClosedEarly
            | Self::Silent
            | Self::Socket(_) => None,
        }
    }
}

/// What a site does behind an upgrade (RFC 6455).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// It greets, and answers a ping.
    Answers,
    /// It proves nothing.
    WithoutProof,
    /// It masks its frames, as only clients do.
    Masks,
    /// It closes in place of a pong.
    Closes,
    /// It sends messages for as long as they are read.
    Endless,
}

/// How a site answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Header fields of its own.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// From the request's last byte to the response's first.
    pub(crate) think: Duration,
    /// The same for the first request on a connection alone.
    pub(crate) start: Duration,
    /// What comes before the response.
    pub(crate) hints: Hints,
    /// How the body comes.
    pub(crate) pace: Pace,
    pub(crate) encoding: Encoding,
    /// What it says in place of the page, and of which type that is.
    pub(crate) text: Option<(&'static str, &'static str)>,
    /// The fields of its 204 to an OPTIONS; without them OPTIONS is as good as GET.
    pub(crate) preflight: Option<&'static [(&'static str, &'static str)]>,
}

/// Interim responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hints {
    None,
    /// A 103 as soon as the request is there (RFC 8297).
    Early,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// In pieces, with a pause before each.
    Drip {
        pieces: u32,
        pause: Duration,
    },
}

/// Content codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    /// gzip for those who ask.
    Gzip,
    /// deflate without its zlib wrapper, for those who ask.
    RawDeflate,
    /// A page five times as long, and as it is for everybody.
    Never,
}

/// How long a copy is fresh, and by what it can be told later whether it still is.
pub(super) const KEPT: [(&str, &str); 2] = [("cache-control", "max-age=60"), ("etag", ETAG)];
/// For browsers to come by https only from now on.
pub(super) const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

/// That HTTP/3 is there, too, on the port of the lab's stand-in for 443.
const ALT_SVC: (&str, &str) = ("alt-svc", "h3=\":443\"; ma=86400");

pub(super) const PAGE: Page = Page {
    status: 200,
    fields: &[KEPT[0], KEPT[1], HSTS],
    think: Duration::ZERO,
    start: Duration::ZERO,
    hints: Hints::None,
    pace: Pace::AtOnce,
    encoding: Encoding::Identity,
    text: None,
    preflight: None,
};

/// The same in the clear, where HSTS must not be sent (RFC 6797 section 7.2).
const PLAIN: Page = Page { fields: &KEPT, ..PAGE };

const TLS: Tls = Tls {
    certificate: Certificate::Good,
    versions: Versions::Both,
    protocols: Protocols::Http2And1,
    http3: Http3::None,
    largest_hello: usize::MAX,
    clients: Clients::Anybody,
    tickets: Tickets::Taken,
    beside: None,
    delay: Duration::ZERO,
    conduct: Conduct::Page(PAGE),
};

/// A server that stopped at TLS 1.0, with the suite that every server had.
const TLS10_ONLY: Script =
    Script { versions: &[(0x0301, &[0x002f, 0x0035, 0x000a])], groups: &[], schemes: &[] };

/// All that servers had before TLS 1.3, the good with the bad: 3DES, and RC4 in the oldest two.
const OLD_VERSIONS: Script = Script {
    versions: &[
        (0x0303, &[0xc02f, 0xc030, 0xc013, 0x009c, 0x002f, 0x000a]),
        (0x0302, &[0xc013, 0x002f, 0x000a, 0x0005]),
        (0x0301, &[0xc013, 0x002f, 0x000a, 0x0005]),
    ],
    groups: &[0x001d, 0x0017],
    schemes: &[0x0804, 0x0401, 0x0201],
};

/// How the proxy over TLS speaks it.
pub(crate) const PROXY_TLS: Tls = Tls { protocols: Protocols::Http1, ..TLS };

const fn redirect(fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { status: 301, fields, ..PAGE })
}

pub(super) const fn fields(fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { fields, ..PAGE })
}

pub(super) const fn status(status: u16, fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { status, fields, ..PAGE })
}

impl Site {
    /// A site that answers by TLS only.
    const fn tls(host: &'static str, last: u8, tls: Tls) -> Self {
        let secure = Some(Secure::Tls(tls));
        Self { host, dns_name: host, last, ipv6: Ipv6::None, beside: &[], plain: None, secure }
    }

    /// A site that answers by TLS only and shows a good certificate.
    pub(super) const fn https(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self::tls(host, last, Tls { conduct, ..TLS })
    }

    /// The same by HTTP/1.1 alone.
    pub(super) const fn http1(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self::tls(host, last, Tls { conduct, protocols: Protocols::Http1, ..TLS })
    }

    /// A site that answers in the clear only.
    const fn http(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self { host, dns_name: host, last, ipv6: Ipv6::None, beside: &[], plain: Some(conduct), secure: None }
    }

    const fn and_http(self, conduct: Conduct) -> Self {
        Self { plain: Some(conduct), ..self }
    }

    /// Its address.
    pub(crate) const fn address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 53, 1, self.last))
    }

    /// All that DNS gives for it, its own first.
    pub(crate) fn ipv4_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let beside = self.beside.iter().map(|last| IpAddr::V4(Ipv4Addr::new(127, 53, 1, *last)));
        std::iter::once(self.address()).chain(beside)
    }

    /// What it does by UDP, if anything.
    pub(crate) const fn listens_by_udp(&self) -> bool {
        matches!(self.secure, Some(Secure::Tls(tls)) if !matches!(tls.http3, Http3::None))
    }

    pub(crate) const fn has_dead_ipv6(&self) -> bool {
        matches!(self.ipv6, Ipv6::Dead)
    }
}

const GOOD: Conduct = Conduct::Page(PAGE);

/// Sites with a page, and those with none.
pub(super) const PAGES: &[Site] = &[
    Site::https("www.example.test", 1, GOOD).and_http(redirect(&[("location", "https://www.example.test/")])),
    Site::https("example.test", 2, redirect(&[("location", "https://www.example.test/"), HSTS]))
        .and_http(redirect(&[("location", "https://example.test/")])),
    Site::https("shop.test", 3, redirect(&[("location", "https://www.shop.test/"), HSTS]))
        .and_http(redirect(&[("location", "https://shop.test/")])),
    Site::https("www.shop.test", 4, GOOD),
    Site { dns_name: "edge7.cdn.example", ..Site::https("www.cname.test", 5, GOOD) },
    Site { dns_name: "edge8.cdn.example", ..Site::https("www.aliases.test", 83, GOOD) },
    Site { dns_name: "web.low-ttl.test", ..Site::https("www.low-ttl.test", 84, GOOD) },
    Site::https("www.glueless.test", 6, GOOD),
    Site::https("www.lame.test", 7, GOOD),
    Site::https("www.truncated.test", 8, GOOD),
    Site::https("www.slow.test", 9, GOOD),
    Site::https("www.silent.test", 10, GOOD),
    Site::https("www.no-edns.test", 11, GOOD),
    Site::https("www.servfail.test", 12, GOOD),
    Site { ipv6: Ipv6::Dead, ..Site::https("www.ipv6.test", 13, GOOD) },
    Site::tls(
        "www.every-stage.test",
        14,
        Tls {
            delay: EVERY_STAGE_TLS,
            conduct: Conduct::Page(Page {
                think: EVERY_STAGE_WAIT,
                pace: Pace::Drip { pieces: EVERY_STAGE_PIECES, pause: EVERY_STAGE_PAUSE },
                ..PAGE
            }),
            ..TLS
        },
    ),
    Site { dns_name: "pool.https.test", ..Site::https("service.https.test", 60, GOOD) },
    Site { dns_name: "alias-https-test.cdn.example", ..Site::https("alias.https.test", 61, GOOD) },
    Site::https("upgrade.https.test", 62, GOOD).and_http(status(426, &[])),
    Site::https("dead-endpoint.https.test", 63, GOOD),
    Site::https("clear-endpoint.https.test", 65, GOOD).and_http(Conduct::Page(PLAIN)),
    Site::https("www.capped.test", 64, GOOD),
    Site::https("www.upward.test", 70, GOOD),
    Site::https("www.glue.test", 71, GOOD),
    Site::https("www.moved.test", 72, GOOD),
    Site::https("www.trapped.test", 73, GOOD),
    Site { dns_name: "www.new.dname.test", ..Site::https("www.old.dname.test", 74, GOOD) },
    Site::https("www.case.test", 75, GOOD),
    Site::https("www.no-tcp.test", 76, GOOD),
    Site::https("www.shop.intercepted", 77, GOOD),
    Site::https("www.udp-only.test", 78, GOOD),
    Site::https("www.case-sensitive.test", 80, GOOD),
    Site::https("www.no-https-type.test", 81, GOOD),
    Site::https("www.very-slow.test", 82, GOOD),
    Site { dns_name: "web.aliased.test", ..Site::https("aliased.test", 79, GOOD) },
    Site::https("www.dnssec-insecure.test", 91, GOOD),
    Site::https("www.dnssec-nsec3.test", 92, GOOD),
    Site::https("www.unsigned.dnssec-opt-out.test", 93, GOOD),
    Site::https("www.dnssec-expired.test", 94, GOOD),
    Site::https("www.dnssec-wrong-ds.test", 95, GOOD),
    Site::https("www.dnssec-unsigned-answer.test", 96, GOOD),
    Site::https("www.dnssec-island.test", 98, GOOD),
    Site::https("www.dnssec-small-key.test", 99, GOOD),
    Site::https("www.dnssec-crowded.test", 90, GOOD),
    Site { dns_name: "*.dnssec-wildcard.test", ..Site::https("any.dnssec-wildcard.test", 97, GOOD) },
    Site::tls(
        "www.http3.test",
        140,
        Tls {
            http3: Http3::Spoken,
            conduct: Conduct::Page(Page { fields: &[KEPT[0], KEPT[1], HSTS, ALT_SVC], ..PAGE }),
            ..TLS
        },
    ),
    Site::tls("offered.http3.test", 146, Tls { http3: Http3::Spoken, ..TLS }),
    Site::tls("retry.http3.test", 141, Tls { http3: Http3::Retry, ..TLS }),
    Site::tls("blocked.http3.test", 142, Tls { http3: Http3::Silent, ..TLS }),
    Site::tls("refused.http3.test", 143, Tls { http3: Http3::Refuse, ..TLS }),
    Site::tls(
        "expired.http3.test",
        144,
        Tls { http3: Http3::Spoken, certificate: Certificate::Expired, ..TLS },
    ),
    Site::tls(
        "slow.http3.test",
        145,
        Tls {
            http3: Http3::Spoken,
            delay: EVERY_STAGE_TLS,
            conduct: Conduct::Page(Page {
                think: EVERY_STAGE_WAIT,
                hints: Hints::Early,
                pace: Pace::Drip { pieces: EVERY_STAGE_PIECES, pause: EVERY_STAGE_PAUSE },
                ..PAGE
            }),
            ..TLS
        },
    ),
    Site::tls("early.http3.test", 231, Tls { http3: Http3::Spoken, tickets: Tickets::TakenEarly, ..TLS }),
    Site::tls("late.http3.test", 232, Tls { http3: Http3::Spoken, tickets: Tickets::TakenNotEarly, ..TLS }),
    Site::tls("tls12-only.tls.test", 20, Tls { versions: Versions::Tls12, ..TLS }),
    Site::tls("slow-tls.tls.test", 21, Tls { delay: SLOW_TLS, ..TLS }),
    Site::tls("expired.tls.test", 22, Tls { certificate: Certificate::Expired, ..TLS }),
    Site::tls("not-yet-valid.tls.test", 23, Tls { certificate: Certificate::NotYetValid, ..TLS }),
    Site::tls("wrong-host.tls.test", 24, Tls { certificate: Certificate::WrongHost, ..TLS }),
    Site::tls("self-signed.tls.test", 25, Tls { certificate: Certificate::SelfSigned, ..TLS }),
    Site::tls(
        "missing-intermediate.tls.test",
        26,
        Tls { certificate: Certificate::WithoutIntermediate, ..TLS },
    ),
    Site::tls("unknown-issuer.tls.test", 27, Tls { certificate: Certificate::UnknownIssuer, ..TLS }),
    // The next one's certificate has expired, and nothing is at the last.
    Site { beside: &[22, 199], ..Site::https("pool.tls.test", 36, GOOD) },
    Site::tls("client-certificate.tls.test", 33, Tls { clients: Clients::ByCertificate, ..TLS }),
    Site::tls("large-hello.tls.test", 34, Tls { largest_hello: LARGEST_HELLO, ..TLS }),
    Site::tls("x509-v1.tls.test", 35, Tls { certificate: Certificate::Version1, ..TLS }),
    Site::tls("weak-key.tls.test", 115, Tls { certificate: Certificate::WeakIntermediate, ..TLS }),
    Site::tls("stapled.tls.test", 113, Tls { certificate: Certificate::Stapled, ..TLS }),
    Site::tls("revoked.tls.test", 114, Tls { certificate: Certificate::Revoked, ..TLS }),
    Site::tls("must-staple.tls.test", 116, Tls { certificate: Certificate::MustStaple, ..TLS }),
    Site::tls("sha1.tls.test", 37, Tls { certificate: Certificate::Sha1, ..TLS }),
    Site::tls("bloated-chain.tls.test", 38, Tls { certificate: Certificate::Bloated, ..TLS }),
    Site::tls("cross-signed.tls.test", 210, Tls { certificate: Certificate::CrossSigned, ..TLS }),
    Site::tls("out-of-order.tls.test", 211, Tls { certificate: Certificate::OutOfOrder, ..TLS }),
    Site::https("other-authority.tls.test", 212, GOOD),
    Site::tls("early-data.tls.test", 110, Tls { tickets: Tickets::TakenEarly, ..TLS }),
    Site::tls("no-tickets.tls.test", 111, Tls { tickets: Tickets::None, ..TLS }),
    Site::tls("forgetful.tls.test", 112, Tls { tickets: Tickets::Forgotten, ..TLS }),
    Site { secure: Some(Secure::Legacy(&TLS10_ONLY)), ..Site::https("legacy-tls.tls.test", 28, GOOD) },
    Site::tls("old-versions.tls.test", 220, Tls { beside: Some(&OLD_VERSIONS), ..TLS }),
    Site::http("ca.tls.test", 29, Conduct::Page(PLAIN)),
    Site::https("slow-first-byte.http.test", 40, Conduct::Page(Page { think: SLOW_FIRST_BYTE, ..PAGE })),
    Site::https(
        "early-hints.http.test",
        41,
        Conduct::Page(Page { think: EARLY_HINTS, hints: Hints::Early, ..PAGE }),
    ),
    Site::https(
        "drip-body.http.test",
        42,
        Conduct::Page(Page { pace: Pace::Drip { pieces: DRIP_PIECES, pause: DRIP_PAUSE }, ..PAGE }),
    ),
    Site::https("gzip.http.test", 43, Conduct::Page(Page { encoding: Encoding::Gzip, ..PAGE })),
    Site::https("raw-deflate.http.test", 53, Conduct::Page(Page { encoding: Encoding::RawDeflate, ..PAGE })),
    Site::https("uncompressed.http.test", 233, Conduct::Page(Page { encoding: Encoding::Never, ..PAGE })),
    Site::https("not-found.http.test", 44, status(404, &[])),
    Site::https(
        "rate-limited.http.test",
        45,
        status(
            429,
            &[
                ("retry-after", "30"),
                ("ratelimit-policy", "\"lab\";q=100;w=60"),
                ("ratelimit", "\"lab\";r=0;t=30"),
            ],
        ),
    ),
    Site::https("unavailable.http.test", 46, status(503, &[("retry-after", "120")])),
    Site::tls("http1-only.http.test", 52, Tls { protocols: Protocols::Http1, ..TLS }),
    Site::http("closed-early.http.test", 47, Conduct::ClosedEarly),
    Site::http("not-http.http.test", 48, Conduct::Garbage),
    Site::http("empty-response.http.test", 49, Conduct::Empty),
    Site::http("endless-headers.http.test", 50, Conduct::EndlessHeaders),
    Site::http("kept-connection.http.test", 54, Conduct::EndsKept(PLAIN)),
    Site::http("leading-blank.http.test", 55, Conduct::LeadingBlank(PLAIN)),
    Site::http("busy.http.test", 150, Conduct::Busy(PLAIN)),
    Site::http("cookie-wall.http.test", 151, Conduct::CookieWall(PLAIN)),
    Site::http("no-answer-http.http.test", 51, Conduct::Silent),
    Site::https("bare-response.http.test", 100, fields(&[])),
    Site::https(
        "short-hsts.http.test",
        101,
        fields(&[KEPT[0], KEPT[1], ("strict-transport-security", "max-age=86400")]),
    ),
    Site::https("temporary-redirect.http.test", 102, GOOD)
        .and_http(status(302, &[("location", "https://temporary-redirect.http.test/")])),
    Site::https(
        "downgrade.http.test",
        103,
        status(302, &[("location", "http://downgrade.http.test/"), HSTS]),
    )
    .and_http(Conduct::Page(PLAIN)),
    Site::https(
        "cdn-miss.http.test",
        104,
        Conduct::Page(Page {
            fields: &[
                ("cache-control", "public, max-age=60, s-maxage=600"),
                KEPT[1],
                HSTS,
                ("cache-status", "\"urltrace lab cache\"; fwd=uri-miss; stored"),
            ],
            think: BEHIND_CACHE,
            ..PAGE
        }),
    ),
    Site::https(
        "cdn-bypass.http.test",
        105,
        Conduct::Page(Page {
            fields: &[
                ("cache-control", "public, max-age=60, s-maxage=600"),
                KEPT[1],
                HSTS,
                ("set-cookie", "visitor=1; Path=/; Secure; HttpOnly"),
                ("cache-status", "\"urltrace lab cache\"; fwd=bypass"),
            ],
            think: BEHIND_CACHE,
            ..PAGE
        }),
    ),
    Site::https(
        "slow-upstream.http.test",
        106,
        Conduct::Page(Page {
            fields: &[KEPT[0], KEPT[1], HSTS, ("server-timing", "app;dur=20, db;desc=\"a query\";dur=120")],
            think: SLOW_UPSTREAM,
            ..PAGE
        }),
    ),
    Site::https(
        "login.http.test",
        107,
        status(401, &[("www-authenticate", "Basic realm=\"the lab\", charset=\"UTF-8\""), HSTS]),
    ),
    Site::tls(
        "not-kept.http.test",
        108,
        Tls {
            protocols: Protocols::Http1,
            conduct: fields(&[KEPT[0], KEPT[1], HSTS, ("connection", "close")]),
            ..TLS
        },
    ),
];
