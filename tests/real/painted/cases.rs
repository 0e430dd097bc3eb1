//! Pages, each of which waits for something else before it can be painted, or for nothing more.
//!
//! By HTTP/1.1 Chromium opens a second connection where the first has not come within 250 ms, and on so long a path it has
//! two from the start: what would gain by that is tried by HTTP/2 alone.
//!
//! `think/N/` is a server that answers N milliseconds late, `{T}` the directory on another origin.

/// A page.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) html: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    /// The Link field of its document.
    pub(super) link: &'static str,
    /// By which protocols it is tried.
    pub(super) hosts: &'static [&'static str],
}

const BOTH: &[&str] = &["h1.test", "h2.test"];
const H1: &[&str] = &["h1.test"];
const H2: &[&str] = &["h2.test"];

const fn page(what: &'static str, hosts: &'static [&'static str], html: &'static str) -> Case {
    Case { what, html, files: &[], link: "", hosts }
}

pub(super) const CASES: &[Case] = &[
    page("a stylesheet", BOTH, "<link rel=stylesheet href=a.css><p>text"),
    Case {
        files: &[("a.css", "@import 'b.css';"), ("b.css", "@import 'c.css';"), ("c.css", "p { color: red }")],
        ..page("imports one behind the other", H2, "<link rel=stylesheet href=a.css><p>text")
    },
    page("a slow script in the head", H1, "<script src=think/400/a.js></script><p>text"),
    page(
        "slow scripts that wait, beside a stylesheet",
        H2,
        "<script async src=think/1500/a.js></script><script defer src=think/1500/b.js></script>\
         <script type=module src=think/1500/c.js></script><link rel=stylesheet href=d.css><p>text",
    ),
    page(
        "a slow stylesheet for paper",
        H2,
        "<link rel=stylesheet media=print href=think/1500/a.css><link rel=stylesheet href=b.css><p>text",
    ),
    page(
        "a late stylesheet before a script",
        H2,
        "<link rel=stylesheet href=think/600/a.css><script src=b.js></script><p>text",
    ),
    page(
        "a slow script behind the text",
        H2,
        "<link rel=stylesheet href=a.css><body><p>text</p><script src=think/1500/b.js></script><p>more",
    ),
    page("a stylesheet of another origin", BOTH, "<link rel=stylesheet href={T}a.css><p>text"),
    page(
        "two stylesheets of another origin, whose protocol nobody knows yet",
        BOTH,
        "<link rel=stylesheet href={T}a.css><link rel=stylesheet href={T}b.css><p>text",
    ),
    Case {
        files: &[("a.css", "@import 'think/1500/b.css' print;")],
        ..page("an import for paper", H2, "<link rel=stylesheet href=a.css><p>text")
    },
    Case {
        files: &[("a.css", "@import 'b.css';"), ("b.css", "p { color: red }")],
        ..page(
            "an import that is preloaded",
            H2,
            "<link rel=preload as=style href=b.css><link rel=stylesheet href=a.css><p>text",
        )
    },
    Case {
        files: &[("a.css", "@import 'b.css';"), ("b.css", "p { color: red }")],
        link: "<b.css>; rel=preload; as=style",
        ..page("an import that a field preloads", H2, "<link rel=stylesheet href=a.css><p>text")
    },
    page(
        "eight stylesheets, two more than there are connections",
        H1,
        "<link rel=stylesheet href=a.css><link rel=stylesheet href=b.css><link rel=stylesheet href=c.css>\
         <link rel=stylesheet href=d.css><link rel=stylesheet href=e.css><link rel=stylesheet href=f.css>\
         <link rel=stylesheet href=g.css><link rel=stylesheet href=h.css><p>text",
    ),
    Case {
        files: &[("b.html", "<!doctype html><link rel=stylesheet href=think/1500/c.css><p>text")],
        ..page(
            "a frame that is slow",
            H2,
            "<link rel=stylesheet href=a.css><p>text</p><iframe src=b.html></iframe>",
        )
    },
    page(
        "a script that asks to be waited for",
        H2,
        "<script async blocking=render src=think/400/a.js></script><p>text",
    ),
    page(
        "slow images",
        H2,
        "<link rel=stylesheet href=a.css><p>text</p><img src=think/1500/a.png><img src=think/1500/b.png>",
    ),
];
