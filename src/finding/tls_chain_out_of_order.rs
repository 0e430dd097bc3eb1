//! The server sends its certificates in an order that leads nowhere.

use super::found::{Finding, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{ChainPlace, StageName, Trace, chain_places};

pub(super) const RULE: Rule = Rule {
    id: "tls-chain-out-of-order",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "a certificate of the chain comes before the one that it has issued",
    standard: "RFC 8446 section 4.4.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let places = chain_places(&tls.chain);
        let early: Vec<usize> =
            (0..places.len()).filter(|index| places[*index] == ChainPlace::OutOfOrder).collect();
        let Some(first) = early.first() else { continue };
        let issuer = &tls.chain[*first].subject;
        let title =
            format!("the server's certificates are out of order: {issuer} comes before what it has issued");
        let places = early
            .iter()
            .map(|index| Place::Connection(id, InConnection::Certificate(*index, CertificateField::Place)));
        let advice = "send the server's own certificate first, and behind each the one that has issued it";
        let mut finding = rule.finding(title, places.collect(), advice);
        "most clients sort them by themselves; old ones and small devices follow the order as it is, and fail"
            .clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_an_issuer_before_its_subject_and_not_on_a_cross_sign() {
        let chain = |of: &[(&str, &str)]| {
            let mut trace = sample::sound();
            let tls = sample::tls(&mut trace);
            let leaf = tls.chain[0].clone();
            for (subject, issuer) in of {
                let mut more = leaf.clone();
                (more.subject, more.issuer) = ((*subject).to_owned(), (*issuer).to_owned());
                (more.sha256, more.self_issued) = (format!("{subject} {issuer}"), subject == issuer);
                tls.chain.push(more);
            }
            sample::of(&RULE, &trace)
        };
        // The leaf of the sample is of CN=Test CA.
        assert!(chain(&[("CN=Test CA", "CN=Upper"), ("CN=Upper", "CN=Root")]).is_empty());
        let found = chain(&[("CN=Upper", "CN=Root"), ("CN=Test CA", "CN=Upper")]);
        assert!(found[0].title.contains("CN=Upper comes before"), "{}", found[0].title);
        for in_order in [
            &[("CN=Test CA", "CN=A"), ("CN=Test CA", "CN=B"), ("CN=A", "CN=Root")][..],
            &[("CN=Root", "CN=Root"), ("CN=Test CA", "CN=Root")],
            &[("CN=Stranger", "CN=Root"), ("CN=Test CA", "CN=Root")],
        ] {
            assert!(chain(in_order).is_empty(), "{in_order:?}: needless ones are told by another rule");
        }
    }
}
