//! No suite that the server takes has forward secrecy: whoever gets its key reads all that was recorded before.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{ScanVersion, StageName, TlsScan, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-no-forward-secrecy",
    severity: Severity::Warning,
    stage: StageName::Tls,
    fires: "with `--tls-scan`: every suite that the server takes exchanges keys by its certificate's own key",
    standard: "RFC 9325 section 4.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(scan) = tls.scan.as_deref().filter(|scan| has_none(scan)) else { continue };
        let title = format!("{} has no suite with forward secrecy", tls.verified_name);
        let places = 0..scan.suites.len().min(3);
        let evidence = places.map(|at| Place::Connection(id, InConnection::ScannedSuite(at))).collect();
        findings.push(rule.finding(
            title,
            evidence,
            "turn on suites with ECDHE, or TLS 1.3, which has no others",
        ));
    }
    findings
}

/// What is there is known, and has none.
fn has_none(scan: &TlsScan) -> bool {
    let is_static = |name: &str| {
        name.contains("_WITH_") && !["_ECDHE_", "_DHE_", "_anon_"].iter().any(|part| name.contains(part))
    };
    let is_settled = scan.version(ScanVersion::Tls13).is_some_and(|row| row.answer.is_refused());
    is_settled
        && scan.is_complete()
        && !scan.suites.is_empty()
        && scan.suites.iter().all(|suite| is_static(&suite.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Grade, Judged, ScanAnswer, ScanEnd, ScannedSuite, ScannedVersion};

    const JUDGED: Judged = Judged { grade: Grade::Weak, why: "", standard: "" };

    fn fires(names: &[&str], tls13: ScanAnswer, end: ScanEnd) -> bool {
        let suites = names.iter().map(|name| ScannedSuite {
            version: ScanVersion::Tls12,
            code: 1,
            name: (*name).to_owned(),
            openssl: None,
            judged: JUDGED,
        });
        let row = ScannedVersion { version: ScanVersion::Tls13, answer: tls13, judged: JUDGED, order: None };
        let mut trace = sample::sound();
        let scan = TlsScan { suites: suites.collect(), versions: vec![row], end, ..TlsScan::default() };
        sample::tls(&mut trace).scan = Some(Box::new(scan));
        !sample::of(&RULE, &trace).is_empty()
    }

    #[test]
    fn fires_where_all_is_known_and_nothing_has_it() {
        const RSA: &str = "TLS_RSA_WITH_AES_128_GCM_SHA256";
        let refused = || ScanAnswer::Refused("protocol_version".to_owned());
        assert!(fires(&[RSA, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"], refused(), ScanEnd::Done));
        for forward in [
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_AES_128_GCM_SHA256",
        ] {
            assert!(!fires(&[RSA, forward], refused(), ScanEnd::Done), "{forward}");
        }
        assert!(!fires(&[RSA], ScanAnswer::Closed, ScanEnd::Done), "TLS 1.3 may be there");
        assert!(!fires(&[RSA], refused(), ScanEnd::MaxTime), "not all was asked");
        assert!(!fires(&[], refused(), ScanEnd::Done));
    }
}
