//! Stage 4: the TLS handshake. (interface stub; the tls helper fills this in)

use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::plan::{TlsPlan, VersionChoice};
use crate::stop::Stop;
use crate::trace::{Failure, Tls};

/// The TLS client of one run: roots and configuration, made before t0.
pub struct Client;

/// A TLS connection after its handshake: reads and writes application data.
pub struct TlsStream;

impl Client {
    /// Loads the roots and builds the configuration. Before t0.
    ///
    /// # Errors
    /// A file that cannot be read or holds no certificate; the text names it.
    pub fn new(plan: &TlsPlan, version: VersionChoice) -> Result<Self, String> {
        let _ = (plan, version);
        Ok(Self)
    }

    /// Shakes hands. `host` is the URL's host (name or address literal, no brackets).
    pub async fn handshake(
        &self,
        tcp: TcpStream,
        host: &str,
        hop: usize,
        clock: &Clock,
        stop: &Stop,
    ) -> (Tls, Result<TlsStream, Failure>) {
        let _ = (tcp, host, hop, clock, stop);
        unimplemented!()
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        unimplemented!()
    }
}
impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<std::io::Result<usize>> {
        unimplemented!()
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        unimplemented!()
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        unimplemented!()
    }
}
