//! TLS for resolvers: configuration before t0, the handshake on a connection of ours.
//!
//! A resolver whose certificate cannot be trusted is not asked: what it said would mean nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock::Clock;
use crate::dns::transport::error::failed;
use crate::dns::transport::stream;
use crate::plan::{Endpoint, RootsChoice};
use crate::trace::{At, Transport};

/// What a secure connection needs.
#[derive(Clone, Debug)]
pub(crate) struct Secure {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

impl Secure {
    /// `None` for plain TCP.
    ///
    /// # Errors
    /// Roots that cannot be used, or a name that no certificate can be for.
    pub(crate) fn new(endpoint: &Endpoint, roots: &RootsChoice) -> Result<Option<Self>, String> {
        // RFC 7858 (registered by IANA), RFC 9113 §3.2, RFC 9250 §4.1.
        let alpn: &[u8] = match endpoint.transport {
            Transport::Udp | Transport::Tcp => return Ok(None),
            Transport::Tls => b"dot",
            Transport::Https => b"h2",
            Transport::Quic => b"doq",
        };
        let name = endpoint.certificate_name.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|error| {
            format!("--resolver {}: no certificate can be for that: {error}", endpoint.text)
        })?;
        let roots = crate::roots::load(roots)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS for the resolver cannot be set up: {error}"))?
            .with_root_certificates(roots.store)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        Ok(Some(Self { config: Arc::new(config), name }))
    }

    /// TCP, then TLS; `tcp_done` hears of the first, the result has the stamp of the second.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        clock: &Clock,
        tcp_done: impl Fn(At),
    ) -> io::Result<(TlsStream<TcpStream>, At)> {
        let (stream, at) = stream::connect(address, clock).await?;
        tcp_done(at);
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(self.name.clone(), stream).await;
        let done = clock.now();
        Ok((stream.map_err(|error| failed("TLS", error))?, done))
    }
}
