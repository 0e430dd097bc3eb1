//! Further questions after a refused handshake: what would this server have spoken, and what in our
//! ClientHello could it not take?
//!
//! First a ClientHello as of 2008, with suites, versions and signatures no longer offered. Where its
//! answer has nothing that we do not offer, or where there is none, our own offer again: once without TLS
//! 1.3, and once with it and small. Each goes on a connection of its own; only the plaintext of an answer
//! is read, no key is made and nothing is ever encrypted. Runs after a failure only, outside the measured
//! phase.

use std::net::SocketAddr;
use std::time::Duration;

use tls_parser::{
    TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_client_hello_extensions, parse_tls_plaintext,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::answer::{self, Answer as Flight, End, ExchangedBy, Kind};
use super::hello::{extension, key_shares, message, numbers, server_name, vector};
use super::record::ServerChoice;
use super::{checkable, names};
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::{LegacyProbe, Offer};

/// All connections of a probe together.
const LIMIT: Duration = Duration::from_secs(4);
/// One connection: a server that is silent to the first is silent to all like it.
const ONE: Duration = Duration::from_secs(1);
/// The rest of a server's flight after its ServerHello; without it the answer only says less.
const REST: Duration = Duration::from_millis(400);

/// Newest first. A server answers with the newest version it has, up to the offered one; the others
/// are for servers that refuse versions they do not know.
const VERSIONS: [u16; 3] = [0x0303, 0x0301, 0x0300];

/// What the probe found, with the numbers behind the names.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    choice: Option<ServerChoice>,
    exchange: Option<Exchange>,
    /// The key of its certificate, if that is of a kind that is not checked here.
    key: Option<String>,
    pub(super) answers_tls12: Option<bool>,
    /// Whether a small ClientHello with TLS 1.3 was answered, and its size.
    small: Option<(bool, usize)>,
    /// Whether the very hello that was refused was answered when it was sent again: then it was not
    /// refused for what it offers.
    answers_again: Option<bool>,
}

/// How a server of TLS 1.2 would have exchanged keys: group, and scheme of its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Exchange {
    group: u16,
    scheme: u16,
}

/// What in our ClientHello a server could not take, as far as the answers to others tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// It speaks an old version only.
    Version(ServerChoice),
    /// It would choose this suite, which is not offered.
    Suite(String),
    /// Its certificate has this key, no signature by which can be checked here.
    Key(String),
    /// It would sign by this scheme, which is not offered.
    Scheme(String),
    /// It would exchange keys by this group, which is not offered.
    Group(String),
    /// The size: `small` bytes are answered. `helped`: our offer without TLS 1.3 is, too.
    Size { small: usize, helped: bool },
    /// TLS 1.3 itself.
    Tls13,
    /// It took the very same one when it came again.
    Nothing,
    /// It takes the old ClientHello, and nothing says why not ours.
    Unclear(ServerChoice),
}

impl Found {
    /// The record of it.
    pub(super) fn record(&self) -> LegacyProbe {
        LegacyProbe {
            version: self.choice.map(|choice| names::version(choice.version)),
            cipher_suite: self.choice.map(|choice| names::cipher_suite(choice.cipher_suite)),
            group: self.exchange.map(|exchange| names::group(exchange.group)),
            signature_scheme: self.exchange.map(|exchange| names::signature_scheme(exchange.scheme)),
            answers_again: self.answers_again,
            answers_tls12: self.answers_tls12,
            answers_small: self.small.map(|(answers, _)| answers),
        }
    }

    /// What the answers say of our own hello's refusal. `None`: nothing.
    pub(super) fn difference(&self, offer: &Offer) -> Option<Difference> {
        if let Some(choice) = self.choice
            && let Some(difference) = self.not_offered(choice, offer)
        {
            return Some(difference);
        }
        if self.answers_again == Some(true) {
            return Some(Difference::Nothing);
        }
        match (self.small, self.answers_tls12, self.choice) {
            (Some((true, small)), helped, _) => {
                Some(Difference::Size { small, helped: helped == Some(true) })
            }
            (Some((false, _)), Some(true), _) => Some(Difference::Tls13),
            (_, _, choice) => choice.map(Difference::Unclear),
        }
    }

    /// What of the answer to the old ClientHello is not in ours.
    fn not_offered(&self, choice: ServerChoice, offer: &Offer) -> Option<Difference> {
        if choice.version < 0x0303 {
            return Some(Difference::Version(choice));
        }
        let suite = names::cipher_suite(choice.cipher_suite);
        if !offer.cipher_suites.contains(&suite) {
            return Some(Difference::Suite(suite));
        }
        if let Some(key) = &self.key {
            return Some(Difference::Key(key.clone()));
        }
        let exchange = self.exchange?;
        let scheme = names::signature_scheme(exchange.scheme);
        let group = names::group(exchange.group);
        if !offer.signature_schemes.contains(&scheme) {
            Some(Difference::Scheme(scheme))
        } else if !offer.groups.contains(&group) {
            Some(Difference::Group(group))
        } else {
            None
        }
    }
}

/// Asks the server at `address` what it speaks. `hello` is the ClientHello that it refused.
pub(super) async fn probe(
    address: SocketAddr,
    sni: Option<&str>,
    hello: &[u8],
    clock: &Clock,
    stop: &Stop,
) -> Found {
    let mut found = Found::default();
    let limit = clock.now().after(LIMIT);
    let asked = stop.within(Some(limit), async {
        for version in VERSIONS {
            let answer = one(address, &client_hello(version, sni), clock, stop).await;
            (found.choice, found.exchange, found.key) = (answer.choice, answer.exchange, answer.key);
            if answer.choice.is_some() || answer.end == Ending::Silence {
                break;
            }
        }
        let Some(own) = Own::read(hello) else { return };
        // Without TLS 1.3 in it ours was small, and old, already.
        let settled = found.choice.is_some_and(|choice| found.not_offered(choice, &own.offer).is_some());
        if settled || !own.speaks_tls13 {
            return;
        }
        let answers = async |hello: &[u8]| one(address, hello, clock, stop).await.choice.is_some();
        let answers_again = answers(hello).await;
        found.answers_again = Some(answers_again);
        if answers_again {
            return;
        }
        found.answers_tls12 = Some(answers(&own.hello(sni, Form::Tls12)).await);
        let small = own.hello(sni, Form::Small);
        found.small = Some((answers(&small).await, small.len()));
    });
    // A limit that passed is an answer, too: what was found until then.
    let _ = asked.await;
    found
}

/// How a connection of the probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// By an answer, an alert or the end of the connection.
    Word,
    /// By none of them.
    Silence,
}

/// The answer to one ClientHello.
struct Answer {
    choice: Option<ServerChoice>,
    exchange: Option<Exchange>,
    key: Option<String>,
    end: Ending,
}

async fn one(address: SocketAddr, hello: &[u8], clock: &Clock, stop: &Stop) -> Answer {
    let mut answer = Answer { choice: None, exchange: None, key: None, end: Ending::Word };
    let mut flight = Flight::default();
    let asked = async {
        let mut tcp = TcpStream::connect(address).await.ok()?;
        tcp.write_all(hello).await.ok()?;
        let end = flight.read(&mut tcp, |flight| flight.names.server_hello.is_some()).await;
        (end == End::Enough).then_some(tcp)
    };
    let tcp = match stop.within(Some(clock.now().after(ONE)), asked).await {
        Ok(tcp) => tcp,
        Err(_) => {
            answer.end = Ending::Silence;
            None
        }
    };
    answer.choice = flight.names.server_hello;
    if let (Some(mut tcp), Some(ServerChoice { version: 0x0303, .. })) = (tcp, answer.choice) {
        let rest = flight.read(&mut tcp, |flight| exchange(flight).is_some() || flight.is_done());
        let _ = stop.within(Some(clock.now().after(REST)), rest).await;
        (answer.exchange, answer.key) = (exchange(&flight), flight.leaf().and_then(unchecked_key));
    }
    answer
}

/// The key of the certificate, if no server with one like it is spoken to. RSA keys of any size are: what is
/// wrong with those is told in the handshake.
fn unchecked_key(leaf: &[u8]) -> Option<String> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    checkable::unchecked_key(leaf.public_key()).filter(|key| !key.starts_with("an RSA key"))
}

/// How keys are exchanged by a curve, in TLS 1.2.
fn exchange(flight: &Flight) -> Option<Exchange> {
    match flight.exchange(Kind::Curve)? {
        answer::Exchange { by: ExchangedBy::Curve(group), scheme: Some(scheme) } => {
            Some(Exchange { group, scheme })
        }
        _ => None,
    }
}

/// Our own offer, in numbers.
struct Own {
    offer: Offer,
    suites: Vec<u16>,
    groups: Vec<u16>,
    schemes: Vec<u16>,
    alpn: Vec<Vec<u8>>,
    speaks_tls13: bool,
}

/// Another form of our own offer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without TLS 1.3, as with `--tls-max 1.2`.
    Tls12,
    /// With TLS 1.3, and with the share of one small group only.
    Small,
}

/// The group of ML-KEM-768 and X25519: its share alone is more than 1200 bytes.
const HYBRID: u16 = 0x11ec;
const X25519: u16 = 0x001d;

impl Own {
    fn read(hello: &[u8]) -> Option<Self> {
        let offer = super::offer::read(hello)?;
        let (_, plaintext) = parse_tls_plaintext(hello).ok()?;
        let hello = plaintext.msg.iter().find_map(|message| match message {
            TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) => Some(hello),
            _ => None,
        })?;
        let mut own = Self {
            offer,
            suites: hello.ciphers.iter().map(|suite| suite.0).collect(),
            groups: Vec::new(),
            schemes: Vec::new(),
            alpn: Vec::new(),
            speaks_tls13: false,
        };
        let (_, extensions) = parse_tls_client_hello_extensions(hello.ext?).ok()?;
        for extension in extensions {
            match extension {
                TlsExtension::EllipticCurves(groups) => own.groups = groups.iter().map(|one| one.0).collect(),
                TlsExtension::SignatureAlgorithms(schemes) => own.schemes = schemes,
                TlsExtension::ALPN(names) => own.alpn = names.iter().map(|name| name.to_vec()).collect(),
                TlsExtension::SupportedVersions(versions) => {
                    own.speaks_tls13 = versions.iter().any(|version| version.0 == 0x0304);
                }
                _ => {}
            }
        }
        Some(own)
    }

    /// The offer as a ClientHello of TLS 1.2 or 1.3.
    fn hello(&self, sni: Option<&str>, form: Form) -> Vec<u8> {
        let is_tls13_suite = |suite: &u16| suite >> 8 == 0x13;
        let suites: Vec<u16> = self
            .suites
            .iter()
            .copied()
            .filter(|suite| form == Form::Small || !is_tls13_suite(suite))
            .collect();
        let groups: Vec<u16> = self.groups.iter().copied().filter(|group| *group != HYBRID).collect();
        message(0x0303, &suites, |out| {
            server_name(out, sni);
            extension(out, 10, |data| numbers(data, &groups));
            extension(out, 11, |data| data.extend([1, 0]));
            extension(out, 13, |data| numbers(data, &self.schemes));
            if !self.alpn.is_empty() {
                extension(out, 16, |data| {
                    vector(data, |list| {
                        for name in &self.alpn {
                            list.push(name.len() as u8);
                            list.extend_from_slice(name);
                        }
                    });
                });
            }
            // extended_master_secret
            extension(out, 23, |_| {});
            if form == Form::Small {
                extension(out, 43, |data| data.extend([4, 3, 4, 3, 3]));
                // psk_dhe_ke
                extension(out, 45, |data| data.extend([1, 1]));
                key_shares(out, &[(X25519, vec![0x75; 32])]);
            }
            extension(out, 0xff01, |data| data.push(0));
        })
    }
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

/// A ClientHello as of 2008.
fn client_hello(version: u16, sni: Option<&str>) -> Vec<u8> {
    message(version, SUITES, |out| {
        server_name(out, sni);
        extension(out, 10, |data| numbers(data, &[0x001d, 0x0017, 0x0018, 0x0019, 0x0100]));
        extension(out, 11, |data| data.extend([1, 0]));
        extension(out, 13, |data| numbers(data, SCHEMES));
        extension(out, 0xff01, |data| data.push(0));
    })
}

#[rustfmt::skip]
const SCHEMES: &[u16] = &[
    0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807, // offered in earnest
    0x0603, 0x0808, 0x0809, 0x080a, 0x080b,         // P-521, Ed448, RSA-PSS keys
    0x0402, 0x0303, 0x0301, 0x0203, 0x0201, 0x0202, // DSA, SHA-224, SHA-1
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::offer;
    use crate::tls::record::{self, Cut};

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
                assert_eq!(offer.signature_schemes.len(), SCHEMES.len());
                let name = b"www.example.test";
                assert!(hello.windows(name.len()).any(|window| window == name));
            }
        }
    }
}
