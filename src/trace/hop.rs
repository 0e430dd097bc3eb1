//! Requests of a redirect chain as hops: each with all that was done for it, looked up in the tables.
//!
//! A view, made where it is read. Whoever changes a trace changes its tables.

use super::at::At;
use super::connect::Connect;
use super::connection::Connection;
use super::dns::Dns;
use super::failure::Failure;
use super::http::Http;
use super::ids::RequestId;
use super::proxy::Proxy;
use super::quic::Quic;
use super::request::{KeptConnection, Request};
use super::stage::Stage;
use super::tls::Tls;
use super::url::Url;

/// Why a request on a connection that was open has no lookup, no connect and no handshake.
pub const REUSED: &str = "an earlier hop's connection is used again";

/// Why one on a connection of an earlier run has none.
pub const KEPT: &str = "a connection kept from an earlier run is used again";

/// Why a request over QUIC has no TCP connection.
pub const BY_QUIC: &str = "QUIC was used: it needs no TCP connection";

/// One request of a redirect chain, with the stages that ran for it and for nobody else.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'t> {
    /// Which request it is.
    pub id: RequestId,
    /// The request itself: its ids lead into the tables.
    pub request: &'t Request,
    /// The URL, taken apart.
    pub url: &'t Url,
    /// Its start.
    pub start: At,
    /// Its end: last body byte, or the failure.
    pub end: At,
    /// Name resolution.
    pub dns: Stage<&'t Dns>,
    /// The TCP connection; skipped where QUIC was used or an earlier request's is used again.
    pub connect: Stage<&'t Connect>,
    /// The proxy, and what was said to it; `None` without one, and where an earlier request's connection is used.
    pub proxy: Option<&'t Proxy>,
    /// The QUIC connection, where it was opened for this request.
    pub quic: Option<&'t Quic>,
    /// The TLS handshake; skipped where an earlier request's connection is used again.
    pub tls: Stage<&'t Tls>,
    /// Request and response.
    pub http: Stage<&'t Http>,
    /// What it went out on, whoever it was opened for.
    pub connection: Option<&'t Connection>,
    /// Connections opened for it before, and given up: the endpoints of HTTPS records (RFC 9460 §3).
    pub abandoned: &'t [Connection],
    /// The earlier request whose connection this one used, if any.
    pub reused: Option<RequestId>,
    /// The request that this one repeats, on a new connection.
    pub retry_of: Option<RequestId>,
    /// What ended it before its goal.
    pub failure: Option<&'t Failure>,
}

impl<'t> Hop<'t> {
    /// The hop of one request, its stages taken from the tables.
    pub(super) fn new(
        id: RequestId,
        request: &'t Request,
        lookups: &'t [Dns],
        connections: &'t [Connection],
    ) -> Self {
        let dns = match request.lookup {
            Stage::Ran(id) => lookups.get(id.0).map_or(Stage::NotReached, Stage::Ran),
            Stage::Skipped(reason) => Stage::Skipped(reason),
            Stage::NotReached => Stage::NotReached,
        };
        let connection = request.connection.ran().and_then(|id| connections.get(id.0));
        let reused = connection.map(|connection| connection.opened_for).filter(|opener| *opener != id);
        let (connect, tls) = match (connection, reused) {
            (Some(opened), None) if opened.quic.is_some() => (Stage::Skipped(BY_QUIC), opened.tls.as_ref()),
            (Some(opened), None) => (Stage::Ran(&opened.tcp), opened.tls.as_ref()),
            (Some(used), Some(_)) => {
                // What spared the lookup spared the rest, too.
                let reason = dns.reason().unwrap_or(REUSED);
                (Stage::Skipped(reason), Stage::Skipped(used.tls.reason().unwrap_or(reason)))
            }
            (None, _) => match request.connection.reason() {
                Some(reason) => (Stage::Skipped(reason), Stage::Skipped(reason)),
                None => (Stage::NotReached, Stage::NotReached),
            },
        };
        let proxy = connection.filter(|_| reused.is_none()).and_then(|opened| opened.proxy.as_ref());
        let quic = connection.filter(|_| reused.is_none()).and_then(|opened| opened.quic.as_ref());
        let used = request.connection.ran().filter(|_| reused.is_none()).map_or(0, |used| used.0);
        let before = connections.get(..used).unwrap_or_default();
        let others = before.iter().rev().take_while(|connection| connection.opened_for == id).count();
        Self {
            id,
            request,
            url: &request.url,
            start: request.start,
            end: request.end,
            dns,
            connect,
            proxy,
            quic,
            tls,
            http: request.http.as_ref(),
            connection,
            abandoned: &before[before.len() - others..],
            reused,
            retry_of: request.retry_of,
            failure: request.failure.as_ref(),
        }
    }

    /// Whether it went out on a connection that an earlier run had kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.request.kept == Some(KeptConnection::Used)
    }

    /// The attempts at a connection that were made for it, by TCP or by QUIC.
    #[must_use]
    pub fn dialled(&self) -> Option<&'t Connect> {
        self.connect.ran().or(self.quic.and(self.connection).map(|used| &used.tcp))
    }
}
