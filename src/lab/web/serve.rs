//! The lab's web servers on their sockets: each site on its own address, two ports for all.
//!
//! What a site does stands in [`site`](super::site); here connections are taken, TLS is spoken, and
//! the rest is handed to the HTTP versions. A delay of the connection itself cannot be put in: on
//! loopback the kernel completes a connection before a server hears of it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;

use super::ca::Authority;
use super::legacy::Script;
use super::site::{Conduct, Secure, Site, Tls};
use super::{grpc, http1, http2, legacy};
use crate::lab::shared::{Shared, Slot, accept};
use crate::lab::timer::precise_sleep;

/// How long a client may take for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What ends a connection. Nobody is told: the client sees it.
type Error = Box<dyn std::error::Error>;

/// A site's TLS side, ready to serve.
#[derive(Clone)]
pub(crate) enum Door {
    Tls(&'static Tls, Arc<ServerConfig>),
    Legacy(&'static Script),
}

/// Makes a site's certificate and configuration.
///
/// # Errors
/// The texts of the libraries: a defect of this program.
pub(crate) fn door(site: &'static Site, authority: &Authority) -> Result<Option<Door>, String> {
    match &site.secure {
        None => Ok(None),
        Some(Secure::Legacy(script)) => Ok(Some(Door::Legacy(script))),
        Some(Secure::Tls(tls)) => {
            authority.server_config(site.host, tls).map(|config| Some(Door::Tls(tls, config)))
        }
    }
}

/// Serves a site in the clear until the runtime ends.
pub(crate) async fn serve_plain(
    site: &'static Site,
    conduct: Conduct,
    listener: TcpListener,
    shared: Rc<Shared>,
) {
    each_connection(site, listener, shared.clone(), move |stream| {
        in_the_clear(stream, conduct, shared.clone())
    })
    .await;
}

/// Serves a site over TLS until the runtime ends.
pub(crate) async fn serve_secure(site: &'static Site, door: Door, listener: TcpListener, shared: Rc<Shared>) {
    each_connection(site, listener, shared.clone(), move |stream| {
        let (door, shared) = (door.clone(), shared.clone());
        async move {
            match door {
                Door::Legacy(script) => Ok(legacy::serve(stream, script).await?),
                Door::Tls(tls, config) => over_tls(stream, *tls, config, shared).await,
            }
        }
    })
    .await;
}

async fn each_connection<F>(
    site: &'static Site,
    listener: TcpListener,
    shared: Rc<Shared>,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = Result<(), Error>> + 'static,
{
    let in_hand = Rc::new(Cell::new(0));
    loop {
        let Some(stream) = accept(&listener).await else { continue };
        shared.tally.connection(site.address());
        let Some(slot) = Slot::take(&in_hand) else { continue };
        // Without it a dripped piece waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let served = serve(stream);
        tokio::task::spawn_local(async move {
            // A client that leaves or breaks the protocol ends its own connection only.
            let _ = served.await;
            drop(slot);
        });
    }
}

async fn in_the_clear(stream: TcpStream, conduct: Conduct, shared: Rc<Shared>) -> Result<(), Error> {
    if let Conduct::Page(_) | Conduct::Grpc(_) = conduct {
        let mut first = [0; 3];
        let there = timeout(HANDSHAKE, stream.peek(&mut first)).await??;
        // "PRI" is no method, so three bytes tell; a client that sends fewer at first is taken for
        // one of HTTP/1.
        if first[..there] == http2::PREFACE[..3] {
            return by_http2(stream, conduct, shared).await;
        }
    }
    Ok(http1::serve(stream, conduct, &shared).await?)
}

async fn over_tls(
    stream: TcpStream,
    tls: Tls,
    config: Arc<ServerConfig>,
    shared: Rc<Shared>,
) -> Result<(), Error> {
    if let Some(script) = tls.beside
        && legacy::is_asked_for(&stream).await?
    {
        return Ok(legacy::serve(stream, script).await?);
    }
    let mut header = [0; 5];
    if tls.largest_hello < usize::MAX {
        let there = timeout(HANDSHAKE, stream.peek(&mut header)).await??;
        let length = header.len() + usize::from(u16::from_be_bytes([header[3], header[4]]));
        if there == header.len() && length > tls.largest_hello {
            // Closed with unread bytes: the client sees a reset.
            return Ok(());
        }
    }
    let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    let handshake = async {
        let hello = hello.await?;
        let received = shared.clock.now();
        precise_sleep(&shared.clock, received.after(tls.delay)).await; // the injected delay of the handshake
        hello.into_stream(config).await
    };
    let stream = timeout(HANDSHAKE, handshake).await??;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        return by_http2(stream, tls.conduct, shared).await;
    }
    Ok(http1::serve(stream, tls.conduct, &shared).await?)
}

/// What a site does in HTTP/2; what it cannot do there, it does in HTTP/1.
async fn by_http2<S>(stream: S, conduct: Conduct, shared: Rc<Shared>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match conduct {
        Conduct::Page(page) => http2::serve(stream, page, shared).await,
        Conduct::WantsHttp1(_) => http2::refuse(stream).await,
        Conduct::Grpc(conduct) => grpc::serve(stream, conduct, shared).await,
        conduct => Ok(http1::serve(stream, conduct, &shared).await?),
    }
}
