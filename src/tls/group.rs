//! Key exchange: the groups we offer, X25519MLKEM768 among them, and what they cost.
//!
//! ring has no ML-KEM, so the hybrid group (draft-ietf-tls-ecdhe-mlkem, IANA 0x11EC) is put together
//! here from libcrux' ML-KEM-768 (FIPS 203) and ring's X25519. It works for servers, too: the lab's
//! use [`provider`]. No other cryptography is ours.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use libcrux_ml_kem::mlkem768;
use rustls::crypto::ring::kx_group::{SECP256R1, SECP384R1, X25519};
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, CryptoProvider, SharedSecret, SupportedKxGroup, ring,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

use crate::clock::Stopwatch;

/// ring's suites and groups, with X25519MLKEM768 before them.
#[must_use]
pub fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.kx_groups = vec![&Hybrid, X25519, SECP256R1, SECP384R1];
    provider
}

/// The same, with each of our key exchanges timed: see [`take_spent`].
pub(super) fn timed_provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.kx_groups = vec![&Timed::Hybrid, &Timed::X25519, &Timed::Secp256r1, &Timed::Secp384r1];
    provider
}

// ------------------------------------------------------------------------------ the hybrid group

const ENCAPSULATION_KEY: usize = 1184;
const CIPHERTEXT: usize = 1088;
const X25519_SHARE: usize = 32;

/// X25519MLKEM768. Client share: encapsulation key, X25519; server share: ciphertext, X25519;
/// secret: ML-KEM's, X25519's.
#[derive(Debug)]
struct Hybrid;

impl SupportedKxGroup for Hybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let key = mlkem768::generate_key_pair(random()?);
        let x25519 = X25519.start()?;
        let mut share = Vec::with_capacity(ENCAPSULATION_KEY + X25519_SHARE);
        share.extend_from_slice(key.pk());
        share.extend_from_slice(x25519.pub_key());
        Ok(Box::new(ActiveHybrid { key, x25519, share }))
    }

    fn start_and_complete(&self, peer: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, x25519) = split::<ENCAPSULATION_KEY>(peer)?;
        let key = mlkem768::MlKem768PublicKey::from(key);
        // FIPS 203 §7.2 asks for this check of the peer's key.
        if !mlkem768::validate_public_key(&key) {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        let (ciphertext, secret) = mlkem768::encapsulate(&key, random()?);
        let x25519 = X25519.start_and_complete(x25519)?;
        let mut share = Vec::with_capacity(CIPHERTEXT + X25519_SHARE);
        share.extend_from_slice(ciphertext.as_slice());
        share.extend_from_slice(&x25519.pub_key);
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: share,
            secret: concatenate(&secret, &x25519.secret),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

struct ActiveHybrid {
    key: mlkem768::MlKem768KeyPair,
    x25519: Box<dyn ActiveKeyExchange>,
    share: Vec<u8>,
}

impl ActiveKeyExchange for ActiveHybrid {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, x25519) = split::<CIPHERTEXT>(peer)?;
        let ciphertext = mlkem768::MlKem768Ciphertext::from(ciphertext);
        let secret = mlkem768::decapsulate(self.key.private_key(), &ciphertext);
        let x25519 = self.x25519.complete(x25519)?;
        Ok(concatenate(&secret, &x25519))
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::X25519, &self.share[ENCAPSULATION_KEY..]))
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        self.x25519.complete(peer)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

/// A peer's share as its ML-KEM and X25519 parts; any other length is an error.
fn split<const N: usize>(share: &[u8]) -> Result<(&[u8; N], &[u8]), Error> {
    match share.split_first_chunk::<N>() {
        Some((ml_kem, x25519)) if x25519.len() == X25519_SHARE => Ok((ml_kem, x25519)),
        _ => Err(PeerMisbehaved::InvalidKeyShare.into()),
    }
}

fn concatenate(ml_kem: &[u8], x25519: &SharedSecret) -> SharedSecret {
    let mut secret = Vec::with_capacity(ml_kem.len() + X25519_SHARE);
    secret.extend_from_slice(ml_kem);
    secret.extend_from_slice(x25519.secret_bytes());
    SharedSecret::from(secret)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    ring::default_provider().secure_random.fill(&mut bytes)?;
    Ok(bytes)
}

// --------------------------------------------------------------------------------------- timing

thread_local! {
    /// Time spent in key exchanges on this thread since it was last taken. A thread-local, because
    /// groups are statics to rustls while a handshake is a value; and sound, because a handshake
    /// takes it right after each of its synchronous steps.
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

thread_local! {
    /// An exchange of the hybrid group that was begun ahead, and what it took.
    static AHEAD: RefCell<Option<(Box<dyn ActiveKeyExchange>, Duration)>> = const { RefCell::new(None) };
}

/// Begins the key exchange that the next ClientHello of this thread offers first: its keys need no server, and are
/// used once, as all are.
pub(super) fn begin_ahead() {
    let watch = Stopwatch::start();
    AHEAD.set(Hybrid.start().ok().map(|exchange| (exchange, watch.elapsed())));
}

/// The time spent in key exchanges on this thread since the last call, one that was begun ahead included.
pub(super) fn take_spent() -> Duration {
    SPENT.take()
}

fn timed<T>(work: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let result = work();
    SPENT.set(SPENT.get() + watch.elapsed());
    result
}

/// One of our groups, timed.
#[derive(Debug)]
enum Timed {
    Hybrid,
    X25519,
    Secp256r1,
    Secp384r1,
}

impl Timed {
    fn group(&self) -> &'static dyn SupportedKxGroup {
        match self {
            Self::Hybrid => &Hybrid,
            Self::X25519 => X25519,
            Self::Secp256r1 => SECP256R1,
            Self::Secp384r1 => SECP384R1,
        }
    }
}

impl SupportedKxGroup for Timed {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let ahead = if matches!(self, Self::Hybrid) { AHEAD.take() } else { None };
        let exchange = match ahead {
            Some((exchange, spent)) => {
                SPENT.set(SPENT.get() + spent);
                exchange
            }
            None => timed(|| self.group().start())?,
        };
        Ok(Box::new(TimedExchange(exchange)))
    }

    fn start_and_complete(&self, peer: &[u8]) -> Result<CompletedKeyExchange, Error> {
        timed(|| self.group().start_and_complete(peer))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.group().ffdhe_group()
    }

    fn name(&self) -> NamedGroup {
        self.group().name()
    }

    fn fips(&self) -> bool {
        self.group().fips()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        self.group().usable_for_version(version)
    }
}

struct TimedExchange(Box<dyn ActiveKeyExchange>);

impl ActiveKeyExchange for TimedExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        timed(|| self.0.complete(peer))
    }

    // Without these two the X25519 share beside the hybrid one would be lost, and with it a round
    // trip at every server that does not know ML-KEM.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        self.0.hybrid_component()
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        timed(|| self.0.complete_hybrid_component(peer))
    }

    fn pub_key(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.0.ffdhe_group()
    }

    fn group(&self) -> NamedGroup {
        self.0.group()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_hybrid_group_agree_and_are_timed() {
        take_spent();
        let client = Timed::Hybrid.start().unwrap();
        assert_eq!(client.pub_key().len(), ENCAPSULATION_KEY + X25519_SHARE);
        let (group, share) = client.hybrid_component().unwrap();
        assert_eq!((group, share), (NamedGroup::X25519, &client.pub_key()[ENCAPSULATION_KEY..]));
        let server = Hybrid.start_and_complete(client.pub_key()).unwrap();
        assert_eq!(server.pub_key.len(), CIPHERTEXT + X25519_SHARE);
        let secret = client.complete(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
        assert_eq!(secret.secret_bytes().len(), 64);
        assert!(take_spent() > Duration::ZERO);
        assert_eq!(take_spent(), Duration::ZERO);
    }

    #[test]
    fn keys_that_were_made_ahead_are_used_once_and_their_time_is_told() {
        begin_ahead();
        take_spent();
        let ahead = AHEAD.with_borrow(|ahead| ahead.as_ref().unwrap().0.pub_key().to_vec());
        let other = Timed::X25519.start().unwrap();
        assert_eq!(other.group(), NamedGroup::X25519, "they are of one group");
        take_spent();
        let first = Timed::Hybrid.start().unwrap();
        assert_eq!(first.pub_key(), ahead);
        assert!(take_spent() > Duration::ZERO);
        let second = Timed::Hybrid.start().unwrap();
        assert_ne!(second.pub_key(), ahead);
        let server = Hybrid.start_and_complete(&ahead).unwrap();
        let secret = first.complete(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
    }

    #[test]
    fn the_classical_half_completes_alone() {
        let client = Timed::Hybrid.start().unwrap();
        let server = X25519.start_and_complete(client.hybrid_component().unwrap().1).unwrap();
        let secret = client.complete_hybrid_component(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
    }

    #[test]
    fn shares_of_a_wrong_length_or_value_are_refused() {
        for length in [0, 31, 32, 1119, 1121, 1184, 1215, 1217] {
            assert!(Hybrid.start().unwrap().complete(&vec![1; length]).is_err(), "{length}");
            assert!(Hybrid.start_and_complete(&vec![1; length]).is_err(), "{length}");
        }
        // Coefficients above the modulus: not a key (FIPS 203 §7.2).
        assert!(Hybrid.start_and_complete(&[0xff; ENCAPSULATION_KEY + X25519_SHARE]).is_err());
        // An all-zero X25519 share: no contribution of the peer.
        assert!(Hybrid.start().unwrap().complete(&[0; CIPHERTEXT + X25519_SHARE]).is_err());
    }
}
