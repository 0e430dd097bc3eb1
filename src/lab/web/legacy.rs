//! A server that stopped at TLS 1.0, as far as one can see from outside before keys are agreed.
//!
//! It answers a modern ClientHello, one with `supported_versions`, with the alert
//! `protocol_version`, and an old-style one with the ServerHello of TLS 1.0, whatever later version
//! that one allows. It can do no cryptography, and sends nothing further.

use std::time::Duration;

use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a client may take.
const IDLE: Duration = Duration::from_secs(10);
/// RFC 8446 §5.1: what one record carries at most.
const MAX_RECORD: usize = 16 * 1024 + 256;
/// RFC 8446 §6: fatal, `protocol_version`.
const ALERT: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];
/// The version numbers of TLS 1.0 and 1.1.
const TLS10: u16 = 0x0301;
const TLS11: u16 = 0x0302;
/// TLS_RSA_WITH_AES_128_CBC_SHA, mandatory for TLS 1.2 (RFC 5246 §9) and usual before.
const SUITE: u16 = 0x002f;

/// What a ClientHello offers, as far as such a server looks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Offer {
    /// Versions by the extension of TLS 1.3: to be refused.
    Modern,
    /// Any version up to one, or none later than TLS 1.1, with these cipher suites.
    Old(Vec<u16>),
    /// No ClientHello.
    Unreadable,
}

/// Answers one ClientHello and waits until the client leaves.
pub(super) async fn serve<S>(mut stream: S) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(record) = timeout(IDLE, read_record(&mut stream)).await?? else { return Ok(()) };
    match offer(&record) {
        Offer::Modern | Offer::Unreadable => stream.write_all(&ALERT).await?,
        Offer::Old(suites) => stream.write_all(&server_hello(&suites)).await?,
    }
    stream.shutdown().await?;
    let _ = timeout(IDLE, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    Ok(())
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
    let extensions = hello.ext.map(tls_parser::parse_tls_client_hello_extensions);
    let supported = match &extensions {
        Some(Ok((_, list))) => list.iter().any(|ext| matches!(ext, TlsExtension::SupportedVersions(_))),
        Some(Err(_)) => return Offer::Unreadable,
        None => false,
    };
    if hello.version.0 <= TLS11 || !supported {
        Offer::Old(hello.ciphers.iter().map(|suite| suite.0).collect())
    } else {
        Offer::Modern
    }
}

/// A ServerHello of TLS 1.0 (RFC 2246 §7.4.1.3) with a suite that was offered.
fn server_hello(offered: &[u16]) -> Vec<u8> {
    let suite = if offered.contains(&SUITE) { SUITE } else { offered.first().copied().unwrap_or(SUITE) };
    let mut body = TLS10.to_be_bytes().to_vec();
    // Nobody will compute a key from it, so the server's random may as well be readable.
    body.extend_from_slice(b"urltrace lab: a TLS 1.0 server..");
    body.push(0); // no session id
    body.extend_from_slice(&suite.to_be_bytes());
    body.push(0); // no compression
    let mut message = vec![0x02, 0, 0, body.len() as u8];
    message.extend(body);
    let mut record = vec![0x16, 0x03, 0x01, 0, message.len() as u8];
    record.extend(message);
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

    #[test]
    fn only_old_hellos_are_answered() {
        assert_eq!(offer(&client_hello(0x0301, &[])), Offer::Old(vec![0xc013, 0x002f]));
        assert_eq!(offer(&client_hello(0x0302, &[0xff, 1, 0, 1, 0])), Offer::Old(vec![0xc013, 0x002f]));
        assert_eq!(offer(&client_hello(0x0303, &[])), Offer::Old(vec![0xc013, 0x002f]));
        assert_eq!(offer(&client_hello(0x0303, SUPPORTED_VERSIONS)), Offer::Modern);
        assert_eq!(offer(b"GET / HTTP/1.1\r\n\r\n"), Offer::Unreadable);
        let hello = client_hello(0x0301, &[]);
        for length in 0..hello.len() {
            assert_eq!(offer(&hello[..length]), Offer::Unreadable, "{length}");
        }
    }

    #[test]
    fn the_server_hello_is_one_that_a_parser_reads() {
        let bytes = server_hello(&[0xc013, SUITE]);
        let (rest, record) = tls_parser::parse_tls_plaintext(&bytes).unwrap();
        assert!(rest.is_empty());
        let [TlsMessage::Handshake(TlsMessageHandshake::ServerHello(hello))] = record.msg.as_slice() else {
            panic!("{record:?}");
        };
        assert_eq!((hello.version.0, hello.cipher.0), (TLS10, SUITE));
        assert_eq!(server_hello(&[0xc013])[44..46], [0xc0, 0x13]);
    }
}
