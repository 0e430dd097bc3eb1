//! Certificate faults in one sentence, and the one that must be mended first.
//!
//! Wording only. The order of the codes: what makes all else moot comes first.

use std::time::{Duration, SystemTime};

use super::verify::Seen;
use crate::fault::Fault;
use crate::plan::RootsChoice;
use crate::trace::{CertificateFault, FailureCode, StageName, Tls};

/// Where the roots of a run come from, as far as hints go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The embedded ones.
    Embedded,
    /// The machine's.
    System,
    /// A file, by `--cacert`.
    File,
    /// Others that were set: by the environment, or by the lab.
    Other,
}

impl From<&RootsChoice> for Source {
    fn from(choice: &RootsChoice) -> Self {
        match choice {
            RootsChoice::Embedded => Self::Embedded,
            RootsChoice::System => Self::System,
            RootsChoice::File(_) => Self::File,
            RootsChoice::Environment { .. } | RootsChoice::Given { .. } | RootsChoice::Pem { .. } => {
                Self::Other
            }
        }
    }
}

/// The failure of a handshake whose certificate check found faults.
pub(super) fn explain(tls: &Tls, seen: &Seen, source: Source) -> Fault {
    let checked = tls.verification.as_ref();
    let faults = checked.map(|checked| checked.faults.as_slice()).unwrap_or_default();
    let system_would_trust = checked.and_then(|checked| checked.system_would_trust);
    let embedded_would_trust = checked.and_then(|checked| checked.embedded_would_trust);
    let leading = faults.iter().min_by_key(|fault| rank(fault.code()));
    let code = leading.map_or(FailureCode::CertificateInvalid, CertificateFault::code);
    let fault = Fault::new(StageName::Tls, code, message(tls, seen.now));
    // A certificate that cannot be read has no fingerprint of a key.
    let is_keyless = tls.chain.first().is_some_and(|leaf| leaf.spki_sha256.is_empty());
    if is_keyless {
        return fault.hint("not even -k goes on here: the certificate gives no key to check the server by");
    }
    if embedded_would_trust == Some(true) {
        return fault.hint(
            "the built-in roots (Mozilla's) would trust it: this machine's store is old, or was changed; try `--roots \
             embedded`",
        );
    }
    match leading {
        Some(CertificateFault::UnknownIssuer { issuer }) if system_would_trust != Some(true) => {
            let root = untrusted_hint(source, system_would_trust);
            match was_sent(issuer, tls) {
                true => fault.hint(root),
                false => fault.hint(format!("{root}; if it is no root, the server must send it, too")),
            }
        }
        Some(CertificateFault::Unchecked { limit, .. }) if limit.is_weak() && system_would_trust != Some(true) => fault.hint(
            "most programs refuse so short a key, too: a new certificate needs one of 2048 bits or more; -k goes on without that check",
        ),
        // One that says where its issuer's certificate is has an intermediate, most likely.
        Some(CertificateFault::MissingIntermediate { url: None, .. }) if system_would_trust != Some(true) => fault.hint(
            "the server must send its whole chain but the root; if that issuer is itself the root of a private authority, trust \
             it with --cacert FILE",
        ),
        _ => fault.hint(hint(code, system_would_trust, source)),
    }
}

fn was_sent(issuer: &str, tls: &Tls) -> bool {
    tls.chain.iter().any(|certificate| certificate.subject == issuer)
}

/// What to try with an issuer that is not trusted.
fn untrusted_hint(source: Source, system_would_trust: Option<bool>) -> &'static str {
    match (source, system_would_trust) {
        (Source::Embedded, None) => "trust the issuer with --cacert FILE, or try `--roots system`",
        (Source::Embedded, Some(_)) => {
            "trust the issuer with --cacert FILE: this machine's own store does not either"
        }
        (Source::File, _) => "the file given by --cacert does not have the issuer",
        (Source::System | Source::Other, _) => "trust the issuer with --cacert FILE",
    }
}

const ORDER: [FailureCode; 8] = [
    FailureCode::CertificateExpired,
    FailureCode::CertificateNotYetValid,
    FailureCode::CertificateSelfSigned,
    FailureCode::CertificateChainIncomplete,
    FailureCode::CertificateUnknownIssuer,
    FailureCode::CertificateWrongHost,
    FailureCode::CertificateInvalid,
    FailureCode::CertificateUnchecked,
];

fn rank(code: FailureCode) -> usize {
    ORDER.iter().position(|other| *other == code).unwrap_or(ORDER.len())
}

fn hint(code: FailureCode, system_would_trust: Option<bool>, source: Source) -> &'static str {
    match (code, system_would_trust) {
        (_, Some(true)) => {
            "this machine's own store trusts the chain (a company's CA?): try `--roots system`"
        }
        (FailureCode::CertificateExpired, _) => "the site's owner must renew it; -k goes on regardless",
        (FailureCode::CertificateNotYetValid, _) => "check this machine's clock first; -k goes on regardless",
        (FailureCode::CertificateSelfSigned, _) if source == Source::File => {
            "the file given by --cacert does not have it; -k goes on regardless"
        }
        (FailureCode::CertificateSelfSigned, _) => "trust it with --cacert FILE, or go on regardless with -k",
        (FailureCode::CertificateChainIncomplete, _) => {
            "the server must send its whole chain but the root; browsers may fetch or remember what is missing"
        }
        (FailureCode::CertificateUnchecked, _) => {
            "nothing is known against it: other programs may check it; -k goes on without that check"
        }
        (FailureCode::CertificateWrongHost, _) => {
            "check the host name; else the server needs a certificate for it, or SNI picks the wrong site"
        }
        _ => "-k goes on regardless",
    }
}

fn message(tls: &Tls, now: Option<SystemTime>) -> String {
    let faults = tls.verification.as_ref().map(|checked| checked.faults.as_slice()).unwrap_or_default();
    let parts: Vec<String> = faults.iter().map(|fault| predicate(fault, tls, now)).collect();
    let subject = match faults {
        // "the certificate of www.test is for other.test" would contradict itself.
        [CertificateFault::WrongHost { .. }] => "the certificate".to_owned(),
        _ => format!("the certificate of {}", tls.verified_name),
    };
    match parts.as_slice() {
        [] => format!("{subject} was refused"),
        [only] => format!("{subject} {only}"),
        [first, second] => format!("{subject} {first} and {second}"),
        [most @ .., last] => format!("{subject} {}, and {last}", most.join(", ")),
    }
}

/// What follows "the certificate of NAME".
fn predicate(fault: &CertificateFault, tls: &Tls, now: Option<SystemTime>) -> String {
    match fault {
        CertificateFault::Expired { index, not_after } => {
            let ago = now.and_then(|now| now.duration_since(*not_after).ok()).map(words).unwrap_or_default();
            format!("{}expired {ago} ago ({})", of_issuer(*index, tls), date(*not_after))
        }
        CertificateFault::NotYetValid { index, not_before } => {
            format!("{}is not valid before {}", of_issuer(*index, tls), date(*not_before))
        }
        CertificateFault::SelfSigned => "is self-signed".to_owned(),
        CertificateFault::MissingIntermediate { issuer, .. } => {
            format!("came without that of its issuer ({issuer})")
        }
        CertificateFault::UnknownIssuer { issuer } if was_sent(issuer, tls) => {
            format!("leads to an issuer that is not trusted ({issuer})")
        }
        CertificateFault::UnknownIssuer { issuer } => format!(
            "leads to an issuer that was not sent and is not trusted ({issuer}): a missing intermediate, or a \
             root that is not trusted"
        ),
        CertificateFault::WrongHost { wanted, near_miss: Some(why), .. } => {
            format!("is not for {wanted}: it {}", why.words())
        }
        CertificateFault::WrongHost { wanted, nearest, near_miss: None } => {
            wrong_host(wanted, nearest.as_deref(), tls)
        }
        CertificateFault::Unchecked { index, limit } => {
            let checked = limit.checked().map(|checked| format!(" (only {checked})")).unwrap_or_default();
            format!("{}has {}, which cannot be checked here{checked}", of_issuer(*index, tls), limit.words())
        }
        CertificateFault::Other(words) => words.clone(),
    }
}

/// For a fault of a certificate above the leaf.
fn of_issuer(index: usize, tls: &Tls) -> String {
    match tls.chain.get(index) {
        Some(certificate) if index > 0 => format!("has an intermediate ({}) that ", certificate.subject),
        _ => String::new(),
    }
}

fn wrong_host(wanted: &str, nearest: Option<&str>, tls: &Tls) -> String {
    let names = tls.chain.first().map(|leaf| leaf.names.as_slice()).unwrap_or_default();
    match names {
        [] => format!("lists no host (subjectAltName), so not {wanted} either{}", common_name(tls)),
        [only] => format!("is for {only}, not for {wanted}"),
        [first, second] => format!("is for {first} and {second}, not for {wanted}{}", near(nearest)),
        [first, more @ ..] => {
            format!("is for {first} and {} more names, not for {wanted}{}", more.len(), near(nearest))
        }
    }
}

/// What once stood for the host, and is not looked at any more (RFC 9525 section 2).
fn common_name(tls: &Tls) -> String {
    let subject = tls.chain.first().map(|leaf| leaf.subject.as_str()).unwrap_or_default();
    let name = subject.split(", ").find_map(|part| part.strip_prefix("CN="));
    name.map(|name| format!("; its common name {name} does not count for browsers any more"))
        .unwrap_or_default()
}

fn near(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (nearest name: {name})")).unwrap_or_default()
}

/// A length of time in its largest whole unit.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A day, in UTC.
fn date(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => "a date out of range".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_one_unit() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7_199, "1 hour"),
            (86_400, "1 day"),
            (259_999, "3 days"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)), "2026-11-18");
    }

    #[test]
    fn every_certificate_code_has_its_rank() {
        for code in FailureCode::ALL.iter().filter(|code| code.as_str().starts_with("certificate-")) {
            assert!(rank(*code) < ORDER.len(), "{}", code.as_str());
        }
    }
}
