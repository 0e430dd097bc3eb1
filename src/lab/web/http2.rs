//! HTTP/2, well spoken, by the h2 crate.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::reply::{HINT, Request, reply};
use super::site::{Hints, Pace, Page};
use crate::lab::shared::Shared;
use crate::lab::timer::precise_sleep;

/// How long a client may take for its next request.
const IDLE: Duration = Duration::from_secs(60);
/// Requests that a client may have open at once.
const MAX_STREAMS: u32 = 100;

/// What ends a connection or a stream. Nobody is told: the client sees it.
type Error = Box<dyn std::error::Error>;

/// The first bytes of a client that speaks HTTP/2 without having asked (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a connection until either side ends it.
pub(super) async fn serve<S>(stream: S, page: Page, shared: Rc<Shared>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(MAX_STREAMS);
    let mut connection = timeout(IDLE, builder.handshake::<_, Bytes>(stream)).await??;
    let mut start = page.start;
    while let Some(incoming) = timeout(IDLE, connection.accept()).await? {
        let (request, response) = incoming?;
        let shared = shared.clone();
        let page = Page { think: page.think + std::mem::take(&mut start), ..page };
        tokio::task::spawn_local(async move {
            let _ = timeout(IDLE, respond(request, response, page, &shared)).await;
        });
    }
    Ok(())
}

/// Answers every request with the code of a server that wants HTTP/1.1 (RFC 9113 §7).
pub(super) async fn refuse<S>(stream: S) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = h2::server::Builder::new().handshake::<_, Bytes>(stream);
    let mut connection = timeout(IDLE, handshake).await??;
    while let Some(incoming) = timeout(IDLE, connection.accept()).await? {
        incoming?.1.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
    }
    Ok(())
}

async fn respond(
    request: http::Request<h2::RecvStream>,
    mut sender: SendResponse<Bytes>,
    page: Page,
    shared: &Shared,
) -> Result<(), Error> {
    let (head, mut body) = request.into_parts();
    while let Some(data) = body.data().await {
        let length = data?.len();
        body.flow_control().release_capacity(length)?;
    }
    let received = shared.clock.now();
    let page = page.find(head.uri.path());
    if page.hints == Hints::Early {
        let mut hints = Response::new(());
        *hints.status_mut() = StatusCode::EARLY_HINTS;
        hints.headers_mut().insert(HINT.0, HeaderValue::from_static(HINT.1));
        sender.send_informational(hints)?;
    }
    let field = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = Request {
        method: head.method.as_str(),
        target: head.uri.path(),
        accept_encoding: field("accept-encoding"),
        if_none_match: field("if-none-match"),
    };
    let content = reply(&page, &request, &shared.bodies, &shared.clock);
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(content.status)?;
    *response.headers_mut() = header_map(&content.fields)?;
    if page.pace == Pace::AtOnce && !matches!(content.status, 204 | 304) {
        response.headers_mut().insert("content-length", content.body.len().into());
    }
    let is_head = head.method == http::Method::HEAD;
    precise_sleep(&shared.clock, received.after(page.think)).await; // the injected time to think
    let stream = sender.send_response(response, is_head)?;
    if is_head {
        return Ok(());
    }
    send_body(stream, content.body, page.pace, shared).await
}

async fn send_body(
    mut stream: SendStream<Bytes>,
    body: Vec<u8>,
    pace: Pace,
    shared: &Shared,
) -> Result<(), Error> {
    let mut body = Bytes::from(body);
    if let Pace::Drip { pieces, pause } = pace {
        let start = shared.clock.now();
        let size = body.len().div_ceil(pieces.max(1) as usize).max(1);
        for number in 1..pieces {
            precise_sleep(&shared.clock, start.after(pause * number)).await; // the injected pace of the body
            stream.send_data(body.split_to(size.min(body.len())), false)?;
        }
        precise_sleep(&shared.clock, start.after(pause * pieces)).await; // the same before its end
    }
    Ok(stream.send_data(body, true)?)
}

fn header_map(fields: &[(&'static str, String)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    Ok(map)
}
