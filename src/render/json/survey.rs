//! Views of what other servers said once the answer was there.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::connect::family;
use super::micros::us;
use super::record::RecordView;
use crate::trace::{Copied, Propagation, Rcode, ServerCheck, ServerFault, SystemFiles, UnfoundServer};

/// What one address of a name server said.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ServerCheckView<'a> {
    /// The server's name.
    name: &'a str,
    /// Its address.
    address: String,
    /// Its port.
    port: u16,
    /// The address's family.
    #[cfg_attr(test, schemars(extend("enum" = ["ipv4", "ipv6"])))]
    family: &'static str,
    /// Where the address came from.
    #[cfg_attr(test, schemars(extend("enum" = ["hint", "glue-in-domain", "glue-sibling", "walk", "configured"])))]
    source: &'static str,
    /// Whether anything at all came back.
    reachable: bool,
    /// Round trip of the question for the SOA, by UDP; by TCP where UDP is blocked from here.
    rtt_us: Option<u64>,
    /// The response code to the question itself.
    rcode: Option<Cow<'static, str>>,
    /// Whether it answered for the zone with authority.
    authoritative: Option<bool>,
    /// The SOA's serial.
    serial: Option<u32>,
    /// Its answer to the question.
    answers: Vec<RecordView<'a>>,
    /// Whether it speaks EDNS.
    edns: Option<bool>,
    /// Whether it answers by TCP.
    tcp: Option<bool>,
    /// What is wrong, or differs from the other servers: `unreachable`, `lame`, `unreadable`, `serial-differs`,
    /// `answer-differs`, `no-edns`, `edns-dropped` (no answer with EDNS, one without), `no-udp`, `no-tcp`.
    #[cfg_attr(test, schemars(extend("items" = { "type": "string", "enum": ["unreachable", "lame", "unreadable", "serial-differs", "answer-differs", "no-edns", "edns-dropped", "no-udp", "no-tcp"] })))]
    faults: Vec<&'static str>,
    /// Ids of the packets of it all.
    packets: &'a [usize],
    /// What each of `faults` says more: the reason, what it did instead, the newest serial; null where there is no more.
    fault_details: Vec<Option<String>>,
}

impl<'a> From<&'a ServerCheck> for ServerCheckView<'a> {
    fn from(check: &'a ServerCheck) -> Self {
        Self {
            name: &check.name,
            address: check.address.ip().to_string(),
            port: check.address.port(),
            family: family(check.address),
            source: check.source.as_str(),
            reachable: check.reachable,
            rtt_us: check.rtt.map(us),
            rcode: check.rcode.map(Rcode::mnemonic),
            authoritative: check.authoritative,
            serial: check.serial,
            answers: check.answers.iter().map(Into::into).collect(),
            edns: check.edns,
            tcp: check.tcp,
            faults: check.faults.iter().map(ServerFault::as_str).collect(),
            packets: &check.packets,
            fault_details: check.faults.iter().map(detail).collect(),
        }
    }
}

/// What a fault says more than its word.
fn detail(fault: &ServerFault) -> Option<String> {
    match fault {
        ServerFault::Unreachable(words)
        | ServerFault::Lame(words)
        | ServerFault::Unreadable(words)
        | ServerFault::NoUdp(words) => Some(words.clone()),
        ServerFault::SerialDiffers { newest } => Some(newest.to_string()),
        ServerFault::AnswerDiffers | ServerFault::NoEdns | ServerFault::EdnsDropped | ServerFault::NoTcp => {
            None
        }
    }
}

/// A server of a zone that has no address to be asked at.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct UnfoundServerView<'a> {
    /// The server's name.
    name: &'a str,
    /// Why its address was not found.
    why: &'a str,
}

impl<'a> From<&'a UnfoundServer> for UnfoundServerView<'a> {
    fn from(server: &'a UnfoundServer) -> Self {
        Self { name: &server.name, why: &server.why }
    }
}

/// Who has which copy of the answer.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct PropagationView<'a> {
    /// The type that was asked for.
    #[serde(rename = "type")]
    rtype: Cow<'static, str>,
    /// Everybody who was asked.
    copies: Vec<CopyView<'a>>,
    /// In so many seconds the last copy that differs from the authority has run out; null when none does.
    stale_for_s: Option<u32>,
    /// What follows, in sentences.
    advice: &'a [String],
}

impl<'a> From<&'a Propagation> for PropagationView<'a> {
    fn from(propagation: &'a Propagation) -> Self {
        Self {
            rtype: propagation.rtype.mnemonic(),
            copies: propagation.copies.iter().map(Into::into).collect(),
            stale_for_s: propagation.stale_for,
            advice: &propagation.advice,
        }
    }
}

/// What one server or resolver has.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CopyView<'a> {
    /// Whose it is.
    #[cfg_attr(test, schemars(extend("enum" = ["authority", "configured", "public"])))]
    keeper: &'static str,
    /// The server's or the resolver's name.
    name: Option<&'a str>,
    /// Its address.
    address: String,
    /// Its port.
    port: u16,
    /// Its response code.
    rcode: Option<Cow<'static, str>>,
    /// Its answer: aliases, then records.
    answers: Vec<RecordView<'a>>,
    /// The time its answer has left, in seconds; of an absence, too.
    ttl: Option<u32>,
    /// The round trip.
    rtt_us: Option<u64>,
    /// Whether it is what the counted lane found; null when there is nothing to compare.
    agrees: Option<bool>,
    /// Why there is no answer.
    error: Option<&'a str>,
    /// Ids of its packets.
    packets: &'a [usize],
}

impl<'a> From<&'a Copied> for CopyView<'a> {
    fn from(copy: &'a Copied) -> Self {
        Self {
            keeper: copy.keeper.as_str(),
            name: copy.name.as_deref(),
            address: copy.address.ip().to_string(),
            port: copy.address.port(),
            rcode: copy.rcode.map(Rcode::mnemonic),
            answers: copy.answers.iter().map(Into::into).collect(),
            ttl: copy.ttl,
            rtt_us: copy.rtt.map(us),
            agrees: copy.agrees,
            error: copy.error.as_deref(),
            packets: &copy.packets,
        }
    }
}

/// What this machine's own files say of the name. The walk heeds none of them.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SystemView<'a> {
    /// The hosts file.
    hosts_file: &'a str,
    /// Addresses it has for the name.
    addresses: Vec<String>,
    /// The order of sources that nsswitch.conf has for hosts.
    order: Option<&'a str>,
}

impl<'a> From<&'a SystemFiles> for SystemView<'a> {
    fn from(files: &'a SystemFiles) -> Self {
        Self {
            hosts_file: &files.hosts_file,
            addresses: files.addresses.iter().map(ToString::to_string).collect(),
            order: files.order.as_deref(),
        }
    }
}
