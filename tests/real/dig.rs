//! `dig` as the oracle for DNS: what an authoritative server says when it is asked without recursion.

use std::net::IpAddr;

use crate::net::Client;
use crate::tools::{program, run_at};

/// A record as `dig` prints it and as urltrace's JSON has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) rtype: String,
    pub(crate) ttl: u64,
    pub(crate) data: String,
}

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) rcode: String,
    pub(crate) authoritative: bool,
    /// AD: a resolver has validated it (RFC 4035 §3.2.3).
    pub(crate) authentic: bool,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
}

impl Reply {
    /// The answer, sorted.
    pub(crate) fn answers(&self) -> Vec<Record> {
        let mut records = self.answer.clone();
        records.sort();
        records
    }

    /// The zone of a negative reply and how long the absence may be kept (RFC 2308 §5).
    pub(crate) fn negative(&self) -> (String, u64) {
        let soa =
            self.authority.iter().find(|record| record.rtype == "SOA").expect("a negative reply has an SOA");
        let minimum = soa.data.rsplit(' ').next().unwrap().parse().unwrap();
        (soa.name.clone(), soa.ttl.min(minimum))
    }
}

/// Asks; `None` when no reply came.
pub(crate) fn try_dig(client: &Client, server: IpAddr, name: &str, rtype: &str) -> Option<Reply> {
    ask(client, server, name, rtype, &["+norecurse", "+time=1", "+tries=1"])
}

/// Asks a resolver that validates, with DO; `checking` off (CD) gets what it could not validate, too.
pub(crate) fn resolve(
    client: &Client,
    server: IpAddr,
    name: &str,
    rtype: &str,
    checking: Checking,
) -> Option<Reply> {
    let cd = match checking {
        Checking::On => "+nocdflag",
        Checking::Off => "+cdflag",
    };
    ask(client, server, name, rtype, &["+dnssec", cd, "+time=10", "+tries=1"])
}

/// Whether a resolver is to validate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checking {
    On,
    Off,
}

fn ask(client: &Client, server: IpAddr, name: &str, rtype: &str, plus: &[&str]) -> Option<Reply> {
    let server = format!("@{server}");
    // `-r`: no ~/.digrc.
    let mut words = vec!["-r", server.as_str(), "-q", name, "-t", rtype];
    if rtype.starts_with("TYPE") {
        // RFC 3597 §5: a type that is asked for by its number has its data in hexadecimal digits.
        words.push("+unknownformat");
    }
    words.extend(["+noall", "+comments", "+answer", "+authority"]);
    words.extend(plus);
    let output = run_at(client, &program("dig"), &words);
    parse(&output.stdout)
}

/// Asks a server that has to reply.
pub(crate) fn dig(client: &Client, server: IpAddr, name: &str, rtype: &str) -> Reply {
    try_dig(client, server, name, rtype).unwrap_or_else(|| panic!("dig @{server} {name} {rtype}: no reply"))
}

fn parse(text: &str) -> Option<Reply> {
    let mut reply = Reply {
        rcode: String::new(),
        authoritative: false,
        authentic: false,
        answer: Vec::new(),
        authority: Vec::new(),
    };
    let mut section = "";
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("status: ") {
            reply.rcode = rest.split(',').next()?.to_owned();
        } else if let Some(rest) = line.strip_prefix(";; flags: ") {
            let flags: Vec<&str> = rest.split(';').next()?.split(' ').collect();
            (reply.authoritative, reply.authentic) = (flags.contains(&"aa"), flags.contains(&"ad"));
        } else if let Some(rest) = line.strip_prefix(";; ") {
            section = rest;
        } else if let Some(record) = record(line) {
            match section {
                "ANSWER SECTION:" => reply.answer.push(record),
                "AUTHORITY SECTION:" => reply.authority.push(record),
                _ => {}
            }
        }
    }
    (!reply.rcode.is_empty()).then_some(reply)
}

/// `name ttl class type data`, apart by spaces or tabs; only the data may hold any itself.
fn record(line: &str) -> Option<Record> {
    if line.starts_with(';') {
        return None;
    }
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.split_once(|c: char| c.is_ascii_whitespace())?;
        rest = after.trim_start();
        Some(word.to_owned())
    };
    let (name, ttl, _class, rtype) = (word()?, word()?, word()?, word()?);
    Some(Record { name, ttl: ttl.parse().ok()?, rtype, data: rest.to_owned() })
}
