//! After a handshake failed: what else is asked to say why, of the machine's own roots and of the
//! server. Outside the measured phase; it changes no verdict.

use std::net::SocketAddr;
use std::time::Duration;

use super::certificate_faults::Source;
use super::failure::{self, Case};
use super::faults;
use super::handshake::{End, Handshake};
use super::probe::{self, Found};
use super::verify::{Seen, Trust};
use crate::alert;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::RootsChoice;
use crate::stop::Stop;
use crate::timestamp::Stamped;
use crate::trace::{Alert, CertificateFault, Direction, Tls, TlsVersion, Verification};

/// A failed handshake, to be looked into.
pub(super) struct Inquiry<'a> {
    pub(super) end: &'a End,
    /// Where the server can be asked once more.
    pub(super) address: Option<SocketAddr>,
    pub(super) seen: &'a Seen,
    /// The trust of the run.
    pub(super) trust: &'a Trust,
    pub(super) source: Source,
    /// Our ClientHello.
    pub(super) hello: &'a [u8],
    pub(super) limit: Duration,
    pub(super) max_version: TlsVersion,
}

impl Inquiry<'_> {
    /// Completes the record of the handshake, and says why it failed.
    pub(super) async fn run<S: Stamped>(
        &self,
        handshake: &Handshake<'_, S>,
        tls: &mut Tls,
        clock: &Clock,
        stop: &Stop,
    ) -> Fault {
        tls.alert = alert_of(self.end, handshake.plain_alert_sent(), handshake.received.alert);
        if let Some(verification) = &mut tls.verification {
            ask_others(verification, self.seen, self.trust, self.source);
        }
        // Before anything else is asked: it may be acknowledged meanwhile.
        let acknowledged = handshake.carrier.is_acknowledged();
        let mut probed = Found::default();
        if let Some(address) = self.address
            && failure::wants_probe(self.end, &handshake.received, tls.bytes_received)
        {
            probed = probe::probe(address, tls.sni.as_deref(), self.hello, clock, stop).await;
            tls.legacy_probe = Some(probed.record());
        }
        failure::explain(&Case {
            end: self.end,
            tls,
            seen: self.seen,
            received: &handshake.received,
            unread: handshake.inbound.bytes(),
            probed: &probed,
            peer: &self.address.map_or_else(|| "the server".to_owned(), |address| address.to_string()),
            awaited: handshake.awaited(),
            limit: self.limit,
            max_time: stop.max_time(),
            max_version: self.max_version,
            source: self.source,
            acknowledged,
        })
    }
}

/// When the embedded roots refuse a chain, or the machine's do: whether the others would trust it.
pub(super) fn ask_others(verification: &mut Verification, seen: &Seen, trust: &Trust, source: Source) {
    let untrusted = verification.faults.iter().any(|fault| {
        matches!(
            fault,
            CertificateFault::SelfSigned
                | CertificateFault::MissingIntermediate { .. }
                | CertificateFault::UnknownIssuer { .. }
        )
    });
    let (true, Some(now)) = (untrusted, seen.now) else { return };
    let would_trust = |others: Result<crate::roots::Roots, String>| {
        let others = Trust { roots: others.ok()?.store, algorithms: trust.algorithms };
        Some(faults::would_trust(&others, &seen.certificates, now))
    };
    match source {
        Source::Embedded => verification.system_would_trust = would_trust(crate::roots::system()),
        Source::System => {
            verification.embedded_would_trust = would_trust(crate::roots::load(&RootsChoice::Embedded));
        }
        Source::File | Source::Other => {}
    }
}

/// The alert that ended the handshake, or came before its end, whoever sent it. `sent` is ours, if it was
/// sent in plaintext, `received` the server's.
fn alert_of(end: &End, sent: Option<u8>, received: Option<u8>) -> Option<Alert> {
    let (direction, code) = match end {
        End::Tls(rustls::Error::AlertReceived(description)) => (Direction::Received, u8::from(*description)),
        // Ours may be encrypted; then the kind of error says which one it was.
        End::Tls(rustls::Error::InvalidCertificate(error)) => {
            (Direction::Sent, u8::from(rustls::AlertDescription::from(error.clone())))
        }
        End::Tls(_) => (Direction::Sent, sent?),
        _ => (Direction::Received, received?),
    };
    Some(Alert { direction, description: alert::name(code) })
}
