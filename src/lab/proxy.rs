//! The lab's proxies at work. They reach the lab's web sites and nobody else.
//!
//! Clients are hostile: what they send is bounded, and every wait has an end.

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::proxies::{Conduct, Proxy, Speaks};
use super::scenario::SLOW_PROXY;
use super::shared::{Shared, Slot, accept};
use super::sockets::Ports;
use super::timer::precise_sleep;
use super::web::ca::Authority;
use super::web::site::PROXY_TLS;
use super::web::sites::SITES;

/// How long a client may take for its words.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest head of a request.
const MAX_HEAD: usize = 16 * 1024;
/// `lab:secret`, as a field has it.
const CREDENTIALS: &str = "Basic bGFiOnNlY3JldA==";

/// How a proxy speaks TLS, if it does.
pub(super) fn door(proxy: &Proxy, authority: &Authority) -> Result<Option<Arc<ServerConfig>>, String> {
    match proxy.speaks {
        Speaks::Clear => Ok(None),
        Speaks::Tls => authority.server_config(proxy.host, &PROXY_TLS).map(Some),
    }
}

/// Serves a proxy until the runtime ends.
pub(super) async fn serve(
    proxy: &'static Proxy,
    door: Option<Arc<ServerConfig>>,
    listener: TcpListener,
    ports: Ports,
    shared: Rc<Shared>,
) {
    let in_hand = Rc::new(Cell::new(0));
    loop {
        let Some(stream) = accept(&listener).await else { continue };
        shared.tally.connection(proxy.address());
        let Some(slot) = Slot::take(&in_hand) else { continue };
        let _ = stream.set_nodelay(true);
        let (shared, door) = (shared.clone(), door.clone());
        tokio::task::spawn_local(async move {
            // A client that leaves or breaks the protocol ends its own connection only.
            let _ = match (proxy.conduct, door) {
                (Conduct::Socks, _) => socks(stream, ports).await,
                (conduct, None) => http(stream, conduct, ports, &shared).await,
                (conduct, Some(config)) => {
                    match timeout(PATIENCE, TlsAcceptor::from(config).accept(stream)).await {
                        Ok(Ok(stream)) => http(stream, conduct, ports, &shared).await,
                        _ => Ok(()),
                    }
                }
            };
            drop(slot);
        });
    }
}

/// Where a target of the lab is, if it is one: a host or an address, and a port of a URL.
fn find(host: &str, port: u16, ports: Ports) -> Option<SocketAddr> {
    let real = match port {
        80 => ports.http,
        443 | 8443 => ports.https,
        _ => return None,
    };
    let site = SITES.iter().find(|site| site.host == host || site.address().to_string() == host)?;
    Some(SocketAddr::new(site.address(), real))
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: S,
    conduct: Conduct,
    ports: Ports,
    shared: &Shared,
) -> io::Result<()> {
    let head = timeout(PATIENCE, read_head(&mut client)).await??;
    let received = shared.clock.now();
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    let (Ok(_), Some(method), Some(target)) = (request.parse(&head), request.method, request.path) else {
        return refuse(&mut client, "400 Bad Request", "").await;
    };
    let given = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case("proxy-authorization"));
    let tunnel = method == "CONNECT";
    match conduct {
        Conduct::Password if given.is_none_or(|field| field.value != CREDENTIALS.as_bytes()) => {
            let challenge = "Proxy-Authenticate: Basic realm=\"lab\"\r\n";
            return refuse(&mut client, "407 Proxy Authentication Required", challenge).await;
        }
        Conduct::Refuses => return refuse(&mut client, "403 Forbidden", "").await,
        Conduct::Unable => return refuse(&mut client, "504 Gateway Timeout", "").await,
        Conduct::Http | Conduct::Password | Conduct::Socks => {}
    }
    let place = if tunnel { target } else { target.strip_prefix("http://").unwrap_or_default() };
    let (place, path) = place.find('/').map_or((place, "/"), |at| place.split_at(at));
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "80"));
    let Some(address) = port.parse().ok().and_then(|port| find(host, port, ports)) else {
        return refuse(&mut client, "502 Bad Gateway", "").await;
    };
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    if tunnel {
        if conduct == Conduct::Http {
            precise_sleep(&shared.clock, received.after(SLOW_PROXY)).await; // the injected delay of the proxy
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        let mut forwarded =
            format!("{method} {path} HTTP/1.1\r\nHost: {place}\r\nVia: 1.1 lab\r\nConnection: close\r\n");
        for field in request.headers.iter() {
            let own = ["host", "connection", "proxy-authorization"];
            if !own.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
                forwarded.push_str(&format!("{}: {}\r\n", field.name, String::from_utf8_lossy(field.value)));
            }
        }
        forwarded.push_str("\r\n");
        server.write_all(forwarded.as_bytes()).await?;
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

/// Reads a head and no byte behind it.
async fn read_head(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
        head.push(client.read_u8().await?);
    }
    Ok(head)
}

async fn refuse(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    status: &str,
    fields: &str,
) -> io::Result<()> {
    let body = "The proxy of the lab does not do that.\n";
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await?;
    let _ = timeout(PATIENCE, tokio::io::copy(client, &mut tokio::io::sink())).await;
    Ok(())
}

/// SOCKS 5 without authentication (RFC 1928).
async fn socks(mut client: TcpStream, ports: Ports) -> io::Result<()> {
    let request = async {
        let mut greeting = [0; 2];
        client.read_exact(&mut greeting).await?;
        let mut methods = vec![0; usize::from(greeting[1])];
        client.read_exact(&mut methods).await?;
        let fits = greeting[0] == 5 && methods.contains(&0);
        client.write_all(&[5, if fits { 0 } else { 0xff }]).await?;
        let mut head = [0; 4];
        client.read_exact(&mut head).await?;
        let host = match head[3] {
            1 => Ipv4Addr::from_bits(client.read_u32().await?).to_string(),
            3 => {
                let mut name = vec![0; usize::from(client.read_u8().await?)];
                client.read_exact(&mut name).await?;
                String::from_utf8_lossy(&name).into_owned()
            }
            _ => String::new(),
        };
        io::Result::Ok((head, host, client.read_u16().await?))
    };
    let (head, host, port) = timeout(PATIENCE, request).await??;
    let reply = |code: u8| [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let found = find(&host, port, ports).filter(|_| head[..2] == [5, 1]);
    let Some(address) = found else {
        client.write_all(&reply(4)).await?;
        return client.shutdown().await;
    };
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    client.write_all(&reply(0)).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
