//! What a run has learned of this host's network: whether UDP comes back, which family has a route.

/// What is known of UDP to port 53 from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Udp {
    Unknown,
    Works,
    /// No reply came, and TCP works.
    Blocked,
}

/// What is known of the way out for one address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Unknown,
    /// A datagram has left: what cannot be reached is a single address.
    There,
    /// None was sent, and the machine knew no way for the first one.
    None,
}
