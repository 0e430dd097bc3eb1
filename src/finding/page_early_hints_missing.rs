//! A document that its server thought about for long, without a word meanwhile of what it will ask for.

use std::time::Duration;

use super::found::{Finding, Severity};
use super::http_first_byte_slow::SLOW;
use super::paged::{Asked, LEAST, MOST_NAMES, asked, names, saving, sooner};
use super::place::{InRequest, InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::timeline::Phase;
use crate::trace::{Asker, Blocking, Hop, HttpVersion, InitiatorKind, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "page-early-hints-missing",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "with --page: the server thought 200 ms or more about the document, by HTTP/2 or 3, sent no 103, and what rendering waits for could have come 50 ms sooner by one (modelled)",
    standard: "RFC 8297 section 2",
    check: Check::Trace(check),
};

/// Below this there is hardly time to use.
const LONG: Duration = Duration::from_millis(200);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(document) = trace.hops().next_back() else { return Vec::new() };
    let Some((thinking, round_trip)) = thought(&document) else { return Vec::new() };
    let awaited: Vec<Asked<'_>> = asked(trace).into_iter().filter(is_named_by_markup).collect();
    let Some(simulation) = Simulation::of(trace).filter(|_| !awaited.is_empty()) else { return Vec::new() };
    let mends: Vec<Mend> = awaited.iter().map(|one| Mend::Hint(one.request(), round_trip)).collect();
    if sooner(&simulation, &mends) < LEAST {
        return Vec::new();
    }
    let title = format!(
        "the server thought {} about the document, and sent no early hints of {}",
        duration(thinking),
        names(&awaited)
    );
    let evidence = awaited.iter().take(MOST_NAMES).map(|one| Place::Resource(one.id, InResource::Discovered));
    let wait = Place::Request(document.id, InRequest::Phase(Phase::Wait));
    let mut finding = rule.finding(
        title,
        std::iter::once(wait).chain(evidence).collect(),
        "send 103 (Early Hints) with Link: <...>; rel=preload for these before the document is made, or have the CDN do it",
    );
    "browsers fetch by HTTP/2 and 3 what a 103 names, while the server still thinks"
        .clone_into(&mut finding.detail);
    // A server that thinks too long is told of by itself, with the same time.
    finding.saving = saving(&simulation, mends).filter(|_| thinking <= SLOW);
    vec![finding]
}

/// How long the server thought, and the round trip to it; `None` where that is not worth a hint, or one was sent.
fn thought(document: &Hop<'_>) -> Option<(Duration, Duration)> {
    let http = document.http.ran()?;
    let heeded = matches!(http.version, HttpVersion::Http2 | HttpVersion::Http3);
    let hinted = http.informational.iter().any(|interim| interim.status == 103);
    // Behind a proxy nobody here knows how far away the server is.
    let connection = document.connection.filter(|connection| connection.proxy.is_none())?;
    let round_trip = match &connection.quic {
        Some(quic) => quic.min_rtt?,
        None => connection.tcp.tcp_info.map(|info| info.min_rtt.unwrap_or(info.rtt))?,
    };
    let thinking = http.first_byte?.since(http.sent?).saturating_sub(round_trip);
    let thinking = thinking.saturating_sub(connection.tcp.waited_to_send_again());
    (heeded && !hinted && thinking >= LONG).then_some((thinking, round_trip))
}

/// What a 103 could name: it is the document's markup that does.
fn is_named_by_markup(one: &Asked<'_>) -> bool {
    let resource = one.resource;
    resource.blocking == Blocking::Render
        && resource.initiator.of == Asker::Document
        && resource.initiator.kind == InitiatorKind::Parser
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Informational};

    /// The document's first byte comes so much later, and all behind it.
    fn thinking(more: u64) -> Trace {
        let mut trace = sample::page_of(&[sample::style("/slow.css", 150_000)]);
        let later = |at: &mut At| *at = At(at.0 + more);
        sample::http(&mut trace).informational.clear();
        let sent = trace.requests[0].http.ran_mut().unwrap().sent;
        let page = trace.page.as_mut().unwrap();
        for request in trace.requests.iter_mut().chain(&mut page.requests) {
            let http = request.http.ran_mut().unwrap();
            if http.sent != sent {
                later(&mut request.start);
                later(&mut http.start);
                http.sent.as_mut().map(later);
            }
            http.first_byte.as_mut().map(later);
            later(&mut http.end);
            later(&mut request.end);
        }
        for resource in &mut page.resources {
            later(&mut resource.discovered);
        }
        let marks = &mut page.marks;
        let all = [&mut marks.first_byte, &mut marks.head_read, &mut marks.start_render, &mut marks.end];
        all.into_iter().flatten().for_each(later);
        trace
    }

    #[test]
    fn fires_on_a_long_thought_without_a_hint_alone() {
        let trace = thinking(400_000);
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.starts_with("the server thought "), "{}", finding.title);
        assert!(finding.title.ends_with("no early hints of `style.css`, `slow.css`"), "{}", finding.title);
        // The slow stylesheet is there 151 ms behind the hint: the head is what is waited for then.
        let amount = finding.saving.unwrap().amount.as_millis();
        assert!((140..=155).contains(&amount), "{amount}");
        assert!(sample::of(&RULE, &thinking(100_000)).is_empty());
        let very_slow = sample::of(&RULE, &thinking(900_000)).remove(0);
        assert!(very_slow.saving.is_none(), "http-first-byte-slow has it");

        let bent = |bend: &dyn Fn(&mut Trace)| {
            let mut trace = thinking(400_000);
            bend(&mut trace);
            sample::of(&RULE, &trace)
        };
        let http = |trace: &mut Trace, bend: &dyn Fn(&mut crate::trace::Http)| bend(sample::http(trace));
        assert!(bent(&|trace| http(trace, &|http| http.version = HttpVersion::Http11)).is_empty());
        // What the server has had twice it had in time: no more than what it may have sent again itself is taken off.
        let again = |again: u32, duplicates: u32| {
            bent(&|trace| {
                let connect = sample::connect(trace);
                let rto = Some(Duration::from_millis(190));
                let info = crate::trace::TcpInfo { rto, ..connect.tcp_info.unwrap() };
                let after =
                    crate::trace::TcpInfo { retransmits: again, duplicates: Some(duplicates), ..info };
                (connect.tcp_info, connect.tcp_info_after) = (Some(info), Some(after));
            })
        };
        assert_eq!((again(1, 1).len(), again(1, 0).len()), (1, 1));
        assert!(again(2, 2).is_empty() && again(2, 1).is_empty(), "three timeouts and more may have gone by");
        let hint = Informational { status: 103, at: At(1), headers: Vec::new() };
        assert!(bent(&|trace| http(trace, &|http| http.informational.push(hint.clone()))).is_empty());
        let by_hint = |trace: &mut Trace| {
            for resource in &mut trace.page.as_mut().unwrap().resources {
                resource.initiator.kind = InitiatorKind::Header;
            }
        };
        assert!(bent(&by_hint).is_empty(), "the response's own fields come with it");
    }
}
