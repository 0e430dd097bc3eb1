//! The second question after a refused handshake: what would this server have spoken?
//!
//! A ClientHello as of 2008 on a connection of its own, with suites and versions no longer spoken.
//! Only its answer's plaintext is read; no key is made and nothing is ever encrypted. Runs after a
//! failure only, outside the measured phase.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::names;
use super::record::{self, Cut, Names, ServerChoice};
use super::stream::Inbound;
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::LegacyProbe;

/// All connections of a probe together.
const LIMIT: Duration = Duration::from_secs(2);

/// Newest first. A server answers with the newest version it has, up to the offered one; the others
/// are for servers that refuse versions they do not know.
const VERSIONS: [u16; 3] = [0x0303, 0x0301, 0x0300];

/// What the probe found, with the numbers behind the names.
pub(super) struct Found {
    pub(super) choice: Option<ServerChoice>,
    pub(super) record: LegacyProbe,
}

/// Asks the server at `address` what it speaks.
pub(super) async fn probe(address: SocketAddr, sni: Option<&str>, clock: &Clock, stop: &Stop) -> Found {
    let limit = clock.now().after(LIMIT);
    let asked = stop.within(Some(limit), async {
        for version in VERSIONS {
            if let Some(choice) = ask(address, &client_hello(version, sni)).await {
                return Some(choice);
            }
        }
        None
    });
    // A limit that passed is an answer, too: none.
    let choice = asked.await.ok().flatten();
    let record = LegacyProbe {
        version: choice.map(|choice| names::version(choice.version)),
        cipher_suite: choice.map(|choice| names::cipher_suite(choice.cipher_suite)),
    };
    Found { choice, record }
}

async fn ask(address: SocketAddr, hello: &[u8]) -> Option<ServerChoice> {
    let mut tcp = TcpStream::connect(address).await.ok()?;
    tcp.write_all(hello).await.ok()?;
    let mut inbound = Inbound::default();
    let mut answer = Names::default();
    let mut seen = Vec::new();
    // A ServerHello is the first thing a server says: 16 records are more than enough to find it.
    for _ in 0..16 {
        while let Cut::Incomplete = record::cut(inbound.bytes()) {
            match tcp.read(inbound.space()).await {
                Ok(count) if count > 0 => inbound.filled(count),
                _ => return None,
            }
        }
        let Cut::Record(length) = record::cut(inbound.bytes()) else { return None };
        answer.record(&inbound.bytes()[..length], false, &mut seen);
        inbound.consume(length);
        if answer.server_hello.is_some() || answer.alert.is_some() {
            break;
        }
    }
    answer.server_hello
}

/// Suites of TLS 1.2 and older, strong ones first: a server's choice then says what it has best.
#[rustfmt::skip]
const SUITES: &[u16] = &[
    0xc02c, 0xc02b, 0xc030, 0xc02f, 0xcca9, 0xcca8, // ECDHE with AEAD: what is offered in earnest
    0x009f, 0x009e, 0xccaa, 0x00a3, 0x00a2,         // DHE with AEAD
    0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013, // ECDHE with CBC
    0x006b, 0x0067, 0x0039, 0x0033, 0x0038, 0x0032, // DHE with CBC
    0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x0084, 0x0041, // RSA key exchange
    0xc008, 0xc012, 0x0016, 0x000a,                 // 3DES
    0xc007, 0xc011, 0x0005, 0x0004, 0x0009,         // RC4, DES
];

fn client_hello(version: u16, sni: Option<&str>) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    // The random is never used for a key: no connection comes of it.
    body.extend([0x75; 32]);
    body.push(0);
    vector(&mut body, |suites| SUITES.iter().for_each(|suite| suites.extend(suite.to_be_bytes())));
    body.extend([1, 0]);
    if version > 0x0300 {
        vector(&mut body, |extensions| add_extensions(extensions, sni));
    }
    let mut hello = vec![record::HANDSHAKE, 3, u8::from(version > 0x0300)];
    vector(&mut hello, |message| {
        message.extend([1, 0]);
        vector(message, |out| out.extend_from_slice(&body));
    });
    hello
}

fn add_extensions(out: &mut Vec<u8>, sni: Option<&str>) {
    if let Some(name) = sni {
        extension(out, 0, |data| {
            vector(data, |list| {
                list.push(0);
                vector(list, |host| host.extend_from_slice(name.as_bytes()));
            });
        });
    }
    let groups: [u16; 5] = [0x001d, 0x0017, 0x0018, 0x0019, 0x0100];
    extension(out, 10, |data| vector(data, |list| groups.iter().for_each(|g| list.extend(g.to_be_bytes()))));
    extension(out, 11, |data| data.extend([1, 0]));
    let schemes: [u16; 14] = [
        0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301,
        0x0203, 0x0201,
    ];
    extension(out, 13, |data| vector(data, |list| schemes.iter().for_each(|s| list.extend(s.to_be_bytes()))));
    extension(out, 0xff01, |data| data.push(0));
}

fn extension(out: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    out.extend(kind.to_be_bytes());
    vector(out, fill);
}

/// Appends a vector with its two-byte length before it.
fn vector(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0, 0]);
    fill(out);
    let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::offer;

    #[test]
    fn the_old_client_hello_is_well_formed() {
        for version in VERSIONS {
            let hello = client_hello(version, Some("www.example.test"));
            assert_eq!(record::cut(&hello), Cut::Record(hello.len()));
            let offer = offer::read(&hello).unwrap();
            assert_eq!(offer.versions, [names::version(version)]);
            assert_eq!(offer.cipher_suites.len(), SUITES.len());
            assert!(offer.cipher_suites.iter().all(|name| name.starts_with("TLS_")), "{offer:?}");
            if version > 0x0300 {
                assert_eq!(offer.groups.len(), 5);
                assert_eq!(offer.signature_schemes.len(), 14);
                let name = b"www.example.test";
                assert!(hello.windows(name.len()).any(|window| window == name));
            }
        }
    }
}
