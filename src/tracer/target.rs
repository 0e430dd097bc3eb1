//! Whose connection a request needs: the origin of a URL, and the host and port that stand for it.

use std::net::IpAddr;

use crate::plan::TcpPlan;
use crate::trace::{Scheme, Url};

/// Scheme, host and port (RFC 6454 §4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    /// Whether requests to it are in the clear.
    pub(super) const fn is_clear(&self) -> bool {
        self.scheme.is_clear()
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn of(url: &Url) -> Self {
        Self { scheme: url.scheme, host: url.host_ascii.clone(), port: url.port }
    }
}

/// Where a hop connects to: the URL's host and port, or what `--connect-to` says instead.
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) redirected_from: Option<String>,
}

impl Target {
    pub(super) fn of(url: &Url, plan: &TcpPlan) -> Self {
        let rule = plan.connect_to.iter().find(|rule| {
            rule.host.as_ref().is_none_or(|host| *host == url.host_ascii)
                && rule.port.is_none_or(|port| port == url.port)
        });
        let own = Self { host: url.host_ascii.clone(), port: url.port, redirected_from: None };
        let Some(rule) = rule else { return own };
        Self {
            redirected_from: Some(format!("{}:{}", own.host, own.port)),
            host: rule.to_host.clone().unwrap_or(own.host),
            port: rule.to_port.unwrap_or(own.port),
        }
    }

    /// The address, where the host is one.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}
