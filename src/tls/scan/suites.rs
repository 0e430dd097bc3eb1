//! The suites, groups and signature schemes that a scan asks for, in the order of our offers.
//!
//! Tables only: code points from the RFCs named, beside OpenSSL's names. Suites with pre-shared keys, Kerberos or SRP
//! are not asked for: no server can be reached by them without a secret.

use crate::tls::names;
use crate::trace::ScanVersion;

/// A suite: its code point, and OpenSSL's name.
type Row = (u16, &'static str);

/// RFC 8446 §B.4, RFC 8998.
#[rustfmt::skip]
const TLS13: &[Row] = &[
    (0x1301, "TLS_AES_128_GCM_SHA256"), (0x1302, "TLS_AES_256_GCM_SHA384"), (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"), (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0x00c6, "TLS_SM4_GCM_SM3"), (0x00c7, "TLS_SM4_CCM_SM3"),
];

/// Suites until TLS 1.2. Fewer than 128: there are servers that take no longer list.
#[rustfmt::skip]
const USUAL: &[Row] = &[
    // ECDHE with AEAD: RFC 5289, RFC 7905, RFC 7251, RFC 6209.
    (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"), (0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"), (0xc030, "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"), (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0xc0ac, "ECDHE-ECDSA-AES128-CCM"), (0xc0ad, "ECDHE-ECDSA-AES256-CCM"),
    (0xc0ae, "ECDHE-ECDSA-AES128-CCM8"), (0xc0af, "ECDHE-ECDSA-AES256-CCM8"),
    (0xc05c, "ECDHE-ECDSA-ARIA128-GCM-SHA256"), (0xc05d, "ECDHE-ECDSA-ARIA256-GCM-SHA384"),
    (0xc060, "ECDHE-ARIA128-GCM-SHA256"), (0xc061, "ECDHE-ARIA256-GCM-SHA384"),
    // DHE with AEAD: RFC 5288, RFC 7905, RFC 6655, RFC 6209.
    (0x009e, "DHE-RSA-AES128-GCM-SHA256"), (0x009f, "DHE-RSA-AES256-GCM-SHA384"),
    (0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
    (0xc09e, "DHE-RSA-AES128-CCM"), (0xc09f, "DHE-RSA-AES256-CCM"),
    (0xc0a2, "DHE-RSA-AES128-CCM8"), (0xc0a3, "DHE-RSA-AES256-CCM8"),
    (0xc052, "DHE-RSA-ARIA128-GCM-SHA256"), (0xc053, "DHE-RSA-ARIA256-GCM-SHA384"),
    (0x00a2, "DHE-DSS-AES128-GCM-SHA256"), (0x00a3, "DHE-DSS-AES256-GCM-SHA384"),
    (0xc056, "DHE-DSS-ARIA128-GCM-SHA256"), (0xc057, "DHE-DSS-ARIA256-GCM-SHA384"),
    // ECDHE with CBC: RFC 5289, RFC 8422, RFC 6367.
    (0xc023, "ECDHE-ECDSA-AES128-SHA256"), (0xc024, "ECDHE-ECDSA-AES256-SHA384"),
    (0xc027, "ECDHE-RSA-AES128-SHA256"), (0xc028, "ECDHE-RSA-AES256-SHA384"),
    (0xc009, "ECDHE-ECDSA-AES128-SHA"), (0xc00a, "ECDHE-ECDSA-AES256-SHA"),
    (0xc013, "ECDHE-RSA-AES128-SHA"), (0xc014, "ECDHE-RSA-AES256-SHA"),
    (0xc072, "ECDHE-ECDSA-CAMELLIA128-SHA256"), (0xc073, "ECDHE-ECDSA-CAMELLIA256-SHA384"),
    (0xc076, "ECDHE-RSA-CAMELLIA128-SHA256"), (0xc077, "ECDHE-RSA-CAMELLIA256-SHA384"),
    // DHE with CBC: RFC 5246, RFC 5932, RFC 4162.
    (0x0067, "DHE-RSA-AES128-SHA256"), (0x006b, "DHE-RSA-AES256-SHA256"),
    (0x0033, "DHE-RSA-AES128-SHA"), (0x0039, "DHE-RSA-AES256-SHA"),
    (0x00be, "DHE-RSA-CAMELLIA128-SHA256"), (0x00c4, "DHE-RSA-CAMELLIA256-SHA256"),
    (0x0045, "DHE-RSA-CAMELLIA128-SHA"), (0x0088, "DHE-RSA-CAMELLIA256-SHA"),
    (0x009a, "DHE-RSA-SEED-SHA"),
    (0x0040, "DHE-DSS-AES128-SHA256"), (0x006a, "DHE-DSS-AES256-SHA256"),
    (0x0032, "DHE-DSS-AES128-SHA"), (0x0038, "DHE-DSS-AES256-SHA"),
    (0x00bd, "DHE-DSS-CAMELLIA128-SHA256"), (0x00c3, "DHE-DSS-CAMELLIA256-SHA256"),
    (0x0044, "DHE-DSS-CAMELLIA128-SHA"), (0x0087, "DHE-DSS-CAMELLIA256-SHA"),
    (0x0099, "DHE-DSS-SEED-SHA"),
    // RSA key exchange: RFC 5288, RFC 6655, RFC 6209, RFC 5246, RFC 5932, RFC 4162.
    (0x009c, "AES128-GCM-SHA256"), (0x009d, "AES256-GCM-SHA384"),
    (0xc09c, "AES128-CCM"), (0xc09d, "AES256-CCM"), (0xc0a0, "AES128-CCM8"), (0xc0a1, "AES256-CCM8"),
    (0xc050, "ARIA128-GCM-SHA256"), (0xc051, "ARIA256-GCM-SHA384"),
    (0x003c, "AES128-SHA256"), (0x003d, "AES256-SHA256"), (0x002f, "AES128-SHA"), (0x0035, "AES256-SHA"),
    (0x00ba, "CAMELLIA128-SHA256"), (0x00c0, "CAMELLIA256-SHA256"),
    (0x0041, "CAMELLIA128-SHA"), (0x0084, "CAMELLIA256-SHA"), (0x0096, "SEED-SHA"),
    // Blocks of 64 bits: RFC 8422, RFC 5246, RFC 5469.
    (0xc008, "ECDHE-ECDSA-DES-CBC3-SHA"), (0xc012, "ECDHE-RSA-DES-CBC3-SHA"),
    (0x0016, "DHE-RSA-DES-CBC3-SHA"), (0x0013, "DHE-DSS-DES-CBC3-SHA"), (0x000a, "DES-CBC3-SHA"),
    (0x0007, "IDEA-CBC-SHA"),
    // RC4 (RFC 7465), DES (RFC 5469), export (RFC 2246).
    (0xc007, "ECDHE-ECDSA-RC4-SHA"), (0xc011, "ECDHE-RSA-RC4-SHA"), (0x0005, "RC4-SHA"), (0x0004, "RC4-MD5"),
    (0x0015, "DHE-RSA-DES-CBC-SHA"), (0x0012, "DHE-DSS-DES-CBC-SHA"), (0x0009, "DES-CBC-SHA"),
    (0x0014, "EXP-DHE-RSA-DES-CBC-SHA"), (0x0011, "EXP-DHE-DSS-DES-CBC-SHA"), (0x0008, "EXP-DES-CBC-SHA"),
    (0x0006, "EXP-RC2-CBC-MD5"), (0x0003, "EXP-RC4-MD5"),
    // Nobody is authenticated: RFC 5288, RFC 5246, RFC 5932, RFC 4162, RFC 8422.
    (0x00a6, "ADH-AES128-GCM-SHA256"), (0x00a7, "ADH-AES256-GCM-SHA384"),
    (0x006c, "ADH-AES128-SHA256"), (0x006d, "ADH-AES256-SHA256"), (0x0034, "ADH-AES128-SHA"), (0x003a, "ADH-AES256-SHA"),
    (0x00bf, "ADH-CAMELLIA128-SHA256"), (0x00c5, "ADH-CAMELLIA256-SHA256"),
    (0x0046, "ADH-CAMELLIA128-SHA"), (0x0089, "ADH-CAMELLIA256-SHA"), (0x009b, "ADH-SEED-SHA"),
    (0x001b, "ADH-DES-CBC3-SHA"), (0x001a, "ADH-DES-CBC-SHA"), (0x0018, "ADH-RC4-MD5"),
    (0x0019, "EXP-ADH-DES-CBC-SHA"), (0x0017, "EXP-ADH-RC4-MD5"),
    (0xc018, "AECDH-AES128-SHA"), (0xc019, "AECDH-AES256-SHA"), (0xc017, "AECDH-DES-CBC3-SHA"), (0xc016, "AECDH-RC4-SHA"),
    // Nothing is encrypted: RFC 5246, RFC 8422.
    (0xc006, "ECDHE-ECDSA-NULL-SHA"), (0xc010, "ECDHE-RSA-NULL-SHA"), (0xc015, "AECDH-NULL-SHA"),
    (0x003b, "NULL-SHA256"), (0x0002, "NULL-SHA"), (0x0001, "NULL-MD5"),
];

/// Static ECDH, which hardly any server ever had: RFC 5289, RFC 8422.
#[rustfmt::skip]
const RARE: &[Row] = &[
    (0xc02d, "ECDH-ECDSA-AES128-GCM-SHA256"), (0xc02e, "ECDH-ECDSA-AES256-GCM-SHA384"),
    (0xc031, "ECDH-RSA-AES128-GCM-SHA256"), (0xc032, "ECDH-RSA-AES256-GCM-SHA384"),
    (0xc025, "ECDH-ECDSA-AES128-SHA256"), (0xc026, "ECDH-ECDSA-AES256-SHA384"),
    (0xc029, "ECDH-RSA-AES128-SHA256"), (0xc02a, "ECDH-RSA-AES256-SHA384"),
    (0xc004, "ECDH-ECDSA-AES128-SHA"), (0xc005, "ECDH-ECDSA-AES256-SHA"),
    (0xc00e, "ECDH-RSA-AES128-SHA"), (0xc00f, "ECDH-RSA-AES256-SHA"),
    (0xc003, "ECDH-ECDSA-DES-CBC3-SHA"), (0xc00d, "ECDH-RSA-DES-CBC3-SHA"),
    (0xc002, "ECDH-ECDSA-RC4-SHA"), (0xc00c, "ECDH-RSA-RC4-SHA"),
    (0xc001, "ECDH-ECDSA-NULL-SHA"), (0xc00b, "ECDH-RSA-NULL-SHA"),
];

/// Groups. The curves that certificates have come last: TLS 1.2 may need theirs for the certificate's own sake.
/// RFC 8446 §4.2.7, RFC 7919, RFC 8422, RFC 8734, draft-ietf-tls-ecdhe-mlkem, RFC 7027 for the brainpool curves.
#[rustfmt::skip]
pub(super) const GROUPS: &[u16] = &[
    0x11ec, 0x11eb, 0x11ed, 0x0202, 0x0201, 0x0200, // with ML-KEM
    0x001d, 0x001e,
    0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
    0x001f, 0x0020, 0x0021, 0x001a, 0x001b, 0x001c,
    0x0016, 0x0015, 0x0013,
    0x0019, 0x0018, 0x0017,
];

/// Schemes until TLS 1.2: RFC 8446 §4.2.3, RFC 5246 §7.4.1.4.1.
#[rustfmt::skip]
pub(super) const SCHEMES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808,
    0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b,
    0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0402,
    0x0203, 0x0201, 0x0202,
];

/// Schemes of TLS 1.3, in families of one kind of key: of those that it has not, one question is enough.
#[rustfmt::skip]
pub(super) const FAMILIES: &[&[u16]] = &[
    &[0x0403, 0x0503, 0x0603],
    &[0x0804, 0x0805, 0x0806],
    &[0x0809, 0x080a, 0x080b],
    &[0x0807, 0x0808],
    &[0x0904, 0x0905, 0x0906],
];

/// The suites to ask for in a version: the usual ones, and those that are asked for by themselves.
pub(super) fn of(version: ScanVersion) -> (Vec<u16>, Vec<u16>) {
    let of = |rows: &[Row]| rows.iter().map(|row| row.0).filter(|code| is_of(*code, version)).collect();
    match version {
        ScanVersion::Tls13 => (of(TLS13), Vec::new()),
        ScanVersion::Tls12 => (of(USUAL), of(RARE)),
        // Before extensions there were no curves to agree on.
        ScanVersion::Tls11 | ScanVersion::Tls10 => (of(USUAL), of(RARE)),
        ScanVersion::Ssl3 => (of(USUAL), Vec::new()),
    }
}

/// Whether a suite can be spoken in a version: AEAD and the hashes after SHA-1 came with TLS 1.2.
fn is_of(code: u16, version: ScanVersion) -> bool {
    let name = names::cipher_suite(code);
    let is_of_tls12 =
        ["_GCM_", "_CCM", "_POLY1305_", "_SHA256", "_SHA384"].iter().any(|part| name.contains(part));
    match version {
        ScanVersion::Tls13 | ScanVersion::Tls12 => true,
        ScanVersion::Tls11 | ScanVersion::Tls10 => !is_of_tls12,
        ScanVersion::Ssl3 => !is_of_tls12 && !name.contains("_ECDH"),
    }
}

/// OpenSSL's name of a suite.
pub(super) fn openssl(code: u16) -> Option<&'static str> {
    let row = [TLS13, USUAL, RARE].into_iter().flatten().find(|row| row.0 == code)?;
    Some(row.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_suite_is_registered_and_stands_once() {
        let all: Vec<&Row> = [TLS13, USUAL, RARE].into_iter().flatten().collect();
        let codes: HashSet<u16> = all.iter().map(|row| row.0).collect();
        let openssl: HashSet<&str> = all.iter().map(|row| row.1).collect();
        assert_eq!((codes.len(), openssl.len()), (all.len(), all.len()));
        assert!(USUAL.len() < 128, "{}", USUAL.len());
        for (code, openssl) in all {
            let name = names::cipher_suite(*code);
            assert!(name.starts_with("TLS_"), "{code:04x} {openssl}: {name}");
            // Both names speak of the same key exchange and the same cipher.
            for (part, iana) in [
                ("ECDHE-ECDSA", "_ECDHE_ECDSA_"),
                ("DHE-RSA", "DHE_RSA_"),
                ("DHE-DSS", "_DHE_DSS_"),
                ("ADH", "_anon_"),
                ("AECDH", "_ECDH_anon_"),
                ("ECDH-RSA", "_ECDH_RSA_"),
                ("RC4", "_RC4_"),
                ("EXP", "_EXPORT_"),
                ("NULL", "_NULL_"),
                ("DES-CBC3", "_3DES_EDE_CBC_"),
                ("SEED", "_SEED_"),
                ("AES128", "_AES_128_"),
                ("AES256", "_AES_256_"),
                ("CAMELLIA256", "_CAMELLIA_256_"),
                ("ARIA128", "_ARIA_128_"),
                ("CHACHA20", "_CHACHA20_POLY1305_"),
                ("GCM-SHA384", "_GCM_SHA384"),
                ("CCM8", "_CCM_8"),
                ("MD5", "_MD5"),
            ] {
                assert!(!openssl.contains(part) || name.contains(iana), "{openssl} is not {name}");
            }
        }
    }

    #[test]
    fn old_versions_are_asked_for_what_they_had() {
        let count = |version| of(version).0.len();
        assert_eq!(count(ScanVersion::Tls12), USUAL.len());
        assert!(of(ScanVersion::Tls10).0.contains(&0xc013) && !of(ScanVersion::Tls10).0.contains(&0xc02f));
        assert!(!of(ScanVersion::Ssl3).0.contains(&0xc013) && of(ScanVersion::Ssl3).0.contains(&0x0005));
        assert!(count(ScanVersion::Ssl3) < count(ScanVersion::Tls10));
        assert!(GROUPS.iter().all(|group| !names::group(*group).starts_with("0x")));
        let schemes = SCHEMES.iter().chain(FAMILIES.iter().copied().flatten());
        assert!(schemes.into_iter().all(|scheme| !names::signature_scheme(*scheme).starts_with("0x")));
    }
}
