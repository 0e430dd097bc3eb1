//! Sites whose responses say something beside the page: caches and gateways on the way, logins, limits, errors in
//! forms of their own. A table.

use super::site::{Conduct, Grpc, HSTS, KEPT, PAGE, Pace, Page, Site, Socket, fields, status};
use crate::lab::scenario::{COLD_START, EVENT_PAUSE, SLOW_GATEWAY};

/// Where `openid` sends its visitors: all that a careful client sends is there.
const OPENID: &str = "https://idp.http.test/?response_type=code&client_id=lab&scope=openid%20email&\
                      redirect_uri=https%3A%2F%2Fopenid.http.test%2Fback&state=st4te-of-the-lab&nonce=n0nce-of-the-lab&\
                      code_challenge=ch4llenge-of-the-lab&code_challenge_method=S256";
/// The same by a client that leaves out what protects its users.
const OAUTH: &str = "https://idp.http.test/?response_type=code&client_id=lab&scope=email&\
                     redirect_uri=http%3A%2F%2Foauth.http.test%2Fback";
/// The same by SAML.
const SAML: &str = "https://idp.http.test/?SAMLRequest=fZJNT8MwDIbv_request&RelayState=rel4y-of-the-lab";
/// The same by CAS.
const CAS: &str = "https://idp.http.test/login?service=https%3A%2F%2Fcas.http.test%2Fin";
/// A web token that expired in 2023.
const TOKEN: &str = "id=eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImxhYi0xIn0.eyJpc3MiOiJodHRwczovL2lkcC5odHRwLnRlc3QiLCJhdWQiOiJsYWIiLCJzdWIiOiI0NzExIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.c2lnbmF0dXJlLW9mLXRoZS1sYWI; Path=/; Secure; HttpOnly";

/// Forty events: as many pieces as they come in.
const EVENTS: &str = "data: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\n\
                      data: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\n\
                      data: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\n\
                      data: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\n\
                      data: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\ndata: tick\n\n";
/// The page that may ask in the lab.
const ALLOW_ORIGIN: (&str, &str) = ("access-control-allow-origin", "https://app.example.test");
/// An interface for that page.
const CORS: Page = Page {
    fields: &[KEPT[0], KEPT[1], HSTS, ALLOW_ORIGIN, ("vary", "origin")],
    preflight: Some(&[
        ALLOW_ORIGIN,
        ("access-control-allow-methods", "GET, PUT, DELETE"),
        ("access-control-allow-headers", "authorization, content-type"),
        ("access-control-max-age", "600"),
    ]),
    ..PAGE
};

/// Every such site.
pub(super) const SPEAKING: &[Site] = &[
    Site::https("idp.http.test", 122, Conduct::Page(PAGE)),
    Site::https(
        "cdn-hit.http.test",
        117,
        fields(&[
            ("cache-control", "public, max-age=600"),
            KEPT[1],
            HSTS,
            ("age", "120"),
            ("via", "1.1 lab-shield, 1.1 lab-edge"),
            ("cache-status", "lab-shield; fwd=uri-miss; stored, lab-edge; hit; ttl=480"),
        ]),
    ),
    Site::https(
        "cdn-stale.http.test",
        118,
        fields(&[
            ("cache-control", "public, max-age=60, stale-while-revalidate=600"),
            KEPT[1],
            HSTS,
            ("age", "75"),
            ("cache-status", "lab-edge; hit; ttl=-15"),
        ]),
    ),
    Site::https(
        "no-upstream.http.test",
        119,
        status(
            503,
            &[("proxy-status", "envoy; error=destination_unavailable; details=\"no_healthy_upstream; UH\"")],
        ),
    ),
    Site::https(
        "bad-gateway.http.test",
        120,
        status(
            502,
            &[("proxy-status", "gateway.lab; error=connection_refused; next-hop=\"backend.lab:8080\"")],
        ),
    ),
    Site::https(
        "gateway-timeout.http.test",
        121,
        status(504, &[("proxy-status", "gateway.lab; error=http_response_timeout")]),
    ),
    Site::https("openid.http.test", 123, status(302, &[("location", OPENID), HSTS])),
    Site::https("oauth.http.test", 124, status(302, &[("location", OAUTH), HSTS])),
    Site::https("saml.http.test", 125, status(302, &[("location", SAML), HSTS])),
    Site::https("cas.http.test", 188, status(302, &[("location", CAS), HSTS])),
    Site::https("token.http.test", 126, fields(&[KEPT[0], KEPT[1], HSTS, ("set-cookie", TOKEN)])),
    Site::https(
        "cookies.http.test",
        189,
        fields(&[
            KEPT[0],
            KEPT[1],
            ("set-cookie", "__Host-id=1; Path=/app; Secure; HttpOnly"),
            ("set-cookie", "theme=dark; Path=/; SameSite=Lax"),
        ]),
    ),
    Site::https(
        "graphql.http.test",
        127,
        Conduct::Page(Page {
            fields: &[("cache-control", "no-store"), HSTS],
            text: Some((
                "application/json",
                "{\"errors\":[{\"message\":\"Cannot query field \\\"x\\\"\",\"path\":[\"x\"]}],\"data\":null}",
            )),
            ..PAGE
        }),
    ),
    Site::https(
        "problem.http.test",
        128,
        Conduct::Page(Page {
            status: 403,
            fields: &[("x-amzn-trace-id", "Root=1-672b4771-0123456789abcdef01234567;Sampled=1"), HSTS],
            text: Some((
                "application/problem+json",
                "{\"type\":\"https://lab.test/out-of-credit\",\"title\":\"Out of credit\",\"status\":403}",
            )),
            ..PAGE
        }),
    ),
    Site::https(
        "old-api.http.test",
        129,
        fields(&[
            KEPT[0],
            KEPT[1],
            HSTS,
            ("deprecation", "@1688169599"),
            ("sunset", "Fri, 31 Dec 2027 23:59:59 GMT"),
            ("link", "<https://old-api.http.test/?page=2>; rel=\"next\""),
        ]),
    ),
    Site::http1("socket.http.test", 135, Conduct::Socket(Socket::Answers)),
    Site::http1("no-proof.http.test", 136, Conduct::Socket(Socket::WithoutProof)),
    Site::http1("masked.http.test", 137, Conduct::Socket(Socket::Masks)),
    Site::http1("closing.http.test", 138, Conduct::Socket(Socket::Closes)),
    Site::http1("endless-socket.http.test", 139, Conduct::Socket(Socket::Endless)),
    Site::https("grpc.http.test", 161, Conduct::Grpc(Grpc::Answers)).and_http(Conduct::Grpc(Grpc::Answers)),
    Site::https("grpc-cut.http.test", 162, Conduct::Grpc(Grpc::WithoutTrailers)),
    Site::https("grpc-compressed.http.test", 163, Conduct::Grpc(Grpc::Compresses)),
    Site::https(
        "events.http.test",
        160,
        Conduct::Page(Page {
            fields: &[("cache-control", "no-store"), HSTS],
            text: Some(("text/event-stream", EVENTS)),
            pace: Pace::Drip { pieces: 40, pause: EVENT_PAUSE },
            ..PAGE
        }),
    ),
    Site::https("cors.http.test", 133, Conduct::Page(CORS)),
    Site::https(
        "cors-old.http.test",
        134,
        Conduct::Page(Page {
            preflight: Some(&[ALLOW_ORIGIN, ("access-control-allow-methods", "GET, POST")]),
            ..CORS
        }),
    ),
    Site::https(
        "cold-function.http.test",
        131,
        Conduct::Page(Page {
            fields: &[
                KEPT[0],
                KEPT[1],
                HSTS,
                (
                    "x-amzn-trace-id",
                    "Root=1-672b4771-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0;Lineage=1:a87bd80c:0",
                ),
                ("x-amzn-requestid", "6bc39ae1-5bc8-4e1e-9c0e-0123456789ab"),
            ],
            start: COLD_START,
            ..PAGE
        }),
    ),
    Site::http1("few-requests.http.test", 132, Conduct::EndsThird(PAGE)),
    Site::https(
        "gateway-overhead.http.test",
        130,
        Conduct::Page(Page {
            fields: &[
                KEPT[0],
                KEPT[1],
                HSTS,
                ("x-envoy-upstream-service-time", "60"),
                ("x-envoy-attempt-count", "1"),
            ],
            think: SLOW_GATEWAY,
            ..PAGE
        }),
    ),
];
