//! `--origin` against Debian's Chromium: a page of one origin asks another, and what the browser keeps from it is what
//! urltrace says that it would, preflights and all. Everything is on the loopback.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::servers::Server;
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Asked>] =
    &[("cors: what chromium keeps from a page is what is said to be blocked", as_chromium)];

/// A browser, the origin of its page, and the server that is asked.
pub(crate) struct Asked {
    browser: RefCell<Browser>,
    origin: String,
    api: String,
    seen: Seen,
    dir: Directory,
}

impl Setting for Asked {
    fn servers(&self) -> &[Server] {
        &[]
    }

    fn describe(&self) -> String {
        format!("page: {}, asks {}, files in {}", self.origin, self.api, self.dir.path().display())
    }
}

/// Requests in their order: path and method.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// A case: what it is, the request, and the fields of the answers to its preflight (with its status) and to itself.
/// `{O}` stands for the page's origin.
struct Case {
    what: &'static str,
    method: &'static str,
    fields: &'static [Field],
    body: bool,
    credentials: bool,
    preflight: (u16, &'static [Field]),
    answer: &'static [Field],
}

/// A field of an answer.
type Field = (&'static str, &'static str);

const SAME: Field = ("Access-Control-Allow-Origin", "{O}");
const TRUE: Field = ("Access-Control-Allow-Credentials", "true");
const ANY: &[Field] = &[("Access-Control-Allow-Origin", "*")];

/// A GET that is sent at once.
const fn simple(what: &'static str, answer: &'static [Field]) -> Case {
    Case { what, method: "GET", fields: &[], body: false, credentials: false, preflight: (204, &[]), answer }
}

/// The same with cookies.
const fn with_credentials(what: &'static str, answer: &'static [Field]) -> Case {
    Case { credentials: true, ..simple(what, answer) }
}

/// A request that has to be asked for, and that anybody may make once it is allowed.
const fn asked(what: &'static str, method: &'static str, preflight: (u16, &'static [Field])) -> Case {
    Case { method, preflight, ..simple(what, ANY) }
}

macro_rules! allow {
    ($($name:literal: $value:literal),*) => {
        &[("Access-Control-Allow-Origin", "*"), $((concat!("Access-Control-Allow-", $name), $value)),*]
    };
}

/// By the Fetch standard a star does not stand for Authorization.
const LENIENT: &str = "any field, which leaves Authorization out";

const CASES: &[Case] = &[
    simple("nothing allowed", &[]),
    simple("anybody", ANY),
    simple("this origin", &[SAME]),
    simple("another origin", &[("Access-Control-Allow-Origin", "http://127.0.0.1:1")]),
    simple("this origin with a slash", &[("Access-Control-Allow-Origin", "{O}/")]),
    simple("the origin null", &[("Access-Control-Allow-Origin", "null")]),
    simple("two origins in a list", &[("Access-Control-Allow-Origin", "{O}, http://127.0.0.1:1")]),
    simple("the same origin in two fields", &[SAME, SAME]),
    with_credentials("credentials, and anybody", ANY),
    with_credentials("credentials, which are not allowed", &[SAME]),
    with_credentials("credentials, which are allowed", &[SAME, TRUE]),
    with_credentials(
        "credentials, in another spelling",
        &[SAME, ("Access-Control-Allow-Credentials", "True")],
    ),
    asked("a method that is named", "PUT", (204, allow!("Methods": "GET, PUT"))),
    asked("a method that is not named", "PUT", (204, allow!("Methods": "GET, POST"))),
    asked("any method", "DELETE", (200, allow!("Methods": "*"))),
    asked("a method in small letters", "patch", (204, allow!("Methods": "PATCH"))),
    asked("a preflight without a word", "PUT", (204, &[])),
    asked("a preflight that is not found", "PUT", (404, allow!("Methods": "PUT"))),
    asked("a preflight that is redirected", "PUT", (307, allow!("Methods": "PUT"))),
    Case {
        credentials: true,
        answer: &[SAME, TRUE],
        ..asked(
            "any method, with credentials",
            "PUT",
            (204, &[SAME, TRUE, ("Access-Control-Allow-Methods", "*")]),
        )
    },
    Case {
        fields: &[("X-Token", "1")],
        ..asked("a field that is named", "GET", (204, allow!("Headers": "x-TOKEN")))
    },
    Case {
        fields: &[("X-Token", "1")],
        ..asked("a field that is not named", "GET", (204, allow!("Headers": "X-Other")))
    },
    Case { fields: &[("X-Token", "1")], ..asked("any field", "GET", (204, allow!("Headers": "*"))) },
    Case {
        fields: &[("Authorization", "Basic YTpi")],
        ..asked(LENIENT, "GET", (204, allow!("Headers": "*")))
    },
    Case {
        fields: &[("Content-Type", "text/plain")],
        body: true,
        ..asked("a form's content type", "POST", (204, &[]))
    },
    Case {
        fields: &[("Content-Type", "application/json")],
        body: true,
        ..asked("a content type that no form has", "POST", (204, allow!("Methods": "POST")))
    },
    Case {
        fields: &[("Content-Type", "application/json")],
        body: true,
        ..asked("a content type that is allowed", "POST", (204, allow!("Headers": "Content-Type")))
    },
    Case { fields: &[("Range", "bytes=0-5")], ..asked("a simple range", "GET", (204, &[])) },
    Case { fields: &[("Range", "bytes=-5")], ..asked("a range from the end", "GET", (204, &[])) },
    Case { fields: &[("Accept-Language", "de, en;q=0.5")], ..asked("languages", "GET", (204, &[])) },
    Case {
        answer: &[],
        ..asked("allowed by the preflight, and not by the answer", "PUT", (204, allow!("Methods": "PUT")))
    },
];

impl Asked {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("cors");
        let seen = Seen::default();
        let page = serve(|_, _| "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n".to_owned(), Seen::default());
        let origin = page.clone();
        let api = serve(move |method, path| answer(method, path, &origin), Arc::clone(&seen));
        Self { browser: RefCell::new(Browser::start(dir.path())), origin: page, api, seen, dir }
    }

    /// What was asked for under a path, in its order.
    fn asked(&self, path: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(own, _)| own == path).map(|(_, method)| method.clone()).collect()
    }

    /// Whether the page gets the response in the browser.
    fn in_browser(&self, path: &str, case: &Case) -> bool {
        let fields: serde_json::Map<String, Value> =
            case.fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let mut options = json!({
            "method": case.method,
            "headers": fields,
            "credentials": if case.credentials { "include" } else { "omit" },
            "cache": "no-store",
        });
        if case.body {
            options["body"] = "{}".into();
        }
        let script = format!("fetch('{}{path}', {options}).then(() => 'passed', () => 'kept')", self.api);
        match self.browser.borrow_mut().ask(&format!("{}/", self.origin), &script).as_str() {
            Some("passed") => true,
            Some("kept") => false,
            other => panic!("{}: {other:?}", case.what),
        }
    }

    /// Whether urltrace says that it would, and all that it says.
    fn by_us(&self, path: &str, case: &Case) -> (bool, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_urltrace"));
        command.env_clear().args(["--format", "json", "--origin", &self.origin, "-X", case.method]);
        for (name, value) in case.fields {
            command.arg("-H").arg(format!("{name}: {value}"));
        }
        if case.body {
            command.args(["-d", "{}"]);
        }
        if case.credentials {
            command.args(["-b", "a=b"]);
        }
        let output = command.arg(format!("{}{path}", self.api)).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said: Vec<&Value> =
            document["hops"].as_array().unwrap().iter().map(|hop| &hop["cors"]["allowed"]).collect();
        assert!(said.iter().all(|said| said.is_boolean()), "{}: {document}", case.what);
        (said.iter().all(|said| **said == true), document)
    }
}

/// The head of the answer to a case, by its number in the path.
fn answer(method: &str, path: &str, origin: &str) -> String {
    let number = path.rsplit('/').next().and_then(|number| number.parse::<usize>().ok());
    let Some(case) = number.and_then(|number| CASES.get(number)) else {
        return "HTTP/1.1 404 Not Found\r\n".to_owned();
    };
    let (status, fields) = if method == "OPTIONS" { case.preflight } else { (200, case.answer) };
    let mut head = format!("HTTP/1.1 {status} Said\r\n");
    if status == 307 {
        head.push_str(&format!("Location: {path}\r\n"));
    }
    for (name, value) in fields {
        head.push_str(&format!("{name}: {}\r\n", value.replace("{O}", origin)));
    }
    head
}

/// Serves each connection on a thread of its own, one request each. Gives the origin.
fn serve(answer: impl Fn(&str, &str) -> String + Send + Sync + 'static, seen: Seen) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            thread::spawn(move || one(stream, &*answer, &seen));
        }
    });
    origin
}

fn one(mut stream: TcpStream, answer: &impl Fn(&str, &str) -> String, seen: &Seen) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if !stream.read(&mut byte).is_ok_and(|count| count == 1) {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    seen.lock().unwrap().push((path.to_owned(), method.to_owned()));
    let head = answer(method, path);
    let length = if head.contains(" 204 ") { "" } else { "Content-Length: 0\r\n" };
    let _ = stream.write_all(format!("{head}{length}Connection: close\r\n\r\n").as_bytes());
    // The body of the request is not read: until the other side has gone, a reset would take the answer away.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {}
}

fn as_chromium(world: &Asked) {
    assert!(CASES.len() >= 12);
    let mut wrong = Vec::new();
    let mut verdicts = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let (theirs, ours) = (format!("/browser/{number}"), format!("/ours/{number}"));
        let passes = world.in_browser(&theirs, case);
        let (said, document) = world.by_us(&ours, case);
        let (theirs, ours) = (world.asked(&theirs), world.asked(&ours));
        // The one thing that Chromium does not hold to, and that is said with it.
        if case.what == LENIENT {
            let words = document["hops"][0]["cors"]["refusal_words"].as_str().unwrap();
            assert!(passes && !said && words.contains("Chromium lets it pass"), "{words}: {passes}");
            continue;
        }
        if passes != said || theirs != ours {
            wrong.push(format!(
                "{}: Chromium {passes} after {theirs:?}, we {said} after {ours:?}: {}",
                case.what, document["hops"][0]["cors"]
            ));
        }
        verdicts.push(passes);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Both verdicts are in the table, else it would show nothing.
    assert!(verdicts.contains(&true) && verdicts.contains(&false));
}
