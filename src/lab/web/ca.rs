//! The lab's certificate authority, made anew for each lab: a root, an intermediate, and for each
//! site a leaf, good or spoilt.
//!
//! It makes certificates and TLS server configurations. Keys live in memory only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, StoresServerSessions, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;

use super::ocsp;
use super::site::{Certificate, Clients, Protocols, Tickets, Tls, Versions};
use super::x509::{self, tagged};

/// Tickets of a server that floods its clients with them: some 200 KiB.
const FLOOD: usize = 1_000;

/// What a client may send before the handshake is complete.
const MAX_EARLY_DATA: u32 = 16 * 1024;

/// Takes every session and has none: one of several servers that share an address, and not their keys.
#[derive(Debug)]
struct Forgetful;

impl StoresServerSessions for Forgetful {
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        true
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// A clock that is two minutes ahead of itself whenever it is looked at: no ticket is as old as its client says, so that
/// no early data is taken with it, which may be a replay (RFC 8446 §8.3).
#[derive(Debug)]
struct Hasty {
    start: SystemTime,
    looks: AtomicU32,
}

impl TimeProvider for Hasty {
    fn current_time(&self) -> Option<UnixTime> {
        let ahead = Duration::from_secs(120) * self.looks.fetch_add(1, Ordering::Relaxed);
        let now = self.start.duration_since(SystemTime::UNIX_EPOCH).ok()? + ahead;
        Some(UnixTime::since_unix_epoch(now))
    }
}

const ROOT: &str = "urltrace lab root CA";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Where the intermediate can be fetched, as leaf certificates say.
pub(crate) const INTERMEDIATE_URL: &str = "http://ca.tls.test/intermediate.der";

/// The authority, and one that nobody trusts.
pub(crate) struct Authority {
    now: SystemTime,
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    unknown: CertifiedIssuer<'static, KeyPair>,
    /// The root's name and key, signed by the unknown root.
    cross: rcgen::Certificate,
}

impl Authority {
    /// Makes the keys and the certificates of the authorities.
    pub(crate) fn new(now: SystemTime) -> Result<Self, rcgen::Error> {
        let root = new_root(ROOT, now)?;
        let intermediate = new_intermediate("urltrace lab intermediate CA", now, &root)?;
        let unknown_root = new_root("urltrace lab unknown root CA", now)?;
        let unknown = new_intermediate("urltrace lab unknown intermediate CA", now, &unknown_root)?;
        let cross = root_params(ROOT, now).signed_by(root.key(), &unknown_root)?;
        Ok(Self { now, root, intermediate, unknown, cross })
    }

    /// The root's certificate: what a client has to trust.
    pub(crate) fn root(&self) -> Vec<u8> {
        self.root.der().to_vec()
    }

    /// The root's certificate, PEM.
    pub(crate) fn root_pem(&self) -> String {
        self.root.as_ref().pem()
    }

    /// A client's certificate of the root's, and its key, PEM.
    pub(crate) fn client_pem(&self) -> Result<String, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut client = CertificateParams::default();
        client.distinguished_name = rcgen::DistinguishedName::new();
        client.distinguished_name.push(DnType::CommonName, "urltrace lab client");
        client.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (client.not_before, client.not_after) = ((self.now - 30 * DAY).into(), (self.now + 60 * DAY).into());
        Ok(client.signed_by(&key, &self.root)?.pem() + &key.serialize_pem())
    }

    /// The intermediate's certificate.
    pub(crate) fn intermediate(&self) -> Vec<u8> {
        self.intermediate.der().to_vec()
    }

    /// The TLS configuration of a site.
    pub(crate) fn server_config(&self, host: &str, tls: &Tls) -> Result<Arc<ServerConfig>, String> {
        let (chain, key) = self.leaf(host, tls.certificate).map_err(|error| error.to_string())?;
        let versions: &[&rustls::SupportedProtocolVersion] = match tls.versions {
            Versions::Both => &[&rustls::version::TLS13, &rustls::version::TLS12],
            Versions::Tls12 => &[&rustls::version::TLS12],
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(versions)
            .and_then(|builder| {
                let builder = match tls.clients {
                    Clients::Anybody => builder.with_no_client_auth(),
                    Clients::ByCertificate => builder.with_client_cert_verifier(self.clients()?),
                };
                let key = builder
                    .crypto_provider()
                    .key_provider
                    .load_private_key(PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
                // Not `with_single_cert`, which takes no certificate of version 1.
                let mut certified = CertifiedKey::new(chain, key);
                certified.ocsp = self.staple(&certified.cert[0], tls.certificate);
                Ok(builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified))))
            })
            .map_err(|error| error.to_string())?;
        match tls.tickets {
            Tickets::Taken => {}
            Tickets::TakenEarly => config.max_early_data_size = MAX_EARLY_DATA,
            Tickets::TakenNotEarly => {
                config.max_early_data_size = MAX_EARLY_DATA;
                config.time_provider = Arc::new(Hasty { start: self.now, looks: AtomicU32::new(0) });
            }
            Tickets::None => {
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
            }
            Tickets::Flood => config.send_tls13_tickets = FLOOD,
            Tickets::Forgotten => config.session_storage = Arc::new(Forgetful),
        }
        config.alpn_protocols = match tls.protocols {
            Protocols::Http2And1 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Protocols::Http1 => vec![b"http/1.1".to_vec()],
        };
        Ok(Arc::new(config))
    }

    /// The OCSP response that a site staples, made an hour ago for a week.
    fn staple(&self, leaf: &[u8], certificate: Certificate) -> Option<Vec<u8>> {
        const HOUR: Duration = Duration::from_secs(3600);
        let revoked = match certificate {
            Certificate::Stapled => None,
            Certificate::Revoked => Some(self.now - 2 * DAY),
            _ => return None,
        };
        let times = (self.now - HOUR)..(self.now + 7 * DAY);
        ocsp::response(leaf, self.intermediate.key(), revoked, times).ok()
    }

    /// Who checks the certificates of clients: they must be of the root.
    fn clients(&self) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.der().clone())?;
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))
    }

    /// The chain a site sends, leaf first, and the leaf's key.
    fn leaf(
        &self,
        host: &str,
        certificate: Certificate,
    ) -> Result<(Vec<CertificateDer<'static>>, KeyPair), rcgen::Error> {
        let key = KeyPair::generate()?;
        let other = format!("other.{host}");
        let name = if certificate == Certificate::WrongHost { &other } else { host };
        let mut leaf = CertificateParams::new(vec![name.to_owned()])?;
        leaf.distinguished_name.push(DnType::CommonName, name);
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let (from, to) = match certificate {
            Certificate::Expired => (self.now - 93 * DAY, self.now - 3 * DAY),
            Certificate::NotYetValid => (self.now + 3 * DAY, self.now + 93 * DAY),
            _ => (self.now - 30 * DAY, self.now + 60 * DAY),
        };
        (leaf.not_before, leaf.not_after) = (from.into(), to.into());
        if certificate == Certificate::SelfSigned {
            return Ok((vec![leaf.self_signed(&key)?.der().clone()], key));
        }
        leaf.custom_extensions = vec![issuer_url(INTERMEDIATE_URL)];
        if certificate == Certificate::MustStaple {
            // TLS feature: status_request (RFC 7633).
            let feature = tagged(0x30, &[0x02, 0x01, 0x05]);
            leaf.custom_extensions
                .push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], feature));
        }
        let issuer =
            if certificate == Certificate::UnknownIssuer { &self.unknown } else { &self.intermediate };
        let mut chain = vec![leaf.signed_by(&key, issuer)?.der().clone()];
        match certificate {
            Certificate::Version1 => chain[0] = x509::version1(&chain[0], issuer.key())?.into(),
            Certificate::Sha1 => chain[0] = x509::with_sha1(&chain[0], issuer.key())?.into(),
            _ => {}
        }
        match certificate {
            Certificate::WithoutIntermediate => {}
            Certificate::WeakIntermediate => {
                chain.push(x509::with_weak_key(issuer.der(), self.root.key())?.into());
            }
            _ => chain.push(issuer.der().clone()),
        }
        match certificate {
            Certificate::Bloated => chain.extend([self.root.der().clone(), issuer.der().clone()]),
            Certificate::CrossSigned => chain.push(self.cross.der().clone()),
            Certificate::OutOfOrder => chain.insert(1, self.cross.der().clone()),
            _ => {}
        }
        Ok((chain, key))
    }
}

/// The cryptography of the lab's servers.
pub(crate) fn provider() -> rustls::crypto::CryptoProvider {
    crate::tls::provider()
}

fn new_root(name: &str, now: SystemTime) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    CertifiedIssuer::self_signed(root_params(name, now), KeyPair::generate()?)
}

fn root_params(name: &str, now: SystemTime) -> CertificateParams {
    let mut params = authority(name, BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) = ((now - 700 * DAY).into(), (now + 3000 * DAY).into());
    params
}

fn new_intermediate(
    name: &str,
    now: SystemTime,
    root: &CertifiedIssuer<'static, KeyPair>,
) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = authority(name, BasicConstraints::Constrained(0));
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = ((now - 300 * DAY).into(), (now + 1000 * DAY).into());
    CertifiedIssuer::signed_by(params, KeyPair::generate()?, root)
}

fn authority(name: &str, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "urltrace lab");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Authority information access (RFC 5280 §4.2.2.1) with one `caIssuers` address.
fn issuer_url(url: &str) -> CustomExtension {
    const CA_ISSUERS: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let location = tagged(0x86, url.as_bytes());
    let description = tagged(0x30, &[CA_ISSUERS, &location].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tagged(0x30, &description))
}
