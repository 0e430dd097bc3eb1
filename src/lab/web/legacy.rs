//! A server of versions before TLS 1.3, as far as one can see from outside before keys are agreed.
//!
//! By a table it answers an old-style ClientHello with the newest version, suite, group and signature scheme that both
//! have, or with an alert. What offers TLS 1.3 by `supported_versions` gets `protocol_version`, where no newer server
//! stands beside. It can do no cryptography: no certificate is sent, what it signs is none, and nothing follows.

use std::time::Duration;

use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a client may take.
const IDLE: Duration = Duration::from_secs(10);
/// RFC 8446 §5.1: what one record carries at most.
const MAX_RECORD: usize = 16 * 1024 + 256;
/// RFC 8446 §6.
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
/// The version number of TLS 1.2, the first that names its signature scheme.
const TLS12: u16 = 0x0303;

/// What such a server has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Its versions, the newest first, each with its suites in the server's order.
    pub(crate) versions: &'static [(u16, &'static [u16])],
    /// Its curves, in its order.
    pub(crate) groups: &'static [u16],
    /// Its signature schemes, in its order.
    pub(crate) schemes: &'static [u16],
}

/// What a ClientHello offers, as far as such a server looks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Offer {
    /// Versions by the extension of TLS 1.3.
    Modern,
    /// Any version up to one.
    Old(Old),
    /// No ClientHello.
    Unreadable,
}

/// An old-style ClientHello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Old {
    version: u16,
    suites: Vec<u16>,
    groups: Vec<u16>,
    schemes: Vec<u16>,
}

/// Answers one ClientHello and waits until the client leaves.
pub(super) async fn serve<S>(mut stream: S, script: &Script) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(record) = timeout(IDLE, read_record(&mut stream)).await?? else { return Ok(()) };
    let answer = match offer(&record) {
        Offer::Modern | Offer::Unreadable => alert(PROTOCOL_VERSION),
        Offer::Old(old) => flight(script, &old).unwrap_or_else(alert),
    };
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    let _ = timeout(IDLE, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    Ok(())
}

/// Whether what waits to be read is a ClientHello of the old style. Nothing is taken of it.
pub(super) async fn is_asked_for(stream: &TcpStream) -> std::io::Result<bool> {
    let mut record = vec![0; MAX_RECORD];
    let whole = async {
        loop {
            let there = stream.peek(&mut record).await?;
            let header = record.first_chunk::<5>().filter(|_| there >= 5);
            let length = header.map_or(5, |it| 5 + usize::from(u16::from_be_bytes([it[3], it[4]])));
            if there >= length.min(MAX_RECORD) || there == 0 {
                return std::io::Result::Ok(there);
            }
            tokio::time::sleep(Duration::from_millis(1)).await; // what is there wakes nobody a second time
        }
    };
    let there = timeout(IDLE, whole).await??;
    Ok(matches!(offer(&record[..there]), Offer::Old(_)))
}

/// Reads one record, header included; `None` when it is longer than a record may be.
async fn read_record<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Option<Vec<u8>>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record).await?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    if length > MAX_RECORD {
        return Ok(None);
    }
    record.resize(5 + length, 0);
    stream.read_exact(&mut record[5..]).await?;
    Ok(Some(record))
}

fn offer(record: &[u8]) -> Offer {
    let Ok((_, plaintext)) = tls_parser::parse_tls_plaintext(record) else { return Offer::Unreadable };
    let Some(TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello))) = plaintext.msg.first() else {
        return Offer::Unreadable;
    };
    let extensions = match hello.ext.map(tls_parser::parse_tls_client_hello_extensions) {
        Some(Ok((_, list))) => list,
        Some(Err(_)) => return Offer::Unreadable,
        None => Vec::new(),
    };
    let suites = hello.ciphers.iter().map(|suite| suite.0).collect();
    let mut old = Old { version: hello.version.0, suites, ..Old::default() };
    for extension in extensions {
        match extension {
            TlsExtension::SupportedVersions(_) if old.version >= TLS12 => return Offer::Modern,
            TlsExtension::EllipticCurves(groups) => old.groups = groups.iter().map(|group| group.0).collect(),
            TlsExtension::SignatureAlgorithms(schemes) => old.schemes = schemes,
            _ => {}
        }
    }
    Offer::Old(old)
}

/// The server's flight, or the alert that it sends instead.
fn flight(script: &Script, old: &Old) -> Result<Vec<u8>, u8> {
    let newest = script.versions.iter().find(|(version, _)| *version <= old.version);
    let (version, suites) = newest.ok_or(PROTOCOL_VERSION)?;
    let common = |own: &[u16], offered: &[u16]| own.iter().copied().find(|one| offered.contains(one));
    let curve = common(script.groups, &old.groups);
    // Old clients name no scheme: SHA-1 it was (RFC 5246 §7.4.1.4.1).
    let scheme = if *version < TLS12 { Some(0) } else { common(script.schemes, &old.schemes) };
    let exchange = curve.zip(scheme);
    let by_curve = |suite: u16| matches!(suite, 0xc007..=0xc014 | 0xc023..=0xc030);
    let suites: Vec<u16> =
        suites.iter().copied().filter(|suite| !by_curve(*suite) || exchange.is_some()).collect();
    let suite = common(&suites, &old.suites).ok_or(HANDSHAKE_FAILURE)?;
    let mut messages = server_hello(*version, suite);
    if let Some((curve, scheme)) = exchange.filter(|_| by_curve(suite)) {
        messages.extend(key_exchange(*version, curve, scheme));
    }
    // ServerHelloDone.
    messages.extend([14, 0, 0, 0]);
    Ok(record(22, *version, &messages))
}

fn alert(description: u8) -> Vec<u8> {
    record(21, 0x0301, &[2, description])
}

/// RFC 2246 §7.4.1.3.
fn server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    // Nobody will compute a key from it, so the server's random may as well be readable.
    body.extend_from_slice(b"urltrace lab: an old TLS server.");
    body.push(0); // no session id
    body.extend(suite.to_be_bytes());
    body.push(0); // no compression
    message(2, &body)
}

/// RFC 8422 §5.4, with what is neither a point nor a signature.
fn key_exchange(version: u16, curve: u16, scheme: u16) -> Vec<u8> {
    let mut body = vec![3];
    body.extend(curve.to_be_bytes());
    body.push(32);
    body.extend([7; 32]);
    if version >= TLS12 {
        body.extend(scheme.to_be_bytes());
    }
    body.extend([0, 64]);
    body.extend([7; 64]);
    message(12, &body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, body.len() as u8];
    message.extend_from_slice(body);
    message
}

fn record(kind: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend(version.to_be_bytes());
    record.extend((body.len() as u16).to_be_bytes());
    record.extend_from_slice(body);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello record with these versions and extensions.
    fn client_hello(version: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend([0, 0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0]);
        if !extensions.is_empty() {
            body.extend((extensions.len() as u16).to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![1, 0, 0, body.len() as u8];
        message.extend(body);
        let mut record = vec![0x16, 3, 1, 0, message.len() as u8];
        record.extend(message);
        record
    }

    const SUPPORTED_VERSIONS: &[u8] = &[0, 43, 0, 3, 2, 3, 4];

    const SCRIPT: Script = Script {
        versions: &[(0x0303, &[0xc02f, 0x009c]), (0x0301, &[0xc013, 0x002f])],
        groups: &[0x001d, 0x0017],
        schemes: &[0x0804],
    };

    fn old(version: u16, suites: &[u16], groups: &[u16], schemes: &[u16]) -> Old {
        Old { version, suites: suites.to_vec(), groups: groups.to_vec(), schemes: schemes.to_vec() }
    }

    #[test]
    fn only_old_hellos_are_answered() {
        let read = |version| Offer::Old(old(version, &[0xc013, 0x002f], &[], &[]));
        assert_eq!(offer(&client_hello(0x0301, &[])), read(0x0301));
        assert_eq!(offer(&client_hello(0x0302, &[0xff, 1, 0, 1, 0])), read(0x0302));
        assert_eq!(offer(&client_hello(0x0303, &[])), read(0x0303));
        assert_eq!(offer(&client_hello(0x0303, SUPPORTED_VERSIONS)), Offer::Modern);
        assert_eq!(offer(b"GET / HTTP/1.1\r\n\r\n"), Offer::Unreadable);
        let hello = client_hello(0x0301, &[]);
        for length in 0..hello.len() {
            assert_eq!(offer(&hello[..length]), Offer::Unreadable, "{length}");
        }
    }

    #[test]
    fn the_answer_is_what_both_have_or_an_alert() {
        let suite = |old: &Old| flight(&SCRIPT, old).map(|bytes| [bytes[44], bytes[45]]);
        let curves = &[0x0017][..];
        assert_eq!(suite(&old(0x0303, &[0x009c, 0xc02f], curves, &[0x0804])), Ok([0xc0, 0x2f]));
        assert_eq!(suite(&old(0x0303, &[0x009c, 0xc02f], curves, &[0x0401])), Ok([0x00, 0x9c]));
        assert_eq!(suite(&old(0x0303, &[0xc02f], &[0x0018], &[0x0804])), Err(HANDSHAKE_FAILURE));
        assert_eq!(suite(&old(0x0302, &[0x002f, 0xc013], curves, &[])), Ok([0xc0, 0x13]), "as TLS 1.0");
        assert_eq!(suite(&old(0x0300, &[0x002f], &[], &[])), Err(PROTOCOL_VERSION));
    }

    #[test]
    fn the_flight_is_one_that_a_parser_reads() {
        let bytes = flight(&SCRIPT, &old(0x0303, &[0xc02f], &[0x0017], &[0x0804])).unwrap();
        let (rest, record) = tls_parser::parse_tls_plaintext(&bytes).unwrap();
        assert!(rest.is_empty());
        let [
            TlsMessage::Handshake(TlsMessageHandshake::ServerHello(hello)),
            TlsMessage::Handshake(TlsMessageHandshake::ServerKeyExchange(_)),
            TlsMessage::Handshake(TlsMessageHandshake::ServerDone(_)),
        ] = record.msg.as_slice()
        else {
            panic!("{record:?}");
        };
        assert_eq!((hello.version.0, hello.cipher.0), (0x0303, 0xc02f));
    }
}
