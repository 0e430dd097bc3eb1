//! A connection as several requests can share it: how it was opened, layer by layer.

use super::connect::Connect;
use super::ids::RequestId;
use super::proxy::Proxy;
use super::stage::Stage;
use super::tls::Tls;

/// One connection of a run, or the failed attempt at one.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// The request it was opened for; every other that names it has used it again.
    pub opened_for: RequestId,
    /// The TCP connection.
    pub tcp: Connect,
    /// The proxy that it goes through, which is what `tcp` is connected to.
    pub proxy: Option<Proxy>,
    /// The TLS handshake.
    pub tls: Stage<Tls>,
}
