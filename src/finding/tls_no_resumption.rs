//! A second connection had to make a full handshake: the server gives no tickets, or does not take its own.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{NotResumed, Resumed, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-no-resumption",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "with `--resume`: the server gave no ticket, or made a full handshake of one",
    standard: "RFC 8446 section 2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let Some(Resumed::No { why, .. }) = tls.resumption.as_ref().map(|resumption| &resumption.outcome)
        else {
            continue;
        };
        let (title, advice) = match why {
            NotResumed::NoTicket => (
                "the server gives no ticket: every visit makes a full TLS handshake",
                "turn session tickets on (nginx: ssl_session_tickets, Apache: SSLSessionTickets)",
            ),
            NotResumed::FullHandshake => (
                "the server does not take its own ticket: the second visit made a full TLS handshake, too",
                "where several servers answer at one address, let them share the keys of their tickets",
            ),
            // Nothing is known of the server.
            NotResumed::Failed(_) | NotResumed::NothingRead => continue,
        };
        let evidence =
            vec![Place::Connection(id, InConnection::Resumed), Place::Connection(id, InConnection::Tickets)];
        findings.push(rule.finding(title.to_owned(), evidence, advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{EarlyData, Resumption};
    use std::time::Duration;

    #[test]
    fn fires_without_a_ticket_or_where_it_is_not_taken_and_not_when_nothing_is_known() {
        let took = Duration::from_millis(3);
        let no = |why| Resumed::No { why, took: None };
        for (outcome, words) in [
            (no(NotResumed::NoTicket), Some("gives no ticket")),
            (no(NotResumed::FullHandshake), Some("does not take its own ticket")),
            (no(NotResumed::Failed("refused".into())), None),
            (no(NotResumed::NothingRead), None),
            (Resumed::Yes { took, round_trips: 1 }, None),
        ] {
            let mut trace = sample::sound();
            let early_data = Some(EarlyData::NotOffered);
            sample::tls(&mut trace).resumption =
                Some(Resumption { tickets: 2, full: Some(took), outcome, early_data });
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.len(), usize::from(words.is_some()));
            assert!(found.iter().all(|finding| finding.title.contains(words.unwrap())));
        }
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "without --resume");
    }
}
