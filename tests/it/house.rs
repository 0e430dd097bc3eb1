//! The house: no import circle among the files of `src` or its folders, and no import that runs back up
//! through the layers. The tables below are the layers; `imports` finds out who imports whom.

mod circles;
mod imports;

use std::path::Path;

use circles::{circles, folders};
use imports::{Arrows, Imports};

/// The layers of `src/dns`: each imports only itself and those before it, its equals not.
const DNS: &[&[&str]] = &[
    &["lru", "limits", "registry"],
    &["wire"],
    &["response", "transport", "dnssec", "search", "special"],
    &["outcome"],
    &["cache"],
    &["context"],
    &["name_servers"],
    &["iterate"],
    &["resolvers"],
    &["lanes"],
    &["resolver"],
    &["survey"],
];

/// The house: what each part of `src` may import of the others. `lib.rs` and `main.rs` import what they like.
const HOUSE: &[(&str, &[&str])] = &[
    // On the ground: the model, and what every stage uses.
    ("trace", &[]),
    ("os", &[]),
    ("export", &[]),
    ("units", &[]),
    ("nearest", &[]),
    ("packed", &[]),
    ("suffix", &["packed"]),
    ("clock", &["trace"]),
    ("stop", &["clock", "trace"]),
    ("plan", &["trace"]),
    ("modules", &["plan", "trace"]),
    ("timestamp", &["clock", "trace"]),
    ("hosts", &["plan", "trace"]),
    ("fault", &["stop", "trace", "units"]),
    ("alert", &["trace"]),
    ("roots", &["clock", "os", "plan"]),
    ("exit", &["trace"]),
    ("signals", &["exit"]),
    ("explain", &["packed", "trace"]),
    // The stages, each knowing none of the others.
    ("url", &["trace"]),
    ("page", &["timeline", "trace"]),
    (
        "dns",
        &[
            "clock",
            "explain",
            "fault",
            "hosts",
            "os",
            "plan",
            "roots",
            "stop",
            "suffix",
            "timestamp",
            "trace",
            "units",
        ],
    ),
    ("tcp", &["clock", "fault", "os", "plan", "stop", "timestamp", "trace", "units"]),
    ("tls", &["alert", "clock", "fault", "plan", "roots", "stop", "timestamp", "trace", "units"]),
    ("proxy", &["clock", "fault", "os", "plan", "stop", "timestamp", "trace", "units"]),
    ("quic", &["clock", "fault", "os", "plan", "stop", "tcp", "tls", "trace", "units"]),
    ("bursts", &["clock", "trace"]),
    ("stream", &["bursts", "clock", "tcp", "timestamp", "tls"]),
    ("talk", &["clock", "os", "plan", "stop", "stream", "tls", "trace"]),
    (
        "http",
        &[
            "alert",
            "bursts",
            "clock",
            "fault",
            "os",
            "plan",
            "quic",
            "stop",
            "stream",
            "timestamp",
            "trace",
            "units",
        ],
    ),
    (
        "tracer",
        &[
            "clock", "dns", "fault", "http", "page", "plan", "proxy", "quic", "reading", "stop", "stream",
            "suffix", "talk", "tcp", "tls", "trace", "units", "url",
        ],
    ),
    // What follows from a trace.
    ("reading", &["suffix", "trace"]),
    ("timeline", &["reading", "trace"]),
    ("finding", &["explain", "nearest", "page", "reading", "suffix", "timeline", "trace", "units"]),
    ("runs", &["reading", "timeline", "trace", "units"]),
    ("budget", &["nearest", "runs", "timeline", "trace", "units"]),
    ("check", &["trace"]),
    ("report", &["budget", "exit", "finding", "plan", "reading", "runs", "trace"]),
    ("saved", &["budget", "exit", "finding", "plan", "report", "runs", "timeline", "trace"]),
    ("diff", &["reading", "runs", "saved", "timeline", "trace"]),
    ("story", &["explain", "reading", "timeline", "trace", "units"]),
    ("picture", &["explain", "finding", "page", "timeline", "trace", "units"]),
    // The one pass that takes secrets out; renderers get what it made.
    ("redact", &["diff", "finding", "report", "runs", "trace"]),
    (
        "render",
        &[
            "budget", "check", "diff", "exit", "explain", "finding", "lab", "packed", "page", "picture",
            "plan", "reading", "redact", "report", "runs", "story", "timeline", "trace", "units",
        ],
    ),
    (
        "serve",
        &[
            "clock", "dns", "exit", "finding", "modules", "os", "plan", "reading", "redact", "render",
            "report", "signals", "stop", "timeline", "trace", "tracer", "url",
        ],
    ),
    // The program around it.
    (
        "cli",
        &[
            "budget", "check", "clock", "exit", "explain", "finding", "http", "modules", "nearest", "os",
            "plan", "redact", "trace",
        ],
    ),
    ("lab", &["clock", "http", "plan", "tls", "trace"]),
    (
        "app",
        &[
            "budget", "check", "cli", "clock", "diff", "dns", "exit", "explain", "export", "finding", "lab",
            "os", "plan", "reading", "redact", "render", "report", "runs", "saved", "serve", "stop",
            "signals", "trace", "tracer", "units", "url",
        ],
    ),
];

fn arrows() -> Arrows {
    Imports::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).arrows()
}

#[test]
fn no_file_imports_one_that_leads_back_to_it() {
    let arrows = arrows();
    assert!(arrows.len() > 200, "{} files are not the house", arrows.len());
    assert_eq!(circles(&arrows), Vec::<Vec<String>>::new(), "circles of files");
    assert_eq!(circles(&folders(&arrows)), Vec::<Vec<String>>::new(), "circles of folders");
}

#[test]
fn dns_lies_in_layers() {
    let broken = broken_layers(&arrows(), "dns/", DNS);
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_face_of_dns_is_small_and_imported_from_outside_only() {
    let arrows = arrows();
    let inside = arrows.iter().filter(|(file, targets)| file.starts_with("dns/") && targets.contains("dns"));
    assert_eq!(inside.map(|(file, _)| file).collect::<Vec<_>>(), Vec::<&String>::new());
    let face = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dns/mod.rs")).unwrap();
    assert!(face.lines().count() < 60, "src/dns/mod.rs is more than a face");
}

#[test]
fn each_part_of_the_house_imports_what_its_row_names() {
    let broken = broken_rows(&arrows(), HOUSE);
    assert_eq!(broken, Vec::<String>::new());
}

/// Arrows that lead to an equal or a later layer.
fn broken_layers(arrows: &Arrows, under: &str, layers: &[&[&str]]) -> Vec<String> {
    let layer = |file: &str| {
        let part = part(file.strip_prefix(under)?);
        let number = layers.iter().position(|names| names.contains(&part));
        assert!(number.is_some(), "{file} lies in no layer");
        Some((number, part.to_owned()))
    };
    let mut broken = Vec::new();
    for (file, targets) in arrows {
        let Some(own) = layer(file) else { continue };
        for target in targets {
            let Some(other) = layer(target) else { continue };
            if other != own && other.0 >= own.0 {
                broken.push(format!("{file} imports {target}"));
            }
        }
    }
    broken
}

/// Arrows that no row of the table allows, and parts that have no row.
fn broken_rows(arrows: &Arrows, rows: &[(&str, &[&str])]) -> Vec<String> {
    let mut broken = Vec::new();
    for (file, targets) in arrows.iter().filter(|(file, _)| *file != "lib") {
        let Some((own, may)) = rows.iter().find(|(own, _)| *own == part(file)) else {
            broken.push(format!("{file} has no row"));
            continue;
        };
        let wrong = targets.iter().filter(|target| part(target) != *own && !may.contains(&part(target)));
        broken.extend(wrong.map(|target| format!("{file} imports {target}")));
    }
    broken
}

/// The first part of a module's path.
fn part(file: &str) -> &str {
    file.split_once('/').map_or(file, |(part, _)| part)
}

/// A crate of a few files, to see the tests above fail.
fn sketch(name: &str, files: &[(&str, &str)]) -> Arrows {
    let src = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&src));
    for (file, text) in files {
        let path = src.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Imports::read(&src).arrows()
}

#[test]
fn a_circle_is_seen_through_faces_renames_macros_and_module_names() {
    let lib = ("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod tests;");
    let face = ("b/mod.rs", "mod inner;\npub use inner::Thing;");
    let back = [
        "use crate::a::used as other;",
        "use crate::a;\nfn f() { a::used(); }",
        "fn f() { vec![crate::a::used()]; }",
        "fn f() -> super::super::a::Used { loop {} }",
    ];
    for (number, back) in back.iter().enumerate() {
        let inner = format!("pub struct Thing;\n{back}");
        let a = ("a.rs", "use crate::b::Thing;\npub struct Used;\npub fn used() {}");
        let arrows = sketch(&format!("circle-{number}"), &[lib, face, a, ("b/inner.rs", &inner)]);
        assert_eq!(circles(&arrows), [["a", "b/inner"]], "{back}");
    }
    // A face that one of its own files imports.
    let own = ("b/inner.rs", "use super::Other;\npub struct Thing;");
    let face = ("b/mod.rs", "mod inner;\npub use inner::Thing;\npub struct Other;");
    let arrows = sketch("face", &[lib, face, ("a.rs", ""), own]);
    assert_eq!(circles(&arrows), [["b", "b/inner"]]);
    // What only tests import is no circle.
    let test = ("b/inner.rs", "pub struct Thing;\n#[cfg(test)]\nmod tests { use crate::a::used; }");
    let face = ("b/mod.rs", "mod inner;\npub use inner::Thing;");
    let arrows = sketch("tests", &[lib, face, ("a.rs", "use crate::b::Thing;\npub fn used() {}"), test]);
    assert_eq!(circles(&arrows), Vec::<Vec<String>>::new());
}

#[test]
fn an_import_up_through_the_layers_is_seen() {
    let lib = ("lib.rs", "mod dns;");
    let face = ("dns/mod.rs", "mod wire;\nmod cache;");
    let wire = ("dns/wire/mod.rs", "pub mod name;");
    let name = ("dns/wire/name.rs", "use crate::dns::cache::Kept;");
    let arrows = sketch("layers", &[lib, face, wire, name, ("dns/cache.rs", "pub struct Kept;")]);
    assert_eq!(broken_layers(&arrows, "dns/", DNS), ["dns/wire/name imports dns/cache"]);
    let rows: &[(&str, &[&str])] = &[("dns", &[])];
    assert_eq!(broken_rows(&arrows, rows), Vec::<String>::new());
    let arrows = sketch(
        "rows",
        &[("lib.rs", "mod dns;\nmod tls;"), ("dns.rs", "use crate::tls::T;"), ("tls.rs", "pub struct T;")],
    );
    assert_eq!(broken_rows(&arrows, rows), ["dns imports tls", "tls has no row"]);
}
