//! The host as TLS asks for it (SNI, RFC 6066 §3) and as it is looked for in a certificate (RFC 9525).
//!
//! rustls takes host names by RFC 1123 only; a label may not begin or end in a hyphen there. The DNS and
//! everybody's browser take such names, and sites have them. rustls then gets a stand-in of the same
//! length, and wherever it would appear, in the ClientHello and in the hash over the handshake, it is
//! swapped for the true name. Nobody else is told another name than the one that was asked for.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use rustls::crypto::hash::{Context, Hash, Output};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{DnsName, ServerName};
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The longest name and label (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host, as a handshake asks for it.
#[derive(Debug)]
pub(super) struct Asked {
    /// What rustls is told.
    pub(super) name: ServerName<'static>,
    /// What becomes of it, where that is a stand-in.
    pub(super) swap: Option<Arc<Swap>>,
}

impl Asked {
    /// `None` for what is no host at all.
    pub(super) fn new(host: &str) -> Option<Self> {
        if let Ok(name) = ServerName::try_from(host.to_owned()) {
            return Some(Self { name, swap: None });
        }
        let host = host.trim_end_matches('.');
        let is_label = |label: &str| (1..=MAX_LABEL).contains(&label.len());
        if host.len() > MAX_NAME
            || !host.bytes().all(|byte| byte.is_ascii_graphic())
            || !host.split('.').all(is_label)
        {
            return None;
        }
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
        let stand_in: String =
            host.bytes().map(|byte| if keep(byte) { char::from(byte) } else { 'x' }).collect();
        let name = ServerName::DnsName(DnsName::try_from(stand_in.clone()).ok()?);
        let swap = Swap { stand_in: entry(&stand_in), name: entry(host), host: host.to_owned() };
        Some(Self { name, swap: Some(Arc::new(swap)) })
    }

    /// The name that is asked for (RFC 6066 §3); an address literal is none.
    pub(super) fn sni(&self) -> Option<String> {
        match (self.true_name(), &self.name) {
            (Some(name), _) => Some(name.to_owned()),
            (None, ServerName::DnsName(name)) => Some(name.as_ref().trim_end_matches('.').to_owned()),
            _ => None,
        }
    }

    /// The host, where rustls got a stand-in for it.
    pub(super) fn true_name(&self) -> Option<&str> {
        self.swap.as_deref().map(|swap| swap.host.as_str())
    }
}

/// A name as an entry of the extension server_name: type host_name, length, name.
fn entry(name: &str) -> Vec<u8> {
    let mut bytes = vec![0, 0, name.len() as u8];
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

/// A stand-in, and the name it stands for; both as they appear in a ClientHello, and equally long.
#[derive(Debug)]
pub(super) struct Swap {
    stand_in: Vec<u8>,
    name: Vec<u8>,
    host: String,
}

impl Swap {
    /// Puts the true name in the stand-in's place.
    pub(super) fn apply(&self, bytes: &mut [u8]) {
        if let Some(at) = bytes.windows(self.stand_in.len()).position(|window| window == self.stand_in) {
            bytes[at..at + self.name.len()].copy_from_slice(&self.name);
        }
    }

    /// The same the other way round, for a server.
    #[cfg(test)]
    pub(super) fn reversed(&self) -> Self {
        Self { stand_in: self.name.clone(), name: self.stand_in.clone(), host: self.host.clone() }
    }

    /// Lets rustls work with hashes that know of the swap. Needs [`suites`].
    pub(super) fn within<T>(swap: Option<&Arc<Self>>, work: impl FnOnce() -> T) -> T {
        let Some(swap) = swap else { return work() };
        CURRENT.set(Some(Arc::clone(swap)));
        let result = work();
        CURRENT.set(None);
        result
    }
}

thread_local! {
    /// The swap of the handshake that rustls works on at this moment: its hashes are started without a
    /// word on whose they are.
    static CURRENT: RefCell<Option<Arc<Swap>>> = const { RefCell::new(None) };
}

/// The same provider, with hashes that swap.
pub(super) fn swapping(provider: CryptoProvider) -> CryptoProvider {
    CryptoProvider { cipher_suites: SUITES.clone(), ..provider }
}

/// Made once: rustls wants its suites to last as long as the program.
static SUITES: LazyLock<Vec<SupportedCipherSuite>> = LazyLock::new(|| {
    let common = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: Box::leak(Box::new(Swapping(common.hash_provider))),
        confidentiality_limit: common.confidentiality_limit,
    };
    let suites = ring::DEFAULT_CIPHER_SUITES.iter().map(|suite| match suite {
        SupportedCipherSuite::Tls13(suite) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&suite.common),
                hkdf_provider: suite.hkdf_provider,
                aead_alg: suite.aead_alg,
                quic: suite.quic,
            })))
        }
        SupportedCipherSuite::Tls12(suite) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&suite.common),
                prf_provider: suite.prf_provider,
                kx: suite.kx,
                sign: suite.sign,
                aead_alg: suite.aead_alg,
            })))
        }
    });
    suites.collect()
});

/// A hash over what went over the wire, where rustls hashes what it believes went there.
struct Swapping(&'static dyn Hash);

impl Hash for Swapping {
    fn start(&self) -> Box<dyn Context> {
        match CURRENT.with_borrow(Clone::clone) {
            Some(swap) => Box::new(Swapped { inner: self.0.start(), swap }),
            None => self.0.start(),
        }
    }

    fn hash(&self, data: &[u8]) -> Output {
        self.0.hash(data)
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> rustls::crypto::hash::HashAlgorithm {
        self.0.algorithm()
    }
}

struct Swapped {
    inner: Box<dyn Context>,
    swap: Arc<Swap>,
}

impl Context for Swapped {
    fn fork_finish(&self) -> Output {
        self.inner.fork_finish()
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self { inner: self.inner.fork(), swap: Arc::clone(&self.swap) })
    }

    fn finish(self: Box<Self>) -> Output {
        self.inner.finish()
    }

    /// Messages come whole.
    fn update(&mut self, data: &[u8]) {
        let mut data = data.to_vec();
        self.swap.apply(&mut data);
        self.inner.update(&data);
    }
}

/// Whether a certificate lists the host among its names, for hosts and certificates that webpki does not
/// take, and for further hosts of a connection. A wildcard is the whole leftmost label (RFC 9525 §6.3).
#[must_use]
pub fn is_named(leaf: &[u8], host: &str) -> bool {
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return false };
    let Ok(Some(names)) = leaf.subject_alternative_name() else { return false };
    let address: Option<Vec<u8>> = host.parse().ok().map(|address| match address {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    });
    names.value.general_names.iter().any(|name| match (name, &address) {
        (GeneralName::IPAddress(octets), Some(address)) => octets == address,
        (GeneralName::DNSName(name), None) => covers(name, host),
        _ => false,
    })
}

fn covers(name: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.contains('.') && rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rustls_does_not_take_get_a_stand_in() {
        for host in [
            "app-.example.test",
            "-app.example.test",
            "a--.-b.example.test",
            "a!b.example.test",
            "a-.b-.test.",
        ] {
            let asked = Asked::new(host).unwrap();
            assert_eq!(asked.true_name(), Some(host.trim_end_matches('.')), "{host}");
            let swap = asked.swap.unwrap();
            let mut hello = [&b"before"[..], &swap.stand_in, b"behind"].concat();
            swap.apply(&mut hello);
            assert_eq!(hello, [&b"before"[..], &entry(host.trim_end_matches('.')), b"behind"].concat());
        }
        for host in ["www.example.test", "192.0.2.1", "::1", "a_b.test", "www.example.test."] {
            assert_eq!(Asked::new(host).unwrap().true_name(), None, "{host}");
        }
        for host in ["", "not a name", "a..b", "-.1", &format!("{}-.test", "a".repeat(63))] {
            assert!(Asked::new(host).is_none(), "{host}");
        }
    }

    #[test]
    fn a_wildcard_is_one_whole_label_below_two() {
        for (name, host, expected) in [
            ("*.example.test", "app-.example.test", true),
            ("*.EXAMPLE.test", "app-.example.TEST.", true),
            ("*.example.test", "a.app-.example.test", false),
            ("*.test", "app-.test", false),
            ("a*.example.test", "app-.example.test", false),
            ("app-.example.test", "App-.example.test", true),
            ("example.test", "app-.example.test", false),
        ] {
            assert_eq!(covers(name, host), expected, "{name} {host}");
        }
    }
}
