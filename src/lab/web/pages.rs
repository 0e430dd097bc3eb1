//! The lab's web sites: a table of hosts, addresses, and how each behaves.
//!
//! Each site has an address of its own, so that what a server does never depends on what a client says it came
//! for. What the words of the table mean is said in `site`.

use super::site::{
    ALT_SVC, Certificate, Clients, Conduct, Encoding, HSTS, Hints, Http3, Ipv6, KEPT, Mood, OLD_VERSIONS,
    PAGE, PLAIN, Pace, Page, Protocols, Secure, Site, TLS, TLS10_ONLY, Tickets, Tls, Versions, fields,
    redirect, status,
};
use crate::lab::scenario::{
    BEHIND_CACHE, DRIP_PAUSE, DRIP_PIECES, EARLY_HINTS, EVERY_STAGE_PAUSE, EVERY_STAGE_PIECES,
    EVERY_STAGE_TLS, EVERY_STAGE_WAIT, LARGEST_HELLO, SLOW_BACKEND, SLOW_CONTINUE, SLOW_FIRST_BYTE, SLOW_TLS,
    SLOW_UPSTREAM,
};

const PACKED: Page = Page { encoding: Encoding::Gzip, ..PAGE };
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
    Site::https("www.dnssec-one-server.test", 89, GOOD),
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
    Site::tls("unheard.http3.test", 241, Tls { http3: Http3::Silent, ..TLS }),
    Site::tls("alone.http3.test", 242, Tls { http3: Http3::Spoken, ..TLS }),
    Site::tls("alone-unheard.http3.test", 243, Tls { http3: Http3::Silent, ..TLS }),
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
    Site::tls("ticket-flood.tls.test", 244, Tls { tickets: Tickets::Flood, ..TLS }),
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
    Site::https("gzip.http.test", 43, Conduct::Page(PACKED)),
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
    Site::http("two-lengths.http.test", 187, Conduct::TwoLengths(PLAIN)),
    Site::http(
        "two-locations.http.test",
        248,
        status(302, &[("location", "/index.html"), ("location", "/elsewhere")]),
    ),
    Site::http("bare-return.http.test", 247, Conduct::BareReturn(PLAIN)),
    Site::http("stray-line.http.test", 249, Conduct::StrayLine(PLAIN)),
    Site::https("not-gzip.http.test", 245, fields(&[KEPT[0], KEPT[1], HSTS, ("content-encoding", "gzip")])),
    Site::tls("wants-http1.http.test", 246, Tls { conduct: Conduct::WantsHttp1(PACKED), ..TLS }),
    Site::http("busy.http.test", 150, Conduct::Busy(PLAIN)),
    Site::http("flapping.http.test", 170, Conduct::Moody(PLAIN, Mood::Flapping)),
    Site::http("bimodal.http.test", 171, Conduct::Moody(PLAIN, Mood::Bimodal)),
    Site::http("drifting.http.test", 172, Conduct::Moody(PLAIN, Mood::Drifting)),
    Site::http("pool.http.test", 173, Conduct::Moody(PLAIN, Mood::Pool)),
    Site { beside: &[175, 176], ..Site::http("balanced.http.test", 174, Conduct::Page(PLAIN)) },
    Site::http("second.balanced.http.test", 175, Conduct::Page(PLAIN)),
    Site::http("third.balanced.http.test", 176, Conduct::Page(Page { think: SLOW_BACKEND, ..PLAIN })),
    Site::http("cookie-wall.http.test", 151, Conduct::CookieWall(PLAIN)),
    Site::http("slow-continue.http.test", 213, Conduct::SlowContinue(PLAIN, SLOW_CONTINUE)),
    Site::http("no-continue.http.test", 214, Conduct::NoContinue(PLAIN)),
    Site::http("no-expect.http.test", 215, Conduct::NoExpect(PLAIN)),
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
