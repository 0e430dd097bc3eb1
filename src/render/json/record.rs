//! Views of records, of absences and of name servers: what packets, cuts and answers share.

use std::borrow::Cow;
use std::net::IpAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{AddressSource, NameServer, Negative, Record, RecordType};

/// One resource record.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct RecordView<'a> {
    /// Owner, with its final dot.
    name: &'a str,
    /// Type, by its IANA name.
    #[serde(rename = "type")]
    rtype: Cow<'static, str>,
    /// Time to live, in seconds.
    ttl: u32,
    /// Data in zone-file form.
    data: &'a str,
}

impl<'a> From<&'a Record> for RecordView<'a> {
    fn from(record: &'a Record) -> Self {
        Self { name: &record.name, rtype: record.rtype.mnemonic(), ttl: record.ttl, data: &record.data }
    }
}

/// A claimed absence.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct NegativeView<'a> {
    /// The zone that said so; null when the reply had no SOA, or one of another zone.
    zone: Option<&'a str>,
    /// The zone whose SOA came along although it has no say here; null where there was none.
    foreign_soa: Option<&'a str>,
    /// How long a resolver may remember it, in seconds (RFC 2308 section 5).
    ttl: Option<u32>,
    /// The type that is absent; null when the whole name is.
    #[serde(rename = "type")]
    rtype: Option<Cow<'static, str>>,
}

impl<'a> From<&'a Negative> for NegativeView<'a> {
    fn from(negative: &'a Negative) -> Self {
        Self {
            zone: negative.zone.as_deref(),
            foreign_soa: negative.foreign_soa.as_deref(),
            ttl: negative.ttl,
            rtype: negative.rtype.map(RecordType::mnemonic),
        }
    }
}

/// A name server of a cut.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct NameServerView<'a> {
    /// Its name.
    name: &'a str,
    /// Its addresses.
    addresses: Vec<ServerAddressView>,
}

impl<'a> From<&'a NameServer> for NameServerView<'a> {
    fn from(server: &'a NameServer) -> Self {
        let address = |(address, source): &(IpAddr, AddressSource)| ServerAddressView {
            address: address.to_string(),
            source: source.as_str(),
        };
        Self { name: &server.name, addresses: server.addresses.iter().map(address).collect() }
    }
}

/// An address of a name server and where it came from.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ServerAddressView {
    /// The address.
    address: String,
    /// Where it came from.
    #[cfg_attr(test, schemars(extend("enum" = ["hint", "glue-in-domain", "glue-sibling", "walk", "configured"])))]
    source: &'static str,
}
