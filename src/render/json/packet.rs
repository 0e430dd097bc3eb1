//! View of one DNS packet.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::connect::family;
use super::micros::us;
use super::record::{NameServerView, NegativeView, RecordView};
use crate::explain::dns_error;
use crate::render::words;
use crate::trace::{ConnectionUse, Edns, Meaning, Packet, Stray};

/// One question sent to one server, and what came of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct PacketView<'a> {
    /// Its index in the list.
    id: usize,
    /// The packet whose reply made this one needed.
    parent: Option<usize>,
    /// What it was for.
    #[cfg_attr(test, schemars(extend("enum" = ["walk", "ns-address", "priming", "stub", "resolver", "all-servers", "bootstrap", "propagation", "dnskey", "ds", "recheck"])))]
    purpose: &'static str,
    /// The zone the server was asked as a server of; empty for a resolver.
    zone: &'a str,
    /// Name asked.
    qname: &'a str,
    /// Type asked.
    qtype: Cow<'static, str>,
    /// Who was asked.
    server: ServerView<'a>,
    /// Why this server and this form.
    #[cfg_attr(test, schemars(extend("enum" = ["first", "fastest", "hedge", "next-after-failure", "truncated", "without-options", "without-edns", "again", "case-mismatch", "plain-case", "udp-blocked", "wrong-source", "connection-ended"])))]
    chosen: &'static str,
    /// How it travelled.
    #[cfg_attr(test, schemars(extend("enum" = ["udp", "tcp", "tls", "https", "quic"])))]
    transport: &'static str,
    /// Whether the question carried EDNS.
    edns: bool,
    /// Whether it asked for the server's identity (NSID), the EDNS option that urltrace sends.
    nsid_asked: bool,
    /// In which case its name was written: as it is, or each letter in a case drawn by lot (0x20).
    #[cfg_attr(test, schemars(extend("enum" = ["plain", "random"])))]
    case: &'static str,
    /// The connection it went out on: made for this question, or kept from an earlier one of this
    /// run. Null by UDP.
    #[cfg_attr(test, schemars(extend("enum" = ["opened", "kept", null])))]
    connection: Option<&'static str>,
    /// UDP: handed to the kernel. A connection opened for it: the connect was started. A kept one:
    /// the question was written.
    sent_us: u64,
    /// The connection made for this question was ready (TCP, then TLS; or QUIC), the question was
    /// written. Null by UDP, and on a connection that was there already.
    connected_us: Option<u64>,
    /// TLS and HTTPS: TCP was up and TLS was begun.
    tcp_done_us: Option<u64>,
    /// The reply was there.
    received_us: Option<u64>,
    /// When waiting for it ended.
    end_us: u64,
    /// From the question's leaving to the reply, without the connection's set-up.
    rtt_us: Option<u64>,
    /// Bytes of the question.
    bytes_sent: usize,
    /// Bytes of the reply.
    bytes_received: Option<usize>,
    /// Datagrams dropped while waiting: wrong source, wrong id, wrong question, no reply.
    dropped: u32,
    /// The same, by kind.
    dropped_kinds: Vec<DroppedView>,
    /// The reply's response code by its IANA name.
    rcode: Option<Cow<'static, str>>,
    /// The reply's flags that were set: `aa`, `tc`, `rd`, `ra`, `ad`.
    flags: Option<Vec<&'static str>>,
    /// Records in the reply's sections.
    counts: Option<CountsView>,
    /// The server's identity (RFC 5001).
    nsid: Option<NsidView>,
    /// Extended DNS errors (RFC 8914).
    extended_errors: Vec<ExtendedErrorView<'a>>,
    /// What it meant for the walk.
    #[cfg_attr(test, schemars(extend("enum" = ["answer", "cname", "yxdomain", "referral", "nodata", "nxdomain", "truncated", "edns-refused", "edns-options-refused", "case-changed", "refused", "server-failure", "upward-referral", "lame", "malformed", "wrong-source", "timeout", "error", "superseded"])))]
    meaning: &'static str,
    /// The same in a few words for people.
    detail: String,
    /// Records of an answer or of an alias chain.
    records: Vec<RecordView<'a>>,
    /// Where a referral leads.
    referral: Option<ReferralView<'a>>,
    /// Who said that it does not exist.
    negative: Option<NegativeView<'a>>,
    /// Why the server's reply was of no use.
    reason: Option<String>,
    /// Records that the server has no say over: not believed, and not used.
    offered_not_trusted: Vec<RecordView<'a>>,
    /// The UDP size of the reply's OPT record; null without one.
    edns_size: Option<u16>,
    /// What `meaning` says more, beside `records`, `referral` and `negative`; null where that is nothing.
    particulars: Option<PacketParticularsView<'a>>,
}

impl<'a> PacketView<'a> {
    pub(super) fn new(id: usize, packet: &'a Packet) -> Self {
        let reply = packet.reply.as_ref();
        let records = match &packet.meaning {
            Meaning::Answer { records } | Meaning::Cname { records, .. } | Meaning::Yxdomain { records } => {
                &records[..]
            }
            _ => &[],
        };
        let errors = reply.map_or(&[][..], |reply| &reply.extended_errors);
        Self {
            id,
            parent: packet.parent,
            purpose: packet.purpose.as_str(),
            zone: &packet.zone,
            qname: &packet.qname,
            qtype: packet.qtype.mnemonic(),
            server: packet.into(),
            chosen: packet.chosen.as_str(),
            transport: packet.transport.as_str(),
            edns: packet.edns.is_some(),
            nsid_asked: packet.edns == Edns::Full,
            case: packet.spelling.as_str(),
            connection: packet.connection.map(ConnectionUse::as_str),
            sent_us: packet.sent.0,
            connected_us: packet.connected.map(|at| at.0),
            tcp_done_us: packet.tcp_done.map(|at| at.0),
            received_us: packet.received.map(|at| at.0),
            end_us: packet.end.0,
            rtt_us: packet.received.map(|at| us(at.since(packet.connected.unwrap_or(packet.sent)))),
            bytes_sent: packet.bytes_sent,
            bytes_received: packet.bytes_received,
            dropped: packet.dropped,
            dropped_kinds: packet.dropped_kinds.iter().map(Into::into).collect(),
            rcode: reply.map(|reply| reply.rcode.mnemonic()),
            flags: reply.map(words::flags),
            counts: reply.map(|reply| CountsView {
                answer: reply.answers,
                authority: reply.authorities,
                additional: reply.additionals,
            }),
            nsid: reply.and_then(|reply| reply.nsid.as_deref()).map(|nsid| NsidView {
                hex: HEXLOWER.encode(nsid),
                text: String::from_utf8_lossy(nsid).into_owned(),
            }),
            extended_errors: errors.iter().map(Into::into).collect(),
            meaning: packet.meaning.as_str(),
            detail: words::meaning(packet),
            records: records.iter().map(Into::into).collect(),
            referral: match &packet.meaning {
                Meaning::Referral { cut, servers, glue, ignored, named } => Some(ReferralView {
                    cut,
                    servers: servers.iter().map(Into::into).collect(),
                    glue: *glue,
                    ignored: *ignored,
                    named: *named,
                }),
                _ => None,
            },
            negative: match &packet.meaning {
                Meaning::NoData(negative) | Meaning::NxDomain(negative) => Some(negative.into()),
                _ => None,
            },
            reason: words::reason(packet),
            offered_not_trusted: packet.untrusted.iter().map(Into::into).collect(),
            edns_size: reply.and_then(|reply| reply.edns_size),
            particulars: PacketParticularsView::of(&packet.meaning),
        }
    }
}

/// The server that a packet was sent to.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ServerView<'a> {
    /// Its name; null for a resolver.
    name: Option<&'a str>,
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
}

impl<'a> From<&'a Packet> for ServerView<'a> {
    fn from(packet: &'a Packet) -> Self {
        Self {
            name: packet.server_name.as_deref(),
            address: packet.server.ip().to_string(),
            port: packet.server.port(),
            family: family(packet.server),
            source: packet.source.as_str(),
        }
    }
}

/// Datagrams that were dropped for one reason.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct DroppedView {
    /// What made them no reply to the question.
    #[cfg_attr(test, schemars(extend("enum" = ["wrong-id", "no-question", "wrong-question", "not-a-reply", "wrong-operation", "wrong-source"])))]
    kind: &'static str,
    /// How many.
    count: u32,
}

impl From<&(Stray, u32)> for DroppedView {
    fn from((kind, count): &(Stray, u32)) -> Self {
        Self { kind: kind.as_str(), count: *count }
    }
}

/// Records in the sections of a reply, OPT not counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CountsView {
    /// Answer section.
    answer: usize,
    /// Authority section.
    authority: usize,
    /// Additional section.
    additional: usize,
}

/// A server's identity.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct NsidView {
    /// As sent, in hexadecimal.
    hex: String,
    /// As text, with U+FFFD for what is not UTF-8.
    text: String,
}

/// An extended DNS error.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ExtendedErrorView<'a> {
    /// Its code.
    code: u16,
    /// Its registered name.
    name: &'static str,
    /// The server's own words.
    text: &'a str,
}

/// What a meaning says more than its word. Of these at most one is there.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct PacketParticularsView<'a> {
    /// `cname`: where the chain of aliases ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    /// `upward-referral`: the zone that it refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    /// `lame`: always true, where that is an answer without authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_authority: Option<bool>,
    /// `wrong-source`: where the reply came from, as `address:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// `error`: what ended the waiting, where that was not the server's doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["interrupt", "max-time", "part", "dns-limit"])))]
    stopped_by: Option<&'static str>,
}

impl<'a> PacketParticularsView<'a> {
    fn of(meaning: &'a Meaning) -> Option<Self> {
        let none = Self::default();
        Some(match meaning {
            Meaning::Cname { target, .. } => Self { target: Some(target), ..none },
            Meaning::UpwardReferral { to } => Self { zone: Some(to), ..none },
            Meaning::NonAuthoritative => Self { without_authority: Some(true), ..none },
            Meaning::WrongSource { from } => Self { from: Some(from.to_string()), ..none },
            Meaning::Stopped(by) => Self { stopped_by: Some(by.as_str()), ..none },
            _ => return None,
        })
    }
}

impl<'a> From<&'a (u16, String)> for ExtendedErrorView<'a> {
    fn from((code, text): &'a (u16, String)) -> Self {
        Self { code: *code, name: dns_error::name(*code), text }
    }
}

/// Where a referral leads.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ReferralView<'a> {
    /// The deeper zone.
    cut: &'a str,
    /// Its servers, with the glue that was believed.
    servers: Vec<NameServerView<'a>>,
    /// How many addresses came with it and were believed.
    glue: usize,
    /// Addresses that came with it and were not believed.
    ignored: usize,
    /// How many servers it named; only the first 32 are used.
    named: usize,
}
