//! The TLS client of one run, and one handshake of it from its start to its record.
//!
//! It decides what is offered and trusted, and in which order a handshake is run, recorded and, when it
//! failed, looked into. It moves no bytes (`handshake`) and words nothing (`failure`).

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};

use super::certificate_faults::Source;
use super::handshake::{Handshake, Hello};
use super::host::{self, Asked};
use super::identity::Identity;
use super::inquiry::Inquiry;
use super::keylog::KeyLogFile;
use super::resume::{Heard, Memory, Session, Tickets};
use super::stream::TlsStream;
use super::summary::{self, Details, Unread};
use super::verify::{Observer, Trust};
use super::{certificate, group};
use crate::alert::Demand;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::{self, Resume, RootsChoice, ServerName, TlsPlan, VersionChoice};
use crate::stop::Stop;
use crate::timestamp::Stamped;
use crate::trace::{Failure, FailureCode, RootsOf, StageName, Tls, TlsVersion};

/// A handshake takes at most this long.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Whom a handshake is with.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// The URL's host (name or address literal, no brackets).
    pub host: &'a str,
    /// Its address, where it can be asked once more after a failure; `None` at the end of a tunnel.
    pub address: Option<SocketAddr>,
}

/// A ClientHello for a host, keys and all: made while there is nothing to do but wait for the connection.
pub struct Prepared {
    /// Without its final dot.
    host: String,
    hello: Result<(Hello, Option<Memory>), Fault>,
}

impl Prepared {
    /// The host it is for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// What faults of a certificate come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// The end of the handshake.
    Fatal,
    /// Nothing (`-k`).
    Overlooked,
}

/// The TLS client of one run: roots and configuration, made before t0.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
    pub(super) trust: Trust,
    /// The roots, as they are called in the report.
    pub(super) roots: Arc<str>,
    pub(super) source: Source,
    pub(super) roots_of: RootsOf,
    pub(super) insecure: bool,
    /// What is shown to a server that asks for it.
    pub(super) identity: Option<Arc<Identity>>,
    resume: Resume,
    /// The session that a handshake inside QUIC resumes.
    pub(super) session: Option<Session>,
    max_version: TlsVersion,
    min_version: TlsVersion,
    server_name: Option<ServerName>,
    pub(super) limit: Duration,
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
        let identity = match &plan.identity {
            None => None,
            Some(plan::Identity::Files(files)) => Some(Arc::new(Identity::read(files, &provider)?)),
            Some(plan::Identity::OfLab) => {
                return Err(
                    "--cert lab:client: the lab's own certificate is there with --lab only".to_owned()
                );
            }
        };
        let mut config = configure(provider, plan.min_version..=plan.max_version, &trust.roots)
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        config.alpn_protocols =
            Self::protocols(version).into_iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        if let Some(path) = &plan.key_log {
            config.key_log = Arc::new(KeyLogFile::open(path)?);
        }
        Ok(Self {
            config,
            trust,
            roots: roots.description.into(),
            source: Source::from(&plan.roots),
            roots_of: match &plan.roots {
                // The lab's stand for everybody's there.
                RootsChoice::Embedded | RootsChoice::Given { .. } => RootsOf::Everybody,
                RootsChoice::System
                | RootsChoice::File(_)
                | RootsChoice::Pem { .. }
                | RootsChoice::Environment { .. } => RootsOf::Somebody,
            },
            insecure: plan.insecure,
            identity,
            resume: plan.resume,
            session: None,
            max_version: plan.max_version,
            min_version: plan.min_version,
            server_name: plan.server_name.clone(),
            limit: HANDSHAKE_LIMIT,
        })
    }

    /// The same client without ALPN (RFC 7301), for what is not HTTP: a server that is offered none of its own
    /// protocols refuses.
    #[must_use]
    pub fn without_protocols(&self) -> Self {
        let mut client = self.clone();
        client.config.alpn_protocols.clear();
        client
    }

    /// The same client for HTTP/1.1 alone, whatever the plan says of other versions.
    #[must_use]
    pub fn for_http1(&self) -> Self {
        let mut client = self.clone();
        client.config.alpn_protocols = vec![b"http/1.1".to_vec()];
        client
    }

    /// The same for HTTP/2 alone.
    #[must_use]
    pub fn for_http2(&self) -> Self {
        let mut client = self.clone();
        client.config.alpn_protocols = vec![b"h2".to_vec()];
        client
    }

    /// The same client for HTTP/3 (RFC 9114 §3.1), whatever the plan says of other versions.
    #[must_use]
    pub fn for_http3(&self) -> Self {
        let mut client = self.clone();
        client.config.alpn_protocols = vec![b"h3".to_vec()];
        client
    }

    /// A client of the same roots for https proxies, which speak HTTP/1. The client certificate and the ticket are
    /// the target's matter.
    #[must_use]
    pub fn for_proxies(&self, faults: Faults) -> Self {
        let mut client = self.clone();
        client.config.alpn_protocols =
            Self::protocols(VersionChoice::Http11).iter().map(|name| name.as_bytes().to_vec()).collect();
        client.insecure = faults == Faults::Overlooked;
        (client.identity, client.resume, client.server_name) = (None, Resume::Never, None);
        client
    }

    /// The protocols it offers by ALPN, most wanted first.
    #[must_use]
    pub fn protocols(version: VersionChoice) -> Vec<&'static str> {
        match version {
            VersionChoice::Auto => vec!["h2", "http/1.1"],
            VersionChoice::Http11 => vec!["http/1.1"],
            VersionChoice::Http2 => vec!["h2"],
            VersionChoice::Http3Only => vec!["h3"],
        }
    }

    /// Shakes hands over `carrier`.
    ///
    /// The record is complete when this returns. Reading it out of the handshake takes some 100 us
    /// after [`Tls::end`]; a caller that has a request to send meanwhile uses
    /// [`handshake_unread`](Self::handshake_unread).
    pub async fn handshake<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
        &self,
        carrier: S,
        peer: Peer<'_>,
        clock: &Clock,
        stop: &Stop,
    ) -> (Tls, Result<TlsStream<S>, Failure>) {
        let hello = self.prepare(peer.host, clock);
        let (mut tls, result, unread) =
            self.handshake_unread(carrier, hello, peer.address, clock, stop).await;
        unread.read_into(&mut tls);
        (tls, result)
    }

    /// Makes the keys that the next ClientHello of this thread offers: they need no host, let alone a connection.
    pub fn make_keys(&self) {
        if self.max_version == TlsVersion::Tls13 {
            group::begin_ahead();
        }
    }

    /// Makes the ClientHello for a host. What is wrong with it is told by the handshake.
    #[must_use]
    pub fn prepare(&self, host: &str, clock: &Clock) -> Prepared {
        let other = self.server_name.as_ref().filter(|other| other.host == host);
        let host = other.map_or(host, |other| &other.name);
        let hello = self.hello(host, clock);
        Prepared { host: host.trim_end_matches('.').to_owned(), hello }
    }

    fn hello(&self, host: &str, clock: &Clock) -> Result<(Hello, Option<Memory>), Fault> {
        let asked = asked(host)?;
        let observer = Arc::new(self.observer(&asked, clock));
        let not_made = |error| {
            let message = format!("no ClientHello could be made: {error}");
            Fault::new(StageName::Tls, FailureCode::TlsProtocol, message)
        };
        let (config, tickets) = self.config_for(&observer, &asked).map_err(not_made)?;
        let memory = self.memory(&config, tickets, &observer, host);
        Ok((Hello::new(config, asked, observer).map_err(not_made)?, memory))
    }

    /// Shakes hands, and leaves offer, chain and the details of a verification with faults to
    /// [`Unread::read_into`], to be called when time no longer matters. After a failure the record
    /// is complete at once.
    pub async fn handshake_unread<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
        &self,
        carrier: S,
        prepared: Prepared,
        address: Option<SocketAddr>,
        clock: &Clock,
        stop: &Stop,
    ) -> (Tls, Result<TlsStream<S>, Failure>, Unread) {
        let start = clock.now();
        let Prepared { host, hello } = prepared;
        let (hello, memory) = match hello {
            Ok(hello) => hello,
            Err(fault) => {
                let tls = Tls { start, end: start, verified_name: host, ..Tls::default() };
                return (tls, Err(fault.after(Duration::ZERO)), Unread::default());
            }
        };
        let observer = hello.observer();
        let mut handshake = Handshake::new(carrier, hello, start.after(self.limit), clock, stop);
        let (end, result) = handshake.run().await;
        let seen = std::mem::take(&mut *observer.seen());
        let start = handshake.flights.first().map_or(start, |hello| hello.start);
        let mut tls = summary::of(&mut handshake, &seen, &host, start..end);
        let details = Details {
            hello: std::mem::take(&mut handshake.hello),
            suite: handshake.connection.negotiated_cipher_suite().map(|suite| suite.suite().into()),
            seen,
            trust: self.trust.clone(),
            roots: Arc::clone(&self.roots),
            roots_of: self.roots_of,
            source: self.source,
            insecure: self.insecure,
            identity: self.identity.clone(),
        };
        match result {
            Ok(()) => {
                let Handshake { carrier, connection, inbound, .. } = handshake;
                let asked = match (tls.client_certificate.requested, tls.client_certificate.sent) {
                    (false, _) => Demand::Nothing,
                    (true, false) => Demand::ClientCertificate,
                    (true, true) => Demand::OtherClientCertificate,
                };
                (tls, Ok(TlsStream::new(carrier, connection, inbound, asked)), Unread::of(details, memory))
            }
            // The phase is over, and the failure is looked into at leisure.
            Err(why) => {
                details.read_into(&mut tls);
                let inquiry = Inquiry {
                    end: &why,
                    address,
                    seen: &details.seen,
                    hello: &details.hello,
                    trust: &self.trust,
                    source: self.source,
                    limit: self.limit,
                    max_version: self.max_version,
                };
                let fault = inquiry.run(&handshake, &mut tls, clock, stop).await;
                let failure = fault.after(tls.end.since(tls.start));
                (tls, Err(failure), Unread::default())
            }
        }
    }

    /// What a second handshake needs, where one is wanted.
    pub(super) fn memory(
        &self,
        config: &Arc<ClientConfig>,
        tickets: Option<Arc<Tickets>>,
        observer: &Arc<Observer>,
        host: &str,
    ) -> Option<Memory> {
        let (config, observer) = (Arc::clone(config), Arc::clone(observer));
        let (host, limit) = (host.to_owned(), self.limit);
        tickets.map(|tickets| Memory { config, tickets, observer, host, limit, heard: Heard::Nothing })
    }

    /// Who watches a handshake.
    pub(super) fn observer(&self, asked: &Asked, clock: &Clock) -> Observer {
        let (true_name, identity) = (asked.true_name().map(str::to_owned), self.identity.clone());
        Observer::new(self.trust.clone(), self.insecure, true_name, identity, *clock)
    }

    pub(super) fn config_for(
        &self,
        observer: &Arc<Observer>,
        asked: &Asked,
    ) -> Result<(Arc<ClientConfig>, Option<Arc<Tickets>>), rustls::Error> {
        let mut config = self.config.clone();
        if asked.swap.is_some() {
            let provider = host::swapping(group::timed_provider());
            let swapping = configure(provider, self.min_version..=self.max_version, &self.trust.roots)?;
            let own = std::mem::replace(&mut config, swapping);
            (config.alpn_protocols, config.key_log) = (own.alpn_protocols, own.key_log);
        }
        config.dangerous().set_certificate_verifier(Arc::clone(observer) as _);
        config.client_auth_cert_resolver = Arc::clone(observer) as _;
        let tickets = match self.resume {
            Resume::Never => None,
            Resume::Afterwards => {
                let tickets = Arc::new(Tickets::default());
                config.resumption = tickets.keeping();
                Some(tickets)
            }
        };
        Ok((Arc::new(config), tickets))
    }
}

/// What every handshake has in common. Each puts its own observer in the verifier's place; the one here
/// stands for none.
fn configure(
    provider: CryptoProvider,
    offered: RangeInclusive<TlsVersion>,
    roots: &Arc<RootCertStore>,
) -> Result<ClientConfig, rustls::Error> {
    let all = [(TlsVersion::Tls13, &rustls::version::TLS13), (TlsVersion::Tls12, &rustls::version::TLS12)];
    let versions = all.iter().filter(|(version, _)| offered.contains(version));
    let versions: Vec<&rustls::SupportedProtocolVersion> = versions.map(|(_, version)| *version).collect();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth();
    // Every handshake is a full one: a resumed one shows neither chain nor check.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The URL's host as TLS asks for it.
fn asked(host: &str) -> Result<Asked, Fault> {
    Asked::new(host).ok_or_else(|| {
        let message = format!("`{}` is not a name that TLS can ask for (SNI)", certificate::escape(host));
        Fault::new(StageName::Tls, FailureCode::InvalidHost, message)
    })
}
