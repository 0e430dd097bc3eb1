//! View of a host's HTTPS records (RFC 9460).

use std::net::IpAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{ServiceBinding, ServiceEndpoint, ServiceRecord};

/// The HTTPS records of an origin, and what was made of them.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ServiceView<'a> {
    /// The name asked: the host, behind `_port._https.` when the port is not the default one.
    name: &'a str,
    /// AliasMode records that were followed.
    aliases: Vec<AliasView<'a>>,
    /// How the endpoint at their end failed when it was tried.
    alias_failed: Option<&'a str>,
    /// ServiceMode records, the best priority first.
    records: Vec<ServiceRecordView<'a>>,
    /// Index of the record whose target and port are used; null where none is, and the host's own address
    /// and port are (or those that its aliases lead to).
    used: Option<usize>,
    /// The endpoints in the order in which they are tried (RFC 9460 section 3), the host's own last; none when only that is
    /// left.
    endpoints: Vec<EndpointView>,
}

/// Where a service may be reached.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct EndpointView {
    /// Who says so: a record, the aliases at whose end it stands, or the URL itself.
    #[cfg_attr(test, schemars(extend("enum" = ["record", "aliases", "host"])))]
    source: &'static str,
    /// Index of the record.
    record: Option<usize>,
    /// The record's port; null for that of the URL.
    port: Option<u16>,
    /// The addresses of its target.
    addresses: Vec<String>,
}

impl From<&ServiceEndpoint> for EndpointView {
    fn from(endpoint: &ServiceEndpoint) -> Self {
        let ServiceEndpoint { source, port, addresses } = endpoint;
        Self {
            source: source.as_str(),
            record: source.record(),
            port: *port,
            addresses: addresses.iter().map(IpAddr::to_string).collect(),
        }
    }
}

impl<'a> From<&'a ServiceBinding> for ServiceView<'a> {
    fn from(binding: &'a ServiceBinding) -> Self {
        let alias = |(owner, target): &'a (String, String)| AliasView { owner, target };
        Self {
            name: &binding.name,
            aliases: binding.aliases.iter().map(alias).collect(),
            alias_failed: binding.alias_failed.as_deref(),
            records: binding.records.iter().map(Into::into).collect(),
            used: binding.used,
            endpoints: binding.endpoints.iter().map(Into::into).collect(),
        }
    }
}

/// A record in AliasMode.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AliasView<'a> {
    /// Its owner.
    owner: &'a str,
    /// Where it leads.
    target: &'a str,
}

/// A record in ServiceMode.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ServiceRecordView<'a> {
    /// Its owner.
    owner: &'a str,
    /// SvcPriority: the lowest is preferred.
    priority: u16,
    /// The effective target: the owner where the record says `.`.
    target: &'a str,
    /// Time to live, in seconds.
    ttl: u32,
    /// `alpn`, as listed.
    alpn: &'a [String],
    /// Whether HTTP/1.1 is offered though not listed.
    default_alpn: bool,
    /// `port`; null when it is the URL's.
    port: Option<u16>,
    /// `ipv4hint` and `ipv6hint`.
    hints: Vec<String>,
    /// Whether it carries an ECH configuration.
    ech: bool,
    /// Keys that a client must understand.
    mandatory: &'a [String],
    /// Why it cannot be used here.
    ignored: Option<&'a str>,
    /// How its endpoint failed when it was tried; null where it was not tried or did not fail.
    failed: Option<&'a str>,
}

impl<'a> From<&'a ServiceRecord> for ServiceRecordView<'a> {
    fn from(record: &'a ServiceRecord) -> Self {
        Self {
            owner: &record.owner,
            priority: record.priority,
            target: &record.target,
            ttl: record.ttl,
            alpn: &record.alpn,
            default_alpn: record.default_alpn,
            port: record.port,
            hints: record.hints.iter().map(IpAddr::to_string).collect(),
            ech: record.ech,
            mandatory: &record.mandatory,
            ignored: record.ignored.as_deref(),
            failed: record.failed.as_deref(),
        }
    }
}
