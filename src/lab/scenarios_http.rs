//! What the lab can show of requests and responses. A table: the rest of the scenarios stands beside it.

use super::scenario::{
    BEHIND_CACHE, COLD_START, DRIP_PAUSE, DRIP_PIECES, EARLY_HINTS, GRPC_THINK, PAGE_THINK, SLOW_CONTINUE,
    SLOW_FIRST_BYTE, SLOW_GATEWAY, SLOW_PONG, SLOW_UPSTREAM, Scenario, millis,
};

const HTTP: u8 = 7;
const TLS: u8 = 6;

/// Scenarios of HTTP.
pub(super) const HTTP_SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "redirect-chain",
        "http://shop.test/",
        "http to https, then to www: three requests for one page",
    )
    .options(&["-L"]),
    Scenario::new(
        "kept-connection",
        "http://kept-connection.http.test/",
        "a server that ends a kept connection under the request behind its redirect",
    )
    .options(&["-L"]),
    Scenario::new(
        "two-locations",
        "http://two-locations.http.test/",
        "a redirect to two places: clients go to the first, or refuse it",
    )
    .status(302),
    Scenario::new(
        "bare-return",
        "http://bare-return.http.test/",
        "a carriage return inside a field, which some take for the end of its line",
    ),
    Scenario::new(
        "stray-line",
        "http://stray-line.http.test/",
        "a line in the head that is no field: browsers pass over it, curl does not",
    ),
    Scenario::new(
        "wants-http1",
        "https://wants-http1.http.test/",
        "HTTP_1_1_REQUIRED by HTTP/2: the same goes once more by HTTP/1.1",
    ),
    Scenario::new(
        "busy",
        "http://busy.http.test/",
        "503 to the first request, with Retry-After: 1, and the page to the next",
    )
    .options(&["--retry", "2"])
    .injected(&[("queue", 1000)]),
    Scenario::new(
        "slow-continue",
        "http://slow-continue.http.test/",
        "a body that waits 200 ms until the server asks for it: 100 (Continue)",
    )
    .options(&["--expect100", "-d", "a=1"])
    .injected(&[("send", millis(SLOW_CONTINUE))]),
    Scenario::new(
        "no-continue",
        "http://no-continue.http.test/",
        "a server that ignores Expect: 100-continue: the body waits in vain",
    )
    .options(&["--expect100", "-d", "a=1"])
    .injected(&[("send", 1000)]),
    Scenario::new(
        "no-expect",
        "http://no-expect.http.test/",
        "417 to Expect: 100-continue: the same goes once more without it",
    )
    .options(&["--expect100", "-d", "a=1"]),
    Scenario::new(
        "cookie-wall",
        "http://cookie-wall.http.test/",
        "a redirect to the same URL until the cookie comes back that it sets",
    )
    .options(&["-L", "--cookies"]),
    Scenario::new(
        "leading-blank",
        "http://leading-blank.http.test/",
        "a redirect whose first field begins with a blank: browsers follow it",
    )
    .options(&["-L"]),
    Scenario::new(
        "two-lengths",
        "http://two-lengths.http.test/",
        "a page in chunks that has a Content-Length, too, and another one",
    ),
    Scenario::new(
        "not-gzip",
        "https://not-gzip.http.test/",
        "a page that is said to be gzip, and is plain text",
    ),
    Scenario::new("slow-first-byte", "https://slow-first-byte.http.test/", "a server that thinks for 700 ms")
        .injected(&[("wait", millis(SLOW_FIRST_BYTE))]),
    Scenario::new("early-hints", "https://early-hints.http.test/", "a 103 at once, the response 50 ms later")
        .injected(&[("wait", millis(EARLY_HINTS))]),
    Scenario::new(
        "page",
        "https://page.http.test/",
        "a page: a stylesheet that imports another, scripts, images, a third party",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-queue",
        "https://page-queue.http.test/",
        "a page of ten images by HTTP/1.1: six at a time, and the others wait",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-pooled",
        "https://page-pooled.http.test/",
        "a page by HTTP/1.1 whose second stylesheet takes the first one's connection",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-beside",
        "https://page-beside.http.test/",
        "a page whose stylesheets come side by side, by HTTP/1.1 and HTTP/2",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-promised",
        "http://page-promised.http.test/",
        "a page whose images go by https or HTTP/3, as records and Alt-Svc say",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-broken",
        "https://page-broken.http.test/",
        "a page with a missing stylesheet, a script in the clear and a moved image",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-guarded",
        "https://page-guarded.http.test/",
        "a page whose policy blocks scripts, and a stylesheet that was changed",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-hints",
        "https://page-hints.http.test/",
        "a page whose 103 names its stylesheet 50 ms before its markup does",
    )
    .options(&["--page"])
    .injected(&[("wait", millis(EARLY_HINTS))]),
    Scenario::new(
        "page-slow-script",
        "https://page-slow-script.http.test/",
        "a page whose head has a script that takes 400 ms",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-other-site",
        "https://page-other-site.http.test/",
        "a page that waits 1.2 s for the script of another site",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-late-host",
        "https://page-late-host.http.test/",
        "a page whose stylesheet leads to another host with a slow handshake",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-ahead",
        "https://page-ahead.http.test/",
        "the same with that connection opened ahead, and one more for nobody",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-heavy",
        "https://page-heavy.http.test/",
        "a page with long texts, uncompressed and fresh for a minute",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-unhinted",
        "https://page-unhinted.http.test/",
        "a page whose server thinks for 500 ms and sends no 103 meanwhile",
    )
    .options(&["--page"])
    .injected(&[("wait", millis(PAGE_THINK))]),
    Scenario::new(
        "page-origins",
        "https://page-origins.http.test/",
        "a page with files on six other hosts, one of them with a slow handshake",
    )
    .options(&["--page"]),
    Scenario::new("page-overweight", "https://page-overweight.http.test/", "a page with an image of 2.8 MB")
        .options(&["--page"]),
    Scenario::new(
        "page-preloads",
        "https://page-preloads.http.test/",
        "a page that preloads a font without crossorigin, and so fetches it twice",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-again",
        "https://page-again.http.test/",
        "a page whose files never change, and come whole on a second visit",
    )
    .options(&["--page", "--again"]),
    Scenario::new(
        "page-kept",
        "https://page-kept.http.test/",
        "a page of which a second visit fetches next to nothing",
    )
    .options(&["--page", "--again"]),
    Scenario::new(
        "page-quirks",
        "https://page-quirks.http.test/",
        "a page without a doctype, whose stylesheets call themselves plain text",
    )
    .options(&["--page"]),
    Scenario::new(
        "page-refused",
        "https://page-refused.http.test/",
        "a page of which browsers fetch a script and a frame, and do not use them",
    )
    .options(&["--page"]),
    Scenario::new("drip-body", "https://drip-body.http.test/", "a body in ten pieces, 20 ms apart")
        .injected(&[("receive", DRIP_PIECES as u64 * millis(DRIP_PAUSE))]),
    Scenario::new("gzip", "https://gzip.http.test/", "a body that comes compressed when asked for"),
    Scenario::new(
        "uncompressed",
        "https://uncompressed.http.test/",
        "a long text that comes as it is, whatever is asked for",
    ),
    Scenario::new(
        "raw-deflate",
        "https://raw-deflate.http.test/",
        "a deflate body without its zlib wrapper, which browsers read all the same",
    ),
    Scenario::new("http1-only", "https://http1-only.http.test/", "a server that does not speak HTTP/2"),
    Scenario::new(
        "not-kept",
        "https://not-kept.http.test/",
        "a server that ends the connection with its response",
    ),
    Scenario::new(
        "temporary-redirect",
        "http://temporary-redirect.http.test/",
        "a redirect to https that is only temporary, by its status",
    )
    .options(&["-L"]),
    Scenario::new("downgrade", "https://downgrade.http.test/", "a redirect from https to http")
        .options(&["-L"]),
    Scenario::new(
        "bare-response",
        "https://bare-response.http.test/",
        "a page without a word on caches, and without HSTS",
    ),
    Scenario::new(
        "short-hsts",
        "https://short-hsts.http.test/",
        "https only, for a day: browsers forget it (HSTS)",
    ),
    Scenario::new(
        "cdn-miss",
        "https://cdn-miss.http.test/",
        "a cache in front of the server that has no copy yet",
    )
    .injected(&[("wait", millis(BEHIND_CACHE))]),
    Scenario::new(
        "cdn-bypass",
        "https://cdn-bypass.http.test/",
        "a cache that does not keep a page, as it sets a cookie",
    )
    .injected(&[("wait", millis(BEHIND_CACHE))]),
    Scenario::new(
        "cdn-hit",
        "https://cdn-hit.http.test/",
        "two caches in front of the server: the outer one has a fresh copy",
    ),
    Scenario::new(
        "cdn-stale",
        "https://cdn-stale.http.test/",
        "a cache that answers with a copy that is too old, and asks afterwards",
    ),
    Scenario::new(
        "no-upstream",
        "https://no-upstream.http.test/",
        "503 by a gateway that has no healthy server behind it",
    )
    .status(503),
    Scenario::new(
        "bad-gateway",
        "https://bad-gateway.http.test/",
        "502 by a gateway that was refused the connection to the next server",
    )
    .status(502),
    Scenario::new(
        "gateway-timeout",
        "https://gateway-timeout.http.test/",
        "504 by a gateway that waited in vain",
    )
    .status(504),
    Scenario::new(
        "gateway-overhead",
        "https://gateway-overhead.http.test/",
        "a gateway that says that 60 of its 80 ms were spent behind it",
    )
    .injected(&[("wait", millis(SLOW_GATEWAY))]),
    Scenario::new(
        "openid",
        "https://openid.http.test/",
        "a page for those who have logged in elsewhere: OpenID Connect",
    )
    .options(&["-L"]),
    Scenario::new(
        "oauth-careless",
        "https://oauth.http.test/",
        "a login by OAuth 2.0 without state and PKCE, which leads back in the clear",
    )
    .status(302),
    Scenario::new("saml", "https://saml.http.test/", "a login by SAML").status(302),
    Scenario::new("cas", "https://cas.http.test/", "a login by CAS").status(302),
    Scenario::new("token", "https://token.http.test/", "a cookie with a web token that has expired"),
    Scenario::new(
        "cookie-flags",
        "https://cookies.http.test/",
        "a cookie that browsers refuse, and one that goes over http, too",
    ),
    Scenario::new("graphql-errors", "https://graphql.http.test/", "200, and errors of GraphQL in the body"),
    Scenario::new("problem", "https://problem.http.test/", "403 with problem details (RFC 9457)").status(403),
    Scenario::new(
        "old-api",
        "https://old-api.http.test/",
        "an interface that is deprecated, and when it will be switched off",
    ),
    Scenario::new(
        "slow-upstream",
        "https://slow-upstream.http.test/",
        "a server that says itself what it waits for: a query",
    )
    .injected(&[("wait", millis(SLOW_UPSTREAM))]),
    Scenario::new("websocket", "wss://socket.http.test/", "a WebSocket that answers a ping after 120 ms")
        .status(101)
        .injected(&[("receive", millis(SLOW_PONG))]),
    Scenario::new("websocket-refused", "wss://www.example.test/", "a page where a WebSocket was looked for")
        .fails(HTTP, "websocket-refused")
        .status(200),
    Scenario::new(
        "websocket-no-proof",
        "wss://no-proof.http.test/",
        "a 101 that does not prove that it was meant",
    )
    .fails(HTTP, "websocket-handshake")
    .status(101),
    Scenario::new("websocket-masked", "wss://masked.http.test/", "a WebSocket whose server masks its frames")
        .fails(HTTP, "websocket-frame")
        .status(101),
    Scenario::new(
        "websocket-closed",
        "wss://closing.http.test/",
        "a WebSocket that is closed for want of a token",
    )
    .fails(HTTP, "websocket-closed")
    .status(101),
    Scenario::new(
        "websocket-endless",
        "wss://endless-socket.http.test/",
        "messages without end, and no pong",
    )
    .fails(HTTP, "websocket-endless")
    .status(101),
    Scenario::new("grpc", "grpcs://grpc.http.test/", "a gRPC server that says of its health: SERVING")
        .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-clear",
        "grpc://grpc.http.test/",
        "the same in the clear: HTTP/2 with prior knowledge",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-call",
        "grpcs://grpc.http.test/lab.Greeter/Greet",
        "a unary call, and its answer of 11 bytes",
    )
    .options(&["--data-binary", "Ada!"])
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-not-serving",
        "grpcs://grpc.http.test/?service=lab.Archive",
        "one service of a gRPC server: NOT_SERVING",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-unknown-service",
        "grpcs://grpc.http.test/?service=lab.Nobody",
        "a service that the health check does not know: NOT_FOUND",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-unimplemented",
        "grpcs://grpc.http.test/lab.Greeter/Bow",
        "a method that the server does not have: UNIMPLEMENTED (Trailers-Only)",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-without-trailers",
        "grpcs://grpc-cut.http.test/",
        "an answer that has lost its trailers on the way, and with them its status",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new(
        "grpc-compressed",
        "grpcs://grpc-compressed.http.test/",
        "OK with a message that is compressed, and nothing says how",
    )
    .injected(&[("wait", millis(GRPC_THINK))]),
    Scenario::new("grpc-page", "grpcs://www.example.test/", "a web server where gRPC was looked for: 404")
        .status(404),
    Scenario::new("grpc-http1", "grpcs://http1-only.http.test/", "a port that has no HTTP/2, and so no gRPC")
        .fails(TLS, "version-not-negotiated"),
    Scenario::new(
        "events",
        "https://events.http.test/",
        "a stream of events, one each half second: it ends only with --max-time",
    )
    .options(&["-m", "3"]),
    Scenario::new(
        "cors",
        "https://cors.http.test/",
        "a page of another origin that may send a PUT: a preflight, then the PUT",
    )
    .options(&["--origin", "https://app.example.test", "-X", "PUT"]),
    Scenario::new(
        "cors-preflight-refused",
        "https://cors-old.http.test/",
        "a preflight whose answer does not name the method: the request is not sent",
    )
    .options(&["--origin", "https://app.example.test", "-X", "PUT"])
    .status(204),
    Scenario::new(
        "cors-refused",
        "https://www.example.test/",
        "a page of another origin that a browser keeps the response from",
    )
    .options(&["--origin", "https://app.example.test"]),
    Scenario::new(
        "cold-function",
        "https://cold-function.http.test/",
        "a function that is started for the first request and warm for the next",
    )
    .options(&["--reuse"])
    .injected(&[("wait", millis(COLD_START))]),
    Scenario::new(
        "flapping",
        "http://flapping.http.test/",
        "a server that is slow every third time: -n 15 shows what one run does not",
    ),
    Scenario::new(
        "bimodal",
        "http://bimodal.http.test/",
        "a server that has two levels, 60 ms apart, in no order: -n 30 shows both",
    ),
    Scenario::new(
        "drifting",
        "http://drifting.http.test/",
        "a server that takes 4 ms more each time: -n 20 shows it",
    ),
    Scenario::new(
        "slow-backend",
        "http://pool.http.test/",
        "three servers behind one address, one of them slow: -n 30 names it",
    ),
    Scenario::new(
        "slow-address",
        "http://balanced.http.test/",
        "a host with three addresses, one of them slow: each beside the first",
    )
    .options(&["--compare", "address=all"])
    .dnssec(None),
    Scenario::new(
        "few-requests",
        "https://few-requests.http.test/",
        "a server that ends the connection after the third request on it",
    )
    .options(&["--reuse"]),
    Scenario::new("login", "https://login.http.test/", "401: a page for those who say who they are")
        .status(401),
    Scenario::new("not-found", "https://not-found.http.test/", "404").status(404),
    Scenario::new("rate-limited", "https://rate-limited.http.test/", "429, come back in 30 seconds")
        .status(429),
    Scenario::new("unavailable", "https://unavailable.http.test/", "503, come back in 120 seconds")
        .status(503),
    Scenario::new(
        "closed-early",
        "http://closed-early.http.test/",
        "a body that ends before its content-length",
    )
    .fails(HTTP, "body-incomplete")
    .status(200),
    Scenario::new("not-http", "http://not-http.http.test/", "a server that speaks another protocol")
        .fails(HTTP, "not-http"),
    Scenario::new(
        "empty-response",
        "http://empty-response.http.test/",
        "a server that closes without a word",
    )
    .fails(HTTP, "empty-response"),
    Scenario::new(
        "endless-headers",
        "http://endless-headers.http.test/",
        "a response head that does not end",
    )
    .fails(HTTP, "headers-too-large"),
    Scenario::new(
        "no-answer-http",
        "http://no-answer-http.http.test/",
        "a server that takes the request and never answers",
    )
    .options(&["--max-time", "1"])
    .fails(HTTP, "max-time"),
];
