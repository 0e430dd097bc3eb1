//! The lanes of the ladder diagram: the parties that took part, from this machine to the web server.

use crate::trace::{Hop, Packet, Proxy, Purpose};

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose it is.
    pub party: Party,
    /// Which of them: a zone, an address, a host; how many where several share it.
    pub name: String,
}

/// Whose a lane is, in the order of drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// This machine.
    Client,
    /// A recursive resolver: this machine's, or the one that was named.
    Resolver,
    /// The root's name servers.
    Root,
    /// The name servers of a top-level domain.
    Tld,
    /// The name servers of a zone below it.
    Authoritative,
    /// The proxy on the way to it.
    Proxy,
    /// The web server.
    Web,
}

impl Party {
    /// What textbooks call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Resolver => "resolver",
            Self::Root => "root",
            Self::Tld => "TLD",
            Self::Authoritative => "authoritative",
            Self::Proxy => "proxy",
            Self::Web => "web server",
        }
    }

    /// What several of them are called.
    const fn several(self) -> &'static str {
        match self {
            Self::Client => "clients",
            Self::Resolver => "resolvers",
            Self::Root => "roots",
            Self::Tld => "TLDs",
            Self::Authoritative => "zones",
            Self::Proxy => "proxies",
            Self::Web => "hosts",
        }
    }
}

/// A lane before it is known how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) Party, pub(super) String);

impl Peer {
    /// Whom a question goes to.
    pub(super) fn of_packet(packet: &Packet) -> Self {
        let resolver = matches!(packet.purpose, Purpose::Resolver | Purpose::Stub) || packet.zone.is_empty();
        if resolver {
            return Self(Party::Resolver, packet.server.ip().to_string());
        }
        let labels = packet.zone.trim_end_matches('.').split('.').filter(|label| !label.is_empty()).count();
        let party = match labels {
            0 => Party::Root,
            1 => Party::Tld,
            _ => Party::Authoritative,
        };
        // A zone is the same in any case of its letters.
        Self(party, packet.zone.to_ascii_lowercase())
    }

    /// Whom a connection is made to, where that is a proxy.
    pub(super) fn of_proxy(proxy: &Proxy) -> Self {
        Self(Party::Proxy, format!("{}:{}", proxy.host, proxy.port))
    }

    /// Whom a request goes to.
    pub(super) fn of_hop(hop: &Hop<'_>) -> Self {
        let port = if hop.url.port_is_default { String::new() } else { format!(":{}", hop.url.port) };
        Self(Party::Web, format!("{}{port}", hop.url.host_ascii))
    }
}

/// The lanes for the peers that took part, and the place of each peer among them. A party has `most` lanes at
/// the most; the last of them is shared by all that are left.
pub(super) fn lanes(peers: &[Peer], most: usize) -> (Vec<Lane>, Vec<usize>) {
    let mut lanes = vec![Lane { party: Party::Client, name: "this machine".to_owned() }];
    let mut places = vec![0; peers.len()];
    for party in [Party::Resolver, Party::Root, Party::Tld, Party::Authoritative, Party::Proxy, Party::Web] {
        let mut names: Vec<&str> = Vec::new();
        for Peer(_, name) in peers.iter().filter(|peer| peer.0 == party) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let first = lanes.len();
        let alone = if names.len() > most { most.saturating_sub(1) } else { names.len() };
        lanes.extend(names[..alone].iter().map(|name| Lane { party, name: (*name).to_owned() }));
        if alone < names.len() {
            lanes.push(Lane { party, name: format!("{} {}", names.len() - alone, party.several()) });
        }
        for (peer, place) in peers.iter().zip(&mut places).filter(|(peer, _)| peer.0 == party) {
            let index = names.iter().position(|name| *name == peer.1).unwrap_or(0);
            *place = first + index.min(alone);
        }
    }
    (lanes, places)
}
