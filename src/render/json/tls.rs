//! Views of the TLS handshake.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use super::resumption::ResumptionView;
use super::scan::ScanView;
use super::tls_caa::CaaView;
use super::tls_fault::FaultView;
use super::tls_status::{HelloRetryView, OcspView, TimestampView};
use crate::render::words;
use crate::trace::{
    Certificate, ChainPlace, Flight, Offer, StampedBy, Tls, TlsVersion, Verification, chain_places,
    cross_signs,
};

/// A TLS handshake, flight by flight.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct TlsView<'a> {
    /// The ClientHello was handed to the kernel.
    start_us: u64,
    /// Until the server's Finished arrived, or the failure.
    duration_us: u64,
    /// When this program read the last of the server's handshake.
    noticed_us: Option<u64>,
    /// Whose stamps the arrivals have: the kernel's, as a packet capture has them, or this program's, right behind
    /// each read; null where nothing arrived.
    #[cfg_attr(test, schemars(extend("enum" = ["kernel", "program", null])))]
    stamped_by: Option<&'static str>,
    /// The name sent as SNI; null for an IP literal.
    sni: Option<&'a str>,
    /// The name the certificate was checked against.
    verified_name: &'a str,
    /// `TLSv1.3` or `TLSv1.2`.
    version: Option<&'a str>,
    /// Cipher suite by its IANA name.
    cipher_suite: Option<&'a str>,
    /// Key exchange group by its IANA name.
    group: Option<&'a str>,
    /// Signature scheme of the server's proof, by its IANA name.
    signature_scheme: Option<&'a str>,
    /// ALPN protocol chosen by the server.
    alpn: Option<&'a str>,
    /// Times we had to wait for the server.
    round_trips: u32,
    /// Whether the server asked for another key share.
    hello_retry: bool,
    /// Whether the server asked for a client certificate; the same as `client_certificate.requested`.
    client_certificate_requested: bool,
    /// The client's side of authentication.
    client_certificate: ClientCertificateView<'a>,
    /// What was offered, read back from our own ClientHello.
    offer: Option<OfferView<'a>>,
    /// The flights, in order.
    flights: Vec<FlightView>,
    /// The chain as sent, leaf first.
    chain: Vec<CertificateView<'a>>,
    /// What checking it gave; null when no certificate came.
    verification: Option<VerificationView<'a>>,
    /// The alert that ended the handshake.
    alert: Option<AlertView<'a>>,
    /// Bytes of the stapled OCSP response.
    ocsp_bytes: usize,
    /// What the stapled OCSP response says; null without one.
    ocsp: Option<OcspView>,
    /// The HelloRetryRequest, by its cause and cost; null without one.
    hello_retry_request: Option<HelloRetryView<'a>>,
    /// Bytes read from the socket during the handshake.
    bytes_received: u64,
    /// Bytes written to the socket during the handshake.
    bytes_sent: u64,
    /// CPU time of the key exchange on our side.
    key_exchange_cpu_us: u64,
    /// What a second, old-fashioned ClientHello found after this one was turned down.
    legacy_probe: Option<LegacyProbeView<'a>>,
    /// What a second connection with a ticket of this one came to; null without `--resume`.
    resumption: Option<ResumptionView<'a>>,
    /// What the server takes of TLS; null without `--tls-scan`.
    scan: Option<ScanView<'a>>,
    /// What the CAA records of the host's domain say of the issuer, asked when the trace had ended and not
    /// counted; null where the certificate is not one that public roots trust, or the name was not asked for.
    caa: Option<CaaView<'a>>,
}

impl<'a> From<&'a Tls> for TlsView<'a> {
    fn from(tls: &'a Tls) -> Self {
        Self {
            start_us: tls.start.0,
            duration_us: us(tls.end.since(tls.start)),
            noticed_us: tls.noticed.map(|at| at.0),
            stamped_by: tls.stamped_by.map(StampedBy::as_str),
            sni: tls.sni.as_deref(),
            verified_name: &tls.verified_name,
            version: tls.version.map(TlsVersion::as_str),
            cipher_suite: tls.cipher_suite.as_deref(),
            group: tls.group.as_deref(),
            signature_scheme: tls.signature_scheme.as_deref(),
            alpn: tls.alpn.as_deref(),
            round_trips: tls.round_trips,
            hello_retry: tls.hello_retry,
            client_certificate_requested: tls.client_certificate.requested,
            client_certificate: ClientCertificateView {
                requested: tls.client_certificate.requested,
                sent: tls.client_certificate.sent,
                subject: tls.client_certificate.subject.as_deref(),
                acceptable_cas: &tls.client_certificate.acceptable_cas,
            },
            offer: tls.offer.as_ref().map(Into::into),
            flights: tls.flights.iter().map(Into::into).collect(),
            chain: CertificateView::chain(&tls.chain),
            verification: tls.verification.as_ref().map(Into::into),
            alert: tls.alert.as_ref().map(|alert| AlertView {
                direction: alert.direction.as_str(),
                description: &alert.description,
            }),
            ocsp_bytes: tls.ocsp_bytes,
            ocsp: tls.staple.as_ref().map(Into::into),
            hello_retry_request: tls.retry().map(Into::into),
            bytes_received: tls.bytes_received,
            bytes_sent: tls.bytes_sent,
            key_exchange_cpu_us: us(tls.key_exchange_cpu),
            legacy_probe: tls.legacy_probe.as_ref().map(|probe| LegacyProbeView {
                version: probe.version.as_deref(),
                cipher_suite: probe.cipher_suite.as_deref(),
                group: probe.group.as_deref(),
                signature_scheme: probe.signature_scheme.as_deref(),
                answers_again: probe.answers_again,
                answers_tls12: probe.answers_tls12,
                answers_small: probe.answers_small,
            }),
            resumption: tls.resumption.as_ref().map(Into::into),
            scan: tls.scan.as_deref().map(Into::into),
            caa: tls.caa.as_ref().map(Into::into),
        }
    }
}

/// What became of the client's certificate.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ClientCertificateView<'a> {
    /// Whether the server asked for one.
    requested: bool,
    /// Whether one was sent.
    sent: bool,
    /// Whose certificate is at hand, sent or not; null where none was given.
    subject: Option<&'a str>,
    /// The authorities whose certificates the server accepts, as it says; none may mean any.
    acceptable_cas: &'a [String],
}

/// What a ClientHello offers, by IANA's names; unknown numbers are `0x1234`.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct OfferView<'a> {
    /// Versions.
    versions: &'a [String],
    /// Cipher suites.
    cipher_suites: &'a [String],
    /// Key exchange groups.
    groups: &'a [String],
    /// Groups with a key share sent along.
    key_shares: Vec<KeyShareView<'a>>,
    /// Signature schemes.
    signature_schemes: &'a [String],
    /// ALPN protocols.
    alpn: &'a [String],
    /// Size of the ClientHello record.
    bytes: usize,
}

impl<'a> From<&'a Offer> for OfferView<'a> {
    fn from(offer: &'a Offer) -> Self {
        Self {
            versions: &offer.versions,
            cipher_suites: &offer.cipher_suites,
            groups: &offer.groups,
            key_shares: offer
                .key_shares
                .iter()
                .map(|(group, bytes)| KeyShareView { group, bytes: *bytes })
                .collect(),
            signature_schemes: &offer.signature_schemes,
            alpn: &offer.alpn,
            bytes: offer.bytes,
        }
    }
}

/// A key share sent along.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct KeyShareView<'a> {
    /// Its group.
    group: &'a str,
    /// Its size.
    bytes: usize,
}

/// One burst of handshake messages in one direction.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct FlightView {
    /// Who sent it: we (`sent`) or the peer (`received`).
    #[cfg_attr(test, schemars(extend("enum" = ["sent", "received"])))]
    direction: &'static str,
    /// First byte received, or handed to the kernel.
    start_us: u64,
    /// Last byte of it.
    end_us: u64,
    /// Message names as they can be seen.
    messages: Vec<&'static str>,
    /// Bytes, record headers included.
    bytes: usize,
    /// CPU time spent on it.
    cpu_us: u64,
}

impl From<&Flight> for FlightView {
    fn from(flight: &Flight) -> Self {
        Self {
            direction: flight.direction.as_str(),
            start_us: flight.start.0,
            end_us: flight.end.0,
            messages: flight.names(),
            bytes: flight.bytes,
            cpu_us: us(flight.cpu),
        }
    }
}

/// A certificate as sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CertificateView<'a> {
    /// Subject as one line.
    subject: &'a str,
    /// Issuer as one line.
    issuer: &'a str,
    /// Serial number, hexadecimal.
    serial: &'a str,
    /// DNS names and addresses it is for.
    names: &'a [String],
    /// Start of validity, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    not_before: String,
    /// End of validity, RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    not_after: String,
    /// Whole days left when it was seen; negative when over.
    days_left: i64,
    /// Key type.
    key_type: &'a str,
    /// Key size in bits.
    key_bits: Option<u32>,
    /// Signature algorithm of the issuer.
    signature_algorithm: &'a str,
    /// SHA-256 of the DER form, hexadecimal.
    sha256: &'a str,
    /// SHA-256 of the public key (SPKI), hexadecimal.
    spki_sha256: &'a str,
    /// Whether it says it is a CA.
    is_ca: bool,
    /// Whether subject and issuer are the same.
    self_issued: bool,
    /// Where its issuer's certificate can be fetched.
    issuer_urls: &'a [String],
    /// Signed certificate timestamps in it.
    sct_count: usize,
    /// Each of them; whose the log is is not known here.
    scts: Vec<TimestampView<'a>>,
    /// Whether it demands that its servers staple OCSP responses (RFC 7633).
    must_staple: bool,
    /// Days from its begin to its end, a part of a day counted as one.
    lifetime_days: u64,
    /// The organization (O) of its issuer.
    issuer_organization: Option<&'a str>,
    /// What it is in the chain: the server's own, the issuer of one before it, of later ones only, a root, one that
    /// was there before, or the issuer of none of the others.
    #[cfg_attr(test, schemars(extend("enum" = ["leaf", "issuer", "out-of-order", "root", "duplicate", "unrelated"])))]
    place: &'static str,
    /// Others of the chain, by their index, with the same subject and key and another issuer.
    cross_signed_with: Vec<usize>,
    /// Whether a trusted root has its subject and key.
    trusted_root: bool,
}

impl<'a> CertificateView<'a> {
    fn chain(chain: &'a [Certificate]) -> Vec<Self> {
        let places = chain_places(chain).into_iter().enumerate();
        let view = |((index, place), certificate)| Self::of(certificate, place, cross_signs(chain, index));
        places.zip(chain).map(view).collect()
    }

    fn of(certificate: &'a Certificate, place: ChainPlace, cross_signed_with: Vec<usize>) -> Self {
        Self {
            subject: &certificate.subject,
            issuer: &certificate.issuer,
            serial: &certificate.serial,
            names: &certificate.names,
            not_before: words::timestamp(certificate.not_before, 0),
            not_after: words::timestamp(certificate.not_after, 0),
            days_left: certificate.days_left,
            key_type: &certificate.key_type,
            key_bits: certificate.key_bits,
            signature_algorithm: &certificate.signature_algorithm,
            sha256: &certificate.sha256,
            spki_sha256: &certificate.spki_sha256,
            is_ca: certificate.is_ca,
            self_issued: certificate.self_issued,
            issuer_urls: &certificate.issuer_urls,
            sct_count: certificate.scts.len(),
            scts: certificate.scts.iter().map(Into::into).collect(),
            must_staple: certificate.must_staple,
            lifetime_days: certificate.lifetime_days(),
            issuer_organization: certificate.issuer_organization.as_deref(),
            place: place.as_str(),
            cross_signed_with,
            trusted_root: certificate.trusted_root,
        }
    }
}

/// What checking the chain gave, all faults at once.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct VerificationView<'a> {
    /// Whether the certificate is good.
    verified: bool,
    /// The trusted roots.
    roots: &'a str,
    /// What is wrong.
    faults: Vec<FaultView<'a>>,
    /// Whether faults were put aside by `-k`.
    overridden: bool,
    /// When it began.
    start_us: u64,
    /// CPU time of the chain check and the signature check.
    cpu_us: u64,
    /// When the embedded roots refuse: whether the system's roots would trust the chain.
    system_would_trust: Option<bool>,
    /// When the system's roots refuse: whether the embedded ones would trust the chain.
    embedded_would_trust: Option<bool>,
    /// Whose the roots are: those of authorities that the public's browsers trust, or others, such as this machine's own.
    #[cfg_attr(test, schemars(extend("enum" = ["everybody", "somebody"])))]
    roots_of: &'static str,
}

impl<'a> From<&'a Verification> for VerificationView<'a> {
    fn from(verification: &'a Verification) -> Self {
        Self {
            verified: verification.faults.is_empty(),
            roots: &verification.roots,
            faults: verification.faults.iter().map(Into::into).collect(),
            overridden: verification.overridden,
            start_us: verification.start.0,
            cpu_us: us(verification.cpu),
            system_would_trust: verification.system_would_trust,
            embedded_would_trust: verification.embedded_would_trust,
            roots_of: verification.roots_of.as_str(),
        }
    }
}

/// A TLS alert.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AlertView<'a> {
    /// Who sent it: we (`sent`) or the peer (`received`).
    #[cfg_attr(test, schemars(extend("enum" = ["sent", "received"])))]
    direction: &'static str,
    /// Its name by RFC 8446 section 6.
    description: &'a str,
}

/// What an old-fashioned ClientHello found.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LegacyProbeView<'a> {
    /// The newest version the server answered with; null when it refused all.
    version: Option<&'a str>,
    /// The suite it chose.
    cipher_suite: Option<&'a str>,
    /// The group of its key exchange, where that was seen.
    group: Option<&'a str>,
    /// The scheme that it signed with, where that was seen.
    signature_scheme: Option<&'a str>,
    /// Whether it answers the refused ClientHello when that is sent again; null when it was not asked.
    answers_again: Option<bool>,
    /// Whether it answers what was offered without TLS 1.3; null when it was not asked.
    answers_tls12: Option<bool>,
    /// Whether it answers TLS 1.3 in a ClientHello that fits one packet; null when it was not asked.
    answers_small: Option<bool>,
}
