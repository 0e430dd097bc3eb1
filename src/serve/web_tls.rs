//! By which certificate the probe server is met, what it speaks, and which certificates of clients it takes: the
//! `tls_server_config` of a web-config file, as rustls has it.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme, SupportedProtocolVersion, version,
};
use x509_parser::extensions::GeneralName;

use crate::modules::{ClientAuth, Curve, WebTls};
use crate::plan::KeyFile;
use crate::trace::TlsVersion;

/// # Errors
/// A certificate or a key that cannot be used, or nothing that is spoken.
pub(super) fn server_config(plan: &WebTls) -> Result<ServerConfig, String> {
    let provider = Arc::new(provider(plan));
    let algorithms = provider.signature_verification_algorithms;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&versions(plan)).map_err(|error| error.to_string())?;
    let any = |presence| -> Arc<dyn ClientCertVerifier> { Arc::new(AnyCertificate { presence, algorithms }) };
    let verifier = match plan.client_auth {
        ClientAuth::None => None,
        ClientAuth::Request => Some(any(Presence::Optional)),
        ClientAuth::RequireAny => Some(any(Presence::Mandatory)),
        ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify => {
            let roots = Arc::new(roots(plan.client_ca.as_ref())?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let verifier = match plan.client_auth {
                ClientAuth::VerifyIfGiven => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            Some(verifier.build().map_err(|error| error.to_string())?)
        }
    };
    let builder = match verifier {
        None => builder.with_no_client_auth(),
        Some(verifier) if plan.client_names.is_empty() => builder.with_client_cert_verifier(verifier),
        Some(verifier) => {
            builder.with_client_cert_verifier(Arc::new(Named { verifier, names: plan.client_names.clone() }))
        }
    };
    let chain = certificates(&plan.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&plan.key.bytes)
        .map_err(|_| format!("{} holds no private key in PEM that is not encrypted", plan.key.name))?;
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| format!("{}: {error}", plan.key.name))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What is spoken of what is wanted.
fn provider(plan: &WebTls) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if let Some(wanted) = &plan.suites {
        let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted == name);
        provider.cipher_suites.retain(|suite| {
            suite.version() == &version::TLS13 || suite.suite().as_str().is_some_and(is_wanted)
        });
    }
    if !plan.groups.is_empty() {
        let group = |wanted: &Curve| match wanted {
            Curve::X25519 => ring::kx_group::X25519,
            Curve::P256 => ring::kx_group::SECP256R1,
            Curve::P384 => ring::kx_group::SECP384R1,
        };
        provider.kx_groups = plan.groups.iter().map(group).collect();
    }
    provider
}

fn versions(plan: &WebTls) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(TlsVersion::Tls12, &version::TLS12), (TlsVersion::Tls13, &version::TLS13)];
    let spoken = all.into_iter().filter(|(own, _)| (plan.min_version..=plan.max_version).contains(own));
    spoken.map(|(_, version)| version).collect()
}

fn certificates(file: &KeyFile) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.bytes).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(format!("{} holds no certificate in PEM", file.name)),
    }
}

fn roots(file: Option<&KeyFile>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", file.name))?;
        }
    }
    Ok(roots)
}

/// Whether a certificate has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Optional,
    Mandatory,
}

/// Takes any certificate whose key the client has.
#[derive(Debug)]
struct AnyCertificate {
    presence: Presence,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.presence == Presence::Mandatory
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Takes what another does, where it has one of these names.
#[derive(Debug)]
struct Named {
    verifier: Arc<dyn ClientCertVerifier>,
    names: Vec<String>,
}

/// The names in a certificate (RFC 5280 §4.2.1.6), as text.
fn names(certificate: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let Ok(Some(all)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(octets) => {
            let four = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|it| it.to_string())
        }
        _ => None,
    };
    all.value.general_names.iter().filter_map(name).collect()
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    /// Who sends none has no name that is let in: so it is in exporter-toolkit, too, whatever else is asked of clients.
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.verifier.verify_client_cert(certificate, others, now)?;
        let is_let_in = names(certificate).iter().any(|name| self.names.contains(name));
        let refused = CertificateError::ApplicationVerificationFailure;
        if is_let_in { Ok(verified) } else { Err(refused.into()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    #[test]
    fn what_is_wanted_is_spoken_in_its_order() {
        let file = KeyFile { name: String::new(), bytes: Vec::new().into() };
        let mut plan = WebTls {
            certificate: file.clone(),
            key: file,
            client_ca: None,
            client_auth: ClientAuth::None,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            suites: None,
            groups: Vec::new(),
            client_names: Vec::new(),
        };
        assert_eq!(provider(&plan).cipher_suites.len(), ring::default_provider().cipher_suites.len());
        let name = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        plan.suites = Some(vec![name.to_owned(), "TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()]);
        plan.groups = vec![Curve::P384, Curve::X25519];
        let provider = provider(&plan);
        let old = provider.cipher_suites.iter().filter(|suite| suite.version() == &version::TLS12);
        assert_eq!(old.map(|suite| suite.suite().as_str().unwrap()).collect::<Vec<_>>(), [name]);
        assert_eq!(provider.cipher_suites.len(), 4, "and all of TLS 1.3");
        let groups: Vec<_> = provider.kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::secp384r1, rustls::NamedGroup::X25519]);
    }

    #[test]
    fn names_of_every_kind_are_read() {
        let mut params = CertificateParams::new(vec!["a.test".to_owned(), "2001:db8::1".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://a.test/b".try_into().unwrap()));
        params.subject_alt_names.push(SanType::Rfc822Name("c@a.test".try_into().unwrap()));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(certificate.der()), ["a.test", "2001:db8::1", "spiffe://a.test/b", "c@a.test"]);
        assert!(names(b"none").is_empty());
    }
}
