//! CONNECT: an HTTP proxy is asked for a tunnel (RFC 9110 §9.3.6).

use tokio::io::{AsyncRead, AsyncWrite};

use super::exchange::Exchange;
use super::fault::{self, Broken};
use super::terms::Terms;
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{Header, Proxy};

/// Bytes of an answer's head that are read at most.
const MAX_HEAD: usize = 64 * 1024;
/// Its header fields.
const MAX_FIELDS: usize = 200;
/// Interim responses before the final one (RFC 9110 §15.2).
const MAX_INTERIM: usize = 10;

pub(super) async fn open<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    stream: &mut S,
    proxy: &mut Proxy,
    terms: Terms<'_>,
) -> Result<Vec<u8>, Fault> {
    let mut exchange = Exchange::new(stream, terms);
    let head = request(&proxy.target, terms);
    let asked = format!("CONNECT {}", proxy.target);
    let sent = exchange.ask(proxy, asked, head.as_bytes()).await;
    sent.map_err(|broken| fault::broken(broken, proxy, terms))?;
    for _ in 0..=MAX_INTERIM {
        let answer = match read_head(&mut exchange, proxy).await {
            Ok(answer) => answer,
            Err(broken) => return Err(fault::broken(broken, proxy, terms)),
        };
        let reason = answer.reason.as_deref().unwrap_or_default();
        let line = format!("{:03} {reason}", answer.status);
        Exchange::<S>::answered(proxy, line.trim_end());
        if (100..200).contains(&answer.status) && answer.status != 101 {
            continue;
        }
        (proxy.status, proxy.reason) = (Some(answer.status), answer.reason);
        if (200..300).contains(&answer.status) {
            // Content-Length and Transfer-Encoding of a success mean nothing: what follows is the tunnel's.
            return Ok(exchange.buffer);
        }
        proxy.headers = answer.headers;
        return Err(fault::refused(proxy));
    }
    Err(fault::broken(Broken::TooMuch("interim responses"), proxy, terms))
}

/// The head of the request. What is given for the proxy replaces what would be sent of that name.
fn request(target: &str, terms: Terms<'_>) -> String {
    let agent = terms.agent.replace(|c: char| c.is_control(), " ");
    let own = [
        ("Host", Some(target)),
        ("Proxy-Authorization", terms.credentials.map(|given| given.basic)),
        ("User-Agent", Some(agent.as_str()).filter(|agent| !agent.is_empty())),
    ];
    let given = |name: &str| terms.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let own = own.into_iter().filter(|(name, _)| !given(name));
    let own = own.filter_map(|(name, value)| Some((name, value?)));
    let given = terms.fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let mut head = format!("CONNECT {target} HTTP/1.1\r\n");
    for (name, value) in own.chain(given) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "\r\n"
}

/// A head, as far as it matters.
struct Head {
    status: u16,
    reason: Option<String>,
    headers: Vec<Header>,
}

async fn read_head<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    exchange: &mut Exchange<'_, S>,
    proxy: &mut Proxy,
) -> Result<Head, Broken> {
    loop {
        if let Some((head, length)) = parse(&exchange.buffer)? {
            exchange.buffer.drain(..length);
            return Ok(head);
        }
        if exchange.buffer.len() > MAX_HEAD {
            return Err(Broken::TooMuch("a response head"));
        }
        let before = exchange.buffer.len();
        match exchange.read(proxy).await {
            Err(Broken::Closed) if before > 0 => return Err(Broken::ClosedInside),
            read => read?,
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Broken> {
    const START: &[u8] = b"HTTP/1.";
    let not_http = || Broken::NotItsProtocol(bytes[..bytes.len().min(48)].to_vec());
    if !bytes.iter().zip(START).all(|(one, other)| one == other) {
        return Err(not_http());
    }
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let mut config = httparse::ParserConfig::default();
    config
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    match config.parse_response(&mut response, bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let status = response.code.ok_or_else(not_http)?;
            let reason =
                response.reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
            let field = |field: &httparse::Header<'_>| Header {
                name: field.name.to_owned(),
                value: field.value.to_vec(),
            };
            let headers = response.headers.iter().map(field).collect();
            Ok(Some((Head { status, reason, headers }, length)))
        }
        Err(httparse::Error::TooManyHeaders) => Err(Broken::TooMuch("header fields")),
        Err(_) => Err(not_http()),
    }
}
