//! DNS over HTTPS (RFC 8484): a POST for each question, all on one HTTP/2 connection.

use std::io;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::client::TlsStream;

use crate::clock::Moment;
use crate::dns::transport::error::{Unanswered, failed};
use crate::dns::transport::framed::Part;
use crate::dns::wire::aging::grow_old;
use crate::dns::wire::query::EncodedQuery;
use crate::plan::{Endpoint, EndpointHost};

/// The longest DNS message.
const MAX_MESSAGE: usize = 65_535;

/// Characters of a header field that a message has.
const MAX_FIELD: usize = 200;

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
        // RFC 8484 §5.2.
        return Err(io::Error::other(
            "speaks no HTTP/2 (by ALPN), the least that is recommended for DNS over HTTPS",
        ));
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
        part: &Part,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        let odd = |words: String| Unanswered::Odd(io::Error::other(words));
        let wrong = |error: h2::Error| {
            let is_gone = error.is_io() || error.is_go_away() || self.is_closed();
            let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
            let error = io::Error::other(h2_words(&error));
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
        if let Some(words) = refusal(response.status(), response.headers()) {
            return Err(odd(words));
        }
        let age = response.headers().get("age").and_then(|age| age.to_str().ok()?.trim().parse().ok());
        part.begins("its HTTP response began and did not end");
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

/// Why a response holds no DNS message.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| {
        let value = headers.get(name)?;
        let text: String = String::from_utf8_lossy(value.as_bytes()).chars().take(MAX_FIELD).collect();
        Some(text.escape_debug().to_string())
    };
    // RFC 8484 §4.2.1.
    if !status.is_success() {
        let reason = status.canonical_reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let more = match status.as_u16() {
            300..400 => text("location").map(|to| format!(", to {to}: redirects are not followed here")),
            // RFC 8484 §3: each resolver has a path of its own.
            404 => Some(": is the path right?".to_owned()),
            429 | 503 => text("retry-after").map(|when| format!(", Retry-After: {when}")),
            _ => None,
        };
        return Some(format!(
            "answered with HTTP status {}{reason}{}",
            status.as_u16(),
            more.unwrap_or_default()
        ));
    }
    let kind = text("content-type");
    if !kind.as_ref().is_some_and(|kind| is_message(kind.as_bytes())) {
        return Some(format!("sent {} in place of {MESSAGE}", kind.as_deref().unwrap_or("no type")));
    }
    let coding = text("content-encoding").filter(|coding| !coding.eq_ignore_ascii_case("identity"))?;
    Some(format!("sent a message with content-encoding {coding}, which was not asked for"))
}

/// Words for an error of HTTP/2 (RFC 9113 §7), by whoever found it.
fn h2_words(error: &h2::Error) -> String {
    let Some(reason) = error.reason() else {
        // It ends with the stream below.
        return match error.get_io() {
            Some(error) if error.kind() == io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
            Some(error)
                if !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) =>
            {
                failed("HTTP/2", error).to_string()
            }
            _ => "connection closed before the whole reply".to_owned(),
        };
    };
    let what = match (error.is_go_away(), error.is_remote()) {
        (true, true) => "closed the connection",
        (true, false) => "broke the rules of HTTP/2: the connection was closed",
        (false, true) => "reset the stream",
        (false, false) => "broke the rules of HTTP/2: the stream was reset",
    };
    format!("{what} ({reason:?})")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_without_a_dns_message_says_why() {
        let of = |status: u16, fields: &[(&'static str, &str)]| {
            let fields =
                fields.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
            refusal(StatusCode::from_u16(status).unwrap(), &fields.collect())
        };
        let dns = ("content-type", "Application/DNS-Message; charset=utf-8");
        assert_eq!(of(200, &[dns]), None);
        assert_eq!(of(203, &[dns, ("content-encoding", "identity")]), None);
        for (status, fields, words) in [
            (404, &[][..], "status 404 (Not Found): is the path right?"),
            (429, &[("retry-after", "7")], "status 429 (Too Many Requests), Retry-After: 7"),
            (
                308,
                &[("location", "https://b.test/q")],
                "308 (Permanent Redirect), to https://b.test/q: redirects are not",
            ),
            (500, &[dns], "status 500 (Internal Server Error)"),
            (200, &[], "sent no type in place of application/dns-message"),
            (200, &[("content-type", "application/dns-json")], "sent application/dns-json in place of"),
            (200, &[dns, ("content-encoding", "gzip")], "content-encoding gzip, which was not asked for"),
        ] {
            let told = of(status, fields).unwrap();
            assert!(told.contains(words), "{told}");
        }
    }
}
