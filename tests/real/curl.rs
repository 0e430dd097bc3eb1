//! `curl` as the oracle for HTTP: `-w '%{json}'`, the response's header fields, and the TLS version.

use serde_json::Value;

use crate::World;
use crate::net::Access;
use crate::tools::{program, run_at};
use crate::zones::WEB;

/// What curl saw.
pub(crate) struct Seen {
    /// `%{json}`.
    pub(crate) facts: Value,
    /// `%{header_json}`: lower-case name to its values, of the last response.
    pub(crate) headers: Value,
    /// Such as `TLSv1.3`, from its messages.
    pub(crate) tls_version: Option<String>,
}

impl Seen {
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.facts[name].as_f64().unwrap_or_else(|| panic!("curl has no number `{name}`: {}", self.facts))
            as u64
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("curl has no text `{name}`: {}", self.facts))
    }

    /// A time in microseconds.
    pub(crate) fn micros(&self, name: &str) -> u64 {
        (self.facts[name].as_f64().unwrap() * 1e6) as u64
    }
}

/// Fetches a URL whose host is served at `address`.
pub(crate) fn curl(world: &World, url: &str, address: std::net::IpAddr, options: &[&str]) -> Seen {
    let address = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
    let resolve = format!("*:443:{address}");
    let plain = format!("*:80:{}", WEB[0]);
    let ca = world.certificates.ca.to_string_lossy();
    let mut words = vec!["-q", "-sSv", "-o", "/dev/null", "--max-time", "20", "--cacert", &ca];
    words.extend(["--resolve", &resolve, "--resolve", &plain, "-w", "%{json}\n%{header_json}"]);
    words.extend(options);
    words.push(url);
    let output = run_at(world.internet.client(Access::Full), &program("curl"), &words);
    assert_eq!(output.code, 0, "{}: {}", output.shown, output.stderr);
    let mut documents = serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>();
    let mut next = || {
        documents.next().and_then(Result::ok).unwrap_or_else(|| panic!("{}: {}", output.shown, output.stdout))
    };
    let (facts, headers) = (next(), next());
    let tls_version = output
        .stderr
        .lines()
        .filter_map(|line| line.split_once("SSL connection using "))
        .filter_map(|(_, rest)| Some(rest.split_once(" / ")?.0.to_owned()))
        .next_back();
    Seen { facts, headers, tls_version }
}
