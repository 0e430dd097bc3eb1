//! What a server answers a hand-made ClientHello with, as far as it can be read without keys.
//!
//! Bounded: so many records, and no more of a message than was sent. What the answer says of the server is for
//! those who asked.

use rustls::ffdhe_groups::{FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::record::{self, Cut, Names};
use super::stream::Inbound;

/// How reading an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With what was to be seen.
    Enough,
    /// With a fatal alert, or with `close_notify`.
    Alert(u8),
    /// With the end of the connection, or a reset.
    Closed,
    /// With what is no TLS, or with too many records.
    Broken,
}

/// What a server sent, as far as it was read.
#[derive(Default)]
pub(super) struct Answer {
    inbound: Inbound,
    pub(super) names: Names,
    /// Bodies of handshake records in plaintext, put together.
    messages: Vec<u8>,
    /// Bytes of encrypted records (TLS 1.3).
    pub(super) encrypted: usize,
}

/// A ServerHello or HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4; RFC 5246 §7.4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) version: u16,
    pub(super) suite: u16,
    /// The group of the key share, or the one that is asked for (TLS 1.3).
    pub(super) group: Option<u16>,
    pub(super) retry: bool,
}

/// A ServerKeyExchange: what keys are exchanged by in TLS 1.2 and older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) by: ExchangedBy,
    /// The scheme of its signature, which TLS 1.2 names.
    pub(super) scheme: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangedBy {
    /// A named curve (RFC 8422 §5.4).
    Curve(u16),
    /// A prime of so many bits, and the group that it is of, if that is one of RFC 7919.
    Prime { bits: u32, group: Option<u16> },
}

/// How a suite exchanges keys, as its ServerKeyExchange is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Curve,
    Prime,
}

impl Answer {
    /// Records that are read at most: a chain of any usual length fits.
    const RECORDS: usize = 32;

    /// Reads records until there is enough.
    pub(super) async fn read<S: AsyncRead + Unpin>(
        &mut self,
        carrier: &mut S,
        enough: impl Fn(&Self) -> bool,
    ) -> End {
        for _ in 0..Self::RECORDS {
            if enough(self) {
                return End::Enough;
            }
            while let Cut::Incomplete = record::cut(self.inbound.bytes()) {
                match carrier.read(self.inbound.space()).await {
                    Ok(count) if count > 0 => self.inbound.filled(count),
                    _ => return End::Closed,
                }
            }
            let Cut::Record(length) = record::cut(self.inbound.bytes()) else { return End::Broken };
            let record = &self.inbound.bytes()[..length];
            self.names.record(record, false, &mut Vec::new());
            let body = &record[record::HEADER..];
            let mut fatal = None;
            match record[0] {
                record::HANDSHAKE => self.messages.extend_from_slice(body),
                record::APPLICATION_DATA => self.encrypted += length,
                // A warning, such as unrecognized_name, is no end: more may come.
                record::ALERT => {
                    fatal = match body {
                        [2, description] | [_, description @ 0] => Some(*description),
                        _ => None,
                    }
                }
                _ => {}
            }
            self.inbound.consume(length);
            if let Some(description) = fatal {
                return End::Alert(description);
            }
        }
        if enough(self) { End::Enough } else { End::Broken }
    }

    /// The whole messages: type and body.
    fn whole(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = self.messages.as_slice();
        std::iter::from_fn(move || {
            let (&[kind, high, middle, low], after) = rest.split_first_chunk::<4>()?;
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            let body = after.get(..length)?;
            rest = &after[length..];
            Some((kind, body))
        })
    }

    /// ServerHelloDone came (RFC 5246 §7.4.5).
    pub(super) fn is_done(&self) -> bool {
        self.whole().any(|(kind, _)| kind == 14)
    }

    /// The first ServerHello or HelloRetryRequest.
    pub(super) fn hello(&self) -> Option<ServerHello> {
        let (_, body) = self.whole().find(|(kind, _)| *kind == 2)?;
        let (version, rest) = body.split_first_chunk::<2>()?;
        let (random, rest) = rest.split_first_chunk::<32>()?;
        let (&session, rest) = rest.split_first()?;
        let (suite, rest) = rest.get(usize::from(session)..)?.split_first_chunk::<2>()?;
        let mut hello = ServerHello {
            version: u16::from_be_bytes(*version),
            suite: u16::from_be_bytes(*suite),
            group: None,
            retry: *random == record::HELLO_RETRY_RANDOM,
        };
        // One of compression, two of the extensions' length; there may be none.
        let mut extensions = rest.get(3..).unwrap_or_default();
        while let Some((&[high, low, long, short], after)) = extensions.split_first_chunk::<4>() {
            let Some(data) = after.get(..usize::from(u16::from_be_bytes([long, short]))) else { break };
            extensions = &after[data.len()..];
            match (u16::from_be_bytes([high, low]), data) {
                (43, [major, minor]) => hello.version = u16::from_be_bytes([*major, *minor]),
                (51, [high, low, ..]) => hello.group = Some(u16::from_be_bytes([*high, *low])),
                _ => {}
            }
        }
        Some(hello)
    }

    /// The server's own certificate as it was sent (RFC 5246 §7.4.2).
    pub(super) fn leaf(&self) -> Option<&[u8]> {
        let (_, body) = self.whole().find(|(kind, _)| *kind == 11)?;
        let [_, _, _, high, middle, low, rest @ ..] = body else { return None };
        let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
        rest.get(..length)
    }

    /// What a ServerKeyExchange says, of a suite that exchanges keys in this way.
    pub(super) fn exchange(&self, kind: Kind) -> Option<Exchange> {
        let (_, body) = self.whole().find(|(kind, _)| *kind == 12)?;
        let (by, signed) = match kind {
            Kind::Curve => {
                let [3, high, low, length, rest @ ..] = body else { return None };
                let curve = ExchangedBy::Curve(u16::from_be_bytes([*high, *low]));
                (curve, rest.get(usize::from(*length)..)?)
            }
            Kind::Prime => {
                let (prime, rest) = counted(body)?;
                let (_generator, rest) = counted(rest)?;
                let (_public, signed) = counted(rest)?;
                (by_prime(prime), signed)
            }
        };
        let scheme = signed.first_chunk::<2>().map(|scheme| u16::from_be_bytes(*scheme));
        Some(Exchange { by, scheme })
    }
}

/// A vector with its length in two bytes before it, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn by_prime(prime: &[u8]) -> ExchangedBy {
    let zeros = prime.iter().take_while(|byte| **byte == 0).count();
    let prime = &prime[zeros..];
    let unused = prime.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(prime.len() * 8).unwrap_or(u32::MAX).saturating_sub(unused);
    let known = [
        (0x0100, FFDHE2048.p),
        (0x0101, FFDHE3072.p),
        (0x0102, FFDHE4096.p),
        (0x0103, FFDHE6144.p),
        (0x0104, FFDHE8192.p),
    ];
    let group = known.iter().find(|(_, known)| *known == prime).map(|(group, _)| *group);
    ExchangedBy::Prime { bits, group }
}
