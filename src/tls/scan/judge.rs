//! How good a version, suite, group or signature scheme is, by the standards of the day.
//!
//! By IANA's names, which say what a thing is made of. Whether a server should be told is for the findings.

use crate::trace::{Grade, Judged, ScanVersion};

const fn judged(grade: Grade, why: &'static str, standard: &'static str) -> Judged {
    Judged { grade, why, standard }
}

/// A version.
pub(super) const fn version(version: ScanVersion) -> Judged {
    match version {
        ScanVersion::Tls13 => judged(Grade::Good, "the newest version", "RFC 9325 section 3.1.1"),
        ScanVersion::Tls12 => {
            judged(Grade::Fine, "as good as its suites, and a round trip slower", "RFC 9325 section 3.1.1")
        }
        ScanVersion::Tls11 => judged(Grade::Weak, "must not be spoken since 2021", "RFC 8996 section 5"),
        ScanVersion::Tls10 => judged(Grade::Weak, "must not be spoken since 2021", "RFC 8996 section 4"),
        ScanVersion::Ssl3 => {
            judged(Grade::Broken, "its padding gives texts away (POODLE)", "RFC 7568 section 3")
        }
    }
}

/// A suite, by IANA's name. What is worst about it is told.
pub(super) fn suite(name: &str) -> Judged {
    let has = |part: &str| name.contains(part);
    let is_tls13 = !has("_WITH_");
    let is_forward_secret = is_tls13 || has("_ECDHE_") || has("_DHE_");
    match () {
        () if has("_NULL_") => judged(Grade::Broken, "nothing is encrypted", "RFC 9325 section 4.1"),
        () if has("_anon_") => judged(Grade::Broken, "the server proves nothing", "RFC 5246 section F.1.1.1"),
        () if has("_EXPORT_") => judged(Grade::Broken, "keys of 40 bits (export)", "RFC 9325 section 4.1"),
        () if has("_RC4_") => judged(Grade::Broken, "RC4 gives texts away", "RFC 7465 section 2"),
        () if has("_DES_CBC_") => judged(Grade::Broken, "keys of 56 bits (DES)", "RFC 9325 section 4.1"),
        () if has("_3DES_") => judged(Grade::Weak, "blocks of 64 bits (Sweet32)", "RFC 9325 section 4.1"),
        () if has("_IDEA_") => judged(Grade::Weak, "blocks of 64 bits (Sweet32)", "RFC 5469 section 1"),
        () if has("_DSS_") => judged(Grade::Weak, "signed by DSA", "RFC 8446 section 4.2.3"),
        () if !is_forward_secret => judged(Grade::Weak, "no forward secrecy", "RFC 9325 section 4.1"),
        () if has("_CCM_8") => {
            judged(Grade::Fine, "a short tag, meant for small devices", "RFC 8446 section B.4")
        }
        () if is_tls13 => judged(Grade::Good, "forward secrecy, AEAD", "RFC 8446 section B.4"),
        () if has("_CBC_") => judged(Grade::Fine, "forward secrecy; CBC, no AEAD", "RFC 9325 section 4.2"),
        () if has("_DHE_") && !has("_ECDHE_") => {
            judged(Grade::Fine, "forward secrecy, AEAD; by a prime, no curve", "RFC 9325 section 4.1")
        }
        () => judged(Grade::Good, "forward secrecy, AEAD", "RFC 9325 section 4.2"),
    }
}

/// A group, by its number.
pub(super) const fn group(number: u16) -> Judged {
    match number {
        0x11eb..=0x11ed => {
            judged(Grade::Good, "also against quantum computers", "draft-ietf-tls-ecdhe-mlkem")
        }
        0x0200..=0x0202 => judged(Grade::Fine, "ML-KEM alone, without a curve", "draft-ietf-tls-mlkem"),
        0x0017..=0x0019 | 0x001d | 0x001e => {
            judged(Grade::Good, "a curve of today", "RFC 8446 section 4.2.7")
        }
        0x0100 => judged(Grade::Fine, "a prime of 2048 bits", "RFC 7919 section A.1"),
        0x0101..=0x0104 => judged(Grade::Fine, "a large prime", "RFC 7919 section A"),
        0x001a..=0x001c | 0x001f..=0x0021 => judged(Grade::Fine, "a rare curve", "RFC 8734 section 2"),
        0x0013 | 0x0015 | 0x0016 => {
            judged(Grade::Weak, "a curve that was given up", "RFC 8422 section 5.1.1")
        }
        _ => judged(Grade::Fine, "a rare group", "RFC 8446 section 4.2.7"),
    }
}

/// A prime of a server's own, by its size.
pub(super) const fn prime(bits: u32) -> Judged {
    match bits {
        0..1024 => judged(Grade::Broken, "a prime that can be broken (Logjam)", "RFC 9325 section 4.5"),
        1024..2047 => judged(Grade::Weak, "a prime of less than 2048 bits", "RFC 9325 section 4.5"),
        _ => judged(Grade::Fine, "a prime of 2048 bits or more", "RFC 9325 section 4.5"),
    }
}

/// A signature scheme, by IANA's name.
pub(super) fn scheme(name: &str) -> Judged {
    let has = |part: &str| name.contains(part);
    match () {
        () if has("sha1") || has("md5") => {
            judged(Grade::Weak, "a hash whose collisions can be made", "RFC 9155 section 4")
        }
        () if has("dsa_") && !has("ecdsa_") => {
            judged(Grade::Weak, "DSA, which was given up", "RFC 8446 section 4.2.3")
        }
        () if has("rsa_pkcs1") => {
            judged(Grade::Fine, "PKCS #1 v1.5, until TLS 1.2", "RFC 8446 section 4.2.3")
        }
        () if has("sha224") => judged(Grade::Fine, "112 bits of security", "RFC 8446 section 4.2.3"),
        () => judged(Grade::Good, "a signature of today", "RFC 8446 section 4.2.3"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_about_a_suite_is_told() {
        for (name, grade, why) in [
            ("TLS_AES_128_GCM_SHA256", Grade::Good, "forward secrecy, AEAD"),
            ("TLS_AES_128_CCM_8_SHA256", Grade::Fine, "short tag"),
            ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Grade::Good, "AEAD"),
            ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Grade::Fine, "CBC"),
            ("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Grade::Fine, "by a prime"),
            ("TLS_DHE_DSS_WITH_AES_256_CBC_SHA", Grade::Weak, "DSA"),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", Grade::Weak, "no forward secrecy"),
            ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", Grade::Weak, "no forward secrecy"),
            ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", Grade::Weak, "64 bits"),
            ("TLS_RSA_WITH_DES_CBC_SHA", Grade::Broken, "56 bits"),
            ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", Grade::Broken, "40 bits"),
            ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", Grade::Broken, "RC4"),
            ("TLS_DH_anon_WITH_AES_128_GCM_SHA256", Grade::Broken, "proves nothing"),
            ("TLS_RSA_WITH_NULL_SHA256", Grade::Broken, "nothing is encrypted"),
        ] {
            let judged = suite(name);
            assert_eq!(judged.grade, grade, "{name}");
            assert!(judged.why.contains(why), "{name}: {}", judged.why);
        }
    }

    #[test]
    fn primes_groups_and_schemes_have_their_bounds() {
        assert_eq!(
            [1023, 1024, 2046, 2047, 2048].map(|bits| prime(bits).grade),
            [Grade::Broken, Grade::Weak, Grade::Weak, Grade::Fine, Grade::Fine]
        );
        assert_eq!(
            [0x11ec, 0x001d, 0x0100, 0x0015, 0x0029].map(|number| group(number).grade),
            [Grade::Good, Grade::Good, Grade::Fine, Grade::Weak, Grade::Fine]
        );
        for (name, grade) in [
            ("ecdsa_secp256r1_sha256", Grade::Good),
            ("ed25519", Grade::Good),
            ("rsa_pss_rsae_sha256", Grade::Good),
            ("rsa_pkcs1_sha256", Grade::Fine),
            ("rsa_pkcs1_sha1", Grade::Weak),
            ("ecdsa_sha1", Grade::Weak),
            ("dsa_sha256", Grade::Weak),
            ("ecdsa_sha224", Grade::Fine),
            ("mldsa44", Grade::Good),
        ] {
            assert_eq!(scheme(name).grade, grade, "{name}");
        }
    }
}
