//! The programs that are measured, and what each of them tells of its phases.

use std::path::Path;

use serde_json::Value;

use crate::net::Client;
use crate::tools::{program, run_at};
use crate::wire::PHASES;

const URL: &str = "https://www.example.site/";

/// A program.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Urltrace,
    /// httpstat, httpie and others tell curl's numbers, or take theirs at the same places.
    Curl,
}

impl Program {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Urltrace => "urltrace",
            Self::Curl => "curl",
        }
    }

    /// Runs it once: what it says that each phase took, in microseconds.
    pub(crate) fn run(self, client: &Client, binary: &Path, ca: &Path) -> [Option<i64>; 6] {
        let ca = ca.to_str().unwrap();
        let output = match self {
            Self::Urltrace => run_at(client, binary, &["--format", "json", "--http1.1", "--cacert", ca, URL]),
            Self::Curl => {
                let words =
                    ["-q", "-sS", "--http1.1", "--cacert", ca, "-o", "/dev/null", "-w", "%{json}", URL];
                run_at(client, &program("curl"), &words)
            }
        };
        assert_eq!(output.code, 0, "{} failed: {}{}", output.shown, output.stdout, output.stderr);
        let json: Value = serde_json::from_str(&output.stdout).unwrap();
        match self {
            Self::Urltrace => {
                let phases = &json["hops"][0]["phases"];
                PHASES.map(|phase| phases[format!("{phase}_us")].as_i64())
            }
            Self::Curl => {
                let names = ["namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"];
                let at =
                    names.map(|name| (json[format!("time_{name}")].as_f64().unwrap() * 1e6).round() as i64);
                let mut before = 0;
                at.map(|at| Some(at - std::mem::replace(&mut before, at)))
            }
        }
    }
}
