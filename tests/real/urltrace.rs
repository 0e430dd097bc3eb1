//! Runs the unmodified urltrace and reads its JSON. What every document must hold is checked on every run.

use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::World;
use crate::dig::Record;
use crate::net::{Access, Client};
use crate::tools::{Output, program, run_at};

/// The exit codes used here (README).
pub(crate) const OK: i32 = 0;
pub(crate) const DNS: i32 = 4;
pub(crate) const TCP: i32 = 5;
pub(crate) const TLS: i32 = 6;

/// One run.
pub(crate) struct Run {
    pub(crate) json: Value,
    output: Output,
}

/// Runs urltrace with `--format json` as that client; `words` are apart by spaces.
pub(crate) fn urltrace(world: &World, access: Access, words: &str) -> Run {
    urltrace_at(world.internet.client(access), words)
}

/// [`urltrace`] in any world.
pub(crate) fn urltrace_at(client: &Client, words: &str) -> Run {
    let mut all = vec!["--format", "json"];
    all.extend(words.split(' '));
    let executable = Path::new(env!("CARGO_BIN_EXE_urltrace"));
    Run::read(run_at(client, executable, &all))
}

/// [`urltrace_at`] with variables (`NAME=value`) in its environment, and words that may hold blanks.
pub(crate) fn urltrace_with(client: &Client, variables: &[String], words: &[&str]) -> Run {
    let executable = Path::new(env!("CARGO_BIN_EXE_urltrace"));
    let mut all: Vec<std::ffi::OsString> = variables.iter().map(Into::into).collect();
    all.push(executable.into());
    all.extend(["--format", "json"].iter().chain(words).map(Into::into));
    Run::read(run_at(client, &program("env"), &all))
}

/// Traces a URL, trusting the tests' CA.
pub(crate) fn trace(world: &World, access: Access, words: &str) -> Run {
    urltrace(world, access, &format!("--cacert {} {words}", world.certificates.ca.display()))
}

/// Traces a URL that has to work from a client that reaches everything.
pub(crate) fn trace_ok(world: &World, words: &str) -> Run {
    trace(world, Access::Full, words).expect_exit(OK)
}

/// `urltrace dns`.
pub(crate) fn walk(world: &World, access: Access, name: &str, rtype: &str) -> Run {
    urltrace(world, access, &format!("dns --type {rtype} {name}"))
}

impl Run {
    fn read(output: Output) -> Self {
        let json = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document: {error}\n{}", Self::describe(&output)));
        let run = Self { json, output };
        run.check_document();
        run
    }

    /// Holds the exit code.
    pub(crate) fn expect_exit(self, code: i32) -> Self {
        assert_eq!(self.output.code, code, "exit code\n{}", Self::describe(&self.output));
        self
    }

    /// Holds the exit code and the failure's `stage` and `code`.
    pub(crate) fn expect_failure(self, exit: i32, stage: &str, code: &str) -> Self {
        let run = self.expect_exit(exit);
        assert_eq!((run.text("/failure/stage"), run.text("/failure/code")), (stage, code), "{run}");
        run
    }

    /// A value that has to be there.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or_else(|| panic!("nothing at `{pointer}`\n{self}"))
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no text at `{pointer}`\n{self}"))
    }

    pub(crate) fn number(&self, pointer: &str) -> u64 {
        self.at(pointer).as_u64().unwrap_or_else(|| panic!("no number at `{pointer}`\n{self}"))
    }

    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().unwrap_or_else(|| panic!("no list at `{pointer}`\n{self}"))
    }

    /// The records of a list, sorted.
    pub(crate) fn records(&self, pointer: &str) -> Vec<Record> {
        let mut records: Vec<Record> = self.list(pointer).iter().map(record).collect();
        records.sort();
        records
    }

    /// Packets of one purpose, in the order sent, from `dns` of the trace's first hop or of the walk.
    pub(crate) fn packets(&self, purpose: &str) -> Vec<Packet<'_>> {
        let pointer = if self.json.get("hops").is_some() { "/hops/0/dns/packets" } else { "/dns/packets" };
        self.list(pointer).iter().map(Packet).filter(|packet| packet.text("purpose") == purpose).collect()
    }

    /// What must hold of every document, however the run went.
    fn check_document(&self) {
        assert_eq!(self.text("/schema"), "urltrace/1", "{self}");
        let Some(hops) = self.json.get("hops").and_then(Value::as_array) else { return };
        let faults: Vec<String> = schema()
            .iter_errors(&self.json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "not as the schema says: {faults:#?}\n{self}");
        let by_failure = match self.json["failure"]["stage"].as_str() {
            None => ("ok", OK),
            Some("dns") => ("failed", DNS),
            Some("tcp") => ("failed", TCP),
            Some("tls") => ("failed", TLS),
            Some(other) => panic!("stage `{other}` should not fail here\n{self}"),
        };
        assert_eq!((self.text("/outcome"), self.output.code), by_failure, "{self}");
        for hop in hops {
            let phases = hop["phases"].as_object().unwrap_or_else(|| panic!("no phases\n{self}"));
            let total = phases["total_us"].as_u64().unwrap();
            let sum: u64 =
                phases.iter().filter(|(name, _)| *name != "total_us").filter_map(|(_, us)| us.as_u64()).sum();
            assert_eq!(sum, total, "phases do not sum to the total: {phases:?}\n{self}");
        }
        for finding in self.list("/findings") {
            for evidence in finding["evidence"].as_array().into_iter().flatten() {
                let pointer = evidence["pointer"].as_str().unwrap();
                assert!(self.json.pointer(pointer).is_some(), "evidence points nowhere: `{pointer}`\n{self}");
            }
        }
    }

    /// The command and what it said; JSON on one line, without the long lists that say little.
    fn describe(output: &Output) -> String {
        let Output { code, stdout, stderr, shown } = output;
        let compact = serde_json::from_str::<Value>(stdout).map_or_else(
            |_| stdout.clone(),
            |mut json| {
                shorten(&mut json);
                json.to_string()
            },
        );
        format!("$ {shown}\nexit code {code}\nstderr: {stderr}\nstdout: {compact}")
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for long in ["cuts", "servers", "spans", "offer", "nsid", "counts"] {
                fields.remove(long);
            }
            fields.values_mut().for_each(shorten);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Self::describe(&self.output))
    }
}

/// The committed schema.
fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schema/urltrace-1.json");
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
    })
}

fn record(value: &Value) -> Record {
    let text = |name: &str| {
        value[name].as_str().unwrap_or_else(|| panic!("a record without `{name}`: {value}")).to_owned()
    };
    Record {
        name: text("name"),
        rtype: text("type"),
        ttl: value["ttl"].as_u64().unwrap(),
        data: text("data"),
    }
}

/// A packet's record.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a>(pub(crate) &'a Value);

impl<'a> Packet<'a> {
    pub(crate) fn text(self, name: &str) -> &'a str {
        self.0[name].as_str().unwrap_or_else(|| panic!("a packet without `{name}`: {}", self.0))
    }

    pub(crate) fn meaning(self) -> &'a str {
        self.text("meaning")
    }

    pub(crate) fn server(self) -> IpAddr {
        self.0["server"]["address"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| panic!("{}", self.0))
    }

    /// Microseconds since t0.
    pub(crate) fn us(self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }
}
