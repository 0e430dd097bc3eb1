//! Which proxies a run may use, and for which hosts none.

use std::time::Duration;

use crate::trace::{ProxyKind, ProxySource, proxy_url};

/// How long a proxy may take for what it is asked: it has to resolve a name and connect by itself.
pub const PROXY_TIME: Duration = Duration::from_secs(20);

/// The proxies of a run.
#[derive(Clone, Debug)]
pub struct ProxyPlan {
    /// For http URLs.
    pub http: Option<ProxyServer>,
    /// For https URLs.
    pub https: Option<ProxyServer>,
    /// For those that are no web's: `tls://`, `tcp://`.
    pub other: Option<ProxyServer>,
    /// Hosts that are connected to directly.
    pub exceptions: Option<ProxyExceptions>,
    /// `--proxytunnel`: CONNECT also where a request could be forwarded.
    pub plain: PlainRequests,
    /// `--proxy-insecure`: go on in spite of faults of an https proxy's certificate.
    pub insecure: bool,
    /// `--proxy-header`: fields for an HTTP proxy alone; `None` for one that is not to be sent.
    pub headers: Vec<(String, Option<String>)>,
    /// How long a proxy may take for what it is asked.
    pub timeout: Duration,
}

impl Default for ProxyPlan {
    fn default() -> Self {
        Self {
            http: None,
            https: None,
            other: None,
            exceptions: None,
            plain: PlainRequests::Forward,
            insecure: false,
            headers: Vec::new(),
            timeout: PROXY_TIME,
        }
    }
}

/// What becomes of http requests at an HTTP proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainRequests {
    /// They are sent to the proxy as they are.
    #[default]
    Forward,
    /// They go through a tunnel.
    Tunnel,
}

/// One proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyServer {
    /// What it speaks.
    pub kind: ProxyKind,
    /// A name or an address, ASCII, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User name and password, decoded.
    pub credentials: Option<(String, String)>,
    /// Who named it.
    pub source: ProxySource,
}

impl ProxyServer {
    /// Its URL, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        proxy_url(self.kind, &self.host, self.port)
    }
}

/// Without its credentials: plans are printed in tests and by whoever looks for a fault.
impl std::fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyServer")
            .field("url", &self.url())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// A list of hosts as `NO_PROXY` and `--noproxy` have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyExceptions {
    /// As it was written.
    pub list: String,
    /// Where.
    pub source: ProxySource,
}
