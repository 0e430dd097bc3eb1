//! The certificate check inside a handshake: does it, times it, remembers what it saw.
//!
//! rustls asks here whether to go on. Without `-k` any fault ends the handshake with the proper
//! alert, before application data; with `-k` it goes on, but never past a wrong CertificateVerify:
//! such a peer does not hold the certificate's key. (A proof by a key that cannot be checked here is no
//! wrong one: `-k` goes on.) What exactly is wrong is worked out afterwards, outside the measured phase,
//! in `faults.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::checkable::{self, Proof, contents};
use super::identity::Identity;
use super::{certificate, host};
use crate::clock::{Clock, Stopwatch};
use crate::trace::At;

/// More certificates than any real chain; what comes after them is not read.
pub(super) const MAX_CERTIFICATES: usize = 100;

/// What is trusted, and the signatures that can be checked.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) roots: Arc<RootCertStore>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    /// Whether the chain (leaf first) leads to a root at that time.
    ///
    /// # Errors
    /// The first fault webpki finds.
    pub(super) fn check(&self, chain: &[CertificateDer<'_>], at: SystemTime) -> Result<(), Error> {
        let (leaf, intermediates) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        let since_1970 = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let checked = verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(leaf)?,
            &self.roots,
            intermediates,
            UnixTime::since_unix_epoch(since_1970),
            self.algorithms.all,
        );
        match checked {
            Ok(()) if certificate::lacks_server_usage(leaf) => {
                Err(Error::InvalidCertificate(CertificateError::InvalidPurpose))
            }
            // Faults of the leaf itself.
            Err(Error::InvalidCertificate(
                CertificateError::InvalidPurpose
                | CertificateError::InvalidPurposeContext { .. }
                | CertificateError::UnhandledCriticalExtension,
            )) => checked,
            // A certificate that is itself trusted needs no issuer: `openssl req -x509` makes such ones,
            // and `--cacert` names them. webpki would look for one, and takes no CA's as a server's.
            Err(_) if self.is_root(leaf, at) => Ok(()),
            checked => checked,
        }
    }

    fn is_root(&self, leaf: &CertificateDer<'_>, at: SystemTime) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return false };
        let validity = parsed.validity();
        let in_time =
            certificate::time(validity.not_before) <= at && at <= certificate::time(validity.not_after);
        in_time && !certificate::is_of_no_use_to_servers(&parsed) && self.is_anchor(&parsed)
    }

    /// Whether a certificate is trusted itself: a root has its name and key.
    pub(super) fn is_anchor(&self, certificate: &X509Certificate<'_>) -> bool {
        self.roots.roots.iter().any(|root| {
            contents(certificate.subject().as_raw()) == Some(&root.subject)
                && contents(certificate.public_key().raw) == Some(&root.subject_public_key_info)
        })
    }

    /// Whether a root has this name (a whole DER Name).
    pub(super) fn has_root_named(&self, name: &[u8]) -> bool {
        let name = contents(name);
        name.is_some() && self.roots.roots.iter().any(|root| name == Some(&root.subject))
    }
}

/// What the check saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The chain as sent, leaf first; [`MAX_CERTIFICATES`] at most.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// How many were sent.
    pub(super) sent: usize,
    /// When the check began; `None` before.
    pub(super) start: Option<At>,
    /// Wall time of the check, for dates.
    pub(super) now: Option<SystemTime>,
    /// CPU time of chain, name and signature checks.
    pub(super) cpu: Duration,
    pub(super) chain_error: Option<Error>,
    pub(super) name_error: Option<Error>,
    /// What became of the server's proof that it holds the key.
    pub(super) proof: Proof,
    /// The scheme of the server's proof.
    pub(super) scheme: Option<SignatureScheme>,
    /// The stapled OCSP response; empty without one.
    pub(super) ocsp: Vec<u8>,
    /// What the server asked of the client, if it did.
    pub(super) request: Option<Request>,
}

/// A CertificateRequest (RFC 8446 §4.3.2, RFC 5246 §7.4.4), and whether it was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    /// The authorities that the server accepts, as DER names; [`MAX_AUTHORITIES`] at most.
    pub(super) authorities: Vec<Vec<u8>>,
    /// How many it named.
    pub(super) named: usize,
    pub(super) answer: Answer,
}

/// What a CertificateRequest got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// An empty Certificate message.
    #[default]
    Nothing,
    /// The client's certificate.
    Certificate,
}

/// More authorities than a report needs; some servers name every root of their machine.
const MAX_AUTHORITIES: usize = 500;

/// Watches one handshake from inside rustls.
#[derive(Debug)]
pub(super) struct Observer {
    trust: Trust,
    insecure: bool,
    /// The host, where rustls got a stand-in for it.
    host: Option<String>,
    identity: Option<Arc<Identity>>,
    clock: Clock,
    seen: Mutex<Seen>,
}

impl Observer {
    pub(super) fn new(
        trust: Trust,
        insecure: bool,
        host: Option<String>,
        identity: Option<Arc<Identity>>,
        clock: Clock,
    ) -> Self {
        Self { trust, insecure, host, identity, clock, seen: Mutex::default() }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        check: Check,
    ) -> Result<HandshakeSignatureValid, Error> {
        let watch = Stopwatch::start();
        let checked = check(message, leaf, signed, &self.trust.algorithms);
        let proof = match &checked {
            Ok(_) => Proof::Given,
            Err(_) => checkable::proof(&self.trust.algorithms, leaf, message, signed),
        };
        let spent = watch.elapsed();
        let mut seen = self.seen();
        seen.cpu += spent;
        seen.scheme = Some(signed.scheme);
        seen.proof = proof;
        match proof {
            Proof::Given | Proof::Unchecked if self.insecure => Ok(HandshakeSignatureValid::assertion()),
            // Its alert is unsupported_certificate; decrypt_error would say that the proof is wrong.
            Proof::Unchecked => Err(Error::InvalidCertificate(CertificateError::InvalidPurpose)),
            Proof::Given | Proof::Missing | Proof::Wrong | Proof::Keyless => checked,
        }
    }

    /// Whether the certificate is for the host.
    fn check_name(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        match (ParsedCertificate::try_from(leaf), &self.host) {
            (Ok(parsed), None) => verify_server_name(&parsed, name),
            // A name, or a certificate, that webpki does not take.
            (_, Some(host)) if host::is_named(leaf, host) => Ok(()),
            (Err(_), None) if host::is_named(leaf, &name.to_str()) => Ok(()),
            (Err(error), _) if X509Certificate::from_der(leaf).is_err() => Err(error),
            _ => Err(Error::InvalidCertificate(CertificateError::NotValidForName)),
        }
    }
}

/// How rustls checks a signature of the handshake.
type Check = fn(
    &[u8],
    &CertificateDer<'_>,
    &DigitallySignedStruct,
    &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error>;

impl ServerCertVerifier for Observer {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The run's own clock, not rustls': one clock judges dates in the whole report.
        let (start, now) = (self.clock.now(), self.clock.wall_now());
        let watch = Stopwatch::start();
        let chain: Vec<CertificateDer<'static>> = std::iter::once(leaf)
            .chain(intermediates)
            .take(MAX_CERTIFICATES)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        let sent = 1 + intermediates.len();
        let chain_error = self.trust.check(&chain, now).err();
        let name_error = self.check_name(leaf, name).err();
        let spent = watch.elapsed();

        let verdict = if sent > MAX_CERTIFICATES {
            Err(Error::General(format!("{sent} certificates in one chain")))
        } else if self.insecure {
            Ok(ServerCertVerified::assertion())
        } else {
            match chain_error.as_ref().or(name_error.as_ref()) {
                Some(error) => Err(error.clone()),
                None => Ok(ServerCertVerified::assertion()),
            }
        };
        let mut seen = self.seen();
        seen.certificates = chain;
        seen.sent = sent;
        seen.start = Some(start);
        seen.now = Some(now);
        seen.cpu += spent;
        seen.chain_error = chain_error;
        seen.name_error = name_error;
        seen.ocsp = ocsp_response.to_vec();
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, leaf, signature, verify_tls12_signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, leaf, signature, verify_tls13_signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.trust.algorithms.supported_schemes();
        if self.insecure {
            // It cannot be checked, and with -k it need not be: such a server can at least be looked at.
            schemes.push(SignatureScheme::ECDSA_NISTP521_SHA512);
        }
        schemes
    }
}

impl ResolvesClientCert for Observer {
    /// Asked exactly when a CertificateRequest came, which is encrypted in TLS 1.3. As with other programs,
    /// the certificate is shown whether or not one of the named authorities has issued it.
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let certified = self.identity.as_ref().and_then(|identity| identity.for_schemes(schemes));
        let answer = if certified.is_some() { Answer::Certificate } else { Answer::Nothing };
        let kept = authorities.iter().take(MAX_AUTHORITIES).map(|name| name.to_vec()).collect();
        self.seen().request = Some(Request { authorities: kept, named: authorities.len(), answer });
        certified
    }

    /// Must be true for [`resolve`](Self::resolve) to be asked.
    fn has_certs(&self) -> bool {
        true
    }
}
