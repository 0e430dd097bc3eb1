//! The CAA records of a domain do not name the authority that issued its certificate: the next one may be refused.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{CaaProperty, CaaVerdict, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-caa-mismatch",
    severity: Severity::Info,
    stage: StageName::Tls,
    fires: "the CAA records of the host or a domain above it name authorities, and not the one that issued the certificate",
    standard: "RFC 8659 section 4.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(caa) = &tls.caa else { continue };
        let (CaaVerdict::NotNamed { organization, identifier }, Some(domain)) = (&caa.verdict, caa.domain())
        else {
            continue;
        };
        let title = format!(
            "the CAA records of {domain} do not name the authority that issued the certificate ({organization})"
        );
        let tag = match caa.property {
            CaaProperty::Issue => "issue",
            CaaProperty::IssueWild => "issuewild",
        };
        let advice = format!(
            "if the next certificate is to come from there, too, add a record: {domain} CAA 0 {tag} \"{identifier}\""
        );
        let place = Place::Connection(id, InConnection::CaaVerdict);
        let mut finding = rule.finding(title, vec![place], advice);
        "this certificate is good: authorities look at the records before they issue, and these may be younger; as they \
         stand, a renewal there is refused"
            .clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Caa, CaaOutcome, CaaQuestion};

    #[test]
    fn fires_on_records_that_name_others_and_on_nothing_less_sure() {
        let mut trace = sample::sound();
        let mut judged = |verdict| {
            let question = CaaQuestion {
                name: "example.test.".to_owned(),
                start: At(0),
                end: At(1),
                outcome: CaaOutcome::Found,
                packets: Vec::new(),
            };
            let (questions, records, property) = (vec![question], Vec::new(), CaaProperty::Issue);
            sample::tls(&mut trace).caa = Some(Caa { questions, records, property, verdict });
            sample::of(&RULE, &trace)
        };
        let not_named = CaaVerdict::NotNamed { organization: "Test".to_owned(), identifier: "ca.example" };
        let found = judged(not_named);
        assert_eq!(found[0].severity, Severity::Info);
        assert!(found[0].advice.ends_with("example.test. CAA 0 issue \"ca.example\""), "{}", found[0].advice);
        for harmless in [
            CaaVerdict::NoRecords,
            CaaVerdict::NoRestriction,
            CaaVerdict::Named("ca.example".to_owned()),
            CaaVerdict::Unjudged("unknown".to_owned()),
        ] {
            assert!(judged(harmless.clone()).is_empty(), "{harmless:?}");
        }
        sample::tls(&mut trace).caa = None;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
