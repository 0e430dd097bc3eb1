//! Stage 4: the TLS handshake, looked into flight by flight.
//!
//! From a TCP connection to a stream of application data, with a record of everything on the way:
//! what was offered and chosen, every flight with its times, the chain as sent and all that is wrong
//! with it. Nothing here knows of HTTP. One question has one file:
//!
//! - `crate::roots`: what is trusted;
//! - `group`: key exchange, with X25519MLKEM768;
//! - `handshake`: moving the bytes, record by record, with stamps;
//! - `record`, `offer`, `certificate`: reading bytes into the model;
//! - `verify`, `faults`: the check inside the handshake, and the full judgement after it;
//! - `failure`, `blame`, `alert`: what a failure means, in words;
//! - `probe`: what a server would have spoken that refused what we speak;
//! - `stream`: application data.

mod alert;
mod blame;
mod certificate;
mod failure;
mod faults;
mod group;
mod handshake;
mod keylog;
mod names;
mod offer;
mod probe;
mod record;
mod stream;
#[cfg(test)]
mod tests;
mod verify;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

pub use group::provider;
pub use stream::{AlertReceived, TlsStream};

use crate::clock::Clock;
use crate::plan::{RootsChoice, TlsPlan, TlsVersion, VersionChoice};
use crate::stop::Stop;
use crate::trace::{
    Alert, CertificateFault, Direction, Failure, FailureCode, Flight, StageName, Tls, Verification,
};
use failure::{Case, Explained};
use handshake::{End, Handshake};
use keylog::KeyLogFile;
use verify::{Observer, Seen, Trust};

/// A handshake takes at most this long.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The TLS client of one run: roots and configuration, made before t0.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
    trust: Trust,
    /// The roots, as they are called in the report.
    roots: Arc<str>,
    embedded: bool,
    insecure: bool,
    max_version: TlsVersion,
    limit: Duration,
}

impl Client {
    /// Loads the roots, opens the key log and builds the configuration. Before t0.
    ///
    /// # Errors
    /// A file that cannot be read or written, or holds no certificate; the text names it.
    pub fn new(plan: &TlsPlan, version: VersionChoice) -> Result<Self, String> {
        let roots = crate::roots::load(&plan.roots)?;
        let provider = group::timed_provider();
        let trust = Trust { roots: roots.store, algorithms: provider.signature_verification_algorithms };
        let versions: &[&rustls::SupportedProtocolVersion] = match plan.max_version {
            TlsVersion::Tls12 => &[&rustls::version::TLS12],
            TlsVersion::Tls13 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        };
        // Each handshake puts its own observer in the verifier's place; this one stands for none.
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_root_certificates(Arc::clone(&trust.roots))
            .with_no_client_auth();
        // Every handshake is a full one: a resumed one shows neither chain nor check.
        config.resumption = Resumption::disabled();
        config.alpn_protocols =
            Self::protocols(version).into_iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        if let Some(path) = &plan.key_log {
            config.key_log = Arc::new(KeyLogFile::open(path)?);
        }
        Ok(Self {
            config,
            trust,
            roots: roots.description.into(),
            embedded: plan.roots == RootsChoice::Embedded,
            insecure: plan.insecure,
            max_version: plan.max_version,
            limit: HANDSHAKE_LIMIT,
        })
    }

    /// The same client, offering only those of its protocols that a server's HTTPS record lists
    /// (RFC 9460 §7.1.2). `None` when that changes nothing: it lists all of them, or none.
    #[must_use]
    pub fn offering(&self, alpn: &[String]) -> Option<Self> {
        let listed = |own: &&Vec<u8>| alpn.iter().any(|id| id.as_bytes() == own.as_slice());
        let own = &self.config.alpn_protocols;
        let kept: Vec<Vec<u8>> = own.iter().filter(listed).cloned().collect();
        if kept.is_empty() || kept.len() == own.len() {
            return None;
        }
        let mut client = self.clone();
        client.config.alpn_protocols = kept;
        Some(client)
    }

    /// The protocols it offers by ALPN, most wanted first.
    #[must_use]
    pub fn protocols(version: VersionChoice) -> Vec<&'static str> {
        match version {
            VersionChoice::Auto => vec!["h2", "http/1.1"],
            VersionChoice::Http11 => vec!["http/1.1"],
            VersionChoice::Http2 => vec!["h2"],
        }
    }

    /// Shakes hands. `host` is the URL's host (name or address literal, no brackets).
    ///
    /// The record is complete when this returns. Reading it out of the handshake takes some 100 us
    /// after [`Tls::end`]; a caller that has a request to send meanwhile uses
    /// [`handshake_unread`](Self::handshake_unread).
    pub async fn handshake(
        &self,
        tcp: TcpStream,
        host: &str,
        clock: &Clock,
        stop: &Stop,
    ) -> (Tls, Result<TlsStream, Failure>) {
        let (mut tls, result, unread) = self.handshake_unread(tcp, host, clock, stop).await;
        unread.read_into(&mut tls);
        (tls, result)
    }

    /// Shakes hands, and leaves offer, chain and the details of a verification with faults to
    /// [`Unread::read_into`], to be called when time no longer matters. After a failure the record
    /// is complete at once.
    pub async fn handshake_unread(
        &self,
        tcp: TcpStream,
        host: &str,
        clock: &Clock,
        stop: &Stop,
    ) -> (Tls, Result<TlsStream, Failure>, Unread) {
        // Making the ClientHello, keys and all, is this handshake's work: the phase begins here.
        let start = clock.now();
        let mut tls = empty_record(host, start);
        // Should this fail, the socket is broken, and the handshake will say so.
        let _ = tcp.set_nodelay(true);
        let peer = tcp.peer_addr().ok();
        let observer = Arc::new(Observer::new(self.trust.clone(), self.insecure, *clock));
        let prepared = server_name(host).and_then(|name| {
            if let ServerName::DnsName(name) = &name {
                tls.sni = Some(name.as_ref().trim_end_matches('.').to_owned());
            }
            let config = self.config_for(&observer);
            let limit = start.after(self.limit);
            Handshake::new(tcp, config, name, Arc::clone(&observer), limit, clock, stop)
                .map_err(|error| (FailureCode::TlsProtocol, format!("no ClientHello could be made: {error}")))
        });
        let mut handshake = match prepared {
            Ok(handshake) => handshake,
            Err((code, message)) => {
                tls.end = clock.now();
                let failure = failed(&tls, Explained { code, message, hint: None });
                return (tls, Err(failure), Unread::default());
            }
        };
        let (end, result) = handshake.run().await;
        tls.end = end;
        let seen = std::mem::take(&mut *observer.seen());
        let details = Details {
            hello: std::mem::take(&mut handshake.hello),
            seen,
            trust: self.trust.clone(),
            roots: Arc::clone(&self.roots),
            insecure: self.insecure,
        };
        fill(&mut tls, &handshake, &details.seen);
        match result {
            Ok(()) => {
                let Handshake { tcp, connection, inbound, flights, .. } = handshake;
                tls.flights = without_early_data(flights, inbound.bytes().len());
                (tls, Ok(TlsStream::new(tcp, connection, inbound)), Unread(Some(details)))
            }
            Err(end) => {
                tls.flights.clone_from(&handshake.flights);
                // The phase is over, and the failure is looked into at leisure.
                details.read_into(&mut tls);
                let explained = self.look_into(&end, &mut tls, &handshake, &details.seen, peer, clock, stop);
                let explained = explained.await;
                let failure = failed(&tls, explained);
                (tls, Err(failure), Unread::default())
            }
        }
    }

    /// Why a handshake failed: asks the system's store and the server once more, where that tells.
    #[expect(clippy::too_many_arguments, reason = "all that is left of a handshake, used once")]
    async fn look_into(
        &self,
        end: &End,
        tls: &mut Tls,
        handshake: &Handshake<'_>,
        seen: &Seen,
        peer: Option<SocketAddr>,
        clock: &Clock,
        stop: &Stop,
    ) -> Explained {
        tls.alert = alert_of(end, handshake);
        self.ask_system_store(tls, seen);
        let mut probed = None;
        if let Some(peer) = peer
            && failure::wants_probe(end, &handshake.received, tls.bytes_received)
        {
            let found = probe::probe(peer, tls.sni.as_deref(), clock, stop).await;
            probed = found.choice;
            tls.legacy_probe = Some(found.record);
        }
        failure::explain(&Case {
            end,
            tls,
            seen,
            received: &handshake.received,
            unread: handshake.inbound.bytes(),
            probed,
            peer: &peer.map_or_else(|| "the server".to_owned(), |peer| peer.to_string()),
            awaited: handshake.awaited(),
            limit: self.limit,
            max_time: stop.max_time(),
            max_version: self.max_version,
        })
    }

    fn config_for(&self, observer: &Arc<Observer>) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(Arc::clone(observer) as _);
        config.client_auth_cert_resolver = Arc::clone(observer) as _;
        Arc::new(config)
    }

    /// When the embedded roots refuse a chain: whether the machine's would trust it.
    fn ask_system_store(&self, tls: &mut Tls, seen: &Seen) {
        let Some(verification) = &mut tls.verification else { return };
        let untrusted = verification.faults.iter().any(|fault| {
            matches!(
                fault,
                CertificateFault::SelfSigned
                    | CertificateFault::MissingIntermediate { .. }
                    | CertificateFault::UnknownIssuer { .. }
            )
        });
        if let (true, true, Some(now)) = (self.embedded, untrusted, seen.now)
            && let Ok(system) = crate::roots::system()
        {
            let trust = Trust { roots: system.store, algorithms: self.trust.algorithms };
            verification.system_would_trust = Some(faults::would_trust(&trust, &seen.certificates, now));
        }
    }
}

/// What a handshake saw and did not read yet: the offer and the chain, as bytes.
#[derive(Debug, Default)]
#[must_use = "without it the record lacks offer and chain"]
pub struct Unread(Option<Details>);

#[derive(Debug)]
struct Details {
    hello: Vec<u8>,
    seen: Seen,
    trust: Trust,
    roots: Arc<str>,
    insecure: bool,
}

impl Unread {
    /// Completes the record: offer, chain, verification.
    pub fn read_into(self, tls: &mut Tls) {
        if let Some(details) = self.0 {
            details.read_into(tls);
        }
    }
}

impl Details {
    fn read_into(&self, tls: &mut Tls) {
        tls.offer = offer::read(&self.hello);
        let seen = &self.seen;
        let (Some(start), Some(now)) = (seen.start, seen.now) else { return };
        tls.chain = seen.certificates.iter().map(|der| certificate::describe(der, now)).collect();
        let mut faults = faults::judge(&self.trust, seen, &tls.chain, &tls.verified_name, now);
        let overridden = self.insecure && !faults.is_empty() && seen.signature_error.is_none();
        faults.extend(faults::unproven(seen, &tls.chain));
        tls.verification = Some(Verification {
            roots: self.roots.to_string(),
            overridden,
            faults,
            start,
            cpu: seen.cpu,
            system_would_trust: None,
        });
    }
}

fn empty_record(host: &str, start: crate::trace::At) -> Tls {
    Tls {
        start,
        end: start,
        sni: None,
        verified_name: host.trim_end_matches('.').to_owned(),
        offer: None,
        flights: Vec::new(),
        round_trips: 0,
        version: None,
        cipher_suite: None,
        group: None,
        signature_scheme: None,
        alpn: None,
        hello_retry: false,
        client_certificate_requested: false,
        chain: Vec::new(),
        verification: None,
        alert: None,
        ocsp_bytes: 0,
        bytes_received: 0,
        bytes_sent: 0,
        key_exchange_cpu: Duration::ZERO,
        legacy_probe: None,
    }
}

/// The URL's host as rustls wants it.
fn server_name(host: &str) -> Result<ServerName<'static>, (FailureCode, String)> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("`{}` is no name that TLS can ask for (SNI)", certificate::escape(host));
        (FailureCode::InvalidHost, message)
    })
}

fn failed(tls: &Tls, explained: Explained) -> Failure {
    let Explained { code, message, hint } = explained;
    Failure { stage: StageName::Tls, code, message, hint, running: tls.end.since(tls.start) }
}

/// What the handshake and the check inside it know; the flights are moved apart.
fn fill(tls: &mut Tls, handshake: &Handshake<'_>, seen: &Seen) {
    let connection = &handshake.connection;
    tls.version = connection.protocol_version().map(|version| names::version(version.into()));
    tls.cipher_suite =
        connection.negotiated_cipher_suite().map(|suite| names::cipher_suite(suite.suite().into()));
    tls.group = connection.negotiated_key_exchange_group().map(|group| names::group(group.name().into()));
    tls.alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    tls.hello_retry = handshake.received.hello_retry;
    tls.round_trips = handshake.round_trips;
    tls.bytes_received = handshake.bytes_received;
    tls.bytes_sent = handshake.bytes_sent;
    tls.key_exchange_cpu = handshake.key_exchange;
    tls.signature_scheme = seen.scheme.map(|scheme| names::signature_scheme(scheme.into()));
    tls.client_certificate_requested = seen.client_certificate_requested;
    tls.ocsp_bytes = seen.ocsp_bytes;
}

/// Application data may come along with the server's Finished: it is no part of the flight.
fn without_early_data(mut flights: Vec<Flight>, unread: usize) -> Vec<Flight> {
    if let Some(flight) = flights.iter_mut().rfind(|flight| flight.direction == Direction::Received) {
        flight.bytes = flight.bytes.saturating_sub(unread);
    }
    flights
}

/// The alert that ended the handshake, whoever sent it.
fn alert_of(end: &End, handshake: &Handshake<'_>) -> Option<Alert> {
    let End::Tls(error) = end else { return None };
    let (direction, code) = match error {
        rustls::Error::AlertReceived(description) => (Direction::Received, u8::from(*description)),
        // Ours may be encrypted; then the kind of error says which one it was.
        rustls::Error::InvalidCertificate(error) => {
            (Direction::Sent, u8::from(rustls::AlertDescription::from(error.clone())))
        }
        _ => (Direction::Sent, handshake.plain_alert_sent()?),
    };
    Some(Alert { direction, description: alert::name(code) })
}
