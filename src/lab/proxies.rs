//! The lab's proxies: name, address, and how each behaves. A table.

use std::net::{IpAddr, Ipv4Addr};

/// One proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proxy {
    /// Its name, without final dot.
    pub(super) host: &'static str,
    /// The last byte of its address.
    last: u8,
    pub(super) conduct: Conduct,
    pub(super) speaks: Speaks,
}

/// What a proxy is spoken to over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Clear,
    Tls,
}

/// What a proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduct {
    /// It is an HTTP proxy for everybody, and takes its time over a tunnel.
    Http,
    /// It wants `lab:secret`.
    Password,
    /// It allows no tunnel.
    Refuses,
    /// It says that the target does not answer.
    Unable,
    /// It speaks SOCKS 5.
    Socks,
}

/// Every proxy. All listen on one port.
pub(super) const PROXIES: &[Proxy] = &[
    Proxy::new("proxy.http.test", 1, Conduct::Http),
    Proxy::new("proxy-407.http.test", 2, Conduct::Password),
    Proxy::new("proxy-403.http.test", 3, Conduct::Refuses),
    Proxy::new("proxy-504.http.test", 4, Conduct::Unable),
    Proxy::new("socks.http.test", 5, Conduct::Socks),
    Proxy { speaks: Speaks::Tls, ..Proxy::new("proxy-tls.http.test", 6, Conduct::Http) },
];

impl Proxy {
    const fn new(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self { host, last, conduct, speaks: Speaks::Clear }
    }

    /// Its address.
    pub(super) const fn address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 53, 2, self.last))
    }
}
