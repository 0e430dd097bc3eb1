//! HTTP/3 over QUIC, well spoken or not at all.

use std::net::UdpSocket;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, Incoming, RecvStream, SendStream, TokioRuntime};
use rustls::ServerConfig;
use tokio::time::timeout;

use super::reply::{HINT, Request, reply};
use super::site::{Conduct, Hints, Http3, Pace, Page, Site, Tickets, Tls};
use crate::http::{DATA, HEADERS, decode_fields, encode_fields, frame, opening, parse_frame};
use crate::lab::shared::Shared;
use crate::lab::timer::precise_sleep;

/// How long a client may take.
const IDLE: Duration = Duration::from_secs(60);
/// Bytes of a request that are read at most.
const MOST: usize = 1 << 20;
/// Bytes of fields that are taken.
const MOST_FIELDS: usize = 64 * 1024;
/// RFC 9114 §8.1: the end in good order.
const NO_ERROR: u32 = 0x100;

/// What ends a connection or a stream. Nobody is told: the client sees it.
type Error = Box<dyn std::error::Error>;

/// Serves a site by UDP until the runtime ends.
pub(crate) async fn serve(
    site: &'static Site,
    tls: Tls,
    config: Arc<ServerConfig>,
    socket: UdpSocket,
    shared: Rc<Shared>,
) -> Result<(), Error> {
    if tls.http3 == Http3::Silent {
        // Bound, so that no ICMP comes, and never read.
        std::future::pending::<()>().await;
    }
    let mut config = ServerConfig::clone(&config);
    config.alpn_protocols = vec![b"h3".to_vec()];
    // 0-RTT is all or nothing in QUIC (RFC 9001 §4.6.1).
    let allows_early = matches!(tls.tickets, Tickets::TakenEarly | Tickets::TakenNotEarly);
    config.max_early_data_size = if allows_early { u32::MAX } else { 0 };
    let crypto = QuicServerConfig::try_from(config)?;
    let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    let endpoint = Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(TokioRuntime))?;
    while let Some(incoming) = endpoint.accept().await {
        shared.tally.connection(site.address());
        let shared = shared.clone();
        tokio::task::spawn_local(async move {
            // A client that leaves or breaks the protocol ends its own connection only.
            let _ = connection(incoming, tls, shared).await;
        });
    }
    Ok(())
}

async fn connection(incoming: Incoming, tls: Tls, shared: Rc<Shared>) -> Result<(), Error> {
    match tls.http3 {
        Http3::Retry if !incoming.remote_address_validated() => return Ok(incoming.retry()?),
        Http3::Refuse => {
            incoming.refuse();
            return Ok(());
        }
        Http3::None | Http3::Silent | Http3::Retry | Http3::Spoken => {}
    }
    let received = shared.clock.now();
    precise_sleep(&shared.clock, received.after(tls.delay)).await; // the injected delay of the handshake
    let connection = timeout(IDLE, incoming).await??;
    let mut control = connection.open_uni().await?;
    control.write_all(&opening(MOST_FIELDS)).await?;
    let Conduct::Page(page) = tls.conduct else {
        connection.close(NO_ERROR.into(), b"");
        return Ok(());
    };
    loop {
        let (send, receive) = timeout(IDLE, connection.accept_bi()).await??;
        let shared = shared.clone();
        tokio::task::spawn_local(async move {
            let _ = timeout(IDLE, respond(send, receive, page, &shared)).await;
        });
    }
}

async fn respond(
    mut send: SendStream,
    mut receive: RecvStream,
    page: Page,
    shared: &Shared,
) -> Result<(), Error> {
    let asked = receive.read_to_end(MOST).await?;
    let received = shared.clock.now();
    let (kind, block, _) = parse_frame(&asked).ok_or("no frame")?;
    if kind != HEADERS {
        return Err("no request".into());
    }
    let fields = decode_fields(block, MOST_FIELDS).ok_or("no fields")?;
    let field = |name: &str| {
        fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| field.text().into_owned())
            .unwrap_or_default()
    };
    let (method, target) = (field(":method"), field(":path"));
    let page = page.find(&target);
    if page.hints == Hints::Early {
        let hints = [(":status", &b"103"[..]), (HINT.0, HINT.1.as_bytes())];
        send.write_all(&frame(HEADERS, &encode_fields(hints))).await?;
    }
    let request = Request {
        method: &method,
        target: &target,
        accept_encoding: &field("accept-encoding"),
        if_none_match: &field("if-none-match"),
    };
    let mut content = reply(&page, &request, &shared.bodies, &shared.clock);
    if page.pace == Pace::AtOnce && !matches!(content.status, 204 | 304) {
        content.fields.push(("content-length", content.body.len().to_string()));
    }
    precise_sleep(&shared.clock, received.after(page.think)).await; // the injected time to think
    let status = content.status.to_string();
    let own = content.fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    let head = encode_fields(std::iter::once((":status", status.as_bytes())).chain(own));
    send.write_all(&frame(HEADERS, &head)).await?;
    if method != "HEAD" && content.status != 304 {
        send_body(&mut send, content.body, page.pace, shared).await?;
    }
    Ok(send.finish()?)
}

async fn send_body(
    send: &mut SendStream,
    mut body: Vec<u8>,
    pace: Pace,
    shared: &Shared,
) -> Result<(), Error> {
    if let Pace::Drip { pieces, pause } = pace {
        let start = shared.clock.now();
        let size = body.len().div_ceil(pieces.max(1) as usize).max(1);
        for number in 1..pieces {
            precise_sleep(&shared.clock, start.after(pause * number)).await; // the injected pace of the body
            let rest = body.split_off(size.min(body.len()));
            send.write_all(&frame(DATA, &std::mem::replace(&mut body, rest))).await?;
        }
        precise_sleep(&shared.clock, start.after(pause * pieces)).await; // the same before its end
    }
    Ok(send.write_all(&frame(DATA, &body)).await?)
}
