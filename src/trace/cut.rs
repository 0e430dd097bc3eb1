//! Zone cuts: the zones on the way and the servers that serve them.

use std::net::IpAddr;

/// A zone cut: a zone and the servers that were said to serve it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The zone, with its final dot.
    pub zone: String,
    /// Its name servers as the parent gave them.
    pub servers: Vec<NameServer>,
    /// Addresses of them that nobody on the Internet can be asked at, such as 127.0.0.1: no packet went there.
    pub not_asked: Vec<NameServer>,
    /// The packet whose reply told of it; `None` for the root hints.
    pub learned_from: Option<usize>,
    /// True when an earlier question of this run had found it already.
    pub cached: bool,
    /// Time to live of the parent's NS records, in seconds; `None` for the root.
    pub ttl: Option<u32>,
    /// What the zone itself says of its servers, where a reply told it unasked.
    pub child: Option<ChildSide>,
}

/// Name servers of one zone that are kept, of the parent's list and of the zone's own.
pub const MAX_SERVERS: usize = 32;
/// Addresses in a zone's own word that are kept.
pub const MAX_SERVER_ADDRESSES: usize = 64;

/// The zone's own word about its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSide {
    /// The packet whose reply told it; `None` when that was an earlier question of this run.
    pub told_by: Option<usize>,
    /// Names of the servers, with their final dots.
    pub servers: Vec<String>,
    /// Addresses of servers that came along: name and address.
    pub addresses: Vec<(String, IpAddr)>,
    /// Time to live of the NS records, in seconds.
    pub ttl: u32,
}

/// A name server of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its name, with its final dot.
    pub name: String,
    /// Its addresses and where they came from.
    pub addresses: Vec<(IpAddr, AddressSource)>,
}

/// Where a name server's address came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressSource {
    /// The root hints.
    Hint,
    /// Glue below the new cut.
    GlueInDomain,
    /// Glue inside the asked zone, beside the new cut (or in the parent itself).
    GlueSibling,
    /// Our own walk for the server's name.
    Walk,
    /// The configuration (resolv.conf, `--resolver`).
    Configured,
}

impl AddressSource {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::GlueInDomain => "glue-in-domain",
            Self::GlueSibling => "glue-sibling",
            Self::Walk => "walk",
            Self::Configured => "configured",
        }
    }
}
