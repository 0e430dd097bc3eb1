//! Which proxy a URL needs: the one for its scheme, unless its host stands in the list of those that need
//! none. The rules of that list are curl's. Pure.

use std::net::IpAddr;

use crate::plan::{ProxyPlan, ProxyServer};
use crate::trace::{ProxyBypass, Scheme, Url};

/// What is done about a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<'p> {
    /// None is known for the scheme.
    Direct,
    /// The host needs none.
    Bypass(ProxyBypass),
    /// It goes through this one.
    Use(&'p ProxyServer),
}

/// The proxy for a URL.
#[must_use]
pub fn choose<'p>(url: &Url, plan: &'p ProxyPlan) -> Choice<'p> {
    let server = match url.scheme {
        Scheme::Http | Scheme::Ws => plan.http.as_ref(),
        // Clients of gRPC go by the proxy for https whether there is TLS inside the tunnel or not.
        Scheme::Https | Scheme::Wss | Scheme::Grpc | Scheme::Grpcs => plan.https.as_ref(),
        Scheme::Tls | Scheme::Tcp => plan.other.as_ref(),
        // QUIC goes by none.
        Scheme::Quic | Scheme::Dns => None,
    };
    let Some(server) = server else { return Choice::Direct };
    let exception = plan.exceptions.as_ref().and_then(|exceptions| {
        let entry = entry(&exceptions.list, &url.host_ascii)?.to_owned();
        Some(ProxyBypass { source: exceptions.source, entry, spared: server.url() })
    });
    exception.map_or(Choice::Use(server), Choice::Bypass)
}

/// The entry of a list that a host matches.
fn entry<'l>(list: &'l str, host: &str) -> Option<&'l str> {
    // Only alone it stands for every host.
    if list == "*" {
        return Some(list);
    }
    let mut entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.find(|entry| is_network(entry, address)),
        Err(_) => entries.find(|entry| is_suffix(entry, host.trim_end_matches('.'))),
    }
}

/// Whether a host is the entry or below it; a leading dot makes no difference.
fn is_suffix(entry: &str, host: &str) -> bool {
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let Some(at) = host.len().checked_sub(entry.len()).filter(|_| !entry.is_empty()) else { return false };
    let fits = host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(entry));
    fits && (at == 0 || host.as_bytes()[at - 1] == b'.')
}

/// Whether an address is the entry's, or in its network (CIDR). Without bits the whole address has to fit.
fn is_network(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (entry, Some(0)),
    };
    let network = network.trim_matches(['[', ']']);
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else { return false };
    let (one, other, width) = match (network, address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let bits = if bits == 0 { width } else { bits };
    width.checked_sub(bits).is_some_and(|host_bits| one >> host_bits == other >> host_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_as_curl_has_it() {
        for (list, host, expected) in [
            ("*", "a.test", Some("*")),
            ("b.test,*", "a.test", None),
            ("a.test", "a.test", Some("a.test")),
            ("A.TEST", "a.test", Some("A.TEST")),
            ("a.test", "www.a.test", Some("a.test")),
            (".a.test", "www.a.test", Some(".a.test")),
            (".a.test", "a.test", Some(".a.test")),
            ("a.test", "nota.test", None),
            ("www.a.test", "a.test", None),
            ("*.a.test", "www.a.test", None),
            ("a.test.", "www.a.test", Some("a.test.")),
            ("a.test", "www.a.test.", Some("a.test")),
            ("b.test, a.test", "a.test", Some("a.test")),
            ("b.test a.test", "a.test", Some("a.test")),
            ("a.test:443", "a.test", None),
            ("", "a.test", None),
            (".", "a.test", None),
            (",,", "a.test", None),
            ("192.0.2.1", "192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.0/24", "192.0.2.77", Some("192.0.2.0/24")),
            ("192.0.2.0/24", "192.0.3.1", None),
            ("192.0.2.0/31", "192.0.2.2", None),
            ("192.0.2.0/0", "192.0.2.0", Some("192.0.2.0/0")),
            ("192.0.2.0/0", "198.51.100.1", None),
            ("192.0.2.0/33", "192.0.2.0", None),
            ("2", "192.0.2.2", None),
            ("::1", "::1", Some("::1")),
            ("2001:db8::/32", "2001:db8:1::2", Some("2001:db8::/32")),
            ("2001:db8::/32", "2001:db9::1", None),
            ("192.0.2.0/24", "::ffff:192.0.2.1", None),
        ] {
            assert_eq!(entry(list, host), expected, "{list} {host}");
        }
    }
}
