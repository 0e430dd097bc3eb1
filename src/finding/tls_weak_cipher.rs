//! The server takes suites that protect little or nothing, or a prime that is too short, when it is asked for them.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{ConnectionId, Grade, ScannedSuite, StageName, TlsScan, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-weak-cipher",
    severity: Severity::Error,
    stage: StageName::Tls,
    fires: "with `--tls-scan`: the server takes suites with NULL, anonymous, export, DES, RC4, 3DES or IDEA, or a prime of less than 2048 bits",
    standard: "RFC 9325 section 4.1",
    check: Check::Trace(check),
};

/// Suites that are named; the report has all.
const NAMED: usize = 3;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let scans =
        handshakes(trace).filter_map(|(id, tls)| Some((id, &tls.verified_name, tls.scan.as_deref()?)));
    scans
        .flat_map(|(id, host, scan)| [of_suites(rule, id, host, scan), of_primes(rule, id, host, scan)])
        .flatten()
        .collect()
}

fn of_suites(rule: &Rule, id: ConnectionId, host: &str, scan: &TlsScan) -> Option<Finding> {
    let bad = |suite: &ScannedSuite| suite.judged.grade == Grade::Broken || has_short_blocks(suite);
    let suites: Vec<(usize, &ScannedSuite)> =
        scan.suites.iter().enumerate().filter(|(_, suite)| bad(suite)).collect();
    let is_broken = suites.iter().any(|(_, suite)| suite.judged.grade == Grade::Broken);
    // The worst first, each once whatever the version.
    let mut worst: Vec<&ScannedSuite> = suites.iter().map(|(_, suite)| *suite).collect();
    worst.sort_by_key(|suite| std::cmp::Reverse(suite.judged.grade));
    let mut names: Vec<&str> = Vec::new();
    for suite in &worst {
        if !names.contains(&suite.name.as_str()) {
            names.push(&suite.name);
        }
    }
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title =
        format!("{host} takes weak cipher suites: {}{more}", names[..names.len().min(NAMED)].join(", "));
    let evidence = suites.iter().map(|(at, _)| Place::Connection(id, InConnection::ScannedSuite(*at)));
    let advice =
        "leave them out of the server's list (Mozilla's intermediate configuration has none of them)";
    let mut finding = rule.finding(title, evidence.take(NAMED).collect(), advice);
    let first = worst.first()?;
    finding.detail = format!("{}: {} ({})", first.name, first.judged.why, first.judged.standard);
    if !is_broken {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

fn of_primes(rule: &Rule, id: ConnectionId, host: &str, scan: &TlsScan) -> Option<Finding> {
    let mut groups = scan.groups.iter().enumerate();
    let (at, prime) = groups.find(|(_, row)| row.code.is_none() && row.judged.grade >= Grade::Weak)?;
    let title = format!("{host} exchanges keys by {}", prime.name.replacen("DH, ", "", 1));
    let evidence = vec![Place::Connection(id, InConnection::ScannedGroup(at))];
    let mut finding =
        rule.finding(title, evidence, "turn DHE suites off, or give the server a prime of 2048 bits or more");
    finding.detail = format!("{} ({})", prime.judged.why, prime.judged.standard);
    if prime.judged.grade < Grade::Broken {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

fn has_short_blocks(suite: &ScannedSuite) -> bool {
    suite.name.contains("_3DES_") || suite.name.contains("_IDEA_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Judged, ScanVersion, Scanned};

    fn suite(name: &str, grade: Grade) -> ScannedSuite {
        let judged = Judged { grade, why: "", standard: "" };
        ScannedSuite { version: ScanVersion::Tls12, code: 1, name: name.to_owned(), openssl: None, judged }
    }

    fn found(scan: TlsScan) -> Vec<Finding> {
        let mut trace = sample::sound();
        sample::tls(&mut trace).scan = Some(Box::new(scan));
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_ciphers_and_not_on_the_lack_of_forward_secrecy() {
        for (name, grade, severity) in [
            ("TLS_RSA_WITH_RC4_128_SHA", Grade::Broken, Some(Severity::Error)),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", Grade::Weak, Some(Severity::Warning)),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", Grade::Weak, None),
            ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Grade::Fine, None),
        ] {
            let findings = found(TlsScan { suites: vec![suite(name, grade)], ..TlsScan::default() });
            assert_eq!(findings.first().map(|finding| finding.severity), severity, "{name}");
        }
        let four = ["A_3DES_A", "B_RC4_B", "C_3DES_C", "D_3DES_D"];
        let grade = |name: &str| if name.contains("RC4") { Grade::Broken } else { Grade::Weak };
        let suites = four.iter().map(|name| suite(name, grade(name))).collect();
        let title = &found(TlsScan { suites, ..TlsScan::default() })[0].title;
        assert!(title.ends_with("B_RC4_B, A_3DES_A, C_3DES_C and 1 more"), "{title}");
        assert!(found(TlsScan::default()).is_empty());
    }

    #[test]
    fn fires_on_a_short_prime_of_the_servers_own() {
        for (code, grade, fires) in
            [(None, Grade::Weak, true), (None, Grade::Fine, false), (Some(0x0015), Grade::Weak, false)]
        {
            let name = "DH, a prime of 1024 bits".to_owned();
            let judged = Judged { grade, why: "", standard: "" };
            let groups = vec![Scanned { code, name, versions: Vec::new(), judged }];
            assert_eq!(found(TlsScan { groups, ..TlsScan::default() }).len(), usize::from(fires));
        }
    }
}
