//! What we offered, read back from our own ClientHello as it was sent.
//!
//! The bytes on the wire are the truth: what the configuration asked for may differ. Nothing here
//! is used for what a peer sends.

use tls_parser::{
    TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_client_hello_extensions, parse_tls_plaintext,
};

use super::names;
use crate::trace::Offer;

/// Reads a ClientHello record, header included. `None` when it is none.
pub(super) fn read(record: &[u8]) -> Option<Offer> {
    let (_, plaintext) = parse_tls_plaintext(record).ok()?;
    let hello = plaintext.msg.iter().find_map(|message| match message {
        TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) => Some(hello),
        _ => None,
    })?;
    let mut offer = Offer {
        cipher_suites: hello.ciphers.iter().map(|suite| names::cipher_suite(suite.0)).collect(),
        bytes: record.len(),
        ..Offer::default()
    };
    let (_, extensions) = parse_tls_client_hello_extensions(hello.ext.unwrap_or_default()).ok()?;
    for extension in extensions {
        match extension {
            TlsExtension::SupportedVersions(versions) => {
                offer.versions = versions.iter().map(|version| names::version(version.0)).collect();
            }
            TlsExtension::EllipticCurves(groups) => {
                offer.groups = groups.iter().map(|group| names::group(group.0)).collect();
            }
            TlsExtension::SignatureAlgorithms(schemes) => {
                offer.signature_schemes =
                    schemes.iter().map(|scheme| names::signature_scheme(*scheme)).collect();
            }
            TlsExtension::ALPN(protocols) => {
                offer.alpn =
                    protocols.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            }
            TlsExtension::KeyShare(shares) => offer.key_shares = key_shares(shares),
            _ => {}
        }
    }
    if offer.versions.is_empty() {
        // RFC 8446 §4.2.1: without the extension the old field speaks.
        offer.versions.push(names::version(hello.version.0));
    }
    Some(offer)
}

/// RFC 8446 §4.2.8: a list of (group, length, share) after its own length.
fn key_shares(list: &[u8]) -> Vec<(String, usize)> {
    let mut shares = Vec::new();
    let mut rest = list.get(2..).unwrap_or_default();
    while let Some((header, after)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        shares.push((names::group(u16::from_be_bytes([header[0], header[1]])), length));
        rest = after.get(length..).unwrap_or_default();
    }
    shares
}
