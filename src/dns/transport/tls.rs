//! TLS for resolvers: configuration before t0, the handshake on a connection of ours.
//!
//! A resolver whose certificate cannot be trusted is not asked: what it said would mean nothing.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, InvalidMessage};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock::Clock;
use crate::dns::transport::error::{failed, plain};
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
        Ok((stream.map_err(|error| tls_error(&error))?, done))
    }
}

/// The same error, in words for people.
fn tls_error(error: &io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    io::Error::other(match (inner, error.kind()) {
        (Some(inner), _) => words(inner),
        (None, ErrorKind::UnexpectedEof) => "closed the connection in the TLS handshake".to_owned(),
        (None, ErrorKind::ConnectionReset) => "reset the connection in the TLS handshake".to_owned(),
        (None, _) => return failed("TLS", error),
    })
}

/// An error of TLS, to stand behind a server's address.
fn words(error: &rustls::Error) -> String {
    let certificate = |fault: &str| format!("TLS: its certificate {fault}");
    match error {
        rustls::Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => certificate("has expired"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                certificate("is not valid yet")
            }
            CertificateError::UnknownIssuer => certificate("is of an authority that is not trusted here"),
            CertificateError::Other(fault) => certificate(&format!("cannot be trusted ({:?})", fault.0)),
            fault => format!("TLS: invalid peer certificate: {fault}"),
        },
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => "sent something that is not TLS".to_owned(),
        rustls::Error::InvalidMessage(fault) => {
            format!("sent a TLS message that breaks the rules ({fault:?})")
        }
        rustls::Error::AlertReceived(alert) => format!("refused the TLS handshake (alert {alert:?})"),
        error => format!("TLS: {}", plain(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_tls_come_in_words() {
        use rustls::{AlertDescription, Error};
        for (error, says) in [
            (Error::InvalidCertificate(CertificateError::Expired), "TLS: its certificate has expired"),
            (
                CertificateError::UnknownIssuer.into(),
                "TLS: its certificate is of an authority that is not trusted here",
            ),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "sent something that is not TLS"),
            (
                Error::InvalidMessage(InvalidMessage::CertificatePayloadTooLarge),
                "sent a TLS message that breaks the rules (CertificatePayloadTooLarge)",
            ),
            (
                Error::AlertReceived(AlertDescription::NoApplicationProtocol),
                "refused the TLS handshake (alert NoApplicationProtocol)",
            ),
        ] {
            assert_eq!(tls_error(&io::Error::new(ErrorKind::InvalidData, error)).to_string(), says);
        }
        let cut = tls_error(&io::Error::from(ErrorKind::UnexpectedEof)).to_string();
        assert_eq!(cut, "closed the connection in the TLS handshake");
    }
}
