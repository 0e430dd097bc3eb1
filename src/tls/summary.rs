//! What a handshake that ended left behind, in the model's form: first what it knows itself, later
//! what has to be read out of bytes (offer, chain, what checking it gave).
//!
//! In two steps, because the second takes some 100 us that no phase should pay for. Nothing is asked of
//! anybody here.

use std::ops::Range;
use std::sync::Arc;

use rustls::ProtocolVersion;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::X509Name;

use super::certificate_faults::Source;
use super::checkable::Proof;
use super::handshake::Handshake;
use super::identity::Identity;
use super::resume::Memory;
use super::verify::{Answer, Request, Seen, Trust};
use super::{certificate, faults, inquiry, names, ocsp, offer};
use crate::trace::{
    At, ClientCertificate, Direction, Flight, HandshakeMessage, RootsOf, Tls, TlsVersion, Verification,
};

/// The record of a handshake, but for what is in its [`Details`].
pub(super) fn of<S>(handshake: &mut Handshake<'_, S>, seen: &Seen, host: &str, ran: Range<At>) -> Tls {
    let shows = seen.request.as_ref().is_some_and(|request| request.answer == Answer::Certificate);
    // Chosen when it is asked for: the handshake may have ended before it went out.
    let was_sent = handshake.flights.iter().any(|flight| {
        flight.direction == Direction::Sent && flight.messages.contains(&HandshakeMessage::Certificate)
    });
    let connection = &handshake.connection;
    Tls {
        start: ran.start,
        end: ran.end,
        noticed: handshake.noticed,
        stamped_by: handshake.stamped_by,
        sni: handshake.sni.take(),
        verified_name: host.to_owned(),
        flights: without_early_data(std::mem::take(&mut handshake.flights), handshake.early_data()),
        round_trips: handshake.round_trips,
        version: connection.protocol_version().and_then(version),
        group: connection.negotiated_key_exchange_group().map(|group| names::group(group.name().into())),
        signature_scheme: seen.scheme.map(|scheme| names::signature_scheme(scheme.into())),
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        hello_retry: handshake.received.hello_retry,
        client_certificate: ClientCertificate {
            requested: seen.request.is_some(),
            sent: shows && was_sent,
            ..ClientCertificate::default()
        },
        ocsp_bytes: seen.ocsp.len(),
        staple: None,
        bytes_received: handshake.bytes_received,
        bytes_sent: handshake.bytes_sent,
        key_exchange_cpu: handshake.key_exchange,
        // What follows is for Details::read_into, and after a failure for the inquiry.
        cipher_suite: None,
        offer: None,
        chain: Vec::new(),
        verification: None,
        alert: None,
        legacy_probe: None,
        resumption: None,
        scan: None,
        caa: None,
    }
}

/// Others are never negotiated.
fn version(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// Application data may come along with the server's Finished: it is no part of the flight.
fn without_early_data(mut flights: Vec<Flight>, early: usize) -> Vec<Flight> {
    if let Some(flight) = flights.iter_mut().rfind(|flight| flight.direction == Direction::Received) {
        flight.bytes = flight.bytes.saturating_sub(early);
    }
    flights
}

/// What a handshake saw and did not read yet: the offer and the chain, as bytes.
#[derive(Debug, Default)]
#[must_use = "without it the record lacks offer and chain"]
pub struct Unread {
    details: Option<Details>,
    memory: Option<Memory>,
}

impl Unread {
    pub(super) fn of(details: Details, memory: Option<Memory>) -> Self {
        Self { details: Some(details), memory }
    }

    pub(super) fn into_details(self) -> Option<Details> {
        self.details
    }

    /// The server's own certificate, where it was shown and had to be good.
    #[must_use]
    pub fn leaf(&self) -> Option<&[u8]> {
        let details = self.details.as_ref().filter(|details| !details.insecure)?;
        details.seen.certificates.first().map(AsRef::as_ref)
    }

    /// What a second handshake needs, where one is wanted.
    pub fn take_memory(&mut self) -> Option<Memory> {
        self.memory.take()
    }

    /// Completes the record: offer, chain, verification. What gives no trust and was put aside leaves a doubt.
    pub fn read_into(self, tls: &mut Tls) -> Option<Doubt> {
        let details = self.details?;
        details.read_into(tls);
        let is_overridden = tls.verification.as_ref().is_some_and(|verification| verification.overridden);
        is_overridden.then_some(Doubt(details))
    }
}

/// A chain whose faults were put aside (`-k`). Whether other roots would trust it takes files to be read: that is
/// for after the trace.
#[derive(Debug)]
pub struct Doubt(Details);

impl Doubt {
    /// Asks the roots that were not asked.
    pub fn settle(&self, tls: &mut Tls) {
        if let Some(verification) = &mut tls.verification {
            inquiry::ask_others(verification, &self.0.seen, &self.0.trust, self.0.source);
        }
    }
}

/// The bytes of a handshake, and what they were judged by.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) hello: Vec<u8>,
    /// The suite that was chosen, where its name is still to be looked up, in the largest of the tables.
    pub(super) suite: Option<u16>,
    pub(super) seen: Seen,
    pub(super) trust: Trust,
    /// The roots, as they are called in the report.
    pub(super) roots: Arc<str>,
    pub(super) roots_of: RootsOf,
    pub(super) source: Source,
    pub(super) insecure: bool,
    /// The certificate at hand.
    pub(super) identity: Option<Arc<Identity>>,
}

impl Details {
    pub(super) fn read_into(&self, tls: &mut Tls) {
        tls.offer = offer::read(&self.hello);
        tls.cipher_suite = self.suite.map(names::cipher_suite).or(tls.cipher_suite.take());
        let seen = &self.seen;
        tls.client_certificate.subject = self.identity.as_ref().map(|identity| identity.subject.clone());
        if let Some(request) = &seen.request {
            tls.client_certificate.acceptable_cas = authorities(request);
        }
        let (Some(start), Some(now)) = (seen.start, seen.now) else { return };
        let leaf = seen.certificates.first().filter(|_| !seen.ocsp.is_empty());
        tls.staple = leaf.map(|leaf| ocsp::read(&seen.ocsp, leaf));
        let is_root = |certificate: &X509Certificate<'_>| self.trust.is_anchor(certificate);
        tls.chain = seen.certificates.iter().map(|der| certificate::describe(der, now, is_root)).collect();
        let mut faults = faults::judge(&self.trust, seen, &tls.chain, &tls.verified_name, now);
        faults.extend(faults::unproven(seen));
        let overridden = self.insecure
            && !faults.is_empty()
            && matches!(seen.proof, Proof::Missing | Proof::Given | Proof::Unchecked);
        tls.verification = Some(Verification {
            roots: self.roots.to_string(),
            overridden,
            faults,
            start,
            cpu: seen.cpu,
            system_would_trust: None,
            embedded_would_trust: None,
            roots_of: self.roots_of,
        });
    }
}

/// The authorities of a CertificateRequest, each as one line.
fn authorities(request: &Request) -> Vec<String> {
    let name = |der: &Vec<u8>| match X509Name::from_der(der) {
        Ok((_, name)) => certificate::distinguished_name(&name),
        Err(_) => "(a name that cannot be read)".to_owned(),
    };
    let mut names: Vec<String> = request.authorities.iter().map(name).collect();
    if request.named > names.len() {
        names.push(format!("({} more)", request.named - names.len()));
    }
    names
}
