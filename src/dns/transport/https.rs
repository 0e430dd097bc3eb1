//! DNS over HTTPS (RFC 8484): a POST for each question, all on one HTTP/2 connection.

use std::io;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::client::TlsStream;

use crate::clock::Moment;
use crate::dns::transport::error::{Unanswered, failed};
use crate::dns::wire::aging::grow_old;
use crate::dns::wire::query::EncodedQuery;
use crate::plan::{Endpoint, EndpointHost};

/// The longest DNS message.
const MAX_MESSAGE: usize = 65_535;

/// The media type of RFC 8484 §6.
const MESSAGE: &str = "application/dns-message";

/// An HTTP/2 connection to a resolver.
pub(crate) struct Session {
    sender: SendRequest<Bytes>,
    uri: String,
    driver: AbortHandle,
}

/// Begins HTTP/2 on a connection; that sends without waiting for the server.
pub(crate) async fn open(stream: TlsStream<TcpStream>, endpoint: &Endpoint) -> io::Result<Session> {
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(io::Error::other("it does not speak HTTP/2"));
    }
    let (sender, connection) =
        h2::client::handshake(stream).await.map_err(|error| failed("HTTP/2", error))?;
    let driver = tokio::task::spawn_local(async move {
        // Its end shows at the questions.
        let _ = connection.await;
    });
    let uri = format!("https://{}{}", authority(endpoint), endpoint.path);
    Ok(Session { sender, uri, driver: driver.abort_handle() })
}

fn authority(endpoint: &Endpoint) -> String {
    match (&endpoint.host, endpoint.port) {
        (EndpointHost::Name(name), 443) => name.clone(),
        (EndpointHost::Name(name), port) => format!("{name}:{port}"),
        (EndpointHost::Address(IpAddr::V4(address)), 443) => address.to_string(),
        // The scope is this machine's matter.
        (EndpointHost::Address(IpAddr::V6(address)) | EndpointHost::Scoped(address, _), 443) => {
            format!("[{address}]")
        }
        (EndpointHost::Scoped(address, _), port) => format!("[{address}]:{port}"),
        (EndpointHost::Address(address), port) => SocketAddr::new(*address, port).to_string(),
    }
}

impl Session {
    /// Whether it has ended; a GOAWAY ends it once nothing is open.
    pub(crate) fn is_closed(&self) -> bool {
        self.driver.is_finished()
    }

    pub(crate) async fn ask(
        &self,
        query: &EncodedQuery,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        let odd = |words: String| Unanswered::Odd(io::Error::other(words));
        let wrong = |error: h2::Error| {
            let is_gone = error.is_io() || error.is_go_away() || self.is_closed();
            let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
            let error = failed("HTTP/2", error);
            match (is_gone, is_refused) {
                (true, _) => Unanswered::Lost(error),
                (false, true) => Unanswered::Unprocessed(error),
                (false, false) => Unanswered::Odd(error),
            }
        };
        let request = http::Request::post(&self.uri)
            .header("content-type", MESSAGE)
            .header("accept", MESSAGE)
            .header("content-length", query.bytes.len())
            .body(())
            .map_err(|error| Unanswered::Odd(failed("HTTP/2", error)))?;
        let question = Bytes::copy_from_slice(&query.bytes);
        let mut sender = self.sender.clone().ready().await.map_err(wrong)?;
        let (response, mut body) = sender.send_request(request, false).map_err(wrong)?;
        body.send_data(question, true).map_err(wrong)?;
        // The server bounds the requests open at the same time (RFC 9113 §5.1.2): until then it waits.
        let _sender = sender.ready().await.map_err(wrong)?;
        written(Moment::now());
        let response = response.await.map_err(wrong)?;
        // RFC 8484 §4.2.1.
        if !response.status().is_success() {
            return Err(odd(format!("answered with HTTP status {}", response.status().as_u16())));
        }
        let kind = response.headers().get("content-type").map(http::HeaderValue::as_bytes);
        if !kind.is_some_and(is_message) {
            let kind = String::from_utf8_lossy(kind.unwrap_or(b"no type")).escape_debug().to_string();
            return Err(odd(format!("sent {kind} in place of {MESSAGE}")));
        }
        let age = response.headers().get("age").and_then(|age| age.to_str().ok()?.trim().parse().ok());
        let mut body = response.into_body();
        let (mut bytes, mut received) = (Vec::new(), Moment::now());
        while let Some(chunk) = body.data().await {
            received = Moment::now();
            let chunk = chunk.map_err(wrong)?;
            // The window is given back, or the server may not send on.
            let _ = body.flow_control().release_capacity(chunk.len());
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_MESSAGE {
                return Err(odd("sent more than a DNS message can hold".to_owned()));
            }
        }
        grow_old(&mut bytes, age.unwrap_or_default());
        Ok((received, bytes))
    }
}

/// Whether a content type is that of a DNS message: without regard to case, whatever its parameters (RFC 9110
/// §8.3.1).
fn is_message(kind: &[u8]) -> bool {
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(MESSAGE.as_bytes())
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
