//! Debian's Chromium without a window, driven through its DevTools protocol over a pair of FIFOs
//! (`--remote-debugging-pipe`): one start for many pages, each of which tells what it did.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tools::{must, program};

/// The longest that a page may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A browser with one tab.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    number: u64,
    session: String,
}

/// What came of opening a page.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    /// What it printed on the console, errors of scripts and broken policies included.
    pub(crate) complaints: Vec<String>,
    /// What it asked for beside itself.
    pub(crate) requests: Vec<String>,
    /// What there is to read.
    pub(crate) text: String,
    /// The widest of it, beyond the window's width.
    pub(crate) overflow: i64,
    /// The last elements that reach beyond it.
    pub(crate) wide: Vec<String>,
}

impl Browser {
    /// Starts it, with its profile in `dir`.
    pub(crate) fn start(dir: &Path) -> Self {
        let mut command = Command::new(program("setpriv"));
        command.args(["--pdeathsig", "KILL", "--"]);
        Self::begin(dir, command, &[])
    }

    /// Starts it in a namespace, with these arguments.
    pub(crate) fn start_in(dir: &Path, namespace: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(program("ip"));
        command.args(["netns", "exec", namespace]).arg(program("setpriv"));
        command.args(["--pdeathsig", "KILL", "--"]);
        Self::begin(dir, command, arguments)
    }

    fn begin(dir: &Path, mut command: Command, arguments: &[String]) -> Self {
        let (to, from) = (dir.join("to"), dir.join("from"));
        must(Command::new(program("mkfifo")).arg(&to).arg(&from));
        // The shell gives it the FIFOs as the descriptors that it expects.
        let script = "to=$1; from=$2; shift 2; exec \"$@\" --headless --no-sandbox --disable-gpu \
            --disable-dev-shm-usage --no-first-run --disable-background-networking --disable-component-update \
            --remote-debugging-pipe about:blank 3<\"$to\" 4>\"$from\"";
        let child = command
            .args(["sh", "-c", script, "sh"])
            .args([&to, &from])
            .arg(program("chromium"))
            .arg(format!("--user-data-dir={}", dir.join("profile").display()))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(to).unwrap();
        let mut lines = BufReader::new(File::open(from).unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while lines.read_until(0, &mut message).is_ok_and(|count| count > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Self { child, to, from: receiver, number: 0, session: String::new() };
        browser.open_tab();
        browser
    }

    /// A tab in a window of its own: what is hidden plays nothing and lays nothing out.
    fn open_tab(&mut self) {
        self.open_tab_in(&json!({"url": "about:blank", "newWindow": true}));
    }

    fn open_tab_in(&mut self, window: &Value) {
        let target = self.call("Target.createTarget", window.clone());
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", attach);
        self.session = session["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network", "Security"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Opens a file in a window of that width, with scripts on or off.
    pub(crate) fn visit(&mut self, file: &Path, width: u32, scripts: bool) -> Visit {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !scripts}));
        self.call("Log.clear", json!({}));
        let url = format!("file://{}", file.display());
        let mut visit = Visit::default();
        let number = self.send("Page.navigate", json!({"url": url}));
        let (mut answered, mut loaded) = (false, false);
        while !(answered && loaded) {
            let message = self.next();
            if message["id"] == number {
                assert_eq!(message["result"]["errorText"], Value::Null, "{url}");
                answered = true;
            }
            loaded |= message["method"] == "Page.loadEventFired";
            visit.take(&message, &url);
        }
        let read = "(() => { const root = document.documentElement, end = root.clientWidth; \
            const scrolls = one => one && (getComputedStyle(one).overflowX !== 'visible' || \
                scrolls(one.parentElement)); \
            const wide = [...document.querySelectorAll('*')] \
                .filter(one => root.scrollWidth > end && one.getBoundingClientRect().right > end) \
                .filter(one => !scrolls(one.parentElement)) \
                .map(one => one.outerHTML.slice(0, 150)); \
            return JSON.stringify([document.body ? document.body.innerText : '', root.scrollWidth - end, \
                wide.slice(-5)]); })()";
        let number = self.send("Runtime.evaluate", json!({"expression": read, "returnByValue": true}));
        loop {
            // What the page does after it is loaded counts, too.
            let message = self.next();
            visit.take(&message, &url);
            if message["id"] == number {
                let read =
                    message["result"]["result"]["value"].as_str().unwrap_or_else(|| panic!("{message}"));
                (visit.text, visit.overflow, visit.wide) = serde_json::from_str(read).unwrap();
                return visit;
            }
        }
    }

    /// Opens a page by its URL, and gives what a script in it comes to: a promise is waited for.
    pub(crate) fn ask(&mut self, url: &str, script: &str) -> Value {
        self.ask_and_hear(url, script).0
    }

    /// The same, and the errors and warnings on the console until then.
    pub(crate) fn ask_and_hear(&mut self, url: &str, script: &str) -> (Value, Vec<String>) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": false}));
        let number = self.send("Page.navigate", json!({"url": url}));
        let (mut answered, mut loaded, mut heard) = (false, false, Vec::new());
        while !(answered && loaded) {
            let message = self.next();
            answered |= message["id"] == number;
            loaded |= message["method"] == "Page.loadEventFired";
            heard.extend(complaint(&message));
        }
        let evaluate = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let number = self.send("Runtime.evaluate", evaluate);
        loop {
            let message = self.next();
            heard.extend(complaint(&message));
            if message["id"] == number {
                heard.extend(message["result"]["exceptionDetails"].as_object().map(|it| format!("{it:?}")));
                return (message["result"]["result"]["value"].clone(), heard);
            }
        }
    }

    /// The same in a profile of its own: nothing is cached, and no connection is open.
    pub(crate) fn ask_afresh(&mut self, url: &str, script: &str) -> Value {
        let own = std::mem::take(&mut self.session);
        let context = self.call("Target.createBrowserContext", json!({}))["browserContextId"].clone();
        self.open_tab_in(&json!({"url": "about:blank", "newWindow": true, "browserContextId": context}));
        let size = json!({"width": 1350, "height": 940, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let answer = self.ask(url, script);
        self.session.clear();
        self.call("Target.disposeBrowserContext", json!({"browserContextId": context}));
        self.session = own;
        answer
    }

    /// Opens pages in a number of tabs at a time, each until its network has been idle for half a second.
    pub(crate) fn open_all(&mut self, urls: &[String], tabs: usize) {
        let mut left = urls.iter();
        // All tabs first: a call reads past what other tabs tell.
        let tabs: Vec<String> = (0..tabs)
            .map(|_| {
                self.session.clear();
                self.open_tab();
                self.call("Page.setLifecycleEventsEnabled", json!({"enabled": true}));
                let size = json!({"width": 1350, "height": 940, "deviceScaleFactor": 1, "mobile": false});
                self.call("Emulation.setDeviceMetricsOverride", size);
                self.session.clone()
            })
            .collect();
        let mut open: HashMap<String, Option<String>> = HashMap::new();
        for (tab, url) in tabs.into_iter().zip(left.by_ref()) {
            self.session.clone_from(&tab);
            self.send("Page.navigate", json!({"url": url}));
            open.insert(tab, None);
        }
        while !open.is_empty() {
            let message = self.next();
            let session = message["sessionId"].as_str().unwrap_or_default();
            let Some(loader) = open.get_mut(session) else { continue };
            if let Some(own) = message["result"]["loaderId"].as_str() {
                *loader = Some(own.to_owned());
            }
            let event = &message["params"];
            let is_idle = message["method"] == "Page.lifecycleEvent" && event["name"] == "networkIdle";
            if !is_idle || loader.is_none() || event["loaderId"].as_str() != loader.as_deref() {
                continue;
            }
            *loader = None;
            session.clone_into(&mut self.session);
            match left.next() {
                Some(url) => drop(self.send("Page.navigate", json!({"url": url}))),
                None => drop(open.remove(session)),
            }
        }
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        let number = self.send(method, parameters);
        loop {
            let message = self.next();
            if message["id"] == number {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
        }
    }

    fn send(&mut self, method: &str, parameters: Value) -> u64 {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.number
    }

    fn next(&mut self) -> Value {
        self.from.recv_timeout(LIMIT).expect("Chromium answers in time")
    }
}

/// An error or a warning on the console, or an exception that nothing caught.
fn complaint(message: &Value) -> Option<String> {
    let event = &message["params"];
    match (message["method"].as_str()?, event["type"].as_str()) {
        ("Runtime.consoleAPICalled", Some("error" | "warning" | "assert")) => Some(event["args"].to_string()),
        ("Runtime.exceptionThrown", _) => Some(event["exceptionDetails"].to_string()),
        ("Log.entryAdded", _) if event["entry"]["level"] == "error" => {
            Some(event["entry"]["text"].to_string())
        }
        _ => None,
    }
}

impl Visit {
    /// Takes note of an event.
    fn take(&mut self, message: &Value, page: &str) {
        let event = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.consoleAPICalled") => self.complaints.push(event["args"].to_string()),
            Some("Runtime.exceptionThrown") => self.complaints.push(event["exceptionDetails"].to_string()),
            Some("Log.entryAdded") => self.complaints.push(event["entry"]["text"].to_string()),
            Some("Network.requestWillBeSent") => {
                let url = event["request"]["url"].as_str().unwrap_or_default();
                if url != page {
                    self.requests.push(url.to_owned());
                }
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let begun = Instant::now();
        // Its children go with it; the profile is removed with the directory.
        while begun.elapsed() < Duration::from_secs(5) && !matches!(self.child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(20)); // between two looks: `try_wait` does not wait
        }
    }
}
