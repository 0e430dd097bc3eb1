//! The model of `--route`: the routers between this machine and a connected address, as far as they told of
//! themselves when the trace had ended. Not the forwarding path of any one packet: each probe has a port of its own.

use std::net::IpAddr;
use std::time::Duration;

/// The path to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// A hop for each TTL from 1 to the last that was waited for.
    pub hops: Vec<RouteHop>,
    /// How it ended.
    pub end: RouteEnd,
}

/// What came of the probes of one TTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteHop {
    /// The TTL (IPv6: hop limit) that they left with.
    pub ttl: u8,
    /// Who answered most of them; `None` where nobody did.
    pub address: Option<IpAddr>,
    /// Who else did: another path of a balanced network.
    pub others: Vec<IpAddr>,
    /// The name of `address` by reverse lookup.
    pub name: Option<String>,
    /// The least round trip.
    pub rtt: Option<Duration>,
    /// Probes whose answer was waited for.
    pub sent: u8,
    /// Those that were answered.
    pub answered: u8,
    /// What the answers said.
    pub answer: Option<RouteAnswer>,
}

/// What the answer to a probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteAnswer {
    /// ICMP time exceeded (RFC 792, RFC 4443 §3.3): a router on the way.
    TimeExceeded,
    /// ICMP destination unreachable: the way ends there.
    Unreachable,
    /// The address itself: SYN and ACK, or RST; by UDP a datagram, or its ICMP.
    Reached,
}

/// How a path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteEnd {
    /// At the address.
    Reached,
    /// At a router that says there is no way on, or none that is allowed.
    Unreachable,
    /// The most hops that are tried had passed.
    TooFar,
    /// The run was over, or the time for it.
    Stopped,
    /// This system could not send the probes.
    Failed(String),
    /// Nothing was sent.
    Untraced(&'static str),
}

impl RouteAnswer {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimeExceeded => "time-exceeded",
            Self::Unreachable => "unreachable",
            Self::Reached => "reached",
        }
    }
}

impl RouteEnd {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Unreachable => "unreachable",
            Self::TooFar => "too-far",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
            Self::Untraced(_) => "untraced",
        }
    }

    /// Why there is no path, or not all of it.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Failed(words) => Some(words),
            Self::Untraced(why) => Some(why),
            Self::Reached | Self::Unreachable | Self::TooFar | Self::Stopped => None,
        }
    }
}

impl Route {
    /// A path that nothing was sent for.
    #[must_use]
    pub const fn untraced(why: &'static str) -> Self {
        Self { hops: Vec::new(), end: RouteEnd::Untraced(why) }
    }

    /// The hop of the address itself.
    #[must_use]
    pub fn target(&self) -> Option<&RouteHop> {
        self.hops.last().filter(|hop| hop.answer == Some(RouteAnswer::Reached))
    }

    /// The hops that did not answer every probe, or none, while all probes came through to one behind them: what is
    /// missing there are answers, and no packets of the connection. Routers send few of them (RFC 1812 §4.3.2.8).
    pub fn sparing(&self) -> impl Iterator<Item = &RouteHop> {
        let whole = self.hops.iter().rposition(|hop| hop.sent > 0 && hop.answered == hop.sent);
        self.hops[..whole.unwrap_or(0)].iter().filter(|hop| hop.answered < hop.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(ttl: u8, answered: u8) -> RouteHop {
        let address = (answered > 0).then(|| IpAddr::from([192, 0, 2, ttl]));
        let (others, rtt, answer) = (Vec::new(), None, None);
        RouteHop { ttl, address, others, name: None, rtt, sent: 3, answered, answer }
    }

    #[test]
    fn loss_counts_as_a_routers_sparing_only_where_a_later_hop_has_none() {
        let sparing = |answered: &[u8]| {
            let hops = (1..).zip(answered).map(|(ttl, answered)| hop(ttl, *answered)).collect();
            Route { hops, end: RouteEnd::Reached }.sparing().map(|hop| hop.ttl).collect::<Vec<_>>()
        };
        assert_eq!(sparing(&[3, 1, 0, 3]), [2, 3]);
        assert_eq!(sparing(&[3, 2, 2, 2]), [0_u8; 0], "it may be loss on the way");
        assert_eq!(sparing(&[1, 3, 2]), [1]);
        assert_eq!(sparing(&[]), [0_u8; 0]);
    }
}
