//! The server exchanges keys by no group that also stands against quantum computers.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{ScanVersion, Scanned, StageName, TlsScan, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-no-post-quantum",
    severity: Severity::Info,
    stage: StageName::Tls,
    fires: "with `--tls-scan`: the server speaks TLS 1.3 and takes no group with ML-KEM",
    standard: "RFC 8446 section 4.2.7",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let scans = handshakes(trace).filter_map(|(id, tls)| Some((id, tls, tls.scan.as_deref()?)));
    scans
        .filter(|(_, _, scan)| has_none(scan))
        .map(|(id, tls, _)| {
            let title = format!("{} takes no post-quantum key exchange", tls.verified_name);
            let advice =
                "OpenSSL 3.5, BoringSSL, Go 1.24 and their like have X25519MLKEM768, which browsers offer";
            rule.finding(title, vec![Place::Connection(id, InConnection::ScannedGroups)], advice)
        })
        .collect()
}

fn has_none(scan: &TlsScan) -> bool {
    let of_tls13 = |row: &&Scanned| row.versions.contains(&ScanVersion::Tls13);
    let mut groups = scan.groups.iter().filter(of_tls13).peekable();
    // ML-KEM is asked for before all others, and was turned down where another was chosen after it.
    let is_settled =
        groups.peek().is_some() && !scan.gaps.iter().any(|gap| gap.starts_with("groups of TLS 1.3"));
    is_settled && groups.all(|row| !row.name.contains("MLKEM"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Grade, Judged};

    #[test]
    fn fires_where_the_groups_are_known_and_none_is_with_ml_kem() {
        let judged = Judged { grade: Grade::Good, why: "", standard: "" };
        for (names, version, gap, fires) in [
            (&["x25519", "secp256r1"][..], ScanVersion::Tls13, None, true),
            (&["x25519", "X25519MLKEM768"], ScanVersion::Tls13, None, false),
            (&["x25519"], ScanVersion::Tls12, None, false),
            (&["x25519"], ScanVersion::Tls13, Some("groups of TLS 1.3: a question was lost"), false),
            (&[], ScanVersion::Tls13, None, false),
        ] {
            let groups = names.iter().map(|name| Scanned {
                code: Some(1),
                name: (*name).to_owned(),
                versions: vec![version],
                judged,
            });
            let gaps = gap.into_iter().map(str::to_owned).collect();
            let mut trace = sample::sound();
            let scan = TlsScan { groups: groups.collect(), gaps, ..TlsScan::default() };
            sample::tls(&mut trace).scan = Some(Box::new(scan));
            assert_eq!(!sample::of(&RULE, &trace).is_empty(), fires, "{names:?} {version:?}");
        }
    }
}
