//! The server still takes versions of TLS that nobody may speak any more, beside newer ones.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{ScanAnswer, ScanVersion, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-old-version-offered",
    severity: Severity::Warning,
    stage: StageName::Tls,
    fires: "with `--tls-scan`: the server takes TLS 1.1, TLS 1.0 or SSL 3 when it is asked for no other",
    standard: "RFC 8996 section 4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(scan) = &tls.scan else { continue };
        let old = scan
            .versions
            .iter()
            .enumerate()
            .filter(|(_, row)| row.answer == ScanAnswer::Taken && row.version < ScanVersion::Tls12);
        let (evidence, names): (Vec<Place>, Vec<&str>) = old
            .map(|(at, row)| (Place::Connection(id, InConnection::ScannedVersion(at)), row.version.spoken()))
            .unzip();
        // That it speaks nothing newer is a finding of its own.
        let probed = tls.legacy_probe.as_ref().is_some_and(|probe| probe.version.is_some());
        if names.is_empty() || probed {
            continue;
        }
        let title = format!("{} still takes {}", tls.verified_name, names.join(", "));
        let advice = "turn them off: every browser since 2014 speaks TLS 1.2";
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
    use crate::trace::{Grade, Judged, LegacyProbe, ScannedVersion, TlsScan};

    #[test]
    fn fires_on_what_is_taken_and_not_on_what_was_refused_or_not_asked() {
        let judged = Judged { grade: Grade::Weak, why: "", standard: "" };
        for (version, answer, says) in [
            (ScanVersion::Tls11, ScanAnswer::Taken, Some("takes TLS 1.1")),
            (ScanVersion::Ssl3, ScanAnswer::Taken, Some("takes SSL 3")),
            (ScanVersion::Tls12, ScanAnswer::Taken, None),
            (ScanVersion::Tls11, ScanAnswer::Refused("protocol_version".into()), None),
            (ScanVersion::Tls10, ScanAnswer::Closed, None),
            (ScanVersion::Tls10, ScanAnswer::Unasked, None),
        ] {
            let mut trace = sample::sound();
            let versions = vec![ScannedVersion { version, answer, judged, order: None }];
            let tls = sample::tls(&mut trace);
            tls.scan = Some(Box::new(TlsScan { versions, ..TlsScan::default() }));
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()), "{version:?}");
            assert!(findings.iter().all(|it| it.title.contains(says.unwrap())));
            let probe = LegacyProbe { version: Some("TLSv1.0".into()), ..LegacyProbe::default() };
            sample::tls(&mut trace).legacy_probe = Some(probe);
            assert!(sample::of(&RULE, &trace).is_empty(), "told by tls-legacy-version");
        }
    }
}
