//! DNS over dedicated QUIC connections (RFC 9250): a stream for each question.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, ReadError, VarInt, WriteError};

use crate::clock::{Clock, Moment};
use crate::dns::transport::ask::{any, route};
use crate::dns::transport::error::{Unanswered, failed};
use crate::dns::transport::framed::Part;
use crate::dns::transport::tls::Secure;
use crate::dns::wire::query::EncodedQuery;
use crate::trace::At;

/// RFC 9250 §4.3: DOQ_NO_ERROR.
const NO_ERROR: VarInt = VarInt::from_u32(0);

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
    // The library would pass over it, and wait.
    route(address)?;
    let endpoint = Endpoint::client(any(address))?;
    let connecting = endpoint
        .connect_with(config, address, &secure.name.to_str())
        .map_err(|error| failed("QUIC", error))?;
    let connection = connecting.await;
    let at = clock.now();
    let connection = connection.map_err(|error| io::Error::other(connection_words(&error)))?;
    Ok((Session { connection, _endpoint: endpoint }, at))
}

/// Why a connection ended.
fn connection_words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            let reason = String::from_utf8_lossy(&close.reason).escape_debug().to_string();
            let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
            format!("closed the connection: {}{reason}", code_words(close.error_code))
        }
        ConnectionError::TimedOut => "connection lost: nothing came any more".to_owned(),
        error => format!("QUIC: {error}"),
    }
}

/// An error code of DNS over QUIC (RFC 9250 §8.4).
fn code_words(code: VarInt) -> String {
    let name = match code.into_inner() {
        0 => "DOQ_NO_ERROR",
        1 => "DOQ_INTERNAL_ERROR",
        2 => "DOQ_PROTOCOL_ERROR",
        3 => "DOQ_REQUEST_CANCELLED",
        4 => "DOQ_EXCESSIVE_LOAD",
        5 => "DOQ_UNSPECIFIED_ERROR",
        other => return format!("error {other}"),
    };
    format!("{name} ({code})")
}

impl Session {
    /// Whether it has ended: closed by the resolver, or idle for too long.
    pub(crate) fn is_closed(&self) -> bool {
        self.connection.close_reason().is_some()
    }

    pub(crate) async fn ask(
        &self,
        query: &EncodedQuery,
        part: &Part,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        self.exchange(query, part, written)
            .await
            .map_err(|error| if self.is_closed() { Unanswered::Lost(error) } else { Unanswered::Odd(error) })
    }

    async fn exchange(
        &self,
        query: &EncodedQuery,
        part: &Part,
        written: impl Fn(Moment),
    ) -> io::Result<(Moment, Vec<u8>)> {
        let lost = |error: &ConnectionError| io::Error::other(connection_words(error));
        // The resolver bounds the streams open at the same time (RFC 9000 §4.6).
        let (mut send, mut receive) = self.connection.open_bi().await.map_err(|error| lost(&error))?;
        written(Moment::now());
        send.write_all(&query.framed()).await.map_err(|error| match error {
            WriteError::Stopped(code) => {
                io::Error::other(format!("did not want the question: {}", code_words(code)))
            }
            WriteError::ConnectionLost(error) => lost(&error),
            error => failed("QUIC", error),
        })?;
        // RFC 9250 §4.2: the end of the stream says that this is the whole question.
        send.finish().map_err(|error| failed("QUIC", error))?;
        let bytes = part.read(&mut receive).await.map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>());
            let wanting = part.wanting().map(|words| format!(": {words}")).unwrap_or_default();
            io::Error::other(match inner {
                Some(ReadError::Reset(code)) => format!("reset the stream: {}{wanting}", code_words(*code)),
                Some(ReadError::ConnectionLost(error)) => connection_words(error),
                None if error.kind() == ErrorKind::UnexpectedEof => {
                    format!("ended the stream before the whole reply{wanting}")
                }
                _ => return failed("QUIC", error),
            })
        })?;
        Ok((Moment::now(), bytes))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.close(NO_ERROR, b"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_is_told_by_the_names_of_its_codes() {
        let closed = |code: u32, reason: &'static [u8]| {
            let close = quinn::ApplicationClose { error_code: VarInt::from_u32(code), reason: reason.into() };
            connection_words(&ConnectionError::ApplicationClosed(close))
        };
        assert_eq!(closed(2, b"no\n"), "closed the connection: DOQ_PROTOCOL_ERROR (2): no\\n");
        assert_eq!(closed(4, b""), "closed the connection: DOQ_EXCESSIVE_LOAD (4)");
        assert_eq!(closed(99, b""), "closed the connection: error 99");
    }
}
