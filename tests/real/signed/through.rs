//! The table through unbound: urltrace asks nobody else, and validates what unbound hands out.
//!
//! Unbound validates too and refuses what is bogus; urltrace has to find out why. Every row gives what
//! the walk gives, and the claim (AD) is unbound's own.

use super::table::{self, Row, Verdict};
use super::{World, by_unbound, by_urltrace, each, word};
use crate::net::Access;
use crate::urltrace::{Run, urltrace_at};
use crate::zones::RESOLVER;

/// Of this many rows one is asked on a connection, too: what is asked there is the same.
const STEP: usize = 14;

pub(super) fn hold(world: &World) {
    each(&rows(), |row| check(world, row, &RESOLVER[0].to_string()));
}

pub(super) fn hold_on_connections(world: &World) {
    let some: Vec<Row> = rows().into_iter().step_by(STEP).collect();
    each(&some, |row| check(world, row, &format!("tcp://{}", RESOLVER[0])));
}

fn rows() -> Vec<Row> {
    [
        table::TOP,
        table::ALGORITHMS,
        table::DENIAL,
        table::KINDS,
        table::ALIASES,
        table::SHARED,
        table::INSECURE,
        table::BOGUS,
    ]
    .concat()
}

fn check(world: &World, row: &Row, resolver: &str) -> Result<(), String> {
    let theirs = by_unbound(world, row)?;
    let (walked, _) = by_urltrace(world, row);
    let anchor = world.anchor.display();
    let words =
        format!("dns --resolver {resolver} --trust-anchor {anchor} --type {} {}", row.rtype, row.name);
    let run = urltrace_at(world.internet.client(Access::Full), &words);
    let verdict = run.text("/dns/dnssec/verdict");
    let why = run.at("/dns/dnssec/why").as_str().unwrap_or_default();
    let mut faults = Vec::new();
    if verdict != word(row.verdict) || verdict != walked.verdict {
        faults.push(format!("{verdict}; the walk is {}, the table says {:?}", walked.verdict, row.verdict));
    }
    if let Verdict::Bogus(words) = row.verdict
        && !why.contains(words)
    {
        faults.push("the reason lacks the table's words".to_owned());
    }
    let claim = run.at("/dns/authenticated").as_bool();
    let (claimed, rcode) = match theirs.verdict.as_str() {
        "bogus" => (None, "SERVFAIL"),
        verdict => (Some(verdict == "secure"), theirs.rcode.as_str()),
    };
    if claim != claimed || run.text("/rcode") != rcode {
        let said = run.text("/rcode");
        faults.push(format!("AD {claim:?} and {said}, where unbound says {claimed:?} and {rcode}"));
    }
    if let Some(stray) = stray(&run) {
        faults.push(stray);
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("{} (why: {why})", faults.join("; "))) }
}

/// A packet that went elsewhere, or that was asked before the answer was there.
fn stray(run: &Run) -> Option<String> {
    let end = run.number("/dns/start_us") + run.number("/dns/duration_us");
    for purpose in ["walk", "stub", "ns-address", "priming"] {
        if !run.packets(purpose).is_empty() {
            return Some(format!("it sent packets for {purpose}"));
        }
    }
    for purpose in ["dnskey", "ds", "recheck"] {
        for packet in run.packets(purpose) {
            if packet.server() != RESOLVER[0] {
                return Some(format!("it asked {}", packet.server()));
            }
            if packet.us("sent_us").is_none_or(|sent| sent < end) {
                return Some(format!("a {purpose} packet was sent before the answer was there"));
            }
        }
    }
    None
}
