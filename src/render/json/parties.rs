//! The hosts that serve a page, each and by party.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading::{HostShare, Party};

/// What a page takes from a host.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct HostShareView<'a> {
    /// The host.
    host: &'a str,
    /// The registered name that it belongs to, by the Public Suffix List; the host itself where it has none.
    site: String,
    /// How it stands to the document: its own host, another of its site, or somebody else's.
    #[cfg_attr(test, schemars(extend("enum" = ["first", "second", "third"])))]
    party: &'static str,
    /// Requests to it, redirects included.
    requests: usize,
    /// Those that came to no response.
    failed: usize,
    /// Connections that these used.
    connections: usize,
    /// Bytes of the responses' bodies on the wire.
    wire_bytes: u64,
}

/// What a page takes from a party.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct PartyView {
    /// Which.
    #[cfg_attr(test, schemars(extend("enum" = ["first", "second", "third"])))]
    party: &'static str,
    /// Its hosts.
    hosts: usize,
    /// Requests to these.
    requests: usize,
    /// Bytes of the responses' bodies on the wire.
    wire_bytes: u64,
}

/// The parties that there are.
pub(super) fn parties(hosts: &[HostShare<'_>]) -> Vec<PartyView> {
    let of = |party: &Party| {
        let own: Vec<&HostShare<'_>> = hosts.iter().filter(|share| share.party == *party).collect();
        (!own.is_empty()).then(|| PartyView {
            party: party.as_str(),
            hosts: own.len(),
            requests: own.iter().map(|share| share.requests).sum(),
            wire_bytes: own.iter().map(|share| share.wire_bytes).sum(),
        })
    };
    Party::ALL.iter().filter_map(of).collect()
}

impl<'a> From<HostShare<'a>> for HostShareView<'a> {
    fn from(share: HostShare<'a>) -> Self {
        let HostShare { host, site, party, requests, failed, connections, wire_bytes } = share;
        Self { host, site, party: party.as_str(), requests, failed, connections, wire_bytes }
    }
}
