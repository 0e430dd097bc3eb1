//! HTTP/1.1 by hand, so that it can also be spoken badly.
//!
//! Requests are hostile: heads and bodies have limits, whatever cannot be read is answered with
//! 400, and every wait for the client has an end.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::reply::{HINT, Reply, Request, reason, reply};
use super::site::{Conduct, Hints, Pace, Page};
use super::socket;
use crate::lab::shared::Shared;
use crate::lab::timer::precise_sleep;
use crate::trace::At;

/// How long a client may take for its next request, or for reading what it was sent.
const IDLE: Duration = Duration::from_secs(60);
/// How TLS begins (RFC 8446 §5.1), and no request.
const TLS_HANDSHAKE: u8 = 22;
/// The largest request head.
const MAX_HEAD: usize = 64 * 1024;
/// The most header fields of a request.
const MAX_FIELDS: usize = 128;
/// The largest request body that is read; longer ones end the connection after the response.
const MAX_BODY: u64 = 1024 * 1024;
/// Where even an endless head ends: far beyond what any client should take.
const ENDLESS: usize = 16 * 1024 * 1024;

/// A request head, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    method: String,
    target: String,
    accept_encoding: String,
    if_none_match: String,
    socket_key: String,
    cookie: String,
    /// Its body waits for a 100.
    expects: bool,
    body: u64,
    keep: Keep,
    version: u8,
}

/// What becomes of the connection after a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keep {
    #[default]
    Open,
    Close,
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<S>(mut stream: S, conduct: Conduct, shared: &Shared) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    for number in 0_u32.. {
        let Some(end) = timeout(IDLE, read_head(&mut stream, &mut buffer)).await?? else { return Ok(()) };
        let mut received = shared.clock.now();
        let head = parse(&buffer[..end]);
        buffer.drain(..end);
        if let (Conduct::Socket(conduct), Some(head)) = (conduct, &head) {
            timeout(IDLE, socket::serve(&mut stream, conduct, &head.socket_key, shared)).await??;
            return linger(&mut stream).await;
        }
        let Some(page) = conduct.page() else {
            misbehave(&mut stream, conduct).await?;
            return linger(&mut stream).await;
        };
        if let (Conduct::EndsKept(_), 1..) = (conduct, number) {
            return linger(&mut stream).await;
        }
        let asked = head.as_ref().map(|head| (&*head.target, &*head.cookie));
        if let Some(answer) = asked.and_then(|asked| first_answer(conduct, number, asked)) {
            stream.write_all(answer).await?;
            continue;
        }
        let ends = |(name, value): &(&str, &str)| *name == "connection" && *value == "close";
        let Some(mut head) = head else {
            let bad = b"HTTP/1.1 400 Bad Request\r\nserver: urltrace-lab\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(bad).await?;
            return linger(&mut stream).await;
        };
        if page.fields.iter().any(ends) {
            head.keep = Keep::Close;
        }
        if head.expects && wait_is_over(&mut stream, conduct, &buffer).await? == Wanted::No {
            return linger(&mut stream).await;
        }
        if head.body > MAX_BODY {
            head.keep = Keep::Close;
        } else if head.body > 0 {
            timeout(IDLE, skip_body(&mut stream, &mut buffer, head.body)).await??;
            received = shared.clock.now();
        }
        let page = page.find(&head.target);
        let page = Page { think: if number == 0 { page.think + page.start } else { page.think }, ..page };
        let page = match conduct {
            Conduct::Moody(_, mood) => mood.page(page, shared.turn(mood.index())),
            _ => page,
        };
        timeout(IDLE, respond(&mut stream, &page, &head, received, shared)).await??;
        if let (Conduct::EndsThird(_), 2..) = (conduct, number) {
            return linger(&mut stream).await;
        }
        if head.keep == Keep::Close {
            return linger(&mut stream).await;
        }
    }
    Ok(())
}

/// Whether a body is wanted that waits for a word (RFC 9110 §10.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
}

/// Says what a client waits for that has announced its body.
async fn wait_is_over<S: AsyncWrite + Unpin>(
    stream: &mut S,
    conduct: Conduct,
    buffer: &[u8],
) -> std::io::Result<Wanted> {
    match conduct {
        Conduct::NoExpect(_) => {
            let refused =
                b"HTTP/1.1 417 Expectation Failed\r\nserver: urltrace-lab\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(refused).await?;
            return Ok(Wanted::No);
        }
        Conduct::NoContinue(_) => return Ok(Wanted::Yes),
        Conduct::SlowContinue(_, delay) => tokio::time::sleep(delay).await, // the injected delay
        _ => {}
    }
    // What is already there was not waited for.
    if buffer.is_empty() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    Ok(Wanted::Yes)
}

/// What a site says before it has its page.
fn first_answer(conduct: Conduct, number: u32, (target, cookie): (&str, &str)) -> Option<&'static [u8]> {
    match conduct {
        Conduct::Busy(_) if number == 0 => Some(
            b"HTTP/1.1 503 Service Unavailable\r\nserver: urltrace-lab\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
        ),
        Conduct::CookieWall(_) if !cookie.contains("seen=yes") => Some(
            b"HTTP/1.1 302 Found\r\nserver: urltrace-lab\r\nlocation: /\r\nset-cookie: seen=yes; path=/; max-age=60; httponly\r\ncontent-length: 0\r\n\r\n",
        ),
        _ if target != "/" => None,
        Conduct::EndsKept(_) => {
            Some(b"HTTP/1.1 302 Found\r\nlocation: /index.html\r\ncontent-length: 0\r\n\r\n")
        }
        Conduct::LeadingBlank(_) => {
            Some(b"HTTP/1.1 302 Found\r\n location: /index.html\r\ncontent-length: 0\r\n\r\n")
        }
        Conduct::TwoLengths(_) => Some(
            b"HTTP/1.1 200 OK\r\nserver: urltrace-lab\r\ncontent-type: text/plain\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n",
        ),
        Conduct::BareReturn(_) => Some(
            b"HTTP/1.1 200 OK\r\nserver: urltrace-lab\r\ncontent-type: text/plain\r\nx-campaign: spring\rset-cookie: role=admin\r\ncontent-length: 6\r\n\r\nhello\n",
        ),
        Conduct::StrayLine(_) => Some(
            b"HTTP/1.1 200 OK\r\nserver: urltrace-lab\r\nWarning in /srv/shop/prices.php on line 7\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nhello\n",
        ),
        _ => None,
    }
}

/// Reads until `buffer` holds a whole head, and says where it ends; `None` when the client left.
async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<usize>> {
    let mut searched: usize = 0;
    loop {
        let from = searched.saturating_sub(3);
        if let Some(at) = buffer[from..].windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some(from + at + 4));
        }
        searched = buffer.len();
        if searched >= MAX_HEAD || buffer.first() == Some(&TLS_HANDSHAKE) {
            // What is there is no head; it will be refused as one.
            return Ok(Some(searched));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    request.parse(bytes).ok().filter(httparse::Status::is_complete)?;
    let mut head = Head {
        method: request.method?.to_owned(),
        target: request.path?.to_owned(),
        version: request.version?,
        ..Head::default()
    };
    if head.version == 0 {
        head.keep = Keep::Close;
    }
    for field in request.headers {
        let value = String::from_utf8_lossy(field.value);
        match field.name.to_ascii_lowercase().as_str() {
            "accept-encoding" => head.accept_encoding = value.into_owned(),
            "if-none-match" => head.if_none_match = value.into_owned(),
            "sec-websocket-key" => head.socket_key = value.into_owned(),
            "expect" => head.expects = value.eq_ignore_ascii_case("100-continue"),
            "cookie" => head.cookie = value.into_owned(),
            "content-length" => head.body = value.parse().ok()?,
            // A body in chunks is not read: the connection cannot be used further.
            "transfer-encoding" => head.keep = Keep::Close,
            "connection" if value.eq_ignore_ascii_case("close") => head.keep = Keep::Close,
            _ => {}
        }
    }
    Some(head)
}

async fn skip_body<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    length: u64,
) -> std::io::Result<()> {
    let there = buffer.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    buffer.drain(..there);
    let left = length - there as u64;
    tokio::io::copy(&mut stream.take(left), &mut tokio::io::sink()).await?;
    Ok(())
}

async fn respond<S: AsyncWrite + Unpin>(
    stream: &mut S,
    page: &Page,
    head: &Head,
    received: At,
    shared: &Shared,
) -> std::io::Result<()> {
    let request = Request {
        method: &head.method,
        target: &head.target,
        accept_encoding: &head.accept_encoding,
        if_none_match: &head.if_none_match,
    };
    let response = reply(page, &request, &shared.bodies, &shared.clock);
    if page.hints == Hints::Early {
        let (name, value) = HINT;
        let hints = format!("HTTP/1.1 103 {}\r\n{name}: {value}\r\n\r\n", reason(103));
        stream.write_all(hints.as_bytes()).await?;
        stream.flush().await?;
    }
    let pace = if request.method == "HEAD" || head.version == 0 { Pace::AtOnce } else { page.pace };
    let mut bytes = head_bytes(&response, head.keep, pace);
    match pace {
        Pace::AtOnce => {
            if request.method != "HEAD" {
                bytes.extend_from_slice(&response.body);
            }
            precise_sleep(&shared.clock, received.after(page.think)).await; // the injected time to think
            stream.write_all(&bytes).await?;
            stream.flush().await
        }
        Pace::Drip { pieces, pause } => {
            precise_sleep(&shared.clock, received.after(page.think)).await; // the injected time to think
            let start = shared.clock.now();
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            let size = response.body.len().div_ceil(pieces.max(1) as usize).max(1);
            for (number, piece) in (1..).zip(response.body.chunks(size)) {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.extend_from_slice(piece);
                chunk.extend_from_slice(if number == pieces { b"\r\n0\r\n\r\n" } else { b"\r\n" });
                // Each from the start, so that pauses do not add up their own lateness.
                precise_sleep(&shared.clock, start.after(pause * number)).await; // the injected pace
                stream.write_all(&chunk).await?;
                stream.flush().await?;
            }
            Ok(())
        }
    }
}

fn head_bytes(response: &Reply, keep: Keep, pace: Pace) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, value) in &response.fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match pace {
        // RFC 9110 §8.6: it would be that of the page.
        Pace::AtOnce if matches!(response.status, 204 | 304) => {}
        Pace::AtOnce => head.push_str(&format!("content-length: {}\r\n", response.body.len())),
        Pace::Drip { .. } => head.push_str("transfer-encoding: chunked\r\n"),
    }
    let said = response.fields.iter().any(|(name, _)| *name == "connection");
    if keep == Keep::Close && !said {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

async fn misbehave<S>(stream: &mut S, conduct: Conduct) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match conduct {
        Conduct::Page(_)
        | Conduct::EndsKept(_)
        | Conduct::LeadingBlank(_)
        | Conduct::TwoLengths(_)
        | Conduct::BareReturn(_)
        | Conduct::StrayLine(_)
        | Conduct::EndsThird(_)
        | Conduct::Socket(_)
        | Conduct::Grpc(_)
        | Conduct::Busy(_)
        | Conduct::Moody(..)
        | Conduct::CookieWall(_)
        | Conduct::SlowContinue(..)
        | Conduct::NoContinue(_)
        | Conduct::NoExpect(_)
        | Conduct::WantsHttp1(_)
        | Conduct::Empty => Ok(()),
        Conduct::Garbage => {
            stream.write_all(b"SSH-2.0-urltrace_lab\r\n\x00\x00\x01\x14\x0a\x14\xff\xfe\x1b[2J\x07").await
        }
        Conduct::ClosedEarly => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nserver: urltrace-lab\r\ncontent-type: text/plain\r\ncontent-length: 10000\r\n\r\n")
                .await?;
            stream.write_all(&[b'x'; 4000]).await
        }
        Conduct::EndlessHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nserver: urltrace-lab\r\n").await?;
            // Long fields, so that a client's limit of bytes is reached before one of fields.
            let field = format!("x-endless: {}\r\n", "a".repeat(1000));
            let block = field.repeat(16);
            for _ in 0..ENDLESS / block.len() {
                timeout(IDLE, stream.write_all(block.as_bytes())).await??;
            }
            Ok(())
        }
        Conduct::Silent => {
            // Until the client has had enough.
            let _ = timeout(IDLE, tokio::io::copy(stream, &mut tokio::io::sink())).await;
            Ok(())
        }
    }
}

/// Ends our side and waits for the client to end its own: closing with unread bytes would reset
/// the connection, and the reset could overtake what was sent.
async fn linger<S>(stream: &mut S) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let _ = timeout(Duration::from_secs(2), tokio::io::copy(stream, &mut tokio::io::sink())).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_or_refused() {
        let head = parse(b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n").unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str()), ("GET", "/a?b"));
        assert_eq!((head.accept_encoding.as_str(), head.keep), ("gzip", Keep::Open));
        let head = parse(b"POST / HTTP/1.1\r\ncontent-length: 12\r\nConnection: Close\r\n\r\n").unwrap();
        assert_eq!((head.body, head.keep), (12, Keep::Close));
        assert_eq!(parse(b"GET / HTTP/1.0\r\n\r\n").unwrap().keep, Keep::Close);
        for bad in [
            &b"\r\n\r\n"[..],
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            b"\xff\xfe\x00\x00",
        ] {
            assert_eq!(parse(bad), None);
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MAX_FIELDS + 1));
        assert_eq!(parse(many.as_bytes()), None);
    }
}
