//! HTTP/3 is offered, and UDP does not get there: TCP does.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{AttemptField, InConnection, InLookup, InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::{OfferedBy, is_too_short, unheard_quic};
use crate::trace::{Attempt, AttemptOutcome, Hop, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-http3-unreachable",
    severity: Severity::Notice,
    stage: StageName::Tcp,
    fires: "an HTTPS record or Alt-Svc offers HTTP/3, and UDP to there was refused or unanswered, at least twice, while TCP worked",
    standard: "RFC 9114 section 3.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, &hop)).collect()
}

fn of_hop(rule: &Rule, hop: &Hop<'_>) -> Option<Finding> {
    let unheard = unheard_quic(hop)?;
    let (connect, id) = (hop.connect.ran()?, hop.request.connection.ran()?);
    let winner = connect.attempts.get(connect.winner?)?;
    let (how, place) = match how(unheard.attempt) {
        Some(how) => (how, InConnection::Attempt(unheard.place, AttemptField::Outcome)),
        None => (how_again(connect.udp_check.as_ref()?)?, InConnection::UdpCheck),
    };
    let (who, what, offer) = match unheard.offered_by {
        OfferedBy::Record(index) => {
            let lookup = hop.request.lookup.ran()?;
            let record = hop.dns.ran()?.service.as_ref()?.records.get(index)?;
            let who = format!("the HTTPS record of {}", record.owner);
            (who, "the HTTPS record", Place::Lookup(lookup, InLookup::ServiceAlpn(index)))
        }
        OfferedBy::AltSvc => {
            let fields = &hop.http.ran()?.headers;
            let field = fields.iter().position(|field| field.name.eq_ignore_ascii_case("alt-svc"))?;
            ("Alt-Svc".to_owned(), "Alt-Svc", Place::Request(hop.id, InRequest::Header(field)))
        }
    };
    // Only where the record forbids TCP has anybody waited.
    let late = winner.start.since(unheard.attempt.start);
    let is_late = connect.is_led_by_quic();
    let title = format!("{who} offers HTTP/3, but UDP to {} {how}, while TCP works", unheard.attempt.address);
    let title =
        if is_late { format!("{title}: the connection began {} late", duration(late)) } else { title };
    let advice = format!(
        "try it from another network: if it fails from here alone, a firewall on the way lets no UDP through and TCP \
         will do; if everywhere, open the port for UDP, start HTTP/3 there, or take h3 out of {what}"
    );
    let mut finding = rule.finding(title, vec![Place::Connection(id, place), offer], advice);
    if is_late {
        let applies = "every new connection of clients that heed HTTPS records";
        finding.saving = Saving::measured(late, applies, Load::This);
    }
    Some(finding)
}

/// What became of UDP, to stand behind its address; `None` where that is not known.
fn how(attempt: &Attempt) -> Option<String> {
    let took = duration(attempt.end.since(attempt.start));
    match &attempt.outcome {
        AttemptOutcome::Refused => Some("was refused (ICMP: port unreachable)".to_owned()),
        AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => {
            Some(format!("failed ({words})"))
        }
        AttemptOutcome::TimedOut => Some(format!("got no reply in {took}")),
        AttemptOutcome::Lost if !is_too_short(attempt) => Some(format!("got no reply in {took}")),
        AttemptOutcome::Lost | AttemptOutcome::Won | AttemptOutcome::Stopped => None,
    }
}

/// The same of the second try.
fn how_again(attempt: &Attempt) -> Option<String> {
    let how = how(attempt).filter(|_| attempt.answered.is_none())?;
    Some(format!("was silent, and when tried again {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Carrier, EndpointSource, Header, ServiceBinding, ServiceRecord};

    /// A trace by TCP, whose record has these names in `alpn`, and beside which QUIC came to this in so many
    /// milliseconds.
    fn beside(alpn: &[&str], outcome: AttemptOutcome, millis: u64) -> Trace {
        let mut trace = sample::sound();
        let record = ServiceRecord {
            owner: "www.example.test.".to_owned(),
            alpn: alpn.iter().map(|name| (*name).to_owned()).collect(),
            ..ServiceRecord::default()
        };
        sample::dns(&mut trace).service =
            Some(ServiceBinding { records: vec![record], used: Some(0), ..ServiceBinding::default() });
        let connect = sample::connect(&mut trace);
        let winner = connect.attempts[0].clone();
        let end = At(winner.start.0 + millis * 1_000);
        let (transport, source) = (Carrier::Quic, EndpointSource::Record(0));
        connect.rivals = vec![Attempt { transport, source, outcome, end, ..winner }];
        trace
    }

    fn title(trace: &Trace) -> String {
        let found = sample::of(&RULE, trace);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].title.clone()
    }

    #[test]
    fn fires_where_udp_is_refused_or_silent_for_long_enough() {
        use AttemptOutcome::{Failed, Lost, Refused, TimedOut};
        let both = &["h3", "h2"];
        let refused = title(&beside(both, Refused, 1));
        assert!(
            refused.starts_with("the HTTPS record of www.example.test. offers HTTP/3, but UDP to "),
            "{refused}"
        );
        assert!(refused.ends_with(" was refused (ICMP: port unreachable), while TCP works"), "{refused}");
        assert!(title(&beside(both, TimedOut, 5_000)).contains(" got no reply in 5.00 s"));
        assert!(title(&beside(both, Lost, 1_300)).contains(" got no reply in 1.30 s"));
        assert!(
            title(&beside(both, Failed("not permitted".to_owned()), 1)).contains(" failed (not permitted)")
        );
        let mut asked_again = beside(both, Lost, 40);
        let connect = sample::connect(&mut asked_again);
        let rival = connect.rivals[0].clone();
        let end = At(rival.start.0 + 1_310_000);
        connect.udp_check = Some(Attempt { outcome: TimedOut, end, ..rival });
        assert!(title(&asked_again).contains(" was silent, and when tried again got no reply in 1.31 s"));
    }

    #[test]
    fn does_not_fire_where_nothing_is_offered_or_something_came_back() {
        use AttemptOutcome::{Lost, Refused, Stopped, TimedOut, Won};
        assert!(sample::of(&RULE, &beside(&["h2"], Refused, 1)).is_empty(), "it is not offered");
        for outcome in [Lost, Stopped] {
            assert!(
                sample::of(&RULE, &beside(&["h3"], outcome, 40)).is_empty(),
                "given up, and nobody asked again"
            );
        }
        let mut answered = beside(&["h3"], Lost, 2_000);
        let rival = &mut sample::connect(&mut answered).rivals[0];
        rival.answered = Some(rival.start);
        assert!(sample::of(&RULE, &answered).is_empty(), "slow, and not silent");
        for (outcome, answer) in [(Won, true), (TimedOut, true), (Stopped, false)] {
            let mut again = beside(&["h3", "h2"], Lost, 40);
            let connect = sample::connect(&mut again);
            let rival = connect.rivals[0].clone();
            let answered = answer.then_some(rival.start);
            connect.udp_check = Some(Attempt { outcome, answered, ..rival });
            assert!(sample::of(&RULE, &again).is_empty());
        }
        let mut elsewhere = beside(&["h3", "h2"], Refused, 1);
        sample::connect(&mut elsewhere).rivals[0].address = "203.0.113.99:443".parse().unwrap();
        assert!(sample::of(&RULE, &elsewhere).is_empty(), "TCP was not there");
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
    }

    #[test]
    fn alt_svc_offers_too_and_a_record_for_quic_alone_costs_time() {
        for (value, fires) in [("h3=\":443\"", true), ("h3=\":8443\"", false), ("h2=\":443\"", false)] {
            let mut told = beside(&["h2"], AttemptOutcome::Refused, 1);
            let field = Header { name: "alt-svc".to_owned(), value: value.as_bytes().to_vec() };
            sample::http(&mut told).headers.push(field);
            assert_eq!(sample::of(&RULE, &told).len(), usize::from(fires), "{value}");
        }
        let mut late = beside(&["h3"], AttemptOutcome::Lost, 2_000);
        let connect = sample::connect(&mut late);
        connect.rivals[0].start = At(connect.attempts[0].start.0.saturating_sub(2_000_000));
        connect.start = connect.rivals[0].start;
        let found = sample::of(&RULE, &late);
        assert!(found[0].title.contains("the connection began "), "{found:?}");
        assert!(found[0].saving.is_some());
        assert!(late.connections[0].tcp.start < late.connections[0].tcp.attempts[0].start);
    }
}
