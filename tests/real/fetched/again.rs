//! The second visit of a page against Chromium's, in the same profile: what each of them asks nginx for, by which
//! validator, and what nginx answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Fetched;
use crate::tools::{must, program};

/// A file of the page: its name, the directives of its location, and what a second visit does: with the copy, by ETag,
/// by date, and the status.
type Kept = (&'static str, &'static str, (&'static str, bool, bool, Option<u64>));

/// All of the page; the document and the redirects' targets included. nginx gives each an ETag and Last-Modified.
const KEPT: &[Kept] = &[
    ("index.html", "add_header Cache-Control no-cache;", ("revalidate", true, true, Some(304))),
    ("fresh.css", "add_header Cache-Control max-age=3600;", ("fresh", false, false, None)),
    ("immutable.css", "add_header Cache-Control 'max-age=3600, immutable';", ("fresh", false, false, None)),
    ("checked.css", "add_header Cache-Control no-cache;", ("revalidate", true, true, Some(304))),
    ("import.css", "expires -1;", ("revalidate", true, true, Some(304))),
    ("must.css", "add_header Cache-Control must-revalidate;", ("revalidate", true, true, Some(304))),
    ("stored.css", "add_header Cache-Control no-store;", ("refetch", false, false, Some(200))),
    ("expires.js", "expires 1h;", ("fresh", false, false, None)),
    ("dated.js", "etag off; add_header Cache-Control no-cache;", ("revalidate", false, true, Some(304))),
    (
        "tagged.js",
        "add_header Cache-Control no-cache; add_header Last-Modified '';",
        ("revalidate", true, false, Some(304)),
    ),
    ("guessed.js", "", ("fresh", false, false, None)),
    (
        "shared.js",
        "add_header Cache-Control s-maxage=3600; add_header Last-Modified '';",
        ("revalidate", true, false, Some(304)),
    ),
    ("bare.png", "etag off; add_header Last-Modified '';", ("refetch", false, false, Some(200))),
    (
        "vary.png",
        "add_header Cache-Control max-age=3600; add_header Vary *;",
        ("revalidate", true, false, Some(304)),
    ),
    ("private.png", "add_header Cache-Control 'private, max-age=3600';", ("fresh", false, false, None)),
    ("moved.png", "return 301 /again/there.png;", ("fresh", false, false, None)),
    ("there.png", "add_header Cache-Control no-cache;", ("revalidate", true, true, Some(304))),
    ("found.png", "return 302 /again/here.png;", ("refetch", false, false, Some(302))),
    ("here.png", "add_header Cache-Control max-age=3600;", ("fresh", false, false, None)),
    ("gone.png", "return 404;", ("refetch", false, false, Some(404))),
];

const PAGE: &str = "<!doctype html><link rel=icon href=data:,>\
<link rel=stylesheet href=fresh.css><link rel=stylesheet href=immutable.css><link rel=stylesheet href=checked.css>\
<link rel=stylesheet href=must.css><link rel=stylesheet href=stored.css>\
<script src=expires.js></script><script src=dated.js></script><script src=tagged.js></script>\
<script src=guessed.js></script><script src=shared.js></script>\
<img src=bare.png><img src=vary.png><img src=private.png><img src=moved.png><img src=found.png><img src=gone.png>";

/// Writes the files, a hundred days old, and the locations that serve them.
pub(super) fn write(root: &Path) {
    let dir = root.join("again");
    fs::create_dir_all(&dir).unwrap();
    for (name, ..) in KEPT {
        let text: &[u8] = match *name {
            "index.html" => PAGE.as_bytes(),
            "checked.css" => b"@import 'import.css';",
            name if name.ends_with(".png") => super::PNG,
            _ => b"",
        };
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        must(Command::new(program("touch")).args(["-d", "100 days ago"]).arg(&path));
    }
}

/// The locations, with a log of their own.
pub(super) fn locations(path: &str) -> String {
    let mut all = String::new();
    for (name, directives, _) in KEPT {
        let _ =
            writeln!(all, "    location = /again/{name} {{ access_log {path}/again again; {directives} }}");
    }
    all
}

/// What the log has.
pub(super) const LOG: &str = "log_format again '$host\\t$uri\\t$http_user_agent\\t$status\\t$http_if_none_match\\t$http_if_modified_since';";

/// What was asked for: by the file whether an ETag and a date were named, and the status.
type Asked = BTreeMap<String, (bool, bool, u64)>;

/// What the log has of a host and of one of the two, from a line on; how many lines there are.
fn logged(world: &Fetched, host: &str, ours: bool, from: usize) -> (Asked, usize) {
    let text = fs::read_to_string(world.dir.path().join("again")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let mut asked = Asked::new();
    for line in &lines[from..] {
        let words: Vec<&str> = line.split('\t').collect();
        let [own, uri, agent, status, tag, date] = words[..] else { panic!("{line}") };
        if own == host && agent.starts_with("urltrace") == ours {
            let file = uri.rsplit('/').next().unwrap().to_owned();
            asked.insert(file, (tag != "-", date != "-", status.parse().unwrap()));
        }
    }
    (asked, lines.len())
}

pub(super) fn as_chromium(world: &Fetched) {
    for host in ["h1.test", "h2.test"] {
        let url = format!("https://{host}/again/index.html");
        world.browser.borrow_mut().open_all(std::slice::from_ref(&url), 1);
        let (first, before) = logged(world, host, false, 0);
        assert_eq!(first.len(), KEPT.len(), "{host}: {first:?}");
        world.browser.borrow_mut().open_all(std::slice::from_ref(&url), 1);
        let (theirs, before) = logged(world, host, false, before);
        let document = world.page(&url, &["--again"]);
        let rows = document["page"]["second_visit"]["requests"].as_array().unwrap();
        let mut ours = Asked::new();
        let requests = document["requests"].as_array().unwrap();
        let of = |file: &str| -> &Value {
            let own = requests.iter().find(|it| it["url"].as_str().unwrap().ends_with(&format!("/{file}")));
            let number = &own.unwrap_or_else(|| panic!("{file} in {document:#}"))["request"];
            rows.iter().find(|row| row["request"] == *number).unwrap()
        };
        for (file, _, expected) in KEPT {
            let row = of(file);
            let asked = &row["asked"];
            let told = (
                row["copy"].as_str().unwrap(),
                asked["by_etag"] == true,
                asked["by_date"] == true,
                asked["status"].as_u64(),
            );
            assert_eq!(told, *expected, "{host}: {file}: {row}");
            if let Some(status) = told.3 {
                ours.insert((*file).to_owned(), (told.1, told.2, status));
            }
        }
        assert_eq!(ours, theirs, "{host}: we and Chromium");
        // Of the log our last request of each file is that of the second visit.
        let (sent, _) = logged(world, host, true, before);
        for (file, asked) in &ours {
            assert_eq!(sent.get(file), Some(asked), "{host}: {file}, as nginx has it");
        }
    }
}
