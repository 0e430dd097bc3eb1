//! Keys and signatures made in a test.

use hickory_resolver::proto::dnssec::{PublicKey, SigningKey};
use std::time::{Duration, SystemTime};

use hickory_resolver::proto::dnssec::crypto::EcdsaSigningKey;
use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_resolver::proto::dnssec::{Algorithm, PublicKeyBuf, TBS};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, SerialNumber};

use crate::dns::dnssec::rrsig::{Key, Now};
use crate::dns::wire::name::parse_name;

/// When the tests take place.
pub(crate) const NOW: u32 = 1_790_000_000;

pub(crate) const DAY: u32 = 86_400;

pub(crate) fn now() -> Now {
    Now::at(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(NOW)))
}

pub(crate) fn name(text: &str) -> Name {
    parse_name(text).unwrap()
}

pub(crate) fn a(owner: &str, last: u8) -> Record {
    let data = RData::A(std::net::Ipv4Addr::new(192, 0, 2, last).into());
    Record::from_rdata(name(owner), 300, data)
}

/// A key pair.
pub(crate) struct TestKey {
    secret: EcdsaSigningKey,
    pub(crate) dnskey: DNSKEY,
}

impl TestKey {
    pub(crate) fn new(flags: u16) -> Self {
        let algorithm = Algorithm::ECDSAP256SHA256;
        let pkcs8 = EcdsaSigningKey::generate_pkcs8(algorithm).unwrap();
        let secret = EcdsaSigningKey::from_pkcs8(&pkcs8, algorithm).unwrap();
        let dnskey = DNSKEY::with_flags(flags, secret.to_public_key().unwrap());
        Self { secret, dnskey }
    }

    pub(crate) fn tag(&self) -> u16 {
        self.dnskey.calculate_key_tag().unwrap()
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(&self.dnskey).unwrap()
    }

    /// The same key in the clothes of another algorithm.
    pub(crate) fn key_of(&self, algorithm: u8) -> Key {
        let bytes = self.dnskey.public_key().public_bytes().to_vec();
        let public = PublicKeyBuf::new(bytes, Algorithm::from_u8(algorithm));
        Key::new(&DNSKEY::with_flags(self.dnskey.flags(), public)).unwrap()
    }

    /// The usual signature over a set, changed before it is made.
    pub(crate) fn sign(
        &self,
        zone: &str,
        owner: &str,
        set: &[Record],
        change: impl FnOnce(&mut SigInput),
    ) -> RRSIG {
        let mut input = SigInput {
            type_covered: set[0].record_type(),
            algorithm: Algorithm::ECDSAP256SHA256,
            num_labels: name(owner).num_labels(),
            original_ttl: 300,
            sig_expiration: SerialNumber::new(NOW + 10 * DAY),
            sig_inception: SerialNumber::new(NOW - 4 * DAY),
            key_tag: self.tag(),
            signer_name: name(zone),
        };
        change(&mut input);
        let mut set = set.to_vec();
        set.iter_mut().for_each(|record| record.name = name(owner));
        let data = TBS::from_input(&name(owner), DNSClass::IN, &input, set.iter()).unwrap();
        let signature = self.secret.sign(&data).unwrap();
        RRSIG::from_sig(input, signature)
    }
}

/// A zone key of RSA (RFC 3110 §2), of so many bits, that nobody has the secret of.
pub(crate) fn rsa_key(exponent: &[u8], bits: usize) -> DNSKEY {
    let mut modulus = vec![0xC5; bits.div_ceil(8)];
    modulus[0] = 1 << ((bits - 1) % 8);
    let length = u8::try_from(exponent.len()).unwrap();
    let bytes = [&[length], exponent, &modulus].concat();
    DNSKEY::with_flags(256, PublicKeyBuf::new(bytes, Algorithm::RSASHA256))
}

/// A signature as a record.
pub(crate) fn rrsig(owner: &str, signature: RRSIG) -> Record {
    Record::from_rdata(name(owner), 300, RData::DNSSEC(DNSSECRData::RRSIG(signature)))
}
