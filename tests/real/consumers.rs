//! What others read of ours, read by them: archives by har-validator, haralyzer, coach-core and PerfCascade; trace events by
//! speedscope and Perfetto; the dashboard by Grafana's models. Runs are those of the lab; viewers open in Chromium.

mod coach;
mod dashboard;
mod numbers;
mod viewers;

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::browser::Browser;
use crate::monitors::read_by;
use crate::servers::Server;
use crate::tools::program;
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Consumers>] = &[
    ("consumers: har-validator takes archives of every kind", validated),
    ("consumers: haralyzer's numbers are ours", numbers::haralyzer),
    ("consumers: coach-core's advice and the findings agree", coach::agrees),
    ("consumers: PerfCascade draws each request as long as it took", viewers::perf_cascade),
    ("consumers: speedscope opens the events, a profile for each thread", viewers::speedscope),
    ("consumers: Perfetto has every event as it was written", viewers::perfetto),
    ("consumers: Grafana's models take the dashboard, and lose nothing of it", dashboard::modelled),
    ("consumers: promtool takes the dashboard's queries as rules", dashboard::rules),
];

/// A browser, and a place for files.
pub(crate) struct Consumers {
    browser: RefCell<Browser>,
    dir: Directory,
}

impl Setting for Consumers {
    fn servers(&self) -> &[Server] {
        &[]
    }

    fn describe(&self) -> String {
        format!("files: {}", self.dir.path().display())
    }
}

impl Consumers {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("consumers");
        let browser = RefCell::new(Browser::start(dir.path()));
        Self { browser, dir }
    }
}

/// Where the packages of npm are.
fn packages() -> &'static Path {
    let place = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/node/node_modules"));
    assert!(place.is_dir(), "{} is not there: .ci/run makes it (node_packages)", place.display());
    place
}

/// What a script in Node says that reads standard input; the packages are at hand.
fn node(script: &str, input: &str) -> (i32, String) {
    let mut command = Command::new(program("node"));
    command.args(["--no-warnings", "-e", script]).current_dir(packages().parent().unwrap());
    read_by(command, input)
}

/// One run: what `--format` wrote, and its JSON document.
struct Told {
    text: String,
    document: Value,
}

impl Told {
    fn by(format: &str, words: &[&str]) -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let directory = Directory::new(&format!("told{number}"));
        let file = directory.path().join("file");
        let output = Command::new(env!("CARGO_BIN_EXE_urltrace"))
            .env_clear()
            .args(["--lab", "--format", "json", &format!("--export-{format}")])
            .arg(&file)
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{words:?}: {error}: {}", String::from_utf8_lossy(&output.stderr))
        });
        Self { text: fs::read_to_string(&file).unwrap(), document }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Every request of the run: of a page, each that it made.
    fn requests(&self) -> &Vec<Value> {
        let name = if self.document["kind"] == "page" { "requests" } else { "hops" };
        self.document[name].as_array().unwrap()
    }

    /// The hops of the document, those of its page behind them, by the number of a request.
    fn hop(&self, number: usize) -> &Value {
        let chain = self.document["hops"].as_array().unwrap();
        let of_page = || &self.document["page"]["hops"][number - chain.len()];
        chain.get(number).unwrap_or_else(of_page)
    }
}

/// Runs that differ in what an archive has to tell: chains, pages, failures of every stage, cookies, bodies.
const RUNS: &[&[&str]] = &[
    &["https://www.example.test/"],
    &["-L", "http://shop.test/"],
    &["-L", "-d", "a=b", "-H", "Cookie: a=1; b=2", "https://www.example.test/?q=a%20b&empty&u=%F0"],
    &["-u", "name:secret", "https://login.http.test/"],
    &["https://cdn-bypass.http.test/"],
    &["http://drip-body.http.test/"],
    &["https://gzip.http.test/", "--compressed"],
    &["https://early-hints.http.test/"],
    &["--http3", "https://www.http3.test/"],
    &["ftp://x/"],
    &["https://missing.example.test/"],
    &["http://no-answer-http.http.test/", "-m", "1"],
    &["https://expired.tls.test/"],
    &["http://empty-response.http.test/"],
    &["http://not-http.http.test/"],
    &["--until", "tls", "https://www.example.test/"],
    &["--page", "https://page.http.test/"],
    &["--page", "https://page-broken.http.test/"],
    &["--page", "https://page-guarded.http.test/"],
    &["--page", "https://page-queue.http.test/"],
    &["--page", "-L", "http://shop.test/"],
    &["--page", "https://missing.example.test/"],
];

/// Reads an archive and says how many entries it has, or what is wrong with it.
const VALIDATE: &str = "
const validator = require('har-validator');
validator.har(JSON.parse(require('fs').readFileSync(0))).then(
  archive => console.log(archive.log.entries.length),
  error => { console.log(JSON.stringify(error.errors)); process.exitCode = 1; });
";

fn validated(_: &Consumers) {
    for run in RUNS {
        let told = Told::by("har", run);
        let entries = told.json()["log"]["entries"].as_array().unwrap().len();
        assert_eq!(node(VALIDATE, &told.text), (0, format!("{entries}\n")), "{run:?}\n{}", told.text);
        // It does find fault.
        for (sound, broken) in
            [("\"version\": \"1.2\"", "\"version\": 1.2"), ("\"wait\": ", "\"wait\": null, \"x\": ")]
        {
            let wrong = told.text.replacen(sound, broken, 1);
            if wrong != told.text {
                let (code, said) = node(VALIDATE, &wrong);
                assert_eq!(code, 1, "{run:?}: {broken} is taken: {said}");
            }
        }
    }
}
