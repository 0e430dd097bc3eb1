//! Views of what other servers said once the answer was there.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::connect::family;
use super::dns::RecordView;
use super::us;
use crate::trace::{Rcode, ServerCheck, ServerFault};

/// What one address of a name server said.
#[derive(Serialize, JsonSchema)]
pub(super) struct ServerCheckView<'a> {
    /// The server's name.
    name: &'a str,
    /// Its address.
    address: String,
    /// Its port.
    port: u16,
    /// The address's family.
    #[schemars(extend("enum" = ["ipv4", "ipv6"]))]
    family: &'static str,
    /// Where the address came from.
    #[schemars(extend("enum" = ["hint", "glue-in-domain", "glue-sibling", "walk", "configured"]))]
    source: &'static str,
    /// Whether anything at all came back.
    reachable: bool,
    /// Round trip of the question for the SOA, by UDP.
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
    /// What is wrong, or differs from the other servers: `unreachable`, `lame`, `serial-differs`,
    /// `answer-differs`, `no-edns`, `no-tcp`.
    faults: Vec<&'static str>,
    /// Ids of the packets of it all.
    packets: &'a [usize],
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
        }
    }
}
