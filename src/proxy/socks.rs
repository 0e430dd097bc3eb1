//! SOCKS 5: the greeting, the user name and password (RFC 1929), and the request (RFC 1928).

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

use super::exchange::Exchange;
use super::fault::{self, Broken};
use super::terms::{Credentials, Destination, Terms};
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{PASSWORD_ROUND, Proxy, SocksReply};

const VERSION: u8 = 5;
/// Of the negotiation of RFC 1929.
const PASSWORD_VERSION: u8 = 1;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

pub(super) async fn open<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    stream: &mut S,
    destination: Destination<'_>,
    proxy: &mut Proxy,
    terms: Terms<'_>,
) -> Result<Vec<u8>, Fault> {
    let request = request(destination)?;
    let mut exchange = Exchange::new(stream, terms);
    match talk(&mut exchange, &request, terms.credentials, proxy).await {
        Ok(()) => Ok(exchange.buffer),
        Err(End::Broken(broken)) => Err(fault::broken(broken, proxy, terms)),
        Err(End::Refused(fault)) => Err(fault),
    }
}

/// How a conversation ends early.
enum End {
    Broken(Broken),
    Refused(Fault),
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &mut Exchange<'_, S>,
    request: &[u8],
    credentials: Option<Credentials<'_>>,
    proxy: &mut Proxy,
) -> Result<(), End> {
    let greeting: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    exchange.ask(proxy, "SOCKS greeting", greeting).await?;
    let method = take(exchange, proxy, VERSION, 2).await?[1];
    match (method, credentials) {
        (NO_AUTHENTICATION, _) => Exchange::<S>::answered(proxy, "no authentication"),
        (PASSWORD, Some(credentials)) => {
            Exchange::<S>::answered(proxy, "user name and password");
            authenticate(exchange, credentials, proxy).await?;
        }
        (NONE_ACCEPTABLE, _) => {
            Exchange::<S>::answered(proxy, "no acceptable method");
            return Err(End::Refused(fault::no_method(proxy)));
        }
        (other, _) => {
            Exchange::<S>::answered(proxy, format!("method {other}"));
            return Err(
                Broken::Unasked(format!("the authentication method {other}, which was not offered")).into()
            );
        }
    }
    let asked = format!("CONNECT {}", proxy.target);
    exchange.ask(proxy, asked, request).await?;
    reply(exchange, proxy).await
}

async fn authenticate<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &mut Exchange<'_, S>,
    credentials: Credentials<'_>,
    proxy: &mut Proxy,
) -> Result<(), End> {
    let Credentials { user, password, .. } = credentials;
    let (Ok(user_length), Ok(password_length)) = (u8::try_from(user.len()), u8::try_from(password.len()))
    else {
        return Err(End::Refused(fault::credentials_too_long(proxy)));
    };
    let parts =
        [&[PASSWORD_VERSION, user_length][..], user.as_bytes(), &[password_length], password.as_bytes()];
    exchange.ask(proxy, PASSWORD_ROUND, &parts.concat()).await?;
    let status = take(exchange, proxy, PASSWORD_VERSION, 2).await?[1];
    if status == 0 {
        Exchange::<S>::answered(proxy, "accepted");
        return Ok(());
    }
    Exchange::<S>::answered(proxy, format!("refused (status {status})"));
    Err(End::Refused(fault::wrong_password(proxy)))
}

/// The reply to the request: its code, and the address that the proxy uses.
async fn reply<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &mut Exchange<'_, S>,
    proxy: &mut Proxy,
) -> Result<(), End> {
    let reply = SocksReply(peek(exchange, proxy, VERSION, 2).await?[1]);
    if reply != SocksReply::SUCCEEDED {
        // Some end the connection without the address, which means nothing now.
        (proxy.reply, exchange.buffer) = (Some(reply), Vec::new());
        Exchange::<S>::answered(proxy, reply.name());
        return Err(End::Refused(fault::socks_refused(reply, proxy)));
    }
    let kind = peek(exchange, proxy, VERSION, 4).await?[3];
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => 1 + usize::from(peek(exchange, proxy, VERSION, 5).await?[4]),
        other => return Err(Broken::Unasked(format!("an address of the unknown type {other}")).into()),
    };
    let bytes = take(exchange, proxy, VERSION, 4 + length + 2).await?;
    proxy.reply = Some(reply);
    proxy.bound = bound(kind, &bytes[4..]);
    Exchange::<S>::answered(proxy, reply.name());
    Ok(())
}

/// The address that a proxy says it uses; one of zeros says nothing.
fn bound(kind: u8, bytes: &[u8]) -> Option<String> {
    let (address, port) = bytes.split_last_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    let ip = match kind {
        IPV4 => IpAddr::from(<[u8; 4]>::try_from(address).ok()?),
        IPV6 => IpAddr::from(<[u8; 16]>::try_from(address).ok()?),
        _ => return Some(format!("{}:{port}", String::from_utf8_lossy(address.get(1..)?))),
    };
    (!ip.is_unspecified()).then(|| SocketAddr::new(ip, port).to_string())
}

/// Waits for this many bytes of an answer, and leaves them. Its first byte is known.
async fn peek<'e, S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &'e mut Exchange<'_, S>,
    proxy: &mut Proxy,
    version: u8,
    bytes: usize,
) -> Result<&'e [u8], Broken> {
    exchange.fill(proxy, 1).await?;
    if exchange.buffer[0] != version {
        return Err(Broken::NotItsProtocol(exchange.buffer[..exchange.buffer.len().min(48)].to_vec()));
    }
    exchange.fill(proxy, bytes).await.map_err(|broken| match broken {
        Broken::Closed => Broken::ClosedInside,
        other => other,
    })?;
    Ok(&exchange.buffer[..bytes])
}

/// The same, and takes them.
async fn take<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &mut Exchange<'_, S>,
    proxy: &mut Proxy,
    version: u8,
    bytes: usize,
) -> Result<Vec<u8>, Broken> {
    peek(exchange, proxy, version, bytes).await?;
    Ok(exchange.buffer.drain(..bytes).collect())
}

/// The request. The length of a name is one byte (RFC 1928 §5).
fn request(destination: Destination<'_>) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![VERSION, CONNECT, 0];
    let port = match destination {
        Destination::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    bytes.push(IPV4);
                    bytes.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    bytes.push(IPV6);
                    bytes.extend(ip.octets());
                }
            }
            address.port()
        }
        Destination::Name(name, port) => {
            let length = u8::try_from(name.len()).map_err(|_| fault::name_too_long(name))?;
            bytes.extend([NAME, length]);
            bytes.extend(name.as_bytes());
            port
        }
    };
    bytes.extend(port.to_be_bytes());
    Ok(bytes)
}
