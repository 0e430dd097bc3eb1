//! IANA's names for the numbers of a handshake: versions, suites, groups, signature schemes.
//!
//! Tables only (<https://www.iana.org/assignments/tls-parameters>). Unknown numbers are written as
//! `0x1234`, reserved ones that exist to keep peers honest as `GREASE (0x1a1a)` (RFC 8701).

use tls_parser::TlsCipherSuite;

/// The name of a protocol version, as in `TLSv1.3`.
pub(super) fn version(number: u16) -> String {
    named(number, VERSIONS)
}

/// A version as people say it: `TLS 1.0`. Takes the form of [`version`].
pub(super) fn spoken_version(name: &str) -> String {
    name.replacen("SSLv", "SSL ", 1).replacen("TLSv", "TLS ", 1)
}

/// The name of a cipher suite.
pub(super) fn cipher_suite(number: u16) -> String {
    match TlsCipherSuite::from_id(number) {
        Some(suite) => suite.name.to_owned(),
        None => unnamed(number),
    }
}

/// The name of a key exchange group.
pub(super) fn group(number: u16) -> String {
    named(number, GROUPS)
}

/// The name of a signature scheme.
pub(super) fn signature_scheme(number: u16) -> String {
    named(number, SIGNATURE_SCHEMES)
}

/// Whether a signature scheme, by its name, is one with SHA-1.
pub(super) fn is_sha1(scheme: &str) -> bool {
    scheme.ends_with("sha1")
}

fn named(number: u16, table: &[(u16, &str)]) -> String {
    match table.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None => unnamed(number),
    }
}

fn unnamed(number: u16) -> String {
    // RFC 8701 §2: both bytes alike, each ending in 0xA.
    if number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff {
        format!("GREASE (0x{number:04x})")
    } else {
        format!("0x{number:04x}")
    }
}

const VERSIONS: &[(u16, &str)] = &[
    (0x0304, "TLSv1.3"),
    (0x0303, "TLSv1.2"),
    (0x0302, "TLSv1.1"),
    (0x0301, "TLSv1.0"),
    (0x0300, "SSLv3"),
    (0x0002, "SSLv2"),
];

const GROUPS: &[(u16, &str)] = &[
    (0x11ec, "X25519MLKEM768"),
    (0x001d, "x25519"),
    (0x0017, "secp256r1"),
    (0x0018, "secp384r1"),
    (0x0019, "secp521r1"),
    (0x001e, "x448"),
    (0x11eb, "SecP256r1MLKEM768"),
    (0x11ed, "SecP384r1MLKEM1024"),
    (0x6399, "X25519Kyber768Draft00"),
    (0x0200, "MLKEM512"),
    (0x0201, "MLKEM768"),
    (0x0202, "MLKEM1024"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
    (0x0102, "ffdhe4096"),
    (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"),
    (0x0013, "secp192r1"),
    (0x0015, "secp224r1"),
    (0x0016, "secp256k1"),
    (0x001a, "brainpoolP256r1"),
    (0x001b, "brainpoolP384r1"),
    (0x001c, "brainpoolP512r1"),
    (0x001f, "brainpoolP256r1tls13"),
    (0x0020, "brainpoolP384r1tls13"),
    (0x0021, "brainpoolP512r1tls13"),
    (0x0029, "curveSM2"),
];

const SIGNATURE_SCHEMES: &[(u16, &str)] = &[
    (0x0403, "ecdsa_secp256r1_sha256"),
    (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0603, "ecdsa_secp521r1_sha512"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0804, "rsa_pss_rsae_sha256"),
    (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"),
    (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"),
    (0x0401, "rsa_pkcs1_sha256"),
    (0x0501, "rsa_pkcs1_sha384"),
    (0x0601, "rsa_pkcs1_sha512"),
    (0x0201, "rsa_pkcs1_sha1"),
    (0x0202, "dsa_sha1"),
    (0x0203, "ecdsa_sha1"),
    (0x0301, "rsa_pkcs1_sha224"),
    (0x0303, "ecdsa_sha224"),
    (0x0402, "dsa_sha256"),
    (0x0904, "mldsa44"),
    (0x0905, "mldsa65"),
    (0x0906, "mldsa87"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_their_registered_names() {
        for (name, expected) in [
            (version(0x0304), "TLSv1.3"),
            (version(0x0301), "TLSv1.0"),
            (version(0x1a1a), "GREASE (0x1a1a)"),
            (version(0x1a2a), "0x1a2a"),
            (cipher_suite(0x1301), "TLS_AES_128_GCM_SHA256"),
            (cipher_suite(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA"),
            (cipher_suite(0xcca9), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            (cipher_suite(0x00ff), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
            (cipher_suite(0xfefe), "0xfefe"),
            (group(0x11ec), "X25519MLKEM768"),
            (group(0x001d), "x25519"),
            (group(0xeeee), "0xeeee"),
            (group(0xeaea), "GREASE (0xeaea)"),
            (signature_scheme(0x0403), "ecdsa_secp256r1_sha256"),
            (signature_scheme(0x1234), "0x1234"),
            (spoken_version("TLSv1.0"), "TLS 1.0"),
            (spoken_version("SSLv3"), "SSL 3"),
        ] {
            assert_eq!(name, expected);
        }
    }
}
