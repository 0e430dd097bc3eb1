//! Other names of findings: those that catalogues and other tools have for what a rule finds, or for how a run fails.

use crate::trace::FailureCode;

/// Each alias with the ids of the rules that it stands for.
const ALIASES: &[(&str, &[&str])] = &[
    ("url-plain-http", &["url-not-encrypted", "url-first-request-in-clear"]),
    ("dns-lame-ns", &["dns-server-failed", "dns-zone-server-lame"]),
    ("dns-servfail", &["dns-zone-without-answer", "dns-server-failed"]),
    ("dns-ns-timeout", &["dns-server-silent"]),
    ("dns-slow-authoritative", &["dns-server-slow"]),
    ("dns-parent-child-ns-mismatch", &["dns-parent-child-differ"]),
    ("dns-glue-missing", &["dns-delegation-glueless"]),
    ("dns-tcp-fallback", &["dns-answer-truncated"]),
    ("dns-edns-broken", &["dns-edns-refused"]),
    ("dns-ns-is-cname", &["dns-ns-is-alias"]),
    ("dns-dnssec-expiring", &["dns-dnssec-expires-soon"]),
    ("dns-resolver-differs", &["dns-stub-disagrees"]),
    ("tcp-ipv6-broken", &["tcp-address-failed"]),
    ("tcp-partial-outage", &["tcp-address-failed"]),
    ("tcp-syn-retransmit", &["tcp-syn-retransmitted"]),
    ("tls-cert-expired", &["tls-certificate-faulty"]),
    ("tls-cert-not-yet-valid", &["tls-certificate-faulty"]),
    ("tls-name-mismatch", &["tls-certificate-faulty"]),
    ("tls-untrusted", &["tls-certificate-faulty"]),
    ("tls-chain-incomplete", &["tls-certificate-faulty"]),
    ("tls-cert-expiring", &["tls-certificate-expires-soon"]),
    ("tls-1-2-only", &["tls-version-old"]),
    ("tls-hello-retry", &["tls-key-share-refused"]),
    ("http-redirect-chain", &["http-redirect-avoidable"]),
    ("http-redirect-loop", &["http-cookie-awaited"]),
    ("http-slow-ttfb", &["http-first-byte-slow"]),
    ("http-4xx", &["http-status-error"]),
    ("http-5xx", &["http-status-error"]),
    ("page-early-hints", &["page-early-hints-missing"]),
    ("page-weight", &["page-overweight"]),
];

/// Each alias with the failures that it stands for. A failed stage is no finding: it ends a run by itself.
const FAILURES: &[(&str, &[FailureCode])] = &[
    (
        "url-invalid",
        &[
            FailureCode::InvalidUrl,
            FailureCode::UnsupportedScheme,
            FailureCode::EmptyHost,
            FailureCode::InvalidHost,
            FailureCode::InvalidPort,
        ],
    ),
    ("dns-nxdomain", &[FailureCode::NxDomain]),
    ("dns-nodata", &[FailureCode::NoData]),
    ("dns-cname-broken", &[FailureCode::CnameLoop, FailureCode::CnameChainTooLong, FailureCode::Yxdomain]),
    ("tcp-refused", &[FailureCode::ConnectionRefused]),
    ("tcp-timeout", &[FailureCode::ConnectTimeout]),
    ("tcp-unreachable", &[FailureCode::Unreachable]),
    ("http-redirect-loop", &[FailureCode::TooManyRedirects]),
    ("http-redirect-too-many", &[FailureCode::TooManyRedirects]),
    ("http-too-many", &[FailureCode::TooManyRedirects]),
    ("http-body-truncated", &[FailureCode::BodyIncomplete]),
];

/// Each alias with the failures that it stands for.
#[must_use]
pub const fn failure_aliases() -> &'static [(&'static str, &'static [FailureCode])] {
    FAILURES
}

/// Each alias with the ids of the rules that it stands for.
#[must_use]
pub const fn aliases() -> &'static [(&'static str, &'static [&'static str])] {
    ALIASES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RULES;

    #[test]
    fn an_alias_stands_for_rules_and_is_none_itself() {
        let is_rule = |id: &str| RULES.iter().any(|rule| rule.id == id);
        for (alias, ids) in aliases() {
            assert!(!is_rule(alias), "{alias}");
            assert!(!ids.is_empty() && ids.iter().all(|id| is_rule(id)), "{alias}: {ids:?}");
            assert_eq!(aliases().iter().filter(|(other, _)| other == alias).count(), 1, "{alias}");
        }
        for (alias, codes) in failure_aliases() {
            assert!(!is_rule(alias) && !codes.is_empty(), "{alias}");
            assert_eq!(failure_aliases().iter().filter(|(other, _)| other == alias).count(), 1, "{alias}");
        }
    }
}
