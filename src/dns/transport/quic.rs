//! DNS over dedicated QUIC connections (RFC 9250): a stream for each question.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint};

use crate::clock::{Clock, Moment};
use crate::dns::transport::error::{Unanswered, failed};
use crate::dns::transport::tls::Secure;
use crate::dns::wire::query::EncodedQuery;
use crate::trace::At;

/// RFC 9250 §4.3: DOQ_NO_ERROR.
const NO_ERROR: quinn::VarInt = quinn::VarInt::from_u32(0);

/// A QUIC connection to a resolver.
pub(crate) struct Session {
    connection: Connection,
    /// Its socket and timers live as long as this.
    _endpoint: Endpoint,
}

/// Connects; says when the handshake was done.
pub(crate) async fn connect(
    secure: &Secure,
    address: SocketAddr,
    clock: &Clock,
) -> io::Result<(Session, At)> {
    let crypto =
        QuicClientConfig::try_from(Arc::clone(&secure.config)).map_err(|error| failed("QUIC", error))?;
    let config = ClientConfig::new(Arc::new(crypto));
    let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let endpoint = Endpoint::client(any)?;
    let connecting = endpoint
        .connect_with(config, address, &secure.name.to_str())
        .map_err(|error| failed("QUIC", error))?;
    let connection = connecting.await;
    let at = clock.now();
    let connection = connection.map_err(|error| failed("QUIC", error))?;
    Ok((Session { connection, _endpoint: endpoint }, at))
}

impl Session {
    /// Whether it has ended: closed by the resolver, or idle for too long.
    pub(crate) fn is_closed(&self) -> bool {
        self.connection.close_reason().is_some()
    }

    pub(crate) async fn ask(
        &self,
        query: &EncodedQuery,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        self.exchange(query, written)
            .await
            .map_err(|error| if self.is_closed() { Unanswered::Lost(error) } else { Unanswered::Odd(error) })
    }

    async fn exchange(
        &self,
        query: &EncodedQuery,
        written: impl Fn(Moment),
    ) -> io::Result<(Moment, Vec<u8>)> {
        // The resolver bounds the streams open at the same time (RFC 9000 §4.6).
        let (mut send, mut receive) =
            self.connection.open_bi().await.map_err(|error| failed("QUIC", error))?;
        written(Moment::now());
        send.write_all(&query.framed()).await.map_err(|error| failed("QUIC", error))?;
        // RFC 9250 §4.2: the end of the stream says that this is the whole question.
        send.finish().map_err(|error| failed("QUIC", error))?;
        let mut length = [0; 2];
        receive.read_exact(&mut length).await.map_err(|error| failed("QUIC", error))?;
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        receive.read_exact(&mut bytes).await.map_err(|error| failed("QUIC", error))?;
        Ok((Moment::now(), bytes))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.close(NO_ERROR, b"");
    }
}
