//! A server that stopped at a version of TLS that nobody may speak any more.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-legacy-version",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "after a refused handshake the server answered an old ClientHello with TLS 1.1 or older",
    standard: "RFC 8996 section 4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let version = tls.legacy_probe.as_ref().and_then(|probe| probe.version.as_deref());
        let spoken = match version {
            Some("TLSv1.1") => "TLS 1.1",
            Some("TLSv1.0") => "TLS 1.0",
            Some("SSLv3") => "SSL 3",
            _ => continue,
        };
        let title = format!("{} speaks {spoken} at best, which clients refuse today", tls.verified_name);
        let evidence = vec![Place::Connection(id, InConnection::LegacyVersion)];
        let advice =
            "update the server's TLS library, or put something before it that speaks TLS 1.3 and 1.2";
        let mut finding = rule.finding(title, evidence, advice);
        "TLS 1.0 and 1.1 must not be used since 2021 (RFC 8996), SSL 3 since 2015 (RFC 7568)"
            .clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::LegacyProbe;

    #[test]
    fn fires_below_tls_12() {
        for (version, says) in [
            (Some("TLSv1.2"), None),
            (None, None),
            (Some("TLSv1.1"), Some("TLS 1.1 at best")),
            (Some("TLSv1.0"), Some("TLS 1.0 at best")),
            (Some("SSLv3"), Some("SSL 3 at best")),
        ] {
            let mut trace = sample::sound();
            let version = version.map(str::to_owned);
            sample::tls(&mut trace).legacy_probe = Some(LegacyProbe { version, ..LegacyProbe::default() });
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()));
            assert!(findings.iter().all(|it| it.title.contains(says.unwrap())));
        }
    }
}
