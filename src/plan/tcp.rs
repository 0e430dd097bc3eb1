//! How connections are made (RFC 8305), and where to instead of where the URL says.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::family::Family;
use super::page::Reach;
use super::talk::Talk;

/// RFC 8305 §8: recommended connection attempt delay.
pub const STAGGER: Duration = Duration::from_millis(250);
/// `--connect-timeout` when not given.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How connections are made.
#[derive(Clone, Debug)]
pub struct TcpPlan {
    /// The limit of one attempt.
    pub connect_timeout: Duration,
    /// RFC 8305 §5: the time before the next attempt is started beside the last.
    pub stagger: Duration,
    /// Families to use.
    pub family: Family,
    /// How many of the addresses are tried.
    pub choice: AddressChoice,
    /// Which addresses are connected to, whatever leads there.
    pub reach: Reach,
    /// `--connect-to HOST1:PORT1:HOST2:PORT2`, in the order given.
    pub connect_to: Vec<ConnectTo>,
    /// `--interface`, `--local-port`.
    pub source: Source,
    /// `--unix-socket`: connect to this socket of the machine instead.
    pub unix_socket: Option<PathBuf>,
    /// `--all-addresses`: what to try at each address when the trace has ended.
    pub all_addresses: Option<AddressProbe>,
    /// What is said on a connection that no request is made on, once it is open.
    pub talk: Option<Talk>,
    /// `--tcp-fastopen`.
    pub fast_open: FastOpenUse,
    /// `--route`: whether the path to the connected address is looked for.
    pub route: RouteProbe,
    /// The lab's ports: (port in the URL, port really used). Empty outside the lab.
    pub port_map: Vec<(u16, u16)>,
}

impl TcpPlan {
    /// The same for a connection when the trace has ended, to an address of its own: the port that the first came from
    /// may still be taken, and that of the server is no more that of a URL.
    #[must_use]
    pub fn afterwards(&self) -> Self {
        let source = Source { ports: None, ..self.source.clone() };
        Self { source, port_map: Vec::new(), fast_open: FastOpenUse::Never, ..self.clone() }
    }
}

/// How many of the addresses that a name has are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressChoice {
    /// All of them, by RFC 8305.
    #[default]
    All,
    /// The first of one family, or of the other where it has none: a probe of one address says of a service that is
    /// half up that it is down.
    One(Preferred),
}

/// The family whose first address is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preferred {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// Where connections leave from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// `--interface NAME`: this interface, whatever the routes say.
    pub interface: Option<String>,
    /// `--interface ADDRESS`: this address of the machine.
    pub address: Option<IpAddr>,
    /// `--local-port`: one of these ports, the first that is free.
    pub ports: Option<RangeInclusive<u16>>,
    /// When it is looked at whether this machine has that.
    pub check: SourceCheck,
}

/// When it is looked at whether this machine can connect from somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceCheck {
    /// Before the run: whoever typed it is told.
    #[default]
    Before,
    /// When a connection is made, which fails then: an address may come and go while a monitor runs.
    AtConnect,
}

/// What is tried at each address by `--all-addresses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressProbe {
    /// The connection and, where the URL has it, TLS.
    Handshake,
    /// The request, too.
    Http,
}

/// Whether TCP Fast Open (RFC 7413) is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastOpenUse {
    /// It is not.
    Never,
    /// With a cookie of the server; without one it is asked for.
    Ask,
}

/// Whether the path to an address is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteProbe {
    /// Not at all.
    Never,
    /// When the trace has ended.
    Afterwards,
}

/// One `--connect-to`. An empty host or port matches any, or keeps what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// Host in the URL; `None` matches every host.
    pub host: Option<String>,
    /// Port in the URL; `None` matches every port.
    pub port: Option<u16>,
    /// Host to connect to; `None` keeps the URL's.
    pub to_host: Option<String>,
    /// Port to connect to; `None` keeps the URL's.
    pub to_port: Option<u16>,
}

impl Default for TcpPlan {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            stagger: STAGGER,
            family: Family::Any,
            choice: AddressChoice::All,
            reach: Reach::Any,
            connect_to: Vec::new(),
            source: Source::default(),
            unix_socket: None,
            all_addresses: None,
            talk: None,
            fast_open: FastOpenUse::Never,
            route: RouteProbe::Never,
            port_map: Vec::new(),
        }
    }
}
