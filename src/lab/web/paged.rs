//! Sites whose pages ask for more: stylesheets, scripts, images. A table.

use std::time::Duration;

use super::site::{Conduct, File, HSTS, Hints, KEPT, PAGE, Page, Site};
use crate::lab::scenario::{EARLY_HINTS, PAGE_IMAGE, PAGE_IMPORT, PAGE_STYLE};

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

const fn file(path: &'static str, kind: &'static str, text: &'static str) -> File {
    File { path, kind, text, status: 200, fields: &KEPT, think: Duration::ZERO }
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
    Site::https("third.http.test", 201, page("", &[file("/widget.js", JS, "")])),
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
];
