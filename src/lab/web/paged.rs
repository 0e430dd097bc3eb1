//! Sites whose pages ask for more: stylesheets, scripts, images. A table.

use std::time::Duration;

use super::site::{
    ALT_SVC_LATER, CHANGING_ETAG, Conduct, DEAF_ETAG, File, HSTS, Hints, Http3, KEPT, PAGE, Page, Protocols,
    Site, TLS, Tls,
};
use crate::lab::scenario::{
    EARLY_HINTS, PAGE_HANDSHAKE, PAGE_IMAGE, PAGE_IMPORT, PAGE_SCRIPT, PAGE_STYLE, PAGE_THINK, PAGE_WIDGET,
};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const PNG: &str = "image/png";

/// What each kind of a page asks for, what is inert, and what only layout decides.
const DOCUMENT: &str = "<!doctype html><html><head><title>A page</title>\n\
<link rel=stylesheet href=/main.css>\n\
<link rel=stylesheet href=/print.css media=print>\n\
<script src=/app.js></script><script defer src=/later.js></script>\n\
</head><body>\n\
<img src=/hero.png width=800 height=400>\n\
<img srcset='/small.png 400w, /large.png 1600w' sizes=100vw src=/fallback.png>\n\
<img src=/lazy.png loading=lazy>\n\
<template><img src=/inert.png></template><noscript><img src=/inert.png></noscript><!-- <img src=/inert.png> -->\n\
<script async src=https://third.http.test/widget.js></script>\n\
</body></html>\n";

/// Ten images, on a server with one request a connection.
const GALLERY: &str = "<!doctype html><title>Images</title>\n\
<img src=/1.png><img src=/2.png><img src=/3.png><img src=/4.png><img src=/5.png>\n\
<img src=/6.png><img src=/7.png><img src=/8.png><img src=/9.png><img src=/10.png>\n";

/// Two stylesheets, on a server with one request a connection that takes long to connect to.
const POOLED: &str = "<!doctype html><title>Pooled</title>\n\
<link rel=stylesheet href=/first.css><link rel=stylesheet href=/second.css>\n";

/// What goes by https as its host has an HTTPS record; by HTTP/3 as that record says so; and by HTTP/3 as an earlier
/// response does, which the frame comes behind.
const PROMISED: &str = "<!doctype html><title>Promised</title>\n\
<img src=http://upgrade.https.test/?a.png><img src=http://upgrade.https.test/?b.png>\n\
<img src=https://offered.http3.test/?c.png><img src=https://files.http3.test/first.png>\n\
<iframe src=/frame.html></iframe>\n";

/// What is broken, blocked or elsewhere.
const BROKEN: &str = "<!doctype html><title>Broken</title><base href=/files/>\n\
<link rel=stylesheet href=gone.css>\n\
<script src=http://page-broken.http.test/clear.js></script>\n\
<img src=moved.png><img src=http://page-broken.http.test/files/clear.png>\n";

/// What a policy lets pass and what it blocks; a stylesheet that is what its integrity says, and one that is not.
const GUARDED: &str = "<!doctype html><title>Guarded</title>\n\
<link rel=stylesheet href=/sound.css integrity=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=>\n\
<link rel=stylesheet href=/changed.css integrity=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=>\n\
<script src=/known.js nonce=lab></script><script src=/unknown.js></script>\n\
<script src=https://third.http.test/widget.js></script><img src=/hero.png referrerpolicy=no-referrer>\n";

/// The stylesheet that the 103 speaks of.
const HINTED: &str = "<!doctype html><title>Hinted</title><link rel=stylesheet href=/style.css>\n";

/// A script that rendering waits for, and one that it does not.
const SLOW_SCRIPT: &str = "<!doctype html><title>A slow script</title>\n\
<link rel=stylesheet href=/main.css><script src=/slow.js></script><script defer src=/other.js></script>\n";

/// A script of another site.
const OTHER_SITE: &str = "<!doctype html><title>Another site</title>\n\
<link rel=stylesheet href=/main.css><script src=https://page-widget.tls.test/widget.js></script>\n";

/// A stylesheet that leads to another host.
const LATE_HOST: &str = "<!doctype html><title>A late host</title>\n<link rel=stylesheet href=/main.css>\n";

/// Stylesheets of two other hosts that take long to connect to, by HTTP/1.1 and by HTTP/2; and an image of one that wants
/// HTTP/1.1.
const BESIDE: &str = "<!doctype html><title>Side by side</title>\n\
<link rel=stylesheet href=https://page-pooled.http.test/first.css>\n\
<link rel=stylesheet href=https://page-pooled.http.test/second.css>\n\
<link rel=stylesheet href=https://page-styles.http.test/far.css>\n\
<link rel=stylesheet href=https://page-styles.http.test/farther.css>\n\
<img src=https://wants-http1.http.test/>\n";

/// The same host, named ahead, and led to by a redirect; and one named ahead in vain: what is asked of it goes without credentials.
const AHEAD: &str = "<!doctype html><title>Ahead</title>\n\
<link rel=preconnect href=https://page-styles.http.test><link rel=preconnect href=https://third.http.test>\n\
<link rel=dns-prefetch href=https://page-widget.tls.test>\n\
<link rel=stylesheet href=/main.css><script defer crossorigin src=https://third.http.test/widget.js></script>\n";

/// Long texts, fresh for a minute.
const HEAVY: &str = "<!doctype html><title>Heavy</title>\n\
<link rel=stylesheet href=/long.css><script defer src=/long.js></script><script defer src=/kept.js></script>\n";

/// A preload that is of no use, and one that is.
const PRELOADS: &str = "<!doctype html><title>Preloads</title>\n\
<link rel=preload as=font href=/plain.woff2><link rel=preload as=font crossorigin href=/fit.woff2>\n\
<link rel=stylesheet href=/fonts.css>\n";

/// No doctype: browsers take stylesheets of its origin for what they are used as, but for those that forbid it.
const QUIRKS: &str = "<title>Quirks</title>\n\
<link rel=stylesheet href=/plain.css><link rel=stylesheet href=/sure.css>\n";

/// What browsers fetch and do not use: a redirect that CORS forbids, a picture for a script, a frame that may not be
/// one.
const REFUSED: &str = "<!doctype html><title>Refused</title>\n\
<script defer crossorigin src=https://third.http.test/moved.js></script><script defer src=/picture.js></script>\n\
<iframe src=/frame.html></iframe><iframe src=/shown.html></iframe>\n";

/// A stylesheet that could have come while the server thought.
const UNHINTED: &str = "<!doctype html><title>Unhinted</title><link rel=stylesheet href=/style.css>\n";

/// Files on six other hosts, one of which takes long to connect to.
const SPREAD: &str = "<!doctype html><title>Many origins</title>\n\
<link rel=stylesheet href=/main.css><link rel=stylesheet href=https://page-styles.http.test/far.css>\n\
<script async src=https://third.http.test/widget.js></script>\n\
<img src=https://page.http.test/hero.png><img src=https://page-guarded.http.test/hero.png>\n\
<img src=https://page-broken.http.test/files/here.png><img src=https://page-refused.http.test/inner.png>\n";

/// One image that is larger than whole pages are.
const OVERWEIGHT: &str =
    "<!doctype html><title>Overweight</title>\n<img src=/poster.png width=800 height=400>\n";

/// What browsers can keep, and what they cannot, although it stays what it is.
const REVISITED: &str = "<!doctype html><title>Come again</title>\n\
<link rel=stylesheet href=/fresh.css><link rel=stylesheet href=/checked.css>\n\
<script defer src=/changing.js></script><script defer src=/deaf.js></script><img src=/bare.png>\n";

/// What browsers can keep.
const LASTING: &str = "<!doctype html><title>Come again</title>\n\
<link rel=stylesheet href=/fresh.css><link rel=stylesheet href=/checked.css><img src=/checked.png>\n";

/// 40,000 blanks: a text that nobody reads.
const LONG: &str = match std::str::from_utf8(&[b' '; 40_000]) {
    Ok(text) => text,
    Err(_) => "",
};

/// To be asked about each time.
const CHECKED: [(&str, &str); 2] = [("cache-control", "no-cache"), ("etag", "\"checked\"")];

/// Kept for a year.
const FOR_LONG: [(&str, &str); 1] = [("cache-control", "max-age=31536000, immutable")];

/// For the pages of every origin.
const FOR_ALL: [(&str, &str); 3] = [KEPT[0], KEPT[1], ("access-control-allow-origin", "*")];

const fn file(path: &'static str, kind: &'static str, text: &'static str) -> File {
    File { path, kind, text, times: 1, status: 200, fields: &KEPT, think: Duration::ZERO }
}

const fn slow(path: &'static str, kind: &'static str, text: &'static str, think: Duration) -> File {
    File { think, ..file(path, kind, text) }
}

const fn image(path: &'static str) -> File {
    slow(path, PNG, "no pixels", PAGE_IMAGE)
}

const fn page(text: &'static str, files: &'static [File]) -> Conduct {
    Conduct::Page(Page { text: Some((HTML, text)), files, ..PAGE })
}

/// Every such site.
pub(super) const PAGED: &[Site] = &[
    Site::https(
        "page.http.test",
        240,
        page(
            DOCUMENT,
            &[
                slow(
                    "/main.css",
                    CSS,
                    "@import '/base.css';\n@font-face { font-family: a; src: url(/a.woff2) }\n\
                     body { background: url('/ground.png') }\n",
                    PAGE_STYLE,
                ),
                slow("/base.css", CSS, "body { margin: 0 }\n", PAGE_IMPORT),
                file("/print.css", CSS, "body { color: black }\n"),
                file("/app.js", JS, ""),
                file("/later.js", JS, ""),
                file("/hero.png", PNG, "no pixels"),
                file("/large.png", PNG, "no pixels"),
                file("/a.woff2", "font/woff2", "no glyphs"),
                file("/ground.png", PNG, "no pixels"),
            ],
        ),
    ),
    Site::https(
        "third.http.test",
        201,
        page(
            "",
            &[
                File { fields: &FOR_ALL, ..file("/widget.js", JS, "") },
                File {
                    status: 301,
                    fields: &[("location", "https://page-refused.http.test/here.js")],
                    ..file("/moved.js", JS, "")
                },
            ],
        ),
    ),
    Site::https(
        "page-quirks.http.test",
        228,
        page(
            QUIRKS,
            &[
                file("/plain.css", "text/plain", "@import '/imported.css';\n"),
                file("/imported.css", "text/plain", "body { margin: 0 }\n"),
                File {
                    fields: &[KEPT[0], KEPT[1], ("x-content-type-options", "nosniff")],
                    ..file("/sure.css", "text/plain", "@import '/never.css';\n")
                },
            ],
        ),
    ),
    Site::https(
        "page-refused.http.test",
        229,
        page(
            REFUSED,
            &[
                file("/here.js", JS, ""),
                file("/picture.js", PNG, ""),
                File {
                    fields: &[KEPT[0], KEPT[1], ("x-frame-options", "DENY")],
                    ..file("/frame.html", HTML, "<!doctype html><img src=/never.png>\n")
                },
                File {
                    fields: &[
                        KEPT[0],
                        KEPT[1],
                        ("x-frame-options", "DENY"),
                        ("content-security-policy", "frame-ancestors 'self'"),
                    ],
                    ..file("/shown.html", HTML, "<!doctype html><img src=/inner.png>\n")
                },
                file("/inner.png", PNG, "no pixels"),
            ],
        ),
    ),
    Site::http1(
        "page-queue.http.test",
        202,
        page(
            GALLERY,
            &[
                image("/1.png"),
                image("/2.png"),
                image("/3.png"),
                image("/4.png"),
                image("/5.png"),
                image("/6.png"),
                image("/7.png"),
                image("/8.png"),
                image("/9.png"),
                image("/10.png"),
            ],
        ),
    ),
    Site::tls(
        "page-pooled.http.test",
        206,
        Tls {
            protocols: Protocols::Http1,
            delay: PAGE_HANDSHAKE,
            conduct: page(
                POOLED,
                &[
                    slow("/first.css", CSS, "body { margin: 0 }\n", PAGE_STYLE),
                    slow("/second.css", CSS, "body { margin: 0 }\n", PAGE_IMPORT),
                ],
            ),
            ..TLS
        },
    ),
    Site::http(
        "page-promised.http.test",
        207,
        page(
            PROMISED,
            &[slow(
                "/frame.html",
                HTML,
                "<!doctype html><img crossorigin src=https://files.http3.test/late.png>\n",
                PAGE_SCRIPT,
            )],
        ),
    ),
    Site::tls(
        "files.http3.test",
        208,
        Tls {
            http3: Http3::Spoken,
            conduct: page(
                "",
                &[
                    File {
                        fields: &[KEPT[0], KEPT[1], ALT_SVC_LATER],
                        ..file("/first.png", PNG, "no pixels")
                    },
                    File { fields: &FOR_ALL, ..file("/late.png", PNG, "no pixels") },
                ],
            ),
            ..TLS
        },
    ),
    Site::https(
        "page-broken.http.test",
        203,
        page(
            BROKEN,
            &[
                File {
                    status: 301,
                    fields: &[("location", "/files/here.png")],
                    ..file("/files/moved.png", PNG, "")
                },
                file("/files/here.png", PNG, "no pixels"),
                file("/files/clear.png", PNG, "no pixels"),
            ],
        ),
    ),
    Site::https(
        "page-guarded.http.test",
        205,
        Conduct::Page(Page {
            text: Some((HTML, GUARDED)),
            fields: &[
                KEPT[0],
                KEPT[1],
                HSTS,
                ("content-security-policy", "default-src 'self'; script-src 'nonce-lab'"),
            ],
            files: &[
                file("/sound.css", CSS, ""),
                file("/changed.css", CSS, "@import '/never.css';\n"),
                file("/known.js", JS, ""),
                file("/unknown.js", JS, ""),
                file("/hero.png", PNG, "no pixels"),
            ],
            ..PAGE
        }),
    ),
    Site::https(
        "page-hints.http.test",
        204,
        Conduct::Page(Page {
            text: Some((HTML, HINTED)),
            fields: &[KEPT[0], KEPT[1], HSTS],
            think: EARLY_HINTS,
            hints: Hints::Early,
            files: &[file("/style.css", CSS, "body { margin: 0 }\n")],
            ..PAGE
        }),
    ),
    Site::https(
        "page-slow-script.http.test",
        221,
        page(
            SLOW_SCRIPT,
            &[
                file("/main.css", CSS, "body { margin: 0 }\n"),
                slow("/slow.js", JS, "", PAGE_SCRIPT),
                slow("/other.js", JS, "", PAGE_SCRIPT),
            ],
        ),
    ),
    Site::https(
        "page-other-site.http.test",
        222,
        page(OTHER_SITE, &[file("/main.css", CSS, "body { margin: 0 }\n")]),
    ),
    Site::https(
        "page-unhinted.http.test",
        251,
        Conduct::Page(Page {
            text: Some((HTML, UNHINTED)),
            think: PAGE_THINK,
            files: &[slow("/style.css", CSS, "body { margin: 0 }\n", PAGE_STYLE)],
            ..PAGE
        }),
    ),
    Site::https(
        "page-origins.http.test",
        252,
        page(SPREAD, &[file("/main.css", CSS, "body { margin: 0 }\n")]),
    ),
    Site::https(
        "page-overweight.http.test",
        253,
        page(OVERWEIGHT, &[File { times: 70, fields: &FOR_LONG, ..file("/poster.png", PNG, LONG) }]),
    ),
    Site::https("page-widget.tls.test", 223, page("", &[slow("/widget.js", JS, "", PAGE_WIDGET)])),
    Site::https(
        "page-late-host.http.test",
        224,
        page(
            LATE_HOST,
            &[slow("/main.css", CSS, "@import 'https://page-styles.http.test/far.css';\n", PAGE_STYLE)],
        ),
    ),
    Site::https("page-beside.http.test", 237, page(BESIDE, &[])),
    Site::https(
        "page-ahead.http.test",
        236,
        page(
            AHEAD,
            &[File {
                status: 302,
                fields: &[("location", "https://page-styles.http.test/far.css")],
                ..slow("/main.css", CSS, "", PAGE_STYLE)
            }],
        ),
    ),
    Site::tls(
        "page-styles.http.test",
        225,
        Tls {
            delay: PAGE_HANDSHAKE,
            conduct: page(
                "",
                &[
                    file("/far.css", CSS, "body { margin: 0 }\n"),
                    file("/farther.css", CSS, "body { margin: 0 }\n"),
                ],
            ),
            ..TLS
        },
    ),
    Site::https(
        "page-heavy.http.test",
        226,
        page(
            HEAVY,
            &[
                file("/long.css", CSS, LONG),
                file("/long.js", JS, LONG),
                File { fields: &FOR_LONG, ..file("/kept.js", JS, "") },
            ],
        ),
    ),
    Site::https(
        "page-again.http.test",
        234,
        Conduct::Page(Page {
            text: Some((HTML, REVISITED)),
            fields: &[CHECKED[0], CHECKED[1], HSTS],
            files: &[
                File { fields: &FOR_LONG, ..file("/fresh.css", CSS, "@import '/checked.css';\n") },
                File { fields: &CHECKED, ..slow("/checked.css", CSS, "body { margin: 0 }\n", PAGE_STYLE) },
                File { fields: &[CHECKED[0], ("etag", CHANGING_ETAG)], ..file("/changing.js", JS, "") },
                File { fields: &[CHECKED[0], ("etag", DEAF_ETAG)], ..file("/deaf.js", JS, "") },
                File { fields: &[], ..file("/bare.png", PNG, LONG) },
            ],
            ..PAGE
        }),
    ),
    Site::https(
        "page-kept.http.test",
        235,
        Conduct::Page(Page {
            text: Some((HTML, LASTING)),
            fields: &[CHECKED[0], CHECKED[1], HSTS],
            files: &[
                File { fields: &FOR_LONG, ..file("/fresh.css", CSS, "body { margin: 0 }\n") },
                File { fields: &CHECKED, ..file("/checked.css", CSS, "body { margin: 0 }\n") },
                File { fields: &CHECKED, ..file("/checked.png", PNG, LONG) },
            ],
            ..PAGE
        }),
    ),
    Site::https(
        "page-preloads.http.test",
        227,
        page(
            PRELOADS,
            &[
                file(
                    "/fonts.css",
                    CSS,
                    "@font-face { font-family: a; src: url(/plain.woff2) }\n\
                     @font-face { font-family: b; src: url(/fit.woff2) }\n",
                ),
                file("/plain.woff2", "font/woff2", "no glyphs"),
                file("/fit.woff2", "font/woff2", "no glyphs"),
            ],
        ),
    ),
];
